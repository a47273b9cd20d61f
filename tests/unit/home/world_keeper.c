/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's node: it carries what the keeper says to the log and to the
 * network. A command takes some time to the disk, and a crash may come before
 * or after it got there. */
#include "world.h"

static void drain(struct world *w, const struct world_message *asked);

void world_lead(struct world *w)
{
    struct tomte_keeper_config config = {
        .home = &w->rig.home,
        .admit = true,
        .term = ++w->term,
        .now_ms = world_read(w, &w->keeper_clock),
    };
    size_t bytes = tomte_keeper_bytes(w->rig.home.limits);
    MUST(w, bytes <= sizeof(w->keeper_memory));
    tomte_arena_init(&w->keeper_arena, w->keeper_memory, bytes);
    MUST(w,
         tomte_keeper_init(&w->keeper, &config, &w->keeper_arena) == TOMTE_OK);
    w->keeper_up = true;
    drain(w, NULL);
}

void world_keeper_down(struct world *w)
{
    if (!w->keeper_up)
        return;
    tomte_keeper_wipe(&w->keeper);
    w->keeper_up = false;
    if (w->appending && tomte_random_chance(&w->random, 500))
        world_apply(w, TOMTE_SPAN(w->append, w->append_len));
    w->appending = false;
}

static void step(struct world *w, struct tomte_keeper_event *e)
{
    e->now_ms = world_read(w, &w->keeper_clock);
    tomte_keeper_step(&w->keeper, e);
}

void world_keeper_step(struct world *w)
{
    if (!w->keeper_up)
        return;
    if (w->appending && w->append_ms <= w->now_ms) {
        struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_APPLIED};
        w->appending = false;
        world_apply(w, TOMTE_SPAN(w->append, w->append_len));
        e.u.applied.err = w->rig.report.err;
        e.u.applied.text = w->rig.report.text;
        step(w, &e);
        drain(w, NULL);
    }
    uint64_t now_ms = world_read(w, &w->keeper_clock);
    if (tomte_keeper_deadline(&w->keeper) <= now_ms) {
        struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_TIMER};
        step(w, &e);
        drain(w, NULL);
    }
}

void world_keeper_receive(struct world *w, const struct world_message *m)
{
    if (!w->keeper_up)
        return;
    if (m->kind == LEASE) {
        struct tomte_lease_request r;
        struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_LEASE_REQUEST};
        MUST(w, tomte_lease_request_decode(TOMTE_SPAN(m->bytes, m->len), &r) ==
                    TOMTE_OK);
        e.u.lease.request = &r;
        e.u.lease.from = tomte_addr_ipv4((const uint8_t[]){10, 0, 0, 1},
                                         (uint16_t)(5000 + m->node));
        step(w, &e);
        drain(w, m);
        return;
    }
    uint8_t view[WORLD_VIEW_BYTES];
    struct tomte_span bytes;
    uint16_t slot = tomte_home_find_node(&w->rig.home, &w->nodes[m->node].name);
    if (slot == NONE)
        return;
    MUST(w, tomte_view_encode(&w->rig.home, slot, TOMTE_BUF_ARRAY(view),
                              &bytes) == TOMTE_OK);
    struct world_message answer = {
        .kind = VIEW, .node = m->node, .boot = m->boot};
    world_send(w, &answer, bytes);
}

void world_person(struct world *w, const struct tomte_command *c)
{
    uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_COMMAND};
    if (!w->keeper_up)
        return;
    MUST(w, tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes),
                                 &e.u.command.bytes) == TOMTE_OK);
    step(w, &e);
    drain(w, NULL);
}

static void drain(struct world *w, const struct world_message *asked)
{
    struct tomte_keeper_effect e;
    while (tomte_keeper_poll(&w->keeper, &e)) {
        if (e.kind == TOMTE_KEEPER_ANSWER) {
            uint8_t bytes[128];
            struct tomte_span answer;
            struct world_message m = *asked;
            m.kind = LEASE_ANSWER;
            MUST(w,
                 tomte_lease_answer_encode(&e.u.answer, TOMTE_BUF_ARRAY(bytes),
                                           &answer) == TOMTE_OK);
            world_send(w, &m, answer);
        } else if (e.kind == TOMTE_KEEPER_APPEND) {
            MUST(w, !w->appending);
            w->appending = true;
            w->appended++;
            w->append_ms = w->now_ms + tomte_random_below(&w->random, 20);
            w->append_len = e.u.append.len;
            memcpy(w->append, e.u.append.data, e.u.append.len);
        } else if (e.kind == TOMTE_KEEPER_POKE) {
            struct world_message m = {
                .kind = POKE,
                .node = (uint8_t)world_node_of(&e.u.poke.node),
                .version = e.u.poke.version};
            world_send(w, &m, TOMTE_SPAN_NONE);
        }
    }
}
