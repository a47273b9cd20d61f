/* SPDX-License-Identifier: Apache-2.0 */
/* cbor/senml.h: one measurement or setting, in SenML's CBOR (RFC 8428).
 *
 * What a channel carries unless its manifest says otherwise: a pack of one
 * record, in its shortest form [{2: 21.5}]. Spans are borrowed from the input
 * (decode) or until the encoding is done (encode).
 *
 * From the packs of others the first record with a value is read and base
 * fields, also of records before it, are applied. Refused with UNSUPPORTED:
 * sums (bs, s) and text labels that must be understood; with VERSION: a base
 * version above 10. Unknown labels and the update time are passed over. */
#pragma once

#include "cbor/cbor.h"

enum tomte_senml_type {
    TOMTE_SENML_NONE,
    TOMTE_SENML_INT,
    TOMTE_SENML_DOUBLE,
    TOMTE_SENML_BOOL,
    TOMTE_SENML_TEXT,
    TOMTE_SENML_DATA,
};

/* Integers and doubles are both numbers to SenML; the difference is kept, so
 * that the same bytes come out again. Doubles are finite. */
struct tomte_senml_value {
    enum tomte_senml_type type;
    union {
        int64_t i;
        double d;
        bool b;
        struct tomte_span s; /* UTF-8 text, or data */
    };
};

struct tomte_senml {
    struct tomte_span base_name; /* empty: none */
    struct tomte_span name;      /* empty: none; goes behind the base name */
    struct tomte_span unit;      /* empty: none; see the registry: "Cel" */
    struct tomte_senml_value value;
    /* A number in seconds, or NONE. Below 2^28 relative to now, from there on
     * since 1970 (section 4.5.3). */
    struct tomte_senml_value time;
};

struct tomte_senml_value tomte_senml_int(int64_t v);
struct tomte_senml_value tomte_senml_double(double v);
/* An int where v is a whole number below 2^53, which is shorter, else a double:
 * a number that a person wrote. */
struct tomte_senml_value tomte_senml_whole(double v);
struct tomte_senml_value tomte_senml_bool(bool v);
struct tomte_senml_value tomte_senml_text(struct tomte_span utf8);

/* An int or double as a double; TYPE, and `*out` 0, when it is neither. */
TOMTE_MUST_CHECK enum tomte_err
tomte_senml_number(const struct tomte_senml_value *v, double *out);

/* An int or double in thousandths, cut towards 0, for those who may not
 * calculate with doubles; RANGE when that is beyond 64 bits. */
TOMTE_MUST_CHECK enum tomte_err
tomte_senml_milli(const struct tomte_senml_value *v, int64_t *out);

/* The pack of this one record, deterministic, as an item of `e`, or in `out`
 * as a whole. MISSING without a value; TYPE for a time that is no number;
 * INVALID for a double that is not finite and for a name with characters that
 * section 4.5.1 does not allow (it begins with a letter or digit, so a channel
 * name goes without its first slash); the encoder's errors. */
void tomte_senml_put(struct tomte_cbor_enc *e, const struct tomte_senml *r);
TOMTE_MUST_CHECK enum tomte_err tomte_senml_encode(const struct tomte_senml *r,
                                                   struct tomte_buf out,
                                                   struct tomte_span *pack);

/* `flags` are those of the decoder: 0 or TOMTE_CBOR_LENIENT. On an error `*r`
 * is empty. MISSING when no record has a value; DUPLICATE for two values, or
 * a label twice; RANGE for an integer beyond 64 bits; UNSUPPORTED also for a
 * decimal fraction that is no exact operation on doubles. */
TOMTE_MUST_CHECK enum tomte_err tomte_senml_decode(struct tomte_span pack,
                                                   unsigned flags,
                                                   struct tomte_senml *r);

/* Base name and name joined in `out`; TOO_LARGE when there is no room. */
TOMTE_MUST_CHECK enum tomte_err
tomte_senml_full_name(const struct tomte_senml *r, struct tomte_buf out,
                      struct tomte_span *name);
