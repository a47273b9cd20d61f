/* SPDX-License-Identifier: Apache-2.0 */
/* usage: wasm_diff FOLDER SEED NAME... >SCRIPT
 *
 * Runs FOLDER/NAME.wasm in our three ways and writes FOLDER/NAME.x.wasm and a
 * script for others (diff.h). A line to standard error for each module:
 *
 *   NAME LINE agreed|differs|refused|long CALLS TRAPS MOVES [why]
 *
 * LINE is the last of its lines in the script. Exits 1 when something differs,
 * 2 when a file cannot be read or written. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define ROUNDS      63
#define CALLS_EACH  2

struct counts {
    unsigned calls, traps;
};

static enum diff_end run_module(struct tomte_span bytes, const char *file,
                                struct tomte_arena *arena, uint64_t seed,
                                struct diff_script *script,
                                struct diff_module *m, struct counts *counts,
                                const char **why);
static enum diff_end call_exports(struct diff_module *m,
                                  struct diff_script *script,
                                  struct counts *counts, const char **why);
static enum diff_end call_one(struct diff_module *m,
                              const struct tomte_wasm_export *e,
                              struct diff_script *script, struct counts *counts,
                              const char **why);
static struct tomte_span read_file(const char *path, uint8_t *room);
static bool write_file(const char *path, struct tomte_span bytes);

/* The export that lets a call go so far, and no farther. */
static const struct tomte_span limit = {(const uint8_t *)"hangLimitInitializer",
                                        20};

int main(int argc, char **argv)
{
    static uint8_t room[DIFF_MODULE_BYTES_MAX], wide[DIFF_MODULE_BYTES_MAX];
    static const char *const ends[] = {"agreed", "differs", "refused", "long"};
    void *memory = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct diff_script script = {.out = stdout};
    int status = 0;
    if (argc < 4 || memory == MAP_FAILED)
        return 100;
    diff_say_begin(&script);
    for (int i = 3; i < argc; i++) {
        char path[4096], file[256];
        static struct diff_module m;
        struct tomte_arena arena;
        struct counts counts = {0};
        const char *why = NULL;
        tomte_arena_init(&arena, memory, ARENA_BYTES);
        snprintf(path, sizeof path, "%s/%s.wasm", argv[1], argv[i]);
        struct tomte_span bytes = read_file(path, room);
        snprintf(file, sizeof file, "%s.x.wasm", argv[i]);
        snprintf(path, sizeof path, "%s/%s", argv[1], file);
        bytes = diff_widen(bytes, ROUNDS, wide);
        if (bytes.len == 0 || !write_file(path, bytes))
            return 2;
        uint64_t seed =
            strtoull(argv[2], NULL, 10) + strtoull(argv[i], NULL, 10);
        enum diff_end end =
            run_module(bytes, file, &arena, seed, &script, &m, &counts, &why);
        fprintf(stderr, "%s %u %s %u %u %u %s\n", argv[i], script.line,
                ends[end], counts.calls, counts.traps, m.moves,
                why != NULL ? why : "");
        if (end == DIFF_DIFFERS)
            status = 1;
    }
    diff_say_end(&script);
    return status;
}

static enum diff_end run_module(struct tomte_span bytes, const char *file,
                                struct tomte_arena *arena, uint64_t seed,
                                struct diff_script *script,
                                struct diff_module *m, struct counts *counts,
                                const char **why)
{
    enum diff_end end = diff_make(m, bytes, arena, seed, why);
    if (end != DIFF_AGREED)
        return end;
    bool trapped =
        tomte_wasm_status(m->ways[DIFF_BYTES].now) == TOMTE_WASM_TRAPPED;
    diff_say_module(script, file, trapped);
    if (trapped)
        return DIFF_AGREED;
    end = call_exports(m, script, counts, why);
    if (end != DIFF_AGREED)
        return end;
    end = diff_compare_state(m, why);
    if (end == DIFF_AGREED)
        diff_say_state(script, m);
    return end;
}

/* Each function after a call of the one that sets its limit. */
static enum diff_end call_exports(struct diff_module *m,
                                  struct diff_script *script,
                                  struct counts *counts, const char **why)
{
    struct tomte_wasm_export e, first;
    bool limited = tomte_wasm_export_find(m->wasm, limit, &first);
    for (uint32_t i = 0; tomte_wasm_export_at(m->wasm, i, &e); i++) {
        if (e.kind != TOMTE_WASM_FUNC || (limited && e.index == first.index))
            continue;
        bool params = tomte_wasm_func_type(m->wasm, e.index).params.len != 0;
        for (int times = params ? CALLS_EACH : 1; times > 0; times--) {
            enum diff_end end = limited
                                    ? call_one(m, &first, script, counts, why)
                                    : DIFF_AGREED;
            if (end == DIFF_AGREED)
                end = call_one(m, &e, script, counts, why);
            if (end != DIFF_AGREED)
                return end;
        }
    }
    return DIFF_AGREED;
}

/* Arguments are small, at an edge, a float, or anything. */
static uint32_t argument(uint64_t *random)
{
    static const uint32_t edges[] = {0,          1,          0xffffffff,
                                     0x7fffffff, 0x80000000, 0x3f800000,
                                     0x40490fdb, 0x7fc00000, 0xff800000};
    uint64_t r = diff_random(random);
    switch (r & 3) {
    case 0:
        return (uint32_t)(r >> 2 & 63);
    case 1:
    case 2:
        return edges[(r >> 2) % (sizeof edges / sizeof edges[0])];
    default:
        return (uint32_t)(r >> 32);
    }
}

static enum diff_end call_one(struct diff_module *m,
                              const struct tomte_wasm_export *e,
                              struct diff_script *script, struct counts *counts,
                              const char **why)
{
    struct tomte_wasm_type type = tomte_wasm_func_type(m->wasm, e->index);
    uint32_t args[DIFF_SLOTS_MAX], slots = 0;
    for (size_t i = 0; i < type.params.len; i++) {
        uint32_t wide = tomte_wasm_slots(tomte_span_slice(type.params, i, 1));
        if (slots + wide > DIFF_SLOTS_MAX)
            return DIFF_AGREED;
        for (uint32_t k = 0; k < wide; k++)
            args[slots++] = type.params.data[i] <= TOMTE_WASM_FUNCREF
                                ? 0
                                : argument(&m->random);
    }
    enum diff_end end = diff_call(m, e->index, args, slots, why);
    if (end != DIFF_AGREED)
        return end;
    counts->calls++;
    counts->traps +=
        tomte_wasm_status(m->ways[DIFF_BYTES].now) == TOMTE_WASM_TRAPPED;
    diff_say_call(script, m, e, args);
    return DIFF_AGREED;
}

static struct tomte_span read_file(const char *path, uint8_t *room)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return TOMTE_SPAN_NONE;
    size_t len = fread(room, 1, DIFF_MODULE_BYTES_MAX, f);
    fclose(f);
    return TOMTE_SPAN(room, len);
}

static bool write_file(const char *path, struct tomte_span bytes)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return false;
    bool ok = fwrite(bytes.data, 1, bytes.len, f) == bytes.len;
    return fclose(f) == 0 && ok;
}
