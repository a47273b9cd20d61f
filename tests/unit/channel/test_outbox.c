/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/outbox.h"
#include "channel/origin.h"
#include "help.h"

#define COUNT 8

static uint8_t memory[COUNT * (TOMTE_OUTBOX_OVERHEAD + 16)];

static struct tomte_outbox fresh(void)
{
    struct tomte_outbox o;
    tomte_outbox_init(&o, TOMTE_BUF_ARRAY(memory), COUNT);
    tomte_outbox_open(&o, 1);
    return o;
}

/* Consumers by their first letters, "ab", all in epoch 1. */
static void bind(struct tomte_outbox *o, const char *letters)
{
    struct tomte_outbox_target targets[TOMTE_LIMIT_CONSUMERS];
    size_t n = strlen(letters);
    for (size_t i = 0; i < n; i++)
        targets[i] =
            (struct tomte_outbox_target){name((char[]){letters[i], 0}), 1};
    CHECK_OK(tomte_outbox_bind(o, targets, n));
}

static uint64_t put(struct tomte_outbox *o, const char *payload)
{
    uint64_t sequence;
    CHECK_OK(tomte_outbox_put(o, 112, tomte_span_str(payload), &sequence));
    return sequence;
}

static struct tomte_outbox_send next(struct tomte_outbox *o, uint64_t now_ms)
{
    struct tomte_outbox_send send = {.sequence = 0};
    (void)tomte_outbox_next(o, now_ms, &send);
    return send;
}

static struct tomte_outbox_answer answer(const char *from, uint64_t sent,
                                         uint64_t stream, uint64_t sequence)
{
    return (struct tomte_outbox_answer){.from = name(from),
                                        .epoch = 1,
                                        .sent = sent,
                                        .stream = stream,
                                        .sequence = sequence};
}

static void ack(struct tomte_outbox *o, const char *from, uint64_t sequence)
{
    struct tomte_outbox_answer a =
        answer(from, sequence, o->numbers.stream, sequence);
    CHECK_OK(tomte_outbox_acknowledged(o, &a, 0));
}

TEST(outbox_sends_in_order_within_the_window)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    for (int i = 0; i < 6; i++)
        put(&o, (char[]){(char)('0' + i), 0});
    for (uint64_t s = 1; s <= TOMTE_OUTBOX_WINDOW; s++) {
        struct tomte_outbox_send send = next(&o, 0);
        CHECK_EQ(s, send.sequence);
        CHECK_EQ(1, send.base);
        CHECK_EQ('0' + s - 1, send.payload.data[0]);
        CHECK_EQ(112, send.format);
    }
    CHECK_EQ(0, next(&o, 0).sequence);
    ack(&o, "a", 2);
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(5, send.sequence);
    CHECK_EQ(3, send.base);
    CHECK_EQ(4, tomte_outbox_count(&o));
}

TEST(outbox_holds_for_the_slowest_and_is_full_aloud)
{
    struct tomte_outbox o = fresh();
    bind(&o, "ab");
    for (int i = 0; i < COUNT; i++)
        put(&o, "x");
    uint64_t sequence;
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_outbox_put(&o, 0, TOMTE_SPAN_LIT("x"), &sequence));
    ack(&o, "a", COUNT);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_outbox_put(&o, 0, TOMTE_SPAN_LIT("x"), &sequence));
    CHECK(!tomte_outbox_has_room(&o, 1, 1));
    bind(&o, "a"); /* the slow one is gone, and what was held for it */
    CHECK_EQ(0, tomte_outbox_count(&o));
    CHECK_EQ(COUNT + 1, put(&o, "x"));
}

TEST(outbox_is_bounded_in_bytes_too)
{
    uint8_t small[2 * TOMTE_OUTBOX_OVERHEAD + 10];
    struct tomte_outbox o;
    tomte_outbox_init(&o, TOMTE_BUF_ARRAY(small), COUNT);
    tomte_outbox_open(&o, 1);
    bind(&o, "a");
    CHECK(tomte_outbox_has_room(&o, 2, 10));
    CHECK(!tomte_outbox_has_room(&o, 2, 11));
    CHECK(!tomte_outbox_has_room(&o, 3, 0));
    CHECK(!tomte_outbox_has_room(&o, SIZE_MAX, SIZE_MAX));
    put(&o, "123456");
    put(&o, "1234");
    uint64_t sequence;
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_outbox_put(&o, 0, TOMTE_SPAN_NONE, &sequence));
    uint8_t big[TOMTE_LIMIT_MESSAGE_BYTES + 1] = {0};
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_outbox_put(&o, 0, TOMTE_SPAN_ARRAY(big), &sequence));
    ack(&o, "a", 1);
    CHECK_EQ('1', next(&o, 0).payload.data[0]);
    CHECK_EQ(3, put(&o, "abcdef"));
}

TEST(outbox_numbers_what_nobody_listens_to)
{
    struct tomte_outbox o = fresh();
    for (int i = 0; i < 3 * COUNT; i++)
        put(&o, "x");
    CHECK_EQ(0, tomte_outbox_count(&o));
    bind(&o, "a");
    CHECK_EQ(0, next(&o, 0).sequence);
    put(&o, "x");
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(3 * COUNT + 1, send.sequence);
    CHECK_EQ(send.sequence, send.base);
}

TEST(outbox_without_a_stream_takes_nothing)
{
    struct tomte_outbox o;
    tomte_outbox_init(&o, TOMTE_BUF_ARRAY(memory), COUNT);
    uint64_t sequence;
    CHECK_EQ(TOMTE_ERR_STATE,
             tomte_outbox_put(&o, 0, TOMTE_SPAN_NONE, &sequence));
}

TEST(outbox_waits_longer_after_each_failure)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "x");
    put(&o, "y");
    uint64_t now = 0, wait = TOMTE_OUTBOX_RETRY_MS;
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(1, next(&o, now).sequence);
        CHECK_EQ(2, next(&o, now).sequence);
        struct tomte_outbox_answer first = answer("a", 1, 0, 0);
        struct tomte_outbox_answer second = answer("a", 2, 0, 0);
        tomte_outbox_failed(&o, &first, now);
        tomte_outbox_failed(&o, &second, now); /* one outage, one doubling */
        CHECK_EQ(now + wait, tomte_outbox_deadline(&o, now));
        CHECK_EQ(0, next(&o, now + wait - 1).sequence);
        now += wait;
        wait = wait * 2 < TOMTE_OUTBOX_RETRY_MS_MAX ? wait * 2
                                                    : TOMTE_OUTBOX_RETRY_MS_MAX;
    }
    CHECK_EQ(TOMTE_OUTBOX_RETRY_MS_MAX, wait);
    CHECK_EQ(1, next(&o, now).sequence);
    ack(&o, "a", 1);
    CHECK_EQ(2, next(&o, now).sequence);
}

TEST(outbox_late_failure_of_what_was_acknowledged_is_nothing)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "x");
    put(&o, "y");
    (void)next(&o, 0), (void)next(&o, 0);
    ack(&o, "a", 2);
    struct tomte_outbox_answer late = answer("a", 1, 0, 0);
    tomte_outbox_failed(&o, &late, 0);
    put(&o, "z");
    CHECK_EQ(3, next(&o, 0).sequence);
}

TEST(outbox_hole_waits_for_what_may_be_on_its_way)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "x");
    put(&o, "y");
    (void)next(&o, 0), (void)next(&o, 0);
    struct tomte_outbox_answer hole = answer("a", 2, 0, 0);
    tomte_outbox_hole(&o, &hole, 0);
    CHECK_EQ(0, next(&o, 0).sequence);
    ack(&o, "a", 1); /* it was only overtaken */
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(2, send.sequence);
    CHECK_EQ(2, send.base);
}

TEST(outbox_goes_back_for_one_who_lost_what_it_had)
{
    struct tomte_outbox o = fresh();
    bind(&o, "ab");
    for (int i = 0; i < 5; i++)
        put(&o, "x");
    ack(&o, "b", 2); /* 3, 4, 5 are held for b */
    ack(&o, "a", 5);
    struct tomte_outbox_answer hole =
        answer("a", 5, o.numbers.stream, 1); /* 2 is gone for good */
    tomte_outbox_hole(&o, &hole, 0);
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(3, send.sequence);
    CHECK_EQ(3, send.base);

    /* A cursor in no or another stream says nothing. */
    ack(&o, "a", 5);
    hole = answer("a", 5, 0, 0);
    tomte_outbox_hole(&o, &hole, 0);
    put(&o, "x");
    CHECK_EQ(6, next(&o, 0).sequence);
}

TEST(outbox_answers_that_count_for_nothing)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "x");
    (void)next(&o, 0);
    uint64_t stream = o.numbers.stream;
    static const struct {
        const char *from;
        uint64_t epoch;
        int stream; /* relative */
        uint64_t sequence;
        enum tomte_err err;
    } cases[] = {
        {"b", 1, 0, 1, TOMTE_OK},        /* not a consumer */
        {"a", 2, 0, 1, TOMTE_OK},        /* not that placement */
        {"a", 1, -1, 99, TOMTE_OK},      /* an older stream */
        {"a", 1, 0, 2, TOMTE_ERR_RANGE}, /* never put */
        {"a", 1, 1, 1, TOMTE_ERR_RANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tomte_outbox_answer a = answer(
            cases[i].from, 1, stream + (uint64_t)(int64_t)cases[i].stream,
            cases[i].sequence);
        a.epoch = cases[i].epoch;
        CHECK_EQ(cases[i].err, tomte_outbox_acknowledged(&o, &a, 0));
        CHECK_EQ(1, tomte_outbox_count(&o));
    }
}

TEST(outbox_answer_without_progress_is_tried_again)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "x");
    CHECK_EQ(1, next(&o, 0).sequence);
    struct tomte_outbox_answer a = answer("a", 1, 0, 0);
    CHECK_OK(tomte_outbox_acknowledged(&o, &a, 0));
    CHECK_EQ(0, next(&o, 0).sequence);
    CHECK_EQ(1, next(&o, TOMTE_OUTBOX_RETRY_MS).sequence);
}

TEST(outbox_new_epoch_of_a_consumer_gets_what_it_has_not_acknowledged)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "x");
    put(&o, "y");
    (void)next(&o, 0), (void)next(&o, 0);
    ack(&o, "a", 1);
    struct tomte_outbox_target moved = {name("a"), 2};
    CHECK_OK(tomte_outbox_bind(&o, &moved, 1));
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(2, send.sequence);
    CHECK_EQ(2, send.epoch);
}

TEST(outbox_new_stream_waits_for_the_old_one)
{
    struct tomte_outbox o = fresh();
    bind(&o, "a");
    put(&o, "1");
    put(&o, "2");
    uint64_t old = o.numbers.stream;
    tomte_outbox_open(&o, 2);
    put(&o, "3");
    put(&o, "4");
    CHECK_EQ(old, next(&o, 0).stream);
    CHECK_EQ(old, next(&o, 0).stream);
    CHECK_EQ(0, next(&o, 0).sequence);

    /* The consumer had more of the old stream than was known here. */
    struct tomte_outbox_answer a = answer("a", 2, old, 17);
    CHECK_OK(tomte_outbox_acknowledged(&o, &a, 0));
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(3, send.sequence);
    CHECK_EQ(3, send.base);
    CHECK_EQ(o.numbers.stream, send.stream);
    CHECK_EQ(3, next(&o, 0).base);
}

TEST(outbox_gives_up_the_oldest_for_who_is_there)
{
    struct tomte_outbox o = fresh();
    uint64_t sequence;
    bind(&o, "ab");
    for (int i = 0; i < COUNT; i++) {
        put(&o, "x");
        ack(&o, "a", (uint64_t)i + 1);
    }
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_outbox_put(&o, 112, tomte_span_str("y"), &sequence));
    CHECK_EQ(1, o.first);
    tomte_outbox_drop(&o);
    CHECK_EQ(2, o.first);
    CHECK_EQ(COUNT - 1, tomte_outbox_count(&o));
    CHECK_EQ(COUNT + 1, put(&o, "y"));
    /* a gets the new one, b what is left: a gap that its base shows */
    struct tomte_outbox_send to_a = next(&o, 0), to_b = next(&o, 0);
    CHECK_EQ(COUNT + 1, to_a.sequence);
    CHECK_EQ(COUNT + 1, to_a.base);
    CHECK_EQ(2, to_b.sequence);
    CHECK_EQ(2, to_b.base);
}

TEST(outbox_replay_makes_room_for_the_newest)
{
    struct tomte_outbox o = fresh();
    bind(&o, "ab");
    uint8_t bytes[64];
    struct tomte_span checkpoint;
    CHECK_OK(tomte_outbox_encode(&o, TOMTE_BUF_ARRAY(bytes), &checkpoint));

    /* What is put while others acknowledge is more than can be held at once. */
    for (uint64_t i = 1; i <= 3 * COUNT; i++) {
        if (i > COUNT) {
            ack(&o, "a", i - COUNT);
            ack(&o, "b", i - COUNT);
        }
        put(&o, "x");
    }
    CHECK_EQ(2 * COUNT + 1, o.first);

    CHECK_OK(tomte_outbox_decode(&o, checkpoint));
    bind(&o, "ab");
    for (uint64_t i = 1; i <= 3 * COUNT; i++)
        CHECK_OK(tomte_outbox_replay(&o, 112, TOMTE_SPAN_LIT("x")));
    CHECK_EQ(2 * COUNT + 1, o.first);
    struct tomte_outbox_send send = next(&o, 0);
    CHECK_EQ(2 * COUNT + 1, send.sequence);
    CHECK_EQ(2 * COUNT + 1, send.base);
    CHECK_EQ(3 * COUNT + 1, o.numbers.next);

    uint8_t large[sizeof memory] = {0};
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_outbox_replay(&o, 112, TOMTE_SPAN_ARRAY(large)));
}

TEST(outbox_bounds_move_with_it)
{
    uint8_t bytes[64], larger[2 * sizeof memory];
    struct tomte_span checkpoint;
    struct tomte_outbox o = fresh(), moved;
    CHECK_OK(tomte_outbox_encode(&o, TOMTE_BUF_ARRAY(bytes), &checkpoint));
    tomte_outbox_init(&moved, TOMTE_BUF_ARRAY(larger), 2 * COUNT);
    CHECK_OK(tomte_outbox_decode(&moved, checkpoint));
    bind(&moved, "a");
    CHECK(tomte_outbox_has_room(&moved, COUNT, 0));
    CHECK(!tomte_outbox_has_room(&moved, COUNT + 1, 0));
    CHECK(!tomte_outbox_has_room(&moved, 1, sizeof memory));
    tomte_outbox_init(&moved, TOMTE_BUF_ARRAY(memory), COUNT - 1);
    CHECK_EQ(TOMTE_ERR_FULL, tomte_outbox_decode(&moved, checkpoint));
    tomte_outbox_init(&moved, TOMTE_BUF(memory, sizeof memory - 1), COUNT);
    CHECK_EQ(TOMTE_ERR_FULL, tomte_outbox_decode(&moved, checkpoint));
}

TEST(outbox_consumers_are_bounded_and_differ)
{
    struct tomte_outbox o = fresh();
    struct tomte_outbox_target t[TOMTE_LIMIT_CONSUMERS + 1];
    for (size_t i = 0; i <= TOMTE_LIMIT_CONSUMERS; i++)
        t[i] = (struct tomte_outbox_target){
            name((char[]){'c', (char)('a' + (char)i), 0}), 1};
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_outbox_bind(&o, t, TOMTE_LIMIT_CONSUMERS + 1));
    CHECK_OK(tomte_outbox_bind(&o, t, TOMTE_LIMIT_CONSUMERS));
    t[3] = t[7];
    CHECK_EQ(TOMTE_ERR_DUPLICATE,
             tomte_outbox_bind(&o, t, TOMTE_LIMIT_CONSUMERS));
    CHECK_EQ(TOMTE_LIMIT_CONSUMERS, o.consumers_len);
}

TEST(outbox_checkpoint_gives_equal_bytes_and_sends_again)
{
    uint8_t bytes[512], bytes2[512], memory2[sizeof memory];
    struct tomte_outbox o = fresh();
    bind(&o, "ba");
    for (int i = 0; i < 4; i++)
        put(&o, "x");
    ack(&o, "a", 3);
    ack(&o, "b", 1);
    tomte_outbox_open(&o, 9);
    put(&o, "last");
    while (next(&o, 0).sequence)
        ;
    struct tomte_span encoded, again;
    CHECK_OK(tomte_outbox_encode(&o, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_outbox_encode(&o, TOMTE_BUF(NULL, 0), &again));
    CHECK_EQ(encoded.len, again.len);
    struct tomte_outbox back;
    tomte_outbox_init(&back, TOMTE_BUF_ARRAY(memory2), COUNT);
    CHECK_OK(tomte_outbox_decode(&back, encoded));
    CHECK_OK(tomte_outbox_encode(&back, TOMTE_BUF_ARRAY(bytes2), &again));
    CHECK_BYTES(encoded, again);
    CHECK_EQ(4, tomte_outbox_count(&back));

    CHECK_EQ(
        TOMTE_ERR_FULL,
        tomte_outbox_encode(&o, TOMTE_BUF(bytes2, encoded.len - 1), &again));
    tomte_outbox_init(&back, TOMTE_BUF_ARRAY(memory2), 3);
    CHECK_EQ(TOMTE_ERR_FULL, tomte_outbox_decode(&back, encoded));
    CHECK_EQ(0, tomte_outbox_count(&back));
    CHECK_EQ(0, back.numbers.stream);
}

TEST(outbox_checkpoint_refuses_contradictions)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } cases[] = {
        {"87 01 05 03 08 1820 81 83 05 00 40 81 82 6161 01", TOMTE_OK},
        {"87 01 00 01 08 1820 80 80", TOMTE_OK},
        {"87 02 05 03 08 1820 80 80", TOMTE_ERR_VERSION},
        {"87 01 05 00 08 1820 80 80", TOMTE_ERR_RANGE},
        {"87 01 1b8000000000000000 03 08 1820 80 80", TOMTE_ERR_RANGE},
        /* more messages than numbers */
        {"87 01 05 01 08 1820 81 83 05 00 40 81 82 6161 00", TOMTE_ERR_INVALID},
        /* a message of a later stream, of none, streams out of order */
        {"87 01 05 03 08 1820 81 83 06 00 40 81 82 6161 01", TOMTE_ERR_INVALID},
        {"87 01 05 03 08 1820 81 83 00 00 40 81 82 6161 01", TOMTE_ERR_INVALID},
        {"87 01 05 03 08 1820 82 83 05 00 40 83 04 00 40 81 82 6161 00",
         TOMTE_ERR_INVALID},
        /* cursors before and behind what there is */
        {"87 01 05 03 08 1820 81 83 05 00 40 81 82 6161 00", TOMTE_ERR_INVALID},
        {"87 01 05 03 08 1820 81 83 05 00 40 81 82 6161 03", TOMTE_ERR_INVALID},
        /* held for nobody */
        {"87 01 05 03 08 1820 81 83 05 00 40 81 82 6161 02", TOMTE_ERR_INVALID},
        {"87 01 05 03 08 1820 81 83 05 00 40 80", TOMTE_ERR_INVALID},
        /* consumers twice, out of order */
        {"87 01 05 03 08 1820 80 82 82 6161 02 82 6161 02",
         TOMTE_ERR_DUPLICATE},
        {"87 01 05 03 08 1820 80 82 82 6162 02 82 6161 02",
         TOMTE_ERR_NOT_CANONICAL},
        {"87 01 05 03 08 1820 80 80 00", TOMTE_ERR_TRAILING},
        /* more room than there is */
        {"87 01 05 03 09 1820 80 80", TOMTE_ERR_FULL},
        {"87 01 05 03 08 190fff 80 80", TOMTE_ERR_FULL},
        {"87 01 05 03 01 1820 82 83 05 00 40 83 05 00 40 81 82 6161 00",
         TOMTE_ERR_FULL},
        {"87 01 05 03 08 0b 81 83 05 00 40 81 82 6161 01", TOMTE_ERR_FULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[64];
        struct tomte_outbox o;
        tomte_outbox_init(&o, TOMTE_BUF_ARRAY(memory), COUNT);
        struct tomte_span in = test_hex(cases[i].hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_EQ(cases[i].err, tomte_outbox_decode(&o, in));
    }
}
