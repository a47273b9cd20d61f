/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/charter.h"

#include "cbor/cbor.h"

#include <string.h>

enum {
    KEY_HOME = 1,
    KEY_NUMBER = 2,
    KEY_OWNER = 3,
    KEY_KEEPERS = 4,
    KEY_RECOVERY = 5,
    KEY_AUTHORS = 6,
};

#define KEYS_MAX (1 + TOMTE_CHARTER_KEEPERS_MAX + TOMTE_CHARTER_RECOVERY_MAX)

/* ---- rules ------------------------------------------------------------- */

/* All keys of the charter, one after the other; their number. */
static size_t all_keys(const struct tomte_charter *c,
                       const uint8_t *keys[KEYS_MAX])
{
    size_t n = 0;
    keys[n++] = c->owner;
    for (size_t i = 0; i < c->keepers_len; i++)
        keys[n++] = c->keepers[i].open;
    for (size_t i = 0; i < c->recovery_len; i++)
        keys[n++] = c->recovery[i];
    return n;
}

/* One key is one player: a keeper that is the owner too could sign charters. */
static bool keys_differ(const struct tomte_charter *c)
{
    const uint8_t *keys[KEYS_MAX];
    size_t n = all_keys(c, keys);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (memcmp(keys[i], keys[k], TOMTE_P256_PUBLIC_BYTES) == 0)
                return false;
    return true;
}

static bool names_grow(const struct tomte_charter *c)
{
    for (size_t i = 1; i < c->keepers_len; i++)
        if (tomte_span_compare(tomte_name_span(&c->keepers[i - 1].name),
                               tomte_name_span(&c->keepers[i].name)) >= 0)
            return false;
    return true;
}

static bool is_valid(const struct tomte_charter *c)
{
    return c->number >= 1 && c->number <= INT64_MAX && c->keepers_len >= 1 &&
           c->keepers_len <= TOMTE_CHARTER_KEEPERS_MAX &&
           c->recovery_len <= TOMTE_CHARTER_RECOVERY_MAX && names_grow(c) &&
           keys_differ(c);
}

/* ---- writing ----------------------------------------------------------- */

static enum tomte_err encode_payload(const struct tomte_charter *c,
                                     struct tomte_buf out,
                                     struct tomte_span *payload)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 4u + (c->recovery_len != 0) + c->has_authors);
    tomte_cbor_put_uint(&e, KEY_HOME);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_ARRAY(c->home));
    tomte_cbor_put_uint(&e, KEY_NUMBER);
    tomte_cbor_put_uint(&e, c->number);
    tomte_cbor_put_uint(&e, KEY_OWNER);
    tomte_cose_put_p256(&e, c->owner);
    tomte_cbor_put_uint(&e, KEY_KEEPERS);
    tomte_cbor_put_array(&e, c->keepers_len);
    for (size_t i = 0; i < c->keepers_len; i++) {
        tomte_cbor_put_array(&e, 2);
        tomte_cbor_put_text(&e, tomte_name_span(&c->keepers[i].name));
        tomte_cose_put_p256(&e, c->keepers[i].open);
    }
    if (c->recovery_len != 0) {
        tomte_cbor_put_uint(&e, KEY_RECOVERY);
        tomte_cbor_put_array(&e, c->recovery_len);
        for (size_t i = 0; i < c->recovery_len; i++)
            tomte_cose_put_p256(&e, c->recovery[i]);
    }
    if (c->has_authors) {
        tomte_cbor_put_uint(&e, KEY_AUTHORS);
        tomte_cbor_put_bytes(&e, TOMTE_SPAN_ARRAY(c->authors));
    }
    return tomte_cbor_encode_done(&e, payload);
}

enum tomte_err tomte_charter_encode(const struct tomte_crypto *c,
                                    const struct tomte_charter *charter,
                                    const struct tomte_key_pair *signer,
                                    struct tomte_buf out,
                                    struct tomte_span *message)
{
    uint8_t memory[TOMTE_CHARTER_BYTES_MAX];
    struct tomte_signed_draft draft = {.type = TOMTE_CHARTER_TYPE};
    *message = TOMTE_SPAN_NONE;
    if (!is_valid(charter))
        return TOMTE_ERR_INVALID;
    enum tomte_err err =
        encode_payload(charter, TOMTE_BUF_ARRAY(memory), &draft.payload);
    if (err != TOMTE_OK)
        return err;
    return tomte_signed_encode(c, &draft, signer, out, message);
}

/* ---- reading ----------------------------------------------------------- */

static void get_keepers(struct tomte_cbor_dec *d, struct tomte_charter *c)
{
    tomte_cbor_enter_array(d);
    while (c->keepers_len < TOMTE_CHARTER_KEEPERS_MAX && tomte_cbor_more(d)) {
        struct tomte_charter_keeper *k = &c->keepers[c->keepers_len++];
        tomte_cbor_enter_array(d);
        k->name = tomte_cbor_get_name(d);
        tomte_cose_get_p256(d, k->open);
        tomte_cbor_leave(d);
    }
    tomte_cbor_leave(d);
}

static void get_recovery(struct tomte_cbor_dec *d, struct tomte_charter *c)
{
    tomte_cbor_enter_array(d);
    while (c->recovery_len < TOMTE_CHARTER_RECOVERY_MAX && tomte_cbor_more(d))
        tomte_cose_get_p256(d, c->recovery[c->recovery_len++]);
    tomte_cbor_leave(d);
    if (c->recovery_len == 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
}

static enum tomte_err decode_payload(struct tomte_charter *c,
                                     struct tomte_span payload)
{
    struct tomte_cbor_dec d;
    *c = (struct tomte_charter){0};
    tomte_cbor_decode_init(&d, payload, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, KEY_HOME);
    tomte_cbor_get_bytes_exact(&d, c->home, sizeof c->home);
    tomte_cbor_need_key(&d, KEY_NUMBER);
    c->number = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_OWNER);
    tomte_cose_get_p256(&d, c->owner);
    tomte_cbor_need_key(&d, KEY_KEEPERS);
    get_keepers(&d, c);
    if (tomte_cbor_has_key(&d, KEY_RECOVERY))
        get_recovery(&d, c);
    c->has_authors = tomte_cbor_has_key(&d, KEY_AUTHORS);
    if (c->has_authors)
        tomte_cbor_get_bytes_exact(&d, c->authors, sizeof c->authors);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK && !is_valid(c))
        err = TOMTE_ERR_INVALID;
    return err;
}

static enum tomte_err decode(struct tomte_signed *s, struct tomte_charter *c,
                             struct tomte_span message)
{
    enum tomte_err err = tomte_signed_decode(s, TOMTE_CHARTER_TYPE, message);
    return err != TOMTE_OK ? err : decode_payload(c, s->payload);
}

/* ---- judging ----------------------------------------------------------- */

/* The kid is this key's, and its signature holds. */
static enum tomte_err verify_by(const struct tomte_crypto *c,
                                const struct tomte_signed *s,
                                const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                                struct tomte_span scope)
{
    uint8_t id[TOMTE_KEY_ID_BYTES];
    tomte_key_id(c, open, id);
    if (memcmp(id, s->key_id, sizeof id) != 0)
        return TOMTE_ERR_DENIED;
    return tomte_signed_verify(c, s, open, scope);
}

enum tomte_err tomte_charter_open(const struct tomte_crypto *c,
                                  struct tomte_span message,
                                  struct tomte_charter *out)
{
    struct tomte_signed s;
    enum tomte_err err = decode(&s, out, message);
    if (err == TOMTE_OK)
        err = verify_by(c, &s, out->owner, TOMTE_SPAN_NONE);
    if (err != TOMTE_OK)
        *out = (struct tomte_charter){0};
    return err;
}

enum tomte_err tomte_charter_reopen(struct tomte_span message,
                                    struct tomte_charter *out)
{
    struct tomte_signed s;
    enum tomte_err err = decode(&s, out, message);
    if (err != TOMTE_OK)
        *out = (struct tomte_charter){0};
    return err;
}

/* By the owner, or a recovery key. */
static enum tomte_err verify_follows(const struct tomte_crypto *c,
                                     const struct tomte_signed *s,
                                     const struct tomte_charter *known)
{
    enum tomte_err err = verify_by(c, s, known->owner, TOMTE_SPAN_NONE);
    for (size_t i = 0; err != TOMTE_OK && i < known->recovery_len; i++)
        err = verify_by(c, s, known->recovery[i], TOMTE_SPAN_NONE);
    return err;
}

enum tomte_err tomte_charter_follow(const struct tomte_crypto *c,
                                    struct tomte_span message,
                                    const struct tomte_charter *known,
                                    struct tomte_charter *out)
{
    struct tomte_signed s;
    struct tomte_charter next;
    enum tomte_err err = decode(&s, &next, message);
    if (err != TOMTE_OK)
        return err;
    if (memcmp(next.home, known->home, sizeof next.home) != 0)
        return TOMTE_ERR_DENIED;
    err = verify_follows(c, &s, known);
    if (err != TOMTE_OK)
        return err;
    if (next.number <= known->number)
        return TOMTE_ERR_STALE;
    *out = next;
    return TOMTE_OK;
}

enum tomte_err tomte_charter_hash(const struct tomte_crypto *c,
                                  struct tomte_span message,
                                  uint8_t hash[TOMTE_SHA256_BYTES])
{
    struct tomte_signed s;
    enum tomte_err err = tomte_signed_decode(&s, TOMTE_CHARTER_TYPE, message);
    if (err == TOMTE_OK)
        tomte_sha256(c, s.payload, hash);
    return err;
}

const struct tomte_charter_keeper *
tomte_charter_keeper(const struct tomte_charter *charter,
                     const struct tomte_name *name)
{
    for (size_t i = 0; i < charter->keepers_len; i++)
        if (tomte_name_equal(&charter->keepers[i].name, name))
            return &charter->keepers[i];
    return NULL;
}

/* ---- signed by a keeper ------------------------------------------------ */

enum tomte_err tomte_charter_say(const struct tomte_crypto *c,
                                 const struct tomte_charter *charter,
                                 const char *type, uint64_t iat_s,
                                 struct tomte_span payload,
                                 const struct tomte_key_pair *keeper,
                                 struct tomte_buf out,
                                 struct tomte_span *message)
{
    struct tomte_signed_draft draft = {.type = type,
                                       .scope = TOMTE_SPAN_ARRAY(charter->home),
                                       .payload = payload,
                                       .iat_s = iat_s};
    return tomte_signed_encode(c, &draft, keeper, out, message);
}

enum tomte_err tomte_charter_heard(const struct tomte_crypto *c,
                                   const struct tomte_charter *charter,
                                   const char *type, struct tomte_span message,
                                   struct tomte_charter_said *said)
{
    struct tomte_signed s;
    *said = (struct tomte_charter_said){0};
    enum tomte_err err = tomte_signed_decode(&s, type, message);
    if (err != TOMTE_OK)
        return err;
    for (size_t i = 0; i < charter->keepers_len; i++) {
        const struct tomte_charter_keeper *k = &charter->keepers[i];
        err = verify_by(c, &s, k->open, TOMTE_SPAN_ARRAY(charter->home));
        if (err != TOMTE_OK)
            continue;
        *said = (struct tomte_charter_said){.keeper = k,
                                            .has_iat = s.has_iat,
                                            .iat_s = s.iat_s,
                                            .payload = s.payload};
        return TOMTE_OK;
    }
    return TOMTE_ERR_DENIED;
}
