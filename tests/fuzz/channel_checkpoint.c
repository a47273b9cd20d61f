/* SPDX-License-Identifier: Apache-2.0 */
/* What this room keeps in checkpoints and on flash: whatever decodes is encoded
 * to the same bytes, and can be used. The first byte says which it is. */
#include "base/base.h"
#include "channel/actuator.h"
#include "channel/cursor.h"
#include "channel/outbox.h"
#include "channel/state.h"
#include "channel/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[4096], encoded[8192];

static void check_same(enum tomte_err err, struct tomte_span a,
                       struct tomte_span b)
{
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(a, b));
}

static void try_outbox(struct tomte_span in)
{
    struct tomte_outbox o;
    struct tomte_span out;
    tomte_outbox_init(&o, TOMTE_BUF_ARRAY(memory), TOMTE_LIMIT_OUTBOX);
    if (tomte_outbox_decode(&o, in) != TOMTE_OK) {
        TOMTE_ASSERT(tomte_outbox_count(&o) == 0 && o.consumers_len == 0);
        return;
    }
    check_same(tomte_outbox_encode(&o, TOMTE_BUF_ARRAY(encoded), &out), in,
               out);
    struct tomte_outbox_send send;
    while (tomte_outbox_next(&o, 0, &send)) {
        struct tomte_outbox_answer a = {.from = send.to,
                                        .epoch = send.epoch,
                                        .sent = send.sequence,
                                        .stream = send.stream,
                                        .sequence = send.sequence};
        TOMTE_ASSERT(tomte_outbox_acknowledged(&o, &a, 0) == TOMTE_OK);
    }
    TOMTE_ASSERT(tomte_outbox_count(&o) == 0 && o.used == 0);
    for (int i = 0; i < 100 && o.numbers.stream != 0; i++) {
        enum tomte_err err = tomte_outbox_replay(&o, 0, TOMTE_SPAN_LIT("x"));
        TOMTE_ASSERT(err == TOMTE_OK || err == TOMTE_ERR_TOO_LARGE ||
                     (err == TOMTE_ERR_FULL && o.count_max == 0));
    }
}

static void try_cursors(struct tomte_span in)
{
    struct tomte_cursor entries[8];
    struct tomte_cursors t;
    struct tomte_span out;
    tomte_cursors_init(&t, entries, 8);
    if (tomte_cursors_decode(&t, in) != TOMTE_OK) {
        TOMTE_ASSERT(t.len == 0);
        return;
    }
    check_same(tomte_cursors_encode(&t, TOMTE_BUF_ARRAY(encoded), &out), in,
               out);
    for (size_t i = 0; i < t.len; i++) {
        struct tomte_cursor *c = &entries[i];
        TOMTE_ASSERT(tomte_cursors_find(&t, &c->channel, &c->producer) == c);
        TOMTE_ASSERT(tomte_cursors_bind(&t, &c->channel, &c->producer, 0) ==
                     TOMTE_OK);
        struct tomte_origin o = {.identity = c->producer,
                                 .epoch = TOMTE_SEQUENCE_MAX,
                                 .stream = TOMTE_SEQUENCE_MAX,
                                 .sequence = c->sequence + 1,
                                 .base = c->sequence + 1};
        tomte_cursors_take(&t, &c->channel, &o);
    }
}

static void try_actuator(struct tomte_span in)
{
    struct tomte_actuator_config config = {.boot = 1};
    struct tomte_actuator a;
    struct tomte_span out;
    tomte_actuator_init(&a, &config);
    if (tomte_actuator_decode(&a, in, 0) != TOMTE_OK) {
        TOMTE_ASSERT(a.fences.len == 0 && !a.override);
        return;
    }
    TOMTE_ASSERT(in.len <= TOMTE_ACTUATOR_BYTES_MAX);
    struct tomte_buf buf = TOMTE_BUF(encoded, TOMTE_ACTUATOR_BYTES_MAX);
    check_same(tomte_actuator_encode(&a, 0, buf, &out), in, out);
    tomte_actuator_stored(&a, 0);
    struct tomte_drive drive;
    TOMTE_ASSERT(tomte_actuator_poll(&a, &drive));
    TOMTE_ASSERT((drive.source == TOMTE_DRIVE_PERSON) == a.override);
}

static void try_kept(struct tomte_span in)
{
    struct tomte_writer w;
    struct tomte_state s;
    struct tomte_state_put put;
    struct tomte_span out;
    bool known;
    tomte_writer_init(&w, 0, 1);
    if (tomte_writer_decode(&w, in, 0) == TOMTE_OK)
        check_same(tomte_writer_encode(&w, TOMTE_BUF_ARRAY(encoded), &out), in,
                   out);
    if (tomte_state_decode(in, &put, &known) != TOMTE_OK)
        return;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    if (known)
        TOMTE_ASSERT(tomte_state_put(&s, &put, 0) == TOMTE_STATE_TAKEN);
    check_same(tomte_state_encode(&s, TOMTE_BUF_ARRAY(encoded), &out), in, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > sizeof encoded)
        return 0;
    struct tomte_span in = TOMTE_SPAN(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        try_outbox(in);
        break;
    case 1:
        try_cursors(in);
        break;
    case 2:
        try_actuator(in);
        break;
    default:
        try_kept(in);
    }
    return 0;
}
