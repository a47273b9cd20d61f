/* SPDX-License-Identifier: Apache-2.0 */
/* A server's places for bodies: what is answered, block by block, and who gets
 * a place when there are few. */
#include "test.h"

#include "base/base.h"
#include "coap/blocks.h"

static struct tomte_coap_blocks blocks;
static uint8_t arena_memory[1 << 14], option_memory[128], pattern[4096];
static uint64_t now_ms;
static struct tomte_coap_from from;
static struct tomte_coap_blocks_result result;
static struct tomte_coap_msg last;

#define BLOCK(num, more, szx) ((long)(num) << 4 | (more) << 3 | (szx))
#define NONE                  (-1L)

static void start(uint16_t places, uint16_t per_peer, uint16_t open)
{
    struct tomte_arena arena;
    struct tomte_coap_blocks_config c = {.places = places,
                                         .per_peer = per_peer,
                                         .open = open,
                                         .body_bytes = 300,
                                         .kept_ms = 10000,
                                         .szx = 2};
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 5 + i / 256);
    now_ms = 1000;
    memset(&from, 0, sizeof from);
    tomte_arena_init(&arena, arena_memory, sizeof arena_memory);
    CHECK_OK(tomte_coap_blocks_init(&blocks, &c, &arena));
    CHECK(arena.used <= tomte_coap_blocks_memory(&c));
}

struct ask {
    uint8_t code;
    char path; /* one letter */
    long block1, block2;
    uint8_t tag;
    long size1;
    uint32_t at, len; /* of the payload */
};

static void ask(struct ask a)
{
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(option_memory));
    tomte_coap_put(&o, TOMTE_COAP_OPT_URI_PATH, TOMTE_SPAN(&a.path, 1));
    if (a.block1 >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_BLOCK1, (uint32_t)a.block1);
    if (a.block2 >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_BLOCK2, (uint32_t)a.block2);
    if (a.size1 > 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE1, (uint32_t)a.size1);
    if (a.tag != 0)
        tomte_coap_put(&o, TOMTE_COAP_OPT_REQUEST_TAG, TOMTE_SPAN(&a.tag, 1));
    last = (struct tomte_coap_msg){
        .code = a.code, .payload = TOMTE_SPAN(pattern + a.at, a.len)};
    CHECK_OK(tomte_coap_options_end(&o, &last.options));
    tomte_coap_blocks_take(&blocks, now_ms, &from, &last, &result);
}

static void put(char path, uint8_t tag, long block1, uint32_t at, uint32_t len)
{
    ask((struct ask){.code = TOMTE_COAP_PUT,
                     .path = path,
                     .block1 = block1,
                     .block2 = NONE,
                     .tag = tag,
                     .at = at,
                     .len = len});
}

static void get(char path, long block2)
{
    ask((struct ask){.code = TOMTE_COAP_GET,
                     .path = path,
                     .block1 = NONE,
                     .block2 = block2});
}

/* The value of an option of the answer, or -1. */
static long option(struct tomte_span list, uint16_t number)
{
    uint32_t v;
    return tomte_coap_find_uint(list, number, &v) ? (long)v : -1;
}

static void answered(uint8_t code, uint16_t number, long value)
{
    CHECK_EQ(TOMTE_COAP_BLOCKS_ANSWER, result.kind);
    CHECK_EQ(code, result.parts.code);
    CHECK_EQ(value, option(result.parts.options, number));
}

static void continued(long block1)
{
    answered(TOMTE_COAP_CONTINUE, TOMTE_COAP_OPT_BLOCK1, block1);
}

static void whole(uint32_t len)
{
    CHECK_EQ(TOMTE_COAP_BLOCKS_WHOLE, result.kind);
    CHECK_BYTES(TOMTE_SPAN(pattern, len), result.body);
}

static struct tomte_coap_parts first;

/* The application answers the last request. */
static enum tomte_err answer(uint8_t code, uint32_t len)
{
    static const uint8_t etag[] = {0x41, 7};
    struct tomte_coap_parts p = {.code = code,
                                 .options = TOMTE_SPAN_ARRAY(etag),
                                 .payload = TOMTE_SPAN(pattern, len)};
    return tomte_coap_blocks_answer(&blocks, now_ms, &from, &last, &p, &first);
}

static void first_is(uint8_t code, long block1, long block2, uint32_t len)
{
    CHECK_EQ(code, first.code);
    CHECK_EQ(block1, option(first.options, TOMTE_COAP_OPT_BLOCK1));
    CHECK_EQ(block2, option(first.options, TOMTE_COAP_OPT_BLOCK2));
    CHECK_BYTES(TOMTE_SPAN(pattern, len), first.payload);
}

TEST(what_is_not_in_blocks_passes)
{
    start(1, 1, 1);
    put('a', 0, NONE, 0, 50);
    CHECK_EQ(TOMTE_COAP_BLOCKS_PASS, result.kind);
    CHECK_EQ(50, result.body.len);
    CHECK_OK(answer(TOMTE_COAP_CHANGED, 20));
    first_is(TOMTE_COAP_CHANGED, NONE, NONE, 20);
    CHECK_EQ(UINT64_MAX, tomte_coap_blocks_deadline(&blocks));
}

TEST(body_in_blocks_becomes_whole)
{
    start(1, 1, 1);
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    continued(BLOCK(0, 1, 2));
    put('a', 0, BLOCK(1, 1, 2), 64, 64);
    continued(BLOCK(1, 1, 2));
    put('a', 0, BLOCK(1, 1, 2), 64, 64); /* again */
    continued(BLOCK(1, 1, 2));
    put('a', 0, BLOCK(2, 0, 2), 128, 30);
    whole(158);
    CHECK_OK(answer(TOMTE_COAP_CHANGED, 0));
    first_is(TOMTE_COAP_CHANGED, BLOCK(2, 0, 2), NONE, 0);
    CHECK_EQ(UINT64_MAX, tomte_coap_blocks_deadline(&blocks));
}

TEST(body_in_one_block_takes_no_place)
{
    start(1, 1, 1);
    put('a', 0, BLOCK(0, 0, 6), 0, 90);
    whole(90);
    CHECK_EQ(UINT64_MAX, tomte_coap_blocks_deadline(&blocks));
    CHECK_OK(answer(TOMTE_COAP_CHANGED, 0));
    first_is(TOMTE_COAP_CHANGED, BLOCK(0, 0, 2), NONE, 0);
}

TEST(large_blocks_are_taken_and_smaller_ones_asked_for)
{
    start(1, 1, 1);
    put('a', 0, BLOCK(0, 1, 3), 0, 128);
    continued(BLOCK(0, 1, 2));
    put('a', 0, BLOCK(2, 0, 2), 128, 5);
    whole(133);
}

TEST(bodies_with_holes_are_incomplete)
{
    start(1, 1, 1);
    put('a', 0, BLOCK(1, 1, 2), 64, 64);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK1, NONE);
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    put('a', 0, BLOCK(2, 1, 2), 128, 64);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK1, NONE);
    put('a', 0, BLOCK(1, 0, 2), 64, 3); /* the one that was missing */
    whole(67);
    CHECK_EQ(2, blocks.stats.incomplete);
}

TEST(bodies_that_are_too_large)
{
    start(1, 1, 1);
    ask((struct ask){.code = TOMTE_COAP_PUT,
                     .path = 'a',
                     .block1 = BLOCK(0, 1, 2),
                     .block2 = NONE,
                     .size1 = 301,
                     .len = 64});
    answered(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, TOMTE_COAP_OPT_SIZE1, 300);
    for (uint32_t i = 0; i < 4; i++)
        put('a', 0, BLOCK(i, 1, 2), i * 64, 64);
    continued(BLOCK(3, 1, 2));
    put('a', 0, BLOCK(4, 1, 2), 256, 64);
    answered(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, TOMTE_COAP_OPT_SIZE1, 300);
    CHECK_EQ(2, blocks.stats.too_large);
    CHECK_EQ(UINT64_MAX, tomte_coap_blocks_deadline(&blocks));
}

TEST(blocks_without_sense)
{
    start(1, 1, 1);
    put('a', 0, BLOCK(0, 1, 7), 0, 64);
    answered(TOMTE_COAP_BAD_REQUEST, TOMTE_COAP_OPT_BLOCK1, NONE);
    put('a', 0, BLOCK(0, 1, 2), 0, 63);
    answered(TOMTE_COAP_BAD_REQUEST, TOMTE_COAP_OPT_BLOCK1, NONE);
    get('a', BLOCK(0, 0, 7));
    answered(TOMTE_COAP_BAD_REQUEST, TOMTE_COAP_OPT_BLOCK2, NONE);
    CHECK_EQ(UINT64_MAX, tomte_coap_blocks_deadline(&blocks));
}

/* Two at one resource, told apart by Request-Tag (RFC 9175 section 3.5.2), and
 * one of another peer. */
TEST(bodies_do_not_mix)
{
    start(3, 2, 3);
    put('a', 1, BLOCK(0, 1, 2), 0, 64);
    put('a', 2, BLOCK(0, 1, 2), 0, 64);
    put('a', 2, BLOCK(1, 0, 2), 64, 10);
    whole(74);
    CHECK_OK(answer(TOMTE_COAP_CHANGED, 0));
    from.peer.port = 1;
    put('a', 1, BLOCK(1, 0, 2), 64, 10);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK1, NONE);
    from.peer.port = 0;
    from.context = 9; /* the same address, another security context */
    put('a', 1, BLOCK(1, 0, 2), 64, 10);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK1, NONE);
    from.context = 0;
    put('b', 1, BLOCK(1, 0, 2), 64, 10);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK1, NONE);
    put('a', 1, BLOCK(1, 0, 2), 64, 9);
    whole(73);
}

TEST(an_upload_expires_without_a_block)
{
    start(1, 1, 1);
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    CHECK_EQ(11000, tomte_coap_blocks_deadline(&blocks));
    now_ms = 10999;
    put('a', 0, BLOCK(1, 1, 2), 64, 64);
    continued(BLOCK(1, 1, 2));
    now_ms = 20999;
    put('a', 0, BLOCK(2, 0, 2), 128, 1);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK1, NONE);
    CHECK_EQ(1, blocks.stats.expired);
}

TEST(without_a_place_come_again)
{
    start(2, 1, 2);
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    now_ms += 4500;
    put('b', 0, BLOCK(0, 1, 2), 0, 64); /* this peer's share is one */
    answered(TOMTE_COAP_SERVICE_UNAVAILABLE, TOMTE_COAP_OPT_MAX_AGE, 6);
    from.peer.port = 1;
    put('b', 0, BLOCK(0, 1, 2), 0, 64);
    continued(BLOCK(0, 1, 2));
    from.peer.port = 2;
    put('b', 0, BLOCK(0, 1, 2), 0, 64);
    answered(TOMTE_COAP_SERVICE_UNAVAILABLE, TOMTE_COAP_OPT_MAX_AGE, 6);
    CHECK_EQ(2, blocks.stats.refused);
    now_ms += 5500;
    put('b', 0, BLOCK(0, 1, 2), 0, 64);
    continued(BLOCK(0, 1, 2));
}

TEST(strangers_leave_places_to_those_with_a_context)
{
    start(2, 2, 1);
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    from.peer.port = 1;
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    answered(TOMTE_COAP_SERVICE_UNAVAILABLE, TOMTE_COAP_OPT_MAX_AGE, 10);
    from.context = 5;
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    continued(BLOCK(0, 1, 2));
}

TEST(long_answer_is_kept_and_fetched)
{
    start(1, 1, 1);
    get('a', NONE);
    CHECK_EQ(TOMTE_COAP_BLOCKS_PASS, result.kind);
    CHECK_OK(answer(TOMTE_COAP_CONTENT, 150));
    first_is(TOMTE_COAP_CONTENT, NONE, BLOCK(0, 1, 2), 64);
    CHECK_EQ(150, option(first.options, TOMTE_COAP_OPT_SIZE2));
    memset(pattern, 0xee, 150); /* the state is another now */
    get('a', BLOCK(1, 0, 2));
    answered(TOMTE_COAP_CONTENT, TOMTE_COAP_OPT_BLOCK2, BLOCK(1, 1, 2));
    CHECK_EQ(7, option(result.parts.options, TOMTE_COAP_OPT_ETAG));
    CHECK_EQ((uint8_t)(64 * 5), result.parts.payload.data[0]);
    get('a', BLOCK(4, 0, 1)); /* smaller ones from here on */
    answered(TOMTE_COAP_CONTENT, TOMTE_COAP_OPT_BLOCK2, BLOCK(4, 0, 1));
    CHECK_EQ(22, result.parts.payload.len);
    get('a', BLOCK(4, 0, 1)); /* its answer was lost */
    answered(TOMTE_COAP_CONTENT, TOMTE_COAP_OPT_BLOCK2, BLOCK(4, 0, 1));
    get('a', BLOCK(9, 0, 2));
    answered(TOMTE_COAP_BAD_REQUEST, TOMTE_COAP_OPT_BLOCK2, NONE);
    get('a', BLOCK(0, 0, 2)); /* from the start: a new request */
    CHECK_EQ(TOMTE_COAP_BLOCKS_PASS, result.kind);
    get('a', BLOCK(1, 0, 2)); /* and what was kept is gone */
    CHECK_EQ(TOMTE_COAP_BLOCKS_PASS, result.kind);
}

TEST(answer_cut_anew_when_nothing_is_kept)
{
    start(1, 1, 1);
    get('a', BLOCK(1, 0, 6));
    CHECK_OK(answer(TOMTE_COAP_CONTENT, 2000)); /* never fits in a place */
    CHECK_EQ(BLOCK(17, 1, 2), option(first.options, TOMTE_COAP_OPT_BLOCK2) +
                                  ((long)(17 - 16) << 4));
    CHECK_BYTES(TOMTE_SPAN(pattern + 1024, 64), first.payload);
    get('a', BLOCK(99, 0, 6));
    CHECK_EQ(TOMTE_ERR_RANGE, answer(TOMTE_COAP_CONTENT, 2000));
    CHECK_EQ(TOMTE_COAP_BAD_REQUEST, first.code);
}

static void post(long block1, long block2, uint32_t at, uint32_t len)
{
    ask((struct ask){.code = TOMTE_COAP_POST,
                     .path = 'a',
                     .block1 = block1,
                     .block2 = block2,
                     .at = at,
                     .len = len});
}

TEST(body_and_answer_share_a_place)
{
    start(1, 1, 1);
    post(BLOCK(0, 1, 2), NONE, 0, 64);
    post(BLOCK(1, 0, 2), NONE, 64, 56);
    whole(120);
    /* the answer is made of the body, in its own memory */
    struct tomte_coap_parts p = {.code = TOMTE_COAP_CHANGED,
                                 .payload =
                                     tomte_span_slice(result.body, 8, 100)};
    CHECK_OK(
        tomte_coap_blocks_answer(&blocks, now_ms, &from, &last, &p, &first));
    CHECK_EQ(BLOCK(1, 0, 2), option(first.options, TOMTE_COAP_OPT_BLOCK1));
    CHECK_EQ(BLOCK(0, 1, 2), option(first.options, TOMTE_COAP_OPT_BLOCK2));
    post(NONE, BLOCK(1, 0, 2), 0, 0);
    answered(TOMTE_COAP_CHANGED, TOMTE_COAP_OPT_BLOCK2, BLOCK(1, 0, 2));
    CHECK_BYTES(TOMTE_SPAN(pattern + 72, 36), result.parts.payload);
}

TEST(what_a_post_did_is_not_done_again)
{
    start(1, 1, 1);
    post(NONE, NONE, 0, 10);
    CHECK_OK(answer(TOMTE_COAP_CHANGED, 100));
    first_is(TOMTE_COAP_CHANGED, NONE, BLOCK(0, 1, 2), 64);
    now_ms += 10000;
    post(NONE, BLOCK(1, 0, 2), 0, 0);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK2, NONE);
    post(NONE, NONE, 0, 10); /* an answer that no place can keep */
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, answer(TOMTE_COAP_CHANGED, 301));
    CHECK_EQ(TOMTE_COAP_INTERNAL_SERVER_ERROR, first.code);
    put('z', 0, BLOCK(0, 1, 2), 0, 64);
    post(NONE, NONE, 0, 10); /* nor is there one */
    CHECK_EQ(TOMTE_ERR_FULL, answer(TOMTE_COAP_CHANGED, 100));
    CHECK_EQ(TOMTE_COAP_SERVICE_UNAVAILABLE, first.code);
}

/* Least of all the body of the request. */
TEST(what_cannot_be_kept_leaves_nothing_to_fetch)
{
    start(2, 2, 2);
    post(BLOCK(0, 1, 2), NONE, 0, 64);
    post(BLOCK(1, 0, 2), NONE, 64, 10);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, answer(TOMTE_COAP_CONTENT, 500));
    post(NONE, BLOCK(1, 0, 2), 0, 0);
    answered(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, TOMTE_COAP_OPT_BLOCK2, NONE);
}

TEST(errors_are_not_cut)
{
    start(1, 1, 1);
    get('a', NONE);
    CHECK_OK(answer(TOMTE_COAP_NOT_FOUND, 100));
    first_is(TOMTE_COAP_NOT_FOUND, NONE, NONE, 64);
    get('a', BLOCK(5, 0, 2)); /* whatever block was asked for */
    CHECK_OK(answer(TOMTE_COAP_NOT_FOUND, 10));
    first_is(TOMTE_COAP_NOT_FOUND, NONE, NONE, 10);
    put('a', 0, BLOCK(0, 0, 2), 0, 9);
    CHECK_OK(answer(TOMTE_COAP_CONFLICT, 0));
    first_is(TOMTE_COAP_CONFLICT, NONE, NONE, 0);
}

TEST(kept_answers_give_way)
{
    start(2, 2, 2);
    get('a', NONE);
    CHECK_OK(answer(TOMTE_COAP_CONTENT, 100));
    now_ms++;
    get('b', NONE);
    CHECK_OK(answer(TOMTE_COAP_CONTENT, 100));
    get('a', BLOCK(1, 0, 2)); /* fetched to its end */
    from.peer.port = 1;
    put('c', 0, BLOCK(0, 1, 2), 0, 64);
    answered(TOMTE_COAP_CONTINUE, TOMTE_COAP_OPT_BLOCK1, BLOCK(0, 1, 2));
    CHECK_EQ(0, blocks.stats.evicted);
    from.peer.port = 2; /* b is another's, and not fetched yet */
    put('c', 0, BLOCK(0, 1, 2), 0, 64);
    answered(TOMTE_COAP_SERVICE_UNAVAILABLE, TOMTE_COAP_OPT_MAX_AGE, 10);
    from.peer.port = 0; /* but its owner may give it away */
    put('c', 0, BLOCK(0, 1, 2), 0, 64);
    continued(BLOCK(0, 1, 2));
    CHECK_EQ(1, blocks.stats.evicted);
}

TEST(the_place_that_was_used_longest_ago_gives_way)
{
    start(3, 3, 3);
    for (char path = 'a'; path < 'd'; path++) {
        get(path, NONE);
        CHECK_OK(answer(TOMTE_COAP_CONTENT, 100));
    }
    static const char order[] = {'b', 'a', 'c'}; /* fetched to the end */
    for (int i = 0; i < 3; i++) {
        now_ms++;
        get(order[i], BLOCK(1, 0, 2));
        CHECK_EQ(TOMTE_COAP_BLOCKS_ANSWER, result.kind);
    }
    put('x', 0, BLOCK(0, 1, 2), 0, 64);
    get('a', BLOCK(1, 0, 2));
    CHECK_EQ(TOMTE_COAP_BLOCKS_ANSWER, result.kind);
    get('c', BLOCK(1, 0, 2));
    CHECK_EQ(TOMTE_COAP_BLOCKS_ANSWER, result.kind);
    get('b', BLOCK(1, 0, 2));
    CHECK_EQ(TOMTE_COAP_BLOCKS_PASS, result.kind);
}

TEST(fetches_are_told_apart_by_their_payload)
{
    struct ask a = {.code = TOMTE_COAP_FETCH,
                    .path = 'a',
                    .block1 = NONE,
                    .block2 = NONE,
                    .len = 5};
    start(2, 2, 2);
    ask(a);
    CHECK_OK(answer(TOMTE_COAP_CONTENT, 100));
    a.block2 = BLOCK(1, 0, 2);
    a.at = 1; /* asks for something else */
    ask(a);
    CHECK_EQ(TOMTE_COAP_BLOCKS_PASS, result.kind);
    a.at = 0;
    ask(a);
    answered(TOMTE_COAP_CONTENT, TOMTE_COAP_OPT_BLOCK2, BLOCK(1, 0, 2));
}

TEST(notifications_replace_what_was_kept)
{
    start(1, 1, 1);
    get('a', NONE);
    uint64_t operation = tomte_coap_blocks_operation(&last);
    CHECK_OK(answer(TOMTE_COAP_CONTENT, 100));
    static const uint8_t etag[] = {0x41, 8};
    struct tomte_coap_parts p = {.code = TOMTE_COAP_CONTENT,
                                 .options = TOMTE_SPAN_ARRAY(etag),
                                 .payload = TOMTE_SPAN(pattern + 1, 40)};
    CHECK_OK(tomte_coap_blocks_notify(&blocks, now_ms, &from, operation, 1, &p,
                                      &first));
    CHECK_EQ(BLOCK(0, 1, 1), option(first.options, TOMTE_COAP_OPT_BLOCK2));
    CHECK_EQ(32, first.payload.len);
    get('a', BLOCK(1, 0, 1));
    answered(TOMTE_COAP_CONTENT, TOMTE_COAP_OPT_BLOCK2, BLOCK(1, 0, 1));
    CHECK_EQ(8, option(result.parts.options, TOMTE_COAP_OPT_ETAG));
    CHECK_BYTES(TOMTE_SPAN(pattern + 33, 8), result.parts.payload);
    p.payload = TOMTE_SPAN(pattern, 20); /* one that fits */
    CHECK_OK(tomte_coap_blocks_notify(&blocks, now_ms, &from, operation, 6, &p,
                                      &first));
    CHECK_EQ(NONE, option(first.options, TOMTE_COAP_OPT_BLOCK2));
    CHECK_EQ(UINT64_MAX, tomte_coap_blocks_deadline(&blocks));
}

TEST(blocks_config_is_checked_and_memory_wiped)
{
    struct tomte_arena arena;
    struct tomte_coap_blocks_config c = tomte_coap_blocks_config_default();
    tomte_arena_init(&arena, arena_memory, 100);
    CHECK_EQ(TOMTE_ERR_NO_MEMORY, tomte_coap_blocks_init(&blocks, &c, &arena));
    c.szx = 7;
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_coap_blocks_init(&blocks, &c, &arena));
    start(2, 2, 2);
    put('a', 0, BLOCK(0, 1, 2), 0, 64);
    tomte_coap_blocks_wipe(&blocks);
    for (size_t i = 0; i < 600 + 64; i++)
        CHECK_EQ(0, arena_memory[i]);
}
