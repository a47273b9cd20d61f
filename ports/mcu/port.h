/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/port.h: all that a microcontroller must bring to be a node.
 *
 * A port is one implementation of these functions, and reset code that sets up
 * memory and calls tomte_port_main once. The loop, the rules of the storage and
 * the node are shared: mcu/loop.c drives src/node with nothing but what stands
 * here. ports/rv32 and ports/cortexm are two to begin from.
 *
 * One thread; none of these is called from an interrupt. All return at once but
 * tomte_port_wait. */
#pragma once

#include "base/base.h"
#include "store/block.h"

/* ---- time ---- */

/* Milliseconds since reset: monotonic, never back, does not wrap. */
uint64_t tomte_port_now_ms(void);

/* Sleeps until there is something to receive or `ms` have passed, whichever is
 * first; may return earlier. 0: returns at once. */
void tomte_port_wait(uint32_t ms);

/* The watchdog is set going at the first call; without the next one within
 * TOMTE_PORT_WATCHDOG_MS it resets the device. The loop calls it once a turn,
 * so a step that hangs ends there. */
#define TOMTE_PORT_WATCHDOG_MS 8000u
void tomte_port_watchdog(void);

/* ---- randomness ---- */

/* All of `out` from a true source. IO: there is none now, and `out` must not be
 * used: whoever wanted it does not go on. */
TOMTE_MUST_CHECK enum tomte_err tomte_port_random(struct tomte_buf out);

/* ---- storage ---- */

/* The flash that the node's store has for itself (mcu/nor.h makes the block
 * device of a chip). NULL: none could be found. */
const struct tomte_block *tomte_port_block(void);

/* ---- memory ---- */

/* The RAM that is left for the node; the caller's for good, any bytes in it. */
struct tomte_buf tomte_port_memory(void);

/* The most stack that was ever used since reset, in bytes, of how many. */
size_t tomte_port_stack_used(size_t *of);

/* ---- datagrams ---- */

/* Opens the network, once, before the first send or receive: datagrams to and
 * from UDP port `port`. */
TOMTE_MUST_CHECK enum tomte_err tomte_port_network(uint16_t port);

/* A datagram that cannot leave now is lost, as it may be on the way. */
void tomte_port_send(const struct tomte_addr *to, struct tomte_span bytes);

/* The next datagram that came: its length, 0 when there is none. One that is
 * longer than `out` is dropped. */
size_t tomte_port_receive(struct tomte_addr *from, struct tomte_buf out);

/* ---- settings: what the device was told by its maker or owner ---- */

/* The value of `key` as text; false when there is none or it does not fit. Keys
 * are listed in mcu/settings.h. */
bool tomte_port_setting(const char *key, char *out, size_t cap);

/* ---- people ---- */

/* A line for whoever looks at the console; level: 'i', 'w' or 'e'. */
void tomte_port_log(char level, const char *text);

/* An actuator's value, in thousandths; the resource's index as in the node's
 * config. */
void tomte_port_drive(size_t resource, int64_t thousandths);

/* ---- the end ---- */

enum tomte_port_end {
    TOMTE_PORT_RESET,  /* start anew: the storage failed, a panic */
    TOMTE_PORT_HALT_OK /* an emulator ends well; a device stays off */
};

_Noreturn void tomte_port_end(enum tomte_port_end how);

/* The program: never returns. Called by the reset code. */
_Noreturn void tomte_port_main(void);
