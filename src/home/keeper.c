/* SPDX-License-Identifier: Apache-2.0 */
#include "home/keeper.h"

#include "base/assert.h"
#include "base/text.h"
#include "home/codec.h"
#include "home/keeper_private.h"

#include <stdalign.h>
#include <string.h>

static void doubt(struct tomte_keeper *k);
static void person_command(struct tomte_keeper *k, struct tomte_span bytes,
                           uint32_t token);
static void applied(struct tomte_keeper *k, enum tomte_err err,
                    const char *text);
static void reply(struct tomte_keeper_private *p, uint32_t token,
                  enum tomte_err err, const char *text);
static bool next_line(struct tomte_keeper *k);
static bool next_append(struct tomte_keeper *k);
static bool next_poke(struct tomte_keeper *k, struct tomte_keeper_effect *e);

size_t tomte_keeper_bytes(struct tomte_home_limits limits)
{
    return sizeof(struct tomte_keeper_private) +
           limits.nodes * (sizeof(struct tomte_node_seen) +
                           sizeof(struct tomte_keeper_node)) +
           limits.containers *
               (sizeof(struct tomte_container_seen) + sizeof(uint64_t)) +
           5 * alignof(max_align_t);
}

enum tomte_err tomte_keeper_init(struct tomte_keeper *keeper,
                                 const struct tomte_keeper_config *config,
                                 struct tomte_arena *arena)
{
    const struct tomte_home *home = config->home;
    size_t align = alignof(max_align_t);
    struct tomte_keeper_private *p = tomte_arena_take(arena, sizeof(*p), align);
    if (p == NULL)
        return TOMTE_ERR_NO_MEMORY;
    TOMTE_ASSERT(config->term != 0);
    size_t nodes = home->limits.nodes, containers = home->limits.containers;
    p->seen = tomte_arena_take(arena, nodes * sizeof(*p->seen), align);
    p->nodes = tomte_arena_take(arena, nodes * sizeof(*p->nodes), align);
    p->reports =
        tomte_arena_take(arena, containers * sizeof(*p->reports), align);
    p->reports_added =
        tomte_arena_take(arena, containers * sizeof(*p->reports_added), align);
    if (p->seen == NULL || p->nodes == NULL || p->reports == NULL ||
        p->reports_added == NULL)
        return TOMTE_ERR_NO_MEMORY;
    p->admit = config->admit;
    p->term = config->term;
    p->now_ms = config->now_ms;
    p->owner = NONE;
    p->patience_ms = UINT64_MAX;
    *keeper = (struct tomte_keeper){
        .home = home,
        .p = p,
        .seen = {.now_ms = config->now_ms,
                 .start_ms = config->now_ms,
                 .still = config->still,
                 .nodes = p->seen,
                 .containers = p->reports},
    };
    tomte_keeper_follow(keeper);
    doubt(keeper);
    return TOMTE_OK;
}

void tomte_keeper_step(struct tomte_keeper *keeper,
                       const struct tomte_keeper_event *event)
{
    struct tomte_keeper_private *p = keeper->p;
    if (p->now_ms < event->now_ms)
        p->now_ms = event->now_ms;
    keeper->seen.now_ms = p->now_ms;
    if (event->kind == TOMTE_KEEPER_WOKE)
        doubt(keeper);
    tomte_keeper_expire(keeper);
    switch (event->kind) {
    case TOMTE_KEEPER_LEASE_REQUEST:
        tomte_keeper_lease(keeper, event->u.lease.request,
                           &event->u.lease.from);
        break;
    case TOMTE_KEEPER_COMMAND:
        person_command(keeper, event->u.command.bytes, event->u.command.token);
        break;
    case TOMTE_KEEPER_APPLIED:
        applied(keeper, event->u.applied.err, event->u.applied.text);
        break;
    default:
        break;
    }
    if (p->now_ms >= p->patience_ms)
        tomte_plan_restart(&p->plan);
    /* what the keeper itself decides changes no standing */
    if (event->kind != TOMTE_KEEPER_APPLIED || p->op < TOMTE_COMMAND_BIND)
        p->patience_ms = tomte_plan_deadline(keeper->home, &keeper->seen);
}

bool tomte_keeper_poll(struct tomte_keeper *keeper,
                       struct tomte_keeper_effect *effect)
{
    struct tomte_keeper_private *p = keeper->p;
    *effect = (struct tomte_keeper_effect){0};
    if (p->has_answer) {
        p->has_answer = false;
        effect->kind = TOMTE_KEEPER_ANSWER;
        effect->u.answer = p->answer;
        return true;
    }
    if (p->has_refusal) {
        p->has_refusal = false;
        effect->kind = TOMTE_KEEPER_REFUSE;
        effect->u.refuse = p->refusal;
        return true;
    }
    if (!p->has_reply && !p->appended && next_append(keeper)) {
        effect->kind = TOMTE_KEEPER_APPEND;
        effect->u.append = TOMTE_SPAN(p->bytes, p->bytes_len);
        return true;
    }
    if (p->has_reply) {
        p->has_reply = false;
        effect->kind = TOMTE_KEEPER_REPLY;
        effect->u.reply.token = p->reply_token;
        effect->u.reply.err = p->reply_err;
        effect->u.reply.text = p->reply_text;
        return true;
    }
    if (next_line(keeper)) {
        effect->kind = TOMTE_KEEPER_LOG;
        effect->u.log = p->line;
        return true;
    }
    return next_poke(keeper, effect);
}

uint64_t tomte_keeper_deadline(const struct tomte_keeper *keeper)
{
    const struct tomte_keeper_private *p = keeper->p;
    uint64_t at_ms = p->expiry_ms;
    if (at_ms > p->patience_ms)
        at_ms = p->patience_ms;
    bool idle = tomte_plan_idle(&p->plan, keeper->home);
    if (!p->appended && !idle && at_ms > p->retry_ms)
        at_ms = p->retry_ms;
    if (p->pokes && at_ms > p->pokes_since_ms + POKE_DELAY_MS)
        at_ms = p->pokes_since_ms + POKE_DELAY_MS;
    return at_ms;
}

void tomte_keeper_wipe(struct tomte_keeper *keeper)
{
    size_t nodes = keeper->home->limits.nodes;
    size_t containers = keeper->home->limits.containers;
    struct tomte_keeper_private *p = keeper->p;
    tomte_wipe(p->seen, nodes * sizeof(*p->seen));
    tomte_wipe(p->nodes, nodes * sizeof(*p->nodes));
    tomte_wipe(p->reports, containers * sizeof(*p->reports));
    tomte_wipe(p, sizeof(*p));
    tomte_wipe(keeper, sizeof(*keeper));
}

enum tomte_err tomte_keeper_why(const struct tomte_keeper *keeper,
                                const struct tomte_name *identity,
                                const struct tomte_name *node,
                                struct tomte_text *text)
{
    if (node != NULL)
        return tomte_plan_why_not(keeper->home, &keeper->seen, identity, node,
                                  text);
    return tomte_plan_why(keeper->home, &keeper->seen, identity, text);
}

/* Each node may hold a lease that is not known here. */
static void doubt(struct tomte_keeper *k)
{
    struct tomte_keeper_private *p = k->p;
    uint32_t lease_ms = k->home->lease_longest_ms;
    p->expiry_ms = p->now_ms + lease_ms + tomte_lease_drift_ms(lease_ms);
    for (unsigned i = 0; i < k->home->nodes_len; i++) {
        uint16_t node = k->home->node_order[i];
        p->seen[node].standing = TOMTE_STANDING_UNSURE;
        p->nodes[node].until_ms = p->expiry_ms;
        p->nodes[node].was_lost = false;
    }
    tomte_plan_restart(&p->plan);
}

static void person_command(struct tomte_keeper *k, struct tomte_span bytes,
                           uint32_t token)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_home_report report = {0};
    struct tomte_command c;
    enum tomte_err err = tomte_command_decode(bytes, &c, &report);
    if (err == TOMTE_OK && !tomte_command_is_desire(c.op))
        err = SAY(&report, TOMTE_ERR_DENIED,
                  LIT("only the keeper itself may order that"));
    if (err == TOMTE_OK && p->person.full)
        err = SAY(&report, TOMTE_ERR_AGAIN,
                  LIT("another command is on its way to the log"));
    if (err == TOMTE_OK && bytes.len > sizeof(p->person.bytes))
        err =
            SAY(&report, TOMTE_ERR_TOO_LARGE, LIT("the command is too large"));
    if (err == TOMTE_OK)
        err = tomte_home_check(k->home, bytes, &report);
    if (err != TOMTE_OK) {
        reply(p, token, err, report.text);
        return;
    }
    p->person.full = true;
    p->person.token = token;
    p->person.len = bytes.len;
    memcpy(p->person.bytes, bytes.data, bytes.len);
}

static void applied(struct tomte_keeper *k, enum tomte_err err,
                    const char *text)
{
    struct tomte_keeper_private *p = k->p;
    TOMTE_ASSERT(p->appended);
    p->appended = false;
    p->owner = NONE;
    if (text == NULL)
        text = "";
    if (p->from_person)
        reply(p, p->token, err, text);
    struct tomte_text t;
    tomte_text_init(&t, p->line, sizeof(p->line));
    tomte_text_str(&t, p->applied_line);
    p->has_line = p->applied_line[0] != 0;
    if (err != TOMTE_OK) {
        tomte_text_str(&t, ": refused: ");
        tomte_text_str(&t, text);
        p->retry_ms = p->now_ms + RETRY_MS;
        return;
    }
    if (p->op < TOMTE_COMMAND_BIND) /* others add nothing and free no slot */
        tomte_keeper_follow(k);
    tomte_plan_again(&p->plan);
    p->poke_at = 0;
    if (!p->pokes)
        p->pokes_since_ms = p->now_ms;
    p->pokes = true;
}

static void reply(struct tomte_keeper_private *p, uint32_t token,
                  enum tomte_err err, const char *text)
{
    struct tomte_text t;
    tomte_text_init(&t, p->reply_text, sizeof(p->reply_text));
    if (err != TOMTE_OK)
        tomte_text_str(&t, text);
    p->has_reply = true;
    p->reply_token = token;
    p->reply_err = err;
}

static bool next_line(struct tomte_keeper *k)
{
    if (k->p->has_line) {
        k->p->has_line = false;
        return true;
    }
    return k->p->say_left > 0 && tomte_keeper_say_lease(k, k->p->line);
}

/* `waiting` moves to the log, unless the home has come to refuse it. */
static bool append_waiting(struct tomte_keeper *k,
                           struct tomte_keeper_waiting *waiting,
                           bool from_person)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_home_report report;
    struct tomte_span bytes = TOMTE_SPAN(waiting->bytes, waiting->len);
    waiting->full = false;
    enum tomte_err err = tomte_home_check(k->home, bytes, &report);
    if (err != TOMTE_OK && from_person) {
        reply(p, waiting->token, err, report.text);
    } else if (err != TOMTE_OK) {
        struct tomte_keeper_node *n = &p->nodes[waiting->node];
        p->has_line = n->refused_crc != waiting->token;
        n->refused = k->home->version;
        n->refused_crc = waiting->token;
        struct tomte_text t;
        tomte_text_init(&t, p->line, sizeof(p->line));
        tomte_text_str(&t, report.text);
    }
    if (err != TOMTE_OK)
        return false;
    memcpy(p->bytes, waiting->bytes, waiting->len);
    p->bytes_len = waiting->len;
    p->token = waiting->token;
    p->from_person = from_person;
    return true;
}

static bool append_plan(struct tomte_keeper *k)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_command c;
    struct tomte_span bytes;
    if (p->now_ms < p->retry_ms ||
        !tomte_plan_next(&p->plan, k->home, &k->seen, &c))
        return false;
    enum tomte_err err =
        tomte_command_encode(&c, TOMTE_BUF_ARRAY(p->bytes), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    p->bytes_len = bytes.len;
    p->from_person = false;
    return true;
}

static bool next_append(struct tomte_keeper *k)
{
    struct tomte_keeper_private *p = k->p;
    if (!(p->person.full && append_waiting(k, &p->person, true)) &&
        !(p->joining.full && append_waiting(k, &p->joining, false)) &&
        (p->has_reply || p->has_line || !append_plan(k)))
        return false;
    struct tomte_command c;
    enum tomte_err err =
        tomte_command_decode(TOMTE_SPAN(p->bytes, p->bytes_len), &c, NULL);
    TOMTE_ASSERT(err == TOMTE_OK);
    p->appended = true;
    p->op = c.op;
    p->owner = NONE;
    if (c.op == TOMTE_COMMAND_INSYNC)
        p->owner =
            k->home->containers[tomte_home_find_container(k->home, &c.name)]
                .placement.owner;
    tomte_keeper_describe(k->home, &c, p->applied_line);
    return true;
}

static bool next_poke(struct tomte_keeper *k, struct tomte_keeper_effect *e)
{
    struct tomte_keeper_private *p = k->p;
    bool idle = !p->appended && tomte_plan_idle(&p->plan, k->home);
    if (!p->pokes || (!idle && p->now_ms < p->pokes_since_ms + POKE_DELAY_MS))
        return false;
    while (p->poke_at < k->home->nodes_len) {
        uint16_t node = k->home->node_order[p->poke_at++];
        const struct tomte_home_node *n = &k->home->nodes[node];
        const struct tomte_node_seen *s = &p->seen[node];
        if (n->retired || s->standing != TOMTE_STANDING_HELD ||
            s->confirmed >= n->view || p->nodes[node].poked >= n->view)
            continue;
        p->nodes[node].poked = n->view;
        e->kind = TOMTE_KEEPER_POKE;
        e->u.poke.node = n->name;
        e->u.poke.addr = n->addr;
        e->u.poke.version = n->view;
        return true;
    }
    p->pokes = false;
    return false;
}
