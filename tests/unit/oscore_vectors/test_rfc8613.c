/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8613 appendix C, byte for byte, with BearSSL: derivation (C.1 to C.3),
 * requests (C.4 to C.6), responses (C.7, C.8), each sent and received; and the
 * keys that follow from RFC 9203's example. */
#include "test.h"

#include "coap/message.h"
#include "crypto/bearssl.h"
#include "oscore/oscore.h"

#define MS   "0102030405060708090a0b0c0d0e0f10"
#define SALT "9e7ca92223786340"
#define CTX  "37cbf3210017a2d3"
#define URI  "3974396c6f63616c686f737483747631" /* token's rest, host, path */

struct keys {
    const char *secret, *salt, *context, *client_id, *server_id;
    const char *client_key, *server_key, *iv;
};

static const struct keys c1 = {.secret = MS,
                               .salt = SALT,
                               .client_id = "",
                               .server_id = "01",
                               .client_key = "f0910ed7295e6ad4b54fc793154302ff",
                               .server_key = "ffb14e093c94c9cac9471648b4f98710",
                               .iv = "4622d4dd6d944168eefb54987c"};
static const struct keys c2 = {.secret = MS,
                               .salt = "",
                               .client_id = "00",
                               .server_id = "01",
                               .client_key = "321b26943253c7ffb6003b0b64d74041",
                               .server_key = "e57b5635815177cd679ab4bcec9d7dda",
                               .iv = "be35ae297d2dace910c52e99f9"};
static const struct keys c3 = {.secret = MS,
                               .salt = SALT,
                               .context = CTX,
                               .client_id = "",
                               .server_id = "01",
                               .client_key = "af2a1300a5e95788b356336eeecd2b92",
                               .server_key = "e39a0c7c77b43f03b4b39ab9a268699f",
                               .iv = "2ca58fb85ff1b81c0b7181b85e"};

/* Good until it was called 32 times more. */
static struct tomte_span hex(const char *text)
{
    static uint8_t memory[32][64];
    static size_t next;
    return test_hex(text, TOMTE_BUF_ARRAY(memory[next++ % 32]));
}

static void make(struct tomte_oscore *o, const struct keys *k, bool client)
{
    struct tomte_oscore_config c = {
        .master_secret = hex(k->secret),
        .master_salt = hex(k->salt),
        .sender_id = hex(client ? k->client_id : k->server_id),
        .recipient_id = hex(client ? k->server_id : k->client_id),
        .has_id_context = k->context != NULL,
        .send_id_context = true,
        .volatile_keys = true};
    if (k->context != NULL)
        c.id_context = hex(k->context);
    CHECK_OK(tomte_oscore_init(o, &tomte_crypto_bearssl, &c));
}

static void check_keys(const struct keys *k)
{
    for (int client = 0; client < 2; client++) {
        struct tomte_oscore o;
        make(&o, k, client);
        CHECK_BYTES(hex(client ? k->client_key : k->server_key),
                    TOMTE_SPAN(o.sender_key, o.key_len));
        CHECK_BYTES(hex(client ? k->server_key : k->client_key),
                    TOMTE_SPAN(o.recipient_key, o.key_len));
        CHECK_BYTES(hex(k->iv), TOMTE_SPAN(o.common_iv, o.nonce_len));
        tomte_oscore_wipe(&o);
    }
}

TEST(c1_to_c3_key_derivation)
{
    check_keys(&c1);
    check_keys(&c2);
    check_keys(&c3);
}

/* Master Salt: the encodings of input salt, N1 and N2, one after the other
 * (RFC 9203 section 4.3). The keys are not in the RFC. */
TEST(rfc_9203_example)
{
    struct keys k = {.secret = "f9af838368e353e78888e1426bd94e6f",
                     .salt = "50f9af838368e353e78888e1426bd94e6f"
                             "48018a278f7faab55a4825a8991cd700ac01",
                     .client_id = "0000",
                     .server_id = "1645",
                     .client_key = "b27e21a6e8904c69367a7903b60c19ae",
                     .server_key = "7ca38f735b2e0866341bfe149795d547",
                     .iv = "7c3b80ba46ee86b866da7b6718"};
    check_keys(&k);
    k.salt = "4048018a278f7faab55a4825a8991cd700ac01";
    k.client_key = "8554dd374eb4cecca6e09e2d9ba84480";
    k.server_key = "091b6d7f314c85f03f0ab33c223191ed";
    k.iv = "3e5e3bd86f4f46cf3a1608a332";
    check_keys(&k);
}

/* The datagram with the parts of another message. */
static struct tomte_span encode(const struct tomte_coap_msg *like,
                                const struct tomte_coap_parts *parts,
                                struct tomte_buf out)
{
    struct tomte_coap_msg m = *like;
    struct tomte_span datagram;
    m.code = parts->code;
    m.options = parts->options;
    m.payload = parts->payload;
    CHECK_OK(tomte_coap_encode(&m, out, &datagram));
    return datagram;
}

static struct tomte_coap_parts parts_of(const struct tomte_coap_msg *m)
{
    return (struct tomte_coap_parts){
        .code = m->code, .options = m->options, .payload = m->payload};
}

static void check_request(const struct keys *k, const char *plain_hex,
                          const char *protected_hex)
{
    struct tomte_oscore client, server;
    struct tomte_oscore_exchange x, y;
    struct tomte_coap_msg m;
    struct tomte_coap_parts plain, outer, back;
    uint8_t room[128], more[128], datagram[128];
    struct tomte_span original = hex(plain_hex);
    make(&client, k, true);
    make(&server, k, false);
    client.next = 20;
    CHECK_OK(tomte_coap_decode(original, &m));
    plain = parts_of(&m);
    CHECK_OK(tomte_oscore_protect_request(&client, &plain,
                                          TOMTE_BUF_ARRAY(room), &x, &outer));
    CHECK_BYTES(hex(protected_hex),
                encode(&m, &outer, TOMTE_BUF_ARRAY(datagram)));
    CHECK_EQ(20, x.piv);
    CHECK_OK(tomte_oscore_unprotect_request(&server, &outer,
                                            TOMTE_BUF_ARRAY(more), &y, &back));
    CHECK_BYTES(original, encode(&m, &back, TOMTE_BUF_ARRAY(datagram)));
    CHECK_EQ(20, y.piv);
    CHECK_EQ(TOMTE_ERR_STALE,
             tomte_oscore_unprotect_request(&server, &outer,
                                            TOMTE_BUF_ARRAY(more), &y, &back));
}

TEST(c4_request)
{
    check_request(&c1, "44015d1f0000" URI,
                  "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f"
                  "1c1668b3825e");
}

TEST(c5_request_without_salt)
{
    check_request(&c2, "440171c30000b932396c6f63616c686f737483747631",
                  "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379"
                  "b0b8bc731fffb0");
}

TEST(c6_request_with_kid_context)
{
    check_request(&c3, "44012f8eef9bbf7a396c6f63616c686f737483747631",
                  "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2"
                  "d3ff72cd7273fd331ac45cffbe55c3");
}

static void check_response(bool own_number, const char *protected_hex)
{
    struct tomte_oscore client, server;
    struct tomte_oscore_exchange sx = {.piv = 20, .answered = own_number};
    struct tomte_oscore_exchange cx = {.piv = 20, .client = true};
    struct tomte_coap_msg m;
    struct tomte_coap_parts plain, outer, back;
    uint8_t room[128], more[128], datagram[128];
    struct tomte_span original =
        hex("64455d1f00003974ff48656c6c6f20576f726c6421");
    make(&client, &c1, true);
    make(&server, &c1, false);
    CHECK_OK(tomte_coap_decode(original, &m));
    plain = parts_of(&m);
    CHECK_OK(tomte_oscore_protect_response(&server, &sx, &plain,
                                           TOMTE_BUF_ARRAY(room), &outer));
    CHECK_BYTES(hex(protected_hex),
                encode(&m, &outer, TOMTE_BUF_ARRAY(datagram)));
    CHECK_OK(tomte_oscore_unprotect_response(&client, &cx, &outer,
                                             TOMTE_BUF_ARRAY(more), &back));
    CHECK_BYTES(original, encode(&m, &back, TOMTE_BUF_ARRAY(datagram)));
}

TEST(c7_response)
{
    check_response(false, "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c3152437830"
                          "3cdafae119106");
}

TEST(c8_response_with_partial_iv)
{
    check_response(true, "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4"
                         "b8658c666a6cf88e");
}
