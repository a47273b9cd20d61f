/* SPDX-License-Identifier: Apache-2.0 */
/* An outbox among consumers that answer anything: whatever they say, it stays
 * in order within its bounds, and no number means two messages. Each input byte
 * is a call, those behind it its arguments. */
#include "base/base.h"
#include "channel/outbox.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONSUMERS 4

static uint8_t memory[256], encoded[1024];
static struct tomte_span input;
static uint64_t now_ms;

static uint8_t next_byte(void)
{
    if (input.len == 0)
        return 0;
    uint8_t b = input.data[0];
    input = tomte_span_slice(input, 1, input.len);
    return b;
}

static struct tomte_name consumer(uint8_t i)
{
    return (struct tomte_name){.len = 1, .text = {(char)('a' + i % CONSUMERS)}};
}

static void check(const struct tomte_outbox *o)
{
    TOMTE_ASSERT(o->first >= 1 && o->first <= o->numbers.next);
    TOMTE_ASSERT(tomte_outbox_count(o) <= o->count_max);
    TOMTE_ASSERT(o->used <= o->bytes_max);
    TOMTE_ASSERT((o->used == 0) == (tomte_outbox_count(o) == 0));
    for (size_t i = 0; i < o->consumers_len; i++) {
        const struct tomte_outbox_consumer *c = &o->consumers[i];
        TOMTE_ASSERT(c->cursor + 1 >= o->first && c->sent >= c->cursor);
        TOMTE_ASSERT(c->sent < o->numbers.next);
        TOMTE_ASSERT(c->sent - c->cursor <= TOMTE_OUTBOX_WINDOW);
    }
}

static void bind(struct tomte_outbox *o)
{
    struct tomte_outbox_target targets[CONSUMERS];
    size_t count = 0;
    uint8_t which = next_byte();
    for (uint8_t i = 0; i < CONSUMERS; i++)
        if (which >> i & 1)
            targets[count++] =
                (struct tomte_outbox_target){consumer(i), 1u + (which >> 6)};
    TOMTE_ASSERT(tomte_outbox_bind(o, targets, count) == TOMTE_OK);
}

static void put(struct tomte_outbox *o)
{
    /* The payload is its number, so that a mix-up shows. */
    uint8_t payload[8 + 31] = {0};
    size_t more = next_byte() % 32;
    uint64_t sequence;
    tomte_put_le64(payload, o->numbers.next);
    enum tomte_err err =
        tomte_outbox_put(o, 0, TOMTE_SPAN(payload, 8 + more), &sequence);
    TOMTE_ASSERT(err == TOMTE_OK || err == TOMTE_ERR_FULL);
}

static void send(struct tomte_outbox *o)
{
    struct tomte_outbox_send s;
    if (!tomte_outbox_next(o, now_ms, &s))
        return;
    TOMTE_ASSERT(tomte_get_le64(s.payload.data) == s.sequence);
    TOMTE_ASSERT(s.base <= s.sequence && s.base >= o->first);
}

static void answer(struct tomte_outbox *o, uint8_t call)
{
    struct tomte_outbox_answer a = {.from = consumer(next_byte())};
    uint8_t numbers = next_byte();
    a.epoch = 1u + (numbers >> 7);
    a.stream = o->numbers.stream + (numbers & 3) - 2;
    a.sequence = o->numbers.next + (numbers >> 2 & 15) - 12;
    a.sent = o->first + next_byte() % 8;
    if (numbers == 0xff)
        a.stream = a.sequence = UINT64_MAX;
    if (call == 3)
        (void)!tomte_outbox_acknowledged(o, &a, now_ms);
    else if (call == 4)
        tomte_outbox_hole(o, &a, now_ms);
    else
        tomte_outbox_failed(o, &a, now_ms);
}

static void restart(struct tomte_outbox *o)
{
    struct tomte_span bytes;
    TOMTE_ASSERT(tomte_outbox_encode(o, TOMTE_BUF_ARRAY(encoded), &bytes) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_outbox_decode(o, bytes) == TOMTE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_outbox o;
    input = TOMTE_SPAN(data, size);
    now_ms = 0;
    tomte_outbox_init(&o, TOMTE_BUF_ARRAY(memory), 8);
    tomte_outbox_open(&o, 1);
    while (input.len > 0) {
        uint8_t call = next_byte() % 9;
        if (call == 0)
            bind(&o);
        else if (call == 1)
            put(&o);
        else if (call == 2)
            send(&o);
        else if (call <= 5)
            answer(&o, call);
        else if (call == 6)
            restart(&o);
        else if (call == 7)
            tomte_outbox_open(&o, 1u + next_byte());
        else
            now_ms += 100u * next_byte();
        check(&o);
        TOMTE_ASSERT(tomte_outbox_deadline(&o, now_ms) > now_ms);
    }
    return 0;
}
