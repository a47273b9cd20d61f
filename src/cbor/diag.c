/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/head.h"

struct level {
    bool begun;      /* an item was printed */
    uint32_t parens; /* tags to close behind the item */
};

struct printer {
    struct tomte_cbor_dec d;
    struct tomte_text *out;
    struct level levels[TOMTE_CBOR_FRAMES];
};

static struct level *level(struct printer *p)
{
    return &p->levels[p->d.depth];
}

static void put_escape(struct tomte_text *out, uint32_t unit)
{
    const uint8_t bytes[] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    tomte_text_str(out, "\\u");
    tomte_text_hex(out, TOMTE_SPAN_ARRAY(bytes));
}

/* As in JSON (RFC 8259 section 7), beyond the basic plane as surrogates. */
static void put_point(struct tomte_text *out, uint32_t point)
{
    if (point == '"' || point == '\\')
        tomte_text_char(out, '\\');
    if (point == '\n')
        tomte_text_str(out, "\\n");
    else if (point >= 0x20 && point < 0x7f)
        tomte_text_char(out, (char)point);
    else if (point < 0x10000)
        put_escape(out, point);
    else {
        put_escape(out, 0xd800 + ((point - 0x10000) >> 10));
        put_escape(out, 0xdc00 + (point & 0x3ff));
    }
}

static void put_string(struct tomte_text *out, uint8_t major,
                       struct tomte_span s)
{
    uint32_t point = 0;
    if (major == MAJOR_BYTES) {
        tomte_text_str(out, "h'");
        tomte_text_hex(out, s);
        tomte_text_char(out, '\'');
        return;
    }
    tomte_text_char(out, '"');
    for (size_t at = 0; at < s.len && !out->cut;) {
        at += tomte_cbor_utf8_next(s, at, &point);
        put_point(out, point);
    }
    tomte_text_char(out, '"');
}

/* (_ h'01', h'02'), and ''_ or ""_ when there is no chunk (section 8.1). */
static void put_chunks(struct printer *p, uint8_t major)
{
    struct tomte_span chunk;
    uint32_t at = p->d.at + 1;
    size_t n = 0;
    for (; tomte_cbor_next_chunk(&p->d, major, &at, &chunk); n++) {
        tomte_text_str(p->out, n == 0 ? "(_ " : ", ");
        put_string(p->out, major, chunk);
    }
    if (p->d.err != TOMTE_OK)
        return;
    if (n == 0)
        tomte_text_str(p->out, major == MAJOR_BYTES ? "''_" : "\"\"_");
    else
        tomte_text_char(p->out, ')');
    tomte_cbor_item_pass(&p->d, at - p->d.at);
}

static void put_any_string(struct printer *p, uint8_t major)
{
    struct tomte_cbor_head h;
    if (!tomte_cbor_head_read(&p->d, &h))
        return;
    if (h.info == INFO_INDEFINITE) {
        put_chunks(p, major);
        return;
    }
    struct tomte_span s = major == MAJOR_TEXT ? tomte_cbor_get_text(&p->d)
                                              : tomte_cbor_get_bytes(&p->d);
    if (p->d.err == TOMTE_OK)
        put_string(p->out, major, s);
}

static void put_negative(struct printer *p)
{
    uint64_t n = tomte_cbor_get_negative(&p->d);
    if (n == UINT64_MAX) /* n + 1 does not fit */
        tomte_text_str(p->out, "-18446744073709551616");
    else {
        tomte_text_char(p->out, '-');
        tomte_text_u64(p->out, n + 1);
    }
}

static void put_simple(struct printer *p)
{
    uint8_t v = tomte_cbor_get_simple(&p->d);
    switch (v) {
    case SIMPLE_FALSE:
        tomte_text_str(p->out, "false");
        break;
    case SIMPLE_TRUE:
        tomte_text_str(p->out, "true");
        break;
    case SIMPLE_NULL:
        tomte_text_str(p->out, "null");
        break;
    case SIMPLE_UNDEFINED:
        tomte_text_str(p->out, "undefined");
        break;
    default:
        tomte_text_str(p->out, "simple(");
        tomte_text_u64(p->out, v);
        tomte_text_char(p->out, ')');
    }
}

static void put_float(struct printer *p)
{
    double v = tomte_cbor_get_double(&p->d);
    if (p->d.err == TOMTE_OK)
        tomte_cbor_diag_double(p->out, v);
}

static void open_container(struct printer *p, bool map)
{
    if (map)
        tomte_cbor_enter_map(&p->d);
    else
        tomte_cbor_enter_array(&p->d);
    if (p->d.err != TOMTE_OK)
        return;
    *level(p) = (struct level){0};
    tomte_text_char(p->out, map ? '{' : '[');
    if (tomte_cbor_top(&p->d)->indefinite)
        tomte_text_str(p->out, "_ ");
}

static void open_tag(struct printer *p)
{
    tomte_text_u64(p->out, tomte_cbor_get_tag(&p->d));
    tomte_text_char(p->out, '(');
    level(p)->parens++;
}

static void end_item(struct printer *p)
{
    for (; level(p)->parens > 0 && !p->out->cut; level(p)->parens--)
        tomte_text_char(p->out, ')');
    level(p)->begun = true;
}

static void close_container(struct printer *p)
{
    bool map = tomte_cbor_top(&p->d)->map;
    tomte_cbor_leave(&p->d);
    tomte_text_char(p->out, map ? '}' : ']');
    end_item(p);
}

static void separate(struct printer *p)
{
    if (tomte_cbor_value_pending(&p->d))
        tomte_text_str(p->out, ": ");
    else if (level(p)->begun)
        tomte_text_str(p->out, ", ");
}

static void put_token(struct printer *p)
{
    unsigned depth = p->d.depth;
    if (!tomte_cbor_tagged(&p->d))
        separate(p);
    enum tomte_cbor_type type = tomte_cbor_peek(&p->d);
    switch (type) {
    case TOMTE_CBOR_END: /* an error */
        return;
    case TOMTE_CBOR_UINT:
        tomte_text_u64(p->out, tomte_cbor_get_uint(&p->d));
        break;
    case TOMTE_CBOR_NEGATIVE:
        put_negative(p);
        break;
    case TOMTE_CBOR_BYTES:
        put_any_string(p, MAJOR_BYTES);
        break;
    case TOMTE_CBOR_TEXT:
        put_any_string(p, MAJOR_TEXT);
        break;
    case TOMTE_CBOR_ARRAY:
    case TOMTE_CBOR_MAP:
        open_container(p, type == TOMTE_CBOR_MAP);
        break;
    case TOMTE_CBOR_TAG:
        open_tag(p);
        break;
    case TOMTE_CBOR_FLOAT:
        put_float(p);
        break;
    default:
        put_simple(p);
    }
    if (p->d.depth == depth && !tomte_cbor_tagged(&p->d))
        end_item(p);
}

void tomte_cbor_diag(struct tomte_text *out, struct tomte_span in)
{
    struct printer p = {.out = out};
    tomte_cbor_decode_init(&p.d, in, TOMTE_CBOR_LENIENT | TOMTE_CBOR_SEQUENCE);
    while (!out->cut && p.d.err == TOMTE_OK) {
        if (tomte_cbor_more(&p.d))
            put_token(&p);
        else if (p.d.depth > 0)
            close_container(&p);
        else
            return;
    }
    if (p.d.err == TOMTE_OK)
        return;
    tomte_text_char(out, '!');
    tomte_text_str(out, tomte_err_name(p.d.err));
    tomte_text_str(out, " at ");
    tomte_text_u64(out, p.d.err_at);
}
