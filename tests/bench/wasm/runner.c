/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one kernel once and prints its checksum and the nanoseconds of processor
 * time it took. Built three times:
 *
 *   runner N             with a kernel compiled for this machine
 *   runner N             with what wasm2c made of it (W2C_HEADER and the names)
 *   runner N FILE TIER   with the engine (ENGINE)
 *
 * A run that is wanted several times is several processes, so that no way of
 * running a kernel gets a warmer cache than another. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint32_t work(uint32_t n);

#if defined W2C_HEADER
#include W2C_HEADER

static W2C_TYPE instance;

static void set_up(const char *path, int tier)
{
    (void)path;
    (void)tier;
    wasm_rt_init();
    W2C_INIT();
    W2C_INSTANTIATE(&instance);
}

static uint32_t work(uint32_t n)
{
    return W2C_RUN(&instance, n);
}

#elif defined ENGINE
#include "engine.h"

static struct engine engine;

static void set_up(const char *path, int tier)
{
    static uint8_t bytes[1 << 20];
    FILE *f = path != NULL ? fopen(path, "rb") : NULL;
    size_t len = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (len == 0 || !engine_load(&engine, TOMTE_SPAN(bytes, len), tier)) {
        fprintf(stderr, "runner: cannot load the module\n");
        exit(1);
    }
    fclose(f);
}

static uint32_t work(uint32_t n)
{
    return engine_run(&engine, n);
}

#else
uint32_t run(uint32_t n);

static void set_up(const char *path, int tier)
{
    (void)path;
    (void)tier;
}

static uint32_t work(uint32_t n)
{
    return run(n);
}
#endif

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 100;
    set_up(argc > 2 ? argv[2] : NULL, argc > 3 ? atoi(argv[3]) : 0);
    uint32_t n = (uint32_t)strtoul(argv[1], NULL, 10);
    double start = now_ns();
    uint32_t sum = work(n);
    printf("%u %.0f\n", sum, now_ns() - start);
    return 0;
}
