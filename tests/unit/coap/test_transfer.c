/* SPDX-License-Identifier: Apache-2.0 */
/* A client's transfer against answers written by hand: what it asks is a line
 * of text, "GET 2:1/0/64 [0]": method, Block1 and Block2 as number/more/size,
 * Size1, tag, and which part of its body goes along. */
#include "test.h"

#include "base/base.h"
#include "coap/transfer.h"

#include <stdio.h>

static struct tomte_coap_transfer transfer;
static uint8_t memory[256], options[64], answer_memory[128];
static uint8_t received[4096], pattern[4096];
static uint32_t received_len;
static unsigned restarts;
static char asked[128];
static struct tomte_coap_transfer_effect end;

static void append(const char *format, unsigned a, unsigned b, unsigned c)
{
    size_t at = strlen(asked);
    (void)snprintf(asked + at, sizeof asked - at, format, a, b, c);
}

static void append_block(struct tomte_span list, uint16_t number, unsigned name)
{
    struct tomte_coap_block b;
    if (tomte_coap_find_block(list, number, &b) != TOMTE_OK)
        return;
    append(" %u:%u/%u", name, b.num, b.more);
    append("/%u", (unsigned)tomte_coap_block_size(&b), 0, 0);
}

static void note(const struct tomte_coap_transfer_effect *e)
{
    uint32_t v;
    struct tomte_span s;
    (void)snprintf(asked, sizeof asked, "%s", tomte_coap_code_name(e->code));
    if (tomte_coap_find_uint(e->options, TOMTE_COAP_OPT_OBSERVE, &v))
        append(" observe %u", v, 0, 0);
    append_block(e->options, TOMTE_COAP_OPT_BLOCK1, 1);
    append_block(e->options, TOMTE_COAP_OPT_BLOCK2, 2);
    if (tomte_coap_find_uint(e->options, TOMTE_COAP_OPT_SIZE1, &v))
        append(" size %u", v, 0, 0);
    if (tomte_coap_find(e->options, TOMTE_COAP_OPT_REQUEST_TAG, &s))
        append(" tag %u", s.data[s.len - 1], 0, 0);
    if (tomte_coap_find(e->options, TOMTE_COAP_OPT_ECHO, &s))
        append(" echo %u", s.data[0], 0, 0);
    if (e->body_len != 0)
        append(" [%u, %u]", e->body_at, e->body_at + e->body_len, 0);
}

static void drain(void)
{
    struct tomte_coap_transfer_effect e;
    asked[0] = 0;
    while (tomte_coap_transfer_poll(&transfer, &e)) {
        switch (e.kind) {
        case TOMTE_COAP_TRANSFER_ASK:
            note(&e);
            break;
        case TOMTE_COAP_TRANSFER_PIECE:
            CHECK(e.at + e.bytes.len <= sizeof received);
            if (e.at == 0)
                received_len = 0;
            CHECK_EQ(received_len, e.at);
            memcpy(received + e.at, e.bytes.data, e.bytes.len);
            received_len += (uint32_t)e.bytes.len;
            break;
        case TOMTE_COAP_TRANSFER_RESTART:
            received_len = 0;
            restarts++;
            break;
        default:
            CHECK_EQ(0, end.kind);
            end = e;
        }
    }
}

#define ASKED(text)                                                            \
    do {                                                                       \
        if (strcmp((text), asked) != 0) {                                      \
            printf("  asked: %s\n", asked);                                    \
            test_fail(__FILE__, __LINE__, "another request: " text);           \
        }                                                                      \
    } while (0)

static struct tomte_coap_transfer_config config(uint8_t code, uint32_t body_len)
{
    struct tomte_coap_options o;
    struct tomte_coap_transfer_config c = {.code = code,
                                           .body_len = body_len,
                                           .answer_max = sizeof received,
                                           .szx = 6,
                                           .restarts = 2};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(options));
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/a"));
    CHECK_OK(tomte_coap_options_end(&o, &c.options));
    return c;
}

static void start(const struct tomte_coap_transfer_config *c)
{
    received_len = restarts = 0;
    end = (struct tomte_coap_transfer_effect){0};
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 256);
    tomte_coap_transfer_init(&transfer, c, TOMTE_BUF_ARRAY(memory));
    drain();
}

/* An answer; Block1 and Block2 below 0 are not there, nor an ETag of 0. */
struct answer {
    uint8_t code;
    long block1, block2;
    uint8_t etag, echo;
    uint32_t size2, at, len;
};

#define BLOCK(num, more, szx) ((long)(num) << 4 | (more) << 3 | (szx))
#define NONE                  (-1L)

static struct tomte_coap_msg build(const struct answer *a)
{
    struct tomte_coap_options o;
    struct tomte_coap_msg m = {.code = a->code,
                               .payload = TOMTE_SPAN(pattern + a->at, a->len)};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(answer_memory));
    if (a->block1 >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_BLOCK1, (uint32_t)a->block1);
    if (a->block2 >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_BLOCK2, (uint32_t)a->block2);
    if (a->etag != 0)
        tomte_coap_put(&o, TOMTE_COAP_OPT_ETAG, TOMTE_SPAN(&a->etag, 1));
    if (a->echo != 0)
        tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN(&a->echo, 1));
    if (a->size2 != 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE2, a->size2);
    CHECK_OK(tomte_coap_options_end(&o, &m.options));
    return m;
}

static void answer(struct answer a)
{
    struct tomte_coap_msg m = build(&a);
    tomte_coap_transfer_step(&transfer, &m);
    drain();
}

static void upload_acked(uint8_t code, long block1)
{
    answer((struct answer){.code = code, .block1 = block1, .block2 = NONE});
}

static void block2(long block, uint8_t etag, uint32_t at, uint32_t len)
{
    answer((struct answer){.code = TOMTE_COAP_CONTENT,
                           .block1 = NONE,
                           .block2 = block,
                           .etag = etag,
                           .at = at,
                           .len = len});
}

static void ended(uint8_t code, uint32_t len)
{
    CHECK_EQ(TOMTE_COAP_TRANSFER_DONE, end.kind);
    CHECK_EQ(code, end.code);
    CHECK_EQ(len, end.at);
    CHECK_BYTES(TOMTE_SPAN(pattern, len), TOMTE_SPAN(received, received_len));
}

static void ended_with(enum tomte_err err)
{
    CHECK_EQ(TOMTE_COAP_TRANSFER_FAILED, end.kind);
    CHECK_EQ(err, end.err);
}

TEST(transfer_without_blocks)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_POST, 100);
    start(&c);
    ASKED("POST [0, 100]");
    answer((struct answer){
        .code = TOMTE_COAP_CHANGED, .block1 = NONE, .block2 = NONE, .len = 9});
    ended(TOMTE_COAP_CHANGED, 9);
    c = config(TOMTE_COAP_GET, 0);
    start(&c);
    ASKED("GET");
    answer((struct answer){.code = TOMTE_COAP_NOT_FOUND,
                           .block1 = NONE,
                           .block2 = NONE,
                           .len = 5});
    CHECK_EQ(TOMTE_COAP_NOT_FOUND, end.code);
    CHECK_EQ(5, end.bytes.len);
    CHECK_EQ(0, received_len);
}

TEST(download_in_blocks)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    start(&c);
    block2(BLOCK(0, 1, 6), 1, 0, 1024);
    ASKED("GET 2:1/0/1024");
    block2(BLOCK(1, 1, 6), 1, 1024, 1024);
    ASKED("GET 2:2/0/1024");
    block2(BLOCK(2, 0, 6), 1, 2048, 7);
    ended(TOMTE_COAP_CONTENT, 2055);
}

TEST(download_early_and_late_negotiation)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    c.szx = 4;
    c.early = true;
    start(&c);
    ASKED("GET 2:0/0/256");
    block2(BLOCK(0, 1, 2), 0, 0, 64);
    ASKED("GET 2:1/0/64");
    block2(BLOCK(1, 0, 2), 0, 64, 64);
    ended(TOMTE_COAP_CONTENT, 128);
    /* late: the first block came larger than we would have it (figure 4) */
    c.early = false;
    start(&c);
    ASKED("GET");
    block2(BLOCK(0, 1, 6), 0, 0, 1024);
    ASKED("GET 2:4/0/256");
    block2(BLOCK(4, 0, 4), 0, 1024, 1);
    ended(TOMTE_COAP_CONTENT, 1025);
}

TEST(download_of_what_changes)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    start(&c);
    for (uint8_t i = 1; i <= 3; i++) {
        ASKED("GET");
        CHECK_EQ(i - 1, restarts);
        block2(BLOCK(0, 1, 6), i, 0, 1024);
        ASKED("GET 2:1/0/1024");
        block2(BLOCK(1, 0, 6), (uint8_t)(i + 1), 1024, 5);
    }
    ended_with(TOMTE_ERR_AGAIN); /* it was to begin again twice */
    start(&c);
    block2(BLOCK(0, 1, 6), 1, 0, 1024);
    block2(BLOCK(1, 0, 6), 2, 1024, 5);
    ASKED("GET");
    block2(BLOCK(0, 0, 6), 2, 0, 7); /* shorter now */
    ended(TOMTE_COAP_CONTENT, 7);
}

TEST(download_of_what_is_gone)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    start(&c);
    block2(BLOCK(0, 1, 6), 1, 0, 1024);
    answer((struct answer){
        .code = TOMTE_COAP_NOT_FOUND, .block1 = NONE, .block2 = NONE});
    CHECK_EQ(1, restarts);
    ASKED("GET");
    answer((struct answer){
        .code = TOMTE_COAP_NOT_FOUND, .block1 = NONE, .block2 = NONE});
    CHECK_EQ(TOMTE_COAP_NOT_FOUND, end.code);
}

TEST(download_of_nonsense)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    static const struct {
        long block;
        uint32_t len;
    } bad[] = {
        {BLOCK(0, 1, 7), 1024}, {BLOCK(1, 1, 6), 1024}, {BLOCK(0, 1, 6), 1023},
        {BLOCK(0, 0, 5), 513},  {BLOCK(0, 1, 0), 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        start(&c);
        block2(bad[i].block, 0, 0, bad[i].len);
        ended_with(TOMTE_ERR_MALFORMED);
        CHECK_EQ(0, received_len);
    }
    /* larger than was asked for (section 2.4) */
    c.szx = 3;
    c.early = true;
    start(&c);
    block2(BLOCK(0, 1, 4), 0, 0, 256);
    ended_with(TOMTE_ERR_MALFORMED);
    /* the next one is not the next */
    start(&c);
    block2(BLOCK(0, 1, 3), 0, 0, 128);
    block2(BLOCK(2, 1, 3), 0, 256, 128);
    ended_with(TOMTE_ERR_MALFORMED);
    CHECK_EQ(0, tomte_coap_transfer_poll(&transfer, &end));
}

TEST(download_that_is_too_long)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    c.answer_max = 1500;
    start(&c);
    block2(BLOCK(0, 1, 6), 0, 0, 1024);
    CHECK_EQ(1024, received_len);
    block2(BLOCK(1, 0, 6), 0, 1024, 477);
    ended_with(TOMTE_ERR_TOO_LARGE);
    start(&c); /* told beforehand (section 4) */
    answer((struct answer){.code = TOMTE_COAP_CONTENT,
                           .block1 = NONE,
                           .block2 = BLOCK(0, 1, 6),
                           .size2 = 1501,
                           .len = 1024});
    ended_with(TOMTE_ERR_TOO_LARGE);
    CHECK_EQ(0, received_len);
}

TEST(upload_in_blocks)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 300);
    c.szx = 3;
    start(&c);
    ASKED("PUT 1:0/1/128 size 300 [0, 128]");
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 3));
    ASKED("PUT 1:1/1/128 [128, 256]");
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(1, 1, 3));
    ASKED("PUT 1:2/0/128 [256, 300]");
    upload_acked(TOMTE_COAP_CHANGED, BLOCK(2, 0, 3));
    ended(TOMTE_COAP_CHANGED, 0);
}

TEST(upload_in_blocks_that_the_server_wants_smaller)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 200);
    c.szx = 3;
    start(&c);
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 1));
    ASKED("PUT 1:4/1/32 [128, 160]");                  /* figure 8 */
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(4, 1, 6)); /* never larger */
    ASKED("PUT 1:5/1/32 [160, 192]");
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(5, 1, 1));
    ASKED("PUT 1:6/0/32 [192, 200]");
    upload_acked(TOMTE_COAP_CHANGED, BLOCK(6, 0, 1));
    ended(TOMTE_COAP_CHANGED, 0);
}

/* Each block by itself (section 2.3: M unset in the answer). */
TEST(upload_to_a_server_that_takes_each_block_by_itself)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    start(&c);
    upload_acked(TOMTE_COAP_CHANGED, BLOCK(0, 0, 2));
    ASKED("PUT 1:1/0/64 [64, 100]");
    upload_acked(TOMTE_COAP_CHANGED, BLOCK(1, 0, 2));
    ended(TOMTE_COAP_CHANGED, 0);
    start(&c); /* one that needs no more */
    upload_acked(TOMTE_COAP_CHANGED, NONE);
    ended(TOMTE_COAP_CHANGED, 0);
}

TEST(upload_that_the_server_lost)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    c.tag = 41;
    start(&c);
    ASKED("PUT 1:0/1/64 size 100 tag 41 [0, 64]");
    for (unsigned i = 0; i < 2; i++) {
        upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 2));
        upload_acked(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, NONE);
    }
    ASKED("PUT 1:0/1/64 size 100 tag 43 [0, 64]");
    upload_acked(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, NONE);
    CHECK_EQ(TOMTE_COAP_TRANSFER_DONE, end.kind);
    CHECK_EQ(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, end.code);
}

TEST(upload_that_is_too_large)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 100);
    start(&c);
    ASKED("PUT [0, 100]");
    /* it would take it in blocks of 32 (section 2.9.3) */
    upload_acked(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, BLOCK(0, 0, 1));
    ASKED("PUT 1:0/1/32 size 100 [0, 32]");
    upload_acked(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, NONE);
    CHECK_EQ(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, end.code);
}

TEST(upload_answered_with_nonsense)
{
    static const struct {
        uint8_t code;
        long block1;
    } bad[] = {
        {TOMTE_COAP_CONTINUE, NONE},
        {TOMTE_COAP_CONTINUE, BLOCK(1, 1, 2)},
        {TOMTE_COAP_CONTINUE, BLOCK(0, 1, 7)},
        {TOMTE_COAP_CHANGED, BLOCK(1, 0, 2)},
    };
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        start(&c);
        upload_acked(bad[i].code, bad[i].block1);
        ended_with(TOMTE_ERR_MALFORMED);
    }
    start(&c); /* Continue behind the last block */
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 2));
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(1, 1, 2));
    ended_with(TOMTE_ERR_MALFORMED);
}

/* Both ways (section 3.3, figure 11). */
TEST(upload_then_download)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_POST, 200);
    c.szx = 3;
    c.early = true;
    c.tag = 5;
    start(&c);
    ASKED("POST 1:0/1/128 size 200 tag 5 [0, 128]");
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 3));
    ASKED("POST 1:1/0/128 2:0/0/128 tag 5 [128, 200]");
    answer((struct answer){.code = TOMTE_COAP_CHANGED,
                           .block1 = BLOCK(1, 0, 3),
                           .block2 = BLOCK(0, 1, 2),
                           .len = 64});
    ASKED("POST 2:1/0/64 tag 5");
    answer((struct answer){.code = TOMTE_COAP_CHANGED,
                           .block1 = NONE,
                           .block2 = BLOCK(1, 0, 2),
                           .at = 64,
                           .len = 20});
    ended(TOMTE_COAP_CHANGED, 84);
    /* what a POST did is not done again */
    start(&c);
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 3));
    answer((struct answer){.code = TOMTE_COAP_CHANGED,
                           .block1 = BLOCK(1, 0, 3),
                           .block2 = BLOCK(0, 1, 3),
                           .len = 128});
    upload_acked(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, NONE);
    ended_with(TOMTE_ERR_AGAIN);
}

TEST(fetch_repeats_what_it_asks)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_FETCH, 20);
    start(&c);
    ASKED("FETCH [0, 20]");
    block2(BLOCK(0, 1, 6), 1, 0, 1024);
    ASKED("FETCH 2:1/0/1024 [0, 20]");
    block2(BLOCK(1, 0, 6), 1, 1024, 1);
    ended(TOMTE_COAP_CONTENT, 1025);
}

static void challenge(uint8_t value)
{
    answer((struct answer){.code = TOMTE_COAP_UNAUTHORIZED,
                           .block1 = NONE,
                           .block2 = NONE,
                           .echo = value});
}

TEST(challenges_are_answered)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    c.tag = 7;
    start(&c);
    challenge(3);
    ASKED("PUT 1:0/1/64 size 100 tag 7 echo 3 [0, 64]");
    challenge(4); /* it was too old */
    ASKED("PUT 1:0/1/64 size 100 tag 7 echo 4 [0, 64]");
    upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 2));
    ASKED("PUT 1:1/0/64 tag 7 [64, 100]");
    challenge(5);
    ASKED("PUT 1:1/0/64 tag 7 echo 5 [64, 100]");
    challenge(6);
    challenge(7); /* never satisfied */
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED, end.code);
}

TEST(notification_in_blocks)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    struct tomte_coap_options o;
    struct tomte_coap_msg m;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(options));
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, 0);
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/a"));
    CHECK_OK(tomte_coap_options_end(&o, &c.options));
    start(&c);
    ASKED("GET observe 0");
    struct answer first = {.code = TOMTE_COAP_CONTENT,
                           .block1 = NONE,
                           .block2 = BLOCK(0, 1, 6),
                           .etag = 1,
                           .len = 1024};
    answer(first);
    ASKED("GET 2:1/0/1024");
    /* a newer state while the rest of the older one is asked for */
    first.etag = 2;
    m = build(&first);
    tomte_coap_transfer_follow(&transfer, &m);
    drain();
    CHECK_EQ(1, restarts);
    ASKED("GET 2:1/0/1024");
    block2(BLOCK(1, 0, 6), 3, 1024, 3); /* and that one changed, too */
    ASKED("GET");                       /* never a second registration */
    block2(BLOCK(0, 0, 6), 3, 0, 9);
    ended(TOMTE_COAP_CONTENT, 9);
    /* the next one, on its own */
    end.kind = (enum tomte_coap_transfer_kind)0;
    m = build(&first);
    tomte_coap_transfer_follow(&transfer, &m);
    drain();
    CHECK_EQ(2, restarts);
    block2(BLOCK(1, 0, 6), 2, 1024, 3);
    ended(TOMTE_COAP_CONTENT, 1027);
}

TEST(an_ask_can_be_repeated)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    start(&c);
    block2(BLOCK(0, 1, 6), 1, 0, 1024);
    tomte_coap_transfer_again(&transfer);
    drain();
    ASKED("GET 2:1/0/1024");
    block2(BLOCK(1, 0, 6), 1, 1024, 5);
    ended(TOMTE_COAP_CONTENT, 1029);
    tomte_coap_transfer_again(&transfer);
    drain();
    ASKED("");
}

TEST(options_without_room)
{
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    start(&c);
    tomte_coap_transfer_init(&transfer, &c, TOMTE_BUF(memory, 1));
    drain();
    ended_with(TOMTE_ERR_FULL);
    /* a body that has more blocks than there are numbers */
    c = config(TOMTE_COAP_PUT, UINT32_MAX);
    c.szx = 0;
    start(&c);
    transfer.sent = 16u << 20;
    tomte_coap_transfer_again(&transfer);
    drain();
    ended_with(TOMTE_ERR_RANGE);
}

TEST(a_transfer_is_wiped)
{
    static const struct tomte_coap_transfer zero;
    struct tomte_coap_transfer_config c = config(TOMTE_COAP_GET, 0);
    start(&c);
    tomte_coap_transfer_wipe(&transfer);
    CHECK(memcmp(&zero, &transfer, sizeof zero) == 0);
    for (size_t i = 0; i < sizeof memory; i++)
        CHECK_EQ(0, memory[i]);
}
