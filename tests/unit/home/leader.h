/* SPDX-License-Identifier: Apache-2.0 */
/* A leader to be tested: a home, its keeper, and what the keeper had done in
 * the last step. */
#ifndef TOMTE_TEST_LEADER_H
#define TOMTE_TEST_LEADER_H

#include "rig.h"

struct leader {
    struct rig rig;
    struct tomte_keeper keeper;
    uint64_t now;
    uint64_t sequence; /* of the last lease request */

    /* Effects of the last step, in order, one letter each: A answer, R refuse,
     * C append (command), P poke, Y reply, L log. */
    char effects[64];
    struct tomte_lease_answer answer;
    enum tomte_err refusal, reply_err;
    uint32_t reply_token;
    uint8_t appended[TOMTE_COMMAND_BYTES_MAX];
    size_t appended_len;
    char lines[512], reply_text[200], poked[200];
};

extern struct leader leader;

/* Nodes a and b with room, known before this leader began. */
void leader_begin(bool admit);

/* A new leader of the same home. */
void leader_lead(bool admit, uint64_t term);

/* One container of that identity, version 1, which is `safe`. */
void leader_deploy(const char *identity, uint8_t standbys);

/* What the node would ask next, and asking it. */
struct tomte_lease_request leader_request(const char *name);
void leader_ask(struct tomte_lease_request r);

/* Whatever happens, now. */
void leader_step(struct tomte_keeper_event *e);
void leader_timer(uint64_t after_ms);
void leader_person(const struct tomte_command *c, uint32_t token);
void leader_person_says(enum tomte_command_op op, const char *name,
                        uint32_t token);

/* Looks at the effects that are there; the others do it by themselves. */
void leader_drain(void);

/* The command on its way is applied; what the home says goes back. */
enum tomte_err leader_apply(void);

/* Until nothing is on its way: how many commands that took. */
unsigned leader_settle(void);

#endif
