/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUN_NS 30e6

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_calls(void (*work)(void), unsigned long calls)
{
    double start = now_ns();
    for (unsigned long i = 0; i < calls; i++)
        work();
    return now_ns() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_ns(void (*work)(void))
{
    unsigned long calls = 1;
    while (time_calls(work, calls) < RUN_NS / 2)
        calls *= 2;
    double ns[BENCH_RUNS];
    for (int i = 0; i < BENCH_RUNS; i++)
        ns[i] = time_calls(work, calls) / (double)calls;
    qsort(ns, BENCH_RUNS, sizeof ns[0], by_value);
    return ns[BENCH_RUNS / 2];
}

void bench_print(const char *name, double value, const char *unit,
                 const char *peer, double peer_value)
{
    if (peer != NULL)
        printf("%s\t%.4g\t%s\t%s\t%.4g\t%d\n", name, value, unit, peer,
               peer_value, BENCH_RUNS);
    else
        printf("%s\t%.4g\t%s\t-\t-\t%d\n", name, value, unit, BENCH_RUNS);
}

void bench_use(unsigned long value)
{
    __asm__ volatile("" : : "r"(value));
}
