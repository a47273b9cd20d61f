/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "container/checkpoint.h"
#include "unit/container/make.h"

static uint8_t bytes[8192];
static struct tomte_checkpoint c;

TEST(checkpoint_comes_back_as_it_was)
{
    struct tomte_span all =
        make_checkpoint("hall", 8, 41, "cursors", TOMTE_BUF_ARRAY(bytes));
    CHECK_OK(tomte_checkpoint_decode(all, &c));
    CHECK_EQ(8, c.head.epoch);
    CHECK_EQ(41, c.head.sequence);
    CHECK_EQ(7, c.head.image[7]);
    struct tomte_name hall = make_name("hall");
    CHECK(tomte_name_equal(&hall, &c.head.identity));
    CHECK_EQ(123456, c.body.time_ms);
    CHECK_EQ(UINT64_MAX, c.body.timers[0]);
    CHECK_EQ(200000, c.body.timers[7]);
    CHECK(c.body.started);
    CHECK(!c.body.ended);
    CHECK_EQ(2, c.body.ports_len);
    CHECK_EQ(0, c.body.bound[0].len);
    CHECK_BYTES(TOMTE_SPAN_LIT("/hall/lamp/on"),
                tomte_channel_name_span(&c.body.bound[1]));
    CHECK_BYTES(TOMTE_SPAN_LIT("cursors"), c.node_part);
    CHECK_BYTES(TOMTE_SPAN_LIT("snapshot"), c.snapshot);
}

TEST(checkpoint_head_is_read_from_its_beginning)
{
    struct tomte_checkpoint_head head;
    struct tomte_span all =
        make_checkpoint("a-name-of-thirty-one-characters", UINT64_MAX,
                        UINT64_MAX, "", TOMTE_BUF_ARRAY(bytes));
    CHECK_OK(tomte_checkpoint_head_decode(
        TOMTE_SPAN(all.data, TOMTE_CHECKPOINT_HEAD_BYTES), &head));
    CHECK(UINT64_MAX == head.epoch);
    CHECK(UINT64_MAX == head.sequence);
    CHECK(tomte_checkpoint_head_decode(TOMTE_SPAN(all.data, 20), &head) !=
          TOMTE_OK);
}

TEST(checkpoint_that_was_changed_anywhere_is_refused)
{
    struct tomte_span all =
        make_checkpoint("hall", 8, 41, "cursors", TOMTE_BUF_ARRAY(bytes));
    for (size_t i = 0; i < all.len; i++) {
        bytes[i] ^= 0x10;
        CHECK(tomte_checkpoint_decode(all, &c) != TOMTE_OK);
        bytes[i] ^= 0x10;
    }
    for (size_t n = 0; n < all.len; n++)
        CHECK(tomte_checkpoint_decode(TOMTE_SPAN(bytes, n), &c) != TOMTE_OK);
    bytes[all.len] = 0;
    CHECK(tomte_checkpoint_decode(TOMTE_SPAN(bytes, all.len + 1), &c) !=
          TOMTE_OK);
    CHECK_OK(tomte_checkpoint_decode(all, &c));
}

TEST(checkpoint_string_heads_are_shortest)
{
    static const struct {
        uint32_t len;
        const char *hex;
    } cases[] = {
        {0, "40"},       {23, "57"},        {24, "5818"},         {255, "58ff"},
        {256, "590100"}, {65535, "59ffff"}, {65536, "5a00010000"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t out[5];
        CHECK_BYTES(test_hex(cases[i].hex, TOMTE_BUF_ARRAY(bytes)),
                    tomte_checkpoint_string_head(cases[i].len, out));
    }
}
