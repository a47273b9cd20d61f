/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "test.h"

TEST(errors_have_name_text_code_and_status)
{
    for (unsigned i = 0; i < TOMTE_ERR_COUNT; i++) {
        enum tomte_err err = (enum tomte_err)i;
        CHECK(strlen(tomte_err_name(err)) > 1);
        CHECK(strlen(tomte_err_text(err)) > 2);
        unsigned class = tomte_err_coap_code(err) >> 5;
        CHECK(i == 0 ? class == 2 : class == 4 || class == 5);
        CHECK((tomte_err_exit_status(err) == 0) == (i == 0));
    }
    CHECK(strcmp("?", tomte_err_name((enum tomte_err)999)) == 0);
    CHECK_EQ(TOMTE_ERR_FENCED, tomte_err_from_coap_code(0x8c));
    CHECK_EQ(TOMTE_OK, tomte_err_from_coap_code(0x45));
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_err_from_coap_code(0x9d));
}

TEST(slices_never_leave_their_span)
{
    struct tomte_span s = TOMTE_SPAN_LIT("abcdef");
    CHECK_BYTES(TOMTE_SPAN_LIT("cd"), tomte_span_slice(s, 2, 2));
    CHECK_BYTES(TOMTE_SPAN_LIT("ef"), tomte_span_slice(s, 4, 99));
    CHECK_EQ(0, tomte_span_slice(s, 99, SIZE_MAX).len);
    CHECK_EQ(0, tomte_span_slice(TOMTE_SPAN_NONE, 1, 1).len);
}

TEST(equality_and_order)
{
    struct tomte_span a = TOMTE_SPAN_LIT("aa"), b = TOMTE_SPAN_LIT("ab");
    CHECK(tomte_span_equal(a, a) && !tomte_span_equal(a, b));
    CHECK(tomte_span_equal_ct(a, a) && !tomte_span_equal_ct(a, b));
    CHECK(!tomte_span_equal_ct(a, TOMTE_SPAN_LIT("a")));
    CHECK_EQ(-1, tomte_span_compare(a, b));
    CHECK_EQ(1, tomte_span_compare(b, TOMTE_SPAN_LIT("a")));
    CHECK_EQ(0, tomte_span_compare(TOMTE_SPAN_NONE, TOMTE_SPAN_NONE));
}

TEST(integers_in_byte_order)
{
    uint8_t b[8];
    tomte_put_be64(b, 0x0102030405060708);
    CHECK(b[0] == 1 && b[7] == 8);
    CHECK(tomte_get_be64(b) == 0x0102030405060708);
    CHECK_EQ(0x0807, tomte_get_le16(b + 6));
    tomte_put_le32(b, 0x01020304);
    CHECK(b[0] == 4 && tomte_get_be16(b) == 0x0403);
}

TEST(crc32c_check_value)
{
    /* RFC 3720 appendix B.4 and the catalogue's check value. */
    CHECK_EQ(0xe3069283, tomte_crc32c(0, TOMTE_SPAN_LIT("123456789")));
    uint8_t zeros[32] = {0};
    CHECK_EQ(0x8a9136aa, tomte_crc32c(0, TOMTE_SPAN_ARRAY(zeros)));
    uint32_t half = tomte_crc32c(0, TOMTE_SPAN_LIT("1234"));
    CHECK_EQ(0xe3069283, tomte_crc32c(half, TOMTE_SPAN_LIT("56789")));
}

TEST(arena_gives_aligned_zeroed_memory_and_no_more)
{
    uint8_t memory[64];
    memset(memory, 0xdb, sizeof memory);
    struct tomte_arena a;
    tomte_arena_init(&a, memory, sizeof memory);
    uint8_t *one = tomte_arena_take(&a, 3, 1);
    size_t mark = tomte_arena_mark(&a);
    uint8_t *two = tomte_arena_take(&a, 8, 8);
    CHECK(one != NULL && two != NULL && (uintptr_t)two % 8 == 0);
    CHECK(two[0] == 0 && two[7] == 0);
    CHECK(tomte_arena_take(&a, 64, 1) == NULL);
    CHECK(tomte_arena_take(&a, SIZE_MAX, 8) == NULL);
    tomte_arena_release(&a, mark);
    CHECK(tomte_arena_take(&a, 61, 1) != NULL);
    CHECK_EQ(64, a.high);
    EXPECT_PANIC(tomte_arena_release(&a, 65));
    EXPECT_PANIC(tomte_arena_take(&a, 1, 3));
}

TEST(names)
{
    struct tomte_name n;
    CHECK_OK(tomte_name_parse(TOMTE_SPAN_LIT("thermostat-2"), &n));
    CHECK_EQ(12, n.len);
    CHECK_EQ(TOMTE_ERR_MISSING, tomte_name_parse(TOMTE_SPAN_LIT(""), &n));
    CHECK_EQ(TOMTE_ERR_MALFORMED, tomte_name_parse(TOMTE_SPAN_LIT("A"), &n));
    CHECK_EQ(TOMTE_ERR_MALFORMED, tomte_name_parse(TOMTE_SPAN_LIT("-a"), &n));
    CHECK_EQ(TOMTE_ERR_MALFORMED, tomte_name_parse(TOMTE_SPAN_LIT("a/b"), &n));
    CHECK_EQ(0, n.len);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_name_parse(
                 TOMTE_SPAN_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &n));
}

TEST(channel_names)
{
    static const struct {
        const char *text;
        enum tomte_err err;
    } rows[] = {
        {"/room/thermometer/temperature", TOMTE_OK},
        {"/a", TOMTE_OK},
        {"", TOMTE_ERR_MISSING},
        {"/", TOMTE_ERR_MALFORMED},
        {"room/a", TOMTE_ERR_MALFORMED},
        {"/room//a", TOMTE_ERR_MALFORMED},
        {"/room/a/", TOMTE_ERR_MALFORMED},
        {"/a/b/c/d/e", TOMTE_ERR_MALFORMED},
        {"/a/../b", TOMTE_ERR_MALFORMED},
        {"/room/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x", TOMTE_ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tomte_channel_name n;
        CHECK_EQ(rows[i].err,
                 tomte_channel_name_parse(tomte_span_str(rows[i].text), &n));
    }
}

TEST(random_is_reproducible_and_bounded)
{
    struct tomte_random a, b;
    tomte_random_init(&a, 42);
    tomte_random_init(&b, 42);
    for (int i = 0; i < 1000; i++) {
        CHECK(tomte_random_below(&a, 7) < 7);
        tomte_random_below(&b, 7);
    }
    CHECK(tomte_random_next(&a) == tomte_random_next(&b));
    CHECK_EQ(0, tomte_random_below(&a, 0));
    CHECK(!tomte_random_chance(&a, 0) && tomte_random_chance(&a, 1000));
}

TEST(text_is_cut_not_overrun_and_never_controls_a_terminal)
{
    char line[16];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_i64(&t, INT64_MIN);
    CHECK(strcmp("-92233720368...", line) == 0);
    tomte_text_str(&t, "more");
    CHECK(strcmp("-92233720368...", line) == 0);
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, TOMTE_SPAN_LIT("\x1b[2J\xff"));
    tomte_text_hex(&t, TOMTE_SPAN_LIT("\x0f\xa0"));
    CHECK(strcmp("?[2J?0fa0", line) == 0);
}

TEST(addresses)
{
    uint8_t here[4] = {127, 0, 0, 9}, there[4] = {10, 0, 0, 1};
    struct tomte_addr a = tomte_addr_ipv4(here, 5683);
    struct tomte_addr b = tomte_addr_ipv4(there, 5683);
    struct tomte_addr six = {.ip = {[15] = 1}, .port = 1};
    CHECK(tomte_addr_is_loopback(&a) && !tomte_addr_is_loopback(&b));
    CHECK(tomte_addr_is_loopback(&six));
    CHECK(tomte_addr_equal(&a, &a) && !tomte_addr_equal(&a, &b));
}
