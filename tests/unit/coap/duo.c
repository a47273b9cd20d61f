/* SPDX-License-Identifier: Apache-2.0 */
#include "duo.h"

#include <stdio.h>
#include <stdlib.h>

static void drain(struct duo *d, int who);
static void log_time(struct duo *d, int who, char sign);
static void log_msg(struct duo *d, const struct tomte_coap_msg *m);

struct tomte_coap_config duo_config(void)
{
    struct tomte_coap_config c = tomte_coap_config_default(42);
    c.params.random_permille = c.link.random_permille = 1000;
    return c;
}

struct duo *duo_strangers(void)
{
    struct tomte_coap_config c = duo_config();
    return duo_start(&c, false);
}

struct duo *duo_home(void)
{
    struct tomte_coap_config c = duo_config();
    return duo_start(&c, true);
}

struct duo *duo_start(const struct tomte_coap_config *config, bool home)
{
    static struct duo duo;
    struct duo *d = &duo;
    for (int i = 0; i < 2; i++)
        free(d->memory[i]);
    memset(d, 0, sizeof *d);
    tomte_text_init(&d->log, d->text, sizeof d->text);
    d->now_ms = 1000;
    size_t size = tomte_coap_memory(config);
    for (int i = 0; i < 2; i++) {
        struct tomte_coap_config c = *config;
        struct tomte_arena arena;
        c.seed += (uint64_t)i;
        d->memory[i] = malloc(size);
        CHECK(d->memory[i] != NULL);
        tomte_arena_init(&arena, d->memory[i], size);
        CHECK_OK(tomte_coap_init(&d->ep[i], &c, &arena));
        d->addr[i] =
            tomte_addr_ipv4((uint8_t[]){10, 0, 0, (uint8_t)(i + 1)}, 5683);
    }
    for (int i = 0; home && i < 2; i++)
        CHECK_OK(tomte_coap_link(&d->ep[i], d->now_ms, &d->addr[1 - i]));
    return d;
}

void duo_settle(struct duo *d)
{
    drain(d, A);
    drain(d, B);
    while (d->on_wire != 0) {
        struct duo_packet p = d->wire[0];
        d->on_wire--;
        memmove(d->wire, d->wire + 1, sizeof p * (size_t)d->on_wire);
        tomte_coap_step(&d->ep[p.to], &(struct tomte_coap_event){
                                          .kind = TOMTE_COAP_EVENT_DATAGRAM,
                                          .now_ms = d->now_ms,
                                          .from = d->addr[1 - p.to],
                                          .bytes = TOMTE_SPAN(p.bytes, p.len)});
        drain(d, p.to);
    }
}

void duo_elapse(struct duo *d, uint64_t ms)
{
    uint64_t until = d->now_ms + ms;
    duo_settle(d);
    for (;;) {
        uint64_t a = tomte_coap_deadline(&d->ep[A]);
        uint64_t b = tomte_coap_deadline(&d->ep[B]);
        uint64_t next = a < b ? a : b;
        if (next > until)
            break;
        d->now_ms = next > d->now_ms ? next : d->now_ms;
        for (int i = 0; i < 2; i++) {
            tomte_coap_step(&d->ep[i], &(struct tomte_coap_event){
                                           .kind = TOMTE_COAP_EVENT_TIMER,
                                           .now_ms = d->now_ms});
            drain(d, i);
        }
        duo_settle(d);
    }
    d->now_ms = until;
}

void duo_check(struct duo *d, const char *file, int line, const char *expected)
{
    if (strcmp(expected, d->text) != 0) {
        printf("--- expected\n%s--- happened\n%s---\n", expected, d->text);
        test_fail(file, line, "transcript differs");
    }
    tomte_text_init(&d->log, d->text, sizeof d->text);
}

static struct tomte_span path_options(uint8_t *memory, size_t cap,
                                      const char *path, int observe)
{
    struct tomte_coap_options o;
    struct tomte_span list;
    tomte_coap_options_init(&o, TOMTE_BUF(memory, cap));
    tomte_coap_put_path(&o, tomte_span_str(path));
    if (observe >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, (uint32_t)observe);
    CHECK_OK(tomte_coap_options_end(&o, &list));
    return list;
}

uint32_t duo_ask(struct duo *d, bool confirmable, uint8_t code,
                 const char *path, int observe, const char *payload)
{
    uint8_t memory[64];
    uint32_t handle = 0;
    static uint64_t cookie;
    CHECK_OK(tomte_coap_request(
        &d->ep[A], d->now_ms,
        &(struct tomte_coap_request){
            .to = d->addr[B],
            .parts = {.code = code,
                      .options =
                          path_options(memory, sizeof memory, path, observe),
                      .payload = tomte_span_str(payload)},
            .cookie = ++cookie,
            .confirmable = confirmable},
        &handle));
    return handle;
}

enum tomte_err duo_answer(struct duo *d, uint8_t code, const char *payload)
{
    return tomte_coap_respond(
        &d->ep[B], d->now_ms, d->request[B],
        &(struct tomte_coap_parts){.code = code,
                                   .payload = tomte_span_str(payload)});
}

uint32_t duo_accept(struct duo *d, const char *payload)
{
    uint32_t handle;
    CHECK_OK(tomte_coap_observe(&d->ep[B], d->request[B], 7, 70, &handle));
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, payload));
    return handle;
}

enum tomte_err duo_notify(struct duo *d, uint32_t observer, const char *payload,
                          bool confirm)
{
    return tomte_coap_notify(
        &d->ep[B], d->now_ms, observer,
        &(struct tomte_coap_parts){.code = TOMTE_COAP_CONTENT,
                                   .payload = tomte_span_str(payload)},
        confirm);
}

struct tomte_coap_config duo_observe_config(void)
{
    struct tomte_coap_config c = duo_config();
    c.params.stale_min_ms = c.params.stale_max_ms = 5000;
    c.link.stale_min_ms = c.link.stale_max_ms = 100;
    return c;
}

struct duo *duo_observing(bool home, uint32_t *observer, uint32_t *handle)
{
    struct tomte_coap_config c = duo_observe_config();
    struct duo *d = duo_start(&c, home);
    *handle = duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
    duo_settle(d);
    *observer = duo_accept(d, "20");
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 GET t1 /t observe 0\n"
             "     0 B: request GET /t observe 0\n"
             "     0 B> ACK m1 2.05 t1 observe 1 \"20\"\n"
             "     0 A: response 2.05 observe 1 \"20\"\n");
    CHECK_EQ(*observer, tomte_coap_next_observer(&d->ep[B], 7, 0));
    return d;
}

enum tomte_err duo_renew(struct duo *d, uint32_t handle, uint32_t observe)
{
    uint8_t memory[8];
    struct tomte_coap_options o;
    struct tomte_span list;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/t"));
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, observe);
    CHECK_OK(tomte_coap_options_end(&o, &list));
    return tomte_coap_renew(
        &d->ep[A], d->now_ms, handle,
        &(struct tomte_coap_parts){.code = TOMTE_COAP_GET, .options = list});
}

enum tomte_err duo_inject(struct duo *d, int to, const struct tomte_addr *from,
                          const char *hex)
{
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    enum tomte_err err = tomte_coap_step(
        &d->ep[to], &(struct tomte_coap_event){
                        .kind = TOMTE_COAP_EVENT_DATAGRAM,
                        .now_ms = d->now_ms,
                        .from = *from,
                        .bytes = test_hex(hex, TOMTE_BUF_ARRAY(bytes))});
    drain(d, to);
    return err;
}

/* tomte_text keeps control characters out. */
static void end_line(struct duo *d)
{
    CHECK(d->log.len + 2 < sizeof d->text);
    d->text[d->log.len++] = '\n';
    d->text[d->log.len] = 0;
}

static void put_on_wire(struct duo *d, int from,
                        const struct tomte_coap_effect *e)
{
    struct tomte_coap_msg m;
    CHECK_OK(tomte_coap_decode(e->bytes, &m));
    log_time(d, from, '>');
    log_msg(d, &m);
    bool other = !tomte_addr_equal(&e->peer, &d->addr[1 - from]);
    int copies = other ? 0 : d->lose & 1 ? 0 : d->twice & 1 ? 2 : 1;
    tomte_text_str(&d->log, other         ? " (elsewhere)"
                            : copies == 0 ? " (lost)"
                            : copies == 2 ? " (twice)"
                                          : "");
    end_line(d);
    d->lose >>= 1;
    d->twice >>= 1;
    for (; copies > 0; copies--) {
        CHECK(d->on_wire < 64);
        struct duo_packet *p = &d->wire[d->on_wire++];
        p->to = 1 - from;
        p->len = e->bytes.len;
        memcpy(p->bytes, e->bytes.data, e->bytes.len);
    }
}

static void drain(struct duo *d, int who)
{
    static const char *const names[] = {"",       "send", "request", "response",
                                        "failed", "pong", "stale",   "gone"};
    struct tomte_coap_effect e;
    while (tomte_coap_poll(&d->ep[who], &e)) {
        if (e.kind == TOMTE_COAP_SEND) {
            put_on_wire(d, who, &e);
            continue;
        }
        log_time(d, who, ':');
        tomte_text_str(&d->log, names[e.kind]);
        if (e.kind == TOMTE_COAP_REQUEST || e.kind == TOMTE_COAP_RESPONSE)
            log_msg(d, &e.msg);
        if (e.kind == TOMTE_COAP_FAILED || e.kind == TOMTE_COAP_GONE) {
            tomte_text_char(&d->log, ' ');
            tomte_text_str(&d->log, tomte_err_name(e.err));
        }
        tomte_text_str(&d->log, e.last ? " last" : "");
        end_line(d);
        if (e.kind == TOMTE_COAP_REQUEST)
            d->request[who] = e.handle;
        if (e.kind == TOMTE_COAP_RESPONSE)
            d->response[who] = e.handle;
        if (e.kind == TOMTE_COAP_GONE)
            d->gone[who] = e.handle;
    }
}

static void log_time(struct duo *d, int who, char sign)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%6llu ",
                     (unsigned long long)(d->now_ms - 1000));
    tomte_text_span(&d->log, TOMTE_SPAN(digits, (size_t)n));
    tomte_text_char(&d->log, (char)('A' + who));
    tomte_text_char(&d->log, sign);
    tomte_text_char(&d->log, ' ');
}

static unsigned name_mid(struct duo *d, uint16_t mid)
{
    int i = 0;
    while (i < d->mid_count && d->mids[i] != mid)
        i++;
    CHECK(i < 64);
    d->mids[i] = mid;
    if (i == d->mid_count)
        d->mid_count++;
    return (unsigned)i + 1;
}

static unsigned name_token(struct duo *d, const struct tomte_coap_msg *m)
{
    uint8_t key[9] = {m->token_len};
    memcpy(key + 1, m->token, 8);
    int i = 0;
    while (i < d->token_count && memcmp(d->tokens[i], key, 9) != 0)
        i++;
    CHECK(i < 64);
    memcpy(d->tokens[i], key, 9);
    if (i == d->token_count)
        d->token_count++;
    return (unsigned)i + 1;
}

static void log_code(struct duo *d, uint8_t code)
{
    char text[8];
    if (tomte_coap_class(code) == 0)
        tomte_text_str(&d->log, tomte_coap_code_name(code));
    else
        tomte_text_span(
            &d->log, TOMTE_SPAN(text, (size_t)snprintf(
                                          text, sizeof text, "%u.%02u",
                                          tomte_coap_class(code), code & 31u)));
}

static void log_msg(struct duo *d, const struct tomte_coap_msg *m)
{
    static const char *const types[] = {"CON", "NON", "ACK", "RST"};
    struct tomte_text *t = &d->log;
    bool wire = t->len > 2 && t->data[t->len - 2] == '>';
    if (wire) {
        tomte_text_str(t, types[m->type]);
        tomte_text_str(t, " m");
        tomte_text_u64(t, name_mid(d, m->mid));
    }
    if (m->code == 0)
        return;
    tomte_text_char(t, ' ');
    log_code(d, m->code);
    if (wire && m->token_len != 0) {
        tomte_text_str(t, " t");
        tomte_text_u64(t, name_token(d, m));
    }
    uint8_t path[64];
    struct tomte_span text;
    if (tomte_coap_is_request(m->code) &&
        tomte_coap_get_path(m->options, TOMTE_BUF_ARRAY(path), &text) ==
            TOMTE_OK) {
        tomte_text_char(t, ' ');
        tomte_text_span(t, text);
    }
    uint32_t observe;
    if (tomte_coap_find_uint(m->options, TOMTE_COAP_OPT_OBSERVE, &observe)) {
        tomte_text_str(t, " observe ");
        tomte_text_u64(t, observe);
    }
    if (m->payload.len != 0) {
        tomte_text_str(t, " \"");
        tomte_text_span(t, m->payload);
        tomte_text_str(t, "\"");
    }
}
