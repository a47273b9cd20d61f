/* SPDX-License-Identifier: Apache-2.0 */
/* The world: nodes, their steps, the network between them. */
#include "keepers/group.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT    5683
#define SECTOR  4096u
#define SECTORS 1024u
#define RING    400u
#define MEMORY  (512u << 10)

/* ---- trace ---- */

void group_trace(struct group *g, unsigned node, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (int i = 0; i < n && i < (int)sizeof text - 1; i++)
        g->hash = (g->hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    g->hash = (g->hash ^ g->now_us ^ node) * 0x100000001b3u;
    if (g->config.trace)
        printf("%12.6f %u: %s\n", (double)g->now_us / 1e6, node, text);
}

void group_fail(struct group *g, const char *format, ...)
{
    va_list args;
    if (g->failed)
        return;
    va_start(args, format);
    (void)vsnprintf(g->failure, sizeof g->failure, format, args);
    va_end(args);
    g->failed = true;
    group_trace(g, 0, "FAILED: %s", g->failure);
}

/* ---- the state machine ---- */

static enum tomte_err host_apply(void *ctx, struct tomte_span command)
{
    struct group_node *n = ctx;
    uint64_t number = tomte_get_le64(command.data);
    n->count++;
    n->hash = (n->hash ^ number) * 0x100000001b3u + n->count;
    group_check_applied(n->group, n->index, number);
    return TOMTE_OK;
}

static enum tomte_err host_snapshot(void *ctx, struct tomte_buf out,
                                    struct tomte_span *bytes)
{
    struct group_node *n = ctx;
    size_t len = 16 + n->group->config.rates.state_bytes;
    *bytes = TOMTE_SPAN(out.data, len);
    if (out.data == NULL)
        return TOMTE_OK;
    if (out.cap < len)
        return TOMTE_ERR_FULL;
    tomte_put_le64(out.data, n->count);
    tomte_put_le64(out.data + 8, n->hash);
    memset(out.data + 16, (int)(n->count & 0xff), len - 16);
    return TOMTE_OK;
}

static enum tomte_err host_restore(void *ctx, struct tomte_span bytes)
{
    struct group_node *n = ctx;
    struct group *g = n->group;
    n->count = tomte_get_le64(bytes.data);
    n->hash = tomte_get_le64(bytes.data + 8);
    if (n->count > g->commands_len ||
        (n->count > 0 && g->hashes[n->count - 1] != n->hash))
        group_fail(g, "node %u restores a state that never was", n->index);
    return TOMTE_OK;
}

static void host_decided(void *ctx, uint32_t token, enum tomte_err err)
{
    struct group_node *n = ctx;
    if (err == TOMTE_OK)
        group_check_acknowledged(n->group, token);
    else
        group_trace(n->group, n->index, "%u: %s", token, tomte_err_name(err));
}

/* ---- network ---- */

struct tomte_addr group_address(unsigned node)
{
    uint8_t ip[4] = {127, 2, 0, (uint8_t)node};
    return tomte_addr_ipv4(ip, PORT);
}

static void arrive(struct group *g, unsigned from, unsigned to,
                   struct tomte_span bytes)
{
    const struct group_rates *r = &g->config.rates;
    uint64_t delay_us = 200 + tomte_random_below(&g->net, r->delay_max_us + 1);
    if (!g->healed && tomte_random_chance(&g->net, r->slow_permille))
        delay_us += tomte_random_below(&g->net, 3000000);
    struct happening h = {.at_us = g->now_us + delay_us,
                          .kind = HAPPEN_DATAGRAM,
                          .node = (uint16_t)to,
                          .from = group_address(from),
                          .bytes = malloc(bytes.len),
                          .len = (uint16_t)bytes.len};
    TOMTE_ASSERT(h.bytes != NULL);
    memcpy(h.bytes, bytes.data, bytes.len);
    queue_put(&g->queue, h);
}

static void send(struct group *g, unsigned from,
                 const struct tomte_replica_frame *f)
{
    const struct group_rates *r = &g->config.rates;
    unsigned to = f->to.ip[15];
    g->counts.frames++;
    if (f->to.port != PORT || to >= g->config.size || to == from)
        return;
    if (g->nodes[from].side != g->nodes[to].side ||
        (!g->healed && tomte_random_chance(&g->net, r->loss_permille))) {
        g->counts.lost++;
        return;
    }
    arrive(g, from, to, f->bytes);
    if (!g->healed && tomte_random_chance(&g->net, r->repeat_permille))
        arrive(g, from, to, f->bytes);
}

/* ---- steps ---- */

void group_plan(struct group *g, uint64_t at_us, uint8_t kind, unsigned node,
                uint64_t tag)
{
    queue_put(&g->queue, (struct happening){.at_us = at_us,
                                            .kind = kind,
                                            .node = (uint16_t)node,
                                            .tag = tag});
}

uint64_t group_ms(const struct group *g, const struct group_node *n)
{
    return (g->now_us - n->started_us) / 1000 + 1000 * n->index;
}

static void plan_timer(struct group *g, struct group_node *n)
{
    uint64_t now_ms = group_ms(g, n),
             at_ms = n->replica->deadline(n->replica->ctx);
    uint64_t at_us =
        g->now_us + (at_ms > now_ms ? (at_ms - now_ms) * 1000 : 200);
    if (at_us >= n->timer_us)
        return;
    n->timer_us = at_us;
    group_plan(g, at_us, HAPPEN_TIMER, n->index, n->boot);
}

static void sync_now(struct group *g, struct group_node *n)
{
    struct tomte_replica_frame f;
    n->due = false;
    if (tomte_store_sync(&n->store) != TOMTE_OK) {
        group_crash(g, n->index);
        group_start(g, n->index);
        return;
    }
    n->replica->synced(n->replica->ctx, group_ms(g, n));
    while (n->replica->poll(n->replica->ctx, &f))
        send(g, n->index, &f);
    group_check_step(g, n->index);
    plan_timer(g, n);
}

/* After each event; sometimes the sync is for some steps together. */
void group_end_step(struct group *g, struct group_node *n)
{
    g->counts.steps++;
    group_check_step(g, n->index);
    if (n->due)
        return;
    if (!g->healed &&
        tomte_random_chance(&g->fate, g->config.rates.late_sync_permille)) {
        n->due = true;
        group_plan(g, g->now_us + tomte_random_below(&g->fate, 50000),
                   HAPPEN_FAULT, n->index, GROUP_SYNC | n->boot << 8);
        plan_timer(g, n);
        return;
    }
    sync_now(g, n);
}

/* ---- life of a node ---- */

static void new_disk(struct group *g, struct group_node *n)
{
    struct tomte_disk_config c = {.sector_bytes = SECTOR,
                                  .sector_count = SECTORS,
                                  .program_unit = 8,
                                  .strict = true,
                                  .seed = tomte_random_next(&g->fate)};
    tomte_disk_free(n->disk);
    n->disk = tomte_disk_new(&c);
    TOMTE_ASSERT(n->disk != NULL);
    n->block = tomte_disk_block(n->disk);
    n->id = tomte_random_next(&g->fate) | 1;
    enum tomte_err err = tomte_store_format(&n->block, RING);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static enum tomte_err mount(struct group_node *n)
{
    struct tomte_store_report report;
    tomte_arena_init(&n->arena, n->memory, MEMORY);
    struct tomte_store_config c = {.block = n->block,
                                   .arena = &n->arena,
                                   .records_max = 64,
                                   .logs_max = 4,
                                   .blobs_max = 4};
    return tomte_store_mount(&n->store, &c, &report);
}

void group_start(struct group *g, unsigned node)
{
    struct group_node *n = &g->nodes[node];
    n->boot++;
    n->started_us = g->now_us;
    n->timer_us = UINT64_MAX;
    n->count = n->hash = 0;
    n->on = true;
    n->due = false;
    enum tomte_err err = mount(n);
    struct tomte_replica_config c = {
        .store = &n->store,
        .host = {n, host_apply, host_snapshot, host_restore, host_decided},
        .id = n->id,
        .boot = n->boot,
        .addr = group_address(node),
        .seed = tomte_random_next(&g->fate),
        .now_ms = group_ms(g, n),
        .found = n->found,
    };
    group_trace(g, node, "starts, boot %u", (unsigned)n->boot);
    if (err == TOMTE_OK)
        err = n->replica->open(n->replica->ctx, &c);
    if (err == TOMTE_ERR_IO && tomte_disk_is_off(n->disk)) {
        group_crash(g, node);
        group_start(g, node);
        return;
    }
    if (err != TOMTE_OK) {
        group_fail(g, "node %u does not start: %s", node, tomte_err_name(err));
        return;
    }
    n->found = false;
    sync_now(g, n);
}

void group_crash(struct group *g, unsigned node)
{
    struct group_node *n = &g->nodes[node];
    struct keepers_counts unused;
    struct tomte_replica_status s;
    if (!n->on)
        return;
    group_trace(g, node, "crashes");
    n->replica->status(n->replica->ctx, &s);
    g->counts.snapshots += s.snapshots;
    g->counts.restarts += s.restarts;
    keepers_counts(n->keepers, &unused);
    n->on = false;
    n->led_term = 0;
    n->replica->close(n->replica->ctx);
    memset(n->memory, 0xdb, MEMORY);
    tomte_disk_crash(n->disk);
}

void group_burn(struct group *g, unsigned node)
{
    group_trace(g, node, "burns");
    group_crash(g, node);
    new_disk(g, &g->nodes[node]);
    g->counts.burns++;
}

void group_split(struct group *g, const int sides[GROUP_MAX])
{
    for (unsigned i = 0; i < g->config.size; i++)
        g->nodes[i].side = sides[i];
}

unsigned group_leader(struct group *g)
{
    unsigned found = GROUP_MAX;
    uint64_t term = 0;
    for (unsigned i = 0; i < g->config.size; i++) {
        struct group_node *n = &g->nodes[i];
        struct tomte_replica_status s;
        if (!n->on)
            continue;
        n->replica->status(n->replica->ctx, &s);
        if (s.leads && s.term >= term) {
            term = s.term;
            found = i;
        }
    }
    return found;
}

enum tomte_err group_propose(struct group *g, unsigned node, size_t bytes)
{
    static uint8_t command[65536];
    struct group_node *n = &g->nodes[node];
    if (bytes < 8)
        bytes = 8;
    uint64_t number = g->next_command++;
    tomte_put_le64(command, number);
    enum tomte_err err =
        n->replica->propose(n->replica->ctx, group_ms(g, n),
                            TOMTE_SPAN(command, bytes), (uint32_t)number);
    group_end_step(g, n);
    return err;
}

static void happen(struct group *g, struct happening *h)
{
    struct group_node *n = &g->nodes[h->node];
    struct tomte_span bytes = TOMTE_SPAN(h->bytes, h->len);
    uint64_t tag = h->tag & 0xff;
    switch (h->kind) {
    case HAPPEN_DATAGRAM:
        if (!n->on)
            return;
        n->replica->receive(n->replica->ctx, group_ms(g, n), &h->from, bytes);
        group_end_step(g, n);
        return;
    case HAPPEN_TIMER:
        if (!n->on || n->boot != h->tag)
            return;
        if (n->timer_us <= g->now_us)
            n->timer_us = UINT64_MAX;
        n->replica->step(n->replica->ctx, group_ms(g, n));
        group_end_step(g, n);
        return;
    default:
        break;
    }
    if (tag == GROUP_SYNC && n->on && n->due && n->boot == h->tag >> 8)
        sync_now(g, n);
    else if (tag == GROUP_BACK && !n->on)
        group_start(g, h->node);
    else if (tag != GROUP_SYNC && tag != GROUP_BACK)
        group_fate(g, h);
}

/* What is for a node that was stopped waits for it. */
static bool held_back(struct group *g, const struct happening *h)
{
    bool its = h->kind == HAPPEN_DATAGRAM || h->kind == HAPPEN_TIMER ||
               (h->tag & 0xff) == GROUP_SYNC;
    if (!its || g->nodes[h->node].paused_us <= g->now_us)
        return false;
    struct happening later = *h;
    later.at_us = g->nodes[h->node].paused_us;
    queue_put(&g->queue, later);
    return true;
}

bool group_run(struct group *g, uint64_t until_us)
{
    struct happening h;
    while (!g->failed && g->queue.len > 0 &&
           g->queue.heap[0].at_us <= until_us) {
        bool took = queue_take(&g->queue, &h);
        TOMTE_ASSERT(took);
        g->now_us = h.at_us;
        if (held_back(g, &h))
            continue;
        happen(g, &h);
        free(h.bytes);
    }
    if (!g->failed)
        g->now_us = until_us;
    return !g->failed;
}

/* ---- life ---- */

struct group *group_new(const struct group_config *config)
{
    struct group *g = calloc(1, sizeof *g);
    TOMTE_ASSERT(g != NULL && config->size <= GROUP_MAX);
    g->config = *config;
    g->hash = 0xcbf29ce484222325u;
    g->leader_of = calloc(1u << 16, sizeof *g->leader_of);
    tomte_random_init(&g->net, config->seed);
    tomte_random_init(&g->fate, config->seed + 0x1000);
    tomte_random_init(&g->user, config->seed + 0x2000);
    for (unsigned i = 0; i < config->size; i++) {
        struct group_node *n = &g->nodes[i];
        *n = (struct group_node){.group = g, .index = i, .found = i == 0};
        n->memory = malloc(MEMORY);
        n->keepers = keepers_new(&config->options);
        TOMTE_ASSERT(n->memory != NULL && n->keepers != NULL);
        n->replica = keepers_replica(n->keepers);
        new_disk(g, n);
    }
    for (unsigned i = 0; i < config->size; i++)
        group_start(g, i);
    group_plan_faults(g);
    return g;
}

void group_free(struct group *g)
{
    for (unsigned i = 0; i < g->config.size; i++) {
        struct group_node *n = &g->nodes[i];
        n->replica->close(n->replica->ctx);
        keepers_free(n->keepers);
        tomte_disk_free(n->disk);
        free(n->memory);
    }
    queue_free(&g->queue);
    free(g->commands);
    free(g->hashes);
    free(g->acknowledged);
    free(g->leader_of);
    free(g);
}

bool group_settle(struct group *g)
{
    static const int together[GROUP_MAX];
    g->healed = true;
    group_split(g, together);
    for (unsigned i = 0; i < g->config.size; i++) {
        struct group_node *n = &g->nodes[i];
        n->paused_us = 0;
        tomte_disk_cut_at(n->disk, 0);
        if (!n->on)
            group_start(g, i);
    }
    uint64_t before = g->acknowledged_len;
    if (!group_run(g, g->now_us + 60000000))
        return false;
    if (g->config.rates.propose_every_ms > 0 && g->acknowledged_len == before)
        group_fail(g, "nothing is committed after all has healed");
    g->config.rates.propose_every_ms = 100000000;
    if (!group_run(g, g->now_us + 10000000))
        return false;
    group_check_end(g);
    return !g->failed;
}
