/* SPDX-License-Identifier: Apache-2.0 */
/* A producer and consumers of one event channel, joined by a network that
 * loses, delays, repeats and reorders, each of which may fall back to its last
 * checkpoint at any time. Beside the room's structures each side keeps what a
 * naive implementation would: the list of all there ever was. */
#pragma once

#include "channel/cursor.h"
#include "channel/outbox.h"
#include "help.h"

#define MODEL_CONSUMERS 3
#define MODEL_EVENTS    400
#define MODEL_MESSAGES  2400
#define MODEL_PACKETS   256
#define MODEL_CALLS     64

struct model_message {
    uint64_t stream, sequence;
    uint32_t content;
};

/* One event of the producer's history; `outputs` messages from `first` on. */
struct model_event {
    uint32_t id;
    uint8_t outputs;
    uint64_t stream, first;
};

struct model_packet {
    bool used, is_answer;
    uint64_t at_ms;
    size_t consumer, call;
    uint64_t call_id;
    struct tomte_origin origin;
    uint32_t content;
    enum tomte_err err;
    uint64_t stream, sequence; /* of an answer */
};

/* A request that waits for its answer. */
struct model_call {
    bool used;
    uint64_t id, until_ms;
    size_t consumer;
    struct tomte_outbox_answer answer;
};

struct model_producer {
    struct tomte_outbox outbox;
    uint8_t memory[640];
    uint64_t epoch;
    bool sync; /* its history is never cut */
    struct model_event history[MODEL_EVENTS];
    size_t events;
    uint8_t checkpoint[2048];
    size_t checkpoint_len, checkpoint_events;
    struct model_call calls[MODEL_CALLS];
};

struct model_consumer {
    struct tomte_cursors cursors;
    struct tomte_cursor entries[1];
    uint64_t epoch;
    uint64_t bound;       /* the producer's epoch as its view has it */
    uint64_t known_epoch; /* its own as the producer's view has it */
    bool sync;
    struct tomte_origin inbox[8];
    uint32_t inbox_content[8];
    size_t inbox_len;
    struct model_packet waiting[32]; /* requests to answer after the commit */
    size_t waiting_len;
    struct model_message committed[MODEL_MESSAGES];
    uint64_t committed_epoch[MODEL_MESSAGES];
    size_t committed_len;
    uint8_t checkpoint[256];
    size_t checkpoint_len, checkpoint_committed;
};

struct model {
    struct tomte_random random;
    uint64_t now_ms;
    unsigned loss_permille, repeat_permille;
    uint64_t delay_ms;
    struct model_producer producer;
    struct model_consumer consumers[MODEL_CONSUMERS];
    size_t consumers_len;
    struct model_packet packets[MODEL_PACKETS];
    uint64_t next_call;
    uint32_t next_event;
    struct model_message truth[MODEL_MESSAGES]; /* all that was ever numbered */
    size_t truth_len;
    struct {
        uint64_t crashes, holes, gaps, duplicates, in_progress, streams, full;
    } seen;
};

void model_init(struct model *m, uint64_t seed, size_t consumers,
                bool producer_sync, bool consumers_sync);

/* One step of chaos, then what both sides do by themselves. */
void model_chaos(struct model *m);

/* From now on nothing is lost and nobody falls; until nothing is under way. */
void model_heal(struct model *m);

/* Checks what must hold at any time, and at the end. */
void model_check(const struct model *m);
void model_check_complete(const struct model *m);
