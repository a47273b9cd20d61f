/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "container/record.h"

static uint8_t bytes[TOMTE_RECORD_BYTES];
static uint8_t filler[1024];
static struct tomte_record r;

static struct tomte_record a_record(void)
{
    struct tomte_record a = {
        .sequence = 42,
        .epoch = 8,
        .kind = TOMTE_EVENT_MESSAGE,
        .port = 3,
        .time_ms = 123456,
        .unix_lo_ms = 1700000000000,
        .unix_hi_ms = 1700000001000,
        .seed = 0x1122334455667788,
        .payload = TOMTE_SPAN_LIT("on"),
        .origin = TOMTE_SPAN_LIT("from there"),
        .gets_len = 3,
        .gets = {{.port = 1, .value = TOMTE_SPAN_LIT("21.5")},
                 {.port = 0, .error = TOMTE_ABI_NOT_FOUND},
                 {.port = 2}},
        .digest = {1, 2, 3, 4, 5, 6, 7, 8},
    };
    return a;
}

static void same(const struct tomte_record *a, const struct tomte_record *b)
{
    CHECK_EQ(a->sequence, b->sequence);
    CHECK_EQ(a->epoch, b->epoch);
    CHECK_EQ(a->kind, b->kind);
    CHECK_EQ(a->port, b->port);
    CHECK_EQ(a->trapped, b->trapped);
    CHECK_EQ(a->time_ms, b->time_ms);
    CHECK_EQ(a->unix_lo_ms, b->unix_lo_ms);
    CHECK_EQ(a->unix_hi_ms, b->unix_hi_ms);
    CHECK_EQ(a->seed, b->seed);
    CHECK_BYTES(a->payload, b->payload);
    CHECK_BYTES(a->origin, b->origin);
    CHECK_EQ(a->gets_len, b->gets_len);
    for (size_t i = 0; i < a->gets_len; i++) {
        CHECK_EQ(a->gets[i].port, b->gets[i].port);
        CHECK_EQ(a->gets[i].error, b->gets[i].error);
        CHECK_BYTES(a->gets[i].value, b->gets[i].value);
    }
    CHECK_BYTES(TOMTE_SPAN_ARRAY(a->digest), TOMTE_SPAN_ARRAY(b->digest));
    CHECK_BYTES(a->reason, b->reason);
}

static struct tomte_span encode(const struct tomte_record *a)
{
    struct tomte_span out;
    CHECK_OK(tomte_record_encode(a, TOMTE_BUF_ARRAY(bytes), &out));
    return out;
}

TEST(record_comes_back_as_it_was)
{
    struct tomte_record a = a_record();
    struct tomte_span out = encode(&a);
    CHECK_OK(tomte_record_decode(out, &r));
    same(&a, &r);
    for (size_t n = 0; n < out.len; n++)
        CHECK(tomte_record_decode(TOMTE_SPAN(bytes, n), &r) != TOMTE_OK);
}

TEST(record_of_a_trap_comes_back)
{
    struct tomte_record a = a_record();
    a.trapped = true;
    a.gets_len = 0;
    a.reason = TOMTE_SPAN_LIT("unreachable in tomte_event at 0x41");
    memset(a.digest, 0, sizeof(a.digest));
    CHECK_OK(tomte_record_decode(encode(&a), &r));
    same(&a, &r);
}

TEST(record_is_short_when_little_happens)
{
    struct tomte_record a = {.sequence = 1,
                             .epoch = 1,
                             .kind = TOMTE_EVENT_START,
                             .unix_hi_ms = UINT64_MAX};
    uint8_t expected[64];
    CHECK_BYTES(
        test_hex("a7 0001 0101 0201 0300 0400 0500 0a480000000000000000",
                 TOMTE_BUF_ARRAY(expected)),
        encode(&a));
    CHECK_OK(tomte_record_decode(TOMTE_SPAN(bytes, 23), &r));
    same(&a, &r);
}

TEST(record_size_is_that_without_gets)
{
    struct tomte_record a = a_record();
    size_t size = tomte_record_size(&a);
    a.gets_len = 0;
    CHECK_EQ(encode(&a).len, size);
}

TEST(record_has_a_bound)
{
    struct tomte_record a = a_record();
    uint8_t larger[2048];
    struct tomte_span out;
    a.payload = TOMTE_SPAN(filler, 512);
    a.gets[0].value = TOMTE_SPAN(filler, 400);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_record_encode(&a, TOMTE_BUF_ARRAY(larger), &out));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_record_encode(&a, TOMTE_BUF_ARRAY(bytes), &out));
    CHECK_EQ(
        TOMTE_ERR_TOO_LARGE,
        tomte_record_decode(TOMTE_SPAN(larger, TOMTE_RECORD_BYTES + 1), &r));
}

static void refused(const char *hex, enum tomte_err err)
{
    CHECK_EQ(err,
             tomte_record_decode(test_hex(hex, TOMTE_BUF_ARRAY(bytes)), &r));
}

TEST(record_refuses_what_it_cannot_be)
{
    /* sequence 0 */
    refused("a7 0000 0101 0201 0300 0400 0500 0a480000000000000000",
            TOMTE_ERR_RANGE);
    /* kind 5; a timer 8; a port 16 */
    refused("a7 0001 0101 0205 0300 0400 0500 0a480000000000000000",
            TOMTE_ERR_RANGE);
    refused("a7 0001 0101 0204 0308 0400 0500 0a480000000000000000",
            TOMTE_ERR_RANGE);
    refused("a7 0001 0101 0202 0310 0400 0500 0a480000000000000000",
            TOMTE_ERR_RANGE);
    /* an empty payload, known time that is not, no gets: there is a shorter */
    refused("a8 0001 0101 0201 0300 0400 0500 0740 0a480000000000000000",
            TOMTE_ERR_NOT_CANONICAL);
    refused("a8 0001 0101 0201 0300 0400 0500 0682001bffffffffffffffff"
            "0a480000000000000000",
            TOMTE_ERR_NOT_CANONICAL);
    refused("a8 0001 0101 0201 0300 0400 0500 0980 0a480000000000000000",
            TOMTE_ERR_NOT_CANONICAL);
    /* the same port twice; a get of no port; an error that is none */
    refused("a8 0001 0101 0201 0300 0400 0500 098400400040"
            "0a480000000000000000",
            TOMTE_ERR_DUPLICATE);
    refused("a8 0001 0101 0201 0300 0400 0500 09821040"
            "0a480000000000000000",
            TOMTE_ERR_RANGE);
    refused("a8 0001 0101 0201 0300 0400 0500 09820026"
            "0a480000000000000000",
            TOMTE_ERR_RANGE);
    /* neither digest nor reason; both */
    refused("a6 0001 0101 0201 0300 0400 0500", TOMTE_ERR_MISSING);
    refused("a8 0001 0101 0201 0300 0400 0500 0a480000000000000000 0b6178",
            TOMTE_ERR_UNKNOWN);
}
