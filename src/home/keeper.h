/* SPDX-License-Identifier: Apache-2.0 */
/* home/keeper.h: the leader's memory, and its decisions.
 *
 * Beside the replicated state (home.h) stands what only the leader of the
 * keepers knows and nobody logs: who holds a lease until when, which view each
 * node has confirmed, what owners report. It grants leases, asks plan.h what is
 * due, and acts in one way only: it has a command appended to the log. When
 * that was applied it asks again. So nothing is logged while nothing changes.
 *
 * It is made when a node becomes leader and wiped when it ceases to be one; a
 * new one knows no leases and counts every node as leased for one whole lease,
 * the longest that was ever set. A node that was away gets a lease only when it
 * has confirmed its view: else it could go on with what was taken from it.
 *
 * Life: init -> (step, then poll until false)* -> wipe. The home is borrowed
 * and only read; it must not change between an APPEND effect and the APPLIED
 * event but by the command itself. Memory is taken from the arena in init.
 *
 *   tomte_keeper_step(&keeper, &event);
 *   while (tomte_keeper_poll(&keeper, &effect))
 *       ...
 *   wake_at(tomte_keeper_deadline(&keeper)); */
#pragma once

#include "base/arena.h"
#include "home/home.h"
#include "home/lease.h"
#include "home/plan.h"

struct tomte_keeper_config {
    const struct tomte_home *home;
    bool admit;      /* nodes that nobody added may join */
    bool still;      /* see plan.h */
    uint64_t term;   /* of this leadership, higher than every earlier one: the
                        log's term, or the boot of the only keeper; not 0 */
    uint64_t now_ms; /* all times: this node's monotonic clock */
};

enum tomte_keeper_event_kind {
    /* A node asks for a lease. It is answered in the same step. */
    TOMTE_KEEPER_LEASE_REQUEST,
    /* A person's command. Answered by one REPLY with the same token, in this
     * step when it is refused, else when it was applied. Refused with AGAIN
     * while another one waits. */
    TOMTE_KEEPER_COMMAND,
    /* The command of the last APPEND is in the log and was applied. */
    TOMTE_KEEPER_APPLIED,
    /* The deadline has come; harmless at any other time. */
    TOMTE_KEEPER_TIMER,
    /* The leader itself was stopped for longer than a lease. What it holds for
     * over may have been renewed, and what lies in its queue is old: it goes on
     * as a new leader does, and waits one whole lease before it re-places. */
    TOMTE_KEEPER_WOKE,
};

struct tomte_keeper_event {
    uint8_t kind; /* enum tomte_keeper_event_kind */
    uint64_t now_ms;
    union {
        struct {
            const struct tomte_lease_request *request;
            struct tomte_addr from; /* of the datagram */
        } lease;
        struct {
            struct tomte_span bytes; /* borrowed for the step */
            uint32_t token;
        } command;
        struct {
            enum tomte_err err; /* what apply said */
            const char *text;   /* its report's text, borrowed for the step */
        } applied;
    } u;
};

enum tomte_keeper_effect_kind {
    /* To the node whose request was the event. */
    TOMTE_KEEPER_ANSWER,
    /* That request is not answered with a lease but with this error. */
    TOMTE_KEEPER_REFUSE,
    /* Append these bytes to the log; when they are as durable as the log makes
     * them apply them, then step APPLIED. At most one at a time. */
    TOMTE_KEEPER_APPEND,
    /* Tell this node that a newer view is there. May be lost. */
    TOMTE_KEEPER_POKE,
    /* What became of a person's command. */
    TOMTE_KEEPER_REPLY,
    /* A line for people. */
    TOMTE_KEEPER_LOG,
};

/* Borrowed until the next step or poll. */
struct tomte_keeper_effect {
    uint8_t kind; /* enum tomte_keeper_effect_kind */
    union {
        struct tomte_lease_answer answer;
        enum tomte_err refuse;
        struct tomte_span append;
        struct {
            struct tomte_name node;
            struct tomte_addr addr;
            uint64_t version;
        } poke;
        struct {
            uint32_t token;
            enum tomte_err err;
            const char *text; /* empty when it was applied */
        } reply;
        const char *log;
    } u;
};

struct tomte_keeper_private;

struct tomte_keeper {
    const struct tomte_home *home;
    struct tomte_keeper_private *p;
    struct tomte_observed seen; /* what plan.h reads: for why and status */
};

/* Bytes that init takes from an arena. */
size_t tomte_keeper_bytes(struct tomte_home_limits limits);

/* NO_MEMORY when the arena is too small. */
TOMTE_MUST_CHECK enum tomte_err
tomte_keeper_init(struct tomte_keeper *keeper,
                  const struct tomte_keeper_config *config,
                  struct tomte_arena *arena);

void tomte_keeper_step(struct tomte_keeper *keeper,
                       const struct tomte_keeper_event *event);

/* The next effect; false when there is none. */
bool tomte_keeper_poll(struct tomte_keeper *keeper,
                       struct tomte_keeper_effect *effect);

/* When to step TIMER; may be in the past: then at once. */
uint64_t tomte_keeper_deadline(const struct tomte_keeper *keeper);

/* Not the leader any more. A person's command on its way gets no reply: whether
 * it came through is for the next leader to say. */
void tomte_keeper_wipe(struct tomte_keeper *keeper);

/* plan.h's `why` with what this keeper knows now; with a node, why not
 * there. */
TOMTE_MUST_CHECK enum tomte_err
tomte_keeper_why(const struct tomte_keeper *keeper,
                 const struct tomte_name *identity,
                 const struct tomte_name *node, struct tomte_text *text);
