/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "coap/endpoint.h"
#include "node/person.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX (1u << 20)
#define BLOCK      1024u

/* With a node: made when it is first asked. */
struct bond {
    bool used;
    struct tomte_oscore o;
};

struct client {
    int fd;
    struct owner owner;
    struct bond bonds[HOME_NODES_MAX];
    uint8_t program[TOMTE_PERSON_PROGRAM_BYTES];
    struct tomte_coap coap;
    struct tomte_arena arena;
    uint32_t timeout_ms;
    uint8_t *data;
    /* of the request under way */
    struct bond *bond; /* NULL: not sealed */
    struct tomte_oscore_exchange x;
    struct tomte_coap_request *request; /* as it is before it is sealed */
    uint8_t echo[40];
    size_t echo_len; /* the node wants to see it again */
    uint8_t room[2 * TOMTE_LIMIT_DATAGRAM_BYTES];
    bool done, again;
    enum tomte_err failed;
    uint8_t code;
    struct tomte_coap_block block1, block2;
    bool has_block2;
    uint8_t etag[8];
    size_t etag_len;
    size_t at; /* bytes of the representation so far */
    bool last;
    client_news_fn news;
    void *news_ctx;
    uint64_t news_ms; /* when there was some last */
    uint32_t idle_ms;
    bool stop;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct client *client_open(const struct owner *owner)
{
    struct client *c = calloc(1, sizeof *c);
    uint64_t seed = 1;
    if (c == NULL)
        return NULL;
    c->owner = *owner;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed ||
        getrandom(c->program, sizeof c->program, 0) != sizeof c->program)
        return free(c), NULL;
    struct tomte_coap_config config = tomte_coap_config_default(seed);
    config.params.ack_timeout_ms = 300;
    config.params.ack_delay_ms = 75;
    size_t size = tomte_coap_memory(&config);
    c->timeout_ms = 5000;
    c->data = malloc(ANSWER_MAX);
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    tomte_arena_init(&c->arena, malloc(size), size);
    if (c->fd < 0 || c->data == NULL || c->arena.base == NULL ||
        tomte_coap_init(&c->coap, &config, &c->arena) != TOMTE_OK) {
        client_close(c);
        return NULL;
    }
    return c;
}

void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->arena.base);
    free(c->data);
    tomte_wipe(c, sizeof *c);
    free(c);
}

void client_set_timeout(struct client *c, uint32_t timeout_ms)
{
    c->timeout_ms = timeout_ms;
}

/* ---- sealed ---- */

static struct bond *bond_with(struct client *c, const struct tomte_addr *addr)
{
    for (size_t i = 0; i < c->owner.nodes_len; i++) {
        const struct owner_node *n = &c->owner.nodes[i];
        struct bond *b = &c->bonds[i];
        if (!n->known || !tomte_addr_equal(&n->addr, addr))
            continue;
        if (!b->used)
            b->used = tomte_person_ask(&b->o, c->owner.crypto, c->owner.home,
                                       &c->owner.pair, n->open,
                                       c->program) == TOMTE_OK;
        return b->used ? b : NULL;
    }
    return NULL;
}

static enum tomte_err seal(struct client *c, struct tomte_coap_parts *sealed)
{
    uint8_t memory[600];
    struct tomte_coap_parts plain = c->request->parts;
    struct tomte_coap_options o;
    *sealed = plain;
    if (c->bond == NULL)
        return TOMTE_OK;
    if (c->echo_len > 0) {
        tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
        tomte_coap_put_all(&o, plain.options);
        tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO,
                       TOMTE_SPAN(c->echo, c->echo_len));
        enum tomte_err err = tomte_coap_options_end(&o, &plain.options);
        if (err != TOMTE_OK)
            return err;
    }
    return tomte_oscore_protect_request(
        &c->bond->o, &plain, TOMTE_BUF_ARRAY(c->room), &c->x, sealed);
}

/* What was inside; `last` is for it to say. An answer that is not sealed is
 * nobody's word, but where there is no other it says why. */
static bool open_answer(struct client *c, struct tomte_coap_effect *e)
{
    struct tomte_coap_parts plain, outer = {.code = e->msg.code,
                                            .options = e->msg.options,
                                            .payload = e->msg.payload};
    struct tomte_span observe;
    if (c->bond == NULL)
        return true;
    enum tomte_err err = tomte_oscore_unprotect_response(
        &c->bond->o, &c->x, &outer, TOMTE_BUF_ARRAY(c->room), &plain);
    if (err == TOMTE_ERR_NOT_FOUND && e->last)
        c->failed = tomte_coap_class(e->msg.code) == 4 ? TOMTE_ERR_UNAUTHORIZED
                                                       : TOMTE_ERR_AGAIN;
    if (err != TOMTE_OK) {
        c->done = e->last;
        return false;
    }
    e->msg.code = plain.code;
    e->msg.options = plain.options;
    e->msg.payload = plain.payload;
    e->last |=
        !tomte_coap_find(plain.options, TOMTE_COAP_OPT_OBSERVE, &observe);
    return true;
}

/* It asks whether the request is fresh. */
static bool is_challenge(struct client *c, const struct tomte_coap_msg *msg)
{
    struct tomte_span echo;
    if (c->bond == NULL || c->echo_len > 0 ||
        msg->code != TOMTE_COAP_UNAUTHORIZED ||
        !tomte_coap_find(msg->options, TOMTE_COAP_OPT_ECHO, &echo) ||
        echo.len == 0 || echo.len > sizeof c->echo)
        return false;
    memcpy(c->echo, echo.data, echo.len);
    c->echo_len = echo.len;
    return true;
}

/* ---- one exchange ---- */

static void take(struct client *c, const struct tomte_coap_msg *msg)
{
    struct tomte_span etag = TOMTE_SPAN_NONE;
    size_t len = msg->payload.len;
    c->code = msg->code;
    c->has_block2 = tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK2,
                                          &c->block2) == TOMTE_OK;
    (void)tomte_coap_find(msg->options, TOMTE_COAP_OPT_ETAG, &etag);
    c->etag_len = etag.len <= sizeof c->etag ? etag.len : 0;
    if (c->etag_len != 0)
        memcpy(c->etag, etag.data, c->etag_len);
    if (len > ANSWER_MAX - c->at)
        len = ANSWER_MAX - c->at;
    if (len != 0)
        memcpy(c->data + c->at, msg->payload.data, len);
    c->at += len;
}

static void on_response(struct client *c, struct tomte_coap_effect *e)
{
    if (!open_answer(c, e))
        return;
    c->last = e->last;
    if (is_challenge(c, &e->msg)) {
        c->again = c->done = true;
    } else if (c->news != NULL && tomte_coap_class(e->msg.code) == 2) {
        c->news_ms = now_ms();
        c->stop = !c->news(c->news_ctx, e->msg.payload);
        c->done = c->stop || e->last;
        c->code = e->msg.code;
    } else {
        take(c, &e->msg);
        c->done = true;
    }
}

static void on_effect(struct client *c, struct tomte_coap_effect *e)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons(e->peer.port)};
    memcpy(&in.sin_addr, e->peer.ip + 12, 4);
    switch (e->kind) {
    case TOMTE_COAP_SEND:
        (void)!sendto(c->fd, e->bytes.data, e->bytes.len, 0,
                      (struct sockaddr *)&in, sizeof in);
        break;
    case TOMTE_COAP_RESPONSE:
        on_response(c, e);
        break;
    case TOMTE_COAP_FAILED:
        c->failed = TOMTE_ERR_TIMEOUT;
        c->done = true;
        break;
    default:
        break;
    }
}

static void drain(struct client *c)
{
    struct tomte_coap_effect e;
    while (tomte_coap_poll(&c->coap, &e))
        on_effect(c, &e);
}

static void wait_once(struct client *c)
{
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    uint64_t at = tomte_coap_deadline(&c->coap), now = now_ms();
    uint64_t left = at > now ? at - now : 0;
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    struct tomte_coap_event e = {.kind = TOMTE_COAP_EVENT_TIMER};
    if (poll(&p, 1, (int)(left < 1000 ? left : 1000)) > 0) {
        ssize_t n = recvfrom(c->fd, bytes, sizeof bytes, 0,
                             (struct sockaddr *)&from, &len);
        if (n >= 0) {
            uint8_t ip[4];
            memcpy(ip, &from.sin_addr, sizeof ip);
            e.kind = TOMTE_COAP_EVENT_DATAGRAM;
            e.from = tomte_addr_ipv4(ip, ntohs(from.sin_port));
            e.bytes = TOMTE_SPAN(bytes, (size_t)n);
        }
    }
    e.now_ms = now_ms();
    (void)tomte_coap_step(&c->coap, &e);
    drain(c);
}

static enum tomte_err once(struct client *c)
{
    uint32_t handle;
    struct tomte_coap_request sealed = *c->request;
    c->done = c->again = false;
    c->failed = TOMTE_OK;
    sealed.confirmable = true;
    sealed.timeout_ms = c->timeout_ms;
    enum tomte_err err = seal(c, &sealed.parts);
    if (err == TOMTE_OK)
        err = tomte_coap_request(&c->coap, now_ms(), &sealed, &handle);
    if (err != TOMTE_OK)
        return err;
    drain(c);
    while (!c->done) {
        wait_once(c);
        if (c->news != NULL && now_ms() - c->news_ms > c->idle_ms) {
            c->failed = TOMTE_ERR_TIMEOUT;
            c->stop = true;
            break;
        }
    }
    if (c->stop || c->again)
        tomte_coap_cancel(&c->coap, handle);
    return c->failed;
}

static enum tomte_err exchange(struct client *c, struct tomte_coap_request *r)
{
    c->request = r;
    c->bond = bond_with(c, &r->to);
    c->echo_len = 0;
    enum tomte_err err = once(c);
    return err == TOMTE_OK && c->again ? once(c) : err;
}

static enum tomte_err options(struct tomte_coap_options *o,
                              struct tomte_buf memory, const char *path,
                              const char *query)
{
    tomte_coap_options_init(o, memory);
    tomte_coap_put_path(o, tomte_span_str(path));
    if (query != NULL)
        tomte_coap_put_query(o, tomte_span_str(query));
    return o->err;
}

static struct client_answer answer(struct client *c, enum tomte_err err)
{
    struct client_answer a = {.err = err, .code = c->code};
    if (err != TOMTE_OK)
        return a;
    a.err = tomte_err_from_coap_code(c->code);
    a.data = c->data;
    a.len = c->at;
    return a;
}

/* One block of a representation. */
static enum tomte_err get_block(struct client *c, const struct tomte_addr *to,
                                const char *path, const char *query,
                                uint32_t num)
{
    uint8_t memory[512];
    struct tomte_coap_options o;
    struct tomte_coap_block block = {.num = num, .szx = 6};
    struct tomte_coap_request r = {.to = *to,
                                   .parts = {.code = TOMTE_COAP_GET}};
    enum tomte_err err = options(&o, TOMTE_BUF_ARRAY(memory), path, query);
    /* Who answers chooses the size of the first: a channel has no blocks. */
    if (num > 0)
        tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK2, &block);
    if (err == TOMTE_OK)
        err = tomte_coap_options_end(&o, &r.parts.options);
    return err != TOMTE_OK ? err : exchange(c, &r);
}

struct client_answer client_get(struct client *c, const struct tomte_addr *to,
                                const char *path, const char *query)
{
    enum tomte_err err = TOMTE_ERR_AGAIN;
    for (int tries = 0; tries < 5 && err == TOMTE_ERR_AGAIN; tries++) {
        uint8_t etag[8];
        c->at = 0;
        err = get_block(c, to, path, query, 0);
        size_t etag_len = c->etag_len;
        memcpy(etag, c->etag, etag_len);
        for (uint32_t num = 1; err == TOMTE_OK && c->has_block2 &&
                               c->block2.more && tomte_coap_class(c->code) == 2;
             num++) {
            err = get_block(c, to, path, query, num);
            /* another representation: from the start */
            if (err == TOMTE_OK &&
                (tomte_coap_class(c->code) != 2 || c->etag_len != etag_len ||
                 memcmp(etag, c->etag, etag_len) != 0))
                err = TOMTE_ERR_AGAIN;
        }
    }
    return answer(c, err);
}

struct client_answer client_send(struct client *c, const struct tomte_addr *to,
                                 uint8_t code, const char *path,
                                 const char *query, int format,
                                 struct tomte_span payload)
{
    enum tomte_err err = TOMTE_OK;
    for (uint32_t num = 0; err == TOMTE_OK; num++) {
        uint8_t memory[512];
        struct tomte_coap_options o;
        struct tomte_coap_block block = {.num = num, .szx = 6};
        struct tomte_coap_request r = {.to = *to, .parts = {.code = code}};
        block.more = (size_t)(num + 1) * BLOCK < payload.len;
        r.parts.payload = tomte_span_slice(payload, num * BLOCK, BLOCK);
        err = options(&o, TOMTE_BUF_ARRAY(memory), path, query);
        if (format >= 0)
            tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT,
                                (uint32_t)format);
        if (payload.len > BLOCK)
            tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK1, &block);
        if (payload.len > BLOCK && num == 0)
            tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE1,
                                (uint32_t)payload.len);
        if (err == TOMTE_OK)
            err = tomte_coap_options_end(&o, &r.parts.options);
        c->at = 0;
        if (err == TOMTE_OK)
            err = exchange(c, &r);
        if (!block.more || c->code != TOMTE_COAP_CONTINUE)
            break;
    }
    return answer(c, err);
}

enum tomte_err client_observe(struct client *c, const struct tomte_addr *to,
                              const char *path, uint32_t idle_ms,
                              client_news_fn news, void *ctx)
{
    uint8_t memory[512];
    struct tomte_coap_options o;
    struct tomte_coap_request r = {.to = *to,
                                   .parts = {.code = TOMTE_COAP_GET}};
    enum tomte_err err = options(&o, TOMTE_BUF_ARRAY(memory), path, NULL);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, 0);
    if (err == TOMTE_OK)
        err = tomte_coap_options_end(&o, &r.parts.options);
    if (err != TOMTE_OK)
        return err;
    c->at = 0;
    c->stop = false;
    c->news = news;
    c->news_ctx = ctx;
    c->news_ms = now_ms();
    c->idle_ms = idle_ms;
    err = exchange(c, &r);
    c->news = NULL;
    return err != TOMTE_OK ? err : tomte_err_from_coap_code(c->code);
}
