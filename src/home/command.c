/* SPDX-License-Identifier: Apache-2.0 */
#include "home/command.h"

#include "base/text.h"
#include "home/codec.h"

enum {
    KEY_ADDR = 0,
    KEY_KEEPER = 1,
    KEY_STORE = 2,
    KEY_OFFER = 3,
    KEY_KEY = 4,
};

static void put_fields(struct tomte_cbor_enc *e, const struct tomte_command *c);
static void get_fields(struct tomte_cbor_dec *d, struct tomte_command *c);
static size_t fields(unsigned op);

void tomte_command_init(struct tomte_command *c, enum tomte_command_op op,
                        struct tomte_name name)
{
    *c = (struct tomte_command){.op = (uint8_t)op, .name = name};
}

enum tomte_err tomte_command_encode(const struct tomte_command *c,
                                    struct tomte_buf out,
                                    struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, fields(c->op) + c->afresh);
    tomte_cbor_put_uint(&e, c->op);
    if (c->op != TOMTE_COMMAND_LEASE)
        put_name(&e, &c->name);
    put_fields(&e, c);
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err tomte_command_decode(struct tomte_span bytes,
                                    struct tomte_command *c,
                                    struct tomte_home_report *report)
{
    struct tomte_cbor_dec d;
    *c = (struct tomte_command){0};
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    c->op = (uint8_t)tomte_cbor_get_u32(&d, 1, UINT8_MAX);
    if (fields(c->op) == 0)
        tomte_cbor_fail(&d, TOMTE_ERR_UNKNOWN);
    if (c->op != TOMTE_COMMAND_LEASE)
        c->name = tomte_cbor_get_name(&d);
    get_fields(&d, c);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK)
        return err;
    char at[24];
    struct tomte_text t;
    tomte_text_init(&t, at, sizeof(at));
    tomte_text_u64(&t, d.err_at);
    return SAY(report, err, LIT("command "),
               tomte_span_str(tomte_command_op_name(c->op)), LIT(", byte "),
               tomte_span_str(at), LIT(": "),
               tomte_span_str(tomte_err_text(err)));
}

bool tomte_command_is_desire(enum tomte_command_op op)
{
    return op >= TOMTE_COMMAND_NODE && op <= TOMTE_COMMAND_LEASE;
}

const char *tomte_command_op_name(unsigned op)
{
    switch (op) {
    case TOMTE_COMMAND_NODE:
        return "node";
    case TOMTE_COMMAND_NODE_REMOVE:
        return "node remove";
    case TOMTE_COMMAND_CONTAINER:
        return "container";
    case TOMTE_COMMAND_CONTAINER_REMOVE:
        return "container remove";
    case TOMTE_COMMAND_STOP:
        return "stop";
    case TOMTE_COMMAND_START:
        return "start";
    case TOMTE_COMMAND_PIN:
        return "pin";
    case TOMTE_COMMAND_UNPIN:
        return "unpin";
    case TOMTE_COMMAND_LEASE:
        return "lease";
    case TOMTE_COMMAND_BIND:
        return "bind";
    case TOMTE_COMMAND_PLACE:
        return "place";
    case TOMTE_COMMAND_ACTIVATE:
        return "activate";
    case TOMTE_COMMAND_INSYNC:
        return "insync";
    case TOMTE_COMMAND_STANDBYS:
        return "standbys";
    case TOMTE_COMMAND_SHED:
        return "shed";
    case TOMTE_COMMAND_KEEP:
        return "keep";
    case TOMTE_COMMAND_ROLLBACK:
        return "rollback";
    default:
        return "?";
    }
}

static void put_names(struct tomte_cbor_enc *e, const struct tomte_name *n,
                      uint8_t len)
{
    tomte_cbor_put_array(e, len);
    for (uint8_t i = 0; i < len; i++)
        put_name(e, &n[i]);
}

static uint8_t get_names(struct tomte_cbor_dec *d, struct tomte_name *n,
                         uint8_t max)
{
    uint8_t len = 0;
    tomte_cbor_enter_array(d);
    while (more_of(d, len, max)) {
        n[len] = tomte_cbor_get_name(d);
        for (uint8_t i = 0; i < len; i++)
            if (tomte_name_equal(&n[i], &n[len]))
                tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
        len++;
    }
    tomte_cbor_leave(d);
    return len;
}

/* How many items the array of a command has; 0 for an unknown one. */
static size_t fields(unsigned op)
{
    switch (op) {
    case TOMTE_COMMAND_NODE_REMOVE:
    case TOMTE_COMMAND_CONTAINER_REMOVE:
    case TOMTE_COMMAND_STOP:
    case TOMTE_COMMAND_START:
    case TOMTE_COMMAND_UNPIN:
    case TOMTE_COMMAND_LEASE:
        return 2;
    case TOMTE_COMMAND_NODE:
    case TOMTE_COMMAND_PIN:
    case TOMTE_COMMAND_BIND:
    case TOMTE_COMMAND_KEEP:
        return 3;
    case TOMTE_COMMAND_ACTIVATE:
    case TOMTE_COMMAND_INSYNC:
    case TOMTE_COMMAND_STANDBYS:
    case TOMTE_COMMAND_SHED:
    case TOMTE_COMMAND_ROLLBACK:
        return 4;
    case TOMTE_COMMAND_CONTAINER:
        return 5;
    case TOMTE_COMMAND_PLACE:
        return 6;
    default:
        return 0;
    }
}

static void put_node(struct tomte_cbor_enc *e, const struct tomte_command *c)
{
    tomte_cbor_put_map(e, (size_t)c->has_addr + c->has_keeper + c->has_store +
                              c->has_offer + c->has_key);
    if (c->has_addr) {
        tomte_cbor_put_int(e, KEY_ADDR);
        put_addr(e, &c->addr);
    }
    if (c->has_keeper) {
        tomte_cbor_put_int(e, KEY_KEEPER);
        tomte_cbor_put_bool(e, c->keeper);
    }
    if (c->has_store) {
        tomte_cbor_put_int(e, KEY_STORE);
        tomte_cbor_put_uint(e, c->store);
    }
    if (c->has_offer) {
        tomte_cbor_put_int(e, KEY_OFFER);
        tomte_cbor_put_bytes(e, c->offer);
    }
    if (c->has_key) {
        tomte_cbor_put_int(e, KEY_KEY);
        tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(c->key));
    }
}

static void get_node(struct tomte_cbor_dec *d, struct tomte_command *c)
{
    tomte_cbor_enter_map(d);
    c->has_addr = tomte_cbor_has_key(d, KEY_ADDR);
    if (c->has_addr)
        c->addr = get_addr(d);
    c->has_keeper = tomte_cbor_has_key(d, KEY_KEEPER);
    if (c->has_keeper)
        c->keeper = tomte_cbor_get_bool(d);
    c->has_store = tomte_cbor_has_key(d, KEY_STORE);
    if (c->has_store)
        c->store = tomte_cbor_get_uint(d);
    c->has_offer = tomte_cbor_has_key(d, KEY_OFFER);
    if (c->has_offer)
        c->offer = tomte_cbor_get_bytes(d);
    c->has_key = tomte_cbor_has_key(d, KEY_KEY);
    if (c->has_key)
        tomte_cbor_get_bytes_exact(d, c->key, sizeof c->key);
    tomte_cbor_leave(d);
}

/* A place stands only in the binds of CONTAINER. */
static void put_binds(struct tomte_cbor_enc *e, const struct tomte_command *c)
{
    bool place = c->op == TOMTE_COMMAND_CONTAINER;
    tomte_cbor_put_array(e, c->binds_len);
    for (uint8_t i = 0; i < c->binds_len; i++) {
        tomte_cbor_put_array(e, place ? 3 : 2);
        put_name(e, &c->binds[i].port);
        put_channel(e, &c->binds[i].channel);
        if (place)
            put_name(e, &c->binds[i].place);
    }
}

static void get_binds(struct tomte_cbor_dec *d, struct tomte_command *c)
{
    bool place = c->op == TOMTE_COMMAND_CONTAINER;
    tomte_cbor_enter_array(d);
    while (more_of(d, c->binds_len, TOMTE_LIMIT_PORTS)) {
        struct tomte_bind *b = &c->binds[c->binds_len];
        tomte_cbor_enter_array(d);
        b->port = tomte_cbor_get_name(d);
        b->channel =
            place ? get_optional_channel(d) : tomte_cbor_get_channel_name(d);
        if (place)
            b->place = get_optional_name(d);
        if (b->channel.len > 0 && b->place.len > 0)
            tomte_cbor_fail(d, TOMTE_ERR_INVALID);
        tomte_cbor_leave(d);
        for (uint8_t i = 0; i < c->binds_len; i++)
            if (tomte_name_equal(&c->binds[i].port, &b->port))
                tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
        c->binds_len++;
    }
    tomte_cbor_leave(d);
}

static void put_fields(struct tomte_cbor_enc *e, const struct tomte_command *c)
{
    if (c->op >= TOMTE_COMMAND_PLACE)
        tomte_cbor_put_uint(e, c->epoch);
    switch (c->op) {
    case TOMTE_COMMAND_NODE:
        put_node(e, c);
        break;
    case TOMTE_COMMAND_CONTAINER:
        tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(c->digest));
        tomte_cbor_put_bytes(e, c->manifest);
        put_binds(e, c);
        if (c->afresh)
            tomte_cbor_put_bool(e, true);
        break;
    case TOMTE_COMMAND_ROLLBACK:
        tomte_cbor_put_text(e, c->reason);
        break;
    case TOMTE_COMMAND_PIN:
    case TOMTE_COMMAND_SHED:
        put_name(e, &c->node);
        break;
    case TOMTE_COMMAND_LEASE:
        tomte_cbor_put_uint(e, c->lease_ms);
        break;
    case TOMTE_COMMAND_BIND:
        put_binds(e, c);
        break;
    case TOMTE_COMMAND_PLACE:
        put_name(e, &c->node);
        put_names(e, c->nodes, c->nodes_len);
        tomte_cbor_put_bool(e, c->anew);
        break;
    case TOMTE_COMMAND_ACTIVATE:
        tomte_cbor_put_uint(e, c->elapsed_ms);
        break;
    case TOMTE_COMMAND_INSYNC:
    case TOMTE_COMMAND_STANDBYS:
        put_names(e, c->nodes, c->nodes_len);
        break;
    default:
        break;
    }
}

static void get_fields(struct tomte_cbor_dec *d, struct tomte_command *c)
{
    if (c->op >= TOMTE_COMMAND_PLACE)
        c->epoch = tomte_cbor_get_uint(d);
    switch (c->op) {
    case TOMTE_COMMAND_NODE:
        get_node(d, c);
        break;
    case TOMTE_COMMAND_CONTAINER:
        tomte_cbor_get_bytes_exact(d, c->digest, sizeof(c->digest));
        c->manifest = tomte_cbor_get_bytes(d);
        get_binds(d, c);
        c->afresh = tomte_cbor_more(d);
        if (c->afresh && !tomte_cbor_get_bool(d))
            tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
        break;
    case TOMTE_COMMAND_ROLLBACK:
        c->reason = tomte_cbor_get_text(d);
        if (c->reason.len > TOMTE_COMMAND_REASON_MAX)
            tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
        break;
    case TOMTE_COMMAND_PIN:
    case TOMTE_COMMAND_SHED:
        c->node = tomte_cbor_get_name(d);
        break;
    case TOMTE_COMMAND_LEASE:
        c->lease_ms = tomte_cbor_get_u32(d, 0, UINT32_MAX);
        break;
    case TOMTE_COMMAND_BIND:
        get_binds(d, c);
        break;
    case TOMTE_COMMAND_PLACE:
        c->node = tomte_cbor_get_name(d);
        c->nodes_len = get_names(d, c->nodes, TOMTE_HOME_STANDBYS_MAX);
        c->anew = tomte_cbor_get_bool(d);
        break;
    case TOMTE_COMMAND_ACTIVATE:
        c->elapsed_ms = tomte_cbor_get_uint(d);
        break;
    case TOMTE_COMMAND_INSYNC:
        c->nodes_len = get_names(d, c->nodes, TOMTE_HOME_HOLDERS_MAX);
        break;
    case TOMTE_COMMAND_STANDBYS:
        c->nodes_len = get_names(d, c->nodes, TOMTE_HOME_STANDBYS_MAX);
        break;
    default:
        break;
    }
}
