/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/loop.h: drives one node with what mcu/port.h gives: datagrams and time
 * in, datagrams, drives and lines out.
 *
 * What a node sends to itself never leaves the device: it waits in a ring of
 * TOMTE_MCU_SELF_BYTES and is the node's next datagram. When the ring is full
 * the datagram is lost, as one on the way may be, and counted.
 *
 * Life: start -> turn for ever. The struct is the caller's. */
#pragma once

#include "node/node.h"

#define TOMTE_MCU_SELF_BYTES 8192u

struct tomte_mcu {
    struct tomte_node *node;
    struct tomte_node_config config;
    struct tomte_arena arena;
    uint32_t self_first, self_used;
    uint32_t self_lost;
    uint32_t dropped;  /* to addresses that an unsecured node does not use */
    size_t stack_told; /* high-water mark of the stack, as it was told last */
    uint64_t told_ms;
    uint8_t self[TOMTE_MCU_SELF_BYTES];
};

/* Starts the node. Of slots it gets as many, at most those of the config, as
 * `memory` holds. Errors as tomte_node_init; NO_MEMORY: not even one slot. */
TOMTE_MUST_CHECK enum tomte_err
tomte_mcu_start(struct tomte_mcu *m, const struct tomte_node_config *config,
                struct tomte_buf memory);

/* What is there to do now, then a wait until there is more. A node whose
 * storage failed resets the device: it comes back with what was stored. */
void tomte_mcu_turn(struct tomte_mcu *m);
