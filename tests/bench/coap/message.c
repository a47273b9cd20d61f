/* SPDX-License-Identifier: Apache-2.0 */
/* A PUT as one node sends it to another: build it, and read what a server wants
 * to know of it.
 *
 * The peer is libcoap, as its own server uses it: a PDU from the heap for each
 * message, and the path that was read as a string from the heap. It gives no
 * access to the step that writes the header's four bytes, so its building is
 * without that, and it is given the path in its segments. */
#include "bench.h"
#include "exchange.h"

#include "coap/message.h"

#include <string.h>

#ifdef HAVE_PEER
#include <coap3/coap.h>
#endif

#define PATH    "/hall/heater/power"
#define FORMAT  112 /* SenML in CBOR */
#define PAYLOAD "\x81\xa2\x20\x70hall/heater/po\x02\xfa\x3f\x00\x00\x00"

static const uint8_t token[4] = {1, 2, 3, 4};
static uint8_t datagram[128];
static struct tomte_span message;

static void build(void)
{
    uint8_t memory[64];
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT(PATH));
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, FORMAT);
    struct tomte_coap_msg m = {.type = TOMTE_COAP_CON,
                               .code = TOMTE_COAP_PUT,
                               .mid = 4711,
                               .token_len = sizeof token,
                               .payload = TOMTE_SPAN_LIT(PAYLOAD)};
    memcpy(m.token, token, sizeof token);
    BENCH_CHECK(tomte_coap_options_end(&o, &m.options) == TOMTE_OK);
    BENCH_CHECK(tomte_coap_encode(&m, TOMTE_BUF_ARRAY(datagram), &message) ==
                TOMTE_OK);
}

static void parse(void)
{
    uint8_t memory[64];
    struct tomte_coap_msg m;
    struct tomte_span path;
    uint32_t format = 0;
    BENCH_CHECK(tomte_coap_decode(message, &m) == TOMTE_OK);
    BENCH_CHECK(tomte_coap_get_path(m.options, TOMTE_BUF_ARRAY(memory),
                                    &path) == TOMTE_OK);
    BENCH_CHECK(tomte_coap_find_uint(m.options, TOMTE_COAP_OPT_CONTENT_FORMAT,
                                     &format));
    BENCH_CHECK(path.len == sizeof PATH - 1 && format == FORMAT &&
                m.payload.len == sizeof PAYLOAD - 1);
}

#ifdef HAVE_PEER
static const char *const peer = "libcoap";

static void add(coap_pdu_t *pdu, uint16_t number, const char *text)
{
    BENCH_CHECK(
        coap_add_option(pdu, number, strlen(text), (const uint8_t *)text) != 0);
}

static void peer_build(void)
{
    static const uint8_t format = FORMAT;
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT,
                                    4711, sizeof datagram);
    BENCH_CHECK(pdu != NULL && coap_add_token(pdu, sizeof token, token) != 0);
    add(pdu, COAP_OPTION_URI_PATH, "hall");
    add(pdu, COAP_OPTION_URI_PATH, "heater");
    add(pdu, COAP_OPTION_URI_PATH, "power");
    BENCH_CHECK(coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1, &format) !=
                0);
    BENCH_CHECK(
        coap_add_data(pdu, sizeof PAYLOAD - 1, (const uint8_t *)PAYLOAD) != 0);
    coap_delete_pdu(pdu);
}

static void peer_parse(void)
{
    coap_pdu_t *pdu = coap_pdu_init(0, 0, 0, message.len);
    coap_opt_iterator_t it;
    size_t len = 0;
    const uint8_t *data;
    BENCH_CHECK(pdu != NULL && coap_pdu_parse(COAP_PROTO_UDP, message.data,
                                              message.len, pdu) > 0);
    coap_string_t *path = coap_get_uri_path(pdu);
    coap_opt_t *opt = coap_check_option(pdu, COAP_OPTION_CONTENT_FORMAT, &it);
    BENCH_CHECK(path != NULL && path->length == sizeof PATH - 2);
    BENCH_CHECK(opt != NULL &&
                coap_decode_var_bytes(coap_opt_value(opt),
                                      coap_opt_length(opt)) == FORMAT);
    BENCH_CHECK(coap_get_data(pdu, &len, &data) && len == sizeof PAYLOAD - 1);
    coap_delete_string(path);
    coap_delete_pdu(pdu);
}
#else
static const char *const peer = NULL;
#define peer_build NULL
#define peer_parse NULL
#endif

int main(void)
{
    build();
    bench_time("coap/build", build, peer, peer_build);
    bench_time("coap/parse", parse, peer, peer_parse);
    bench_exchange();
    return 0;
}
