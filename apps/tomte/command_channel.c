/* SPDX-License-Identifier: Apache-2.0 */
/* tomte channel get|put|watch|release. */
#include "command.h"

#include "cbor/senml.h"
#include "channel/message.h"
#include "coap/message.h"
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WATCH_IDLE_MS 3000u

static const char help[] =
    "usage: tomte channel get NAME [--json]\n"
    "       tomte channel watch NAME [--json]\n"
    "       tomte channel put NAME VALUE [--for SECONDS] [--json]\n"
    "       tomte channel release NAME [--json]\n"
    "Channels are named /room/thing/aspect. A put on an actuator overrides "
    "the\n"
    "containers, for an hour unless said; release ends it. A put on a button\n"
    "is a press, and returns when everyone who listens has taken it.\n"
    "A watch follows a channel to wherever its container goes.\n"
    "  e.g. tomte channel put /hall/button/pressed 1\n"
    "       tomte channel put /room/heater/power 0 --for 600\n";

struct target {
    struct home_run *run;
    struct client *c;
    const char *text;
    struct tomte_addr addr;
    struct tomte_channel_name name;
    unsigned kind;
    bool json;
    size_t last_len; /* what a watch printed last */
    uint8_t last[TOMTE_LIMIT_MESSAGE_BYTES];
    bool again;   /* the next one may be that again */
    bool heard;   /* since the last registration */
    bool waiting; /* and said so */
};

static int print_value(const struct target *t, struct tomte_span payload)
{
    char value[64];
    double number;
    struct tomte_senml record;
    status_value(payload, value);
    bool text =
        tomte_senml_decode(payload, TOMTE_CBOR_LENIENT, &record) == TOMTE_OK &&
        record.value.type == TOMTE_SENML_TEXT;
    if (!t->json) {
        printf("%s\n", value);
        return 0;
    }
    printf("{\"channel\":");
    json_text(tomte_span_str(t->text));
    printf(",\"value\":");
    if (status_number(payload, &number))
        printf("%.12g}\n", number);
    else {
        json_text(text ? record.value.s : tomte_span_str(value));
        printf("}\n");
    }
    return 0;
}

static int get(const struct target *t)
{
    struct client_answer a = client_get(t->c, &t->addr, t->text, NULL);
    if (a.err != TOMTE_OK)
        return failed(a.err, "get", t->text);
    return print_value(t, TOMTE_SPAN(a.data, a.len));
}

static bool on_news(void *ctx, struct tomte_span payload)
{
    struct target *t = ctx;
    bool same =
        t->again && tomte_span_equal(payload, TOMTE_SPAN(t->last, t->last_len));
    t->again = t->waiting = false;
    t->heard = true;
    if (same || payload.len > sizeof t->last)
        return true;
    memcpy(t->last, payload.data, payload.len);
    t->last_len = payload.len;
    print_value(t, payload);
    fflush(stdout);
    return true;
}

/* Said once, until there is news again. */
static void tell_waiting(struct target *t)
{
    if (!t->waiting)
        fprintf(stderr, "tomte: nobody serves %s now, waiting\n", t->text);
    t->waiting = true;
}

/* A channel that is silent may have moved, with its container. */
static int watch(struct target *t)
{
    for (;;) {
        t->heard = false;
        client_set_timeout(t->c, 2000);
        enum tomte_err err =
            client_observe(t->c, &t->addr, t->text, WATCH_IDLE_MS, on_news, t);
        if (err != TOMTE_OK && err != TOMTE_ERR_TIMEOUT &&
            err != TOMTE_ERR_NOT_FOUND)
            return failed(err, "watch", t->text);
        if (!t->heard)
            tell_waiting(t);
        t->again = true;
        while (find_channel(t->run, t->c, &t->name, &t->addr, &t->kind) !=
               TOMTE_OK) {
            tell_waiting(t);
            usleep(200000);
        }
    }
}

static int put(const struct target *t, const char *text, const char *seconds)
{
    uint8_t memory[64];
    char query[32], *end;
    struct tomte_span payload;
    double v = strtod(text, &end);
    if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0)
        v = strcmp(text, "on") == 0;
    else if (end == text || *end != 0) {
        fprintf(stderr, "tomte: '%s' is no number, nor on or off\n", text);
        return 100;
    }
    struct tomte_senml record = {.value = tomte_senml_whole(v)};
    enum tomte_err err =
        tomte_senml_encode(&record, TOMTE_BUF_ARRAY(memory), &payload);
    if (err != TOMTE_OK)
        return failed(err, "put", text);
    if (seconds != NULL)
        snprintf(query, sizeof query, "for=%lu", strtoul(seconds, NULL, 10));
    bool actuator = t->kind == TOMTE_NODE_ACTUATOR;
    client_set_timeout(t->c, 8000);
    struct client_answer a = client_send(
        t->c, &t->addr, actuator ? TOMTE_COAP_PUT : TOMTE_COAP_POST, t->text,
        seconds != NULL ? query : NULL, TOMTE_FORMAT_SENML_CBOR, payload);
    if (a.err != TOMTE_OK)
        return failed(a.err, "put", t->text);
    done(t->json, "put", t->text, NULL);
    return 0;
}

static int release(const struct target *t)
{
    struct client_answer a = client_send(t->c, &t->addr, TOMTE_COAP_DELETE,
                                         t->text, NULL, -1, TOMTE_SPAN_NONE);
    if (a.err != TOMTE_OK)
        return failed(a.err, "release", t->text);
    done(t->json, "release", t->text, NULL);
    return 0;
}

static int run_verb(struct target *t, int argc, char **argv, const char *f)
{
    const char *verb = argv[1];
    if (strcmp(verb, "get") == 0 && argc == 3)
        return get(t);
    if (strcmp(verb, "watch") == 0 && argc == 3)
        return watch(t);
    if (strcmp(verb, "put") == 0 && argc == 4)
        return put(t, argv[3], f);
    if (strcmp(verb, "release") == 0 && argc == 3)
        return release(t);
    return misused(argc, argv, help);
}

static bool is_verb(const char *text)
{
    static const char *const verbs[] = {"get", "watch", "put", "release"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(text, verbs[i]) == 0)
            return true;
    return false;
}

int command_channel(int argc, char **argv)
{
    static struct home_run run;
    struct target t = {.run = &run};
    int status;
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    const char *seconds = take_option(&argc, argv, "--for");
    t.json = take_flag(&argc, argv, "--json");
    if (argc < 3 || !is_verb(argv[1]))
        return misused(argc, argv, help);
    t.text = argv[2];
    if (tomte_channel_name_parse(tomte_span_str(t.text), &t.name) != TOMTE_OK) {
        fprintf(stderr, "tomte: %s is no channel name like /room/lamp/on\n",
                t.text);
        return 3;
    }
    if (!open_home(&run, &t.c, dir, &status))
        return status;
    enum tomte_err err = find_channel(&run, t.c, &t.name, &t.addr, &t.kind);
    client_set_timeout(t.c, 5000);
    status = err == TOMTE_OK ? run_verb(&t, argc, argv, seconds)
                             : failed(err, "find the channel", t.text);
    client_close(t.c);
    return status;
}
