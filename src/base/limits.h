/* SPDX-License-Identifier: Apache-2.0 */
/* base/limits.h: every bound of the system in one table.
 *
 * Law 5: everything is bounded. A full table or queue is the error FULL, which
 * is counted. The first value is a microcontroller's (TOMTE_MCU defined), the
 * second a Linux hub's. Units are in the name; the others count things.
 *
 *   L(name, microcontroller, hub)
 */
#pragma once

#define TOMTE_LIMIT_TABLE(L)                                                   \
    /* one datagram, payload of UDP: fits an IPv6 minimum MTU frame twice */   \
    L(DATAGRAM_BYTES, 1280, 1280)                                              \
    /* payload of one message on a channel */                                  \
    L(MESSAGE_BYTES, 512, 512)                                                 \
    /* block-wise payload of one datagram (RFC 7959 SZX 6) */                  \
    L(BLOCK_BYTES, 1024, 1024)                                                 \
    /* nesting of CBOR items */                                                \
    L(CBOR_DEPTH, 16, 16)                                                      \
    /* containers that one node can hold, placed or standing by */             \
    L(CONTAINERS, 16, 64)                                                      \
    /* ports (channels in or out) of one container */                          \
    L(PORTS, 16, 16)                                                           \
    /* timers of one container */                                              \
    L(TIMERS, 8, 8)                                                            \
    /* events that wait for one container */                                   \
    L(INBOX, 16, 64)                                                           \
    /* messages that one event may put; containers see it, so no two bounds */ \
    L(OUTPUTS, 16, 16)                                                         \
    /* unacknowledged messages of one event channel; everywhere the same */    \
    L(OUTBOX, 64, 64)                                                          \
    /* consumers of one event channel */                                       \
    L(CONSUMERS, 16, 16)                                                       \
    /* resources that one node offers */                                       \
    L(RESOURCES, 16, 64)                                                       \
    /* nodes of one home (a cell) */                                           \
    L(HOME_NODES, 64, 512)                                                     \
    /* containers of one home */                                               \
    L(HOME_CONTAINERS, 64, 1024)                                               \
    /* resources that the nodes of one home offer together */                  \
    L(HOME_RESOURCES, 256, 4096)                                               \
    /* ports that the containers of one home have together */                  \
    L(HOME_PORTS, 256, 8192)

enum tomte_limit {
#ifdef TOMTE_MCU
#define L(name, mcu, hub) TOMTE_LIMIT_##name = (mcu),
#else
#define L(name, mcu, hub) TOMTE_LIMIT_##name = (hub),
#endif
    TOMTE_LIMIT_TABLE(L)
#undef L
};
