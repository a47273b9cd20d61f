/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "coap/condition.h"

static uint8_t memory[64];

/* A list of one option, twice with other values. */
static struct tomte_span list(uint16_t number, const char *a, const char *b)
{
    struct tomte_coap_options o;
    struct tomte_span options;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    if (a != NULL)
        tomte_coap_put(&o, number, tomte_span_str(a));
    if (b != NULL)
        tomte_coap_put(&o, number, tomte_span_str(b));
    CHECK_OK(tomte_coap_options_end(&o, &options));
    return options;
}

static bool met(struct tomte_span options, const char *etag)
{
    enum tomte_err err = tomte_coap_precondition(
        options, etag != NULL,
        etag == NULL ? TOMTE_SPAN_NONE : tomte_span_str(etag));
    CHECK(err == TOMTE_OK || err == TOMTE_ERR_FENCED);
    CHECK_EQ(TOMTE_COAP_PRECONDITION_FAILED,
             tomte_err_coap_code(TOMTE_ERR_FENCED));
    return err == TOMTE_OK;
}

TEST(preconditions)
{
    CHECK(met(TOMTE_SPAN_NONE, "x"));
    CHECK(met(TOMTE_SPAN_NONE, NULL));
    const uint16_t match = TOMTE_COAP_OPT_IF_MATCH;
    CHECK(met(list(match, "x", NULL), "x"));
    CHECK(!met(list(match, "x", NULL), "y"));
    CHECK(met(list(match, "x", "y"), "y"));
    CHECK(!met(list(match, "x", "y"), NULL));
    CHECK(met(list(match, "", NULL), "x")); /* whatever, but there */
    CHECK(met(list(match, "", NULL), ""));
    CHECK(!met(list(match, "", NULL), NULL));
    CHECK(!met(list(match, "x", NULL), ""));
    const uint16_t none = TOMTE_COAP_OPT_IF_NONE_MATCH;
    CHECK(met(list(none, "", NULL), NULL));
    CHECK(!met(list(none, "", NULL), "x"));
    CHECK(!met(list(none, "", NULL), ""));
}

TEST(etags_of_a_request)
{
    const uint16_t etag = TOMTE_COAP_OPT_ETAG;
    CHECK(!tomte_coap_has_etag(TOMTE_SPAN_NONE, TOMTE_SPAN_NONE));
    CHECK(tomte_coap_has_etag(list(etag, "a", "b"), TOMTE_SPAN_LIT("b")));
    CHECK(!tomte_coap_has_etag(list(etag, "a", "b"), TOMTE_SPAN_LIT("ab")));
    CHECK(!tomte_coap_has_etag(list(etag, "", NULL), TOMTE_SPAN_NONE));
}

/* The classes of which no answer is wanted, as digits; `value` below 0: without
 * the option. */
static unsigned unwanted(bool multicast, int value)
{
    struct tomte_coap_options o;
    struct tomte_span options;
    unsigned digits = 0;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    if (value >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_NO_RESPONSE, (uint32_t)value);
    CHECK_OK(tomte_coap_options_end(&o, &options));
    uint8_t bits = tomte_coap_unwanted(options, multicast);
    for (unsigned class = 0; class < 8; class ++)
        if (bits >> class & 1)
            digits = digits * 10 + class;
    return digits;
}

TEST(answers_that_nobody_wants)
{
    /* table 2 of RFC 7967 */
    CHECK_EQ(0, unwanted(false, -1));
    CHECK_EQ(0, unwanted(false, 0));
    CHECK_EQ(2, unwanted(false, 2));
    CHECK_EQ(4, unwanted(false, 8));
    CHECK_EQ(5, unwanted(false, 16));
    CHECK_EQ(24, unwanted(false, 10));
    CHECK_EQ(245, unwanted(false, 26));
    CHECK_EQ(245, unwanted(false, 255));
    CHECK_EQ(45, unwanted(true, -1));
    CHECK_EQ(0, unwanted(true, 0));
    CHECK_EQ(2, unwanted(true, 2));
}
