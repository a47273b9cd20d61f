/* SPDX-License-Identifier: Apache-2.0 */
/* A backend that protects nothing: whoever sees a tag can compute others. It
 * is the same on every machine, many times faster than SHA-256, and spreads
 * its input well enough that a simulator sees no collisions. */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/random.h"
#include "crypto/crypto.h"

#include <string.h>

#define LANES 4

struct state {
    uint64_t lane[LANES];
    uint64_t word; /* input that does not fill a word yet */
    uint64_t count;
};

_Static_assert(sizeof(struct state) <= sizeof((struct tomte_sha256){0}.opaque),
               "state of a digest");
_Static_assert(sizeof(struct state) <= sizeof((struct tomte_hmac){0}.opaque),
               "state of a mac");
_Static_assert(sizeof(struct tomte_random) <=
                   sizeof((struct tomte_drbg){0}.opaque),
               "state of a generator");

static uint64_t rotate(uint64_t x, unsigned k)
{
    return x << k | x >> (64 - k);
}

/* Odd multipliers and rotations that differ from lane to lane; each lane also
 * takes from the next one, so that one word reaches all of them. */
static void mix(struct state *s, uint64_t word)
{
    static const uint64_t by[LANES] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9,
                                       0x94d049bb133111eb, 0xd6e8feb86659fd93};
    for (unsigned i = 0; i < LANES; i++) {
        uint64_t x = (s->lane[i] ^ word) + s->lane[(i + 1) % LANES];
        x *= by[i];
        s->lane[i] = rotate(x, 23 + 6 * i) ^ x >> 32;
    }
}

static void begin(void *state)
{
    struct state *s = state;
    *s = (struct state){.lane = {1, 2, 3, 4}};
}

static void add_byte(struct state *s, uint8_t byte)
{
    s->word |= (uint64_t)byte << 8 * (s->count % 8);
    if (++s->count % 8 == 0) {
        mix(s, s->word);
        s->word = 0;
    }
}

static void add(void *state, struct tomte_span data)
{
    struct state *s = state;
    size_t i = 0;
    while (i < data.len && s->count % 8 != 0)
        add_byte(s, data.data[i++]);
    for (; data.len - i >= 8; i += 8) {
        mix(s, tomte_get_le64(data.data + i));
        s->count += 8;
    }
    while (i < data.len)
        add_byte(s, data.data[i++]);
}

static void end(void *state, uint8_t digest[TOMTE_SHA256_BYTES])
{
    struct state *s = state;
    mix(s, s->word);
    mix(s, s->count);
    for (int i = 0; i < LANES; i++)
        mix(s, 0);
    for (size_t i = 0; i < LANES; i++)
        tomte_put_le64(digest + 8 * i, s->lane[i]);
}

/* So that ("ab", "c") and ("a", "bc") differ. */
static void add_part(void *state, struct tomte_span part)
{
    uint8_t len[8];
    tomte_put_le64(len, part.len);
    add(state, TOMTE_SPAN_ARRAY(len));
    add(state, part);
}

static void begin_mac(void *state, struct tomte_span key)
{
    begin(state);
    add_part(state, TOMTE_SPAN_LIT("mac"));
    add_part(state, key);
}

static void seed_random(void *state, struct tomte_span seed)
{
    struct tomte_random *r = state;
    struct state s;
    begin(&s);
    add(&s, seed);
    mix(&s, s.word);
    memcpy(r->s, s.lane, sizeof r->s);
}

static void reseed_random(void *state, struct tomte_span more)
{
    struct tomte_random *r = state;
    struct state s = {.word = 0};
    memcpy(s.lane, r->s, sizeof s.lane);
    add(&s, more);
    mix(&s, s.word);
    memcpy(r->s, s.lane, sizeof r->s);
}

static void fill_random(void *state, struct tomte_buf out)
{
    tomte_random_fill(state, out);
}

/* ---- encryption: a stream of pseudo-random bytes, and a mac ------------- */

/* Tags and signatures are compared in constant time here too: a fuzzer that
 * sees what is compared would otherwise learn the right ones. */

static void begin_aead(struct state *s, const struct tomte_aead *how)
{
    uint64_t len = 0;
    begin(s);
    add_part(s, how->key);
    add_part(s, how->nonce);
    mix(s, (uint64_t)how->alg);
    for (size_t i = 0; i < how->aad_parts; i++) {
        add(s, how->aad[i]);
        len += how->aad[i].len;
    }
    mix(s, len);
}

static void stream(const struct tomte_aead *how, struct tomte_buf data)
{
    struct state s;
    struct tomte_random r;
    begin(&s);
    add_part(&s, how->key);
    add_part(&s, how->nonce);
    mix(&s, s.word);
    memcpy(r.s, s.lane, sizeof r.s);
    for (size_t i = 0; i < data.cap; i += 8) {
        uint64_t word = tomte_random_next(&r);
        for (size_t j = i; j < data.cap && j < i + 8; j++, word >>= 8)
            data.data[j] ^= (uint8_t)word;
    }
}

static void seal(const struct tomte_aead *how, struct tomte_buf plain,
                 uint8_t digest[TOMTE_SHA256_BYTES])
{
    struct state s;
    begin_aead(&s, how);
    add(&s, TOMTE_SPAN(plain.data, plain.cap));
    end(&s, digest);
}

static enum tomte_err encrypt(const struct tomte_aead *how,
                              struct tomte_buf data, uint8_t *tag)
{
    uint8_t digest[TOMTE_SHA256_BYTES];
    seal(how, data, digest);
    stream(how, data);
    memcpy(tag, digest, tomte_alg_size(how->alg));
    return TOMTE_OK;
}

static enum tomte_err decrypt(const struct tomte_aead *how,
                              struct tomte_buf data, const uint8_t *tag)
{
    uint8_t digest[TOMTE_SHA256_BYTES];
    stream(how, data);
    seal(how, data, digest);
    size_t len = tomte_alg_size(how->alg);
    bool same =
        tomte_span_equal_ct(TOMTE_SPAN(digest, len), TOMTE_SPAN(tag, len));
    return same ? TOMTE_OK : TOMTE_ERR_DENIED;
}

/* ---- key pairs: a public key is a digest of the private one -------------- */

static void digest_of(const char *what, struct tomte_span a,
                      struct tomte_span b, uint8_t digest[TOMTE_SHA256_BYTES])
{
    struct state s;
    begin(&s);
    add_part(&s, tomte_span_str(what));
    add_part(&s, a);
    add_part(&s, b);
    end(&s, digest);
}

/* The top bit is clear, so that both halves are below P-256's prime. */
static void second_half(const uint8_t *x, uint8_t *y)
{
    digest_of("y", TOMTE_SPAN(x, 32), TOMTE_SPAN_NONE, y);
    y[0] &= 0x7f;
}

static bool is_point(enum tomte_curve curve, const uint8_t *public_key)
{
    uint8_t y[32];
    if (curve == TOMTE_CURVE_X25519)
        return true;
    second_half(public_key, y);
    return curve == TOMTE_CURVE_P256 && memcmp(y, public_key + 32, 32) == 0;
}

static enum tomte_err public_key(enum tomte_curve curve,
                                 const uint8_t *private_key, uint8_t *out)
{
    digest_of("x", TOMTE_SPAN(private_key, 32), TOMTE_SPAN_NONE, out);
    out[0] &= 0x7f;
    if (curve == TOMTE_CURVE_P256)
        second_half(out, out + 32);
    return TOMTE_OK;
}

/* Of both public keys, in an order that does not depend on the side. */
static enum tomte_err agree(enum tomte_curve curve, const uint8_t *private_key,
                            const uint8_t *peer, uint8_t *secret)
{
    uint8_t own[TOMTE_P256_PUBLIC_BYTES];
    if (!is_point(curve, peer))
        return TOMTE_ERR_INVALID;
    (void)public_key(curve, private_key, own);
    struct tomte_span a = TOMTE_SPAN(own, 32), b = TOMTE_SPAN(peer, 32);
    if (tomte_span_compare(a, b) < 0)
        digest_of("agree", a, b, secret);
    else
        digest_of("agree", b, a, secret);
    return TOMTE_OK;
}

/* Anybody can compute it; r and s stay in range for the same reason. */
static void signature_of(const uint8_t *key, struct tomte_span digest,
                         uint8_t *out)
{
    digest_of("r", TOMTE_SPAN(key, 32), digest, out);
    digest_of("s", TOMTE_SPAN(key, 32), digest, out + 32);
    out[0] &= 0x7f;
    out[32] &= 0x7f;
}

static enum tomte_err sign(enum tomte_curve curve, const uint8_t *private_key,
                           struct tomte_span digest, uint8_t *signature)
{
    uint8_t own[TOMTE_P256_PUBLIC_BYTES];
    (void)public_key(curve, private_key, own);
    signature_of(own, digest, signature);
    return TOMTE_OK;
}

static enum tomte_err verify(enum tomte_curve curve, const uint8_t *key,
                             struct tomte_span digest, const uint8_t *signature)
{
    uint8_t own[TOMTE_P256_SIGNATURE_BYTES];
    if (curve != TOMTE_CURVE_P256)
        return TOMTE_ERR_UNSUPPORTED;
    signature_of(key, digest, own);
    bool same = tomte_span_equal_ct(TOMTE_SPAN_ARRAY(own),
                                    TOMTE_SPAN(signature, sizeof own));
    return same && is_point(curve, key) ? TOMTE_OK : TOMTE_ERR_DENIED;
}

const struct tomte_crypto tomte_crypto_fake = {
    .name = "fake",
    .sha256_init = begin,
    .sha256_update = add,
    .sha256_final = end,
    .hmac_init = begin_mac,
    .hmac_update = add,
    .hmac_final = end,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .public_key = public_key,
    .agree = agree,
    .sign = sign,
    .verify = verify,
    .drbg_init = seed_random,
    .drbg_reseed = reseed_random,
    .drbg_fill = fill_random,
};
