/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the room share. */
#pragma once

#include "oscore/oscore.h"

static inline struct tomte_span oscore_sender(const struct tomte_oscore *o)
{
    return TOMTE_SPAN(o->sender_id, o->sender_id_len);
}

static inline struct tomte_span oscore_recipient(const struct tomte_oscore *o)
{
    return TOMTE_SPAN(o->recipient_id, o->recipient_id_len);
}

/* The next sequence number, which is then used up. AGAIN, STATE. */
enum tomte_err oscore_take_number(struct tomte_oscore *o, uint64_t *number);

/* Whose nonce and whose key: the nonce is of (id, piv) (section 5.2), the
 * additional data of the request (section 5.4). */
struct oscore_seal {
    struct tomte_span key;
    struct tomte_span nonce_id;
    uint64_t nonce_piv;
    struct tomte_span request_kid;
    uint64_t request_piv;
};

/* In place: `plain` is at the start of `room`. */
enum tomte_err oscore_encrypt(const struct tomte_oscore *o,
                              const struct oscore_seal *s,
                              struct tomte_span plain, struct tomte_buf room,
                              struct tomte_span *cipher);
enum tomte_err oscore_decrypt(const struct tomte_oscore *o,
                              const struct oscore_seal *s,
                              struct tomte_span cipher, struct tomte_buf room,
                              struct tomte_span *plain);
