/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in blocks, challenges, notifications: rig.h. */
#include "rig.h"

TEST(transfer_without_blocks)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_POST, 100);
    rig_start(&c);
    ASKED("POST [0, 100]");
    rig_answer((struct rig_parts){
        .code = TOMTE_COAP_CHANGED, .block1 = NONE, .block2 = NONE, .len = 9});
    rig_ended(TOMTE_COAP_CHANGED, 9);
    c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    ASKED("GET");
    rig_answer((struct rig_parts){.code = TOMTE_COAP_NOT_FOUND,
                                  .block1 = NONE,
                                  .block2 = NONE,
                                  .len = 5});
    CHECK_EQ(TOMTE_COAP_NOT_FOUND, rig.end.code);
    CHECK_EQ(5, rig.end.bytes.len);
    CHECK_EQ(0, rig.received_len);
}

TEST(download_in_blocks)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 6), 1, 0, 1024);
    ASKED("GET 2:1/0/1024");
    rig_block2(BLOCK(1, 1, 6), 1, 1024, 1024);
    ASKED("GET 2:2/0/1024");
    rig_block2(BLOCK(2, 0, 6), 1, 2048, 7);
    rig_ended(TOMTE_COAP_CONTENT, 2055);
}

TEST(download_early_and_late_negotiation)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    c.szx = 4;
    c.early = true;
    rig_start(&c);
    ASKED("GET 2:0/0/256");
    rig_block2(BLOCK(0, 1, 2), 0, 0, 64);
    ASKED("GET 2:1/0/64");
    rig_block2(BLOCK(1, 0, 2), 0, 64, 64);
    rig_ended(TOMTE_COAP_CONTENT, 128);
    /* late: the first block came larger than we would have it (figure 4) */
    c.early = false;
    rig_start(&c);
    ASKED("GET");
    rig_block2(BLOCK(0, 1, 6), 0, 0, 1024);
    ASKED("GET 2:4/0/256");
    rig_block2(BLOCK(4, 0, 4), 0, 1024, 1);
    rig_ended(TOMTE_COAP_CONTENT, 1025);
}

TEST(download_of_what_changes)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    for (uint8_t i = 1; i <= 3; i++) {
        ASKED("GET");
        CHECK_EQ(i - 1, rig.restarts);
        rig_block2(BLOCK(0, 1, 6), i, 0, 1024);
        ASKED("GET 2:1/0/1024");
        rig_block2(BLOCK(1, 0, 6), (uint8_t)(i + 1), 1024, 5);
    }
    rig_ended_with(TOMTE_ERR_AGAIN); /* it was to begin again twice */
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 6), 1, 0, 1024);
    rig_block2(BLOCK(1, 0, 6), 2, 1024, 5);
    ASKED("GET");
    rig_block2(BLOCK(0, 0, 6), 2, 0, 7); /* shorter now */
    rig_ended(TOMTE_COAP_CONTENT, 7);
}

TEST(download_of_what_is_gone)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 6), 1, 0, 1024);
    rig_answer((struct rig_parts){
        .code = TOMTE_COAP_NOT_FOUND, .block1 = NONE, .block2 = NONE});
    CHECK_EQ(1, rig.restarts);
    ASKED("GET");
    rig_answer((struct rig_parts){
        .code = TOMTE_COAP_NOT_FOUND, .block1 = NONE, .block2 = NONE});
    CHECK_EQ(TOMTE_COAP_NOT_FOUND, rig.end.code);
}

TEST(download_of_nonsense)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    static const struct {
        long block;
        uint32_t len;
    } bad[] = {
        {BLOCK(0, 1, 7), 1024}, {BLOCK(1, 1, 6), 1024}, {BLOCK(0, 1, 6), 1023},
        {BLOCK(0, 0, 5), 513},  {BLOCK(0, 1, 0), 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_start(&c);
        rig_block2(bad[i].block, 0, 0, bad[i].len);
        rig_ended_with(TOMTE_ERR_MALFORMED);
        CHECK_EQ(0, rig.received_len);
    }
    /* larger than was asked for (section 2.4) */
    c.szx = 3;
    c.early = true;
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 4), 0, 0, 256);
    rig_ended_with(TOMTE_ERR_MALFORMED);
    /* the next one is not the next */
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 3), 0, 0, 128);
    rig_block2(BLOCK(2, 1, 3), 0, 256, 128);
    rig_ended_with(TOMTE_ERR_MALFORMED);
    CHECK_EQ(0, tomte_coap_transfer_poll(&rig.transfer, &rig.end));
}

TEST(download_that_is_too_long)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    c.answer_max = 1500;
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 6), 0, 0, 1024);
    CHECK_EQ(1024, rig.received_len);
    rig_block2(BLOCK(1, 0, 6), 0, 1024, 477);
    rig_ended_with(TOMTE_ERR_TOO_LARGE);
    rig_start(&c); /* told beforehand (section 4) */
    rig_answer((struct rig_parts){.code = TOMTE_COAP_CONTENT,
                                  .block1 = NONE,
                                  .block2 = BLOCK(0, 1, 6),
                                  .size2 = 1501,
                                  .len = 1024});
    rig_ended_with(TOMTE_ERR_TOO_LARGE);
    CHECK_EQ(0, rig.received_len);
}

/* Each block by itself (section 2.3: M unset in the answer). */
/* Both ways (section 3.3, figure 11). */
TEST(fetch_repeats_what_it_asks)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_FETCH, 20);
    rig_start(&c);
    ASKED("FETCH [0, 20]");
    rig_block2(BLOCK(0, 1, 6), 1, 0, 1024);
    ASKED("FETCH 2:1/0/1024 [0, 20]");
    rig_block2(BLOCK(1, 0, 6), 1, 1024, 1);
    rig_ended(TOMTE_COAP_CONTENT, 1025);
}

static void challenge(uint8_t value)
{
    rig_answer((struct rig_parts){.code = TOMTE_COAP_UNAUTHORIZED,
                                  .block1 = NONE,
                                  .block2 = NONE,
                                  .echo = value});
}

TEST(challenges_are_answered)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    c.tag = 7;
    rig_start(&c);
    challenge(3);
    ASKED("PUT 1:0/1/64 size 100 tag 7 echo 3 [0, 64]");
    challenge(4); /* it was too old */
    ASKED("PUT 1:0/1/64 size 100 tag 7 echo 4 [0, 64]");
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 2));
    ASKED("PUT 1:1/0/64 tag 7 [64, 100]");
    challenge(5);
    ASKED("PUT 1:1/0/64 tag 7 echo 5 [64, 100]");
    challenge(6);
    challenge(7); /* never satisfied */
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED, rig.end.code);
}

TEST(notification_in_blocks)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    struct tomte_coap_options o;
    struct tomte_coap_msg m;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(rig.options));
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, 0);
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/a"));
    CHECK_OK(tomte_coap_options_end(&o, &c.options));
    rig_start(&c);
    ASKED("GET observe 0");
    struct rig_parts first = {.code = TOMTE_COAP_CONTENT,
                              .block1 = NONE,
                              .block2 = BLOCK(0, 1, 6),
                              .etag = 1,
                              .len = 1024};
    rig_answer(first);
    ASKED("GET 2:1/0/1024");
    /* a newer state while the rest of the older one is asked for */
    first.etag = 2;
    m = rig_build(&first);
    tomte_coap_transfer_follow(&rig.transfer, &m);
    rig_drain();
    CHECK_EQ(1, rig.restarts);
    ASKED("GET 2:1/0/1024");
    rig_block2(BLOCK(1, 0, 6), 3, 1024, 3); /* and that one changed, too */
    ASKED("GET");                           /* never a second registration */
    rig_block2(BLOCK(0, 0, 6), 3, 0, 9);
    rig_ended(TOMTE_COAP_CONTENT, 9);
    /* the next one, on its own */
    rig.end.kind = (enum tomte_coap_transfer_kind)0;
    m = rig_build(&first);
    tomte_coap_transfer_follow(&rig.transfer, &m);
    rig_drain();
    CHECK_EQ(2, rig.restarts);
    rig_block2(BLOCK(1, 0, 6), 2, 1024, 3);
    rig_ended(TOMTE_COAP_CONTENT, 1027);
}

/* Whatever size was asked for before, a notification has its server's. */
TEST(notification_in_larger_blocks)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    struct rig_parts first = {.code = TOMTE_COAP_CONTENT,
                              .block1 = NONE,
                              .block2 = BLOCK(0, 1, 6),
                              .len = 1024};
    c.szx = 3;
    rig_start(&c);
    for (int i = 0; i < 2; i++) {
        struct tomte_coap_msg m = rig_build(&first);
        tomte_coap_transfer_follow(&rig.transfer, &m);
        rig_drain();
        ASKED("GET 2:8/0/128");
    }
    rig_block2(BLOCK(8, 0, 3), 0, 1024, 9);
    rig_ended(TOMTE_COAP_CONTENT, 1033);
}

/* What Size2 said of the representation that was, is not said of the next. */
TEST(size_is_that_of_the_representation)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    struct rig_parts p = {.code = TOMTE_COAP_CONTENT,
                          .block1 = NONE,
                          .block2 = BLOCK(0, 1, 6),
                          .etag = 1,
                          .size2 = 3000,
                          .len = 1024};
    rig_start(&c);
    rig_answer(p);
    CHECK_EQ(3000, rig.size);
    rig_block2(BLOCK(1, 0, 6), 2, 1024, 1);
    rig_block2(BLOCK(0, 0, 6), 2, 0, 5);
    CHECK_EQ(0, rig.size);
    rig_ended(TOMTE_COAP_CONTENT, 5);
}

TEST(an_ask_can_be_repeated)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    rig_block2(BLOCK(0, 1, 6), 1, 0, 1024);
    tomte_coap_transfer_again(&rig.transfer);
    rig_drain();
    ASKED("GET 2:1/0/1024");
    rig_block2(BLOCK(1, 0, 6), 1, 1024, 5);
    rig_ended(TOMTE_COAP_CONTENT, 1029);
    tomte_coap_transfer_again(&rig.transfer);
    rig_drain();
    ASKED("");
}

TEST(options_without_room)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    tomte_coap_transfer_init(&rig.transfer, &c, TOMTE_BUF(rig.memory, 1));
    rig_drain();
    rig_ended_with(TOMTE_ERR_FULL);
    /* a body that has more blocks than there are numbers */
    c = rig_config(TOMTE_COAP_PUT, UINT32_MAX);
    c.szx = 0;
    rig_start(&c);
    rig.transfer.sent = 16u << 20;
    tomte_coap_transfer_again(&rig.transfer);
    rig_drain();
    rig_ended_with(TOMTE_ERR_RANGE);
}

TEST(a_transfer_is_wiped)
{
    static const struct tomte_coap_transfer zero;
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_GET, 0);
    rig_start(&c);
    tomte_coap_transfer_wipe(&rig.transfer);
    CHECK(memcmp(&zero, &rig.transfer, sizeof zero) == 0);
    for (size_t i = 0; i < sizeof rig.memory; i++)
        CHECK_EQ(0, rig.memory[i]);
}
