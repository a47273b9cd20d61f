/* SPDX-License-Identifier: Apache-2.0 */
/* A container's life on this node.
 *
 *   FETCH_IMAGE --> STANDBY                         (part standby or holder)
 *        |
 *        +--> PENDING --> RECOVERING --> RUNNING    (part owner)
 *                ^            |             |
 *                |        NO_LEASE <--------+  safe, and the lease is over
 *                +--- FENCED <--------------+  a higher epoch was shown
 *             FAILED: cannot run here; the reason is told to the keeper
 *
 * A view moves a slot; nothing else takes epochs or parts away or gives them.
 * What a new view does not grant stops while it is applied, so that confirming
 * the view confirms the stop. */
#include "node/internal.h"

#include <string.h>

#define RETRY_MS 1000u

size_t node_slot_memory(const struct tomte_node_config *config)
{
    return config->sizes.slots *
               (sizeof(struct slot) + config->sizes.slot_bytes + 16) +
           64;
}

enum tomte_err node_slot_init(struct tomte_node *n)
{
    size_t count = n->config.sizes.slots;
    n->slots = tomte_arena_take(n->arena, count * sizeof *n->slots, 16);
    if (n->slots == NULL)
        return TOMTE_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct slot *s = &n->slots[i];
        s->node = n;
        s->index = (uint16_t)i;
        s->fetch = NODE_FETCHES;
        if (!tomte_arena_split(n->arena, n->config.sizes.slot_bytes, &s->arena))
            return TOMTE_ERR_NO_MEMORY;
    }
    return TOMTE_OK;
}

struct slot *node_slot_find(struct tomte_node *n,
                            const struct tomte_name *identity)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        if (n->slots[i].phase != SLOT_FREE &&
            tomte_name_equal(&n->slots[i].identity, identity))
            return &n->slots[i];
    return NULL;
}

const char *node_slot_phase_name(const struct slot *s)
{
    static const char *const names[] = {
        "free",       "fetching image", "standby", "pending", "no lease",
        "recovering", "running",        "fenced",  "failed"};
    if (s->phase == SLOT_RUNNING &&
        s->container.state == TOMTE_CONTAINER_QUARANTINED)
        return "quarantined";
    return names[s->phase];
}

uint8_t node_slot_report_state(const struct slot *s)
{
    if (s->phase == SLOT_FAILED)
        return s->refused ? TOMTE_REPORT_REFUSED : TOMTE_REPORT_FAILED;
    if (s->phase != SLOT_RUNNING)
        return TOMTE_REPORT_STARTING;
    return s->container.state == TOMTE_CONTAINER_QUARANTINED
               ? TOMTE_REPORT_FAILED
               : TOMTE_REPORT_RUNNING;
}

bool node_slot_acts(const struct tomte_node *n, const struct slot *s)
{
    return s->phase == SLOT_RUNNING &&
           (s->without_keeper == TOMTE_WITHOUT_KEEPER_HOLD ||
            node_control_leased(n));
}

/* ---- stopping ---- */

/* The container leaves memory; image, history and what the view says stay. */
static void unload(struct tomte_node *n, struct slot *s)
{
    if (!s->loaded)
        return;
    if (s->inbox != NULL)
        node_receive_drop_all(n, s);
    node_deliver_forget(n, s);
    tomte_container_wipe(&s->container);
    tomte_arena_release(&s->arena, s->arena_image_mark);
    s->loaded = false;
    s->running_entry = false;
    s->waiting = 0;
    s->ports = NULL;
    s->ports_len = 0;
    s->inbox = NULL;
}

static void clear_image(struct tomte_node *n, struct slot *s)
{
    unload(n, s);
    node_fetch_cancel(n, s->fetch);
    s->fetch = NODE_FETCHES;
    s->history_open = false;
    s->image = TOMTE_SPAN_NONE;
    tomte_arena_release(&s->arena, 0);
    s->phase = SLOT_FETCH_IMAGE;
    s->retry_ms = n->now_ms;
    s->tries = 0;
}

static void say(struct tomte_node *n, const struct slot *s,
                enum tomte_log_level level, const char *text)
{
    char line[160];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, tomte_name_span(&s->identity));
    tomte_text_char(&t, ' ');
    tomte_text_str(&t, text);
    tomte_text_str(&t, ", epoch ");
    tomte_text_u64(&t, s->epoch);
    node_log(n, level, line);
}

void node_slot_reason(struct tomte_node *n, struct slot *s, const char *text,
                      enum tomte_err err)
{
    struct tomte_text t;
    tomte_text_init(&t, s->reason, sizeof s->reason);
    tomte_text_str(&t, text);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, tomte_err_text(err));
    unload(n, s);
    s->phase = SLOT_FAILED;
    s->retry_ms = n->now_ms + 5 * RETRY_MS;
    node_log_err(n, tomte_name_span(&s->identity), text, err);
    n->lease_now = true;
}

/* This image cannot run on this node, whenever it is tried. */
static void refuse(struct tomte_node *n, struct slot *s, enum tomte_err err)
{
    char text[TOMTE_REASON_MAX];
    memcpy(text, s->container.reason, sizeof text);
    node_slot_reason(n, s, text[0] != 0 ? text : "cannot be loaded", err);
    s->refused = true;
}

void node_slot_fenced(struct tomte_node *n, struct slot *s, uint64_t held)
{
    (void)held;
    say(n, s, TOMTE_LOG_WARN, "was replaced and stops");
    unload(n, s);
    s->phase = SLOT_FENCED;
    node_control_stale(n);
}

/* ---- views ---- */

void node_slot_view_begin(struct tomte_node *n)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        n->slots[i].seen = false;
}

static struct slot *slot_for(struct tomte_node *n,
                             const struct tomte_view_placement *p)
{
    struct slot *s = node_slot_find(n, &p->identity);
    for (unsigned i = 0; s == NULL && i < n->config.sizes.slots; i++)
        if (n->slots[i].phase == SLOT_FREE)
            s = &n->slots[i];
    if (s == NULL) {
        node_log_err(n, tomte_name_span(&p->identity), "no slot for it",
                     TOMTE_ERR_FULL);
        return NULL;
    }
    if (s->phase == SLOT_FREE) {
        s->identity = p->identity;
        s->epoch = 0;
        memcpy(s->digest, p->digest, sizeof s->digest);
        s->reason[0] = 0;
        clear_image(n, s);
    }
    return s;
}

static void take_over(struct slot *s, const struct tomte_view_placement *p)
{
    s->part = p->part;
    s->active = p->state == TOMTE_PLACEMENT_ACTIVE;
    s->epoch = p->epoch;
    s->born = p->born;
    s->elapsed_ms = p->elapsed_ms;
    s->durability = p->durability;
    s->without_keeper = p->without_keeper;
    s->has_owner = p->has_owner;
    s->owner = p->owner;
}

/* After a change of part or epoch: where the slot's life goes on. */
static void reconsider(struct slot *s)
{
    s->reason[0] = 0;
    s->refused = false;
    if (s->phase == SLOT_FETCH_IMAGE)
        return;
    s->phase = s->part == TOMTE_VIEW_OWNER ? SLOT_PENDING : SLOT_STANDBY;
}

void node_slot_view(struct tomte_node *n,
                    const struct tomte_view_placement *placement)
{
    struct slot *s = slot_for(n, placement);
    if (s == NULL)
        return;
    s->seen = true;
    bool other_image =
        memcmp(s->digest, placement->digest, sizeof s->digest) != 0;
    bool other_life = s->epoch != placement->epoch ||
                      s->part != placement->part ||
                      placement->state == TOMTE_PLACEMENT_NONE;
    if (other_image) {
        memcpy(s->digest, placement->digest, sizeof s->digest);
        clear_image(n, s);
    } else if (other_life) {
        unload(n, s);
        if (s->phase != SLOT_FETCH_IMAGE) { /* a checkpoint for a standby */
            node_fetch_cancel(n, s->fetch);
            s->fetch = NODE_FETCHES;
        }
    }
    take_over(s, placement);
    node_replicate_view(n, s, placement);
    if (other_image || other_life)
        reconsider(s);
    else if (s->loaded && s->ports != NULL)
        node_part_bind(n, s);
}

static void forget(struct tomte_node *n, struct slot *s)
{
    unload(n, s);
    if (s->history_open && tomte_history_remove(&s->history) != TOMTE_OK)
        say(n, s, TOMTE_LOG_WARN, "its history cannot be removed");
    clear_image(n, s);
    s->phase = SLOT_FREE;
}

void node_slot_view_end(struct tomte_node *n)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        if (n->slots[i].phase != SLOT_FREE && !n->slots[i].seen)
            forget(n, &n->slots[i]);
}

/* ---- the image ---- */

static void image_path(const struct slot *s, char path[NODE_PATH_BYTES])
{
    struct tomte_text t;
    tomte_text_init(&t, path, NODE_PATH_BYTES);
    tomte_text_str(&t, "/.tomte/blob/");
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(s->digest));
}

/* The keeper has every image; when it is silent, who runs or keeps it does. */
static const struct tomte_addr *image_source(const struct tomte_node *n,
                                             const struct slot *s)
{
    unsigned others = (unsigned)s->has_owner + s->peers_len;
    unsigned at = s->tries % (1 + others);
    if (at == 0)
        return &n->config.keeper;
    if (s->has_owner && at == 1)
        return &s->owner.addr;
    return &s->peers[at - 1 - (unsigned)s->has_owner].addr;
}

static enum tomte_err open_history(struct tomte_node *n, struct slot *s)
{
    struct tomte_history_config config = {.store = &n->store,
                                          .identity = s->identity,
                                          .log_bytes_max = s->log_bytes_max};
    if (s->durability == TOMTE_DURABILITY_NONE) {
        s->ring = tomte_arena_take(&s->arena, s->log_bytes_max, 8);
        if (s->ring == NULL)
            return TOMTE_ERR_NO_MEMORY;
        config.ring = TOMTE_BUF(s->ring, s->log_bytes_max);
    }
    enum tomte_err err = tomte_history_open(&s->history, &config);
    if (err == TOMTE_ERR_CORRUPT) {
        node_log_err(n, tomte_name_span(&s->identity),
                     "its history is damaged here", err);
        err = tomte_history_remove(&s->history);
    }
    s->history_open = err == TOMTE_OK;
    return err;
}

/* Of another life of this identity, or not wanted in this experiment. */
static enum tomte_err drop_foreign_history(struct tomte_node *n, struct slot *s)
{
    if (!tomte_history_has_checkpoint(&s->history))
        return TOMTE_OK;
    bool foreign = tomte_history_epoch(&s->history) < s->born;
    if (!foreign && !n->config.without.history)
        return TOMTE_OK;
    return tomte_history_remove(&s->history);
}

static enum tomte_err load_image(struct tomte_node *n, struct slot *s,
                                 const struct tomte_store_blob_info *info)
{
    struct tomte_image image;
    struct tomte_manifest *m;
    size_t mark = tomte_arena_mark(&n->scratch);
    uint8_t *data = tomte_arena_take(&s->arena, info->size, 16);
    m = tomte_arena_take(&n->scratch, sizeof *m, 16);
    if (data == NULL || m == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = tomte_store_blob_read(&n->store, info, 0,
                                               TOMTE_BUF(data, info->size));
    s->image = TOMTE_SPAN(data, info->size);
    if (err == TOMTE_OK)
        err = tomte_image_open(s->image, &image);
    if (err == TOMTE_OK)
        err = tomte_manifest_decode(image.manifest, m, NULL);
    if (err == TOMTE_OK)
        s->log_bytes_max = m->log_bytes_max;
    tomte_arena_release(&n->scratch, mark);
    if (err == TOMTE_OK)
        err = open_history(n, s);
    s->arena_image_mark = tomte_arena_mark(&s->arena);
    return err != TOMTE_OK ? err : drop_foreign_history(n, s);
}

static void fetch_image(struct tomte_node *n, struct slot *s)
{
    struct tomte_store_blob_info info;
    char path[NODE_PATH_BYTES];
    if (!node_image_here(n, s->digest, &info)) {
        if (s->fetch != NODE_FETCHES || s->retry_ms > n->now_ms)
            return;
        image_path(s, path);
        s->fetch = node_fetch_begin(n, FETCH_IMAGE, s->index,
                                    image_source(n, s), path, NULL);
        s->retry_ms = n->now_ms + RETRY_MS;
        return;
    }
    tomte_arena_release(&s->arena, 0);
    enum tomte_err err = load_image(n, s, &info);
    if (err != TOMTE_OK) {
        node_slot_reason(n, s, "its image cannot be used here", err);
        s->refused = err != TOMTE_ERR_NO_SPACE && err != TOMTE_ERR_IO;
        return;
    }
    s->phase = s->part == TOMTE_VIEW_OWNER ? SLOT_PENDING : SLOT_STANDBY;
    n->again = true;
}

void node_slot_fetched(struct tomte_node *n, struct slot *s,
                       enum fetch_kind kind, enum tomte_err err)
{
    s->fetch = NODE_FETCHES;
    if (err == TOMTE_OK)
        return;
    s->tries++;
    s->retry_ms = n->now_ms + RETRY_MS;
    node_log_err(n, tomte_name_span(&s->identity),
                 kind == FETCH_IMAGE ? "its image does not come"
                                     : "its checkpoint does not come",
                 err);
}

/* ---- starting ---- */

static int32_t get_state(void *ctx, unsigned port, struct tomte_buf out)
{
    const struct slot *s = ctx;
    const struct slot_port *p = &s->ports[port];
    struct tomte_span payload;
    if (p->cell == NODE_CELL_NONE ||
        !tomte_state_get(&s->node->cells[p->cell].state, &payload))
        return TOMTE_ABI_NOT_FOUND;
    TOMTE_ASSERT(payload.len <= out.cap);
    memcpy(out.data, payload.data, payload.len);
    return (int32_t)payload.len;
}

static enum tomte_err load(struct tomte_node *n, struct slot *s)
{
    struct tomte_container_config config = {
        .identity = s->identity,
        .epoch = s->epoch,
        .crypto = n->config.crypto,
#ifdef TOMTE_MCU
        .wasm_limits = &tomte_wasm_limits_mcu,
#else
        .wasm_limits = &tomte_wasm_limits_hub,
#endif
        .arena = &s->arena,
        .scratch = &n->scratch,
        .history = &s->history,
        .get_state = get_state,
        .get_ctx = s};
    tomte_container_init(&s->container, &config);
    s->loaded = true;
    return tomte_container_load(&s->container, s->image);
}

static enum tomte_err recover(struct tomte_node *n, struct slot *s)
{
    size_t mark = tomte_arena_mark(&n->scratch);
    size_t cap = n->scratch.size / 2;
    uint8_t *memory = tomte_arena_take(&n->scratch, cap, 1);
    struct tomte_span part;
    enum tomte_err err = memory == NULL ? TOMTE_ERR_NO_MEMORY : TOMTE_OK;
    if (err == TOMTE_OK)
        err = tomte_container_node_part(&s->container, TOMTE_BUF(memory, cap),
                                        &part);
    if (err == TOMTE_OK)
        err = node_part_decode(n, s, part);
    tomte_arena_release(&n->scratch, mark);
    if (err != TOMTE_OK)
        return err;
    node_part_bind(n, s);
    uint64_t elapsed =
        tomte_history_epoch(&s->history) == s->epoch ? 0 : s->elapsed_ms;
    return tomte_container_recover(&s->container, n->now_ms, elapsed);
}

static void running(struct tomte_node *n, struct slot *s, bool fresh)
{
    node_part_open_streams(n, s, fresh);
    s->phase = SLOT_RUNNING;
    s->reason[0] = 0;
    s->retry_ms = 0;
    say(n, s, TOMTE_LOG_INFO, fresh ? "starts" : "goes on");
    n->lease_now = true;
    n->again = true;
}

static void start_owner(struct tomte_node *n, struct slot *s)
{
    bool fresh = !tomte_history_has_checkpoint(&s->history);
    if (fresh && s->born != 0 && s->born != s->epoch &&
        !n->config.without.history) {
        node_slot_reason(n, s, "its history is not here", TOMTE_ERR_NOT_FOUND);
        return;
    }
    enum tomte_err err = load(n, s);
    if (err != TOMTE_OK) {
        refuse(n, s, err);
        return;
    }
    err = node_part_ports(n, s);
    if (err == TOMTE_OK && !fresh)
        err = recover(n, s);
    if (err == TOMTE_OK && fresh)
        err = tomte_container_start(&s->container, n->now_ms);
    if (err != TOMTE_OK) {
        node_slot_reason(n, s, fresh ? "cannot start" : "cannot recover", err);
        return;
    }
    if (!fresh) {
        s->phase = SLOT_RECOVERING;
        n->again = true;
        return;
    }
    node_part_bind(n, s);
    running(n, s, true);
}

static void recover_slice(struct tomte_node *n, struct slot *s)
{
    n->again = true;
    switch (tomte_container_replay(&s->container, NODE_SLICE_FUEL)) {
    case TOMTE_RUN_REPLAYED:
        node_part_replayed(n, s);
        break;
    case TOMTE_RUN_RECOVERED:
        running(n, s, false);
        break;
    case TOMTE_RUN_FAILED:
        node_slot_reason(n, s, s->container.reason, TOMTE_ERR_CORRUPT);
        break;
    default:
        break;
    }
}

/* ---- the work of one slot ---- */

static bool may_act(const struct tomte_node *n, const struct slot *s)
{
    return s->without_keeper == TOMTE_WITHOUT_KEEPER_HOLD ||
           node_control_leased(n);
}

static void lose_lease(struct tomte_node *n, struct slot *s)
{
    say(n, s, TOMTE_LOG_WARN, "stops: this node has no lease");
    unload(n, s);
    s->phase = SLOT_NO_LEASE;
}

static void slot_work(struct tomte_node *n, struct slot *s)
{
    switch (s->phase) {
    case SLOT_FETCH_IMAGE:
        fetch_image(n, s);
        break;
    case SLOT_PENDING:
    case SLOT_NO_LEASE:
        if (s->active && may_act(n, s))
            start_owner(n, s);
        break;
    case SLOT_RECOVERING:
        recover_slice(n, s);
        break;
    case SLOT_RUNNING:
        if (!may_act(n, s))
            lose_lease(n, s);
        else
            node_run_work(n, s);
        break;
    case SLOT_FAILED:
        if (!s->refused && s->retry_ms <= n->now_ms)
            clear_image(n, s);
        break;
    default:
        break;
    }
    if (s->phase == SLOT_RUNNING)
        node_replicate_work(n, s);
}

void node_slot_work(struct tomte_node *n)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        if (n->slots[i].phase != SLOT_FREE)
            slot_work(n, &n->slots[i]);
}

static uint64_t slot_deadline(const struct tomte_node *n, const struct slot *s)
{
    uint64_t run, send;
    switch (s->phase) {
    case SLOT_FETCH_IMAGE:
        return s->fetch == NODE_FETCHES ? s->retry_ms : UINT64_MAX;
    case SLOT_FAILED:
        return s->refused ? UINT64_MAX : s->retry_ms;
    case SLOT_RUNNING:
        run = node_run_deadline(n, s);
        send = node_replicate_deadline(n, s);
        return run < send ? run : send;
    default:
        return UINT64_MAX;
    }
}

uint64_t node_slot_deadline(const struct tomte_node *n)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < n->config.sizes.slots; i++) {
        if (n->slots[i].phase == SLOT_FREE)
            continue;
        uint64_t due = slot_deadline(n, &n->slots[i]);
        at = due < at ? due : at;
    }
    return at;
}
