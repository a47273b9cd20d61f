/* SPDX-License-Identifier: Apache-2.0 */
/* What is protected, what is outside, and what is refused. */
#include "pair.h"

#include "oscore/oscore_private.h"

static struct pair p;
static struct list list;
static struct note sent, got, back, heard;

/* One request of `plain` through to the server. */
static enum tomte_err pass(const struct tomte_coap_parts *plain)
{
    pair_make(&p);
    CHECK_OK(ask(&p.client, plain, &sent));
    return serve(&p.server, &sent, &got);
}

static void check_same(const struct tomte_coap_parts *a,
                       const struct tomte_coap_parts *b)
{
    CHECK_EQ(a->code, b->code);
    CHECK_BYTES(a->options, b->options);
    CHECK_BYTES(a->payload, b->payload);
}

TEST(contexts_that_cannot_be_are_refused)
{
    struct tomte_oscore o, zero;
    struct tomte_oscore_config c = pair_config(true);
    const struct tomte_crypto *fake = &tomte_crypto_fake;
    memset(&zero, 0, sizeof zero);
    c.master_secret = TOMTE_SPAN_NONE;
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_oscore_init(&o, fake, &c));
    c = pair_config(true);
    c.recipient_id = c.sender_id;
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_oscore_init(&o, fake, &c));
    c = pair_config(true);
    c.sender_id = TOMTE_SPAN_LIT("7 bytes");
    CHECK_OK(tomte_oscore_init(&o, fake, &c));
    c.sender_id = TOMTE_SPAN_LIT("8 bytes.");
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_oscore_init(&o, fake, &c));
    c = pair_config(true);
    c.alg = TOMTE_ALG_CCM_64_64_128; /* nonce of 7: IDs of 1 */
    CHECK_OK(tomte_oscore_init(&o, fake, &c));
    c.recipient_id = TOMTE_SPAN_LIT("ab");
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_oscore_init(&o, fake, &c));
    c = pair_config(true);
    c.has_id_context = true;
    c.id_context = TOMTE_SPAN_LIT("17 bytes are many");
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_oscore_init(&o, fake, &c));
    c.has_id_context = false;
    c.alg = TOMTE_ALG_SHA_256;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_oscore_init(&o, fake, &c));
    CHECK(memcmp(&o, &zero, sizeof o) == 0);
}

TEST(every_algorithm_carries_a_message)
{
    static const int64_t algs[] = {
        TOMTE_ALG_CCM_16_64_128,  TOMTE_ALG_CCM_16_64_256,
        TOMTE_ALG_CCM_64_64_128,  TOMTE_ALG_CCM_64_64_256,
        TOMTE_ALG_CCM_16_128_128, TOMTE_ALG_CCM_16_128_256,
        TOMTE_ALG_CCM_64_128_128, TOMTE_ALG_CCM_64_128_256};
    struct tomte_coap_parts plain = get(&list, -1);
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        struct tomte_oscore_config c = pair_config(true),
                                   s = pair_config(false);
        c.alg = s.alg = algs[i];
        CHECK_OK(tomte_oscore_init(&p.client, &tomte_crypto_fake, &c));
        CHECK_OK(tomte_oscore_init(&p.server, &tomte_crypto_fake, &s));
        CHECK_OK(ask(&p.client, &plain, &sent));
        CHECK_OK(serve(&p.server, &sent, &got));
        check_same(&plain, &got.parts);
    }
}

TEST(a_request_comes_through_and_hides_what_it_is)
{
    struct tomte_coap_parts plain = get(&list, -1);
    plain.payload = TOMTE_SPAN_LIT("payload");
    CHECK_OK(pass(&plain));
    check_same(&plain, &got.parts);
    CHECK_EQ(TOMTE_COAP_POST, sent.parts.code);
    CHECK_EQ(1 + plain.options.len + 1 + 7 + 8, sent.parts.payload.len);
    CHECK(sent.parts.options.len + sent.parts.payload.len <=
          plain.options.len + plain.payload.len + TOMTE_OSCORE_OVERHEAD_BYTES);
    CHECK(!got.x.fresh && !got.x.observe && !got.x.client);
}

/* Every option that src/coap knows, one by one. */
TEST(each_option_travels_by_its_class)
{
    static const struct {
        uint16_t number, shortest;
    } rows[] = {
#define O(name, number, shortest, longest, repeat) {number, shortest},
        TOMTE_COAP_OPTION_TABLE(O)
#undef O
            {65000, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t n = rows[i].number;
        struct tomte_span value = TOMTE_SPAN_LIT("abc"), found;
        value.len = rows[i].shortest;
        list_start(&list);
        tomte_coap_put(&list.o, n, value);
        struct tomte_coap_parts plain = {.code = TOMTE_COAP_GET,
                                         .options = list_end(&list)};
        pair_make(&p);
        if (n == TOMTE_COAP_OPT_OSCORE || n == TOMTE_COAP_OPT_EDHOC ||
            n == TOMTE_COAP_OPT_PROXY_URI) {
            CHECK_EQ(TOMTE_ERR_OPTION, ask(&p.client, &plain, &sent));
            continue;
        }
        CHECK_OK(pass(&plain));
        check_same(&plain, &got.parts);
        bool outside = tomte_coap_find(sent.parts.options, n, &found);
        CHECK_EQ(tomte_oscore_class(n) != TOMTE_OSCORE_INNER, outside);
        bool observes = n == TOMTE_COAP_OPT_OBSERVE;
        CHECK_EQ(observes ? TOMTE_COAP_FETCH : TOMTE_COAP_POST,
                 sent.parts.code);
    }
}

/* Options for a proxy and inner ones come together in one list again. */
TEST(outer_options_join_the_inner_ones)
{
    list_start(&list);
    tomte_coap_put(&list.o, TOMTE_COAP_OPT_URI_HOST, TOMTE_SPAN_LIT("node"));
    tomte_coap_put_uint(&list.o, TOMTE_COAP_OPT_URI_PORT, 5700);
    tomte_coap_put_path(&list.o, TOMTE_SPAN_LIT("/a/b"));
    tomte_coap_put(&list.o, TOMTE_COAP_OPT_PROXY_SCHEME,
                   TOMTE_SPAN_LIT("coap"));
    tomte_coap_put_uint(&list.o, TOMTE_COAP_OPT_NO_RESPONSE, 26);
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_PUT,
                                     .options = list_end(&list),
                                     .payload = TOMTE_SPAN_LIT("x")};
    CHECK_OK(pass(&plain));
    check_same(&plain, &got.parts);
    struct tomte_span found;
    CHECK(
        !tomte_coap_find(sent.parts.options, TOMTE_COAP_OPT_URI_PATH, &found));
    CHECK(!tomte_coap_find(sent.parts.options, TOMTE_COAP_OPT_NO_RESPONSE,
                           &found));
}

/* What a proxy, or an attacker, adds outside changes nothing inside. */
TEST(outer_options_of_class_e_are_dropped)
{
    static const uint16_t added[] = {
        TOMTE_COAP_OPT_URI_PATH,   TOMTE_COAP_OPT_IF_MATCH,
        TOMTE_COAP_OPT_OBSERVE,    TOMTE_COAP_OPT_BLOCK1,
        TOMTE_COAP_OPT_URI_QUERY,  TOMTE_COAP_OPT_ECHO,
        TOMTE_COAP_OPT_ETAG,       TOMTE_COAP_OPT_MAX_AGE,
        TOMTE_COAP_OPT_NO_RESPONSE};
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    struct list more;
    list_start(&more);
    tomte_coap_put_all(&more.o, sent.parts.options);
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++)
        tomte_coap_put(&more.o, added[i], TOMTE_SPAN_LIT("\1"));
    sent.parts.options = list_end(&more);
    CHECK_OK(serve(&p.server, &sent, &got));
    check_same(&plain, &got.parts);
}

TEST(a_response_comes_through_and_hides_what_it_is)
{
    struct list list2;
    struct tomte_coap_parts plain = get(&list, -1);
    struct tomte_coap_parts reply = content(&list2, "21.5", -1);
    CHECK_OK(pass(&plain));
    CHECK_OK(answer(&p.server, &got.x, &reply, &back));
    CHECK_EQ(TOMTE_COAP_CHANGED, back.parts.code);
    CHECK_EQ(-1, number_of(&back));
    CHECK_EQ(1, back.parts.options.len);
    CHECK_OK(hear(&p.client, &sent.x, &back, &heard));
    check_same(&reply, &heard.parts);
    /* there is one answer to one request */
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &sent.x, &back, &heard));
    CHECK_OK(answer(&p.server, &got.x, &reply, &back));
    CHECK_EQ(0, number_of(&back));
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &sent.x, &back, &heard));
}

TEST(an_answer_to_another_request_is_refused)
{
    struct list list2;
    struct tomte_coap_parts plain = get(&list, -1);
    struct tomte_coap_parts reply = content(&list2, "21.5", -1);
    CHECK_OK(pass(&plain));
    struct tomte_oscore_exchange first = sent.x;
    CHECK_OK(answer(&p.server, &got.x, &reply, &back));
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_EQ(TOMTE_ERR_DENIED, hear(&p.client, &sent.x, &back, &heard));
    /* also when it has a number of its own */
    got.x.answered = true;
    CHECK_OK(answer(&p.server, &got.x, &reply, &back));
    CHECK_EQ(TOMTE_ERR_DENIED, hear(&p.client, &sent.x, &back, &heard));
    CHECK_OK(hear(&p.client, &first, &back, &heard));
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &first, &back, &heard));
}

TEST(a_message_is_not_its_own_answer)
{
    struct tomte_coap_parts plain = get(&list, -1);
    CHECK_OK(pass(&plain));
    CHECK_EQ(TOMTE_ERR_DENIED, hear(&p.client, &sent.x, &sent, &heard));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, serve(&p.client, &sent, &got));
}

/* Each bit of option and ciphertext. */
TEST(no_bit_can_be_changed)
{
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    size_t options = sent.parts.options.len;
    size_t all = options + sent.parts.payload.len;
    CHECK(sent.parts.payload.data == sent.bytes + options);
    for (size_t bit = 0; bit < 8 * all; bit++) {
        if (bit < 8)
            continue; /* the head of the option: another number or length */
        sent.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum tomte_err err = serve(&p.server, &sent, &got);
        CHECK(err == TOMTE_ERR_DENIED || err == TOMTE_ERR_MALFORMED ||
              err == TOMTE_ERR_NOT_FOUND);
        sent.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_OK(serve(&p.server, &sent, &got)); /* nothing moved the window */
    for (size_t len = 0; len < sent.parts.payload.len; len++) {
        struct note cut = sent;
        cut.parts.payload.len = len;
        p.server.window = (struct tomte_oscore_window){0};
        CHECK_EQ(len == 0 ? TOMTE_ERR_MALFORMED : TOMTE_ERR_DENIED,
                 serve(&p.server, &cut, &got));
    }
}

TEST(malformed_and_foreign_requests)
{
    static const struct {
        const char *option;
        size_t len;
        enum tomte_err err;
    } rows[] = {{"", 0, TOMTE_ERR_MALFORMED}, /* neither number nor kid */
                {"\x01\x05", 2, TOMTE_ERR_MALFORMED},
                {"\x08s", 2, TOMTE_ERR_MALFORMED},
                {"\x20", 1, TOMTE_ERR_MALFORMED},
                {"\x09\x05x", 3, TOMTE_ERR_NOT_FOUND},
                {"\x19\x05\x01yc", 5, TOMTE_ERR_NOT_FOUND},
                {"\x09\x05"
                 "c",
                 3, TOMTE_ERR_DENIED}};
    pair_make(&p);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        list_start(&list);
        tomte_coap_put(&list.o, TOMTE_COAP_OPT_OSCORE,
                       TOMTE_SPAN(rows[i].option, rows[i].len));
        sent.parts = (struct tomte_coap_parts){
            .code = TOMTE_COAP_POST,
            .options = list_end(&list),
            .payload = TOMTE_SPAN_LIT("some ciphertext")};
        CHECK_EQ(rows[i].err, serve(&p.server, &sent, &got));
    }
    tomte_coap_put(&list.o, TOMTE_COAP_OPT_OSCORE,
                   TOMTE_SPAN_LIT("\x09\x06"
                                  "c"));
    sent.parts.options = list_end(&list);
    CHECK_EQ(TOMTE_ERR_MALFORMED, serve(&p.server, &sent, &got));
    sent.parts.options = TOMTE_SPAN_NONE;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, serve(&p.server, &sent, &got));
    struct tomte_oscore_exchange x = {.client = true};
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, hear(&p.client, &x, &sent, &heard));
}

TEST(a_kid_context_selects)
{
    struct tomte_oscore_config s = pair_config(false);
    struct tomte_oscore o;
    struct tomte_oscore_option option = {.has_kid = true,
                                         .kid = TOMTE_SPAN_LIT("c")};
    s.has_id_context = true;
    s.id_context = TOMTE_SPAN_LIT("here");
    CHECK_OK(tomte_oscore_init(&o, &tomte_crypto_fake, &s));
    CHECK(tomte_oscore_is_for(&o, &option));
    option.has_kid_context = true;
    CHECK(!tomte_oscore_is_for(&o, &option));
    option.kid_context = TOMTE_SPAN_LIT("here");
    CHECK(tomte_oscore_is_for(&o, &option));
    option.has_kid = false;
    CHECK(!tomte_oscore_is_for(&o, &option));
}

/* Authentic, from a sender that is mad: an answer is due, protected. */
TEST(authentic_nonsense)
{
    static const uint8_t codes[] = {TOMTE_COAP_CONTENT, TOMTE_COAP_EMPTY, 0xff};
    for (size_t i = 0; i < sizeof codes; i++) {
        struct tomte_coap_parts plain = {.code = codes[i]};
        CHECK_EQ(TOMTE_ERR_INVALID, pass(&plain));
        CHECK_EQ(TOMTE_ERR_STALE, serve(&p.server, &sent, &got));
    }
    struct list list2;
    struct tomte_coap_parts plain = get(&list, -1), reply = get(&list2, -1);
    CHECK_OK(pass(&plain));
    CHECK_OK(answer(&p.server, &got.x, &reply, &back));
    CHECK_EQ(TOMTE_ERR_INVALID, hear(&p.client, &sent.x, &back, &heard));
}

/* What is for proxies is not taken from inside. */
TEST(outer_options_inside)
{
    static const uint8_t request[] = {0x93, 0x09, 0x00, 'c'};
    struct oscore_seal how = {.key = TOMTE_SPAN(p.client.sender_key, 16),
                              .nonce_id = oscore_sender(&p.client),
                              .request_kid = oscore_sender(&p.client)};
    pair_make(&p);
    memcpy(sent.bytes, "\1\x39localhost", 11);
    sent.parts = (struct tomte_coap_parts){
        .code = TOMTE_COAP_POST, .options = TOMTE_SPAN_ARRAY(request)};
    CHECK_OK(oscore_encrypt(&p.client, &how, TOMTE_SPAN(sent.bytes, 11),
                            TOMTE_BUF_ARRAY(sent.bytes), &sent.parts.payload));
    CHECK_EQ(TOMTE_ERR_OPTION, serve(&p.server, &sent, &got));
    /* it was authentic: the answer is protected, and it is taken */
    struct tomte_coap_parts reply = {.code = TOMTE_COAP_BAD_OPTION};
    CHECK_OK(answer(&p.server, &got.x, &reply, &back));
    CHECK_EQ(TOMTE_ERR_STALE, serve(&p.server, &sent, &got));
}

/* Room is checked before a byte is written, on both ways. */
TEST(any_size_of_room)
{
    struct tomte_coap_parts plain = get(&list, 0), message, again;
    struct tomte_oscore_exchange x, y;
    plain.payload = TOMTE_SPAN_LIT("0123456789");
    uint8_t *out = sent.bytes;
    for (size_t cap = 0;; cap++) {
        pair_make(&p);
        memset(out, 0xee, sizeof sent.bytes);
        enum tomte_err err = tomte_oscore_protect_request(
            &p.client, &plain, TOMTE_BUF(out, cap), &x, &message);
        CHECK_EQ(0xee, out[cap]);
        if (err == TOMTE_OK)
            break;
        CHECK_EQ(TOMTE_ERR_FULL, err);
        CHECK(cap < plain.options.len + plain.payload.len +
                        TOMTE_OSCORE_OVERHEAD_BYTES);
    }
    size_t need = message.payload.len - 8;
    for (size_t cap = 0; cap < need; cap++)
        CHECK_EQ(TOMTE_ERR_FULL, tomte_oscore_unprotect_request(
                                     &p.server, &message,
                                     TOMTE_BUF(got.bytes, cap), &y, &again));
    CHECK_OK(tomte_oscore_unprotect_request(
        &p.server, &message, TOMTE_BUF(got.bytes, need), &y, &again));
    check_same(&plain, &again);
}

/* A request that does not fit is not taken: it can be tried with more room. */
TEST(any_size_of_room_for_outer_options)
{
    struct tomte_coap_parts opened;
    struct tomte_oscore_exchange x;
    list_start(&list);
    tomte_coap_put(&list.o, TOMTE_COAP_OPT_URI_HOST, TOMTE_SPAN_LIT("node"));
    tomte_coap_put_path(&list.o, TOMTE_SPAN_LIT("/a/b"));
    tomte_coap_put(&list.o, TOMTE_COAP_OPT_PROXY_SCHEME,
                   TOMTE_SPAN_LIT("coap"));
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_GET,
                                     .options = list_end(&list)};
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    size_t cap = 0;
    for (;; cap++) {
        memset(got.bytes, 0xee, sizeof got.bytes);
        enum tomte_err err = tomte_oscore_unprotect_request(
            &p.server, &sent.parts, TOMTE_BUF(got.bytes, cap), &x, &opened);
        CHECK_EQ(0xee, got.bytes[cap]);
        if (err == TOMTE_OK)
            break;
        CHECK_EQ(TOMTE_ERR_FULL, err);
    }
    CHECK(cap <= 2 * (sent.parts.payload.len + sent.parts.options.len));
    check_same(&plain, &opened);
}

/* The plaintext takes the place of the ciphertext. */
TEST(a_message_is_opened_in_place)
{
    struct tomte_coap_parts plain = get(&list, -1), opened;
    plain.payload = TOMTE_SPAN_LIT("payload");
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    uint8_t *at = sent.bytes + sent.parts.options.len;
    CHECK_OK(tomte_oscore_unprotect_request(
        &p.server, &sent.parts, TOMTE_BUF(at, sent.parts.payload.len), &got.x,
        &opened));
    check_same(&plain, &opened);
}

TEST(refusals_say_what_the_rfc_says)
{
    static const struct {
        enum tomte_err err;
        uint8_t code;
        const char *text;
    } rows[] = {
        {TOMTE_ERR_MALFORMED, TOMTE_COAP_CODE(4, 2), "Failed to decode COSE"},
        {TOMTE_ERR_NOT_FOUND, TOMTE_COAP_CODE(4, 1),
         "Security context not found"},
        {TOMTE_ERR_STALE, TOMTE_COAP_CODE(4, 1), "Replay detected"},
        {TOMTE_ERR_DENIED, TOMTE_COAP_CODE(4, 0), "Decryption failed"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t memory[2];
        uint32_t max_age = 9;
        struct tomte_coap_parts a;
        tomte_oscore_refuse(rows[i].err, TOMTE_BUF_ARRAY(memory), &a);
        CHECK_EQ(rows[i].code, a.code);
        CHECK_BYTES(tomte_span_str(rows[i].text), a.payload);
        CHECK(
            tomte_coap_find_uint(a.options, TOMTE_COAP_OPT_MAX_AGE, &max_age));
        CHECK_EQ(0, max_age);
    }
    uint8_t memory[2];
    struct tomte_coap_parts a;
    EXPECT_PANIC(
        tomte_oscore_refuse(TOMTE_ERR_FULL, TOMTE_BUF_ARRAY(memory), &a));
}

/* Inner blocks are options like others. Outer ones are a proxy's: put together
 * before anything is unprotected, and dropped then. */
TEST(blocks_inside_and_outside)
{
    struct tomte_coap_block inner = {.num = 3, .more = true, .szx = 2}, found;
    list_start(&list);
    tomte_coap_put_path(&list.o, TOMTE_SPAN_LIT("/t"));
    tomte_coap_put_block(&list.o, TOMTE_COAP_OPT_BLOCK1, &inner);
    tomte_coap_put_uint(&list.o, TOMTE_COAP_OPT_SIZE1, 1000);
    struct tomte_coap_parts plain = {
        .code = TOMTE_COAP_PUT,
        .options = list_end(&list),
        .payload = TOMTE_SPAN_LIT("0123456789abcdef0123456789abcdef"
                                  "0123456789abcdef0123456789abcdef")};
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_coap_find_block(sent.parts.options, TOMTE_COAP_OPT_BLOCK1,
                                   &found));

    /* a proxy cuts the ciphertext into blocks of 16, the server joins them */
    uint8_t joined[256];
    size_t len = 0;
    struct tomte_coap_block outer = {.szx = 0};
    struct list last;
    for (; len < sent.parts.payload.len; outer.num++) {
        struct tomte_span piece = tomte_span_slice(sent.parts.payload, len, 16);
        outer.more = len + piece.len < sent.parts.payload.len;
        memcpy(joined + len, piece.data, piece.len);
        len += piece.len;
        list_start(&last);
        tomte_coap_put_all(&last.o, sent.parts.options);
        tomte_coap_put_block(&last.o, TOMTE_COAP_OPT_BLOCK1, &outer);
        struct note one = {.parts = {.code = TOMTE_COAP_POST,
                                     .options = list_end(&last),
                                     .payload = piece}};
        CHECK_EQ(TOMTE_ERR_DENIED, serve(&p.server, &one, &got));
    }
    sent.parts.options = list_end(&last);
    sent.parts.payload = TOMTE_SPAN(joined, len);
    CHECK_OK(serve(&p.server, &sent, &got));
    check_same(&plain, &got.parts);
}
