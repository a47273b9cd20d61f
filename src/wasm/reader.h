/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/reader.h: reading the binary format, section 5.2.
 *
 * A reader remembers its first failure and where it was; from then on every
 * read gives 0 and moves nowhere, so a caller may read on in a straight line
 * and look at `err` once. */
#pragma once

#include "wasm/wasm.h"

struct wasm_reader {
    const uint8_t *start; /* of the module: offsets count from here */
    const uint8_t *at;
    const uint8_t *end;
    enum tomte_err err;
    uint32_t err_offset;
    const char *what;
};

/* Over bytes [from, to) of a module; both are inside. */
struct wasm_reader wasm_reader_over(struct tomte_span module, size_t from,
                                    size_t to);

/* Fail here, or at an offset of the module, unless it failed before. */
void wasm_fail(struct wasm_reader *r, enum tomte_err err, const char *what);
void wasm_fail_at(struct wasm_reader *r, uint32_t offset, enum tomte_err err,
                  const char *what);

static inline uint32_t wasm_offset(const struct wasm_reader *r)
{
    return (uint32_t)(r->at - r->start);
}

static inline size_t wasm_left(const struct wasm_reader *r)
{
    return (size_t)(r->end - r->at);
}

uint8_t wasm_read_u8(struct wasm_reader *r);
uint32_t wasm_read_fixed32(struct wasm_reader *r);
uint64_t wasm_read_fixed64(struct wasm_reader *r);

/* LEB128, section 5.2.2: MALFORMED when longer than its type needs at most, or
 * with bits that its type has no room for. */
uint32_t wasm_read_u32(struct wasm_reader *r);
int32_t wasm_read_s32(struct wasm_reader *r);
int64_t wasm_read_s33(struct wasm_reader *r);
int64_t wasm_read_s64(struct wasm_reader *r);

/* The length of a vector whose items take at least a byte each: a claim of more
 * items than bytes are left is MALFORMED, more than `limit` TOO_LARGE. */
uint32_t wasm_read_count(struct wasm_reader *r, uint32_t limit,
                         const char *too_many);

/* `len` bytes as they are. */
struct tomte_span wasm_read_bytes(struct wasm_reader *r, uint32_t len);

/* A name: length and UTF-8, section 5.2.4. */
struct tomte_span wasm_read_name(struct wasm_reader *r);
