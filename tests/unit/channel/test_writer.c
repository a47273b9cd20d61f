/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/actuator.h"
#include "channel/writer.h"
#include "help.h"

#define RENEW_MS 20000

static struct tomte_writer fresh(void)
{
    struct tomte_writer w;
    tomte_writer_init(&w, RENEW_MS, 3);
    return w;
}

static void put(struct tomte_writer *w, const char *text, uint64_t now_ms)
{
    CHECK_OK(tomte_writer_put(w, 112, tomte_span_str(text), now_ms));
}

static struct tomte_writer_send next(struct tomte_writer *w, uint64_t now_ms)
{
    struct tomte_writer_send send = {.sequence = 0};
    (void)tomte_writer_next(w, now_ms, UINT64_MAX, &send);
    return send;
}

static void answered(struct tomte_writer *w, uint64_t sequence,
                     enum tomte_err err, uint64_t now_ms)
{
    struct tomte_writer_answer a = {.sequence = sequence, .err = err};
    tomte_writer_answered(w, &a, now_ms);
}

TEST(writer_writes_renews_and_numbers_each_write)
{
    struct tomte_writer w = fresh();
    CHECK_EQ(0, next(&w, 0).sequence);
    put(&w, "on", 100);
    struct tomte_writer_send first = next(&w, 100);
    CHECK_EQ(3, first.stream);
    CHECK_EQ(112, first.format);
    CHECK_BYTES(TOMTE_SPAN_LIT("on"), first.payload);
    CHECK_EQ(0, next(&w, 100).sequence); /* one in flight */
    CHECK_EQ(UINT64_MAX, tomte_writer_deadline(&w));
    answered(&w, first.sequence, TOMTE_OK, 150);
    CHECK_EQ(150 + RENEW_MS, tomte_writer_deadline(&w));
    CHECK_EQ(0, next(&w, 150 + RENEW_MS - 1).sequence);
    CHECK(next(&w, 150 + RENEW_MS).sequence > first.sequence);
}

TEST(writer_sends_only_the_last_value)
{
    struct tomte_writer w = fresh();
    put(&w, "1", 0);
    struct tomte_writer_send send = next(&w, 0);
    put(&w, "2", 10);
    put(&w, "3", 20);
    answered(&w, send.sequence, TOMTE_OK, 30);
    send = next(&w, 30);
    CHECK_BYTES(TOMTE_SPAN_LIT("3"), send.payload);
    answered(&w, send.sequence, TOMTE_OK, 40);
    CHECK_EQ(40 + RENEW_MS, tomte_writer_deadline(&w));
}

TEST(writer_waits_longer_after_each_failure)
{
    struct tomte_writer w = fresh();
    put(&w, "on", 0);
    uint64_t now = 0, wait = TOMTE_WRITER_RETRY_MS;
    for (int i = 0; i < 8; i++) {
        struct tomte_writer_send send = next(&w, now);
        CHECK(send.sequence != 0);
        answered(&w, send.sequence, i % 2 ? TOMTE_ERR_AGAIN : TOMTE_ERR_TIMEOUT,
                 now);
        CHECK_EQ(now + wait, tomte_writer_deadline(&w));
        now += wait;
        wait = wait * 2 < TOMTE_WRITER_RETRY_MS_MAX ? wait * 2
                                                    : TOMTE_WRITER_RETRY_MS_MAX;
    }
    answered(&w, next(&w, now).sequence, TOMTE_OK, now);
    put(&w, "off", now);
    answered(&w, next(&w, now).sequence, TOMTE_ERR_AGAIN, now);
    CHECK_EQ(now + TOMTE_WRITER_RETRY_MS, tomte_writer_deadline(&w));
}

TEST(writer_stops_when_fenced_or_denied)
{
    static const enum tomte_err errs[] = {TOMTE_ERR_FENCED, TOMTE_ERR_DENIED};
    for (size_t i = 0; i < 2; i++) {
        struct tomte_writer w = fresh();
        put(&w, "on", 0);
        answered(&w, next(&w, 0).sequence, errs[i], 0);
        put(&w, "off", 1);
        CHECK_EQ(UINT64_MAX, tomte_writer_deadline(&w));
        tomte_writer_resume(&w, 5);
        CHECK_BYTES(TOMTE_SPAN_LIT("off"), next(&w, 5).payload);
    }
}

TEST(writer_ignores_answers_to_other_writes)
{
    struct tomte_writer w = fresh();
    put(&w, "on", 0);
    struct tomte_writer_send old = next(&w, 0);
    tomte_writer_resume(&w, 10); /* the actuator moved to another node */
    struct tomte_writer_send send = next(&w, 10);
    struct tomte_writer_answer a = {.sequence = old.sequence,
                                    .err = TOMTE_ERR_FENCED,
                                    .has_tick = true,
                                    .tick = 1u << 30};
    tomte_writer_answered(&w, &a, 20);
    answered(&w, send.sequence, TOMTE_ERR_AGAIN, 20);
    send = next(&w, 20 + TOMTE_WRITER_RETRY_MS);
    CHECK_EQ(TOMTE_NOT_AFTER_PROBE, send.not_after);
}

TEST(writer_asks_for_the_tick_first)
{
    struct tomte_writer w = fresh();
    put(&w, "on", 0);
    struct tomte_writer_send send = next(&w, 0);
    CHECK_EQ(TOMTE_NOT_AFTER_PROBE, send.not_after);
    struct tomte_writer_answer expired = {.sequence = send.sequence,
                                          .err = TOMTE_ERR_TIMEOUT,
                                          .has_tick = true,
                                          .tick = 5000};
    tomte_writer_answered(&w, &expired, 10);
    send = next(&w, 10); /* at once */
    CHECK_EQ(5000 + TOMTE_WRITE_LIFE_MS - 10 - 3, send.not_after);
    expired.sequence = send.sequence;
    tomte_writer_answered(&w, &expired, 20);
    CHECK(tomte_writer_deadline(&w) > 20); /* not a second time */
}

TEST(grant_ends_with_the_lease_and_with_the_life_of_a_write)
{
    static const struct {
        uint64_t passed_ms, left_ms, not_after;
    } cases[] = {
        {0, 0, TOMTE_NOT_AFTER_PROBE},
        {0, 3, TOMTE_NOT_AFTER_PROBE},
        {0, 4, 5001},
        {0, 1000, 5000 + 1000 - 2 - 3},
        {0, UINT64_MAX, 5000 + 5000 - 10 - 3},
        {700, 1000, 5000 + 700 + 1000 - 3 - 3},
        {90000, UINT64_MAX, 5000 + 90000 + 5000 - 190 - 3},
        {3000000, UINT64_MAX, TOMTE_NOT_AFTER_PROBE}, /* too old to be sure */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tomte_grant g;
        uint64_t now_ms = 100 + cases[i].passed_ms;
        tomte_grant_init(&g);
        CHECK_EQ(TOMTE_NOT_AFTER_PROBE,
                 tomte_grant_not_after(&g, now_ms, UINT64_MAX));
        tomte_grant_answered(&g, 5000, 100);
        CHECK_EQ(cases[i].not_after,
                 tomte_grant_not_after(&g, now_ms, cases[i].left_ms));
    }
}

TEST(writer_checkpoint_keeps_the_value)
{
    uint8_t bytes[TOMTE_WRITER_BYTES_MAX];
    struct tomte_span encoded;
    struct tomte_writer w = fresh(), back = fresh();
    CHECK_OK(tomte_writer_encode(&w, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_writer_decode(&back, encoded, 0));
    CHECK_EQ(UINT64_MAX, tomte_writer_deadline(&back));

    uint8_t large[TOMTE_VALUE_BYTES_MAX + 1] = {7};
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_writer_put(&w, 112, TOMTE_SPAN_ARRAY(large), 0));
    CHECK_OK(
        tomte_writer_put(&w, 112, TOMTE_SPAN(large, TOMTE_VALUE_BYTES_MAX), 0));
    CHECK_OK(tomte_writer_encode(&w, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_writer_decode(&back, encoded, 50));
    CHECK_BYTES(TOMTE_SPAN(large, TOMTE_VALUE_BYTES_MAX),
                next(&back, 50).payload);
    struct tomte_writer bad = fresh();
    CHECK_EQ(TOMTE_ERR_TRUNCATED,
             tomte_writer_decode(&bad, tomte_span_slice(encoded, 0, 5), 0));
    CHECK_EQ(UINT64_MAX, tomte_writer_deadline(&bad));
}
