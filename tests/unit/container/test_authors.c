/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's list of authors: what it may say, and who it lets through. */
#include "container/authors.h"
#include "cose/signed.h"
#include "test.h"
#include "unit/container/make.h"

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

static uint8_t memory[TOMTE_AUTHORS_BYTES_MAX + 64];

static struct tomte_author author(const char *name, uint8_t key,
                                  const char *pattern)
{
    struct tomte_author a = {.name = make_name(name), .patterns_len = 1};
    memset(a.open, key, sizeof a.open);
    a.patterns[0] = tomte_span_str(pattern);
    return a;
}

static enum tomte_err encode(const struct tomte_author *authors, size_t count,
                             struct tomte_span *list)
{
    return tomte_authors_encode(authors, count, TOMTE_BUF_ARRAY(memory), list);
}

TEST(authors_are_found_by_name_and_by_key)
{
    struct tomte_author in[] = {author("tomte", 3, "*"),
                                author("acme", 1, "acme.*"),
                                author("berg", 2, "heater")};
    struct tomte_author out;
    struct tomte_span list;
    uint8_t id[TOMTE_KEY_ID_BYTES];
    CHECK_OK(encode(in, 3, &list));
    CHECK_OK(tomte_authors_check(list));
    for (size_t i = 0; i < 3; i++) {
        struct tomte_span name = tomte_name_span(&in[i].name);
        CHECK_OK(tomte_authors_find(list, name, &out));
        CHECK_BYTES(TOMTE_SPAN_ARRAY(in[i].open), TOMTE_SPAN_ARRAY(out.open));
        tomte_key_id(fake, in[i].open, id);
        CHECK_OK(tomte_authors_by_key(fake, list, id, &out));
        CHECK_BYTES(name, tomte_name_span(&out.name));
        CHECK_BYTES(in[i].patterns[0], out.patterns[0]);
    }
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_authors_find(list, TOMTE_SPAN_LIT("acm"), &out));
    id[0] ^= 1;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_authors_by_key(fake, list, id, &out));
}

TEST(authors_of_nobody)
{
    struct tomte_author out;
    struct tomte_span list;
    CHECK_OK(encode(NULL, 0, &list));
    CHECK_EQ(0, list.len);
    CHECK_OK(tomte_authors_check(list));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_authors_find(list, TOMTE_SPAN_LIT("acme"), &out));
}

static bool may(const char *pattern, const char *identity)
{
    struct tomte_author a = author("acme", 1, pattern);
    struct tomte_name name = make_name(identity);
    return tomte_author_may(&a, &name);
}

TEST(authors_name_what_their_patterns_say)
{
    CHECK(may("heater", "heater"));
    CHECK(!may("heater", "heater-2"));
    CHECK(!may("heater", "heate"));
    CHECK(may("heater*", "heater"));
    CHECK(may("heater*", "heater-2"));
    CHECK(!may("heater*", "heate"));
    CHECK(may("*", "anything"));
    struct tomte_author a = author("acme", 1, "one");
    struct tomte_name two = make_name("two");
    a.patterns[a.patterns_len++] = TOMTE_SPAN_LIT("tw*");
    CHECK(tomte_author_may(&a, &two));
}

TEST(authors_keep_their_rules)
{
    struct tomte_span list;
    struct tomte_author twice[] = {author("a", 1, "*"), author("a", 2, "*")};
    struct tomte_author same[] = {author("a", 1, "*"), author("b", 1, "*")};
    CHECK_EQ(TOMTE_ERR_DUPLICATE, encode(twice, 2, &list));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, encode(same, 2, &list));
    static const char *const wrong[] = {"", "A", "**", "a*b", "*a", "a/b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tomte_author a = author("a", 1, wrong[i]);
        CHECK(encode(&a, 1, &list) != TOMTE_OK);
    }
    struct tomte_author none = author("a", 1, "*");
    none.patterns_len = 0;
    CHECK_EQ(TOMTE_ERR_MISSING, encode(&none, 1, &list));
}

TEST(authors_are_bounded)
{
    static struct tomte_author many[TOMTE_AUTHORS_MAX + 1];
    struct tomte_span list;
    for (uint8_t i = 0; i < TOMTE_AUTHORS_MAX + 1; i++) {
        many[i] = author("a-", (uint8_t)(i + 1), "*");
        many[i].name.text[1] = (char)('0' + i % 10);
        many[i].name.text[2] = (char)('0' + i / 10);
        many[i].name.len = 3;
    }
    CHECK_OK(encode(many, TOMTE_AUTHORS_MAX, &list));
    CHECK_EQ(TOMTE_ERR_RANGE, encode(many, TOMTE_AUTHORS_MAX + 1, &list));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_authors_encode(many, 2, TOMTE_BUF(memory, 100), &list));
    uint8_t large[TOMTE_AUTHORS_BYTES_MAX + 1] = {0x81};
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_authors_check(TOMTE_SPAN_ARRAY(large)));
}

TEST(authors_are_read_strictly)
{
    struct tomte_author in[] = {author("acme", 1, "a"), author("berg", 2, "b")};
    struct tomte_span list;
    CHECK_OK(encode(in, 2, &list));
    for (size_t n = 1; n < list.len; n++)
        CHECK(tomte_authors_check(TOMTE_SPAN(list.data, n)) != TOMTE_OK);
    CHECK_EQ(TOMTE_ERR_TRAILING,
             tomte_authors_check(TOMTE_SPAN(list.data, list.len + 1)));
    /* 82 83 64 acme ...: "zcme" comes after "berg" */
    CHECK_EQ('a', memory[3]);
    memory[3] = 'z';
    CHECK_EQ(TOMTE_ERR_NOT_CANONICAL, tomte_authors_check(list));
    memory[3] = 'a', memory[1] = 0x82;
    CHECK(tomte_authors_check(list) != TOMTE_OK);
}
