/* SPDX-License-Identifier: Apache-2.0 */
#include "keepers/heap.h"
#include "keepers/message.h"

#include "base/bytes.h"
#include "test.h"

static struct keepers_heap heap;

static void start(void)
{
    keepers_heap_init(&heap, 1u << 20);
    keepers_heap_enter(&heap);
}

/* Encoded, decoded, encoded again: the same bytes; and all memory is back. */
static void check_round(const struct raft_message *m)
{
    struct tomte_buf one, two;
    struct raft_message back;
    unsigned n = keepers_message_entries(m);
    CHECK_OK(keepers_message_encode(m, n, &one));
    CHECK_OK(keepers_message_decode(TOMTE_SPAN(one.data, one.cap), 77, &back));
    CHECK_EQ(77, back.server_id);
    CHECK_OK(keepers_message_encode(&back, n, &two));
    CHECK_BYTES(TOMTE_SPAN(one.data, one.cap), TOMTE_SPAN(two.data, two.cap));
    keepers_message_free(&back);
    raft_free(two.data);
    /* no shorter input is one, and none leaves memory behind */
    for (size_t len = 0; len < one.cap; len++)
        CHECK(keepers_message_decode(TOMTE_SPAN(one.data, len), 77, &back) !=
              TOMTE_OK);
    raft_free(one.data);
}

TEST(messages_come_back)
{
    struct raft_entry entries[3] = {
        {.term = 3, .type = RAFT_COMMAND, .buf = {"place", 5}},
        {.term = 4, .type = RAFT_BARRIER, .buf = {"\0\0\0\0\0\0\0\0", 8}},
        {.term = 4, .type = RAFT_COMMAND, .buf = {"x", 1}}};
    struct raft_message m = {.type = RAFT_IO_APPEND_ENTRIES};
    start();
    m.append_entries = (struct raft_append_entries){.term = 4,
                                                    .prev_log_index = 8,
                                                    .prev_log_term = 3,
                                                    .leader_commit = 7,
                                                    .entries = entries,
                                                    .n_entries = 3};
    check_round(&m);
    m.append_entries.n_entries = 0;
    check_round(&m);
    m = (struct raft_message){.type = RAFT_IO_APPEND_ENTRIES_RESULT};
    m.append_entries_result = (struct raft_append_entries_result){4, 0, 11};
    check_round(&m);
    m = (struct raft_message){.type = RAFT_IO_REQUEST_VOTE};
    m.request_vote = (struct raft_request_vote){5, 77, 11, 4, false, true};
    check_round(&m);
    m = (struct raft_message){.type = RAFT_IO_REQUEST_VOTE_RESULT};
    m.request_vote_result =
        (struct raft_request_vote_result){5, true, raft_tribool_false};
    check_round(&m);
    m = (struct raft_message){.type = RAFT_IO_TIMEOUT_NOW};
    m.timeout_now = (struct raft_timeout_now){5, 11, 4};
    check_round(&m);
    CHECK_EQ(0, heap.used);
}

TEST(snapshots_come_back)
{
    struct raft_message m = {.type = RAFT_IO_INSTALL_SNAPSHOT};
    start();
    struct raft_configuration conf;
    raft_configuration_init(&conf);
    CHECK_EQ(0, raft_configuration_add(&conf, 1,
                                       "000000000000000000000000000000011633",
                                       RAFT_VOTER));
    CHECK_EQ(0, raft_configuration_add(&conf, 2,
                                       "000000000000000000000000000000021633",
                                       RAFT_SPARE));
    m.install_snapshot = (struct raft_install_snapshot){.term = 9,
                                                        .last_index = 100,
                                                        .last_term = 8,
                                                        .conf = conf,
                                                        .conf_index = 90,
                                                        .data = {"state", 5}};
    check_round(&m);
    raft_configuration_close(&conf);
    CHECK_EQ(0, heap.used);
}

/* As many as fit, but one always. */
TEST(entries_fill_a_message)
{
    static uint8_t bytes[20000];
    struct raft_entry entries[300];
    for (unsigned i = 0; i < 300; i++)
        entries[i] = (struct raft_entry){
            .term = 1, .type = RAFT_COMMAND, .buf = {bytes, 10}};
    struct raft_message m = {.type = RAFT_IO_APPEND_ENTRIES};
    m.append_entries.entries = entries;
    m.append_entries.n_entries = 300;
    CHECK_EQ(KEEPERS_ENTRIES_MAX, keepers_message_entries(&m));
    entries[0].buf.len = sizeof bytes;
    CHECK_EQ(1, keepers_message_entries(&m));
    entries[0].buf.len = 10;
    entries[2].buf.len = sizeof bytes;
    CHECK_EQ(2, keepers_message_entries(&m));
}

TEST(frames_come_back)
{
    uint8_t memory[TOMTE_REPLICA_FRAME_MAX], piece[KEEPERS_PIECE_MAX] = {0};
    struct keepers_frame f = {.to = UINT64_MAX,
                              .from = UINT64_MAX,
                              .boot = UINT64_MAX,
                              .sequence = UINT64_MAX,
                              .stamp = UINT64_MAX,
                              .echo = UINT64_MAX,
                              .kind = KEEPERS_FRAME_PIECE,
                              .number = UINT32_MAX,
                              .total = KEEPERS_MESSAGE_MAX,
                              .at = KEEPERS_MESSAGE_MAX - KEEPERS_PIECE_MAX,
                              .bytes = TOMTE_SPAN_ARRAY(piece)};
    struct tomte_span bytes;
    struct keepers_frame back;
    /* the longest one fits */
    CHECK_OK(keepers_frame_encode(&f, TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK_OK(keepers_frame_decode(bytes, &back));
    CHECK_EQ(f.at, back.at);
    CHECK_BYTES(f.bytes, back.bytes);
    f.at++; /* goes past the end */
    CHECK_OK(keepers_frame_encode(&f, TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK_EQ(TOMTE_ERR_RANGE, keepers_frame_decode(bytes, &back));
}

/* libraft decodes its own entries without looking: what is refused here would
 * be read past its end there. */
TEST(changes_are_looked_at)
{
    struct raft_configuration conf;
    struct raft_buffer buf;
    start();
    raft_configuration_init(&conf);
    CHECK_EQ(0, raft_configuration_add(&conf, 7,
                                       "000000000000000000000000000000011633",
                                       RAFT_VOTER));
    CHECK_EQ(0, raft_configuration_add(&conf, 8,
                                       "000000000000000000000000000000021633",
                                       RAFT_SPARE));
    CHECK_EQ(0, raft_configuration_encode(&conf, &buf));
    struct tomte_span good = TOMTE_SPAN(buf.base, buf.len);
    CHECK(keepers_change_is_sound(good));
    CHECK(keepers_change_is_alone(good, 7));
    CHECK(!keepers_change_is_alone(good, 8));
    for (size_t len = 0; len < 9 + 2 * 46; len++)
        CHECK(!keepers_change_is_sound(tomte_span_slice(good, 0, len)));
    uint8_t *bytes = buf.base;
    bytes[1] = 200; /* servers */
    CHECK(!keepers_change_is_sound(good));
    bytes[1] = 2;
    bytes[9 + 8 + 36] = 'x'; /* an address without its end */
    CHECK(!keepers_change_is_sound(good));
    raft_free(buf.base);
    raft_configuration_close(&conf);
}

TEST(addresses_come_back)
{
    uint8_t ip[4] = {192, 168, 1, 20};
    struct tomte_addr addr = tomte_addr_ipv4(ip, 5683), back;
    char text[KEEPERS_ADDRESS_BYTES];
    keepers_address_put(&addr, text);
    CHECK(keepers_address_get(text, &back));
    CHECK(tomte_addr_equal(&addr, &back));
    text[3] = 'g';
    CHECK(!keepers_address_get(text, &back));
    CHECK(!keepers_address_get("", &back));
}
