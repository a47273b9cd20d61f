/* SPDX-License-Identifier: Apache-2.0 */
/* linux/wasi.h: the part of WASI that a command needs which works on its
 * arguments, standard input and output.
 *
 * WASI snapshot preview 1 (wasi_snapshot_preview1): all 45 functions can be
 * imported. Arguments, environment, clocks, random numbers, the three standard
 * streams, waiting for a time and exiting work. There are no files, folders and
 * sockets: no folder is open when the program starts, and what would need one
 * answers that it has no such function (errno 52, nosys) or descriptor (8,
 * badf). A pointer out of memory is answered with 21, fault.
 *
 * The program runs until it returns from `_start` or calls proc_exit. The
 * latter ends its call with a trap (TOMTE_WASM_TRAP_HOST) and `exited` set. */
#pragma once

#include "wasm/wasm.h"

#define WASI_MODULE    "wasi_snapshot_preview1"
#define WASI_FUNCTIONS 45

/* What one program sees; the `user` of its instance's config. Texts are
 * borrowed. */
struct wasi {
    int argc;
    const char *const *argv; /* argv[0] is the program's name */
    int envc;
    const char *const *env; /* "NAME=value" */
    bool exited;
    int status; /* what proc_exit was given */
};

extern const struct tomte_wasm_host_func wasi_functions[WASI_FUNCTIONS];
