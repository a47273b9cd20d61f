/* SPDX-License-Identifier: Apache-2.0 */
#include "one.h"

#include "keepers/disk.h"
#include "keepers/heap.h"
#include "test.h"

#include <string.h>

static struct keepers_place places[KEEPERS_INDEX_MAX];

static struct tomte_addr address(uint64_t id)
{
    uint8_t ip[4] = {127, 0, 0, (uint8_t)id};
    return tomte_addr_ipv4(ip, 5683);
}

static enum tomte_err host_apply(void *ctx, struct tomte_span command)
{
    struct one *o = ctx;
    (void)command;
    o->count++;
    return TOMTE_OK;
}

static enum tomte_err host_snapshot(void *ctx, struct tomte_buf out,
                                    struct tomte_span *bytes)
{
    (void)ctx;
    *bytes = TOMTE_SPAN(out.data, 5);
    if (out.data != NULL)
        memcpy(out.data, "state", 5);
    return TOMTE_OK;
}

static enum tomte_err host_restore(void *ctx, struct tomte_span bytes)
{
    struct one *o = ctx;
    (void)bytes;
    o->count = 0;
    return TOMTE_OK;
}

static void host_decided(void *ctx, uint32_t token, enum tomte_err err)
{
    (void)ctx;
    (void)token;
    (void)err;
}

static void mount(struct one *o)
{
    struct tomte_store_report report;
    tomte_arena_init(&o->arena, o->memory, sizeof o->memory);
    struct tomte_store_config c = {.block = o->block,
                                   .arena = &o->arena,
                                   .records_max = 16,
                                   .logs_max = 2,
                                   .blobs_max = 2};
    CHECK_OK(tomte_store_mount(&o->store, &c, &report));
}

/* ---- what it sends ---- */

static void take(struct one *o, struct tomte_span frame)
{
    struct keepers_frame f;
    struct raft_message m;
    CHECK_OK(keepers_frame_decode(frame, &f));
    if (f.kind != KEEPERS_FRAME_WHOLE)
        return;
    CHECK_OK(keepers_message_decode(f.bytes, f.from, &m));
    keepers_message_free(&m);
    CHECK(o->sent_len < ONE_MESSAGES);
    o->sent[o->sent_len] = m;
    o->sent_to[o->sent_len++] = f.to;
}

static void end_step(struct one *o)
{
    struct tomte_replica_frame f;
    while (o->sync) {
        CHECK_OK(tomte_store_sync(&o->store));
        o->replica->synced(o->replica->ctx, o->now_ms);
        if (o->replica->deadline(o->replica->ctx) > o->now_ms)
            break;
        o->replica->step(o->replica->ctx, o->now_ms);
    }
    while (o->replica->poll(o->replica->ctx, &f))
        take(o, f.bytes);
}

static void open(struct one *o)
{
    struct tomte_replica_config c = {
        .store = &o->store,
        .host = {o, host_apply, host_snapshot, host_restore, host_decided},
        .id = 1,
        .boot = ++o->boot,
        .addr = address(1),
        .seed = 7,
        .now_ms = o->now_ms};
    CHECK_OK(o->replica->open(o->replica->ctx, &c));
    end_step(o);
}

/* ---- life ---- */

static void members(struct raft_configuration *c, unsigned voters, bool learns)
{
    raft_configuration_init(c);
    for (unsigned i = 1; i <= voters; i++) {
        char text[KEEPERS_ADDRESS_BYTES];
        struct tomte_addr addr = address(i);
        keepers_address_put(&addr, text);
        CHECK_EQ(0,
                 raft_configuration_add(
                     c, i, text, learns && i == 1 ? RAFT_SPARE : RAFT_VOTER));
    }
}

static void store_first(struct one *o, unsigned voters, bool learns)
{
    struct keepers_disk d;
    struct keepers_heap heap;
    struct raft_snapshot s = {.index = 1, .term = 1, .configuration_index = 1};
    keepers_heap_init(&heap, 1u << 20);
    keepers_heap_enter(&heap);
    members(&s.configuration, voters, learns);
    CHECK_OK(keepers_disk_open(&d, &o->store, places));
    CHECK_OK(keepers_disk_snapshot_begin(&d, &s, 5));
    CHECK_OK(keepers_disk_snapshot_write(&d, TOMTE_SPAN_LIT("state")));
    CHECK_OK(keepers_disk_snapshot_commit(&d, &s));
    CHECK_OK(keepers_disk_clear(&d, 2));
    CHECK_OK(keepers_disk_set_vote(&d, 1, 0));
    keepers_heap_drop(&heap);
}

static void begin(struct one *o, unsigned voters, bool learns, unsigned without)
{
    struct tomte_disk_config c = {.sector_bytes = 4096,
                                  .sector_count = 256,
                                  .program_unit = 8,
                                  .strict = true,
                                  .seed = 1};
    memset(o, 0, sizeof *o);
    o->sync = true;
    o->options = keepers_options_default();
    o->options.without = without;
    o->options.snapshot_threshold = 8;
    o->options.snapshot_trailing = 4;
    o->disk = tomte_disk_new(&c);
    o->block = tomte_disk_block(o->disk);
    CHECK_OK(tomte_store_format(&o->block, 200));
    mount(o);
    o->keepers = keepers_new(&o->options);
    o->replica = keepers_replica(o->keepers);
    store_first(o, voters, learns);
    open(o);
}

void one_start(struct one *o, unsigned voters, unsigned without)
{
    begin(o, voters, false, without);
}

void one_start_learner(struct one *o, unsigned without)
{
    begin(o, 2, true, without);
    one_entries(o, 2, 2, (struct one_entries){.prev = 1, .prev_term = 1});
}

void one_restart(struct one *o)
{
    o->replica->close(o->replica->ctx);
    mount(o);
    open(o);
}

void one_end(struct one *o)
{
    o->replica->close(o->replica->ctx);
    keepers_free(o->keepers);
    tomte_disk_free(o->disk);
}

void one_wait(struct one *o, uint64_t ms)
{
    for (uint64_t end_ms = o->now_ms + ms; o->now_ms < end_ms;) {
        o->now_ms += end_ms - o->now_ms < 20 ? end_ms - o->now_ms : 20;
        o->replica->step(o->replica->ctx, o->now_ms);
        end_step(o);
    }
}

void one_clear(struct one *o)
{
    o->sent_len = 0;
}

/* ---- what the others say ---- */

static void say(struct one *o, uint64_t from, struct raft_message *m)
{
    uint8_t memory[TOMTE_REPLICA_FRAME_MAX];
    struct tomte_buf bytes;
    struct tomte_span frame;
    unsigned n =
        m->type == RAFT_IO_APPEND_ENTRIES ? m->append_entries.n_entries : 0;
    CHECK_OK(keepers_message_encode(m, n, &bytes));
    struct keepers_frame f = {.to = 1,
                              .from = from,
                              .boot = 1,
                              .sequence = ++o->sequence,
                              .stamp = o->now_ms,
                              .bytes = TOMTE_SPAN(bytes.data, bytes.cap)};
    struct tomte_addr addr = address(from);
    CHECK_OK(keepers_frame_encode(&f, TOMTE_BUF_ARRAY(memory), &frame));
    raft_free(bytes.data);
    o->replica->receive(o->replica->ctx, o->now_ms, &addr, frame);
    end_step(o);
}

void one_entries(struct one *o, uint64_t from, raft_term term,
                 struct one_entries e)
{
    struct raft_entry entries[8];
    struct raft_message m = {.type = RAFT_IO_APPEND_ENTRIES};
    for (unsigned i = 0; i < e.n; i++)
        entries[i] = (struct raft_entry){
            .term = e.terms[i], .type = RAFT_COMMAND, .buf = {"command", 7}};
    m.append_entries = (struct raft_append_entries){
        .term = term,
        .prev_log_index = e.prev,
        .prev_log_term = e.prev_term,
        .leader_commit = e.commit == 0 ? 1 : e.commit,
        .entries = entries,
        .n_entries = e.n};
    say(o, from, &m);
}

void one_change(struct one *o, uint64_t from, raft_term term, raft_index index,
                raft_term prev_term, unsigned voters)
{
    struct raft_configuration c;
    struct raft_entry entry = {.term = term, .type = RAFT_CHANGE};
    struct raft_message m = {.type = RAFT_IO_APPEND_ENTRIES};
    members(&c, voters, false);
    CHECK_EQ(0, raft_configuration_encode(&c, &entry.buf));
    m.append_entries = (struct raft_append_entries){.term = term,
                                                    .prev_log_index = index - 1,
                                                    .prev_log_term = prev_term,
                                                    .leader_commit = 1,
                                                    .entries = &entry,
                                                    .n_entries = 1};
    say(o, from, &m);
    raft_free(entry.buf.base);
    raft_configuration_close(&c);
}

void one_answer(struct one *o, uint64_t from, raft_term term,
                raft_index rejected, raft_index last)
{
    struct raft_message m = {.type = RAFT_IO_APPEND_ENTRIES_RESULT};
    m.append_entries_result =
        (struct raft_append_entries_result){term, rejected, last};
    say(o, from, &m);
}

void one_ask_vote(struct one *o, uint64_t from, raft_term term, raft_index last,
                  raft_term last_term)
{
    struct raft_message m = {.type = RAFT_IO_REQUEST_VOTE};
    m.request_vote = (struct raft_request_vote){
        .term = term, .last_log_index = last, .last_log_term = last_term};
    say(o, from, &m);
}

void one_elect(struct one *o)
{
    one_wait(o, 1500);
    for (unsigned i = 0; i < 100; i++) {
        const struct raft_message *asked = one_last(o, RAFT_IO_REQUEST_VOTE);
        struct keepers_view v;
        keepers_look(o->keepers, &v);
        if (v.leader)
            return;
        if (asked == NULL) {
            one_wait(o, 100);
            continue;
        }
        struct raft_message m = {.type = RAFT_IO_REQUEST_VOTE_RESULT};
        m.request_vote_result = (struct raft_request_vote_result){
            .term = asked->request_vote.term,
            .vote_granted = true,
            .pre_vote = asked->request_vote.pre_vote ? raft_tribool_true
                                                     : raft_tribool_false};
        one_clear(o);
        /* what follows from the last vote is not stored yet */
        o->sync = m.request_vote_result.pre_vote == raft_tribool_true;
        say(o, 2, &m);
    }
    CHECK_EQ(1, 0); /* it was not elected */
}

/* ---- looking ---- */

unsigned one_count(const struct one *o, unsigned type)
{
    unsigned n = 0;
    for (unsigned i = 0; i < o->sent_len; i++)
        n += o->sent[i].type == type;
    return n;
}

const struct raft_message *one_last(const struct one *o, unsigned type)
{
    for (unsigned i = o->sent_len; i > 0; i--)
        if (o->sent[i - 1].type == type)
            return &o->sent[i - 1];
    return NULL;
}

unsigned one_members(struct one *o)
{
    struct tomte_replica_status s;
    o->replica->status(o->replica->ctx, &s);
    return s.members_len;
}
