/* SPDX-License-Identifier: Apache-2.0 */
/* oscore/option.h: the OSCORE option, which is the header of a compressed COSE
 * object (RFC 8613 section 6.1), and the classes of all options (section 4.1).
 *
 *    0 1 2 3 4 5 6 7
 *   |0 0 0|h|k|  n  | Partial IV, n bytes | s | kid context, s bytes | kid ...
 *
 * h and k say that there is a kid context and a kid. All zero is an empty
 * value. A Partial IV is a number below 2^40 in network order, as short as can
 * be, one byte for zero (section 5). Plain functions, spans in, spans out. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define TOMTE_OSCORE_PIV_BYTES  5
#define TOMTE_OSCORE_PIV_LIMIT  (UINT64_C(1) << 40) /* section 7.2.1 */
#define TOMTE_OSCORE_OPTION_MAX 255

struct tomte_oscore_option {
    bool has_piv, has_kid, has_kid_context;
    uint64_t piv;
    struct tomte_span kid, kid_context; /* borrowed; may be empty and there */
};

/* MALFORMED, which is answered with 4.02 (section 8.2): reserved bits or
 * lengths, a Partial IV with leading zeros, a value cut short or too long. */
TOMTE_MUST_CHECK enum tomte_err
tomte_oscore_option_decode(struct tomte_span value,
                           struct tomte_oscore_option *out);

/* The same value again. FULL; RANGE for a Partial IV that is none and for more
 * than TOMTE_OSCORE_OPTION_MAX bytes. */
TOMTE_MUST_CHECK enum tomte_err
tomte_oscore_option_encode(const struct tomte_oscore_option *option,
                           struct tomte_buf out, struct tomte_span *value);

/* The bytes of a Partial IV; how many. */
uint8_t tomte_oscore_piv_encode(uint64_t piv,
                                uint8_t bytes[TOMTE_OSCORE_PIV_BYTES]);

/* Where an option of the original message goes. Class I (integrity only) has
 * no member (section 4.1.2). */
enum tomte_oscore_class {
    TOMTE_OSCORE_INNER, /* E: encrypted; also whatever is not known */
    TOMTE_OSCORE_OUTER, /* U: for proxies, not protected at all */
    TOMTE_OSCORE_BOTH,  /* Observe: see oscore.h */
};

/* Of options that may be both (Max-Age, blocks, Echo, Request-Tag, No-Response)
 * this is what becomes of the original message's: INNER. As outer ones only
 * proxies make them, and they are dropped at the other end. */
enum tomte_oscore_class tomte_oscore_class(uint16_t number);
