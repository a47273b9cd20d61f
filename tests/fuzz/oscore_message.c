/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of any content at a client and a server: nothing that was not
 * protected comes through, and what a peer with the key protects, whatever it
 * is, is taken apart without harm.
 *
 * The first byte says what: 0 a datagram, as request and as answer; 1 the same
 * as the plaintext that the peer encrypts; 2 a request of ours, changed; 3 one
 * that somebody on the way gave the options of a datagram. */
#include "base/base.h"
#include "coap/message.h"
#include "oscore/oscore_private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tomte_oscore client, server;
static uint8_t room[2048], opened[2048];

static void start(struct tomte_oscore *o, bool is_client)
{
    struct tomte_oscore_config c = {
        .master_secret = TOMTE_SPAN_LIT("secret"),
        .sender_id = is_client ? TOMTE_SPAN_LIT("c") : TOMTE_SPAN_LIT("s"),
        .recipient_id = is_client ? TOMTE_SPAN_LIT("s") : TOMTE_SPAN_LIT("c"),
        .volatile_keys = true};
    enum tomte_err err = tomte_oscore_init(o, &tomte_crypto_fake, &c);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static void check_plain(const struct tomte_coap_parts *plain)
{
    struct tomte_coap_msg m = {.code = plain->code,
                               .options = plain->options,
                               .payload = plain->payload};
    struct tomte_span datagram;
    static uint8_t memory[4096];
    TOMTE_ASSERT(tomte_coap_encode(&m, TOMTE_BUF_ARRAY(memory), &datagram) ==
                 TOMTE_OK);
}

static enum tomte_err serve(const struct tomte_coap_parts *message)
{
    struct tomte_oscore_exchange x;
    struct tomte_coap_parts plain;
    enum tomte_err err = tomte_oscore_unprotect_request(
        &server, message, TOMTE_BUF_ARRAY(opened), &x, &plain);
    if (err == TOMTE_OK)
        check_plain(&plain);
    return err;
}

static enum tomte_err hear(const struct tomte_coap_parts *message, bool observe)
{
    struct tomte_oscore_exchange x = {.client = true, .observe = observe};
    struct tomte_coap_parts plain;
    enum tomte_err err = tomte_oscore_unprotect_response(
        &client, &x, message, TOMTE_BUF_ARRAY(opened), &plain);
    if (err == TOMTE_OK)
        check_plain(&plain);
    return err;
}

static void try_datagram(struct tomte_span in)
{
    struct tomte_coap_msg m;
    if (tomte_coap_decode(in, &m) != TOMTE_OK)
        return;
    struct tomte_coap_parts p = {
        .code = m.code, .options = m.options, .payload = m.payload};
    TOMTE_ASSERT(serve(&p) != TOMTE_OK);
    TOMTE_ASSERT(hear(&p, true) != TOMTE_OK);
}

static void try_plaintext(struct tomte_span in)
{
    struct oscore_seal how = {.key =
                                  TOMTE_SPAN(client.sender_key, client.key_len),
                              .nonce_id = oscore_sender(&client),
                              .request_kid = oscore_sender(&client)};
    static const uint8_t request[] = {0x93, 0x09, 0x00, 'c'};
    static const uint8_t response[] = {0x90};
    struct tomte_coap_parts p = {.options = TOMTE_SPAN_ARRAY(request)};
    if (in.len == 0 || in.len > sizeof room - 16)
        return;
    memcpy(room, in.data, in.len);
    TOMTE_ASSERT(oscore_encrypt(&client, &how, TOMTE_SPAN(room, in.len),
                                TOMTE_BUF_ARRAY(room), &p.payload) == TOMTE_OK);
    enum tomte_err err = serve(&p);
    TOMTE_ASSERT(err == TOMTE_OK || err == TOMTE_ERR_INVALID ||
                 err == TOMTE_ERR_OPTION);
    how.key = TOMTE_SPAN(server.sender_key, server.key_len);
    memcpy(room, in.data, in.len);
    TOMTE_ASSERT(oscore_encrypt(&server, &how, TOMTE_SPAN(room, in.len),
                                TOMTE_BUF_ARRAY(room), &p.payload) == TOMTE_OK);
    p.options = TOMTE_SPAN_ARRAY(response);
    err = hear(&p, (in.data[0] & 1) != 0);
    TOMTE_ASSERT(err == TOMTE_OK || err == TOMTE_ERR_INVALID ||
                 err == TOMTE_ERR_OPTION);
}

/* Pairs of place and value, written over the message. */
static void try_changed(struct tomte_span in)
{
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_PUT,
                                     .options = TOMTE_SPAN_LIT("\xb1t"),
                                     .payload = TOMTE_SPAN_LIT("payload")};
    struct tomte_coap_parts message;
    struct tomte_oscore_exchange x;
    enum tomte_err err = tomte_oscore_protect_request(
        &client, &plain, TOMTE_BUF_ARRAY(room), &x, &message);
    TOMTE_ASSERT(err == TOMTE_OK);
    uint8_t before[128];
    size_t len = message.options.len + message.payload.len;
    memcpy(before, room, len);
    for (size_t i = 0; i + 1 < in.len; i += 2)
        if (in.data[i] < len)
            room[in.data[i]] = in.data[i + 1];
    bool same = memcmp(before, room, len) == 0;
    TOMTE_ASSERT(same == (serve(&message) == TOMTE_OK));
}

/* Whatever is added outside, the request passes, and says what it said. */
static void try_outer(struct tomte_span in)
{
    static uint8_t memory[2048];
    struct tomte_coap_msg m;
    struct tomte_coap_options list;
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_PUT,
                                     .options = TOMTE_SPAN_LIT("\xb1t"),
                                     .payload = TOMTE_SPAN_LIT("payload")};
    struct tomte_coap_parts message;
    struct tomte_oscore_exchange x;
    if (tomte_coap_decode(in, &m) != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_oscore_protect_request(&client, &plain,
                                              TOMTE_BUF_ARRAY(room), &x,
                                              &message) == TOMTE_OK);
    tomte_coap_options_init(&list, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_all(&list, message.options);
    tomte_coap_iter_init(&it, m.options);
    while (tomte_coap_iter_next(&it, &each))
        if (each.number != TOMTE_COAP_OPT_OSCORE)
            tomte_coap_put(&list, each.number, each.value);
    if (tomte_coap_options_end(&list, &message.options) == TOMTE_OK &&
        message.options.len < 1900)
        TOMTE_ASSERT(serve(&message) == TOMTE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tomte_oscore new_client, new_server;
    if (size == 0)
        return 0;
    struct tomte_span in = TOMTE_SPAN(data + 1, size - 1);
    if (new_client.crypto == NULL) {
        start(&new_client, true);
        start(&new_server, false);
    }
    client = new_client;
    server = new_server;
    if (data[0] % 4 == 0)
        try_datagram(in);
    else if (data[0] % 4 == 1)
        try_plaintext(in);
    else if (data[0] % 4 == 2)
        try_changed(in);
    else
        try_outer(in);
    return 0;
}
