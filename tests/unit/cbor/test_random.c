/* SPDX-License-Identifier: Apache-2.0 */
/* Random items against the identity; their damaged copies against crashes. The
 * copies are exact in size, so that a sanitizer sees every byte too many. */
#include "base/base.h"
#include "cbor/cbor.h"
#include "test.h"
#include "transcode.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS_MAX 6

static struct tomte_random rnd;

static uint64_t any_number(void)
{
    uint64_t v = tomte_random_next(&rnd);
    return v >> tomte_random_below(&rnd, 64);
}

static double any_double(void)
{
    static const double some[] = {0.0, -0.0, 1.5, 21.5, 0.1, 65504, 1e300};
    uint64_t bits = tomte_random_next(&rnd);
    double v;
    if (tomte_random_chance(&rnd, 300))
        return some[tomte_random_below(&rnd, sizeof some / sizeof *some)];
    if (tomte_random_chance(&rnd, 500)) /* often exact as a single or half */
        bits &= (uint64_t)0xfffffc << 40;
    if (tomte_random_chance(&rnd, 500)) /* near to 1 */
        bits = (bits & ~((uint64_t)0x7ff << 52)) |
               (1000 + tomte_random_below(&rnd, 50)) << 52;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void put_any_string(struct tomte_cbor_enc *e)
{
    static const char *const texts[] = {
        "", "a", "kitchen", "\xc3\xbc", "\xe6\xb0\xb4", "\xf0\x90\x85\x91"};
    uint8_t bytes[300];
    size_t len = tomte_random_below(&rnd, 8);
    if (tomte_random_chance(&rnd, 50))
        len = tomte_random_below(&rnd, sizeof bytes);
    tomte_random_fill(&rnd, TOMTE_BUF(bytes, len));
    if (tomte_random_chance(&rnd, 500))
        tomte_cbor_put_bytes(e, TOMTE_SPAN(bytes, len));
    else
        tomte_cbor_put_str(e, texts[tomte_random_below(&rnd, 6)]);
}

static void put_any(struct tomte_cbor_enc *e, unsigned depth);

static int compare_keys(const void *a, const void *b)
{
    return tomte_span_compare(*(const struct tomte_span *)a,
                              *(const struct tomte_span *)b);
}

/* Up to KEYS_MAX encoded keys in `keys`, sorted, each once. */
static size_t any_keys(struct tomte_span *keys, uint8_t memory[][700])
{
    size_t n = tomte_random_below(&rnd, KEYS_MAX), unique = 0;
    for (size_t i = 0; i < n; i++) {
        struct tomte_cbor_enc e;
        tomte_cbor_encode_init(&e, TOMTE_BUF(memory[i], sizeof memory[i]));
        put_any(&e, tomte_random_chance(&rnd, 100) ? 1 : 0);
        if (tomte_cbor_encode_done(&e, &keys[i]) != TOMTE_OK)
            keys[i] = TOMTE_SPAN_LIT("\xf6");
    }
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !tomte_span_equal(keys[i], keys[unique - 1]))
            keys[unique++] = keys[i];
    return unique;
}

static void put_any_map(struct tomte_cbor_enc *e, unsigned depth)
{
    uint8_t memory[KEYS_MAX][700];
    struct tomte_span keys[KEYS_MAX];
    size_t n = any_keys(keys, memory);
    tomte_cbor_put_map(e, n);
    for (size_t i = 0; i < n; i++) {
        tomte_cbor_put_raw(e, keys[i]);
        put_any(e, depth - 1);
    }
}

static void put_any_array(struct tomte_cbor_enc *e, unsigned depth)
{
    size_t n = tomte_random_below(&rnd, 6);
    if (tomte_random_chance(&rnd, 20))
        n = 30;
    tomte_cbor_put_array(e, n);
    while (n-- > 0)
        put_any(e, depth - 1);
}

static void put_any(struct tomte_cbor_enc *e, unsigned depth)
{
    if (tomte_random_chance(&rnd, 100))
        tomte_cbor_put_tag(e, any_number());
    switch (tomte_random_below(&rnd, depth > 0 ? 9 : 5)) {
    case 0:
        tomte_cbor_put_uint(e, any_number());
        break;
    case 1:
        tomte_cbor_put_negative(e, any_number());
        break;
    case 2:
        put_any_string(e);
        break;
    case 3:
        tomte_cbor_put_double(e, any_double());
        break;
    case 4:
        tomte_cbor_put_simple(e, (uint8_t)(19 + tomte_random_below(&rnd, 5)));
        break;
    case 5:
    case 6:
        put_any_array(e, depth);
        break;
    default:
        put_any_map(e, depth);
    }
}

static uint8_t memory[4096];

/* A random item that fits into `memory`. */
static struct tomte_span any_item(size_t size_max)
{
    struct tomte_cbor_enc e;
    struct tomte_span item;
    enum tomte_err err;
    do {
        tomte_cbor_encode_init(&e, TOMTE_BUF(memory, size_max));
        put_any(&e, 4);
        err = tomte_cbor_encode_done(&e, &item);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_FULL);
    } while (err != TOMTE_OK);
    return item;
}

/* Both modes and the printer, on a copy that ends where its memory ends. */
static enum tomte_err try_all(struct tomte_span in)
{
    static uint8_t again[4096];
    struct tomte_span out;
    char line[40];
    struct tomte_text t;
    uint8_t *copy = malloc(in.len > 0 ? in.len : 1);
    CHECK(copy != NULL);
    memcpy(copy, in.data, in.len);
    struct tomte_span exact = TOMTE_SPAN(copy, in.len);
    enum tomte_err err = transcode(exact, 0, TOMTE_BUF_ARRAY(again), &out);
    bool same = tomte_span_equal(exact, out);
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, exact, TOMTE_CBOR_LENIENT);
    tomte_cbor_skip(&d);
    enum tomte_err lenient = tomte_cbor_decode_done(&d);
    tomte_text_init(&t, line, sizeof line);
    tomte_cbor_diag(&t, exact);
    free(copy);
    CHECK(err != TOMTE_OK || (same && lenient == TOMTE_OK));
    return err;
}

TEST(random_items_come_out_as_they_went_in)
{
    for (uint64_t seed = 0; seed < 3000; seed++) {
        tomte_random_init(&rnd, seed);
        CHECK_OK(try_all(any_item(sizeof memory)));
    }
}

TEST(random_items_counted_are_as_long_as_written)
{
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct tomte_cbor_enc e;
        struct tomte_span counted;
        tomte_random_init(&rnd, seed);
        struct tomte_span item = any_item(sizeof memory);
        tomte_random_init(&rnd, seed);
        tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
        put_any(&e, 4);
        CHECK_OK(tomte_cbor_encode_done(&e, &counted));
        if (counted.len <= sizeof memory) /* else the item is another one */
            CHECK_EQ(item.len, counted.len);
    }
}

TEST(every_truncation_is_refused)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        tomte_random_init(&rnd, seed);
        struct tomte_span item = any_item(300);
        for (size_t len = 0; len < item.len; len++)
            CHECK_EQ(TOMTE_ERR_TRUNCATED, try_all(TOMTE_SPAN(memory, len)));
    }
}

TEST(every_single_byte_corruption_is_survived)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        tomte_random_init(&rnd, seed);
        struct tomte_span item = any_item(100);
        for (size_t i = 0; i < item.len; i++) {
            uint8_t good = memory[i];
            for (unsigned bad = 0; bad < 256; bad++) {
                memory[i] = (uint8_t)bad;
                try_all(item);
            }
            memory[i] = good;
        }
    }
}

TEST(random_doubles_print_so_that_they_read_back)
{
    tomte_random_init(&rnd, 1);
    for (int i = 0; i < 3000; i++) {
        char line[40];
        struct tomte_text t;
        double v = any_double(), back;
        if (v != v)
            continue;
        tomte_text_init(&t, line, sizeof line);
        tomte_cbor_diag_double(&t, v);
        if (strstr(line, "Infinity") != NULL)
            continue;
        back = strtod(line, NULL);
        CHECK(memcmp(&v, &back, sizeof v) == 0);
        /* No shorter one does: one significant digit less reads otherwise. */
        size_t digits = 0;
        for (const char *p = line; *p != 0 && *p != 'e'; p++)
            digits += *p >= '0' && *p <= '9' && (digits > 0 || *p != '0');
        char shorter[40];
        snprintf(shorter, sizeof shorter, "%.*e", (int)digits - 2, v);
        bool zero_behind = strstr(line, ".0") != NULL;
        CHECK(digits < 2 || zero_behind || strtod(shorter, NULL) != v);
    }
}
