/* SPDX-License-Identifier: Apache-2.0 */
/* tomte wasm: modules, by themselves: look into them, run them, time them. */
#include "command.h"

#include "wasm/tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES (1u << 30) /* linear memory at most */

static const char help[] =
    "usage: tomte wasm inspect|validate FILE [--json]\n"
    "       tomte wasm disasm FILE [FUNCTION] [--json]\n"
    "       tomte wasm run FILE [OPTION...] [ARGUMENT...]\n"
    "       tomte wasm bench FILE [--runs N] [OPTION...] [ARGUMENT...]\n"
    "FILE is a WebAssembly module or an image. `run` calls _start, with WASI\n"
    "(arguments, the three streams, clocks, random numbers), and exits as the\n"
    "program does, or with 1 when it traps; `bench` times it from bytes and\n"
    "as slot code. Options, before the arguments:\n"
    "  --invoke NAME   call this export instead; the arguments are its own\n"
    "  --tier 0|1      from bytes, or as slot code (1)\n"
    "  --fuel N        what the call may use (no bound)\n"
    "  --memory BYTES  linear memory at most (1 GiB)\n"
    "  e.g. tomte wasm run hello.wasm world\n"
    "       tomte wasm run fib.wasm --invoke fib 20\n"
    "       tomte wasm disasm fib.wasm fib\n";

static bool take_number(int *argc, char **argv, const char *name, uint64_t most,
                        uint64_t *out)
{
    const char *text = take_option(argc, argv, name);
    char *end;
    if (text == NULL)
        return true;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || v > most) {
        fprintf(stderr, "tomte: %s wants a number up to %llu\n", name,
                (unsigned long long)most);
        return false;
    }
    *out = v;
    return true;
}

/* argv: run, FILE, options and arguments. Those behind the first that is no
 * option are the program's own. */
static int run(int argc, char **argv, bool bench)
{
    struct wasm_run_options o = {.fuel = UINT64_MAX};
    struct wasm_file f;
    uint64_t tier = 1, fuel = UINT64_MAX, memory = MEMORY_BYTES, runs = 5;
    int options = 2;
    while (options < argc && strncmp(argv[options], "--", 2) == 0)
        options += strcmp(argv[options], "--json") == 0 ? 1 : 2;
    int own = options < argc ? options : argc;
    int left = own;
    o.json = take_flag(&left, argv, "--json");
    o.invoke = take_option(&left, argv, "--invoke");
    if (!take_number(&left, argv, "--tier", 1, &tier) ||
        !take_number(&left, argv, "--fuel", UINT64_MAX, &fuel) ||
        !take_number(&left, argv, "--memory", MEMORY_BYTES, &memory) ||
        (bench && !take_number(&left, argv, "--runs", 1000, &runs)))
        return 100;
    if (left != 2)
        return misused(left, argv, help);
    o.argc = argc - own;
    o.argv = argv + own;
    o.tier = (int)tier;
    o.fuel = fuel;
    o.memory_bytes = (uint32_t)memory;
    o.runs = (unsigned)runs;
    int status = wasm_file_open(&f, argv[1]);
    if (status != 0)
        return status;
    status = wasm_file_load(&f);
    if (status == 0)
        status = bench ? wasm_bench(&f, &o) : wasm_run(&f, &o);
    wasm_file_close(&f);
    return status;
}

/* What is wrong goes to standard error for people, and for programs here. */
static int validate(struct wasm_file *f, bool json)
{
    struct wasm_place place;
    int status = wasm_file_load(f);
    if (!json) {
        if (status == 0)
            printf("%s: valid\n", f->path);
        return status;
    }
    printf("{\"valid\":%s", status == 0 ? "true" : "false");
    if (status != 0) {
        wasm_file_place(f, f->error.offset, &place);
        printf(",\"error\":\"%s\",\"what\":\"%s\"",
               tomte_err_name(f->error.err), f->error.what);
        wasm_place_json(stdout, &place, f->error.offset);
    }
    puts("}");
    return status;
}

static int look(int argc, char **argv)
{
    struct wasm_file f;
    bool json = take_flag(&argc, argv, "--json");
    bool disasm = strcmp(argv[0], "disasm") == 0;
    if (argc < 2 || argc > 2 + disasm || argv[1][0] == '-')
        return misused(argc, argv, help);
    int status = wasm_file_open(&f, argv[1]);
    if (status != 0)
        return status;
    if (disasm) {
        status = wasm_disassemble(&f, argc > 2 ? argv[2] : NULL, json);
    } else if (strcmp(argv[0], "validate") == 0) {
        status = validate(&f, json);
    } else {
        status = wasm_file_load(&f);
        if (status == 0)
            status = wasm_inspect(&f, json);
    }
    wasm_file_close(&f);
    return status;
}

int command_wasm(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--help") == 0 ||
        (argc > 2 && strcmp(argv[2], "--help") == 0))
        return usage(help);
    bool bench = strcmp(verb, "bench") == 0;
    if (argc > 2 && (bench || strcmp(verb, "run") == 0))
        return run(argc - 1, argv + 1, bench);
    if (strcmp(verb, "inspect") == 0 || strcmp(verb, "validate") == 0 ||
        strcmp(verb, "disasm") == 0)
        return look(argc - 1, argv + 1);
    return misused(argc, argv, help);
}
