/* SPDX-License-Identifier: Apache-2.0 */
/* ace/fields.h: maps of ACE parameters by table; not for other rooms. */
#pragma once

#include "ace/params.h"

enum ace_kind {
    ACE_TEXT,   /* struct tomte_span; NULL when absent */
    ACE_BYTES,  /* the same */
    ACE_MAP,    /* the same, encoded */
    ACE_SCOPE,  /* struct tomte_ace_scope */
    ACE_NUMBER, /* struct tomte_ace_number */
    ACE_ASKED,  /* that, or null: asked for */
};

/* One parameter: its label, and where in the struct it is. */
struct ace_field {
    uint8_t label, kind;
    uint16_t at;
};

#define ACE_FIELD(type, member, label, kind)                                   \
    {                                                                          \
        (label), (kind), offsetof(type, member)                                \
    }

/* `fields` are sorted by label. Unknown labels are passed over, or UNKNOWN when
 * `closed`. `out` is zeroed first, and again on an error. */
enum tomte_err ace_fields_decode(const struct ace_field *fields, size_t count,
                                 bool closed, struct tomte_span in, void *out,
                                 size_t out_size);
enum tomte_err ace_fields_encode(const struct ace_field *fields, size_t count,
                                 const void *from, struct tomte_buf out,
                                 struct tomte_span *encoded);
