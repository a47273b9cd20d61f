/* SPDX-License-Identifier: Apache-2.0 */
/* One event of one container: begin, run in slices, commit, release.
 *
 * Commit puts the record into the history; release lets the outputs go and the
 * message be acknowledged. Between the two a `sync` container waits for its
 * standbys, and takes no other event: its outputs stay where they are. */
#include "node/internal.h"

#include <string.h>

static struct inbox_entry *first_entry(struct slot *s)
{
    return &s->inbox[s->inbox_head];
}

static void pop_entry(struct slot *s)
{
    s->inbox_head = (uint16_t)((s->inbox_head + 1u) % s->inbox_cap);
    s->inbox_len--;
    s->running_entry = false;
}

/* ---- what comes next ---- */

static bool next_start(struct slot *s, struct tomte_event *e)
{
    if (!tomte_container_needs_start(&s->container))
        return false;
    e->kind = TOMTE_EVENT_START;
    return true;
}

static bool next_message(struct slot *s, struct tomte_event *e,
                         uint8_t origin[TOMTE_ORIGIN_BYTES_MAX])
{
    if (s->inbox_len == 0)
        return false;
    const struct inbox_entry *entry = first_entry(s);
    e->kind = TOMTE_EVENT_MESSAGE;
    e->port = entry->port;
    e->payload = TOMTE_SPAN(entry->payload, entry->len);
    if (entry->has_origin) {
        enum tomte_err err = tomte_origin_encode(
            &entry->origin, TOMTE_BUF(origin, TOMTE_ORIGIN_BYTES_MAX),
            &e->origin);
        TOMTE_ASSERT(err == TOMTE_OK); /* it was decoded once */
    }
    s->running_entry = true;
    return true;
}

static bool next_timer(struct tomte_node *n, struct slot *s,
                       struct tomte_event *e)
{
    int timer = tomte_container_due(&s->container, n->now_ms);
    if (timer < 0)
        return false;
    e->kind = TOMTE_EVENT_TIMER;
    e->port = (unsigned)timer;
    return true;
}

static bool news(const struct tomte_node *n, const struct slot_port *p)
{
    return p->direction == TOMTE_PORT_IN && p->kind == TOMTE_PORT_STATE &&
           p->cell != NODE_CELL_NONE &&
           n->cells[p->cell].state.revision != p->seen_revision;
}

/* State ports in turn, so that none that changes fast starves the others. */
static bool next_state(struct tomte_node *n, struct slot *s,
                       struct tomte_event *e)
{
    for (unsigned k = 0; k < s->ports_len; k++) {
        unsigned i = (s->next_port + k) % s->ports_len;
        struct slot_port *p = &s->ports[i];
        if (!news(n, p))
            continue;
        const struct cell *c = &n->cells[p->cell];
        p->seen_revision = c->state.revision;
        s->next_port = (uint8_t)(i + 1);
        e->kind = TOMTE_EVENT_STATE;
        e->port = i;
        return tomte_state_get(&c->state, &e->payload);
    }
    return false;
}

/* So that a take-over finds its timers where they are. What is in memory only
 * is not there after one. */
static uint64_t tick_ms(const struct slot *s)
{
    return s->durability == TOMTE_DURABILITY_NONE
               ? UINT64_MAX
               : tomte_container_tick_ms(&s->container);
}

static bool next_tick(const struct tomte_node *n, const struct slot *s,
                      struct tomte_event *e)
{
    if (tick_ms(s) > n->now_ms)
        return false;
    e->kind = TOMTE_EVENT_TICK;
    return true;
}

static bool next_event(struct tomte_node *n, struct slot *s,
                       struct tomte_event *e,
                       uint8_t origin[TOMTE_ORIGIN_BYTES_MAX])
{
    memset(e, 0, sizeof *e);
    e->seed = tomte_random_next(&n->random);
    e->unix_hi_ms = UINT64_MAX; /* nothing is known of the time of day */
    return next_start(s, e) || next_message(s, e, origin) ||
           next_timer(n, s, e) || next_state(n, s, e) || next_tick(n, s, e);
}

/* ---- logging what the container said ---- */

static void log_lines(struct tomte_node *n, struct slot *s)
{
    struct tomte_span text = tomte_container_log(&s->container);
    while (text.len > 0) {
        char line[160];
        struct tomte_text t;
        size_t end = 0;
        while (end < text.len && text.data[end] != '\n')
            end++;
        tomte_text_init(&t, line, sizeof line);
        tomte_text_span(&t, tomte_name_span(&s->identity));
        tomte_text_str(&t, ": ");
        tomte_text_span(&t, tomte_span_slice(text, 0, end));
        node_log(n, TOMTE_LOG_INFO, line);
        text = tomte_span_slice(text, end + 1, text.len);
    }
    const char *notice = tomte_container_notice(&s->container);
    if (notice[0] != 0)
        node_log(n, TOMTE_LOG_WARN, notice);
}

/* ---- commit and release ---- */

void node_run_release(struct tomte_node *n, struct slot *s)
{
    uint64_t sequence = s->waiting;
    size_t count =
        s->waiting_trapped ? 0 : tomte_container_outputs(&s->container);
    s->waiting = 0;
    for (size_t i = 0; i < count; i++) {
        struct tomte_output o = tomte_container_output(&s->container, i);
        node_deliver_output(n, s, o.port, o.payload);
    }
    if (s->running_entry) {
        node_receive_committed(n, s, first_entry(s));
        pop_entry(s);
    }
    if (n->witness.commit != NULL)
        n->witness.commit(n->witness.ctx, &s->identity, s->epoch, sequence);
    n->again = true;
}

static void committed(struct tomte_node *n, struct slot *s, bool trapped)
{
    s->waiting = tomte_container_record(&s->container)->sequence;
    s->waiting_trapped = trapped;
    if (node_replicate_acknowledged(s, s->waiting))
        node_run_release(n, s);
}

static void on_done(struct tomte_node *n, struct slot *s)
{
    log_lines(n, s);
    if (!node_trial_event(n, s))
        return;
    enum tomte_err err = tomte_container_commit(&s->container);
    if (err == TOMTE_OK) {
        committed(n, s, false);
        return;
    }
    /* No room in the store: nothing is lost, it is tried again. */
    node_log_err(n, tomte_name_span(&s->identity), "cannot commit", err);
    s->retry_ms = n->now_ms + 1000;
}

static void on_trap(struct tomte_node *n, struct slot *s)
{
    log_lines(n, s);
    if (s->trial) { /* the version before is to handle the event */
        node_trial_spoil(n, s, s->container.reason);
        return;
    }
    enum tomte_err err = tomte_container_undo(&s->container, n->now_ms, NULL);
    if (err != TOMTE_OK) {
        node_slot_reason(n, s, "cannot be restored after a trap", err);
        return;
    }
    char line[160];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, tomte_name_span(&s->identity));
    tomte_text_str(&t, " trapped, the event is put aside: ");
    tomte_text_str(&t, s->container.reason);
    node_log(n, TOMTE_LOG_WARN, line);
    committed(n, s, true);
}

static void run_slice(struct tomte_node *n, struct slot *s)
{
    switch (tomte_container_run(&s->container, NODE_SLICE_FUEL)) {
    case TOMTE_RUN_DONE:
        on_done(n, s);
        break;
    case TOMTE_RUN_TRAPPED:
        on_trap(n, s);
        break;
    default:
        break;
    }
    n->again = true;
}

/* After a trap: the state is rebuilt; ports keep what they have. */
static void replay_slice(struct tomte_node *n, struct slot *s)
{
    enum tomte_run r = tomte_container_replay(&s->container, NODE_SLICE_FUEL);
    n->again = true;
    if (r == TOMTE_RUN_FAILED)
        node_slot_reason(n, s, s->container.reason, TOMTE_ERR_CORRUPT);
}

/* ---- the work of one running slot ---- */

static void begin_next(struct tomte_node *n, struct slot *s)
{
    uint8_t origin[TOMTE_ORIGIN_BYTES_MAX];
    struct tomte_event e;
    if (!node_deliver_has_room(s) || !next_event(n, s, &e, origin))
        return;
    enum tomte_err err = tomte_container_begin(&s->container, n->now_ms, &e);
    if (err == TOMTE_OK) {
        run_slice(n, s);
        return;
    }
    s->running_entry = false;
    if (e.kind == TOMTE_EVENT_STATE)
        s->ports[e.port].seen_revision = 0; /* come back to it */
    s->retry_ms = n->now_ms + 1000;
    node_log_err(n, tomte_name_span(&s->identity), "cannot take an event", err);
}

/* The last events before a crash may be in this history only: they count when
 * the standbys have them too. */
static void settle(struct tomte_node *n, struct slot *s)
{
    if (s->recovered == 0 || !node_replicate_acknowledged(s, s->recovered))
        return;
    s->recovered = 0;
    n->again = true;
}

static void ready_work(struct tomte_node *n, struct slot *s)
{
    if (s->waiting != 0) {
        if (node_replicate_acknowledged(s, s->waiting))
            node_run_release(n, s);
        return;
    }
    if (s->rebind)
        node_part_bind_container(s);
    if (tomte_container_wants_checkpoint(&s->container, n->now_ms) &&
        !node_part_checkpoint(n, s))
        return;
    begin_next(n, s);
}

void node_run_work(struct tomte_node *n, struct slot *s)
{
    struct tomte_container *c = &s->container;
    if (!node_trial_work(n, s))
        return;
    settle(n, s);
    if (s->retry_ms > n->now_ms)
        return;
    switch (c->state) {
    case TOMTE_CONTAINER_READY:
        ready_work(n, s);
        break;
    case TOMTE_CONTAINER_RUNNING:
        run_slice(n, s);
        break;
    case TOMTE_CONTAINER_RECOVERING:
        replay_slice(n, s);
        break;
    case TOMTE_CONTAINER_QUARANTINED:
        if (s->waiting != 0 && node_replicate_acknowledged(s, s->waiting))
            node_run_release(n, s);
        if (tomte_container_deadline_ms(c) <= n->now_ms)
            tomte_container_release(c, n->now_ms);
        break;
    default:
        if (s->waiting != 0 && node_replicate_acknowledged(s, s->waiting))
            node_run_release(n, s);
        break;
    }
}

static uint64_t event_deadline(const struct tomte_node *n, const struct slot *s)
{
    const struct tomte_container *c = &s->container;
    if (s->retry_ms > n->now_ms)
        return s->retry_ms;
    if (s->waiting != 0)
        return UINT64_MAX; /* an answer will wake it */
    if (c->state == TOMTE_CONTAINER_RUNNING ||
        c->state == TOMTE_CONTAINER_RECOVERING)
        return n->now_ms;
    if (c->state == TOMTE_CONTAINER_READY) {
        if (!node_deliver_has_room(s))
            return UINT64_MAX; /* a consumer's answer will wake it */
        if (s->rebind || s->inbox_len > 0 || tomte_container_needs_start(c))
            return n->now_ms;
        for (unsigned i = 0; i < s->ports_len; i++)
            if (news(n, &s->ports[i]))
                return n->now_ms;
    }
    uint64_t tick = tick_ms(s), other = tomte_container_deadline_ms(c);
    return tick < other ? tick : other;
}

uint64_t node_run_deadline(const struct tomte_node *n, const struct slot *s)
{
    uint64_t event = event_deadline(n, s), trial = node_trial_deadline(n, s);
    return event < trial ? event : trial;
}
