/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/head.h"

#include "base/bytes.h"

static bool strict(const struct tomte_cbor_dec *d)
{
    return (d->flags & TOMTE_CBOR_LENIENT) == 0;
}

static size_t bytes_left(const struct tomte_cbor_dec *d, uint32_t at)
{
    return d->in.len - at;
}

void tomte_cbor_fail_at(struct tomte_cbor_dec *d, enum tomte_err err,
                        uint32_t at)
{
    if (d->err != TOMTE_OK || err == TOMTE_OK)
        return;
    d->err = err;
    d->err_at = at;
}

void tomte_cbor_fail_here(struct tomte_cbor_dec *d, enum tomte_err err)
{
    tomte_cbor_fail_at(d, err, d->at);
}

bool tomte_cbor_tagged(struct tomte_cbor_dec *d)
{
    return tomte_cbor_top(d)->item_at != d->at;
}

bool tomte_cbor_value_pending(struct tomte_cbor_dec *d)
{
    return tomte_cbor_top(d)->map && tomte_cbor_top(d)->left % 2 != 0;
}

static bool at_break(struct tomte_cbor_dec *d)
{
    return bytes_left(d, d->at) > 0 && d->in.data[d->at] == CBOR_BREAK;
}

bool tomte_cbor_more(struct tomte_cbor_dec *d)
{
    if (d->err != TOMTE_OK)
        return false;
    /* Neither a tag nor a key can be the last thing in a container. */
    if (tomte_cbor_tagged(d) || tomte_cbor_value_pending(d))
        return true;
    if (d->depth == 0 && (d->flags & TOMTE_CBOR_SEQUENCE) != 0)
        return bytes_left(d, d->at) > 0;
    if (tomte_cbor_top(d)->indefinite)
        return !at_break(d);
    return tomte_cbor_top(d)->left > 0;
}

/* The argument of additional information `info`, behind the initial byte. */
static uint64_t read_argument(const uint8_t *p, uint8_t info)
{
    switch (info) {
    case INFO_1:
        return p[0];
    case INFO_2:
        return tomte_get_be16(p);
    case INFO_4:
        return tomte_get_be32(p);
    case INFO_8:
        return tomte_get_be64(p);
    default:
        return info == INFO_INDEFINITE ? 0 : info;
    }
}

/* RFC 8949 section 3: sizes of heads; 28 to 30 are reserved. */
static enum tomte_err read_head(struct tomte_cbor_dec *d, uint32_t at,
                                struct tomte_cbor_head *h)
{
    size_t left = bytes_left(d, at);
    if (left == 0)
        return TOMTE_ERR_TRUNCATED;
    const uint8_t *p = d->in.data + at;
    *h = (struct tomte_cbor_head){
        .major = p[0] >> 5, .info = p[0] & 0x1f, .len = 1};
    if (h->info > INFO_8 && h->info != INFO_INDEFINITE)
        return TOMTE_ERR_MALFORMED;
    if (h->info >= INFO_1 && h->info <= INFO_8)
        h->len = (uint8_t)(1 + (1 << (h->info - INFO_1)));
    if (h->len > left)
        return TOMTE_ERR_TRUNCATED;
    h->argument = read_argument(p + 1, h->info);
    return TOMTE_OK;
}

/* Section 4.2.1: the argument would fit into less. */
static bool is_long(const struct tomte_cbor_head *h)
{
    switch (h->info) {
    case INFO_1:
        return h->argument < INFO_1;
    case INFO_2:
        return h->argument <= UINT8_MAX;
    case INFO_4:
        return h->argument <= UINT16_MAX;
    case INFO_8:
        return h->argument <= UINT32_MAX;
    default:
        return false;
    }
}

/* Section 4.2.1 and 4.2.2: the float would fit into less, or is a NaN other
 * than the one. */
static bool is_long_float(const struct tomte_cbor_head *h)
{
    uint32_t narrow, bits = (uint32_t)h->argument;
    uint64_t wide = h->argument;
    if (h->info == INFO_2) {
        wide = tomte_cbor_widen(bits, &tomte_cbor_half);
        return tomte_cbor_is_nan(wide) && bits != CBOR_HALF_NAN;
    }
    if (h->info == INFO_4)
        wide = tomte_cbor_widen(bits, &tomte_cbor_single);
    if (tomte_cbor_is_nan(wide) ||
        tomte_cbor_narrow(wide, &tomte_cbor_half, &narrow))
        return true;
    return h->info == INFO_8 &&
           tomte_cbor_narrow(wide, &tomte_cbor_single, &narrow);
}

/* Major type 7 (section 3.3). */
static enum tomte_err check_simple(const struct tomte_cbor_dec *d,
                                   const struct tomte_cbor_head *h)
{
    if (h->info == INFO_INDEFINITE) /* a break where an item must be */
        return TOMTE_ERR_MALFORMED;
    if (h->info == INFO_1)
        return h->argument < 32 ? TOMTE_ERR_MALFORMED : TOMTE_OK;
    if (h->info > INFO_1 && strict(d) && is_long_float(h))
        return TOMTE_ERR_NOT_CANONICAL;
    return TOMTE_OK;
}

/* Content that cannot fit: each byte of a string and each item has a byte. */
static bool content_fits(const struct tomte_cbor_head *h, size_t room)
{
    switch (h->major) {
    case MAJOR_BYTES:
    case MAJOR_TEXT:
    case MAJOR_ARRAY:
        return h->argument <= room;
    case MAJOR_MAP:
        return h->argument <= room / 2;
    default:
        return true;
    }
}

static enum tomte_err check_indefinite(const struct tomte_cbor_dec *d,
                                       const struct tomte_cbor_head *h)
{
    if (h->major < MAJOR_BYTES || h->major > MAJOR_MAP)
        return TOMTE_ERR_MALFORMED;
    return strict(d) ? TOMTE_ERR_NOT_CANONICAL : TOMTE_OK;
}

static enum tomte_err check_head(const struct tomte_cbor_dec *d, uint32_t at,
                                 const struct tomte_cbor_head *h)
{
    if (h->major == MAJOR_SIMPLE)
        return check_simple(d, h);
    if (h->info == INFO_INDEFINITE)
        return check_indefinite(d, h);
    if (strict(d) && is_long(h))
        return TOMTE_ERR_NOT_CANONICAL;
    if (!content_fits(h, bytes_left(d, at) - h->len))
        return TOMTE_ERR_TRUNCATED;
    return TOMTE_OK;
}

bool tomte_cbor_head_read(struct tomte_cbor_dec *d, struct tomte_cbor_head *h)
{
    if (d->err != TOMTE_OK)
        return false;
    enum tomte_err err = TOMTE_ERR_MISSING;
    /* An empty input is a truncated item, an exhausted sequence is not. */
    if (tomte_cbor_more(d))
        err = read_head(d, d->at, h);
    if (err == TOMTE_OK)
        err = check_head(d, d->at, h);
    tomte_cbor_fail_here(d, err);
    return err == TOMTE_OK;
}

bool tomte_cbor_head_expect(struct tomte_cbor_dec *d, uint8_t major,
                            struct tomte_cbor_head *h)
{
    if (!tomte_cbor_head_read(d, h))
        return false;
    if (h->major == major)
        return true;
    tomte_cbor_fail_here(d, TOMTE_ERR_TYPE);
    return false;
}

void tomte_cbor_item_pass(struct tomte_cbor_dec *d, size_t bytes)
{
    struct tomte_cbor_frame *f = tomte_cbor_top(d);
    d->at += (uint32_t)bytes;
    d->last_at = f->item_at;
    enum tomte_err err =
        tomte_cbor_frame_step(f, strict(d) ? d->in.data : NULL, d->at);
    tomte_cbor_fail_at(d, err, d->last_at);
}

/* Section 3.2.3: chunks are definite strings of the same type, each valid. */
static enum tomte_err read_chunk(struct tomte_cbor_dec *d, uint8_t major,
                                 uint32_t at, struct tomte_cbor_head *h)
{
    enum tomte_err err = read_head(d, at, h);
    if (err == TOMTE_OK)
        err = check_head(d, at, h);
    if (err != TOMTE_OK)
        return err;
    if (h->major != major || h->info == INFO_INDEFINITE)
        return TOMTE_ERR_MALFORMED;
    return TOMTE_OK;
}

bool tomte_cbor_next_chunk(struct tomte_cbor_dec *d, uint8_t major,
                           uint32_t *at, struct tomte_span *chunk)
{
    struct tomte_cbor_head h;
    if (d->err != TOMTE_OK)
        return false;
    if (bytes_left(d, *at) > 0 && d->in.data[*at] == CBOR_BREAK) {
        *at += 1;
        return false;
    }
    enum tomte_err err = read_chunk(d, major, *at, &h);
    if (err == TOMTE_OK) {
        *chunk = tomte_span_slice(d->in, *at + h.len, (size_t)h.argument);
        if (major == MAJOR_TEXT && !tomte_cbor_utf8_valid(*chunk))
            err = TOMTE_ERR_MALFORMED;
    }
    tomte_cbor_fail_at(d, err, *at);
    if (err == TOMTE_OK)
        *at += h.len + (uint32_t)h.argument;
    return err == TOMTE_OK;
}
