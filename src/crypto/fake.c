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

static void derive(struct tomte_span salt, struct tomte_span secret,
                   struct tomte_span info, struct tomte_buf out)
{
    struct state s;
    struct tomte_random r;
    begin(&s);
    add_part(&s, TOMTE_SPAN_LIT("derive"));
    add_part(&s, salt);
    add_part(&s, secret);
    add_part(&s, info);
    mix(&s, s.word);
    memcpy(r.s, s.lane, sizeof r.s);
    tomte_random_fill(&r, out);
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

const struct tomte_crypto tomte_crypto_fake = {
    .name = "fake",
    .sha256_init = begin,
    .sha256_update = add,
    .sha256_final = end,
    .hmac_init = begin_mac,
    .hmac_update = add,
    .hmac_final = end,
    .hkdf = derive,
    .drbg_init = seed_random,
    .drbg_reseed = reseed_random,
    .drbg_fill = fill_random,
};
