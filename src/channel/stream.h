/* SPDX-License-Identifier: Apache-2.0 */
/* channel/stream.h: how what a port sends is numbered.
 *
 * Events: a stream is a numbering whose every number stands for one message for
 * ever; whoever continues it would send the same message again under the same
 * number. When that cannot be promised a new stream is opened instead:
 *
 *   take-over of a `sync` container, restart from storage   the stream goes on
 *   take-over of an `async` container                       new stream
 *   `none`, after any restart                               new stream
 *
 * Opened but not yet stored, a stream might be opened a second time for other
 * messages. So: open, take a checkpoint, then send. A stream's number is
 * (epoch << 16) + n, n counting those opened in that epoch, so that it is
 * higher than all before it even when those were forgotten. Sequences go on
 * counting across streams.
 *
 * States and writes to actuators need an order only, and none of it is stored:
 * the stream is the number of the node's boot, the sequence its milliseconds
 * (stamp). An epoch stays on one node, and boots are counted, so (epoch, boot,
 * ms) rises for as long as a port sends at most once per millisecond; two
 * within one are counted up.
 *
 * Life: init -> (open | take | stamp)*, one numbering for one port. */
#pragma once

#include <stdint.h>

struct tomte_stream {
    uint64_t stream; /* 0: none was opened */
    uint64_t next;   /* sequence of the next message; from 1 */
};

void tomte_stream_init(struct tomte_stream *s);

/* `epoch`: of the placement that sends from now on, 1 or more. */
void tomte_stream_open(struct tomte_stream *s, uint64_t epoch);

/* The sequence for one message of an event channel. */
uint64_t tomte_stream_take(struct tomte_stream *s);

/* The same for a state or a write, in this boot (1 or more). */
uint64_t tomte_stream_stamp(struct tomte_stream *s, uint64_t boot,
                            uint64_t now_ms);
