/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h: what the programs of tests/bench/ share.
 *
 * A figure is one line on standard output, which `./dev bench` makes a row of:
 * name, value, unit, peer, the peer's value and runs, separated by tabs; "-"
 * where there is no peer. A value is a median. Ours and the peer's runs take
 * turns, so that what else the machine does hits both alike.
 *
 * A program checks what it measures: work that went wrong aborts, it is never a
 * good figure. What a peer does differently is said where it is called.
 *
 *   bench_time("cbor/encode", encode, "libcbor", peer_encode);
 */
#pragma once

#include "base/assert.h"

#include <stdint.h>
#include <stdio.h>

#define BENCH_RUNS 9

typedef void (*bench_work_fn)(void);

/* Nanoseconds of processor time of one call: what it takes however busy the
 * machine is, but not what it waits for. A run is as many calls as take about
 * 30 ms, on a warm cache. `peer` NULL: there is none. */
void bench_time(const char *name, bench_work_fn work, const char *peer,
                bench_work_fn peer_work);

/* One run of what measures itself: its figure in the caller's unit. */
typedef double (*bench_run_fn)(void);

/* The median of `runs` runs (at most BENCH_RUNS) after one that warms up. */
void bench_runs(const char *name, const char *unit, int runs, bench_run_fn run,
                const char *peer, bench_run_fn peer_run);

/* ---- for those who measure in their own way ---- */

double bench_now_ns(void); /* of the clock on the wall, monotonic */
double bench_cpu_ns(void); /* of the processor, for this thread */

/* Sorts them; of an even number the upper of the two. */
double bench_median(double *values, int count);

/* `peer` is NULL when there is nobody to compare with. */
void bench_print(const char *name, double value, const char *unit,
                 const char *peer, double peer_value, int runs);

/* A file in a folder of this process that goes when it ends. The folder is in
 * $TOMTE_BENCH_DIR, else /var/tmp: on a disk, as a home's storage would be, and
 * not in memory. The text is static. */
const char *bench_file(const char *name);

/* Keeps the compiler from leaving out what made `value`. */
void bench_use(unsigned long value);

/* Ours or the peer's work went wrong: no figure. Kept in release. */
#define BENCH_CHECK(condition) TOMTE_ASSERT(condition)
