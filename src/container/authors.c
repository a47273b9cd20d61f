/* SPDX-License-Identifier: Apache-2.0 */
#include "container/authors.h"

#include "cbor/cbor.h"
#include "cose/signed.h"

#include <string.h>

/* ---- patterns ---------------------------------------------------------- */

/* Without the star; what it says of an identity's rest is `*open`. */
static struct tomte_span stem(struct tomte_span pattern, bool *open)
{
    *open = pattern.len > 0 && pattern.data[pattern.len - 1] == '*';
    return tomte_span_slice(pattern, 0, pattern.len - *open);
}

static enum tomte_err check_pattern(struct tomte_span pattern)
{
    struct tomte_name name;
    bool open;
    struct tomte_span begin = stem(pattern, &open);
    if (open && begin.len == 0)
        return TOMTE_OK;
    return tomte_name_parse(begin, &name);
}

static bool matches(struct tomte_span pattern, struct tomte_span identity)
{
    bool open;
    struct tomte_span begin = stem(pattern, &open);
    if (!open)
        return tomte_span_equal(begin, identity);
    return tomte_span_equal(begin, tomte_span_slice(identity, 0, begin.len));
}

bool tomte_author_may(const struct tomte_author *author,
                      const struct tomte_name *identity)
{
    for (size_t i = 0; i < author->patterns_len; i++)
        if (matches(author->patterns[i], tomte_name_span(identity)))
            return true;
    return false;
}

/* ---- reading ----------------------------------------------------------- */

static void get_author(struct tomte_cbor_dec *d, struct tomte_author *a)
{
    a->patterns_len = 0;
    if (tomte_cbor_enter_array(d) != 3)
        tomte_cbor_fail(d, TOMTE_ERR_MALFORMED);
    a->name = tomte_cbor_get_name(d);
    tomte_cose_get_p256(d, a->open);
    tomte_cbor_enter_array(d);
    while (tomte_cbor_more(d)) {
        struct tomte_span pattern = tomte_cbor_get_text(d);
        tomte_cbor_fail(d, check_pattern(pattern));
        if (a->patterns_len == TOMTE_AUTHOR_PATTERNS_MAX)
            tomte_cbor_fail(d, TOMTE_ERR_RANGE);
        if (tomte_cbor_ok(d))
            a->patterns[a->patterns_len++] = pattern;
    }
    if (a->patterns_len == 0)
        tomte_cbor_fail(d, TOMTE_ERR_MISSING);
    tomte_cbor_leave(d);
    tomte_cbor_leave(d);
}

/* Names grow, so none comes twice. */
static enum tomte_err check_order(const struct tomte_name *last,
                                  const struct tomte_name *next)
{
    int order =
        tomte_span_compare(tomte_name_span(last), tomte_name_span(next));
    if (order == 0)
        return TOMTE_ERR_DUPLICATE;
    return order > 0 ? TOMTE_ERR_NOT_CANONICAL : TOMTE_OK;
}

/* None of the authors before this one has its key. */
static bool key_comes_twice(struct tomte_span list, size_t at,
                            const struct tomte_author *author)
{
    struct tomte_cbor_dec d;
    struct tomte_author other;
    tomte_cbor_decode_init(&d, list, 0);
    tomte_cbor_enter_array(&d);
    for (size_t i = 0; i < at && tomte_cbor_more(&d); i++) {
        get_author(&d, &other);
        if (tomte_cbor_ok(&d) &&
            memcmp(other.open, author->open, sizeof other.open) == 0)
            return true;
    }
    return false;
}

enum tomte_err tomte_authors_check(struct tomte_span list)
{
    struct tomte_cbor_dec d;
    struct tomte_author a;
    struct tomte_name last = {0};
    size_t count = 0;
    if (list.len == 0)
        return TOMTE_OK;
    if (list.len > TOMTE_AUTHORS_BYTES_MAX)
        return TOMTE_ERR_TOO_LARGE;
    tomte_cbor_decode_init(&d, list, 0);
    tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d)) {
        get_author(&d, &a);
        if (count == TOMTE_AUTHORS_MAX)
            tomte_cbor_fail(&d, TOMTE_ERR_RANGE);
        if (!tomte_cbor_ok(&d))
            break;
        tomte_cbor_fail(&d, check_order(&last, &a.name));
        if (key_comes_twice(list, count, &a))
            tomte_cbor_fail(&d, TOMTE_ERR_DUPLICATE);
        last = a.name;
        count++;
    }
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

/* The next author of a list that is walked through; false at its end. */
static bool next(struct tomte_cbor_dec *d, struct tomte_author *author)
{
    if (!tomte_cbor_more(d))
        return false;
    get_author(d, author);
    return tomte_cbor_ok(d);
}

enum tomte_err tomte_authors_find(struct tomte_span list,
                                  struct tomte_span name,
                                  struct tomte_author *author)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, list, 0);
    tomte_cbor_enter_array(&d);
    while (next(&d, author))
        if (tomte_span_equal(tomte_name_span(&author->name), name))
            return TOMTE_OK;
    return TOMTE_ERR_NOT_FOUND;
}

enum tomte_err tomte_authors_by_key(const struct tomte_crypto *c,
                                    struct tomte_span list,
                                    const uint8_t *key_id,
                                    struct tomte_author *author)
{
    struct tomte_cbor_dec d;
    uint8_t id[TOMTE_KEY_ID_BYTES];
    tomte_cbor_decode_init(&d, list, 0);
    tomte_cbor_enter_array(&d);
    while (next(&d, author)) {
        tomte_key_id(c, author->open, id);
        if (memcmp(id, key_id, sizeof id) == 0)
            return TOMTE_OK;
    }
    return TOMTE_ERR_NOT_FOUND;
}

/* ---- writing ----------------------------------------------------------- */

static void put_author(struct tomte_cbor_enc *e, const struct tomte_author *a)
{
    tomte_cbor_put_array(e, 3);
    tomte_cbor_put_text(e, tomte_name_span(&a->name));
    tomte_cose_put_p256(e, a->open);
    tomte_cbor_put_array(e, a->patterns_len);
    for (size_t i = 0; i < a->patterns_len; i++)
        tomte_cbor_put_text(e, a->patterns[i]);
}

/* The author whose name comes after `last`; names that are the same go in the
 * order given, so that the check finds them. */
static const struct tomte_author *after(const struct tomte_author *authors,
                                        size_t count,
                                        const struct tomte_author *last)
{
    const struct tomte_author *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct tomte_author *a = &authors[i];
        int order = last == NULL
                        ? 1
                        : tomte_span_compare(tomte_name_span(&a->name),
                                             tomte_name_span(&last->name));
        if (order < 0 || (order == 0 && a <= last))
            continue;
        if (best == NULL ||
            tomte_span_compare(tomte_name_span(&a->name),
                               tomte_name_span(&best->name)) < 0)
            best = a;
    }
    return best;
}

enum tomte_err tomte_authors_encode(const struct tomte_author *authors,
                                    size_t count, struct tomte_buf out,
                                    struct tomte_span *list)
{
    struct tomte_cbor_enc e;
    const struct tomte_author *last = NULL;
    *list = TOMTE_SPAN_NONE;
    if (count == 0)
        return TOMTE_OK;
    if (count > TOMTE_AUTHORS_MAX)
        return TOMTE_ERR_RANGE;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, count);
    for (size_t i = 0; i < count; i++) {
        last = after(authors, count, last);
        put_author(&e, last);
    }
    enum tomte_err err = tomte_cbor_encode_done(&e, list);
    return err != TOMTE_OK ? err : tomte_authors_check(*list);
}
