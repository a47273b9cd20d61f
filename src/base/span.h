/* SPDX-License-Identifier: Apache-2.0 */
/* base/span.h: a pointer and its length never travel apart.
 *
 * A span is bytes to read, a buf is room to write. Neither owns memory; a
 * header that takes one says how long it is borrowed. An empty span may have a
 * null pointer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tomte_span {
    const uint8_t *data;
    size_t len;
};

struct tomte_buf {
    uint8_t *data;
    size_t cap;
};

#define TOMTE_SPAN(ptr, length)                                                \
    ((struct tomte_span){(const uint8_t *)(ptr), (length)})
#define TOMTE_BUF(ptr, capacity) ((struct tomte_buf){(ptr), (capacity)})
#define TOMTE_SPAN_NONE          ((struct tomte_span){NULL, 0})

/* The whole of an array; the bytes of a string literal without its NUL. */
#define TOMTE_SPAN_ARRAY(a) TOMTE_SPAN((a), sizeof(a))
#define TOMTE_BUF_ARRAY(a)  TOMTE_BUF((uint8_t *)(a), sizeof(a))
#define TOMTE_SPAN_LIT(s)   TOMTE_SPAN("" s, sizeof(s) - 1)

/* The bytes of a NUL-terminated string. */
struct tomte_span tomte_span_str(const char *s);

/* Bytes [at, at + len) of a span; clipped to what exists, so never outside. */
struct tomte_span tomte_span_slice(struct tomte_span s, size_t at, size_t len);

/* Same length and same bytes. Takes a time that depends on the content. */
bool tomte_span_equal(struct tomte_span a, struct tomte_span b);

/* Same, in a time that depends on the lengths only: for tags and secrets. */
bool tomte_span_equal_ct(struct tomte_span a, struct tomte_span b);

/* Lexicographic by byte, a prefix first: -1, 0 or 1. */
int tomte_span_compare(struct tomte_span a, struct tomte_span b);

/* Overwrite with zeros in a way that no compiler leaves out. */
void tomte_wipe(void *data, size_t len);
