/* SPDX-License-Identifier: Apache-2.0 */
/* cbor/senml_number.h: arithmetic on SenML's numbers; not for other rooms. The
 * only floating-point operations of the room are in its .c file. */
#pragma once

#include "cbor/senml.h"

bool tomte_senml_is_number(const struct tomte_senml_value *v);

/* Neither an infinity nor a NaN: those are no JSON numbers (section 6). */
bool tomte_senml_is_finite(double v);

/* a + b: of integers when the sum is one, of doubles otherwise; INVALID when
 * that is not finite. NONE counts as zero; both NONE give NONE. */
TOMTE_MUST_CHECK enum tomte_err
tomte_senml_add(const struct tomte_senml_value *a,
                const struct tomte_senml_value *b,
                struct tomte_senml_value *out);

/* The next item: integer, float or decimal fraction (section 6). */
struct tomte_senml_value tomte_senml_get_number(struct tomte_cbor_dec *d);
