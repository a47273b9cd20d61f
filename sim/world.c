/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "author.h"
#include "cbor/senml.h"
#include "crypto/crypto.h"
#include "node/internal.h" /* where its store writes */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DISK_SECTOR  16384u
#define DISK_SECTORS 96u
#define ROT_TRIES    40 /* places looked at; most are blank */

void sim_init(struct sim *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->hash = 0xcbf29ce484222325u;
    w->rates = (struct sim_rates){.delay_min_us = 500, .delay_max_us = 5000};
    struct tomte_random *streams[] = {&w->net,  &w->crash, &w->disk,
                                      &w->user, &w->clock, &w->fate};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
        tomte_random_init(streams[i], seed * 1000003u + i);
    w->crypto = check_nonces_crypto();
    keys_init(w);
    w->lease_ms = 1000 + 500 * (uint32_t)tomte_random_below(&w->fate, 17);
}

void sim_free(struct sim *w)
{
    for (unsigned i = 0; i < w->nodes_len; i++) {
        tomte_disk_free(w->nodes[i].disk);
        free(w->nodes[i].memory);
    }
    if (w->person != NULL)
        person_free(w->person);
    queue_free(&w->queue);
}

/* ---- trace ---- */

static void fold(struct sim *w, const char *text)
{
    for (; *text != 0; text++) {
        w->hash ^= (uint8_t)*text;
        w->hash *= 0x100000001b3u;
    }
}

void sim_trace(struct sim *w, uint16_t node, const char *format, ...)
{
    char text[256], line[320];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct tomte_name *name =
        node < w->nodes_len ? &w->nodes[node].config.name : NULL;
    snprintf(line, sizeof line, "%9llu.%03llu %.*s: %s\n",
             (unsigned long long)(w->now_us / 1000000),
             (unsigned long long)(w->now_us / 1000 % 1000),
             name == NULL ? 6 : (int)name->len,
             name == NULL ? "person" : name->text, text);
    fold(w, line);
    if (w->verbose)
        fputs(line, stdout);
}

void sim_fail(struct sim *w, const char *format, ...)
{
    va_list args;
    if (w->failed)
        return;
    w->failed = true;
    va_start(args, format);
    vsnprintf(w->failure, sizeof w->failure, format, args);
    va_end(args);
    sim_trace(w, SIM_NODES_MAX, "FAILED: %s", w->failure);
}

/* ---- nodes ---- */

uint16_t sim_index(const struct sim *w, const struct sim_node *n)
{
    return (uint16_t)(n - w->nodes);
}

static void parse_name(const char *text, struct tomte_name *out)
{
    if (text == NULL || *text == 0)
        return;
    enum tomte_err err = tomte_name_parse(tomte_span_str(text), out);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static void new_disk(struct sim *w, struct sim_node *n)
{
    struct tomte_disk_config disk = {.sector_bytes = DISK_SECTOR,
                                     .sector_count = DISK_SECTORS,
                                     .program_unit = 4,
                                     .strict = true,
                                     .seed = tomte_random_next(&w->disk)};
    n->disk = tomte_disk_new(&disk);
    TOMTE_ASSERT(n->disk != NULL);
    n->block = tomte_disk_block(n->disk);
}

struct sim_node *sim_add_node(struct sim *w, const char *name, bool keeper)
{
    TOMTE_ASSERT(w->nodes_len < SIM_NODES_MAX);
    uint16_t i = w->nodes_len++;
    struct sim_node *n = &w->nodes[i];
    new_disk(w, n);
    parse_name(name, &n->config.name);
    n->config.addr = sim_addr(i);
    n->config.keeper = sim_addr(0);
    n->config.keeper_name = w->nodes[0].config.name;
    n->config.is_keeper = keeper;
    n->config.sizes = tomte_node_sizes_default();
    n->config.sizes.slots = 8;
    n->config.sizes.slot_bytes = 256u << 10;
    n->config.sizes.cells = 32;
    n->config.sizes.log_lines = 32;
    n->config.sizes.store_index_entries = 512;
    if (!keeper)
        n->config.sizes.home_nodes = n->config.sizes.home_containers = 0;
    n->config.block = &n->block;
    n->config.authors = sim_authors(w->crypto);
    n->config.crypto = w->crypto;
    n->config.resources = n->resources;
    return n;
}

void sim_add_resource(struct sim_node *n, const char *channel,
                      enum tomte_node_resource_kind kind, const char *role,
                      const char *type, const char *place, uint32_t timeout_ms)
{
    TOMTE_ASSERT(n->config.resource_count < SIM_RESOURCES_MAX);
    struct tomte_node_resource *r = &n->resources[n->config.resource_count++];
    enum tomte_err err =
        tomte_channel_name_parse(tomte_span_str(channel), &r->channel);
    TOMTE_ASSERT(err == TOMTE_OK);
    parse_name(role, &r->role);
    parse_name(place, &r->place);
    parse_name(type, &r->type);
    r->kind = kind;
    r->timeout_ms = timeout_ms;
    static const uint8_t off[] = {0x81, 0xa1, 0x02, 0x00}; /* [{2: 0}] */
    memcpy(r->safe, off, sizeof off);
    r->safe_len = sizeof off;
}

uint64_t sim_node_ms(const struct sim *w, const struct sim_node *n)
{
    uint64_t us = w->now_us - n->started_us;
    int64_t drifted = (int64_t)us + (int64_t)us / 1000000 * n->drift_ppm;
    return (uint64_t)drifted / 1000;
}

uint64_t sim_world_us(const struct sim_node *n, uint64_t node_ms)
{
    if (node_ms > UINT64_MAX / 2000000)
        return UINT64_MAX;
    uint64_t us = node_ms * 1000000 / (uint64_t)(1000000 + n->drift_ppm) * 1000;
    return n->started_us + us + 1000;
}

static void plan_timer(struct sim *w, uint16_t node)
{
    struct sim_node *n = &w->nodes[node];
    uint64_t deadline = tomte_node_deadline(n->node);
    uint64_t at = sim_world_us(n, deadline);
    if (at <= w->now_us)
        at = w->now_us + 100;
    if (at >= n->timer_us || at == UINT64_MAX)
        return;
    n->timer_us = at;
    queue_put(&w->queue, (struct happening){.at_us = at,
                                            .kind = HAPPEN_TIMER,
                                            .node = node,
                                            .tag = n->boot});
}

static double number_of(struct tomte_span senml)
{
    struct tomte_senml record;
    double v = 0;
    if (tomte_senml_decode(senml, TOMTE_CBOR_LENIENT, &record) != TOMTE_OK)
        return 0;
    if (record.value.type == TOMTE_SENML_BOOL)
        return record.value.b;
    return tomte_senml_number(&record.value, &v) == TOMTE_OK ? v : 0;
}

static void drain(struct sim *w, uint16_t node)
{
    struct sim_node *n = &w->nodes[node];
    struct tomte_node_effect e;
    while (tomte_node_poll(n->node, &e)) {
        if (e.kind == TOMTE_NODE_SEND) {
            sim_send(w, node, &e.to, e.bytes);
        } else if (e.kind == TOMTE_NODE_DRIVE) {
            n->driven[e.resource] = number_of(e.bytes);
            sim_trace(w, node, "drives %zu to %.3f", e.resource,
                      n->driven[e.resource]);
        } else {
            sim_trace(w, node, "%s", e.text);
        }
    }
}

void sim_step(struct sim *w, uint16_t node,
              const struct tomte_node_event *event)
{
    struct sim_node *n = &w->nodes[node];
    struct tomte_node_event e = *event;
    if (n->node == NULL)
        return;
    e.now_ms = sim_node_ms(w, n);
    w->counts.steps++;
    if (n->steps_second != w->now_us / 1000000)
        n->steps = 0;
    n->steps += event->kind == TOMTE_NODE_TIMER;
    n->steps_second = w->now_us / 1000000;
    tomte_node_step(n->node, &e);
    drain(w, node);
    for (unsigned i = 0; w->checks != NULL && w->checks[i] != NULL; i++)
        if (w->checks[i]->step != NULL)
            w->checks[i]->step(w->check_ctx[i], node);
    if (tomte_node_broken(n->node)) {
        sim_crash(w, node);
        sim_start(w, node);
        return;
    }
    plan_timer(w, node);
}

/* ---- witnesses: what the checkers hear ---- */

struct witness {
    struct sim *w;
    uint16_t node;
};

static struct witness witnesses[SIM_NODES_MAX];

static void saw_write(void *ctx, size_t resource,
                      const struct tomte_name *identity, uint64_t epoch,
                      enum tomte_err verdict)
{
    struct witness *it = ctx;
    struct sim *w = it->w;
    w->counts.writes++;
    w->counts.refused += verdict != TOMTE_OK;
    for (unsigned i = 0; w->checks != NULL && w->checks[i] != NULL; i++)
        if (w->checks[i]->write != NULL)
            w->checks[i]->write(w->check_ctx[i], it->node, resource, identity,
                                epoch, verdict);
}

static void saw_grant(void *ctx, size_t resource,
                      const struct tomte_name *identity, uint64_t epoch)
{
    struct witness *it = ctx;
    struct sim *w = it->w;
    for (unsigned i = 0; w->checks != NULL && w->checks[i] != NULL; i++)
        if (w->checks[i]->grant != NULL)
            w->checks[i]->grant(w->check_ctx[i], it->node, resource, identity,
                                epoch);
}

static void saw_commit(void *ctx, const struct tomte_name *identity,
                       uint64_t epoch, uint64_t sequence)
{
    struct witness *it = ctx;
    struct sim *w = it->w;
    w->counts.commits++;
    for (unsigned i = 0; w->checks != NULL && w->checks[i] != NULL; i++)
        if (w->checks[i]->commit != NULL)
            w->checks[i]->commit(w->check_ctx[i], it->node, identity, epoch,
                                 sequence);
}

static enum tomte_err init_node(struct sim *w, struct sim_node *n)
{
    tomte_arena_init(&n->arena, n->memory, n->memory_bytes);
    n->config.seed = tomte_random_next(&w->crash);
    tomte_random_fill(&w->crash, TOMTE_BUF_ARRAY(n->config.entropy));
    n->config.charter = TOMTE_SPAN(w->charter, w->charter_len);
    enum tomte_err err = tomte_node_init(&n->node, &n->config, &n->arena, 0);
    if (err != TOMTE_OK)
        return err;
    /* The keeper starts in earnest when the owner has signed that it is one. */
    return keys_meet(w, sim_index(w, n)) ? init_node(w, n) : TOMTE_OK;
}

void sim_start(struct sim *w, uint16_t node)
{
    struct sim_node *n = &w->nodes[node];
    TOMTE_ASSERT(n->node == NULL);
    if (n->memory == NULL) {
        n->memory_bytes = tomte_node_memory(&n->config) + sizeof(void *) * 4;
        n->memory = calloc(1, n->memory_bytes + SIM_GUARD_BYTES);
        TOMTE_ASSERT(n->memory != NULL);
        memset(n->memory + n->memory_bytes, SIM_GUARD, SIM_GUARD_BYTES);
    }
    n->boot++;
    n->started_us = w->now_us;
    n->timer_us = UINT64_MAX;
    n->paused_until_us = 0;
    n->config.first_boot = (uint32_t)(w->now_us / 1000000) + 1;
    n->drift_ppm =
        (int32_t)tomte_random_below(&w->clock, 2 * w->rates.drift_ppm + 1) -
        (int32_t)w->rates.drift_ppm;
    enum tomte_err err = init_node(w, n);
    if (err != TOMTE_OK && n->rotted) { /* what its owner would do then */
        sim_trace(w, node, "does not start: %s", tomte_err_name(err));
        sim_replace(w, node);
        err = init_node(w, n);
    }
    n->rotted = false;
    if (err != TOMTE_OK) {
        n->node = NULL;
        sim_fail(w, "node %.*s does not start: %s", (int)n->config.name.len,
                 n->config.name.text, tomte_err_name(err));
        return;
    }
    witnesses[node] = (struct witness){w, node};
    struct tomte_node_witness witness = {&witnesses[node], saw_write, saw_grant,
                                         saw_commit};
    tomte_node_set_witness(n->node, &witness);
    n->memory_used = n->arena.used;
    sim_trace(w, node, "starts, boot %llu", (unsigned long long)n->boot);
    drain(w, node);
    plan_timer(w, node);
}

void sim_crash(struct sim *w, uint16_t node)
{
    struct sim_node *n = &w->nodes[node];
    if (n->node == NULL)
        return;
    sim_trace(w, node, "crashes");
    w->counts.crashes++;
    for (unsigned i = 0; w->checks != NULL && w->checks[i] != NULL; i++)
        if (w->checks[i]->crash != NULL)
            w->checks[i]->crash(w->check_ctx[i], node);
    memset(n->memory, 0xdb, n->arena.used);
    n->node = NULL;
    n->boot++;
    tomte_disk_crash(n->disk);
    memset(n->driven, 0, sizeof n->driven);
}

void sim_replace(struct sim *w, uint16_t node)
{
    sim_crash(w, node);
    sim_trace(w, node, "is replaced by a new one");
    w->counts.replaced++;
    w->nodes[node].burned = true;
    tomte_disk_free(w->nodes[node].disk);
    new_disk(w, &w->nodes[node]);
}

/* Bits of what is stored; a blank place that rots is for the tests of the store
 * itself, and what was written last cannot be told from a torn end (store.h):
 * the sector that is written is spared. */
void sim_rot(struct sim *w, uint16_t node)
{
    struct sim_node *n = &w->nodes[node];
    uint32_t head = n->node->store.head % n->node->store.ring;
    uint8_t byte;
    sim_crash(w, node);
    sim_trace(w, node, "has bits that rot");
    w->counts.rotted++;
    n->rotted = true;
    for (int i = 0; i < ROT_TRIES; i++) {
        uint32_t at = (uint32_t)tomte_random_below(
            &w->disk, (uint64_t)DISK_SECTOR * DISK_SECTORS);
        enum tomte_err err =
            n->block.read(n->block.ctx, at, TOMTE_BUF(&byte, 1));
        TOMTE_ASSERT(err == TOMTE_OK);
        if (byte != 0xff && byte != 0 && at / DISK_SECTOR != head)
            tomte_disk_flip(n->disk, at,
                            (unsigned)tomte_random_below(&w->disk, 8));
    }
}

/* ---- nature ---- */

void sim_reading(struct sim *w, uint16_t node, size_t resource, double value)
{
    uint8_t memory[32];
    struct tomte_span bytes;
    struct tomte_senml record = {.value = tomte_senml_double(value)};
    enum tomte_err err =
        tomte_senml_encode(&record, TOMTE_BUF_ARRAY(memory), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    struct tomte_node_event e = {
        .kind = TOMTE_NODE_READING, .resource = resource, .bytes = bytes};
    if (w->nodes[node].paused_until_us == 0)
        sim_step(w, node, &e);
}

/* ---- the loop ---- */

/* A paused node hears everything when it goes on. */
static bool held_back(struct sim *w, const struct happening *h)
{
    if (h->node >= w->nodes_len)
        return false;
    struct sim_node *n = &w->nodes[h->node];
    if (n->paused_until_us <= w->now_us) {
        n->paused_until_us = 0;
        return false;
    }
    struct happening later = *h;
    later.at_us = n->paused_until_us;
    queue_put(&w->queue, later);
    return true;
}

static void happen(struct sim *w, struct happening *h)
{
    struct tomte_node_event e = {.kind = TOMTE_NODE_TIMER};
    struct tomte_span bytes = TOMTE_SPAN(h->bytes, h->len);
    switch (h->kind) {
    case HAPPEN_DATAGRAM:
        if (h->node == SIM_NODES_MAX) {
            person_datagram(w->person, &h->from, bytes);
            break;
        }
        w->nodes[h->node].waiting--;
        e = (struct tomte_node_event){
            .kind = TOMTE_NODE_DATAGRAM, .from = h->from, .bytes = bytes};
        sim_step(w, h->node, &e);
        break;
    case HAPPEN_TIMER:
        if (w->nodes[h->node].boot != h->tag)
            break;
        if (w->nodes[h->node].timer_us <= w->now_us)
            w->nodes[h->node].timer_us = UINT64_MAX;
        sim_step(w, h->node, &e);
        break;
    case HAPPEN_PERSON:
        person_timer(w->person);
        break;
    default:
        faults_happen(w, h);
        break;
    }
}

bool sim_run(struct sim *w, uint64_t until_us)
{
    struct happening h;
    while (!w->failed && w->queue.len > 0 &&
           w->queue.heap[0].at_us <= until_us) {
        bool took = queue_take(&w->queue, &h);
        TOMTE_ASSERT(took);
        w->now_us = h.at_us;
        if (h.kind <= HAPPEN_TIMER && held_back(w, &h))
            continue;
        happen(w, &h);
        free(h.bytes);
    }
    if (!w->failed)
        w->now_us = until_us;
    return !w->failed;
}
