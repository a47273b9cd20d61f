/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/file.h: a module from a file, and what the tools say about it.
 *
 * The file is a module or a container's image; offsets are the module's own.
 * Functions print to standard error what went wrong, and return exit statuses
 * of base/err.h. */
#pragma once

#include "wasm/lines.h"

#include <stdio.h>

struct wasm_file {
    const char *path;
    uint8_t *data; /* of the whole file */
    struct tomte_span bytes;
    struct module_map map;
    struct tomte_arena arena; /* of the module, and for its instances */
    const struct tomte_wasm_module *module; /* NULL: not valid */
    struct tomte_wasm_error error;
};

/* Read the file. 0; 1 or 2 when it cannot be read, 3 when it is no module. */
int wasm_file_open(struct wasm_file *f, const char *path);

/* Decode and validate it. 0, or 3 after saying where it is not valid. */
int wasm_file_load(struct wasm_file *f);

void wasm_file_close(struct wasm_file *f);

/* The function that an offset is in, and what is known of it. */
struct wasm_place {
    bool in_func;
    struct module_body body;
    char name[128]; /* empty: it has none */
    bool has_line;
    struct source_line line;
    char section[64];
};
void wasm_file_place(const struct wasm_file *f, uint32_t offset,
                     struct wasm_place *p);

/* "0x1a3, function 12 (main), main.c:7" */
void wasm_place_print(FILE *out, const struct wasm_place *p, uint32_t offset);

/* ,"offset":419,"function":12,"name":"main","file":"main.c","line":7 */
void wasm_place_json(FILE *out, const struct wasm_place *p, uint32_t offset);

/* A text in JSON quotes. */
void wasm_json_text(FILE *out, struct tomte_span text);

/* "i32 f64" */
void wasm_types_print(FILE *out, struct tomte_span types);
