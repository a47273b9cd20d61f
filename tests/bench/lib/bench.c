/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUN_NS 30e6

/* One of two that take turns, and its figures. */
struct side {
    bench_work_fn work;
    unsigned long calls; /* in one run */
    double ns[BENCH_RUNS];
};

static double time_calls(bench_work_fn work, unsigned long calls)
{
    double start = bench_cpu_ns();
    for (unsigned long i = 0; i < calls; i++)
        work();
    return bench_cpu_ns() - start;
}

static void warm_up(struct side *s)
{
    s->calls = 1;
    while (time_calls(s->work, s->calls) < RUN_NS / 2)
        s->calls *= 2;
}

void bench_time(const char *name, bench_work_fn work, const char *peer,
                bench_work_fn peer_work)
{
    struct side sides[2] = {{.work = work}, {.work = peer_work}};
    int count = peer != NULL ? 2 : 1;
    for (int k = 0; k < count; k++)
        warm_up(&sides[k]);
    for (int i = 0; i < BENCH_RUNS; i++)
        for (int k = 0; k < count; k++)
            sides[k].ns[i] = time_calls(sides[k].work, sides[k].calls) /
                             (double)sides[k].calls;
    bench_print(name, bench_median(sides[0].ns, BENCH_RUNS), "ns", peer,
                count == 2 ? bench_median(sides[1].ns, BENCH_RUNS) : 0,
                BENCH_RUNS);
}

void bench_runs(const char *name, const char *unit, int runs, bench_run_fn run,
                const char *peer, bench_run_fn peer_run)
{
    double ours[BENCH_RUNS], theirs[BENCH_RUNS] = {0};
    BENCH_CHECK(runs > 0 && runs <= BENCH_RUNS);
    (void)run();
    if (peer != NULL)
        (void)peer_run();
    for (int i = 0; i < runs; i++) {
        ours[i] = run();
        if (peer != NULL)
            theirs[i] = peer_run();
    }
    bench_print(name, bench_median(ours, runs), unit, peer,
                bench_median(theirs, runs), runs);
}

static double clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double bench_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

double bench_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof values[0], by_value);
    return values[count / 2];
}

void bench_print(const char *name, double value, const char *unit,
                 const char *peer, double peer_value, int runs)
{
    if (peer != NULL)
        printf("%s\t%.6g\t%s\t%s\t%.6g\t%d\n", name, value, unit, peer,
               peer_value, runs);
    else
        printf("%s\t%.6g\t%s\t-\t-\t%d\n", name, value, unit, runs);
    fflush(stdout);
}

static char folder[256];

static void remove_folder(void)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d != NULL)
        closedir(d);
    rmdir(folder);
}

const char *bench_file(const char *name)
{
    static char path[512];
    if (folder[0] == 0) {
        const char *in = getenv("TOMTE_BENCH_DIR");
        snprintf(folder, sizeof folder, "%s/tomte-bench-%d",
                 in != NULL ? in : "/var/tmp", (int)getpid());
        BENCH_CHECK(mkdir(folder, 0700) == 0 && atexit(remove_folder) == 0);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void bench_use(unsigned long value)
{
    __asm__ volatile("" : : "r"(value));
}
