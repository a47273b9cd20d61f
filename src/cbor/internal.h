/* SPDX-License-Identifier: Apache-2.0 */
/* cbor/internal.h: what the files of this room share; not for other rooms. */
#pragma once

#include "cbor/cbor.h"

/* Major types (RFC 8949 section 3.1). */
enum {
    MAJOR_UINT = 0,
    MAJOR_NEGATIVE = 1,
    MAJOR_BYTES = 2,
    MAJOR_TEXT = 3,
    MAJOR_ARRAY = 4,
    MAJOR_MAP = 5,
    MAJOR_TAG = 6,
    MAJOR_SIMPLE = 7, /* and floats */
};

/* Additional information (section 3). */
enum {
    INFO_1 = 24, /* the argument is in the next byte, 2, 4, 8 bytes */
    INFO_2 = 25,
    INFO_4 = 26,
    INFO_8 = 27,
    INFO_INDEFINITE = 31,
};

/* Simple values with a name (section 3.3). */
enum {
    SIMPLE_FALSE = 20,
    SIMPLE_TRUE = 21,
    SIMPLE_NULL = 22,
    SIMPLE_UNDEFINED = 23,
};

#define CBOR_BREAK    0xff
#define CBOR_HALF_NAN 0x7e00u

/* Where `left` starts when nobody announced a count; even, so that keys and
 * values of an indefinite map keep their parity, and more than fits. */
#define CBOR_UNCOUNTED 0xfffffffeu

/* The item of `f` that began at f->item_at ends at `at`. When it is the key of
 * a map it must be greater than the last one: else NOT_CANONICAL or DUPLICATE.
 * `data` is where the offsets count from, NULL to leave the order alone. */
enum tomte_err tomte_cbor_frame_step(struct tomte_cbor_frame *f,
                                     const uint8_t *data, uint32_t at);

/* Exactly one deterministic item, below `depth` open containers. */
enum tomte_err tomte_cbor_check(struct tomte_span item, unsigned depth);

/* Chunks of a string of indefinite length: `*at`, which starts behind its head,
 * moves on. False at the break, which is passed, and after an error. */
bool tomte_cbor_next_chunk(struct tomte_cbor_dec *d, uint8_t major,
                           uint32_t *at, struct tomte_span *chunk);

/* Bits of IEEE 754 formats, so that no floating-point unit is needed. */
struct tomte_cbor_format {
    unsigned exponent_bits, fraction_bits;
};
extern const struct tomte_cbor_format tomte_cbor_half, tomte_cbor_single;

/* A double in a narrower format; false when that would change its value. */
bool tomte_cbor_narrow(uint64_t bits, const struct tomte_cbor_format *to,
                       uint32_t *out);
uint64_t tomte_cbor_widen(uint32_t bits, const struct tomte_cbor_format *from);
bool tomte_cbor_is_nan(uint64_t bits);

/* The code point at `s.data[at]` and its length in bytes; 0 when that is not
 * UTF-8 (RFC 3629 section 3: no overlong form, no surrogate). */
size_t tomte_cbor_utf8_next(struct tomte_span s, size_t at, uint32_t *point);
bool tomte_cbor_utf8_valid(struct tomte_span s);
