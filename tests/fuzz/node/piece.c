/* SPDX-License-Identifier: Apache-2.0 */
#include "node/world.h"

#include "base/crc.h"
#include "channel/cursor.h"
#include "container/checkpoint.h"
#include "container/record.h"
#include "home/offer.h"

#include <string.h>

/* ---- commands ---- */

static struct tomte_span make_offer(void)
{
    static const struct tomte_resource list[] = {
        {.channel = {.len = 4, .text = "/r/b"},
         .type = {.len = 1, .text = "y"},
         .kind = TOMTE_PORT_EVENT},
        {.channel = {.len = 4, .text = "/r/h"},
         .type = {.len = 1, .text = "y"},
         .actuator = true},
        {.channel = {.len = 4, .text = "/r/t"},
         .type = {.len = 1, .text = "y"}},
    };
    static uint8_t memory[256];
    struct tomte_offer offer = {
        .containers = 3, .memory_kib = 256, .resources_len = 3};
    struct tomte_span bytes;
    enum tomte_err err =
        tomte_offer_encode(&offer, list, TOMTE_BUF_ARRAY(memory), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    return bytes;
}

static void fill_node(struct tomte_command *c, unsigned node)
{
    c->name = world_name(node);
    c->has_addr = c->has_keeper = c->has_store = true;
    c->addr = world_addr(node);
    c->keeper = node == (world.keeper ? 0 : 1);
    c->store = node == 0 ? world.store : 9;
    c->has_key = node == 1 || node == 2;
    struct tomte_key_pair pair = seal_pair(node);
    if (c->has_key)
        memcpy(c->key, pair.open, sizeof c->key);
    c->has_offer = node == 0;
    if (node == 0)
        c->offer = make_offer();
}

static void fill_container(struct tomte_command *c)
{
    unsigned variant = (unsigned)take(1);
    world_digest(variant, c->digest);
    c->manifest = world_manifest(variant);
}

static void fill_nodes(struct tomte_command *c)
{
    uint64_t mask = take(1);
    for (unsigned i = 0; i < 3; i++)
        if (mask >> i & 1)
            c->nodes[c->nodes_len++] = world_name(i);
}

/* The epoch that is next for this container, or is in force. */
static uint64_t epoch_of(const struct tomte_name *identity, bool next)
{
    uint16_t at = tomte_home_find_container(&world.home, identity);
    if (at == TOMTE_HOME_NONE)
        return take(1);
    uint64_t floor = world.home.epoch_floor;
    uint64_t epoch = world.home.containers[at].placement.epoch;
    if (!next)
        return epoch;
    return (epoch > floor ? epoch : floor) + 1;
}

struct tomte_span piece_command(struct tomte_buf out)
{
    static const uint8_t ops[] = {TOMTE_COMMAND_NODE,
                                  TOMTE_COMMAND_CONTAINER,
                                  TOMTE_COMMAND_PLACE,
                                  TOMTE_COMMAND_ACTIVATE,
                                  TOMTE_COMMAND_INSYNC,
                                  TOMTE_COMMAND_STANDBYS,
                                  TOMTE_COMMAND_STOP,
                                  TOMTE_COMMAND_START,
                                  TOMTE_COMMAND_PIN,
                                  TOMTE_COMMAND_UNPIN,
                                  TOMTE_COMMAND_LEASE,
                                  TOMTE_COMMAND_NODE_REMOVE,
                                  TOMTE_COMMAND_CONTAINER_REMOVE};
    static struct tomte_command c;
    unsigned which = (unsigned)take(1);
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    enum tomte_command_op op = ops[(which & 15) % sizeof ops];
    tomte_command_init(&c, op, world_identity(which >> 4));
    if (op == TOMTE_COMMAND_NODE)
        fill_node(&c, which >> 4 & 3);
    else if (op == TOMTE_COMMAND_NODE_REMOVE)
        c.name = world_name(which >> 4);
    else if (op == TOMTE_COMMAND_CONTAINER)
        fill_container(&c);
    else if (op == TOMTE_COMMAND_PIN || op == TOMTE_COMMAND_PLACE)
        c.node = world_name(which >> 5);
    else if (op == TOMTE_COMMAND_LEASE)
        tomte_command_init(&c, op, (struct tomte_name){0});
    if (op >= TOMTE_COMMAND_PLACE)
        c.epoch = epoch_of(&c.name, op == TOMTE_COMMAND_PLACE);
    if (op == TOMTE_COMMAND_LEASE)
        c.lease_ms = (uint32_t)take(2);
    if (op == TOMTE_COMMAND_PLACE)
        c.anew = take(1) % 2 == 1;
    if (op >= TOMTE_COMMAND_PLACE && op != TOMTE_COMMAND_ACTIVATE)
        fill_nodes(&c);
    if (tomte_command_encode(&c, out, &bytes) != TOMTE_OK)
        return TOMTE_SPAN_NONE;
    return bytes;
}

void piece_plan(void)
{
    static uint8_t memory[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_span bytes = piece_command(TOMTE_BUF_ARRAY(memory));
    struct tomte_home_report report;
    (void)!tomte_home_apply(&world.home, bytes, &report);
}

/* ---- small messages in CBOR ---- */

struct tomte_span piece_senml(struct tomte_buf out)
{
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 1);
    tomte_cbor_put_map(&e, 1);
    tomte_cbor_put_uint(&e, 2);
    tomte_cbor_put_uint(&e, take(1));
    enum tomte_err err = tomte_cbor_encode_done(&e, &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    return bytes;
}

static void put_record(struct tomte_cbor_enc *e, uint64_t epoch,
                       uint64_t sequence)
{
    uint8_t memory[TOMTE_RECORD_BYTES];
    struct tomte_span bytes;
    struct tomte_record r = {.sequence = sequence,
                             .epoch = epoch,
                             .unix_hi_ms = UINT64_MAX,
                             .time_ms = sequence * 10};
    r.kind = (uint8_t)(sequence == 1 ? TOMTE_EVENT_START : take(1) % 5);
    r.port = (uint8_t)(take(1) % 8);
    r.payload = take_span(take(1) % 32);
    if (tomte_record_encode(&r, TOMTE_BUF_ARRAY(memory), &bytes) == TOMTE_OK)
        tomte_cbor_put_bytes(e, bytes);
    else
        tomte_cbor_put_bytes(e, TOMTE_SPAN_LIT("no record"));
}

static struct tomte_span records(struct tomte_buf out)
{
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    uint64_t epoch = take(1), base = take(1), count = take(1) % 5;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 5);
    tomte_cbor_put_uint(&e, 0);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_uint(&e, epoch);
    tomte_cbor_put_uint(&e, 2);
    tomte_cbor_put_uint(&e, base);
    tomte_cbor_put_uint(&e, 3);
    tomte_cbor_put_uint(&e, base + count);
    tomte_cbor_put_uint(&e, 4);
    tomte_cbor_put_array(&e, count);
    for (uint64_t i = 1; i <= count; i++)
        put_record(&e, epoch, base + i);
    if (tomte_cbor_encode_done(&e, &bytes) != TOMTE_OK)
        return TOMTE_SPAN_NONE;
    return bytes;
}

static struct tomte_span pair(struct tomte_buf out, bool as_map)
{
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    tomte_cbor_encode_init(&e, out);
    if (as_map) {
        tomte_cbor_put_map(&e, 2);
        tomte_cbor_put_uint(&e, 0);
        tomte_cbor_put_uint(&e, take(1));
        tomte_cbor_put_uint(&e, 1);
        tomte_cbor_put_bool(&e, take(1) % 2 == 1);
    } else {
        tomte_cbor_put_array(&e, 2);
        tomte_cbor_put_uint(&e, take(1));
        tomte_cbor_put_uint(&e, take(1));
    }
    enum tomte_err err = tomte_cbor_encode_done(&e, &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    return bytes;
}

static struct tomte_span lease_request(struct tomte_buf out)
{
    struct tomte_lease_container held = {.identity = world_identity(0)};
    struct tomte_lease_request r = {.boot = take(1),
                                    .sequence = take(1),
                                    .store = take(1),
                                    .term = take(1),
                                    .confirmed = take(1),
                                    .has_addr = true};
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    unsigned node = (unsigned)take(1);
    uint16_t next = 0;
    r.name = world_name(node);
    r.addr = world_addr(node);
    r.offer = node >> 2 & 1 ? make_offer() : TOMTE_SPAN_NONE;
    r.offer_crc = (uint32_t)take(1);
    held.epoch = take(1);
    held.state = (uint8_t)(take(1) % 5);
    held.proposes = node >> 3 & 1;
    held.insync_len = held.proposes;
    held.insync[0] = world_name(2);
    if (tomte_lease_request_encode(&r, &held, node >> 4 & 1, &next, out,
                                   &bytes) != TOMTE_OK)
        return TOMTE_SPAN_NONE;
    return bytes;
}

/* ---- a checkpoint ---- */

struct joined {
    struct tomte_buf out;
    size_t len;
};

static void join(struct joined *j, struct tomte_span piece)
{
    if (piece.len > j->out.cap - j->len)
        return;
    if (piece.len > 0)
        memcpy(j->out.data + j->len, piece.data, piece.len);
    j->len += piece.len;
}

static void join_string(struct joined *j, struct tomte_span bytes)
{
    uint8_t head[5];
    join(j, tomte_checkpoint_string_head((uint32_t)bytes.len, head));
    join(j, bytes);
}

/* [1, bstr cursors, []] */
static struct tomte_span node_part(struct tomte_buf out)
{
    struct tomte_cursor entries[2];
    struct tomte_cursors cursors;
    struct tomte_cbor_enc e;
    struct tomte_span bytes, part;
    uint8_t memory[64];
    tomte_cursors_init(&cursors, entries, 2);
    enum tomte_err err =
        tomte_cursors_encode(&cursors, TOMTE_BUF_ARRAY(memory), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_bytes(&e, bytes);
    tomte_cbor_put_array(&e, 0);
    err = tomte_cbor_encode_done(&e, &part);
    TOMTE_ASSERT(err == TOMTE_OK);
    return part;
}

struct tomte_span piece_checkpoint(unsigned identity, struct tomte_buf out)
{
    static uint8_t memory[TOMTE_CHECKPOINT_BODY_BYTES];
    static struct tomte_checkpoint_body body;
    struct tomte_checkpoint_head head = {.identity = world_identity(identity),
                                         .epoch = take(1),
                                         .sequence = take(1)};
    struct joined j = {.out = out};
    memset(&body, 0, sizeof body);
    body.started = true;
    body.ports_len = 6;
    memset(body.timers, 0xff, sizeof body.timers);
    world_digest((unsigned)take(1), head.image);
    join(&j, tomte_checkpoint_head_encode(&head, TOMTE_BUF_ARRAY(memory)));
    join(&j, tomte_checkpoint_body_encode(&body, TOMTE_BUF_ARRAY(memory)));
    join_string(&j, node_part(TOMTE_BUF_ARRAY(memory)));
    join_string(&j, take_span(take(2) % 512)); /* the engine's snapshot */
    take_patches(out, j.len);
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(out.data, j.len));
    join(&j, tomte_checkpoint_tail_encode(crc, memory));
    return TOMTE_SPAN(out.data, j.len);
}

struct tomte_span piece_any(struct tomte_buf out)
{
    struct tomte_span raw;
    switch (take(1) % 8) {
    case 0:
        return piece_senml(out);
    case 1:
        return records(out);
    case 2:
        return pair(out, false);
    case 3:
        return pair(out, true);
    case 4:
        return lease_request(out);
    case 5:
        return piece_command(out);
    case 6:
        return piece_checkpoint((unsigned)take(1), out);
    default:
        raw = take_span(take(1));
        if (raw.len > 0)
            memcpy(out.data, raw.data, raw.len);
        return TOMTE_SPAN(out.data, raw.len);
    }
}
