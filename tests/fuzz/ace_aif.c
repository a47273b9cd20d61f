/* SPDX-License-Identifier: Apache-2.0 */
/* A scope that decodes is encoded to itself, and allows exactly what it lists:
 * each path of it, taken apart at its separators, is allowed its methods; the
 * same with a byte more, or all in one segment, only if that is listed too. */
#include "ace/aif.h"
#include "base/base.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES_MAX 64
#define PARTS_MAX   32

/* The parts between separators, the first byte left out; false when there are
 * too many. */
static bool split(struct tomte_span text, char separator,
                  struct tomte_span *parts, size_t *count)
{
    size_t from = 0;
    *count = 0;
    for (size_t at = 0; at <= text.len; at++) {
        if (at < text.len && text.data[at] != (uint8_t)separator)
            continue;
        if (*count == PARTS_MAX)
            return false;
        parts[(*count)++] = tomte_span_slice(text, from, at - from);
        from = at + 1;
    }
    return true;
}

static bool has(struct tomte_span text, char c)
{
    return text.len > 0 && memchr(text.data, c, text.len) != NULL;
}

static void check_entry(struct tomte_span scope,
                        const struct tomte_aif_entry *entry)
{
    struct tomte_span segments[PARTS_MAX], queries[PARTS_MAX];
    struct tomte_aif_request r = {.segments = segments, .queries = queries};
    struct tomte_span path = tomte_span_slice(entry->path, 1, SIZE_MAX);
    if (has(path, '%'))
        return;
    size_t mark = 0;
    while (mark < path.len && path.data[mark] != '?')
        mark++;
    if (!split(tomte_span_slice(path, 0, mark), '/', segments,
               &r.segment_count))
        return;
    if (mark < path.len && !split(tomte_span_slice(path, mark + 1, SIZE_MAX),
                                  '&', queries, &r.query_count))
        return;
    if (mark == 0)
        r.segment_count = 0;
    r.method = entry->methods & 0x7f;
    if (r.method != 0)
        TOMTE_ASSERT(tomte_aif_allows(scope, &r) == TOMTE_OK);
    else
        TOMTE_ASSERT(tomte_aif_allows(scope, &r) == TOMTE_ERR_METHOD);
    /* the whole path in one segment is another resource */
    if (r.segment_count + r.query_count > 1) {
        struct tomte_aif_request whole = {
            .segments = &path, .segment_count = 1, .method = 1};
        TOMTE_ASSERT(tomte_aif_allows(scope, &whole) != TOMTE_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[4096];
    static struct tomte_aif_entry entries[ENTRIES_MAX];
    struct tomte_span in = TOMTE_SPAN(data, size), again;
    struct tomte_aif_iter it;
    size_t n = 0;
    if (size > sizeof memory)
        return 0;
    tomte_aif_iter_init(&it, in);
    while (n < ENTRIES_MAX && tomte_aif_next(&it, &entries[n]))
        n++;
    if (n == ENTRIES_MAX || tomte_aif_done(&it) != TOMTE_OK)
        return 0;
    TOMTE_ASSERT(tomte_aif_encode(entries, n, TOMTE_BUF_ARRAY(memory),
                                  &again) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(in, again));
    for (size_t i = 0; i < n; i++)
        check_entry(in, &entries[i]);
    return 0;
}
