/* SPDX-License-Identifier: Apache-2.0 */
/* coap/params.h: the transmission parameters of RFC 7252 section 4.8.
 *
 * Two profiles, and the times that section 4.8.2 derives from them.
 *
 *                       DEFAULT      HOME
 *   ack_timeout_ms         2000       300
 *   random_permille        1500      1500   ACK_RANDOM_FACTOR
 *   max_retransmit            4         4
 *   nstart                    1         4
 *   max_latency_ms       100000      2000
 *   ack_delay_ms            500        75   until a CON gets an empty ACK
 *   probing_rate              1      none   bytes a second into silence
 *   leisure_ms             5000       500   spread of answers to multicast
 *   --- derived
 *   transmit span         45.0 s     6.75 s
 *   transmit wait         93.0 s    13.95 s  until a request is given up
 *   exchange lifetime    247.0 s    11.05 s  until a CON's ID may be reused
 *   NON lifetime         145.0 s     8.75 s  until a NON's ID may be reused
 *   CON a second, a pair     265     5 930   65536 IDs / lifetime
 *   NON a second, a pair     451     7 489
 *
 * What HOME trades away. It is for links between two nodes that both use it,
 * over a network where a datagram arrives within two seconds or never.
 *  - A datagram that the network holds back longer than that may be taken for
 *    a new message: its ID has been forgotten.
 *  - A peer that is silent for 14 seconds is given up, not for 93.
 *  - Four outstanding messages, first repeated after 300 ms, press harder on a
 *    congested network than RFC 7252 allows on the open Internet.
 *  - With a peer that keeps to the defaults it is wrong in both directions: a
 *    message ID comes back before that peer has forgotten it, and its late
 *    repetitions come after this side forgot them.
 * So an endpoint has two sets, one for strangers and one for the peers that
 * were marked as links (coap/endpoint.h). */
#pragma once

#include <stdint.h>

struct tomte_coap_params {
    uint32_t ack_timeout_ms;
    uint16_t random_permille; /* ACK_RANDOM_FACTOR, 1000 or more */
    uint8_t max_retransmit;   /* at most 8 */
    uint8_t nstart;           /* outstanding CON per peer, each direction */
    uint32_t max_latency_ms;
    uint32_t ack_delay_ms; /* well below ack_timeout_ms */

    /* Section 4.7: NON requests to a peer that is not heard from, in bytes a
     * second on average; 0 for no such limit. */
    uint32_t probing_rate;

    /* Section 8.2: within this time, at random, is a multicast request
     * answered. */
    uint32_t leisure_ms;

    /* Observe (RFC 7641). A notification goes out as a CON when the
     * application asks for it, when it is the notify_con_every-th (1: always),
     * when the last CON is notify_con_ms ago (section 4.5: at most 24 hours),
     * or when it follows its predecessor within notify_gap_ms (section 4.5.1
     * allows one NON in 3 s; a CON is paced by its acknowledgement). */
    uint32_t notify_con_every;
    uint32_t notify_con_ms;
    uint32_t notify_gap_ms;

    /* Section 3.3.1: after Max-Age ran out a client waits a time between
     * stale_min_ms and stale_max_ms before it registers again. */
    uint32_t stale_min_ms;
    uint32_t stale_max_ms;
};

/* RFC 7252 section 4.8, RFC 7641: towards peers of any make. */
#define TOMTE_COAP_DEFAULT                                                     \
    ((struct tomte_coap_params){.ack_timeout_ms = 2000,                        \
                                .random_permille = 1500,                       \
                                .max_retransmit = 4,                           \
                                .nstart = 1,                                   \
                                .max_latency_ms = 100000,                      \
                                .ack_delay_ms = 500,                           \
                                .probing_rate = 1,                             \
                                .leisure_ms = 5000,                            \
                                .notify_con_every = 5,                         \
                                .notify_con_ms = 86400000,                     \
                                .notify_gap_ms = 3000,                         \
                                .stale_min_ms = 5000,                          \
                                .stale_max_ms = 15000})

/* Between the nodes of one home. Every notification is a CON: the last state
 * arrives, paced by acknowledgements. */
#define TOMTE_COAP_HOME                                                        \
    ((struct tomte_coap_params){.ack_timeout_ms = 300,                         \
                                .random_permille = 1500,                       \
                                .max_retransmit = 4,                           \
                                .nstart = 4,                                   \
                                .max_latency_ms = 2000,                        \
                                .ack_delay_ms = 75,                            \
                                .probing_rate = 0,                             \
                                .leisure_ms = 500,                             \
                                .notify_con_every = 1,                         \
                                .notify_con_ms = 86400000,                     \
                                .notify_gap_ms = 0,                            \
                                .stale_min_ms = 100,                           \
                                .stale_max_ms = 1000})

/* Section 4.8.2, in milliseconds. */
uint64_t tomte_coap_max_transmit_span(const struct tomte_coap_params *p);
uint64_t tomte_coap_max_transmit_wait(const struct tomte_coap_params *p);
uint64_t tomte_coap_max_rtt(const struct tomte_coap_params *p);
uint64_t tomte_coap_exchange_lifetime(const struct tomte_coap_params *p);
uint64_t tomte_coap_non_lifetime(const struct tomte_coap_params *p);
