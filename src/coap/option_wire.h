/* SPDX-License-Identifier: Apache-2.0 */
/* coap/option_wire.h: the head of one option (RFC 7252 section 3.1), for the
 * room's own files.
 *
 *   | delta : 4 | length : 4 | delta extended : 0-2 | length extended : 0-2 |
 *
 * A nibble of 13 stands for one extension byte (13 to 268), 14 for two (269 to
 * 65804), 15 is reserved. So each number has exactly one form. */
#pragma once

#include "base/span.h"

#define TOMTE_COAP_MARKER       0xff
#define TOMTE_COAP_HEAD_MAX     5
#define TOMTE_COAP_EXTENDED_MAX 65804u

struct tomte_coap_head {
    uint32_t delta;
    uint32_t len; /* of the value */
    uint8_t size; /* of the head */
};

/* False when `in` is empty, at a payload marker or malformed, the value cut
 * short included. */
bool tomte_coap_head_read(struct tomte_span in, struct tomte_coap_head *out);

/* How long the head will be; and writing it there. Both numbers are at most
 * TOMTE_COAP_EXTENDED_MAX. */
uint8_t tomte_coap_head_size(uint32_t delta, uint32_t len);
void tomte_coap_head_write(uint8_t *at, uint32_t delta, uint32_t len);
