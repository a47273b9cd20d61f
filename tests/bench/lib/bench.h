/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h: what the programs of tests/bench/ share.
 *
 * A figure is one line for `./dev bench`: name, value, unit, peer, the peer's
 * value and runs, separated by tabs. */
#pragma once

#define BENCH_RUNS 9

/* Nanoseconds of one call of `work`: the median of BENCH_RUNS runs, each of
 * about 30 ms and on a warm cache. */
double bench_ns(void (*work)(void));

/* `peer` is NULL when there is nobody to compare with. */
void bench_print(const char *name, double value, const char *unit,
                 const char *peer, double peer_value);

/* Keeps the compiler from leaving out what made `value`. */
void bench_use(unsigned long value);
