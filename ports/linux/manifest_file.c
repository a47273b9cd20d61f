/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/manifest_file.h"

#include "container/image.h"
#include "crypto/bearssl.h"
#include "linux/small_memory.h"
#include "linux/yaml_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const directions[] = {"in", "out"};
static const char *const kinds[] = {"state", "event"};
static const char *const durabilities[] = {"none", "async", "sync"};
static const char *const without_keepers[] = {"hold", "safe"};

static void read_port(struct yaml_file *f, yaml_node_t *node,
                      struct tomte_port *port)
{
    char what[64];
    unsigned choice = 0;
    snprintf(what, sizeof what, "port %.*s", (int)port->name.len,
             port->name.text);
    struct yaml_map m = yaml_map(f, node, what);
    if (!yaml_choice(&m, "direction", directions, 2, &choice))
        yaml_fail(f, node, "%s: direction is missing", what);
    port->direction = (uint8_t)choice;
    if (!yaml_choice(&m, "kind", kinds, 2, &choice))
        yaml_fail(f, node, "%s: kind is missing", what);
    port->kind = (uint8_t)choice;
    if (!yaml_name(&m, "type", &port->type))
        yaml_fail(f, node, "%s: type is missing", what);
    yaml_name(&m, "role", &port->role);
    yaml_channel(&m, "channel", &port->channel);
    yaml_end(&m);
}

static void read_ports(struct yaml_file *f, yaml_node_t *node,
                       struct tomte_manifest *m)
{
    struct yaml_map ports = yaml_map(f, node, "ports");
    struct tomte_span key;
    yaml_node_t *value;
    for (size_t i = 0; yaml_pair(&ports, i, &key, &value); i++) {
        if (m->ports_len == TOMTE_LIMIT_PORTS) {
            yaml_fail(f, value, "ports: more than %d", TOMTE_LIMIT_PORTS);
            return;
        }
        struct tomte_port *port = &m->ports[m->ports_len++];
        if (tomte_name_parse(key, &port->name) != TOMTE_OK)
            yaml_fail(f, value, "ports: %.*s is no name", (int)key.len,
                      (const char *)key.data);
        read_port(f, value, port);
    }
}

static void read_number(struct yaml_map *m, const char *key, uint64_t max,
                        uint32_t *out)
{
    uint64_t v;
    if (yaml_uint(m, key, max, &v))
        *out = (uint32_t)v;
}

static void read_small(struct yaml_map *m, const char *key, uint8_t *out)
{
    uint64_t v;
    if (yaml_uint(m, key, 255, &v))
        *out = (uint8_t)v;
}

static void read_enum(struct yaml_map *m, const char *key,
                      const char *const *names, size_t count, uint8_t *out)
{
    unsigned choice;
    if (yaml_choice(m, key, names, count, &choice))
        *out = (uint8_t)choice;
}

/* away_from and apart_from have the same bound. */
static void read_others(struct yaml_file *f, yaml_node_t *node,
                        const char *what, struct tomte_name *list, uint8_t *len)
{
    if (node == NULL)
        return;
    if (node->type != YAML_SEQUENCE_NODE) {
        yaml_fail(f, node, "%s: expected a list of identities", what);
        return;
    }
    yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item != node->data.sequence.items.top; item++) {
        yaml_node_t *name = yaml_document_get_node(&f->document, *item);
        if (*len == TOMTE_AWAY_FROM_MAX ||
            tomte_name_parse(yaml_scalar(name), &list[(*len)++]) != TOMTE_OK) {
            yaml_fail(f, name, "%s: at most %d identities", what,
                      TOMTE_AWAY_FROM_MAX);
            return;
        }
    }
}

/* A bound as people write it, 21.5; kept in thousandths. */
static bool read_milli(struct yaml_file *f, struct yaml_map *m, const char *key,
                       int64_t *milli)
{
    double v;
    if (!yaml_double(m, key, &v))
        return false;
    if (!(v >= -1e12 && v <= 1e12))
        yaml_fail(f, m->node, "%s: out of range", key);
    else
        *milli = (int64_t)(v * 1000 + (v < 0 ? -0.5 : 0.5));
    return true;
}

static void read_health(struct yaml_file *f, yaml_node_t *node,
                        struct tomte_manifest *m)
{
    if (node == NULL)
        return;
    struct yaml_map rules = yaml_map(f, node, "health");
    struct tomte_span key;
    yaml_node_t *value;
    for (size_t i = 0; yaml_pair(&rules, i, &key, &value); i++) {
        int port = tomte_manifest_port(m, key);
        if (port < 0 || m->health_len == TOMTE_HEALTH_MAX) {
            yaml_fail(f, value, "health: %.*s is %s", (int)key.len,
                      (const char *)key.data,
                      port < 0 ? "no port" : "one rule too many");
            return;
        }
        struct tomte_health *h = &m->health[m->health_len++];
        struct yaml_map rule = yaml_map(f, value, "health");
        uint64_t within_ms = 0;
        h->port = (uint8_t)port;
        if (yaml_uint(&rule, "within_ms", TOMTE_TRIAL_MS_MAX, &within_ms))
            h->within_ms = (uint32_t)within_ms;
        h->has_min = read_milli(f, &rule, "min", &h->min_milli);
        h->has_max = read_milli(f, &rule, "max", &h->max_milli);
        yaml_end(&rule);
    }
}

static void read_author(struct yaml_map *map, struct tomte_manifest *m)
{
    char author[TOMTE_AUTHOR_MAX + 1];
    if (!yaml_text(map, "author", author, sizeof author))
        return;
    m->author_len = (uint8_t)strlen(author);
    memcpy(m->author, author, m->author_len);
}

static void read_all(struct yaml_file *f, struct tomte_manifest *m)
{
    struct yaml_map map = yaml_map(f, yaml_root(f), "manifest");
    yaml_name(&map, "name", &m->name);
    read_number(&map, "version", UINT32_MAX, &m->version);
    read_author(&map, m);
    read_number(&map, "memory_bytes", TOMTE_MEMORY_BYTES_MAX, &m->memory_bytes);
    read_number(&map, "stack_bytes", TOMTE_STACK_BYTES_MAX, &m->stack_bytes);
    read_number(&map, "fuel_per_event", TOMTE_FUEL_MAX, &m->fuel_per_event);
    read_ports(f, yaml_get(&map, "ports"), m);
    yaml_name(&map, "near", &m->near);
    read_others(f, yaml_get(&map, "away_from"), "away_from", m->away_from,
                &m->away_from_len);
    read_others(f, yaml_get(&map, "apart_from"), "apart_from", m->apart_from,
                &m->apart_from_len);
    read_number(&map, "fuel_per_second", UINT32_MAX, &m->fuel_per_second);
    read_small(&map, "standbys", &m->standbys);
    read_small(&map, "priority", &m->priority);
    read_enum(&map, "durability", durabilities, 3, &m->durability);
    read_enum(&map, "without_keeper", without_keepers, 2, &m->without_keeper);
    read_number(&map, "log_bytes_max", TOMTE_LOG_BYTES_MAX, &m->log_bytes_max);
    read_number(&map, "age_ms_max", TOMTE_AGE_MS_MAX, &m->age_ms_max);
    read_number(&map, "trial_ms", TOMTE_TRIAL_MS_MAX, &m->trial_ms);
    read_number(&map, "memory_from", UINT32_MAX, &m->memory_from);
    read_health(f, yaml_get(&map, "health"), m);
    yaml_end(&map);
}

bool manifest_file_load(const char *path, struct tomte_manifest *m,
                        char error[256])
{
    struct yaml_file f;
    tomte_manifest_init(m);
    yaml_open(&f, path);
    if (!f.failed)
        read_all(&f, m);
    memcpy(error, f.error, sizeof f.error);
    yaml_close(&f);
    return !f.failed;
}

struct tomte_buf file_read(const char *path, size_t max)
{
    struct tomte_buf out = {NULL, 0};
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return out;
    uint8_t *data = malloc(max + 1);
    size_t len = data == NULL ? 0 : fread(data, 1, max + 1, f);
    fclose(f);
    if (data != NULL && len <= max)
        return TOMTE_BUF(data, len);
    free(data);
    errno = EFBIG;
    return out;
}

static bool build(const struct tomte_manifest *m, struct tomte_buf module,
                  const struct tomte_key_pair *author, struct tomte_buf *image,
                  char error[256])
{
    static uint8_t memory[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_manifest_report report;
    struct tomte_span manifest, bytes;
    enum tomte_err err =
        tomte_manifest_encode(m, TOMTE_BUF_ARRAY(memory), &manifest, &report);
    if (err != TOMTE_OK) {
        snprintf(error, 256, "the manifest is not valid: %s", report.text);
        return false;
    }
    size_t cap = TOMTE_IMAGE_ROOM(manifest.len, module.cap);
    image->data = malloc(cap);
    image->cap = cap;
    if (image->data == NULL)
        return false;
    err = tomte_image_build(&tomte_crypto_bearssl, manifest,
                            TOMTE_SPAN(module.data, module.cap), author, *image,
                            &bytes);
    image->cap = bytes.len;
    if (err == TOMTE_OK)
        return true;
    snprintf(error, 256, "the image cannot be built: %s", tomte_err_text(err));
    free(image->data);
    image->data = NULL;
    return false;
}

/* Less than a page of memory asks for another module. */
static bool fit(const struct tomte_manifest *m, const char *path,
                struct tomte_buf *module, char error[256])
{
    char why[128];
    struct tomte_buf small;
    if (!small_memory(TOMTE_SPAN(module->data, module->cap), m->memory_bytes,
                      &small, why)) {
        snprintf(error, 256, "%.120s: %s", path, why);
        return false;
    }
    if (small.data == NULL)
        return true;
    free(module->data);
    *module = small;
    return true;
}

bool image_file_build(const char *manifest_path, const char *module_path,
                      const struct tomte_key_pair *author,
                      struct tomte_buf *image, char error[256])
{
    static struct tomte_manifest m;
    if (!manifest_file_load(manifest_path, &m, error))
        return false;
    struct tomte_buf module = file_read(module_path, TOMTE_IMAGE_BYTES_MAX);
    if (module.data == NULL) {
        snprintf(error, 256, "%s: %s", module_path, strerror(errno));
        return false;
    }
    bool ok = fit(&m, module_path, &module, error) &&
              build(&m, module, author, image, error);
    free(module.data);
    return ok;
}
