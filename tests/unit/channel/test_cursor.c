/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/cursor.h"
#include "help.h"

#define CAP 4

static struct tomte_cursor entries[CAP];

static struct tomte_cursors fresh(uint64_t epoch)
{
    struct tomte_cursors t;
    struct tomte_channel_name bell = channel_name("/door/bell");
    struct tomte_name button = name("button");
    tomte_cursors_init(&t, entries, CAP);
    CHECK_OK(tomte_cursors_bind(&t, &bell, &button, epoch));
    return t;
}

static struct tomte_origin message(uint64_t epoch, uint64_t stream,
                                   uint64_t sequence, uint64_t base)
{
    struct tomte_origin o = origin("button", epoch, stream, sequence);
    o.base = base;
    return o;
}

static struct tomte_cursor_report check(const struct tomte_cursors *t,
                                        const struct tomte_origin *o)
{
    struct tomte_channel_name bell = channel_name("/door/bell");
    return tomte_cursors_check(t, &bell, o);
}

static void take(struct tomte_cursors *t, const struct tomte_origin *o)
{
    struct tomte_channel_name bell = channel_name("/door/bell");
    tomte_cursors_take(t, &bell, o);
}

static void commit(struct tomte_cursors *t, const struct tomte_origin *o)
{
    struct tomte_channel_name bell = channel_name("/door/bell");
    CHECK_OK(tomte_cursors_commit(t, &bell, o));
}

#define ACCEPT      TOMTE_CURSOR_ACCEPT
#define NEW_STREAM  TOMTE_CURSOR_NEW_STREAM
#define GAP         TOMTE_CURSOR_GAP
#define IN_PROGRESS TOMTE_CURSOR_IN_PROGRESS
#define DUPLICATE   TOMTE_CURSOR_DUPLICATE
#define HOLE        TOMTE_CURSOR_HOLE
#define FENCED      TOMTE_CURSOR_FENCED
#define AHEAD       TOMTE_CURSOR_AHEAD

/* Each message is taken when its verdict accepts; `commit`: and committed. */
TEST(cursor_verdicts)
{
    static const struct {
        uint64_t epoch, stream, sequence, base;
        enum tomte_cursor_verdict verdict;
        uint64_t lost;
        bool commit;
    } steps[] = {
        {3, 5, 8, 7, HOLE, 0, false}, /* first contact: not at base */
        {3, 5, 7, 7, ACCEPT, 0, true},
        {3, 5, 7, 7, DUPLICATE, 0, false},
        {3, 5, 3, 3, DUPLICATE, 0, false},
        {3, 5, 9, 8, HOLE, 0, false},
        {3, 5, 8, 8, ACCEPT, 0, false},
        {3, 5, 8, 8, IN_PROGRESS, 0, false},
        {3, 5, 7, 7, DUPLICATE, 0, false},
        {3, 5, 9, 8, ACCEPT, 0, false},
        {3, 5, 8, 8, IN_PROGRESS, 0, false},
        {3, 5, 9, 8, IN_PROGRESS, 0, false},
        {3, 5, 10, 8, ACCEPT, 0, true}, /* commits 8 and 9 with it */
        {3, 5, 9, 8, DUPLICATE, 0, false},
        {3, 5, 14, 13, HOLE, 0, false},
        {3, 5, 13, 13, GAP, 2, true},
        {2, 5, 14, 14, FENCED, 0, false},
        {4, 5, 14, 14, AHEAD, 0, false},
        {3, 6, 15, 14, HOLE, 0, false},
        {3, 6, 14, 14, NEW_STREAM, TOMTE_CURSOR_LOST_UNKNOWN, false},
        {3, 6, 14, 14, IN_PROGRESS, 0, false},
        {3, 5, 14, 14, IN_PROGRESS, 0, false}, /* left behind, soon */
        {3, 6, 15, 14, ACCEPT, 0, true},
        {3, 6, 14, 14, DUPLICATE, 0, false},
        {3, 5, 14, 14, DUPLICATE, 0, false}, /* left behind */
        {2, 5, 14, 14, FENCED, 0, false},
    };
    struct tomte_cursors t = fresh(3);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct tomte_origin o = message(steps[i].epoch, steps[i].stream,
                                        steps[i].sequence, steps[i].base);
        struct tomte_cursor_report r = check(&t, &o);
        CHECK_EQ(steps[i].verdict, r.verdict);
        CHECK_EQ((long long)steps[i].lost, (long long)r.lost);
        CHECK_EQ(3, r.held);
        if (tomte_cursor_accepts(r.verdict))
            take(&t, &o);
        if (steps[i].commit)
            commit(&t, &o);
    }
    CHECK_EQ(2, t.entries[0].gaps);
    CHECK_EQ(2, t.entries[0].lost);
}

TEST(cursor_answers_with_what_is_committed)
{
    struct tomte_cursors t = fresh(3);
    struct tomte_origin first = message(3, 5, 1, 1),
                        second = message(3, 5, 2, 1);
    take(&t, &first);
    CHECK_EQ(0, check(&t, &second).stream);
    commit(&t, &first);
    take(&t, &second);
    CHECK_EQ(5, check(&t, &second).stream);
    CHECK_EQ(1, check(&t, &second).sequence);
}

TEST(cursor_denies_whom_it_does_not_listen_to)
{
    struct tomte_cursors t = fresh(3);
    struct tomte_origin o = message(3, 5, 1, 1);
    o.identity = name("stranger");
    CHECK_EQ(TOMTE_CURSOR_DENIED, check(&t, &o).verdict);
    struct tomte_channel_name other = channel_name("/door/knob");
    o = message(3, 5, 1, 1);
    CHECK_EQ(TOMTE_CURSOR_DENIED, tomte_cursors_check(&t, &other, &o).verdict);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_cursors_commit(&t, &other, &o));
    EXPECT_PANIC(tomte_cursors_take(&t, &other, &o));
}

TEST(cursor_of_an_unplaced_producer_fences_by_what_it_took)
{
    struct tomte_cursors t = fresh(0);
    struct tomte_origin boot4 = message(4, 9, 1, 1),
                        boot3 = message(3, 9, 2, 1),
                        boot5 = message(5, 10, 1, 1);
    CHECK_EQ(ACCEPT, check(&t, &boot4).verdict);
    take(&t, &boot4);
    CHECK_EQ(FENCED, check(&t, &boot3).verdict);
    CHECK_EQ(4, check(&t, &boot3).held);
    CHECK_EQ(NEW_STREAM, check(&t, &boot5).verdict);
}

TEST(cursor_bound_epoch_rises_only)
{
    struct tomte_cursors t = fresh(3);
    struct tomte_channel_name bell = channel_name("/door/bell");
    struct tomte_name button = name("button");
    struct tomte_origin o = message(3, 5, 1, 1);
    CHECK_OK(tomte_cursors_bind(&t, &bell, &button, 4));
    CHECK_EQ(FENCED, check(&t, &o).verdict);
    CHECK_OK(tomte_cursors_bind(&t, &bell, &button, 3));
    CHECK_EQ(FENCED, check(&t, &o).verdict);
    CHECK_EQ(1, t.len);
}

TEST(cursor_rollback_takes_again)
{
    struct tomte_cursors t = fresh(3);
    struct tomte_origin first = message(3, 5, 1, 1),
                        second = message(3, 5, 2, 1);
    take(&t, &first);
    commit(&t, &first);
    take(&t, &second);
    tomte_cursors_rollback(&t);
    CHECK_EQ(DUPLICATE, check(&t, &first).verdict);
    CHECK_EQ(ACCEPT, check(&t, &second).verdict);
}

TEST(cursor_commit_of_what_is_covered_changes_nothing)
{
    struct tomte_cursors t = fresh(3);
    for (uint64_t s = 1; s <= 3; s++) {
        struct tomte_origin o = message(3, 5, s, 1);
        commit(&t, &o); /* replayed: never taken in this life */
    }
    struct tomte_origin old = message(3, 5, 2, 1), older = message(3, 4, 9, 1);
    commit(&t, &old);
    commit(&t, &older);
    struct tomte_origin next = message(3, 5, 4, 4);
    CHECK_EQ(3, check(&t, &next).sequence);
    CHECK_EQ(ACCEPT, check(&t, &next).verdict);
}

TEST(cursors_are_sorted_bounded_and_forgotten)
{
    static const char *const channels[] = {"/c", "/a", "/d", "/b"};
    struct tomte_cursors t;
    tomte_cursors_init(&t, entries, CAP);
    struct tomte_name button = name("button");
    for (size_t i = 0; i < CAP; i++) {
        struct tomte_channel_name c = channel_name(channels[i]);
        CHECK_OK(tomte_cursors_bind(&t, &c, &button, 1));
    }
    for (size_t i = 0; i < CAP; i++)
        CHECK_EQ("abcd"[i], t.entries[i].channel.text[1]);
    struct tomte_channel_name e = channel_name("/e"), a = channel_name("/a");
    CHECK_EQ(TOMTE_ERR_FULL, tomte_cursors_bind(&t, &e, &button, 1));
    tomte_cursors_unbind(&t, &a, &button);
    tomte_cursors_unbind(&t, &a, &button);
    CHECK_EQ(3, t.len);
    CHECK(!tomte_cursors_find(&t, &a, &button));
    CHECK_OK(tomte_cursors_bind(&t, &e, &button, 1));
    CHECK_EQ('e', t.entries[3].channel.text[1]);
}

TEST(cursor_checkpoint_keeps_what_is_committed)
{
    struct tomte_cursors t = fresh(3);
    struct tomte_origin first = message(3, 5, 7, 7),
                        second = message(3, 5, 8, 7);
    take(&t, &first);
    commit(&t, &first);
    take(&t, &second);
    uint8_t bytes[128], expected[64];
    struct tomte_span encoded;
    CHECK_OK(tomte_cursors_encode(&t, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_BYTES(test_hex("82 01 81 85 6a2f646f6f722f62656c6c 66627574746f6e"
                         "03 05 07",
                         TOMTE_BUF_ARRAY(expected)),
                encoded);

    struct tomte_cursor memory[CAP];
    struct tomte_cursors back;
    tomte_cursors_init(&back, memory, CAP);
    CHECK_OK(tomte_cursors_decode(&back, encoded));
    CHECK_EQ(TOMTE_CURSOR_DENIED, check(&back, &second).verdict); /* unbound */
    struct tomte_channel_name bell = channel_name("/door/bell");
    struct tomte_name button = name("button");
    CHECK_OK(tomte_cursors_bind(&back, &bell, &button, 3));
    CHECK_EQ(DUPLICATE, check(&back, &first).verdict);
    CHECK_EQ(ACCEPT, check(&back, &second).verdict);
}

TEST(cursor_checkpoint_refuses_contradictions)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } cases[] = {
        {"82 01 80", TOMTE_OK},
        {"82 01 82 85 622f61 6161 00 00 00 85 622f61 6162 00 00 00", TOMTE_OK},
        {"82 02 80", TOMTE_ERR_VERSION},
        {"82 01 81 85 622f61 6161 00 01 00", TOMTE_ERR_INVALID},
        {"82 01 81 85 622f61 6161 00 00 01", TOMTE_ERR_INVALID},
        {"82 01 81 85 622f61 6161 00 1bffffffffffffffff 01", TOMTE_ERR_RANGE},
        {"82 01 81 85 622e61 6161 00 00 00", TOMTE_ERR_MALFORMED},
        {"82 01 82 85 622f61 6161 00 00 00 85 622f61 6161 00 00 00",
         TOMTE_ERR_DUPLICATE},
        {"82 01 82 85 622f62 6161 00 00 00 85 622f61 6161 00 00 00",
         TOMTE_ERR_NOT_CANONICAL},
        {"82 01 85", TOMTE_ERR_TRUNCATED},
        {"82 01 85 00 00 00 00 00", TOMTE_ERR_FULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[64];
        struct tomte_cursors t;
        tomte_cursors_init(&t, entries, CAP);
        struct tomte_span in = test_hex(cases[i].hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_EQ(cases[i].err, tomte_cursors_decode(&t, in));
        CHECK(cases[i].err == TOMTE_OK || t.len == 0);
    }
}

TEST(cursor_verdicts_have_codes_and_names)
{
    CHECK_EQ(TOMTE_OK, tomte_cursor_verdict_err(DUPLICATE));
    CHECK_EQ(TOMTE_COAP_CODE(4, 9),
             tomte_err_coap_code(tomte_cursor_verdict_err(HOLE)));
    CHECK_EQ(TOMTE_COAP_CODE(4, 12),
             tomte_err_coap_code(tomte_cursor_verdict_err(FENCED)));
    CHECK_EQ(TOMTE_COAP_CODE(5, 3),
             tomte_err_coap_code(tomte_cursor_verdict_err(AHEAD)));
    CHECK_EQ(
        TOMTE_COAP_CODE(4, 3),
        tomte_err_coap_code(tomte_cursor_verdict_err(TOMTE_CURSOR_DENIED)));
    CHECK_BYTES(TOMTE_SPAN_LIT("new stream"),
                tomte_span_str(tomte_cursor_verdict_name(NEW_STREAM)));
}
