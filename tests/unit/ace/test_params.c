/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/osc.h"
#include "base/base.h"
#include "test.h"

/* Good until it was called 16 times more. */
static struct tomte_span hex(const char *text)
{
    static uint8_t memory[16][256];
    static size_t next;
    return test_hex(text, TOMTE_BUF_ARRAY(memory[next++ % 16]));
}

static void check_round(const struct tomte_ace_params *p, const char *text)
{
    uint8_t memory[256];
    struct tomte_ace_params back;
    struct tomte_span out;
    CHECK_OK(tomte_ace_params_encode(p, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex(text), out);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_ace_params_encode(p, TOMTE_BUF(memory, out.len - 1), &out));
    CHECK_OK(tomte_ace_params_decode(&back, hex(text)));
    CHECK_OK(tomte_ace_params_encode(&back, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex(text), out);
}

/* Audience and scope (RFC 9203 section 3.1); everything a request may have. */
TEST(params_of_a_token_request)
{
    check_round(
        &(struct tomte_ace_params){.audience = TOMTE_SPAN_LIT("hall"),
                                   .scope = {.value = hex("8182622f6101")}},
        "a2"
        "056468616c6c"
        "09468182622f6101");
    check_round(
        &(struct tomte_ace_params){
            .req_cnf = hex("a1034131"),
            .scope = {.value = TOMTE_SPAN_LIT("read"), .is_text = true},
            .client_id = TOMTE_SPAN_LIT("c"),
            .grant_type = {.given = true,
                           .value = TOMTE_ACE_GRANT_CLIENT_CREDENTIALS},
            .ace_profile = {.asked = true},
            .cnonce = hex("aabb")},
        "a6"
        "04a1034131"
        "096472656164"
        "18186163"
        "182102"
        "1826f6"
        "182742aabb");
}

TEST(params_of_the_answers)
{
    check_round(
        &(struct tomte_ace_params){
            .access_token = hex("d0"),
            .expires_in = {.given = true, .value = 3600},
            .cnf = hex("a104a20041010241aa"),
            .ace_profile = {.given = true, .value = TOMTE_ACE_PROFILE_OSCORE},
            .rs_cnf = hex("a1034132")},
        "a5"
        "0141d0"
        "02190e10"
        "08a104a20041010241aa"
        "182602"
        "1829a1034132");
    check_round(
        &(struct tomte_ace_params){
            .error = {.given = true, .value = TOMTE_ACE_INVALID_SCOPE},
            .error_description = TOMTE_SPAN_LIT("no")},
        "a2"
        "181e06"
        "181f626e6f");
    check_round(&(struct tomte_ace_params){.access_token = hex("d0"),
                                           .nonce1 = hex("018a278f7faab55a"),
                                           .client_id_osc = hex("1645")},
                "a3"
                "0141d0"
                "182848018a278f7faab55a"
                "182b421645");
    check_round(&(struct tomte_ace_params){.nonce2 = hex("25a8991cd700ac01"),
                                           .server_id_osc = hex("0000")},
                "a2"
                "182a4825a8991cd700ac01"
                "182c420000");
}

TEST(params_read)
{
    struct tomte_ace_params p;
    CHECK_OK(tomte_ace_params_decode(&p, hex("a4"
                                             "0140"
                                             "0d01"
                                             "182600"
                                             "183301")));
    CHECK(p.access_token.data != NULL); /* empty is not absent */
    CHECK(p.ace_profile.given && !p.ace_profile.asked);
    CHECK(p.cnf.data == NULL);
    CHECK_OK(tomte_ace_params_decode(&p, hex("a11826f6")));
    CHECK(!p.ace_profile.given && p.ace_profile.asked);
    static const struct {
        enum tomte_err err;
        const char *text;
    } rows[] = {
        {TOMTE_ERR_TYPE, "a10160"},   /* a token that is a text */
        {TOMTE_ERR_TYPE, "a10540"},   /* an audience of bytes */
        {TOMTE_ERR_TYPE, "a10840"},   /* cnf that is no map */
        {TOMTE_ERR_TYPE, "a10901"},   /* a scope that is a number */
        {TOMTE_ERR_TYPE, "a1182140"}, /* a grant of bytes */
        {TOMTE_ERR_TYPE, "a11821f6"}, /* null where nobody may ask */
        {TOMTE_ERR_UNSUPPORTED, "a11822625031"},
        {TOMTE_ERR_TYPE, "a1616100"}, /* a label that is a text */
        {TOMTE_ERR_DUPLICATE, "a201400140"},
        {TOMTE_ERR_NOT_CANONICAL, "a2020001"
                                  "40"},
        {TOMTE_ERR_TRAILING, "a000"},
        {TOMTE_ERR_TYPE, "80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_EQ(rows[i].err, tomte_ace_params_decode(&p, hex(rows[i].text)));
        CHECK(p.access_token.data == NULL && !p.expires_in.given);
    }
}

/* RFC 9200 figure 3. */
TEST(hints)
{
    static const char text[] =
        "a4"
        "01781c"
        "636f6170733a2f2f61732e6578616d706c652e636f6d2f746f6b656e"
        "0576"
        "636f6170733a2f2f72732e6578616d706c652e636f6d"
        "0966"
        "725465"
        "6d7043"
        "182745"
        "e0a156bb3f";
    uint8_t memory[128];
    struct tomte_ace_hints h;
    struct tomte_span out;
    CHECK_OK(tomte_ace_hints_decode(&h, hex(text)));
    CHECK_BYTES(TOMTE_SPAN_LIT("coaps://as.example.com/token"), h.as);
    CHECK_BYTES(TOMTE_SPAN_LIT("coaps://rs.example.com"), h.audience);
    CHECK(h.scope.is_text);
    CHECK_BYTES(hex("e0a156bb3f"), h.cnonce);
    CHECK(h.kid.data == NULL);
    CHECK_OK(tomte_ace_hints_encode(&h, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex(text), out);
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_ace_hints_decode(&h, hex("a10140")));
}

TEST(osc_material)
{
    static const char text[] = "a5"
                               "004101"
                               "0101"
                               "0250"
                               "f9af838368e353e78888e1426bd94e6f"
                               "040a"
                               "054101";
    uint8_t memory[TOMTE_ACE_OSC_BYTES];
    struct tomte_ace_osc osc;
    struct tomte_span out;
    CHECK_OK(tomte_ace_osc_decode(&osc, hex(text)));
    CHECK_BYTES(hex("01"), osc.id);
    CHECK_EQ(16, osc.ms.len);
    CHECK(!osc.hkdf.given);
    CHECK_OK(tomte_ace_osc_encode(&osc, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex(text), out);
}

TEST(osc_material_malformed)
{
    uint8_t memory[TOMTE_ACE_OSC_BYTES];
    struct tomte_ace_osc osc;
    struct tomte_span out;
    static const struct {
        enum tomte_err err;
        const char *text;
    } rows[] = {
        {TOMTE_ERR_MISSING, "a0"},
        {TOMTE_ERR_MISSING, "a1004101"},
        {TOMTE_ERR_MISSING, "a10241aa"},
        {TOMTE_ERR_MISSING, "a200410102"
                            "40"},
        {TOMTE_ERR_UNKNOWN, "a3"
                            "004101"
                            "0241aa"
                            "0700"},
        {TOMTE_ERR_UNKNOWN, "a3"
                            "004101"
                            "0241aa"
                            "2000"},
        {TOMTE_ERR_UNSUPPORTED, "a3"
                                "004101"
                                "0102"
                                "0241aa"},
        {TOMTE_ERR_UNSUPPORTED, "a3"
                                "004101"
                                "0241aa"
                                "0306"},
        {TOMTE_ERR_UNSUPPORTED, "a3"
                                "004101"
                                "0241aa"
                                "041818"},
        {TOMTE_ERR_UNSUPPORTED, "a3"
                                "004101"
                                "0241aa"
                                "046161"},
        {TOMTE_ERR_TYPE, "a2"
                         "006101"
                         "0241aa"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_EQ(rows[i].err, tomte_ace_osc_decode(&osc, hex(rows[i].text)));
        CHECK(osc.ms.data == NULL);
        CHECK_EQ(TOMTE_ERR_MISSING,
                 tomte_ace_osc_encode(&osc, TOMTE_BUF_ARRAY(memory), &out));
    }
}

/* RFC 9203 section 4.3, the example of a Master Salt; without a salt of the
 * server's its place is taken by an empty string. */
TEST(osc_master_salt)
{
    uint8_t memory[64];
    struct tomte_span out, n1 = hex("018a278f7faab55a");
    struct tomte_span n2 = hex("25a8991cd700ac01");
    struct tomte_ace_osc osc = {.salt =
                                    hex("f9af838368e353e78888e1426bd94e6f")};
    CHECK_OK(
        tomte_ace_osc_master_salt(&osc, n1, n2, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex("50f9af838368e353e78888e1426bd94e6f"
                    "48018a278f7faab55a4825a8991cd700ac01"),
                out);
    osc.salt = TOMTE_SPAN_NONE;
    CHECK_OK(
        tomte_ace_osc_master_salt(&osc, n1, n2, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex("4048018a278f7faab55a4825a8991cd700ac01"), out);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_ace_osc_master_salt(&osc, n1, n2,
                                       TOMTE_BUF(memory, out.len - 1), &out));
}

TEST(osc_identifiers)
{
    struct tomte_ace_osc osc = {.id = hex("01")};
    CHECK(tomte_ace_osc_ids_fit(&osc, hex("1645"), hex("0000")));
    CHECK(tomte_ace_osc_ids_fit(&osc, hex(""), hex("00")));
    CHECK(!tomte_ace_osc_ids_fit(&osc, hex("16"), hex("16")));
    CHECK(!tomte_ace_osc_ids_fit(&osc, hex(""), hex("")));
    CHECK(tomte_ace_osc_ids_fit(&osc, hex("01020304050607"), hex("00")));
    CHECK(!tomte_ace_osc_ids_fit(&osc, hex("0102030405060708"), hex("00")));
    CHECK(!tomte_ace_osc_ids_fit(&osc, hex("00"), hex("0102030405060708")));
    osc.alg.given = true;
    osc.alg.value = TOMTE_ALG_CCM_64_64_128; /* a nonce of 7 leaves one */
    CHECK(!tomte_ace_osc_ids_fit(&osc, hex("1645"), hex("00")));
    CHECK(tomte_ace_osc_ids_fit(&osc, hex("16"), hex("00")));
}
