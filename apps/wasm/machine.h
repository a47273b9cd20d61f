/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/machine.h: an instance of a module from a file, with WASI for a host,
 * and one call in it. */
#pragma once

#include "linux/wasi.h"
#include "wasm/tools.h"

#define MACHINE_SLOTS_MAX 2000
#define MACHINE_ARGS_MAX  1000

struct machine {
    struct wasm_file *file;
    const struct wasm_run_options *options;
    struct tomte_wasm_instance *wasm;
    struct wasi wasi;
    const char *argv[MACHINE_ARGS_MAX + 1];
    struct tomte_wasm_export entry;
    uint32_t args[MACHINE_SLOTS_MAX]; /* of the entry, when it is invoked */
    uint32_t arg_slots;
};

/* Find what is to be called and take its arguments from the options. 0, or
 * after saying what is wrong 2 or 100. */
int machine_init(struct machine *m, struct wasm_file *f,
                 const struct wasm_run_options *o);

/* Make the instance, from the file's arena; `code` may be NULL. */
int machine_make(struct machine *m, const struct tomte_wasm_code *code);

/* Run what it starts with, and _initialize before an entry that is not
 * _start. False when that did not return. */
bool machine_begin(struct machine *m);

/* Call the entry, to the end. */
enum tomte_wasm_status machine_call(struct machine *m);
