/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h: building a line of text without printf.
 *
 * For what people read: log lines, reasons, diagnostics. Text that does not
 * fit is cut and ends in "...", it never fails. The result is always
 * NUL-terminated (so a buffer of n holds n - 1 characters).
 *
 * Life: init -> append* -> tomte_text_span or t.data as a C string. */
#pragma once

#include "base/span.h"

struct tomte_text {
    char *data;
    size_t cap;
    size_t len;
    bool cut;
};

/* `data` stays the caller's; cap at least 4. */
void tomte_text_init(struct tomte_text *t, char *data, size_t cap);

/* Bytes as they are, but control characters and bytes from 0x7f up become '?':
 * what a peer sent cannot rewrite a terminal. */
void tomte_text_span(struct tomte_text *t, struct tomte_span s);
void tomte_text_str(struct tomte_text *t, const char *s);
void tomte_text_char(struct tomte_text *t, char c);
void tomte_text_u64(struct tomte_text *t, uint64_t v);
void tomte_text_i64(struct tomte_text *t, int64_t v);

/* Lower-case hexadecimal, two digits a byte. */
void tomte_text_hex(struct tomte_text *t, struct tomte_span s);
