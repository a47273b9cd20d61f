/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include "cbor/senml.h"

#include <stdio.h>
#include <string.h>

static void get_name(struct tomte_cbor_dec *d, struct tomte_name *out)
{
    struct tomte_span text = TOMTE_SPAN_NONE;
    memset(out, 0, sizeof *out);
    if (tomte_cbor_peek(d) == TOMTE_CBOR_NULL) {
        tomte_cbor_skip(d);
        return;
    }
    text = tomte_cbor_get_text(d);
    if (text.len > 0 && tomte_name_parse(text, out) != TOMTE_OK)
        tomte_cbor_fail(d, TOMTE_ERR_MALFORMED);
}

static void get_channel(struct tomte_cbor_dec *d,
                        struct tomte_channel_name *out)
{
    if (tomte_channel_name_parse(tomte_cbor_get_text(d), out) != TOMTE_OK)
        tomte_cbor_fail(d, TOMTE_ERR_MALFORMED);
}

/* What a node says may not rewrite a terminal. */
static void get_text(struct tomte_cbor_dec *d, char *out, size_t cap)
{
    struct tomte_text t;
    tomte_text_init(&t, out, cap);
    tomte_text_span(&t, tomte_cbor_get_text(d));
}

static void get_slot(struct tomte_cbor_dec *d, struct status_slot *s)
{
    get_name(d, &s->identity);
    s->epoch = tomte_cbor_get_uint(d);
    s->part = (unsigned)tomte_cbor_get_uint(d);
    get_text(d, s->phase, sizeof s->phase);
    s->sequence = tomte_cbor_get_uint(d);
    get_text(d, s->reason, sizeof s->reason);
    s->denied = tomte_cbor_get_uint(d);
    s->traps = tomte_cbor_get_uint(d);
}

static void get_cell(struct tomte_cbor_dec *d, struct status_cell *c)
{
    get_channel(d, &c->channel);
    get_name(d, &c->writer);
    c->epoch = tomte_cbor_get_uint(d);
    c->revision = tomte_cbor_get_uint(d);
    c->age_ms = tomte_cbor_get_uint(d);
    (void)tomte_cbor_get_uint(d); /* format */
    struct tomte_span payload = tomte_cbor_get_bytes(d);
    c->len = payload.len < sizeof c->payload ? payload.len : 0;
    if (c->len > 0)
        memcpy(c->payload, payload.data, c->len);
}

static void get_resource(struct tomte_cbor_dec *d, struct status_resource *r)
{
    struct tomte_name identity;
    get_channel(d, &r->channel);
    r->kind = (unsigned)tomte_cbor_get_uint(d);
    r->driven_by = (unsigned)tomte_cbor_get_uint(d);
    r->override_ms = tomte_cbor_get_uint(d);
    r->stale_writes = tomte_cbor_get_uint(d);
    tomte_cbor_enter_array(d);
    while (tomte_cbor_more(d)) {
        tomte_cbor_enter_array(d);
        get_name(d, &identity);
        uint64_t epoch = tomte_cbor_get_uint(d);
        r->fence = epoch > r->fence ? epoch : r->fence;
        r->fences_len++;
        tomte_cbor_leave(d);
    }
    tomte_cbor_leave(d);
}

static void get_node(struct tomte_cbor_dec *d, struct status_node *n)
{
    get_name(d, &n->name);
    struct tomte_span ip = tomte_cbor_get_bytes(d);
    if (ip.len == sizeof n->addr.ip)
        memcpy(n->addr.ip, ip.data, ip.len);
    n->addr.port = (uint16_t)tomte_cbor_get_uint(d);
    n->standing = (unsigned)tomte_cbor_get_uint(d);
    n->confirmed = tomte_cbor_get_uint(d);
    n->keeper = tomte_cbor_get_bool(d);
}

static unsigned get_names(struct tomte_cbor_dec *d, struct tomte_name list[8])
{
    unsigned len = 0;
    struct tomte_name rest;
    tomte_cbor_enter_array(d);
    while (tomte_cbor_more(d)) {
        get_name(d, len < 8 ? &list[len] : &rest);
        len += len < 8;
    }
    tomte_cbor_leave(d);
    return len;
}

static void get_container(struct tomte_cbor_dec *d, struct status_container *c)
{
    get_name(d, &c->identity);
    c->state = (unsigned)tomte_cbor_get_uint(d);
    c->epoch = tomte_cbor_get_uint(d);
    get_name(d, &c->owner);
    c->standbys_len = get_names(d, c->standbys);
    c->insync_len = get_names(d, c->insync);
    c->report = (unsigned)tomte_cbor_get_uint(d);
    c->stopped = tomte_cbor_get_bool(d);
    (void)tomte_cbor_get_bytes(d);
    (void)tomte_cbor_get_uint(d);
}

/* An array of arrays into a table; what has no room is passed over. */
#define GET_TABLE(d, out, len, cap, get)                                       \
    do {                                                                       \
        tomte_cbor_enter_array(d);                                             \
        while (tomte_cbor_more(d)) {                                           \
            if ((len) == (cap)) {                                              \
                tomte_cbor_skip(d);                                            \
                continue;                                                      \
            }                                                                  \
            tomte_cbor_enter_array(d);                                         \
            get(d, &(out)[(len)++]);                                           \
            tomte_cbor_leave(d);                                               \
        }                                                                      \
        tomte_cbor_leave(d);                                                   \
    } while (0)

static void get_home(struct tomte_cbor_dec *d, struct status *s)
{
    s->has_home = true;
    tomte_cbor_enter_map(d);
    tomte_cbor_need_key(d, 0);
    s->version = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, 1);
    s->lease_ms = (uint32_t)tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, 2);
    GET_TABLE(d, s->nodes, s->nodes_len, STATUS_NODES, get_node);
    tomte_cbor_need_key(d, 3);
    GET_TABLE(d, s->containers, s->containers_len, STATUS_HOME, get_container);
    tomte_cbor_leave(d);
}

enum tomte_err status_decode(struct tomte_span bytes, struct status *s)
{
    struct tomte_cbor_dec d;
    memset(s, 0, sizeof *s);
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, 0);
    if (tomte_cbor_get_uint(&d) != 1)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    tomte_cbor_need_key(&d, 1);
    get_name(&d, &s->name);
    tomte_cbor_need_key(&d, 2);
    s->boot = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, 3);
    s->now_ms = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, 4);
    s->leased = tomte_cbor_get_bool(&d);
    tomte_cbor_need_key(&d, 5);
    s->confirmed = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, 6);
    GET_TABLE(&d, s->slots, s->slots_len, STATUS_SLOTS, get_slot);
    tomte_cbor_need_key(&d, 7);
    GET_TABLE(&d, s->cells, s->cells_len, STATUS_CELLS, get_cell);
    tomte_cbor_need_key(&d, 8);
    GET_TABLE(&d, s->resources, s->resources_len, STATUS_RESOURCES,
              get_resource);
    if (tomte_cbor_has_key(&d, 9))
        get_home(&d, s);
    tomte_cbor_leave(&d);
    s->here = tomte_cbor_decode_done(&d) == TOMTE_OK;
    return tomte_cbor_decode_done(&d);
}

void status_lines_init(struct status_lines *it, struct tomte_span bytes)
{
    tomte_cbor_decode_init(&it->dec, bytes, 0);
    tomte_cbor_enter_array(&it->dec);
}

bool status_lines_next(struct status_lines *it, struct status_line *line)
{
    struct tomte_cbor_dec *d = &it->dec;
    if (!tomte_cbor_more(d))
        return false;
    tomte_cbor_enter_array(d);
    line->number = tomte_cbor_get_uint(d);
    line->at_ms = tomte_cbor_get_uint(d);
    line->level = (unsigned)tomte_cbor_get_uint(d);
    line->repeats = tomte_cbor_get_uint(d);
    get_text(d, line->text, sizeof line->text);
    tomte_cbor_leave(d);
    return tomte_cbor_ok(d);
}

enum tomte_err status_get(struct client *c, const struct tomte_addr *addr,
                          struct status *out)
{
    memset(out, 0, sizeof *out);
    struct client_answer a = client_get(c, addr, "/.tomte/status", NULL);
    if (a.err != TOMTE_OK)
        return a.err;
    return status_decode(TOMTE_SPAN(a.data, a.len), out);
}

const struct status_cell *status_cell(const struct status *s,
                                      const struct tomte_channel_name *name)
{
    for (size_t i = 0; i < s->cells_len; i++)
        if (tomte_channel_name_equal(&s->cells[i].channel, name))
            return &s->cells[i];
    return NULL;
}

bool status_number(struct tomte_span senml, double *out)
{
    struct tomte_senml r;
    if (senml.len == 0 ||
        tomte_senml_decode(senml, TOMTE_CBOR_LENIENT, &r) != TOMTE_OK)
        return false;
    if (r.value.type == TOMTE_SENML_BOOL) {
        *out = r.value.b;
        return true;
    }
    return tomte_senml_number(&r.value, out) == TOMTE_OK;
}

void status_value(struct tomte_span senml, char out[64])
{
    struct tomte_senml r;
    struct tomte_text t;
    double v;
    if (senml.len == 0) {
        snprintf(out, 64, "-");
    } else if (tomte_senml_decode(senml, TOMTE_CBOR_LENIENT, &r) != TOMTE_OK) {
        tomte_text_init(&t, out, 64);
        tomte_text_hex(&t, senml);
    } else if (r.value.type == TOMTE_SENML_BOOL) {
        snprintf(out, 64, "%s", r.value.b ? "on" : "off");
    } else if (r.value.type == TOMTE_SENML_TEXT) {
        tomte_text_init(&t, out, 64);
        tomte_text_span(&t, r.value.s);
    } else if (status_number(senml, &v)) {
        snprintf(out, 64, "%.6g", v);
    } else {
        snprintf(out, 64, "?");
    }
}
