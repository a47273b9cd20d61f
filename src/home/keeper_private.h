/* SPDX-License-Identifier: Apache-2.0 */
/* home/keeper_private.h: the leader's memory. Private to the room. */
#pragma once

#include "home/keeper.h"
#include "home/table.h"

/* Pokes wait until the plan has nothing more to say, so that a node fetches one
 * view and not ten; but no longer than this. */
#define POKE_DELAY_MS 100u

/* An own command that was refused is a fault of ours: do not fill the log. */
#define RETRY_MS 1000u

#define LINE_BYTES 200u

/* Beside tomte_node_seen. */
struct tomte_keeper_node {
    uint64_t added;     /* of the node that the entry is about */
    uint64_t until_ms;  /* end of its lease, with drift */
    uint64_t behind_ms; /* since when it has not confirmed a newer view */
    uint64_t poked;     /* version that it was last told of */
    uint64_t refused;   /* home version at which its offer was refused */
    uint32_t refused_crc;
    bool say_lost;
    bool say_back;
    bool was_lost; /* a line said so */
};

/* A command that waits for the one before it to be applied. */
struct tomte_keeper_waiting {
    bool full;
    uint32_t token;
    uint16_t node; /* whose request it came from */
    size_t len;
    uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
};

struct tomte_keeper_private {
    bool admit;
    uint64_t term;
    uint64_t now_ms;
    uint64_t expiry_ms;   /* no lease ends before */
    uint64_t patience_ms; /* see tomte_plan_deadline */
    uint64_t retry_ms;
    struct tomte_node_seen *seen;
    struct tomte_container_seen *reports;
    uint64_t *reports_added; /* of the containers that they are about */
    struct tomte_keeper_node *nodes;
    struct tomte_plan plan;

    struct tomte_keeper_waiting person;
    struct tomte_keeper_waiting joining; /* from a lease request */

    /* on its way to the log */
    bool appended;
    bool from_person;
    uint8_t op;
    uint16_t owner; /* of the container whose in-sync set it changes */
    uint32_t token;
    size_t bytes_len;
    uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    char applied_line[LINE_BYTES];

    /* effects */
    bool has_answer, has_refusal, has_reply, has_line, pokes;
    struct tomte_lease_answer answer;
    enum tomte_err refusal;
    uint32_t reply_token;
    enum tomte_err reply_err;
    char reply_text[sizeof(((struct tomte_home_report *)0)->text)];
    char line[LINE_BYTES];
    uint64_t pokes_since_ms;
    uint16_t poke_at;
    uint16_t say_left; /* nodes with something to say */
};

/* keeper_lease.c */
void tomte_keeper_expire(struct tomte_keeper *k);
void tomte_keeper_lease(struct tomte_keeper *k,
                        const struct tomte_lease_request *r,
                        const struct tomte_addr *from);

/* The tables follow the home's: what is new is not known, what is gone is
 * forgotten. */
void tomte_keeper_follow(struct tomte_keeper *k);

/* keeper_say.c: what a command means, for when it is applied */
void tomte_keeper_describe(const struct tomte_home *home,
                           const struct tomte_command *c, char *line);

/* The next line about a lease that was lost or came back. */
bool tomte_keeper_say_lease(struct tomte_keeper *k, char *line);
