/* SPDX-License-Identifier: Apache-2.0 */
/* What a protected message costs both ends together, protect and unprotect: a
 * request with a path and 64 bytes of payload, and its answer. The peer is the
 * same with BearSSL's portable AES. "own" is without encryption: what this room
 * does itself. */
#include "bench.h"

#include "crypto/bearssl.h"
#include "oscore/oscore.h"

static struct tomte_oscore client[3], server[3];
static struct tomte_coap_parts plain_request, plain_answer;
static uint8_t payload[64];

static enum tomte_err no_encrypt(const struct tomte_aead *how,
                                 struct tomte_buf data, uint8_t *tag)
{
    (void)how;
    (void)data;
    (void)tag;
    return TOMTE_OK;
}

static enum tomte_err no_decrypt(const struct tomte_aead *how,
                                 struct tomte_buf data, const uint8_t *tag)
{
    (void)how;
    (void)data;
    (void)tag;
    return TOMTE_OK;
}

static void exchange(struct tomte_oscore *c, struct tomte_oscore *s)
{
    uint8_t there[256], in[256], back[256], out[256];
    struct tomte_oscore_exchange x, y;
    struct tomte_coap_parts message, plain;
    BENCH_CHECK(tomte_oscore_protect_request(c, &plain_request,
                                             TOMTE_BUF_ARRAY(there), &x,
                                             &message) == TOMTE_OK);
    BENCH_CHECK(tomte_oscore_unprotect_request(s, &message, TOMTE_BUF_ARRAY(in),
                                               &y, &plain) == TOMTE_OK);
    BENCH_CHECK(plain.payload.len == sizeof payload);
    BENCH_CHECK(tomte_oscore_protect_response(s, &y, &plain_answer,
                                              TOMTE_BUF_ARRAY(back),
                                              &message) == TOMTE_OK);
    BENCH_CHECK(tomte_oscore_unprotect_response(
                    c, &x, &message, TOMTE_BUF_ARRAY(out), &plain) == TOMTE_OK);
}

static void fast(void)
{
    exchange(&client[0], &server[0]);
}

static void portable(void)
{
    exchange(&client[1], &server[1]);
}

static void own(void)
{
    exchange(&client[2], &server[2]);
}

static void start(struct tomte_oscore *o, bool is_client,
                  const struct tomte_crypto *c)
{
    struct tomte_oscore_config config = {
        .master_secret = TOMTE_SPAN_LIT("0123456789abcdef"),
        .sender_id = is_client ? TOMTE_SPAN_LIT("c") : TOMTE_SPAN_LIT("s"),
        .recipient_id = is_client ? TOMTE_SPAN_LIT("s") : TOMTE_SPAN_LIT("c"),
        .volatile_keys = true};
    BENCH_CHECK(tomte_oscore_init(o, c, &config) == TOMTE_OK);
}

int main(void)
{
    static struct tomte_crypto none;
    static uint8_t memory[64];
    struct tomte_coap_options options;
    none = tomte_crypto_bearssl;
    none.encrypt = no_encrypt;
    none.decrypt = no_decrypt;
    const struct tomte_crypto *const with[] = {tomte_crypto_bearssl_fastest(),
                                               &tomte_crypto_bearssl, &none};
    for (int i = 0; i < 3; i++) {
        start(&client[i], true, with[i]);
        start(&server[i], false, with[i]);
    }
    tomte_coap_options_init(&options, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&options, TOMTE_SPAN_LIT("/a/channel/temperature"));
    plain_request.code = TOMTE_COAP_PUT;
    BENCH_CHECK(tomte_coap_options_end(&options, &plain_request.options) ==
                TOMTE_OK);
    plain_request.payload = TOMTE_SPAN_ARRAY(payload);
    plain_answer.code = TOMTE_COAP_CHANGED;
    bench_time("oscore/request and answer, 64 bytes", fast, "portable AES",
               portable);
    bench_time("oscore/own share of that", own, NULL, NULL);
    return 0;
}
