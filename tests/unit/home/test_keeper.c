/* SPDX-License-Identifier: Apache-2.0 */
/* The leader: leases, order of requests, one command at a time, what is said
 * to whom. */
#include "rig.h"

#include <stdio.h>

#define LEASE_END 1502 /* 1500 ms and 2 for drift */

static struct rig rig;
static struct tomte_keeper keeper;
static uint64_t now;
static uint64_t sequence;

/* Effects since the last step, in order, one letter each: A answer, R refuse,
 * C append (command), P poke, Y reply, L log. */
static char effects[64];
static struct tomte_lease_answer answer;
static enum tomte_err refusal, reply_err;
static uint32_t reply_token;
static uint8_t appended[TOMTE_COMMAND_BYTES_MAX];
static size_t appended_len;
static char lines[512], reply_text[200], poked[200];

static void drain(void)
{
    struct tomte_keeper_effect e;
    size_t n = 0;
    lines[0] = poked[0] = 0;
    while (tomte_keeper_poll(&keeper, &e)) {
        CHECK(n + 1 < sizeof(effects));
        effects[n++] = "ARCPYL"[e.kind];
        size_t at = strlen(lines);
        if (e.kind == TOMTE_KEEPER_ANSWER) {
            answer = e.u.answer;
        } else if (e.kind == TOMTE_KEEPER_REFUSE) {
            refusal = e.u.refuse;
        } else if (e.kind == TOMTE_KEEPER_APPEND) {
            memcpy(appended, e.u.append.data, e.u.append.len);
            appended_len = e.u.append.len;
        } else if (e.kind == TOMTE_KEEPER_REPLY) {
            reply_token = e.u.reply.token;
            reply_err = e.u.reply.err;
            snprintf(reply_text, sizeof(reply_text), "%s", e.u.reply.text);
        } else if (e.kind == TOMTE_KEEPER_LOG) {
            snprintf(lines + at, sizeof(lines) - at, "%s\n", e.u.log);
        } else {
            at = strlen(poked);
            snprintf(poked + at, sizeof(poked) - at, "%.*s ", e.u.poke.node.len,
                     e.u.poke.node.text);
        }
    }
    effects[n] = 0;
}

static void step(struct tomte_keeper_event *e)
{
    e->now_ms = now;
    tomte_keeper_step(&keeper, e);
    drain();
}

static void timer(uint64_t after_ms)
{
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_TIMER};
    now += after_ms;
    step(&e);
}

/* The command on its way is applied; what the home says goes back. */
static enum tomte_err apply(void)
{
    struct tomte_home_report report;
    enum tomte_err err = tomte_home_apply(
        &rig.home, TOMTE_SPAN(appended, appended_len), &report);
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_APPLIED};
    e.u.applied.err = err;
    e.u.applied.text = report.text;
    step(&e);
    return err;
}

/* Until nothing is on its way. */
static unsigned settle(void)
{
    unsigned n = 0;
    while (strchr(effects, 'C') != NULL) {
        CHECK_OK(apply());
        CHECK(++n < 100);
    }
    return n;
}

static struct tomte_lease_request request(const char *name)
{
    struct tomte_name n = rig_name(name);
    uint16_t slot = tomte_home_find_node(&rig.home, &n);
    struct tomte_lease_request r = {
        .name = n, .boot = 1, .sequence = ++sequence, .store = 1, .term = 1};
    if (slot == NONE)
        return r;
    r.has_addr = true;
    r.addr = rig.home.nodes[slot].addr;
    r.confirmed = rig.home.nodes[slot].view;
    r.offer_crc = rig.home.nodes[slot].offer_crc;
    return r;
}

static void ask(struct tomte_lease_request r)
{
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_LEASE_REQUEST};
    e.u.lease.request = &r;
    e.u.lease.from = tomte_addr_ipv4((const uint8_t[]){10, 9, 9, 9}, 777);
    step(&e);
}

static void person(const struct tomte_command *c, uint32_t token)
{
    uint8_t bytes[512];
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_COMMAND};
    CHECK_OK(
        tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &e.u.command.bytes));
    e.u.command.token = token;
    step(&e);
}

static void person_says(enum tomte_command_op op, const char *name,
                        uint32_t token)
{
    struct tomte_command c;
    tomte_command_init(&c, op, rig_name(name));
    person(&c, token);
}

static void lead(bool admit, uint64_t term)
{
    static struct tomte_arena arena;
    static uint8_t memory[1 << 18];
    struct tomte_keeper_config config = {
        .home = &rig.home, .admit = admit, .term = term, .now_ms = now};
    CHECK(tomte_keeper_bytes(rig.home.limits) <= sizeof(memory));
    tomte_arena_init(&arena, memory, tomte_keeper_bytes(rig.home.limits));
    CHECK_OK(tomte_keeper_init(&keeper, &config, &arena));
    drain();
}

/* Nodes a and b with room, known before this leader began. */
static void begin(bool admit)
{
    now = 50000;
    sequence = 0;
    rig_init(&rig, rig_limits(8, 8));
    CHECK_OK(rig_add_node(&rig, "a", true, "-", 4, NULL));
    CHECK_OK(rig_add_node(&rig, "b", false, "-", 4, NULL));
    lead(admit, 1);
}

static void deploy(const char *identity, uint8_t standbys)
{
    struct tomte_manifest m = rig_manifest("c");
    m.standbys = standbys;
    m.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    CHECK_OK(rig_deploy(&rig, identity, 1, &m, NULL));
}

TEST(keeper_needs_its_memory)
{
    struct tomte_arena arena;
    uint8_t memory[64];
    rig_init(&rig, rig_limits(2, 2));
    struct tomte_keeper_config config = {.home = &rig.home, .term = 1};
    tomte_arena_init(&arena, memory, sizeof(memory));
    CHECK_EQ(TOMTE_ERR_NO_MEMORY, tomte_keeper_init(&keeper, &config, &arena));
}

TEST(keeper_grants_a_lease_and_logs_nothing)
{
    begin(false);
    ask(request("a"));
    CHECK_EQ(0, strcmp("A", effects));
    CHECK_EQ(1500, answer.lease_ms);
    CHECK_EQ(rig.home.nodes[rig_node(&rig, "a")].view, answer.version);
    CHECK_EQ(1, answer.term);
    CHECK(answer.settled && !answer.offer_wanted);
    for (unsigned i = 0; i < 100; i++) {
        now += 500;
        ask(request("a"));
        CHECK(strchr(effects, 'C') == NULL);
    }
    CHECK_EQ(TOMTE_STANDING_HELD,
             keeper.seen.nodes[rig_node(&rig, "a")].standing);
}

TEST(lease_ends_with_drift_added)
{
    begin(false);
    ask(request("a"));
    timer(LEASE_END - 1);
    CHECK_EQ(TOMTE_STANDING_HELD,
             keeper.seen.nodes[rig_node(&rig, "a")].standing);
    CHECK_EQ(now + 1, tomte_keeper_deadline(&keeper));
    timer(1);
    CHECK_EQ(TOMTE_STANDING_OVER,
             keeper.seen.nodes[rig_node(&rig, "a")].standing);
    CHECK_EQ(0, strcmp("LL", effects)); /* b, which was never heard of, too */
    CHECK_EQ(0, strcmp("node a: no lease, not heard of for 1502 ms\n"
                       "node b: no lease, not heard of for 1502 ms\n",
                       lines));
    ask(request("a"));
    CHECK_EQ(0, strcmp("node a: has a lease\n", lines));
}

TEST(stranger_is_refused_or_admitted)
{
    begin(false);
    ask(request("c"));
    CHECK_EQ(0, strcmp("R", effects));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, refusal);
    begin(true);
    struct tomte_lease_request r = request("c");
    uint8_t offer[64];
    r.offer = rig_offer("hall", 4, 512, NULL, TOMTE_BUF_ARRAY(offer));
    r.offer_crc = tomte_offer_crc(r.offer);
    ask(r);
    CHECK_EQ(0, strcmp("AC", effects));
    CHECK_EQ(0, answer.lease_ms);
    CHECK_EQ(0, answer.version);
    CHECK(!answer.offer_wanted);
    CHECK_EQ(1, settle());
    const struct tomte_home_node *c = &rig.home.nodes[rig_node(&rig, "c")];
    CHECK_EQ(777, c->addr.port); /* where the datagram came from */
    CHECK_EQ(4, c->containers_max);
    CHECK_EQ(0, strcmp("node c\n", lines));
    r = request("c");
    r.confirmed = 0; /* it has no view yet: first that */
    ask(r);
    CHECK_EQ(0, answer.lease_ms);
    CHECK_EQ(c->view, answer.version);
    ask(request("c"));
    CHECK_EQ(1500, answer.lease_ms);
}

TEST(offer_is_asked_for_when_it_is_another)
{
    begin(false);
    struct tomte_lease_request r = request("b");
    uint8_t offer[64];
    struct tomte_span bytes =
        rig_offer("hall", 7, 512, NULL, TOMTE_BUF_ARRAY(offer));
    r.offer_crc = tomte_offer_crc(bytes);
    ask(r);
    CHECK_EQ(0, strcmp("A", effects));
    CHECK(answer.offer_wanted);
    CHECK_EQ(1500, answer.lease_ms); /* no reason to lose its lease */
    r.sequence = ++sequence;
    r.offer = bytes;
    r.offer_crc++; /* not that of the offer: as if there were none */
    ask(r);
    CHECK(answer.offer_wanted);
    CHECK_EQ(0, strcmp("A", effects));
    r.sequence = ++sequence;
    r.offer_crc--;
    ask(r);
    CHECK_EQ(0, strcmp("AC", effects));
    CHECK(!answer.offer_wanted);
    CHECK_EQ(1, settle());
    CHECK_EQ(7, rig.home.nodes[rig_node(&rig, "b")].containers_max);
}

TEST(offer_that_the_home_refuses_is_said_once)
{
    static const char *const mine[] = {"/x t state - -", NULL};
    begin(false);
    CHECK_OK(rig_add_node(&rig, "a", true, "-", 4, mine));
    lead(false, 2);
    struct tomte_lease_request r = request("b");
    uint8_t offer[64];
    r.offer = rig_offer("hall", 4, 512, mine, TOMTE_BUF_ARRAY(offer));
    r.offer_crc = tomte_offer_crc(r.offer);
    ask(r);
    CHECK_EQ(0, strcmp("AL", effects));
    CHECK_EQ(0, strcmp("/x of node b is offered already, by node a\n", lines));
    r.sequence = ++sequence;
    ask(r);
    CHECK_EQ(0, strcmp("A", effects));
    CHECK(!answer.offer_wanted);
}

TEST(overtaken_request_counts_no_more)
{
    begin(false);
    struct tomte_lease_request old = request("a");
    ask(request("a"));
    ask(old);
    CHECK_EQ(0, strcmp("R", effects));
    CHECK_EQ(TOMTE_ERR_STALE, refusal);
    struct tomte_lease_request r = request("a");
    r.boot = 2;
    r.sequence = 1;
    ask(r);
    CHECK_EQ(0, strcmp("A", effects));
    ask(request("a")); /* of the boot before */
    CHECK_EQ(TOMTE_ERR_STALE, refusal);
    /* a new store counts its boots anew */
    r.boot = 1;
    r.store = 2;
    ask(r);
    CHECK_EQ(0, strcmp("AC", effects));
    CHECK_EQ(0, answer.lease_ms);
    CHECK_EQ(1, settle());
    CHECK_EQ(2, rig.home.nodes[rig_node(&rig, "a")].store);
}

TEST(node_that_was_away_first_gets_its_view)
{
    begin(false);
    struct tomte_lease_request r = request("a");
    r.confirmed--;
    ask(r);
    CHECK_EQ(0, answer.lease_ms);
    CHECK_EQ(r.confirmed + 1, answer.version);
    ask(request("a"));
    CHECK_EQ(1500, answer.lease_ms);
    /* one that has its lease keeps it while it fetches, for ten leases */
    uint64_t end = now + 10 * 1500;
    for (; now < end; now += 500) {
        r = request("a");
        r.confirmed--;
        ask(r);
        CHECK_EQ(1500, answer.lease_ms);
    }
    r.sequence = ++sequence;
    ask(r);
    CHECK_EQ(0, answer.lease_ms);
    /* a view from nowhere is none */
    r = request("b");
    r.confirmed = rig.home.version + 1;
    ask(r);
    CHECK_EQ(0, answer.lease_ms);
    CHECK_EQ(0, keeper.seen.nodes[rig_node(&rig, "b")].confirmed);
}

TEST(keeper_places_confirms_and_pokes)
{
    begin(false);
    ask(request("a"));
    ask(request("b"));
    deploy("x", 1);
    lead(false, 2);
    ask(request("a"));
    CHECK_EQ(0, strcmp("A", effects)); /* b may be heard of yet */
    ask(request("b"));
    CHECK_EQ(0, strcmp("AC", effects));
    CHECK_OK(apply()); /* place */
    CHECK_EQ(0, strcmp("LC", effects));
    CHECK_EQ(0, strcmp("x: epoch 1 goes to a\n", lines));
    CHECK_OK(apply()); /* activate: nobody had to be asked */
    CHECK_EQ(0, strcmp("x: epoch 1 is active at a\n", lines));
    CHECK_EQ(0, strcmp("a b ", poked));
    CHECK_EQ(0, strcmp("LPP", effects));
    timer(1);
    CHECK_EQ(0, strcmp("", effects)); /* told once */
}

TEST(owner_reports_and_proposes)
{
    begin(false);
    deploy("x", 1);
    lead(false, 2);
    ask(request("a"));
    ask(request("b"));
    settle();
    struct tomte_lease_container x = {.identity = rig_name("x"),
                                      .epoch = 1,
                                      .state = TOMTE_REPORT_RUNNING,
                                      .proposes = true,
                                      .insync_len = 1,
                                      .insync = {rig_name("b")}};
    uint8_t bytes[256];
    uint16_t next = 0;
    struct tomte_span encoded;
    struct tomte_lease_request r = request("a"), decoded;
    CHECK_OK(tomte_lease_request_encode(&r, &x, 1, &next,
                                        TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_lease_request_decode(encoded, &decoded));
    ask(decoded); /* term 1: said to the leader before */
    CHECK_EQ(0, strcmp("A", effects));
    CHECK_EQ(TOMTE_REPORT_RUNNING,
             keeper.seen.containers[rig_container(&rig, "x")].state);
    decoded.term = 2;
    decoded.sequence = ++sequence;
    ask(decoded);
    CHECK_EQ(0, strcmp("AC", effects));
    CHECK(answer.settled); /* when it was answered nothing was on its way */
    decoded.sequence = ++sequence;
    ask(decoded);
    CHECK(!answer.settled);
    CHECK_OK(apply());
    CHECK_EQ(0, strcmp("x: the history is held by a, b\n", lines));
    decoded.sequence = ++sequence;
    ask(decoded);
    CHECK(answer.settled);
    CHECK_EQ(0, strcmp("A", effects));
    /* what it said before it knew of this is not what it means now */
    x.insync_len = 0;
    CHECK_OK(tomte_lease_request_encode(&r, &x, 1, &next,
                                        TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_lease_request_decode(encoded, &decoded));
    decoded.term = 2;
    decoded.sequence = ++sequence;
    CHECK(decoded.confirmed < rig_placement(&rig, "x")->agreed);
    ask(decoded);
    CHECK(!keeper.seen.containers[rig_container(&rig, "x")].proposes);
    decoded.confirmed = rig_placement(&rig, "x")->agreed;
    decoded.sequence = ++sequence;
    ask(decoded);
    CHECK_EQ(0, strcmp("AC", effects));
}

TEST(owner_that_is_lost_is_followed)
{
    begin(false);
    deploy("x", 1);
    lead(false, 2);
    ask(request("a"));
    ask(request("b"));
    settle();
    CHECK_OK(rig_insync(&rig, "x", 1, "a b"));
    uint64_t until = now + LEASE_END;
    while (now + 400 < until) {
        now += 400;
        ask(request("b"));
    }
    timer(until - now);
    CHECK_EQ(0, strcmp("CL", effects));
    CHECK_EQ(0, strcmp("node a: no lease, not heard of for 1502 ms; its "
                       "containers move if they can\n",
                       lines));
    CHECK_OK(apply());
    CHECK_EQ(0, strcmp("x: epoch 2 goes to b\n", lines));
    CHECK_OK(apply());
    CHECK_EQ(0, strcmp("x: epoch 2 is active at b\n", lines));
    CHECK_EQ(1500, rig_placement(&rig, "x")->elapsed_ms);
    CHECK_EQ(0, strcmp("b ", poked));
}

TEST(persons_command_is_logged_and_answered)
{
    begin(false);
    deploy("x", 0);
    lead(false, 2);
    person_says(TOMTE_COMMAND_STOP, "x", 77);
    CHECK_EQ(0, strcmp("C", effects));
    person_says(TOMTE_COMMAND_START, "x", 78);
    CHECK_EQ(0, strcmp("", effects)); /* waits its turn */
    person_says(TOMTE_COMMAND_STOP, "x", 79);
    CHECK_EQ(0, strcmp("Y", effects));
    CHECK_EQ(79, reply_token);
    CHECK_EQ(TOMTE_ERR_AGAIN, reply_err);
    CHECK_OK(apply());
    CHECK_EQ(0, strcmp("YCL", effects));
    CHECK_EQ(77, reply_token);
    CHECK_EQ(TOMTE_OK, reply_err);
    CHECK_EQ(0, strcmp("stop x\n", lines));
    CHECK_OK(apply());
    CHECK_EQ(78, reply_token);
    CHECK(!rig.home.containers[0].stopped);
}

TEST(persons_command_that_is_impossible_is_not_logged)
{
    begin(false);
    deploy("x", 0);
    lead(false, 2);
    person_says(TOMTE_COMMAND_STOP, "y", 1);
    CHECK_EQ(0, strcmp("Y", effects));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, reply_err);
    CHECK_EQ(0, strcmp("there is no container y", reply_text));
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_PLACE, rig_name("x"));
    c.epoch = 1;
    c.node = rig_name("a");
    person(&c, 2);
    CHECK_EQ(TOMTE_ERR_DENIED, reply_err);
    /* it was possible when it came, and is not when its turn comes */
    person_says(TOMTE_COMMAND_CONTAINER_REMOVE, "x", 3);
    CHECK_EQ(0, strcmp("C", effects));
    person_says(TOMTE_COMMAND_STOP, "x", 4);
    CHECK_EQ(0, strcmp("", effects));
    struct tomte_keeper_effect e;
    struct tomte_keeper_event done = {.kind = TOMTE_KEEPER_APPLIED,
                                      .now_ms = now};
    CHECK_OK(
        tomte_home_apply(&rig.home, TOMTE_SPAN(appended, appended_len), NULL));
    tomte_keeper_step(&keeper, &done);
    CHECK(tomte_keeper_poll(&keeper, &e));
    CHECK_EQ(TOMTE_KEEPER_REPLY, e.kind);
    CHECK_EQ(3, e.u.reply.token);
    drain();
    CHECK_EQ(0, strcmp("YL", effects));
    CHECK_EQ(4, reply_token);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, reply_err);
}

TEST(own_command_that_is_refused_is_not_repeated_at_once)
{
    begin(false);
    deploy("x", 0);
    lead(false, 2);
    ask(request("a"));
    ask(request("b"));
    CHECK_EQ(0, strcmp("AC", effects));
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_APPLIED};
    e.u.applied.err = TOMTE_ERR_NO_SPACE;
    e.u.applied.text = "the log is full";
    step(&e);
    CHECK_EQ(0, strcmp("L", effects));
    CHECK_EQ(0,
             strcmp("x: epoch 1 goes to a: refused: the log is full\n", lines));
    timer(999);
    CHECK_EQ(0, strcmp("", effects));
    CHECK_EQ(now + 1, tomte_keeper_deadline(&keeper));
    timer(1);
    CHECK_EQ(0, strcmp("C", effects));
}

TEST(node_that_is_removed_loses_its_lease)
{
    begin(false);
    ask(request("b"));
    person_says(TOMTE_COMMAND_NODE_REMOVE, "b", 1);
    CHECK_EQ(1, settle());
    struct tomte_lease_request r = {
        .name = rig_name("b"), .boot = 1, .sequence = ++sequence, .store = 1};
    ask(r);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, refusal);
    timer(LEASE_END);
    CHECK(strstr(lines, "node b") == NULL);
}

TEST(keeper_can_be_wiped)
{
    begin(false);
    ask(request("a"));
    tomte_keeper_wipe(&keeper);
    CHECK(keeper.home == NULL && keeper.p == NULL);
}
