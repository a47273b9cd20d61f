/* SPDX-License-Identifier: Apache-2.0 */
#include "leader.h"

#include <stdio.h>

struct leader leader;

void leader_drain(void)
{
    struct tomte_keeper_effect e;
    size_t n = 0;
    leader.lines[0] = leader.poked[0] = 0;
    while (tomte_keeper_poll(&leader.keeper, &e)) {
        CHECK(n + 1 < sizeof(leader.effects));
        leader.effects[n++] = "ARCPYL"[e.kind];
        size_t at = strlen(leader.lines);
        if (e.kind == TOMTE_KEEPER_ANSWER) {
            leader.answer = e.u.answer;
        } else if (e.kind == TOMTE_KEEPER_REFUSE) {
            leader.refusal = e.u.refuse;
        } else if (e.kind == TOMTE_KEEPER_APPEND) {
            memcpy(leader.appended, e.u.append.data, e.u.append.len);
            leader.appended_len = e.u.append.len;
        } else if (e.kind == TOMTE_KEEPER_REPLY) {
            leader.reply_token = e.u.reply.token;
            leader.reply_err = e.u.reply.err;
            snprintf(leader.reply_text, sizeof(leader.reply_text), "%s",
                     e.u.reply.text);
        } else if (e.kind == TOMTE_KEEPER_LOG) {
            snprintf(leader.lines + at, sizeof(leader.lines) - at, "%s\n",
                     e.u.log);
        } else {
            at = strlen(leader.poked);
            snprintf(leader.poked + at, sizeof(leader.poked) - at, "%.*s ",
                     e.u.poke.node.len, e.u.poke.node.text);
        }
    }
    leader.effects[n] = 0;
}

void leader_step(struct tomte_keeper_event *e)
{
    e->now_ms = leader.now;
    tomte_keeper_step(&leader.keeper, e);
    leader_drain();
}

void leader_timer(uint64_t after_ms)
{
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_TIMER};
    leader.now += after_ms;
    leader_step(&e);
}

enum tomte_err leader_apply(void)
{
    struct tomte_home_report report;
    enum tomte_err err = tomte_home_apply(
        &leader.rig.home, TOMTE_SPAN(leader.appended, leader.appended_len),
        &report);
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_APPLIED};
    e.u.applied.err = err;
    e.u.applied.text = report.text;
    leader_step(&e);
    return err;
}

unsigned leader_settle(void)
{
    unsigned n = 0;
    while (strchr(leader.effects, 'C') != NULL) {
        CHECK_OK(leader_apply());
        CHECK(++n < 100);
    }
    return n;
}

struct tomte_lease_request leader_request(const char *name)
{
    struct tomte_name n = rig_name(name);
    uint16_t slot = tomte_home_find_node(&leader.rig.home, &n);
    struct tomte_lease_request r = {.name = n,
                                    .boot = 1,
                                    .sequence = ++leader.sequence,
                                    .store = 1,
                                    .term = 1};
    if (slot == NONE)
        return r;
    r.has_addr = true;
    r.addr = leader.rig.home.nodes[slot].addr;
    r.confirmed = leader.rig.home.nodes[slot].view;
    r.offer_crc = leader.rig.home.nodes[slot].offer_crc;
    return r;
}

void leader_ask(struct tomte_lease_request r)
{
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_LEASE_REQUEST};
    e.u.lease.request = &r;
    e.u.lease.from = tomte_addr_ipv4((const uint8_t[]){10, 9, 9, 9}, 777);
    leader_step(&e);
}

void leader_person(const struct tomte_command *c, uint32_t token)
{
    uint8_t bytes[512];
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_COMMAND};
    CHECK_OK(
        tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &e.u.command.bytes));
    e.u.command.token = token;
    leader_step(&e);
}

void leader_person_says(enum tomte_command_op op, const char *name,
                        uint32_t token)
{
    struct tomte_command c;
    tomte_command_init(&c, op, rig_name(name));
    leader_person(&c, token);
}

void leader_lead(bool admit, uint64_t term)
{
    static struct tomte_arena arena;
    static uint8_t memory[1 << 18];
    struct tomte_keeper_config config = {.home = &leader.rig.home,
                                         .admit = admit,
                                         .term = term,
                                         .now_ms = leader.now};
    CHECK(tomte_keeper_bytes(leader.rig.home.limits) <= sizeof(memory));
    tomte_arena_init(&arena, memory,
                     tomte_keeper_bytes(leader.rig.home.limits));
    CHECK_OK(tomte_keeper_init(&leader.keeper, &config, &arena));
    leader_drain();
}

void leader_begin(bool admit)
{
    leader.now = 50000;
    leader.sequence = 0;
    rig_init(&leader.rig, rig_limits(8, 8));
    CHECK_OK(rig_add_node(&leader.rig, "a", true, "-", 4, NULL));
    CHECK_OK(rig_add_node(&leader.rig, "b", false, "-", 4, NULL));
    leader_lead(admit, 1);
}

void leader_deploy(const char *identity, uint8_t standbys)
{
    struct tomte_manifest m = rig_manifest("c");
    m.standbys = standbys;
    m.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    CHECK_OK(rig_deploy(&leader.rig, identity, 1, &m, NULL));
}
