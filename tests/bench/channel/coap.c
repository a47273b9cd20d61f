/* SPDX-License-Identifier: Apache-2.0 */
/* libcoap as client and as server: a PUT of the payload, answered 2.04. Built
 * twice: without security, and with DTLS and a pre-shared key. VARIANT is con
 * (the default) or non; each pair is a session of its own. */
#include "load.h"

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <string.h>
#include <sys/socket.h>

#define KEY      "0123456789abcdef"
#define IDENTITY "bench"

static struct load *load;
static coap_session_t *sessions[LOAD_PAIRS_MAX];

static coap_address_t address(uint16_t port)
{
    coap_address_t a;
    coap_address_init(&a);
    a.size = sizeof a.addr.sin;
    a.addr.sin.sin_family = AF_INET;
    a.addr.sin.sin_port = htons(port);
    a.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* ---- the server ---- */

static void on_put(coap_resource_t *r, coap_session_t *s, const coap_pdu_t *in,
                   const coap_string_t *query, coap_pdu_t *out)
{
    size_t len;
    const uint8_t *data;
    (void)r, (void)s, (void)query;
    bool got = coap_get_data(in, &len, &data) && len == load->bytes;
    coap_pdu_set_code(out, got ? COAP_RESPONSE_CODE_CHANGED
                               : COAP_RESPONSE_CODE_BAD_REQUEST);
}

_Noreturn static void serve(uint16_t port)
{
    coap_context_t *c = coap_new_context(NULL);
    coap_address_t at = address(port);
#ifdef WITH_DTLS
    coap_dtls_spsk_t psk = {.version = COAP_DTLS_SPSK_SETUP_VERSION};
    psk.psk_info.key = (coap_bin_const_t){sizeof KEY - 1, (uint8_t *)KEY};
    coap_context_set_psk2(c, &psk);
    coap_new_endpoint(c, &at, COAP_PROTO_DTLS);
#else
    coap_new_endpoint(c, &at, COAP_PROTO_UDP);
#endif
    coap_resource_t *r = coap_resource_init(coap_make_str_const("state"), 0);
    coap_register_request_handler(r, COAP_REQUEST_PUT, on_put);
    coap_add_resource(c, r);
    for (;;)
        coap_io_process(c, COAP_IO_WAIT);
}

/* ---- the client ---- */

static void put(int pair)
{
    static uint8_t payload[1024], token[2];
    bool non = strcmp(load->variant, "non") == 0;
    coap_session_t *s = sessions[pair];
    coap_pdu_t *pdu = coap_pdu_init(
        non ? COAP_MESSAGE_NON : COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT,
        coap_new_message_id(s), coap_session_max_pdu_size(s));
    token[0] = (uint8_t)(pair >> 8);
    token[1] = (uint8_t)pair;
    coap_add_token(pdu, sizeof token, token);
    coap_add_option(pdu, COAP_OPTION_URI_PATH, 5, (const uint8_t *)"state");
    coap_add_data(pdu, load->bytes, payload);
    load_sent(load, pair);
    if (coap_send(s, pdu) == COAP_INVALID_MID)
        load_fail("coap: send");
}

static coap_response_t on_answer(coap_session_t *s, const coap_pdu_t *sent,
                                 const coap_pdu_t *got, const coap_mid_t mid)
{
    (void)s, (void)sent, (void)mid;
    coap_bin_const_t token = coap_pdu_get_token(got);
    int pair = token.s[0] << 8 | token.s[1];
    if (coap_pdu_get_code(got) != COAP_RESPONSE_CODE_CHANGED)
        load_fail("coap: refused");
    load_back(load, pair);
    put(pair);
    return COAP_RESPONSE_OK;
}

static coap_session_t *open_session(coap_context_t *c, coap_address_t *to)
{
#ifdef WITH_DTLS
    coap_dtls_cpsk_t psk = {.version = COAP_DTLS_CPSK_SETUP_VERSION};
    psk.psk_info.key = (coap_bin_const_t){sizeof KEY - 1, (uint8_t *)KEY};
    psk.psk_info.identity =
        (coap_bin_const_t){sizeof IDENTITY - 1, (uint8_t *)IDENTITY};
    return coap_new_client_session_psk2(c, NULL, to, COAP_PROTO_DTLS, &psk);
#else
    return coap_new_client_session(c, NULL, to, COAP_PROTO_UDP);
#endif
}

/* The first message of each session brings its handshake; that is over before
 * the clocks start. */
static void warm_up(coap_context_t *c)
{
    for (int i = 0; i < load->pairs; i++)
        put(i);
    while (load->messages < (uint64_t)load->pairs * 4)
        coap_io_process(c, 10);
    load->messages = 0;
    memset(load->histogram, 0, sizeof load->histogram);
}

int main(int argc, char **argv)
{
    load = load_parse(argc, argv);
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    uint16_t port = load_free_port(SOCK_DGRAM);
    load->server = load_fork();
    if (load->server == 0)
        serve(port);
    coap_context_t *c = coap_new_context(NULL);
    coap_register_response_handler(c, on_answer);
    coap_address_t to = address(port);
    for (int i = 0; i < load->pairs; i++)
        if ((sessions[i] = open_session(c, &to)) == NULL)
            load_fail("coap: session");
    load_begin(load);
    warm_up(c);
    load_begin(load);
    while (!load_is_over(load))
        coap_io_process(c, 100);
    return load_end(load);
}
