/* SPDX-License-Identifier: Apache-2.0 */
/* A security context: derivation (RFC 8613 section 3.2.1), sequence numbers
 * (appendix B.1.1), nonces and additional data (sections 5.2 and 5.4). */
#include "cbor/cbor.h"
#include "oscore_private.h"

#include <string.h>

/* Of info: ID and ID context with their heads, and what is around them. */
#define INFO_BYTES (16 + TOMTE_OSCORE_ID_MAX + TOMTE_OSCORE_CONTEXT_MAX)

static enum tomte_err check(const struct tomte_oscore_config *config,
                            size_t id_max);
static void copy_names(struct tomte_oscore *o,
                       const struct tomte_oscore_config *config);
static void derive(const struct tomte_oscore *o,
                   const struct tomte_oscore_config *config,
                   struct tomte_span id, const char *type,
                   struct tomte_buf out);

enum tomte_err tomte_oscore_init(struct tomte_oscore *o,
                                 const struct tomte_crypto *c,
                                 const struct tomte_oscore_config *config)
{
    struct tomte_aead_sizes sizes;
    int64_t alg = config->alg != 0 ? config->alg : TOMTE_ALG_CCM_16_64_128;
    tomte_wipe(o, sizeof *o);
    if (!tomte_aead_sizes(alg, &sizes))
        return TOMTE_ERR_UNSUPPORTED;
    enum tomte_err err = check(config, sizes.nonce - 6u);
    if (err != TOMTE_OK)
        return err;
    o->crypto = c;
    o->alg = (uint8_t)alg;
    o->key_len = sizes.key;
    o->nonce_len = sizes.nonce;
    copy_names(o, config);
    derive(o, config, config->sender_id, "Key",
           TOMTE_BUF(o->sender_key, o->key_len));
    derive(o, config, config->recipient_id, "Key",
           TOMTE_BUF(o->recipient_key, o->key_len));
    derive(o, config, TOMTE_SPAN_NONE, "IV",
           TOMTE_BUF(o->common_iv, o->nonce_len));
    o->step = config->step != 0 ? config->step : TOMTE_OSCORE_STEP;
    o->next = o->limit = o->asked = config->stored;
    if (config->volatile_keys) {
        o->step = 0;
        o->limit = TOMTE_OSCORE_PIV_LIMIT;
    }
    o->window_lost = config->restarted;
    if (config->restarted)
        tomte_oscore_set_echo(o, config->echo);
    return TOMTE_OK;
}

static enum tomte_err check(const struct tomte_oscore_config *config,
                            size_t id_max)
{
    if (config->master_secret.len == 0 ||
        tomte_span_equal(config->sender_id, config->recipient_id))
        return TOMTE_ERR_INVALID;
    bool large = config->has_id_context &&
                 config->id_context.len > TOMTE_OSCORE_CONTEXT_MAX;
    if (large || config->sender_id.len > id_max ||
        config->recipient_id.len > id_max)
        return TOMTE_ERR_TOO_LARGE;
    return TOMTE_OK;
}

static uint8_t copy(uint8_t *to, struct tomte_span from)
{
    if (from.len > 0)
        memcpy(to, from.data, from.len);
    return (uint8_t)from.len;
}

static void copy_names(struct tomte_oscore *o,
                       const struct tomte_oscore_config *config)
{
    o->sender_id_len = copy(o->sender_id, config->sender_id);
    o->recipient_id_len = copy(o->recipient_id, config->recipient_id);
    o->has_id_context = config->has_id_context;
    o->send_id_context = config->has_id_context && config->send_id_context;
    if (config->has_id_context)
        o->id_context_len = copy(o->id_context, config->id_context);
}

/* info = [id, id_context / nil, alg, type, length] */
static void derive(const struct tomte_oscore *o,
                   const struct tomte_oscore_config *config,
                   struct tomte_span id, const char *type, struct tomte_buf out)
{
    uint8_t memory[INFO_BYTES];
    struct tomte_cbor_enc e;
    struct tomte_span info;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_array(&e, 5);
    tomte_cbor_put_bytes(&e, id);
    if (config->has_id_context)
        tomte_cbor_put_bytes(&e, config->id_context);
    else
        tomte_cbor_put_null(&e);
    tomte_cbor_put_int(&e, o->alg);
    tomte_cbor_put_str(&e, type);
    tomte_cbor_put_uint(&e, out.cap);
    enum tomte_err err = tomte_cbor_encode_done(&e, &info);
    TOMTE_ASSERT(err == TOMTE_OK);
    tomte_hkdf(o->crypto, config->master_salt, config->master_secret, info,
               out);
}

void tomte_oscore_wipe(struct tomte_oscore *o)
{
    tomte_wipe(o, sizeof *o);
}

void tomte_oscore_set_echo(struct tomte_oscore *o,
                           const uint8_t echo[TOMTE_OSCORE_ECHO_BYTES])
{
    memcpy(o->echo, echo, sizeof o->echo);
    o->has_echo = true;
}

/* ---- sequence numbers ---- */

enum tomte_err oscore_take_number(struct tomte_oscore *o, uint64_t *number)
{
    if (o->next >= TOMTE_OSCORE_PIV_LIMIT)
        return TOMTE_ERR_STATE;
    if (o->next >= o->limit) {
        o->needs = true;
        return TOMTE_ERR_AGAIN;
    }
    *number = o->next++;
    o->used = true;
    return TOMTE_OK;
}

/* Asks when half of a step is left, so that a store that takes its time stops
 * nobody; a context that sends nothing asks for nothing. */
bool tomte_oscore_poll(struct tomte_oscore *o, struct tomte_oscore_effect *e)
{
    bool low = o->used && o->limit - o->next <= o->step / 2;
    if (o->step == 0 || !(low || o->needs) ||
        o->limit >= TOMTE_OSCORE_PIV_LIMIT)
        return false;
    if (o->asked <= o->limit)
        o->asked = o->limit + o->step;
    if (o->asked > TOMTE_OSCORE_PIV_LIMIT)
        o->asked = TOMTE_OSCORE_PIV_LIMIT;
    e->sequence = o->asked;
    return true;
}

void tomte_oscore_stored(struct tomte_oscore *o, uint64_t sequence)
{
    TOMTE_ASSERT(sequence <= o->asked);
    if (sequence > o->limit)
        o->limit = sequence;
    if (o->limit > o->next)
        o->needs = false;
}

/* ---- nonces and additional data ---- */

/* Length of the ID, ID and Partial IV, each padded to its place, XOR the common
 * IV. */
static void make_nonce(const struct tomte_oscore *o, struct tomte_span id,
                       uint64_t piv, uint8_t nonce[TOMTE_OSCORE_NONCE_MAX])
{
    size_t n = o->nonce_len;
    memset(nonce, 0, n);
    nonce[0] = (uint8_t)id.len;
    if (id.len > 0)
        memcpy(nonce + n - TOMTE_OSCORE_PIV_BYTES - id.len, id.data, id.len);
    for (size_t i = 0; i < TOMTE_OSCORE_PIV_BYTES; i++)
        nonce[n - 1 - i] = (uint8_t)(piv >> (8 * i));
    for (size_t i = 0; i < n; i++)
        nonce[i] ^= o->common_iv[i];
}

/* ["Encrypt0", h'', bstr .cbor [1, [alg], kid, piv, h'']], written by hand: it
 * is made twice per message, and nothing in it has 24 bytes or more. */
#define AAD_FIXED 11
#define AAD_MAX   (AAD_FIXED + 1 + 5 + 2 + TOMTE_OSCORE_ID_MAX + 6)

static struct tomte_span make_aad(const struct tomte_oscore *o,
                                  const struct oscore_seal *s,
                                  uint8_t memory[AAD_MAX])
{
    static const uint8_t fixed[AAD_FIXED] = {0x83, 0x68, 'E', 'n', 'c', 'r',
                                             'y',  'p',  't', '0', 0x40};
    uint8_t *p = memory;
    memcpy(p, fixed, sizeof fixed);
    uint8_t *head = p + sizeof fixed;
    p = head + 1;
    *p++ = 0x85;
    *p++ = 1;
    *p++ = 0x81;
    if (o->alg > 23)
        *p++ = 0x18;
    *p++ = o->alg;
    *p++ = (uint8_t)(0x40 | s->request_kid.len);
    if (s->request_kid.len > 0)
        memcpy(p, s->request_kid.data, s->request_kid.len);
    p += s->request_kid.len;
    uint8_t n = tomte_oscore_piv_encode(s->request_piv, p + 1);
    *p = 0x40 | n;
    p += 1 + n;
    *p++ = 0x40;
    *head = (uint8_t)(0x40 | (p - head - 1));
    return TOMTE_SPAN(memory, (size_t)(p - memory));
}

/* What both directions give to the AEAD, and the memory that it refers to. */
struct sealing {
    uint8_t nonce[TOMTE_OSCORE_NONCE_MAX], memory[AAD_MAX];
    struct tomte_span aad;
    struct tomte_aead aead;
};

static const struct tomte_aead *prepare(const struct tomte_oscore *o,
                                        const struct oscore_seal *s,
                                        struct sealing *to)
{
    make_nonce(o, s->nonce_id, s->nonce_piv, to->nonce);
    to->aad = make_aad(o, s, to->memory);
    to->aead = (struct tomte_aead){.alg = o->alg,
                                   .key = s->key,
                                   .nonce = TOMTE_SPAN(to->nonce, o->nonce_len),
                                   .aad = &to->aad,
                                   .aad_parts = 1};
    return &to->aead;
}

enum tomte_err oscore_encrypt(const struct tomte_oscore *o,
                              const struct oscore_seal *s,
                              struct tomte_span plain, struct tomte_buf room,
                              struct tomte_span *cipher)
{
    struct sealing to;
    return tomte_crypto_encrypt(o->crypto, prepare(o, s, &to), plain, room,
                                cipher);
}

enum tomte_err oscore_decrypt(const struct tomte_oscore *o,
                              const struct oscore_seal *s,
                              struct tomte_span cipher, struct tomte_buf room,
                              struct tomte_span *plain)
{
    struct sealing to;
    return tomte_crypto_decrypt(o->crypto, prepare(o, s, &to), cipher, room,
                                plain);
}
