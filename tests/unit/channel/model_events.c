/* SPDX-License-Identifier: Apache-2.0 */
#include "model_events.h"

#define CALL_TIMEOUT_MS 2000

static struct tomte_channel_name the_channel(void)
{
    return channel_name("/door/bell");
}

static struct tomte_name consumer_name(size_t i)
{
    return name((char[]){'c', (char)('0' + (char)i), 0});
}

static bool chance(struct model *m, unsigned permille)
{
    return tomte_random_chance(&m->random, permille);
}

static size_t below(struct model *m, size_t bound)
{
    return (size_t)tomte_random_below(&m->random, bound);
}

/* ---- network ---- */

static void deliver_later(struct model *m, const struct model_packet *p)
{
    for (size_t i = 0; i < MODEL_PACKETS; i++) {
        if (m->packets[i].used)
            continue;
        m->packets[i] = *p;
        m->packets[i].used = true;
        m->packets[i].at_ms = m->now_ms + below(m, m->delay_ms + 1);
        return;
    }
}

static void transmit(struct model *m, const struct model_packet *p)
{
    if (!chance(m, m->loss_permille))
        deliver_later(m, p);
    while (chance(m, m->repeat_permille))
        deliver_later(m, p);
}

static void answer(struct model *m, const struct model_packet *request,
                   enum tomte_err err)
{
    const struct tomte_cursor *c =
        &m->consumers[request->consumer].cursors.entries[0];
    struct model_packet p = *request;
    p.is_answer = true;
    p.err = err;
    p.stream = c->stream;
    p.sequence = c->sequence;
    transmit(m, &p);
}

/* ---- producer ---- */

static void bind_consumers(struct model *m)
{
    struct tomte_outbox_target targets[MODEL_CONSUMERS];
    for (size_t i = 0; i < m->consumers_len; i++)
        targets[i] = (struct tomte_outbox_target){consumer_name(i),
                                                  m->consumers[i].known_epoch};
    CHECK_OK(tomte_outbox_bind(&m->producer.outbox, targets, m->consumers_len));
}

static void checkpoint_producer(struct model_producer *p)
{
    struct tomte_span bytes;
    CHECK_OK(tomte_outbox_encode(&p->outbox, TOMTE_BUF_ARRAY(p->checkpoint),
                                 &bytes));
    p->checkpoint_len = bytes.len;
    p->checkpoint_events = p->events;
}

static void content_of(const struct model_event *e, size_t i, uint8_t out[4])
{
    tomte_put_le32(out, e->id * 16 + (uint32_t)i);
}

/* The same number always stands for the same message. */
static void remember(struct model *m, uint64_t stream, uint64_t sequence,
                     uint32_t content)
{
    for (size_t i = 0; i < m->truth_len; i++) {
        const struct model_message *t = &m->truth[i];
        CHECK(t->stream != stream || t->sequence != sequence ||
              t->content == content);
    }
    CHECK(m->truth_len < MODEL_MESSAGES);
    m->truth[m->truth_len++] =
        (struct model_message){stream, sequence, content};
}

static void run_event(struct model *m)
{
    struct model_producer *p = &m->producer;
    if (p->events == MODEL_EVENTS ||
        !tomte_outbox_has_room(&p->outbox, 3, 12)) {
        m->seen.full++;
        return;
    }
    struct model_event *e = &p->history[p->events++];
    *e = (struct model_event){.id = m->next_event++,
                              .outputs = (uint8_t)below(m, 4),
                              .stream = p->outbox.numbers.stream,
                              .first = p->outbox.numbers.next};
    for (size_t i = 0; i < e->outputs; i++) {
        uint8_t content[4];
        uint64_t sequence;
        content_of(e, i, content);
        CHECK_OK(tomte_outbox_put(&p->outbox, 112, TOMTE_SPAN_ARRAY(content),
                                  &sequence));
        CHECK_EQ(e->first + i, sequence);
        remember(m, e->stream, sequence, tomte_get_le32(content));
    }
}

static void restore_producer(struct model *m)
{
    struct model_producer *p = &m->producer;
    tomte_outbox_init(&p->outbox, TOMTE_BUF_ARRAY(p->memory), 32);
    CHECK_OK(tomte_outbox_decode(&p->outbox,
                                 TOMTE_SPAN(p->checkpoint, p->checkpoint_len)));
    bind_consumers(m);
    for (size_t n = p->checkpoint_events; n < p->events; n++) {
        const struct model_event *e = &p->history[n];
        for (size_t i = 0; i < e->outputs; i++) {
            uint8_t content[4];
            content_of(e, i, content);
            CHECK_EQ(e->first + i, p->outbox.numbers.next);
            CHECK_OK(tomte_outbox_replay(&p->outbox, 112,
                                         TOMTE_SPAN_ARRAY(content)));
        }
    }
    memset(p->calls, 0, sizeof p->calls);
    m->seen.crashes++;
}

/* Another node goes on: with all of the history, or with what it has of it. */
static void take_over_producer(struct model *m)
{
    struct model_producer *p = &m->producer;
    if (!p->sync)
        p->events = p->checkpoint_events +
                    below(m, p->events - p->checkpoint_events + 1);
    restore_producer(m);
    p->epoch++;
    if (!p->sync) {
        tomte_outbox_open(&p->outbox, p->epoch);
        m->seen.streams++;
    }
    checkpoint_producer(p);
}

static void send_all(struct model *m)
{
    struct model_producer *p = &m->producer;
    struct tomte_outbox_send send;
    while (tomte_outbox_next(&p->outbox, m->now_ms, &send)) {
        size_t i = 0;
        while (i < MODEL_CALLS && p->calls[i].used)
            i++;
        CHECK(i < MODEL_CALLS);
        struct model_packet packet = {
            .consumer = (size_t)(send.to.text[1] - '0'),
            .call = i,
            .call_id = ++m->next_call,
            .origin = origin("button", p->epoch, send.stream, send.sequence),
            .content = tomte_get_le32(send.payload.data)};
        packet.origin.base = send.base;
        p->calls[i] = (struct model_call){
            .used = true,
            .id = packet.call_id,
            .until_ms = m->now_ms + CALL_TIMEOUT_MS,
            .consumer = packet.consumer,
            .answer = {
                .from = send.to, .epoch = send.epoch, .sent = send.sequence}};
        transmit(m, &packet);
    }
}

static void time_out_calls(struct model *m)
{
    for (size_t i = 0; i < MODEL_CALLS; i++) {
        struct model_call *c = &m->producer.calls[i];
        if (!c->used || m->now_ms < c->until_ms)
            continue;
        c->used = false;
        tomte_outbox_failed(&m->producer.outbox, &c->answer, m->now_ms);
    }
}

static void receive_answer(struct model *m, const struct model_packet *p)
{
    struct model_call *call = &m->producer.calls[p->call];
    if (!call->used || call->id != p->call_id)
        return;
    call->used = false;
    call->answer.stream = p->stream;
    call->answer.sequence = p->sequence;
    struct tomte_outbox *o = &m->producer.outbox;
    if (p->err == TOMTE_OK)
        CHECK_OK(tomte_outbox_acknowledged(o, &call->answer, m->now_ms));
    else if (p->err == TOMTE_ERR_STATE)
        tomte_outbox_hole(o, &call->answer, m->now_ms);
    else
        tomte_outbox_failed(o, &call->answer, m->now_ms);
}

/* ---- consumers ---- */

static void bind_producer(struct model_consumer *c)
{
    struct tomte_channel_name channel = the_channel();
    struct tomte_name producer = name("button");
    CHECK_OK(tomte_cursors_bind(&c->cursors, &channel, &producer, c->bound));
}

static void checkpoint_consumer(struct model_consumer *c)
{
    struct tomte_span bytes;
    CHECK_OK(tomte_cursors_encode(&c->cursors, TOMTE_BUF_ARRAY(c->checkpoint),
                                  &bytes));
    c->checkpoint_len = bytes.len;
    c->checkpoint_committed = c->committed_len;
}

static struct tomte_origin origin_of(const struct model_consumer *c, size_t i)
{
    return origin("button", c->committed_epoch[i], c->committed[i].stream,
                  c->committed[i].sequence);
}

static void restore_consumer(struct model *m, struct model_consumer *c)
{
    struct tomte_channel_name channel = the_channel();
    tomte_cursors_init(&c->cursors, c->entries, 1);
    CHECK_OK(tomte_cursors_decode(
        &c->cursors, TOMTE_SPAN(c->checkpoint, c->checkpoint_len)));
    bind_producer(c);
    for (size_t i = c->checkpoint_committed; i < c->committed_len; i++) {
        struct tomte_origin o = origin_of(c, i);
        CHECK_OK(tomte_cursors_commit(&c->cursors, &channel, &o));
    }
    c->inbox_len = 0;
    c->waiting_len = 0;
    m->seen.crashes++;
}

static void take_over_consumer(struct model *m, struct model_consumer *c)
{
    if (!c->sync)
        c->committed_len =
            c->checkpoint_committed +
            below(m, c->committed_len - c->checkpoint_committed + 1);
    c->epoch++;
    restore_consumer(m, c);
    checkpoint_consumer(c);
}

static void wait_for_commit(struct model_consumer *c,
                            const struct model_packet *p)
{
    if (c->waiting_len < sizeof c->waiting / sizeof *c->waiting)
        c->waiting[c->waiting_len++] = *p;
}

static void receive_request(struct model *m, const struct model_packet *p)
{
    struct model_consumer *c = &m->consumers[p->consumer];
    struct tomte_channel_name channel = the_channel();
    struct tomte_cursor_report r =
        tomte_cursors_check(&c->cursors, &channel, &p->origin);
    m->seen.holes += r.verdict == TOMTE_CURSOR_HOLE;
    m->seen.gaps += r.verdict == TOMTE_CURSOR_GAP;
    m->seen.duplicates += r.verdict == TOMTE_CURSOR_DUPLICATE;
    m->seen.in_progress += r.verdict == TOMTE_CURSOR_IN_PROGRESS;
    if (tomte_cursor_accepts(r.verdict)) {
        if (c->inbox_len == sizeof c->inbox / sizeof *c->inbox) {
            answer(m, p, TOMTE_ERR_AGAIN);
            return;
        }
        tomte_cursors_take(&c->cursors, &channel, &p->origin);
        c->inbox[c->inbox_len] = p->origin;
        c->inbox_content[c->inbox_len++] = p->content;
        wait_for_commit(c, p);
    } else if (r.verdict == TOMTE_CURSOR_IN_PROGRESS) {
        wait_for_commit(c, p);
    } else {
        answer(m, p, tomte_cursor_verdict_err(r.verdict));
    }
}

static void commit_one(struct model *m, struct model_consumer *c)
{
    if (c->inbox_len == 0)
        return;
    struct tomte_channel_name channel = the_channel();
    struct tomte_origin o = c->inbox[0];
    CHECK(c->committed_len < MODEL_MESSAGES);
    c->committed[c->committed_len] =
        (struct model_message){o.stream, o.sequence, c->inbox_content[0]};
    c->committed_epoch[c->committed_len++] = o.epoch;
    c->inbox_len--;
    memmove(c->inbox, c->inbox + 1, c->inbox_len * sizeof *c->inbox);
    memmove(c->inbox_content, c->inbox_content + 1,
            c->inbox_len * sizeof *c->inbox_content);
    CHECK_OK(tomte_cursors_commit(&c->cursors, &channel, &o));
    size_t kept = 0;
    for (size_t i = 0; i < c->waiting_len; i++) {
        struct model_packet p = c->waiting[i];
        if (tomte_cursors_check(&c->cursors, &channel, &p.origin).verdict ==
            TOMTE_CURSOR_DUPLICATE)
            answer(m, &p, TOMTE_OK);
        else
            c->waiting[kept++] = p;
    }
    c->waiting_len = kept;
}

/* ---- the world ---- */

void model_init(struct model *m, uint64_t seed, size_t consumers,
                bool producer_sync, bool consumers_sync)
{
    memset(m, 0, sizeof *m);
    tomte_random_init(&m->random, seed);
    m->loss_permille = (unsigned)below(m, 400);
    m->repeat_permille = (unsigned)below(m, 400);
    m->delay_ms = below(m, 3000);
    m->consumers_len = consumers;
    for (size_t i = 0; i < consumers; i++) {
        struct model_consumer *c = &m->consumers[i];
        c->sync = consumers_sync;
        c->epoch = c->known_epoch = c->bound = 1;
        tomte_cursors_init(&c->cursors, c->entries, 1);
        bind_producer(c);
        checkpoint_consumer(c);
    }
    struct model_producer *p = &m->producer;
    p->sync = producer_sync;
    p->epoch = 1;
    tomte_outbox_init(&p->outbox, TOMTE_BUF_ARRAY(p->memory), 32);
    tomte_outbox_open(&p->outbox, 1);
    bind_consumers(m);
    checkpoint_producer(p);
}

/* What the keeper knows reaches the nodes in the end. */
static void learn_views(struct model *m, unsigned permille)
{
    for (size_t i = 0; i < m->consumers_len; i++) {
        struct model_consumer *c = &m->consumers[i];
        if (chance(m, permille)) {
            c->bound = m->producer.epoch;
            bind_producer(c);
        }
        if (chance(m, permille)) {
            c->known_epoch = c->epoch;
            bind_consumers(m);
        }
    }
}

static void go_on(struct model *m)
{
    m->now_ms += below(m, 200);
    for (size_t i = 0; i < MODEL_PACKETS; i++) {
        if (!m->packets[i].used || m->packets[i].at_ms > m->now_ms)
            continue;
        struct model_packet p = m->packets[i];
        m->packets[i].used = false;
        if (p.is_answer)
            receive_answer(m, &p);
        else
            receive_request(m, &p);
    }
    time_out_calls(m);
    send_all(m);
    for (size_t i = 0; i < m->consumers_len; i++)
        if (chance(m, 500))
            commit_one(m, &m->consumers[i]);
}

void model_chaos(struct model *m)
{
    if (chance(m, 200))
        run_event(m);
    if (chance(m, 50))
        checkpoint_producer(&m->producer);
    if (chance(m, 5))
        restore_producer(m);
    if (chance(m, 5))
        take_over_producer(m);
    for (size_t i = 0; i < m->consumers_len; i++) {
        struct model_consumer *c = &m->consumers[i];
        if (chance(m, 50))
            checkpoint_consumer(c);
        if (chance(m, 5))
            restore_consumer(m, c);
        if (chance(m, 5))
            take_over_consumer(m, c);
    }
    learn_views(m, 50);
    go_on(m);
}

void model_heal(struct model *m)
{
    m->loss_permille = 0;
    m->repeat_permille = 0;
    learn_views(m, 1000);
    uint64_t end_ms = m->now_ms + 40 * TOMTE_OUTBOX_RETRY_MS_MAX;
    while (tomte_outbox_count(&m->producer.outbox) > 0 && m->now_ms < end_ms)
        go_on(m);
}

void model_check(const struct model *m)
{
    for (size_t i = 0; i < m->consumers_len; i++) {
        const struct model_consumer *c = &m->consumers[i];
        for (size_t k = 1; k < c->committed_len; k++) {
            const struct model_message *a = &c->committed[k - 1];
            const struct model_message *b = &c->committed[k];
            CHECK(a->stream < b->stream ||
                  (a->stream == b->stream && a->sequence < b->sequence));
        }
    }
}

static bool is_true(const struct model *m, const struct model_message *x)
{
    for (size_t i = 0; i < m->truth_len; i++)
        if (memcmp(&m->truth[i], x, sizeof *x) == 0)
            return true;
    return false;
}

static bool has_committed(const struct model_consumer *c, uint64_t stream,
                          uint64_t sequence)
{
    for (size_t i = 0; i < c->committed_len; i++)
        if (c->committed[i].stream == stream &&
            c->committed[i].sequence == sequence)
            return true;
    return false;
}

/* Everything in the producer's history has arrived (that it did so once, and in
 * order, was checked), and nothing that was never sent. */
static void check_consumer(const struct model *m,
                           const struct model_consumer *c)
{
    for (size_t i = 0; i < c->committed_len; i++)
        CHECK(is_true(m, &c->committed[i]));
    if (!c->sync)
        return;
    for (size_t n = 0; n < m->producer.events; n++) {
        const struct model_event *e = &m->producer.history[n];
        for (size_t i = 0; i < e->outputs; i++)
            CHECK(has_committed(c, e->stream, e->first + i));
    }
}

void model_check_complete(const struct model *m)
{
    CHECK_EQ(0, tomte_outbox_count(&m->producer.outbox));
    for (size_t i = 0; i < m->consumers_len; i++)
        check_consumer(m, &m->consumers[i]);
}
