/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/osc.h"

#include "ace/fields.h"
#include "cbor/cbor.h"

#define O(member, label, kind)                                                 \
    ACE_FIELD(struct tomte_ace_osc, member, label, kind)

static const struct ace_field fields[] = {
    O(id, 0, ACE_BYTES),         O(version, 1, ACE_NUMBER),
    O(ms, 2, ACE_BYTES),         O(hkdf, 3, ACE_NUMBER),
    O(alg, 4, ACE_NUMBER),       O(salt, 5, ACE_BYTES),
    O(context_id, 6, ACE_BYTES),
};

#define FIELDS (sizeof fields / sizeof *fields)

static int64_t or_default(const struct tomte_ace_number *n, int64_t value)
{
    return n->given ? n->value : value;
}

static int64_t alg_of(const struct tomte_ace_osc *osc)
{
    return or_default(&osc->alg, TOMTE_ALG_CCM_16_64_128);
}

static enum tomte_err check(const struct tomte_ace_osc *osc)
{
    struct tomte_aead_sizes sizes;
    if (osc->id.data == NULL || osc->ms.len == 0)
        return TOMTE_ERR_MISSING;
    if (or_default(&osc->version, 1) != 1 ||
        or_default(&osc->hkdf, TOMTE_ALG_HMAC_256_256) !=
            TOMTE_ALG_HMAC_256_256 ||
        !tomte_aead_sizes(alg_of(osc), &sizes))
        return TOMTE_ERR_UNSUPPORTED;
    return TOMTE_OK;
}

enum tomte_err tomte_ace_osc_decode(struct tomte_ace_osc *osc,
                                    struct tomte_span in)
{
    enum tomte_err err =
        ace_fields_decode(fields, FIELDS, true, in, osc, sizeof *osc);
    if (err == TOMTE_OK)
        err = check(osc);
    if (err != TOMTE_OK)
        *osc = (struct tomte_ace_osc){.id = TOMTE_SPAN_NONE};
    return err;
}

enum tomte_err tomte_ace_osc_encode(const struct tomte_ace_osc *osc,
                                    struct tomte_buf out,
                                    struct tomte_span *encoded)
{
    enum tomte_err err = check(osc);
    *encoded = TOMTE_SPAN_NONE;
    if (err != TOMTE_OK)
        return err;
    return ace_fields_encode(fields, FIELDS, osc, out, encoded);
}

enum tomte_err tomte_ace_osc_master_salt(const struct tomte_ace_osc *osc,
                                         struct tomte_span nonce1,
                                         struct tomte_span nonce2,
                                         struct tomte_buf out,
                                         struct tomte_span *salt)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_bytes(&e, osc->salt);
    tomte_cbor_put_bytes(&e, nonce1);
    tomte_cbor_put_bytes(&e, nonce2);
    return tomte_cbor_encode_done_sequence(&e, salt);
}

bool tomte_ace_osc_ids_fit(const struct tomte_ace_osc *osc,
                           struct tomte_span client, struct tomte_span server)
{
    struct tomte_aead_sizes sizes;
    if (!tomte_aead_sizes(alg_of(osc), &sizes))
        return false;
    size_t max = sizes.nonce - 6u;
    return client.len <= max && server.len <= max &&
           !tomte_span_equal(client, server);
}
