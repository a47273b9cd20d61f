/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: what the strict decoder accepts comes out again as the same bytes
 * and is accepted leniently too; what only the lenient one accepts has a
 * deterministic form, unless keys or chunks forbid; the printer stays inside
 * its text. */
#include "../unit/cbor/transcode.h"
#include "base/base.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_TRIED 4096

static uint8_t again[SIZE_MAX_TRIED];

static enum tomte_err skip(struct tomte_span in, unsigned flags)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, in, flags);
    tomte_cbor_skip(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    TOMTE_ASSERT(d.at <= in.len && d.err_at <= in.len);
    TOMTE_ASSERT((err == TOMTE_OK) == tomte_cbor_ok(&d));
    return err;
}

static void check_strict(struct tomte_span in)
{
    struct tomte_span out;
    enum tomte_err err = transcode(in, 0, TOMTE_BUF_ARRAY(again), &out);
    TOMTE_ASSERT((err == TOMTE_OK) == (skip(in, 0) == TOMTE_OK));
    if (err != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_span_equal(in, out));
    TOMTE_ASSERT(skip(in, TOMTE_CBOR_LENIENT) == TOMTE_OK);
}

/* Indefinite lengths need the copying getters: those end in an error here. */
static void check_lenient(struct tomte_span in)
{
    struct tomte_span out;
    enum tomte_err err =
        transcode(in, TOMTE_CBOR_LENIENT, TOMTE_BUF_ARRAY(again), &out);
    if (err == TOMTE_OK)
        TOMTE_ASSERT(out.len <= in.len && skip(out, 0) == TOMTE_OK);
}

static void check_diag(struct tomte_span in, size_t cap)
{
    static char line[SIZE_MAX_TRIED];
    struct tomte_text t;
    memset(line, 0x7e, sizeof line);
    tomte_text_init(&t, line, cap);
    tomte_cbor_diag(&t, in);
    TOMTE_ASSERT(t.len < cap && line[t.len] == 0);
    for (size_t i = 0; i < t.len; i++)
        TOMTE_ASSERT(line[i] >= 0x20 && line[i] < 0x7f);
    for (size_t i = cap; i < sizeof line; i++)
        TOMTE_ASSERT(line[i] == 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size > SIZE_MAX_TRIED)
        return 0;
    check_strict(in);
    check_lenient(in);
    check_diag(in, 4 + size % 60);
    check_diag(in, SIZE_MAX_TRIED - 1);
    return 0;
}
