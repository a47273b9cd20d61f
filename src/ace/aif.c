/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/aif.h"

#include <string.h>

uint64_t tomte_aif_method_of(unsigned code)
{
    return code >= 1 && code <= 7 ? (uint64_t)1 << (code - 1) : 0;
}

/* ---- the list ---------------------------------------------------------- */

enum tomte_err tomte_aif_encode(const struct tomte_aif_entry *entries,
                                size_t count, struct tomte_buf out,
                                struct tomte_span *scope)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, count);
    for (size_t i = 0; i < count; i++) {
        tomte_cbor_put_array(&e, 2);
        tomte_cbor_put_text(&e, entries[i].path);
        tomte_cbor_put_uint(&e, entries[i].methods);
    }
    return tomte_cbor_encode_done(&e, scope);
}

void tomte_aif_iter_init(struct tomte_aif_iter *it, struct tomte_span scope)
{
    tomte_cbor_decode_init(&it->d, scope, 0);
    tomte_cbor_enter_array(&it->d);
}

bool tomte_aif_next(struct tomte_aif_iter *it, struct tomte_aif_entry *entry)
{
    struct tomte_cbor_dec *d = &it->d;
    *entry = (struct tomte_aif_entry){.methods = 0};
    if (!tomte_cbor_more(d))
        return false;
    tomte_cbor_enter_array(d);
    entry->path = tomte_cbor_get_text(d);
    if (entry->path.len == 0 || entry->path.data[0] != '/')
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    entry->methods = tomte_cbor_get_uint(d);
    tomte_cbor_leave(d);
    return tomte_cbor_ok(d);
}

enum tomte_err tomte_aif_done(struct tomte_aif_iter *it)
{
    if (tomte_cbor_ok(&it->d))
        tomte_cbor_leave(&it->d);
    return tomte_cbor_decode_done(&it->d);
}

/* ---- the question ------------------------------------------------------ */

/* What is left of a path once `part` is taken off its front. */
struct rest {
    struct tomte_span path;
    bool same;
};

static void take(struct rest *r, char before, struct tomte_span part)
{
    struct tomte_span p = r->path;
    r->same = r->same && p.len >= 1 + part.len && p.data[0] == before &&
              tomte_span_equal(tomte_span_slice(p, 1, part.len), part);
    if (r->same)
        r->path = tomte_span_slice(p, 1 + part.len, p.len);
}

/* No byte of it could be taken for one that separates. */
static bool is_plain(struct tomte_span part, const char *separators)
{
    for (size_t i = 0; i < part.len; i++)
        for (const char *s = separators; *s != 0; s++)
            if (part.data[i] == (uint8_t)*s)
                return false;
    return true;
}

static bool is_plain_request(const struct tomte_aif_request *r)
{
    /* "/" is what no segment and one empty segment would both be */
    if (r->segment_count == 1 && r->segments[0].len == 0)
        return false;
    for (size_t i = 0; i < r->segment_count; i++)
        if (!is_plain(r->segments[i], "/%?"))
            return false;
    for (size_t i = 0; i < r->query_count; i++)
        if (!is_plain(r->queries[i], "&%"))
            return false;
    return true;
}

static bool is_path(struct tomte_span path, const struct tomte_aif_request *r)
{
    struct rest rest = {.path = path, .same = true};
    if (r->segment_count == 0)
        take(&rest, '/', TOMTE_SPAN_NONE);
    for (size_t i = 0; i < r->segment_count; i++)
        take(&rest, '/', r->segments[i]);
    for (size_t i = 0; i < r->query_count; i++)
        take(&rest, i == 0 ? '?' : '&', r->queries[i]);
    return rest.same && rest.path.len == 0;
}

enum tomte_err tomte_aif_allows(struct tomte_span scope,
                                const struct tomte_aif_request *r)
{
    struct tomte_aif_iter it;
    struct tomte_aif_entry entry;
    bool listed = false;
    uint64_t methods = 0;
    if (!is_plain_request(r))
        return TOMTE_ERR_DENIED;
    tomte_aif_iter_init(&it, scope);
    while (tomte_aif_next(&it, &entry)) {
        if (!is_path(entry.path, r))
            continue;
        listed = true;
        methods |= entry.methods;
    }
    enum tomte_err err = tomte_aif_done(&it);
    if (err != TOMTE_OK)
        return err;
    if (!listed)
        return TOMTE_ERR_DENIED;
    bool allowed = r->method != 0 && (methods & r->method) == r->method;
    return allowed ? TOMTE_OK : TOMTE_ERR_METHOD;
}
