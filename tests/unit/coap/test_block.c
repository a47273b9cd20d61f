/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of blocks, against the examples of RFC 7959 section 3 and at
 * its limits. */
#include "test.h"

#include "coap/block.h"

static uint8_t memory[256];

/* The options of one request; `block` below 0: without. */
static struct tomte_span with_block(uint16_t number, long block, long size)
{
    struct tomte_coap_options o;
    struct tomte_span list;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    if (block >= 0)
        tomte_coap_put_uint(&o, number, (uint32_t)block);
    if (size >= 0)
        tomte_coap_put_uint(&o,
                            number == TOMTE_COAP_OPT_BLOCK1
                                ? TOMTE_COAP_OPT_SIZE1
                                : TOMTE_COAP_OPT_SIZE2,
                            (uint32_t)size);
    CHECK_OK(tomte_coap_options_end(&o, &list));
    return list;
}

#define BLOCK(num, more, szx) ((long)(num) << 4 | (more) << 3 | (szx))

static void check_slice(long asked, uint32_t size, uint8_t szx, uint32_t at,
                        uint32_t len, long answer)
{
    struct tomte_coap_slice s;
    struct tomte_coap_options o;
    struct tomte_span list = with_block(TOMTE_COAP_OPT_BLOCK2, asked, -1);
    CHECK_OK(tomte_coap_slice(list, size, szx, &s));
    CHECK_EQ(at, s.at);
    CHECK_EQ(len, s.len);
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_slice(&o, &s);
    CHECK_OK(tomte_coap_options_end(&o, &list));
    uint32_t value;
    bool there = tomte_coap_find_uint(list, TOMTE_COAP_OPT_BLOCK2, &value);
    CHECK_EQ(answer, there ? (long)value : -1);
}

TEST(slices_of_a_representation)
{
    /* a GET of what fits, and of what does not (figures 2 to 4) */
    check_slice(-1, 0, 6, 0, 0, -1);
    check_slice(-1, 1024, 6, 0, 1024, -1);
    check_slice(-1, 1025, 6, 0, 1024, BLOCK(0, 1, 6));
    check_slice(BLOCK(0, 0, 2), 128, 3, 0, 64, BLOCK(0, 1, 2));
    check_slice(BLOCK(1, 0, 2), 128, 3, 64, 64, BLOCK(1, 0, 2));
    check_slice(BLOCK(1, 0, 6), 1025, 6, 1024, 1, BLOCK(1, 0, 6));
    check_slice(BLOCK(0, 0, 6), 10, 6, 0, 10, BLOCK(0, 0, 6));
    /* the M bit of a request says nothing (section 2.4) */
    check_slice(BLOCK(1, 1, 2), 128, 3, 64, 64, BLOCK(1, 0, 2));
    /* ours are smaller: the same place under another number */
    check_slice(BLOCK(3, 0, 6), 5000, 4, 3072, 256, BLOCK(12, 1, 4));
}

TEST(slices_that_are_not_there)
{
    struct tomte_coap_slice s;
    CHECK_EQ(
        TOMTE_ERR_MALFORMED,
        tomte_coap_slice(with_block(TOMTE_COAP_OPT_BLOCK2, BLOCK(0, 0, 7), -1),
                         9, 6, &s));
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_coap_slice(with_block(TOMTE_COAP_OPT_BLOCK2,
                                                          BLOCK(2, 0, 2), -1),
                                               128, 6, &s));
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_coap_slice(
                 with_block(TOMTE_COAP_OPT_BLOCK2, BLOCK(0xfffff, 0, 6), -1),
                 128, 6, &s));
    /* the number in our size would need 21 bits */
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_coap_slice(
                 with_block(TOMTE_COAP_OPT_BLOCK2, BLOCK(0x20000, 0, 6), -1),
                 UINT32_MAX, 0, &s));
}

TEST(size2_is_told_when_asked_and_with_the_first_block)
{
    struct tomte_coap_slice s;
    CHECK_OK(
        tomte_coap_slice(with_block(TOMTE_COAP_OPT_BLOCK2, -1, 0), 9, 6, &s));
    CHECK(s.tell_size && !s.blockwise);
    CHECK_OK(tomte_coap_slice(
        with_block(TOMTE_COAP_OPT_BLOCK2, BLOCK(1, 0, 0), -1), 99, 6, &s));
    CHECK(!s.tell_size);
    CHECK_OK(tomte_coap_slice(TOMTE_SPAN_NONE, 1025, 6, &s));
    CHECK(s.tell_size);
}

static enum tomte_coap_block1 arrive(struct tomte_coap_cursor *c, long block,
                                     size_t len, long size1)
{
    static const uint8_t zeros[2048];
    struct tomte_coap_arrival a;
    struct tomte_coap_msg m = {
        .code = TOMTE_COAP_PUT,
        .options = with_block(TOMTE_COAP_OPT_BLOCK1, block, size1),
        .payload = TOMTE_SPAN(zeros, len)};
    CHECK_OK(tomte_coap_cursor_take(c, &m, 1000, &a));
    return a.what;
}

TEST(blocks_of_a_body_come_in_order)
{
    struct tomte_coap_cursor c = {0};
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(0, 1, 3), 128, 300));
    /* block 0 begins anew */
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(0, 1, 3), 128, 300));
    CHECK_EQ(128, c.at);
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(1, 1, 3), 128, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_REPEATED, arrive(&c, BLOCK(1, 1, 3), 128, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_INCOMPLETE, arrive(&c, BLOCK(3, 1, 3), 128, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_INCOMPLETE, arrive(&c, BLOCK(1, 0, 3), 9, -1));
    /* the client goes on with smaller blocks: 256 is the 8th of 32 bytes */
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(8, 1, 1), 32, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(9, 0, 1), 12, -1));
    CHECK_EQ(300, c.at);
    CHECK(!c.open);
    CHECK_EQ(TOMTE_COAP_BLOCK1_INCOMPLETE, arrive(&c, BLOCK(10, 0, 1), 1, -1));
}

TEST(blocks_that_are_refused_leave_the_cursor)
{
    struct tomte_coap_cursor c = {0};
    CHECK_EQ(TOMTE_COAP_BLOCK1_INCOMPLETE, arrive(&c, BLOCK(1, 0, 3), 9, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(0, 1, 5), 512, -1));
    /* shorter or longer than it says */
    CHECK_EQ(TOMTE_COAP_BLOCK1_BAD, arrive(&c, BLOCK(1, 1, 5), 511, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_BAD, arrive(&c, BLOCK(1, 0, 5), 513, -1));
    /* over the limit of 1000, or announced to be */
    CHECK_EQ(TOMTE_COAP_BLOCK1_TOO_LARGE, arrive(&c, BLOCK(1, 0, 5), 489, -1));
    CHECK_EQ(TOMTE_COAP_BLOCK1_TOO_LARGE, arrive(&c, BLOCK(1, 0, 5), 9, 1001));
    CHECK_EQ(TOMTE_COAP_BLOCK1_TOO_LARGE,
             arrive(&c, BLOCK(0xfffff, 1, 6), 1024, -1));
    CHECK_EQ(512, c.at);
    CHECK_EQ(TOMTE_COAP_BLOCK1_TAKE, arrive(&c, BLOCK(1, 0, 5), 488, 1000));
}

TEST(block1_without_a_meaning)
{
    struct tomte_coap_cursor c = {0};
    struct tomte_coap_arrival a;
    struct tomte_coap_msg m = {.code = TOMTE_COAP_PUT};
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_coap_cursor_take(&c, &m, 9, &a));
    m.options = with_block(TOMTE_COAP_OPT_BLOCK1, BLOCK(0, 0, 7), -1);
    CHECK_EQ(TOMTE_ERR_MALFORMED, tomte_coap_cursor_take(&c, &m, 9, &a));
}

TEST(acknowledgements_ask_for_our_size)
{
    struct tomte_coap_arrival a = {.block = {.num = 2, .more = true, .szx = 6}};
    struct tomte_coap_options o;
    struct tomte_span list;
    struct tomte_coap_block b;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_arrival(&o, &a, 4, true);
    CHECK_OK(tomte_coap_options_end(&o, &list));
    CHECK_OK(tomte_coap_find_block(list, TOMTE_COAP_OPT_BLOCK1, &b));
    CHECK_EQ(2, b.num);
    CHECK_EQ(4, b.szx);
    CHECK(b.more);
}

static uint64_t operation(uint8_t code, uint16_t number, const char *value)
{
    struct tomte_coap_options o;
    struct tomte_span list;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/a"));
    if (number != 0)
        tomte_coap_put(&o, number, tomte_span_str(value));
    CHECK_OK(tomte_coap_options_end(&o, &list));
    return tomte_coap_operation(code, list);
}

TEST(operations_are_told_apart_by_what_matters)
{
    static const uint16_t same[] = {
        TOMTE_COAP_OPT_BLOCK1, TOMTE_COAP_OPT_BLOCK2, TOMTE_COAP_OPT_SIZE1,
        TOMTE_COAP_OPT_SIZE2,  TOMTE_COAP_OPT_ECHO,   TOMTE_COAP_OPT_OBSERVE};
    static const uint16_t other[] = {
        TOMTE_COAP_OPT_URI_PATH, TOMTE_COAP_OPT_URI_QUERY, TOMTE_COAP_OPT_ETAG,
        TOMTE_COAP_OPT_REQUEST_TAG, TOMTE_COAP_OPT_ACCEPT};
    uint64_t plain = operation(TOMTE_COAP_PUT, 0, "");
    CHECK(plain != operation(TOMTE_COAP_POST, 0, ""));
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        CHECK(plain == operation(TOMTE_COAP_PUT, same[i], "x"));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        CHECK(plain != operation(TOMTE_COAP_PUT, other[i], "x"));
        CHECK(operation(TOMTE_COAP_PUT, other[i], "x") !=
              operation(TOMTE_COAP_PUT, other[i], "y"));
    }
    /* no Request-Tag is another than an empty one (RFC 9175 section 3.4) */
    CHECK(plain != operation(TOMTE_COAP_PUT, TOMTE_COAP_OPT_REQUEST_TAG, ""));
}
