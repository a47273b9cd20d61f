/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/wasm/busy.h: a small program that has a bit of everything in its
 * state, for taking snapshots of.
 *
 * "run" takes n: in each of n rounds it recurses through a table with wide and
 * narrow operands on the stack, writes and grows memory, grows the table,
 * changes globals and waits for the host once. */
#pragma once

#include "bench.h"

#define BUSY_ID TOMTE_SPAN_LIT("busy program")

/* The module, loaded into `bench`. */
const struct tomte_wasm_module *busy_load(void);

/* A call of run(n), READY. */
struct tomte_wasm_instance *busy_start(const struct tomte_wasm_module *m,
                                       uint32_t n);

/* Answer the wait in which it is. */
void busy_answer(struct tomte_wasm_instance *inst);

/* To the end; DONE or TRAPPED. */
enum tomte_wasm_status busy_finish(struct tomte_wasm_instance *inst,
                                   uint32_t slice);

/* A snapshot in one of two static buffers. */
struct tomte_span busy_snapshot(const struct tomte_wasm_instance *inst,
                                int which);

/* Make the last four bytes of a changed snapshot right again. */
void busy_seal(struct tomte_buf snapshot);
