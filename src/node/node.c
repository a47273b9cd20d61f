/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a node. In: one event, through the CoAP endpoint to whoever it
 * concerns. Then the work that is due, bounded. Then the sync. What this step
 * decided becomes visible after that and not before: poll gives nothing while
 * a step runs, and nothing but lines when its sync failed. */
#include "node/internal.h"

#include <string.h>

/* What a node takes from its arena beside what rooms say for themselves. */
#define FIXED_BYTES                                                            \
    (sizeof(struct tomte_node) + NODE_SCRATCH_BYTES +                          \
     2 * (size_t)NODE_VIEW_BYTES + NODE_PAGES * (size_t)NODE_PAGE_BYTES +      \
     TOMTE_COMMAND_BYTES_MAX + TOMTE_OFFER_BYTES_MAX +                         \
     NODE_SENDS * sizeof(struct send) + NODE_FETCHES * sizeof(struct fetch) +  \
     4096)

/* A boot number that is lost is not given again. */
#define BOOTS_LOST 1000u

struct tomte_node_sizes tomte_node_sizes_default(void)
{
#ifdef TOMTE_MCU
    return (struct tomte_node_sizes){.slots = 8,
                                     .slot_bytes = 24u << 10,
                                     .cells = 24,
                                     .log_lines = 16,
                                     .store_index_entries = 256};
#else
    return (struct tomte_node_sizes){.slots = 16,
                                     .slot_bytes = 512u << 10,
                                     .cells = 128,
                                     .log_lines = 256,
                                     .store_index_entries = 4096,
                                     .home_nodes = 64,
                                     .home_containers = 128};
#endif
}

static struct tomte_store_config store_config(const struct tomte_node_config *c,
                                              struct tomte_arena *arena)
{
    return (struct tomte_store_config){
        .block = *c->block,
        .arena = arena,
        .records_max = c->sizes.store_index_entries,
        .logs_max = (uint32_t)c->sizes.slots + 4,
        .blobs_max = 3u * c->sizes.slots + 16,
    };
}

size_t tomte_node_memory(const struct tomte_node_config *config)
{
    struct tomte_store_config store = store_config(config, NULL);
    return FIXED_BYTES + node_link_memory(config) + node_bond_memory(config) +
           tomte_store_memory(&store) +
           config->sizes.cells * sizeof(struct cell) +
           config->sizes.log_lines * sizeof(struct log_line) +
           node_slot_memory(config) + node_resource_memory(config) +
           node_keeper_memory(config);
}

static bool sensible(const struct tomte_node_config *c)
{
    return c->name.len > 0 && c->block != NULL && c->crypto != NULL &&
           c->resource_count <= TOMTE_LIMIT_RESOURCES &&
           c->resource_count <= 64 && c->sizes.slots > 0 &&
           c->sizes.cells > c->resource_count && c->sizes.log_lines > 0 &&
           c->sizes.slot_bytes >= 8192;
}

static void *take(struct tomte_node *n, size_t count, size_t size)
{
    void *p = tomte_arena_take(n->arena, count * size, 16);
    TOMTE_ASSERT(p != NULL); /* tomte_node_memory counts all of it */
    return p;
}

static void take_tables(struct tomte_node *n)
{
    tomte_arena_init(&n->scratch, take(n, 1, NODE_SCRATCH_BYTES),
                     NODE_SCRATCH_BYTES);
    for (int i = 0; i < 2; i++)
        n->view_bytes[i] = take(n, 1, NODE_VIEW_BYTES);
    for (int i = 0; i < NODE_PAGES; i++) {
        n->pages[i].data = take(n, 1, NODE_PAGE_BYTES);
        n->pages[i].cap = NODE_PAGE_BYTES;
    }
    n->upload.data = take(n, 1, TOMTE_COMMAND_BYTES_MAX);
    n->offer = take(n, 1, TOMTE_OFFER_BYTES_MAX);
    n->sends = take(n, NODE_SENDS, sizeof *n->sends);
    n->fetches = take(n, NODE_FETCHES, sizeof *n->fetches);
    n->cells = take(n, n->config.sizes.cells, sizeof *n->cells);
    n->lines = take(n, n->config.sizes.log_lines, sizeof *n->lines);
}

/* What is damaged says so when it is read. A name that is lost does not: an
 * older value may then stand where a newer one was. What that matters for is
 * not believed: the view (view.c), histories that others hold too (start.c),
 * the number of the boot. */
static void tell_damage(struct tomte_node *n,
                        const struct tomte_store_report *report)
{
    char line[160];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_str(&t, "storage: ");
    tomte_text_u64(&t, report->damaged);
    tomte_text_str(&t, " places do not match their checksums, the first at ");
    tomte_text_u64(&t, report->damaged_at);
    tomte_text_str(&t, "; of ");
    tomte_text_u64(&t, report->lost);
    tomte_text_str(&t, " even the name is lost");
    node_log(n, TOMTE_LOG_ERROR, line);
    n->names_lost = report->lost > 0;
    if (n->names_lost && n->config.is_keeper)
        node_log(n, TOMTE_LOG_ERROR,
                 "keeper: what it last decided may be lost with them");
}

/* Mounts the store; one that was never formatted is formatted. An eighth of it
 * is left to blobs at the least, a quarter to records at the least. */
static enum tomte_err mount(struct tomte_node *n)
{
    struct tomte_store_config config = store_config(&n->config, n->arena);
    struct tomte_store_report report;
    size_t mark = tomte_arena_mark(n->arena);
    enum tomte_err err = tomte_store_mount(&n->store, &config, &report);
    if (err == TOMTE_ERR_NOT_FOUND) {
        uint32_t ring = n->config.block->sector_count / 4;
        if (ring < TOMTE_STORE_RING_SECTORS_MIN)
            ring = TOMTE_STORE_RING_SECTORS_MIN;
        err = tomte_store_format(n->config.block, ring);
        if (err != TOMTE_OK)
            return err;
        tomte_arena_release(n->arena, mark);
        err = tomte_store_mount(&n->store, &config, &report);
    }
    if (err == TOMTE_OK && report.damaged > 0)
        tell_damage(n, &report);
    return err;
}

/* Each boot has a number of its own, stored before it is used. */
static enum tomte_err count_boot(struct tomte_node *n)
{
    const struct tomte_span key = TOMTE_SPAN_LIT("boot");
    uint8_t value[4] = {0};
    size_t len = 0;
    enum tomte_err err =
        tomte_store_get(&n->store, key, TOMTE_BUF_ARRAY(value), &len);
    if (err == TOMTE_ERR_CORRUPT)
        n->names_lost = true; /* the value is: no better */
    else if (err != TOMTE_OK && err != TOMTE_ERR_NOT_FOUND)
        return err;
    n->boot = err == TOMTE_OK && len == 4 ? tomte_get_le32(value) : 0;
    if (n->boot == 0 && n->config.first_boot > 0)
        n->boot = n->config.first_boot - 1;
    if (n->names_lost)
        n->boot += BOOTS_LOST;
    n->boot++;
    tomte_put_le32(value, n->boot);
    err = tomte_store_put(&n->store, key, TOMTE_SPAN_ARRAY(value));
    return err != TOMTE_OK ? err : tomte_store_sync(&n->store);
}

static enum tomte_err start(struct tomte_node *n)
{
    enum tomte_err err = mount(n);
    if (err == TOMTE_OK)
        err = node_keys_init(n);
    if (err == TOMTE_OK)
        err = node_bond_init(n);
    if (err == TOMTE_OK)
        err = count_boot(n);
    if (err == TOMTE_OK)
        err = node_link_init(n);
    if (err == TOMTE_OK)
        err = node_resource_init(n);
    if (err == TOMTE_OK)
        err = node_slot_init(n);
    if (err == TOMTE_OK)
        node_control_store(n);
    if (err == TOMTE_OK)
        err = node_keeper_init(n);
    return err;
}

enum tomte_err tomte_node_init(struct tomte_node **node,
                               const struct tomte_node_config *config,
                               struct tomte_arena *arena, uint64_t now_ms)
{
    if (!sensible(config))
        return TOMTE_ERR_RANGE;
    if (arena->size - arena->used < tomte_node_memory(config))
        return TOMTE_ERR_NO_MEMORY;
    struct tomte_node *n = tomte_arena_take(arena, sizeof *n, 16);
    TOMTE_ASSERT(n != NULL);
    n->config = *config;
    n->arena = arena;
    n->now_ms = now_ms;
    n->line_next = n->line_told = 1;
    tomte_random_init(&n->random, config->seed);
    tomte_drbg_init(&n->drbg, config->crypto,
                    TOMTE_SPAN_ARRAY(config->entropy));
    tomte_wipe(n->config.entropy, sizeof n->config.entropy);
    take_tables(n);
    node_cell_init(n);
    enum tomte_err err = start(n);
    if (err != TOMTE_OK)
        return err;
    n->config.charter = TOMTE_SPAN_NONE;
    node_bond_synced(n); /* by the sync of the boot's number */
    node_control_init(n);
    node_view_load(n);
    /* The home of one of several keepers is not known before it hears of it. */
    if (!node_group_is_member(n) && (n->has_view || n->keeper != NULL))
        node_image_sweep(n); /* what the last view before a crash left */
    if (tomte_store_sync(&n->store) != TOMTE_OK)
        return TOMTE_ERR_IO;
    if (node_group_is_member(n))
        node_group_synced(n);
    node_actuator_synced(n);
    n->again = true;
    *node = n;
    return TOMTE_OK;
}

void tomte_node_wipe(struct tomte_node *node)
{
    struct tomte_arena *arena = node->arena;
    tomte_wipe(arena->base, arena->used);
}

/* ---- one step ---- */

static void work(struct tomte_node *n)
{
    n->again = false;
    node_control_work(n);
    node_fetch_work(n);
    node_slot_work(n);
    node_resource_work(n);
    node_deliver_work(n);
    node_cell_work(n);
    if (n->keeper != NULL)
        node_keeper_work(n);
}

/* Nothing else to do: the store gets ahead of what will be written. */
static void tidy(struct tomte_node *n)
{
    if (n->again)
        return;
    if (tomte_store_clean(&n->store, NODE_TIDY_BYTES) != TOMTE_OK)
        node_log(n, TOMTE_LOG_WARN, "storage: cannot be cleaned");
}

static void commit(struct tomte_node *n)
{
    node_actuator_store(n);
    node_bond_store(n);
    enum tomte_err err = tomte_store_sync(&n->store);
    if (err != TOMTE_OK) {
        node_log_err(n, TOMTE_SPAN_LIT("storage"), "cannot be synced", err);
        n->broken = true;
        return;
    }
    node_actuator_synced(n);
    node_bond_synced(n);
    node_view_synced(n);
    if (node_group_is_member(n))
        node_group_synced(n);
}

void tomte_node_step(struct tomte_node *node,
                     const struct tomte_node_event *event)
{
    uint64_t last_ms = node->now_ms;
    if (event->now_ms > node->now_ms)
        node->now_ms = event->now_ms;
    if (node->broken)
        return;
    if (node->keeper != NULL)
        node_keeper_awake(node, last_ms);
    node_link_step(node, event);
    node_link_drain(node);
    if (event->kind == TOMTE_NODE_READING)
        node_resource_reading(node, event->resource, event->bytes);
    work(node);
    node_link_drain(node);
    if (event->kind == TOMTE_NODE_TIMER)
        tidy(node);
    commit(node);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t tomte_node_deadline(const struct tomte_node *n)
{
    if (n->broken)
        return UINT64_MAX;
    if (n->again)
        return n->now_ms;
    uint64_t at = node_link_deadline(n);
    at = earlier(at, node_control_deadline(n));
    at = earlier(at, node_fetch_deadline(n));
    at = earlier(at, node_slot_deadline(n));
    at = earlier(at, node_resource_deadline(n));
    at = earlier(at, node_deliver_deadline(n));
    at = earlier(at, node_cell_deadline(n));
    return n->keeper == NULL ? at : earlier(at, node_keeper_deadline(n));
}

/* ---- effects ---- */

static bool poll_line(struct tomte_node *n, struct tomte_node_effect *out)
{
    if (n->line_told == n->line_next)
        return false;
    uint64_t kept = n->config.sizes.log_lines;
    if (n->line_next - n->line_told > kept)
        n->line_told = n->line_next - kept;
    const struct log_line *line = &n->lines[n->line_told % kept];
    n->line_told++;
    *out =
        (struct tomte_node_effect){.kind = TOMTE_NODE_LOG,
                                   .level = (enum tomte_log_level)line->level,
                                   .text = line->text};
    return true;
}

static bool poll_drive(struct tomte_node *n, struct tomte_node_effect *out)
{
    for (size_t i = 0; n->drives != 0 && i < n->config.resource_count; i++) {
        if ((n->drives >> i & 1) == 0)
            continue;
        n->drives &= ~((uint64_t)1 << i);
        *out = (struct tomte_node_effect){.kind = TOMTE_NODE_DRIVE,
                                          .resource = i,
                                          .bytes = node_resource_drive(n, i)};
        return true;
    }
    return false;
}

bool tomte_node_poll(struct tomte_node *node, struct tomte_node_effect *out)
{
    if (poll_line(node, out))
        return true;
    return !node->broken &&
           (poll_drive(node, out) || node_link_poll(node, out));
}

/* ---- questions ---- */

bool tomte_node_broken(const struct tomte_node *node)
{
    return node->broken;
}

void tomte_node_key(const struct tomte_node *node,
                    uint8_t open[TOMTE_P256_PUBLIC_BYTES])
{
    memcpy(open, node->keys.own.open, TOMTE_P256_PUBLIC_BYTES);
}

bool tomte_node_leased(const struct tomte_node *node, uint64_t now_ms)
{
    return tomte_lease_held(&node->lease, now_ms);
}

void tomte_node_set_witness(struct tomte_node *node,
                            const struct tomte_node_witness *witness)
{
    node->witness = *witness;
}

bool tomte_node_slot(const struct tomte_node *node, size_t i,
                     struct tomte_slot_report *out)
{
    for (size_t at = 0; at < node->config.sizes.slots; at++) {
        const struct slot *s = &node->slots[at];
        if (s->phase == SLOT_FREE || i-- != 0)
            continue;
        *out = (struct tomte_slot_report){
            .identity = &s->identity,
            .epoch = s->epoch,
            .role = s->part == TOMTE_VIEW_OWNER ? TOMTE_SLOT_OWNER
                                                : TOMTE_SLOT_STANDBY,
            .running = node_slot_acts(node, s),
            .sequence = s->history_open ? tomte_history_held(&s->history) : 0,
            .state = node_slot_phase_name(s),
            .reason = s->reason};
        return true;
    }
    return false;
}
