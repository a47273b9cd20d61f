/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

/* A Sign1 with these buckets, no payload and an empty signature; of a protected
 * one below 24 bytes, or from 24 to 255. */
static enum tomte_err decode(struct tomte_cose *m, const char *protected_map,
                             const char *unprotected_map)
{
    static uint8_t memory[300];
    struct tomte_span p = hex(protected_map), u = hex(unprotected_map);
    size_t at = 0;
    memory[at++] = 0x84;
    if (p.len >= 24)
        memory[at++] = 0x58;
    memory[at++] = (uint8_t)(p.len < 24 ? 0x40 + p.len : p.len);
    memcpy(memory + at, p.data, p.len);
    memcpy(memory + at + p.len, u.data, u.len);
    at += p.len + u.len;
    memory[at++] = 0xf6;
    memory[at++] = 0x40;
    return tomte_cose_decode(m, TOMTE_COSE_SIGN1, TOMTE_SPAN(memory, at));
}

#define ALL_PROTECTED                                                          \
    "a7"                                                                       \
    "0126"       /* alg: ES256 */                                              \
    "028110"     /* crit: [16] */                                              \
    "03183d"     /* content type: 61 */                                        \
    "044131"     /* kid: '1' */                                                \
    "0a4132"     /* kid context: '2' */                                        \
    "0fa1016178" /* CWT claims: {1: "x"} */                                    \
    "106161"     /* typ: "a" */

TEST(headers_are_read)
{
    struct tomte_cose m;
    const struct tomte_cose_header *h = &m.header;
    CHECK_OK(decode(&m, ALL_PROTECTED, "a10641ff"));
    CHECK_EQ(TOMTE_ALG_ES256, h->alg);
    CHECK_BYTES(hex("8110"), h->crit);
    CHECK(h->content_type.given);
    CHECK_EQ(61, h->content_type.number);
    CHECK(h->content_type.text.data == NULL);
    CHECK_BYTES(TOMTE_SPAN_LIT("1"), h->kid);
    CHECK_BYTES(TOMTE_SPAN_LIT("2"), h->kid_context);
    CHECK_BYTES(hex("a1016178"), h->claims);
    CHECK(h->typ.given);
    CHECK_BYTES(TOMTE_SPAN_LIT("a"), h->typ.text);
    CHECK_BYTES(hex("ff"), h->partial_iv);
    CHECK(h->iv.data == NULL);
}

/* What was read is written to the same bytes. */
TEST(headers_are_written)
{
    uint8_t memory[100];
    struct tomte_cose m;
    struct tomte_span map;
    const struct tomte_cose_entry more[] = {{258, hex("2f")},
                                            {-1, hex("8101")}};
    CHECK_OK(decode(&m, ALL_PROTECTED, "a0"));
    CHECK_OK(tomte_cose_header_encode(&m.header, NULL, 0,
                                      TOMTE_BUF_ARRAY(memory), &map));
    CHECK_BYTES(hex(ALL_PROTECTED), map);
    m.header = (struct tomte_cose_header){.iv = hex("00")};
    CHECK_OK(tomte_cose_header_encode(&m.header, more, 2,
                                      TOMTE_BUF_ARRAY(memory), &map));
    CHECK_BYTES(hex("a3054100"
                    "1901022f"
                    "208101"),
                map);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_cose_header_encode(&m.header, more, 2,
                                      TOMTE_BUF(memory, map.len - 1), &map));
    const struct tomte_cose_entry twice[] = {{TOMTE_COSE_IV, hex("40")}};
    CHECK_EQ(TOMTE_ERR_DUPLICATE,
             tomte_cose_header_encode(&m.header, twice, 1,
                                      TOMTE_BUF_ARRAY(memory), &map));
}

TEST(headers_are_found_by_label)
{
    struct tomte_span value, map = hex("a50126"
                                       "18226131"
                                       "1901022f"
                                       "208101"
                                       "617807");
    CHECK_OK(tomte_cose_find(map, 1, &value));
    CHECK_BYTES(hex("26"), value);
    CHECK_OK(tomte_cose_find(map, 34, &value));
    CHECK_BYTES(hex("6131"), value);
    CHECK_OK(tomte_cose_find(map, 258, &value));
    CHECK_BYTES(hex("2f"), value);
    CHECK_OK(tomte_cose_find(map, -1, &value));
    CHECK_BYTES(hex("8101"), value);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_cose_find(map, 2, &value));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_cose_find(map, INT64_MIN, &value));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_cose_find(TOMTE_SPAN_NONE, 1, &value));
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_cose_find(hex("8101"), 1, &value));
    CHECK_EQ(TOMTE_ERR_TRUNCATED, tomte_cose_find(hex("a2012602"), 1, &value));
    CHECK_EQ(0, value.len);
}

/* What says what a message is counts only where it is protected. */
TEST(headers_unprotected_types_are_not_looked_at)
{
    struct tomte_cose m;
    CHECK_OK(decode(&m, "", "a30126031832106161"));
    CHECK_EQ(0, m.header.alg);
    CHECK(!m.header.content_type.given);
    CHECK(!m.header.typ.given);
    CHECK_EQ(TOMTE_ERR_INVALID, decode(&m, "", "a1028104"));
    CHECK_EQ(TOMTE_ERR_INVALID, decode(&m, "", "a10fa0"));
    CHECK_OK(decode(&m, "", "a1044131"));
    CHECK_BYTES(TOMTE_SPAN_LIT("1"), m.header.kid);
    CHECK_OK(decode(&m, "", "a10440"));
    CHECK(m.header.kid.data != NULL); /* empty is not absent */
    CHECK_EQ(0, m.header.kid.len);
}

TEST(headers_are_in_one_bucket)
{
    struct tomte_cose m;
    CHECK_EQ(TOMTE_ERR_DUPLICATE, decode(&m, "a10126", "a10126"));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, decode(&m, "a1044131", "a1044131"));
    CHECK_EQ(TOMTE_ERR_DUPLICATE,
             decode(&m, "a30126187801617801", "a2044131617802"));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, decode(&m, "a22001387801", "a1387802"));
    CHECK_OK(decode(&m, "a3012618780139012c01", "a4044131187901200139012d01"));
}

TEST(headers_malformed)
{
    static const struct {
        enum tomte_err err;
        const char *protected_map, *unprotected_map;
    } rows[] = {
        {TOMTE_ERR_UNSUPPORTED,
         "a1016545533235"
         "36",
         "a0"},                              /* alg "ES256" */
        {TOMTE_ERR_INVALID, "a10100", "a0"}, /* alg 0 */
        {TOMTE_ERR_TYPE, "a1014126", "a0"},
        {TOMTE_ERR_RANGE, "a1011bffffffffffffffff", "a0"},
        {TOMTE_ERR_INVALID, "a10280", "a0"},       /* crit [] */
        {TOMTE_ERR_TYPE, "a10201", "a0"},          /* crit 1 */
        {TOMTE_ERR_TYPE, "a102814101", "a0"},      /* crit [h'01'] */
        {TOMTE_ERR_RANGE, "a1031a00010000", "a0"}, /* type 65536 */
        {TOMTE_ERR_TYPE, "a10320", "a0"},          /* type -1 */
        {TOMTE_ERR_TYPE, "a1046131", "a0"},        /* kid "1" */
        {TOMTE_ERR_INVALID,
         "a205410106"
         "4101",
         "a0"},
        {TOMTE_ERR_INVALID, "a1054101", "a1064101"},
        {TOMTE_ERR_TYPE, "a10f40", "a0"},   /* claims h'' */
        {TOMTE_ERR_TYPE, "a1414101", "a0"}, /* a label of bytes */
        {TOMTE_ERR_TYPE, "a10126", "a1414101"},
        {TOMTE_ERR_MALFORMED, "a10161ff", "a0"},
    };
    struct tomte_cose m;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_EQ(rows[i].err,
                 decode(&m, rows[i].protected_map, rows[i].unprotected_map));
}

TEST(headers_an_empty_map_is_nothing)
{
    struct tomte_cose m;
    CHECK_OK(decode(&m, "a0", "a0"));
    CHECK_EQ(0, m.protected_map.len);
    CHECK_OK(decode(&m, "", "a0"));
    CHECK_EQ(0, m.protected_map.len);
}

static enum tomte_err accept(const char *protected_map, size_t understood)
{
    static const int64_t labels[] = {-70000, 300};
    struct tomte_cose m;
    int64_t alg;
    struct tomte_cose_context context = {.understood = labels,
                                         .understood_count = understood};
    CHECK_OK(decode(&m, protected_map, "a0"));
    return tomte_cose_accept(&m, &context, &alg);
}

TEST(headers_critical_ones_must_be_understood)
{
    CHECK_OK(accept("a30126028110106161", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, accept("a301260281"
                                           "19012c"
                                           "19012c01",
                                           0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, accept("a301260281"
                                           "19012c"
                                           "19012c01",
                                           1));
    CHECK_OK(accept("a301260281"
                    "19012c"
                    "19012c01",
                    2));
    CHECK_OK(accept("a301260281"
                    "3a0001116f"
                    "3a0001116f01",
                    1));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, accept("a301260281"
                                           "6178"
                                           "617801",
                                           2));
    /* understood, but not there: section 3.1 calls that fatal */
    CHECK_EQ(TOMTE_ERR_INVALID, accept("a20126028110", 2));
    CHECK_EQ(TOMTE_ERR_INVALID, accept("a20126028119012c", 2));
    CHECK_EQ(TOMTE_ERR_MISSING, accept("a1044131", 2)); /* no algorithm */
}

TEST(headers_algorithm_and_context_agree)
{
    struct tomte_cose m;
    int64_t alg;
    struct tomte_cose_context context = {.alg = TOMTE_ALG_ES256};
    CHECK_OK(decode(&m, "a10126", "a0"));
    CHECK_OK(tomte_cose_accept(&m, &context, &alg));
    CHECK_OK(tomte_cose_accept(&m, NULL, &alg));
    CHECK_EQ(TOMTE_ALG_ES256, alg);
    context.alg = TOMTE_ALG_ESP256; /* not even by another name */
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_cose_accept(&m, &context, &alg));
    CHECK_OK(decode(&m, "", "a10126"));
    CHECK_EQ(TOMTE_ERR_MISSING, tomte_cose_accept(&m, NULL, &alg));
    CHECK_OK(tomte_cose_accept(&m, &context, &alg));
    CHECK_EQ(TOMTE_ALG_ESP256, alg);
}
