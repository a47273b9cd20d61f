/* SPDX-License-Identifier: Apache-2.0 */
/* channel/value.h: an actuator's value, small enough to be held by value.
 *
 * Absolute, never an increment: to set it twice is to set it once. Normally one
 * SenML record. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define TOMTE_VALUE_BYTES_MAX 128

struct tomte_value {
    uint16_t format; /* CoAP content-format */
    uint8_t len;
    uint8_t data[TOMTE_VALUE_BYTES_MAX]; /* zero behind len */
};

/* TOO_LARGE over TOMTE_VALUE_BYTES_MAX; `out` is then unchanged. */
TOMTE_MUST_CHECK enum tomte_err tomte_value_set(struct tomte_value *out,
                                                uint16_t format,
                                                struct tomte_span payload);

/* The payload, borrowed. */
struct tomte_span tomte_value_span(const struct tomte_value *v);

bool tomte_value_equal(const struct tomte_value *a,
                       const struct tomte_value *b);
