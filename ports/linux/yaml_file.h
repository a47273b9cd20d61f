/* SPDX-License-Identifier: Apache-2.0 */
/* linux/yaml_file.h: reading the files that people write (libyaml).
 *
 * A thin layer over libyaml's document tree for mappings whose keys are known:
 * every error names the file, the line and the thing, an unknown key or one
 * given twice is an error. The first error stays, later reads give defaults; a
 * caller reads straight on and asks once at the end.
 *
 *   struct yaml_file f;
 *   yaml_open(&f, "home.yaml");
 *   struct yaml_map m = yaml_map(&f, yaml_root(&f), "the home");
 *   yaml_name(&m, "home", &name);
 *   yaml_end(&m);                    // unknown keys
 *   if (f.failed) fputs(f.error, stderr);
 *   yaml_close(&f);
 */
#pragma once

#include "base/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>

#define YAML_KEYS_MAX 256

struct yaml_file {
    const char *path;
    yaml_document_t document;
    bool open;
    bool failed;
    char error[256]; /* "home.yaml:12: ..." */
};

/* A mapping, and which of its keys were asked for. */
struct yaml_map {
    struct yaml_file *file;
    yaml_node_t *node; /* NULL: empty */
    const char *what;  /* for errors: "node attic" */
    uint32_t used[YAML_KEYS_MAX / 32];
};

/* Parses the file; `path` is borrowed until close. */
void yaml_open(struct yaml_file *f, const char *path);
void yaml_close(struct yaml_file *f);

/* The first error; printf-like. */
__attribute__((format(printf, 3, 4))) void
yaml_fail(struct yaml_file *f, const yaml_node_t *at, const char *format, ...);

yaml_node_t *yaml_root(struct yaml_file *f);

/* `node` as a mapping; an error when it is something else. NULL: empty. */
struct yaml_map yaml_map(struct yaml_file *f, yaml_node_t *node,
                         const char *what);

/* The value of a key, NULL when it is not there. */
yaml_node_t *yaml_get(struct yaml_map *m, const char *key);

/* The i-th pair, for mappings whose keys are names; false past the last. */
bool yaml_pair(struct yaml_map *m, size_t i, struct tomte_span *key,
               yaml_node_t **value);

/* Unknown keys are an error. */
void yaml_end(struct yaml_map *m);

/* Scalars. Absent keys leave `out` as it is and give false. */
bool yaml_text(struct yaml_map *m, const char *key, char *out, size_t cap);
bool yaml_name(struct yaml_map *m, const char *key, struct tomte_name *out);
bool yaml_channel(struct yaml_map *m, const char *key,
                  struct tomte_channel_name *out);
bool yaml_uint(struct yaml_map *m, const char *key, uint64_t max,
               uint64_t *out);
bool yaml_double(struct yaml_map *m, const char *key, double *out);
bool yaml_bool(struct yaml_map *m, const char *key, bool *out);

/* One of `names` (count of them): its index. */
bool yaml_choice(struct yaml_map *m, const char *key, const char *const *names,
                 size_t count, unsigned *out);

struct tomte_span yaml_scalar(const yaml_node_t *node);
