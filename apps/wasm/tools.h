/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/tools.h: what `tomte wasm` does with a module once it is read. Each
 * prints, and returns an exit status of base/err.h. */
#pragma once

#include "wasm/file.h"

/* Sections, imports, exports, memory, the largest functions, what it takes. */
int wasm_inspect(struct wasm_file *f, bool json);

/* The instructions of all functions, or of the one of this name or number. */
int wasm_disassemble(struct wasm_file *f, const char *which, bool json);

struct wasm_run_options {
    const char *invoke; /* an export; NULL: _start */
    int argc;           /* its arguments, or the program's, without a name */
    char **argv;
    int tier;              /* 0: from bytes, 1: slot code */
    uint64_t fuel;         /* of the whole run */
    uint32_t memory_bytes; /* linear memory at most */
    unsigned runs;         /* bench: of each tier */
    bool json;
};

/* Run it to its end. The status is the program's own when it exits, 1 when it
 * traps, 2 when there is nothing of that name, 100 for wrong arguments. */
int wasm_run(struct wasm_file *f, const struct wasm_run_options *o);

/* Time loading, translating and runs of both tiers. */
int wasm_bench(struct wasm_file *f, const struct wasm_run_options *o);
