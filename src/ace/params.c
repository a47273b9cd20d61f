/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/fields.h"

/* OAuth Parameters CBOR Mappings (RFC 9200 section 8.10, with those of RFC 9201
 * and RFC 9203). */
#define P(member, label, kind)                                                 \
    ACE_FIELD(struct tomte_ace_params, member, label, kind)

static const struct ace_field params[] = {
    P(access_token, 1, ACE_BYTES),
    P(expires_in, 2, ACE_NUMBER),
    P(req_cnf, 4, ACE_MAP),
    P(audience, 5, ACE_TEXT),
    P(cnf, 8, ACE_MAP),
    P(scope, 9, ACE_SCOPE),
    P(client_id, 24, ACE_TEXT),
    P(error, 30, ACE_NUMBER),
    P(error_description, 31, ACE_TEXT),
    P(grant_type, 33, ACE_NUMBER),
    P(token_type, 34, ACE_NUMBER),
    P(ace_profile, 38, ACE_ASKED),
    P(cnonce, 39, ACE_BYTES),
    P(nonce1, 40, ACE_BYTES),
    P(rs_cnf, 41, ACE_MAP),
    P(nonce2, 42, ACE_BYTES),
    P(client_id_osc, 43, ACE_BYTES),
    P(server_id_osc, 44, ACE_BYTES),
};

/* AS Request Creation Hints (RFC 9200 section 8.1). */
#define H(member, label, kind)                                                 \
    ACE_FIELD(struct tomte_ace_hints, member, label, kind)

static const struct ace_field hints[] = {
    H(as, 1, ACE_TEXT),     H(kid, 2, ACE_BYTES),     H(audience, 5, ACE_TEXT),
    H(scope, 9, ACE_SCOPE), H(cnonce, 39, ACE_BYTES),
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum tomte_err tomte_ace_params_decode(struct tomte_ace_params *p,
                                       struct tomte_span in)
{
    return ace_fields_decode(params, COUNT(params), false, in, p, sizeof *p);
}

enum tomte_err tomte_ace_params_encode(const struct tomte_ace_params *p,
                                       struct tomte_buf out,
                                       struct tomte_span *encoded)
{
    return ace_fields_encode(params, COUNT(params), p, out, encoded);
}

enum tomte_err tomte_ace_hints_decode(struct tomte_ace_hints *h,
                                      struct tomte_span in)
{
    return ace_fields_decode(hints, COUNT(hints), false, in, h, sizeof *h);
}

enum tomte_err tomte_ace_hints_encode(const struct tomte_ace_hints *h,
                                      struct tomte_buf out,
                                      struct tomte_span *encoded)
{
    return ace_fields_encode(hints, COUNT(hints), h, out, encoded);
}
