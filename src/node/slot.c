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
    if (s->phase == SLOT_FAILED && s->spoilt)
        return TOMTE_REPORT_SPOILT;
    if (s->phase == SLOT_RUNNING && s->trial && s->passed)
        return TOMTE_REPORT_PASSED;
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

void node_slot_unload(struct tomte_node *n, struct slot *s)
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
    s->recovered = 0;
    s->ports = NULL;
    s->ports_len = 0;
    s->inbox = NULL;
}

void node_slot_clear_image(struct tomte_node *n, struct slot *s)
{
    node_slot_unload(n, s);
    node_fetch_cancel(n, s->fetch);
    s->fetch = NODE_FETCHES;
    s->history_open = false;
    s->damaged = false;
    s->image = TOMTE_SPAN_NONE;
    tomte_arena_release(&s->arena, 0);
    s->phase = SLOT_FETCH_IMAGE;
    s->retry_ms = n->now_ms;
    s->tries = 0;
}

void node_slot_say(struct tomte_node *n, const struct slot *s,
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
    node_log_err(n, tomte_name_span(&s->identity), text, err);
    node_slot_unload(n, s); /* `text` may be the container's own */
    s->phase = SLOT_FAILED;
    s->retry_ms = n->now_ms + 5 * RETRY_MS;
    n->lease_now = true;
}

void node_slot_fenced(struct tomte_node *n, struct slot *s, uint64_t held)
{
    (void)held;
    node_slot_say(n, s, TOMTE_LOG_WARN, "was replaced and stops");
    node_slot_unload(n, s);
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
        memcpy(s->target, p->digest, sizeof s->target);
        memcpy(s->digest, p->digest, sizeof s->digest);
        s->reason[0] = 0;
        node_slot_clear_image(n, s);
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
    s->trial = p->trial;
    s->afresh = p->afresh;
    memcpy(s->before, p->before, sizeof s->before);
    if (s->loaded)
        s->container.config.trial = p->trial;
}

/* After a change of part or epoch: where the slot's life goes on. */
static void reconsider(struct slot *s)
{
    s->reason[0] = 0;
    s->refused = s->spoilt = s->passed = false;
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
        memcmp(s->target, placement->digest, sizeof s->target) != 0;
    bool other_life = s->epoch != placement->epoch ||
                      s->part != placement->part ||
                      placement->state == TOMTE_PLACEMENT_NONE;
    /* one that was handing over and does not any more needs the other image */
    bool elsewhere =
        other_life && memcmp(s->digest, s->target, sizeof s->digest) != 0;
    if (other_image || elsewhere) {
        memcpy(s->target, placement->digest, sizeof s->target);
        memcpy(s->digest, placement->digest, sizeof s->digest);
        node_slot_clear_image(n, s);
    } else if (other_life) {
        node_slot_unload(n, s);
        if (s->phase != SLOT_FETCH_IMAGE) { /* a checkpoint for a standby */
            node_fetch_cancel(n, s->fetch);
            s->fetch = NODE_FETCHES;
        }
    }
    /* In another part its history is opened anew. */
    if (other_life && s->phase != SLOT_FETCH_IMAGE &&
        (s->damaged || !s->history_open))
        node_slot_clear_image(n, s);
    take_over(s, placement);
    node_replicate_view(n, s, placement);
    if (other_image || other_life)
        reconsider(s);
    else if (s->loaded && s->ports != NULL)
        node_part_bind(n, s);
}

static void forget(struct tomte_node *n, struct slot *s)
{
    node_slot_unload(n, s);
    if (s->history_open && tomte_history_remove(&s->history) != TOMTE_OK)
        node_slot_say(n, s, TOMTE_LOG_WARN, "its history cannot be removed");
    node_slot_clear_image(n, s);
    s->phase = SLOT_FREE;
}

void node_slot_view_end(struct tomte_node *n)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        if (n->slots[i].phase != SLOT_FREE && !n->slots[i].seen)
            forget(n, &n->slots[i]);
}

/* ---- the work of one slot ---- */

static bool may_act(const struct tomte_node *n, const struct slot *s)
{
    return s->without_keeper == TOMTE_WITHOUT_KEEPER_HOLD ||
           node_control_leased(n);
}

static void lose_lease(struct tomte_node *n, struct slot *s)
{
    node_slot_say(n, s, TOMTE_LOG_WARN, "stops: this node has no lease");
    node_slot_unload(n, s);
    s->phase = SLOT_NO_LEASE;
}

static void slot_work(struct tomte_node *n, struct slot *s)
{
    switch (s->phase) {
    case SLOT_FETCH_IMAGE:
        node_start_image(n, s);
        break;
    case SLOT_PENDING:
    case SLOT_NO_LEASE:
        if (s->active && may_act(n, s))
            node_start_owner(n, s);
        break;
    case SLOT_RECOVERING:
        node_start_recover(n, s);
        break;
    case SLOT_RUNNING:
        if (!may_act(n, s))
            lose_lease(n, s);
        else
            node_run_work(n, s);
        break;
    case SLOT_FAILED:
        if (!s->refused && s->retry_ms <= n->now_ms)
            node_slot_clear_image(n, s);
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
