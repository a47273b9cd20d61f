/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/yaml_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void yaml_fail(struct yaml_file *f, const yaml_node_t *at, const char *format,
               ...)
{
    va_list args;
    if (f->failed)
        return;
    f->failed = true;
    int n = snprintf(f->error, sizeof f->error, "%s:%zu: ", f->path,
                     at == NULL ? (size_t)1 : at->start_mark.line + 1);
    va_start(args, format);
    if (n > 0 && (size_t)n < sizeof f->error)
        vsnprintf(f->error + n, sizeof f->error - (size_t)n, format, args);
    va_end(args);
}

void yaml_open(struct yaml_file *f, const char *path)
{
    yaml_parser_t parser;
    memset(f, 0, sizeof *f);
    f->path = path;
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        f->failed = true;
        snprintf(f->error, sizeof f->error, "%s: %s", path, strerror(errno));
        return;
    }
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_file(&parser, in);
    if (yaml_parser_load(&parser, &f->document) != 0) {
        f->open = true;
    } else {
        f->failed = true;
        snprintf(f->error, sizeof f->error, "%s:%zu: %s", path,
                 parser.problem_mark.line + 1,
                 parser.problem == NULL ? "not YAML" : parser.problem);
    }
    yaml_parser_delete(&parser);
    fclose(in);
}

void yaml_close(struct yaml_file *f)
{
    if (f->open)
        yaml_document_delete(&f->document);
    f->open = false;
}

yaml_node_t *yaml_root(struct yaml_file *f)
{
    return f->open ? yaml_document_get_root_node(&f->document) : NULL;
}

struct tomte_span yaml_scalar(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SCALAR_NODE)
        return TOMTE_SPAN_NONE;
    return TOMTE_SPAN(node->data.scalar.value, node->data.scalar.length);
}

static size_t pairs(const struct yaml_map *m)
{
    if (m->node == NULL)
        return 0;
    return (size_t)(m->node->data.mapping.pairs.top -
                    m->node->data.mapping.pairs.start);
}

static yaml_node_t *node_at(struct yaml_file *f, int index)
{
    return yaml_document_get_node(&f->document, index);
}

/* A key that is given twice would silently win or lose. */
static void check_keys(struct yaml_map *m)
{
    if (pairs(m) > YAML_KEYS_MAX)
        yaml_fail(m->file, m->node, "%s: more than %d keys", m->what,
                  YAML_KEYS_MAX);
    for (size_t i = 0; i < pairs(m) && !m->file->failed; i++) {
        struct tomte_span a, b;
        yaml_node_t *value;
        if (!yaml_pair(m, i, &a, &value))
            return;
        for (size_t j = 0; j < i; j++)
            if (yaml_pair(m, j, &b, &value) && tomte_span_equal(a, b))
                yaml_fail(m->file, m->node, "%s: %.*s is given twice", m->what,
                          (int)a.len, (const char *)a.data);
    }
}

struct yaml_map yaml_map(struct yaml_file *f, yaml_node_t *node,
                         const char *what)
{
    struct yaml_map m = {.file = f, .node = node, .what = what};
    if (node != NULL && node->type != YAML_MAPPING_NODE) {
        yaml_fail(f, node, "%s: expected keys and values here", what);
        m.node = NULL;
    }
    check_keys(&m);
    return m;
}

bool yaml_pair(struct yaml_map *m, size_t i, struct tomte_span *key,
               yaml_node_t **value)
{
    if (i >= pairs(m))
        return false;
    yaml_node_pair_t *p = &m->node->data.mapping.pairs.start[i];
    *key = yaml_scalar(node_at(m->file, p->key));
    *value = node_at(m->file, p->value);
    return true;
}

yaml_node_t *yaml_get(struct yaml_map *m, const char *key)
{
    for (size_t i = 0; i < pairs(m) && i < YAML_KEYS_MAX; i++) {
        struct tomte_span k;
        yaml_node_t *value;
        if (!yaml_pair(m, i, &k, &value) ||
            !tomte_span_equal(k, tomte_span_str(key)))
            continue;
        m->used[i / 32] |= 1u << i % 32;
        return value;
    }
    return NULL;
}

void yaml_end(struct yaml_map *m)
{
    for (size_t i = 0; i < pairs(m) && i < YAML_KEYS_MAX; i++) {
        struct tomte_span k;
        yaml_node_t *value;
        if ((m->used[i / 32] >> i % 32 & 1) == 0 && yaml_pair(m, i, &k, &value))
            yaml_fail(m->file, value, "%s: unknown key %.*s", m->what,
                      (int)k.len, (const char *)k.data);
    }
}

/* ---- scalars ---- */

static bool scalar(struct yaml_map *m, const char *key, struct tomte_span *out,
                   yaml_node_t **node)
{
    *node = yaml_get(m, key);
    if (*node == NULL)
        return false;
    if ((*node)->type != YAML_SCALAR_NODE) {
        yaml_fail(m->file, *node, "%s: %s: expected a single value", m->what,
                  key);
        return false;
    }
    *out = yaml_scalar(*node);
    return true;
}

bool yaml_text(struct yaml_map *m, const char *key, char *out, size_t cap)
{
    struct tomte_span s;
    yaml_node_t *node;
    if (!scalar(m, key, &s, &node))
        return false;
    if (s.len >= cap) {
        yaml_fail(m->file, node, "%s: %s: longer than %zu characters", m->what,
                  key, cap - 1);
        return false;
    }
    memcpy(out, s.data, s.len);
    out[s.len] = 0;
    return true;
}

bool yaml_name(struct yaml_map *m, const char *key, struct tomte_name *out)
{
    struct tomte_span s;
    yaml_node_t *node;
    if (!scalar(m, key, &s, &node))
        return false;
    if (tomte_name_parse(s, out) == TOMTE_OK)
        return true;
    yaml_fail(m->file, node,
              "%s: %s: %.*s is no name (1 to 31 of a-z 0-9 - _ .)", m->what,
              key, (int)s.len, (const char *)s.data);
    return false;
}

bool yaml_channel(struct yaml_map *m, const char *key,
                  struct tomte_channel_name *out)
{
    struct tomte_span s;
    yaml_node_t *node;
    if (!scalar(m, key, &s, &node))
        return false;
    if (tomte_channel_name_parse(s, out) == TOMTE_OK)
        return true;
    yaml_fail(m->file, node,
              "%s: %s: %.*s is no channel name (/room/thing/aspect)", m->what,
              key, (int)s.len, (const char *)s.data);
    return false;
}

bool yaml_uint(struct yaml_map *m, const char *key, uint64_t max, uint64_t *out)
{
    struct tomte_span s;
    yaml_node_t *node;
    uint64_t v = 0;
    if (!scalar(m, key, &s, &node))
        return false;
    bool good = s.len > 0 && s.len < 19;
    for (size_t i = 0; good && i < s.len; i++) {
        good = s.data[i] >= '0' && s.data[i] <= '9';
        v = v * 10 + (uint64_t)(s.data[i] - '0');
    }
    if (!good || v > max) {
        yaml_fail(m->file, node, "%s: %s: expected a number up to %llu",
                  m->what, key, (unsigned long long)max);
        return false;
    }
    *out = v;
    return true;
}

bool yaml_double(struct yaml_map *m, const char *key, double *out)
{
    char text[64], *end;
    yaml_node_t *node = yaml_get(m, key);
    if (!yaml_text(m, key, text, sizeof text))
        return false;
    double v = strtod(text, &end);
    if (end == text || *end != 0 || v - v != 0) {
        yaml_fail(m->file, node, "%s: %s: expected a number", m->what, key);
        return false;
    }
    *out = v;
    return true;
}

bool yaml_bool(struct yaml_map *m, const char *key, bool *out)
{
    static const char *const names[] = {"false", "true"};
    unsigned choice;
    if (!yaml_choice(m, key, names, 2, &choice))
        return false;
    *out = choice == 1;
    return true;
}

bool yaml_choice(struct yaml_map *m, const char *key, const char *const *names,
                 size_t count, unsigned *out)
{
    struct tomte_span s;
    yaml_node_t *node;
    char list[128] = "";
    if (!scalar(m, key, &s, &node))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (tomte_span_equal(s, tomte_span_str(names[i]))) {
            *out = (unsigned)i;
            return true;
        }
        size_t at = strlen(list);
        snprintf(list + at, sizeof list - at, "%s%s", i == 0 ? "" : ", ",
                 names[i]);
    }
    yaml_fail(m->file, node, "%s: %s: %.*s is none of %s", m->what, key,
              (int)s.len, (const char *)s.data, list);
    return false;
}
