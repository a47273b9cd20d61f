/* SPDX-License-Identifier: Apache-2.0 */
/* A list that passes the check is walked to its end, by name and by key, and
 * encoded again to the same bytes. */
#include "base/base.h"
#include "container/authors.h"
#include "cose/signed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FAKE (&tomte_crypto_fake)

/* The authors of a list, found by trying keys and names that it has: each is
 * followed by the next one in the order of names. */
static size_t read_all(struct tomte_span list, struct tomte_author *out)
{
    struct tomte_author a;
    size_t count = 0;
    for (size_t at = 0; at + 1 < list.len && count < TOMTE_AUTHORS_MAX; at++) {
        size_t len = list.data[at] & 31u;
        bool longer = list.data[at] == 0x78;
        struct tomte_span name = tomte_span_slice(
            list, at + 1 + longer, longer ? list.data[at + 1] : len);
        if (tomte_authors_find(list, name, &a) == TOMTE_OK && name.len > 0 &&
            (count == 0 ||
             tomte_span_compare(tomte_name_span(&out[count - 1].name), name) <
                 0))
            out[count++] = a;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tomte_author authors[TOMTE_AUTHORS_MAX], found;
    static uint8_t memory[TOMTE_AUTHORS_BYTES_MAX];
    struct tomte_span list = TOMTE_SPAN(data, size), again;
    uint8_t id[TOMTE_KEY_ID_BYTES];
    if (tomte_authors_check(list) != TOMTE_OK || size == 0)
        return 0;
    size_t count = read_all(list, authors);
    for (size_t i = 0; i < count; i++) {
        TOMTE_ASSERT(authors[i].patterns_len > 0);
        tomte_key_id(FAKE, authors[i].open, id);
        enum tomte_err err = tomte_authors_by_key(FAKE, list, id, &found);
        TOMTE_ASSERT(err == TOMTE_OK);
    }
    if (count == 0)
        return 0;
    enum tomte_err err =
        tomte_authors_encode(authors, count, TOMTE_BUF_ARRAY(memory), &again);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(again.len <= list.len);
    if (again.len == list.len)
        TOMTE_ASSERT(tomte_span_equal(again, list));
    return 0;
}
