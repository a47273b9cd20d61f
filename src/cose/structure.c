/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings that are made piece by piece: what is signed, and messages. */
#include "base/bytes.h"
#include "cose/internal.h"

#include <string.h>

size_t cose_head(uint8_t out[COSE_HEAD_BYTES], unsigned major, uint64_t n)
{
    uint8_t type = (uint8_t)(major << 5);
    if (n < 24) {
        out[0] = (uint8_t)(type | n);
        return 1;
    }
    if (n <= UINT8_MAX) {
        out[0] = type | 24;
        out[1] = (uint8_t)n;
        return 2;
    }
    if (n <= UINT16_MAX) {
        out[0] = type | 25;
        tomte_put_be16(out + 1, (uint16_t)n);
        return 3;
    }
    if (n <= UINT32_MAX) {
        out[0] = type | 26;
        tomte_put_be32(out + 1, (uint32_t)n);
        return 5;
    }
    out[0] = type | 27;
    tomte_put_be64(out + 1, n);
    return 9;
}

/* ---- what is signed ---------------------------------------------------- */

/* The array's head and the context text. */
static struct tomte_span opening(enum tomte_cose_kind kind)
{
    switch (kind) {
    case TOMTE_COSE_SIGN1:
        return TOMTE_SPAN_LIT("\x84\x6aSignature1");
    case TOMTE_COSE_MAC0:
        return TOMTE_SPAN_LIT("\x84\x64MAC0");
    default:
        return TOMTE_SPAN_LIT("\x83\x68"
                              "Encrypt0");
    }
}

static struct tomte_span head_part(struct cose_structure *s, size_t i,
                                   size_t len)
{
    uint8_t *head = s->heads[i];
    return TOMTE_SPAN(head, cose_head(head, COSE_BYTES, len));
}

size_t cose_structure_init(struct cose_structure *s, enum tomte_cose_kind kind,
                           struct tomte_span protected_map,
                           struct tomte_span external_aad, size_t payload_len)
{
    size_t n = 0;
    s->parts[n++] = opening(kind);
    s->parts[n++] = head_part(s, 0, protected_map.len);
    s->parts[n++] = protected_map;
    s->parts[n++] = head_part(s, 1, external_aad.len);
    s->parts[n++] = external_aad;
    if (kind != TOMTE_COSE_ENCRYPT0)
        s->parts[n++] = head_part(s, 2, payload_len);
    return n;
}

/* ---- messages ---------------------------------------------------------- */

void cose_write(struct cose_writer *w, struct tomte_span bytes)
{
    bool fits = w->at <= w->out.cap && bytes.len <= w->out.cap - w->at;
    if (fits && bytes.len > 0)
        memcpy(w->out.data + w->at, bytes.data, bytes.len);
    w->at = bytes.len <= SIZE_MAX - w->at ? w->at + bytes.len : SIZE_MAX;
}

void cose_write_head(struct cose_writer *w, unsigned major, uint64_t n)
{
    uint8_t head[COSE_HEAD_BYTES];
    cose_write(w, TOMTE_SPAN(head, cose_head(head, major, n)));
}

void cose_write_bytes(struct cose_writer *w, struct tomte_span bytes)
{
    cose_write_head(w, COSE_BYTES, bytes.len);
    cose_write(w, bytes);
}

/* An empty protected bucket is a string of zero length (RFC 9052 section 3). */
void cose_write_begin(struct cose_writer *w, enum tomte_cose_kind kind,
                      const struct tomte_cose_draft *draft)
{
    struct tomte_span none = TOMTE_SPAN_LIT("\xa0");
    bool open = draft->unprotected_map.len > 0;
    if (!draft->untagged)
        cose_write_head(w, COSE_TAG, (uint64_t)kind);
    cose_write_head(w, COSE_ARRAY, kind == TOMTE_COSE_ENCRYPT0 ? 3 : 4);
    cose_write_bytes(w, draft->protected_map);
    cose_write(w, open ? draft->unprotected_map : none);
}

void cose_write_payload(struct cose_writer *w,
                        const struct tomte_cose_draft *draft)
{
    if (draft->detached)
        cose_write(w, TOMTE_SPAN_LIT("\xf6"));
    else
        cose_write_bytes(w, draft->payload);
}

enum tomte_err cose_write_done(const struct cose_writer *w,
                               struct tomte_span *message)
{
    if (w->at > w->out.cap) {
        *message = TOMTE_SPAN_NONE;
        return TOMTE_ERR_FULL;
    }
    *message = TOMTE_SPAN(w->out.data, w->at);
    return TOMTE_OK;
}
