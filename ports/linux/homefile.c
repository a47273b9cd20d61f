/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/homefile.h"

#include "cbor/senml.h"
#include "linux/yaml_file.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const resource_kinds[] = {"sensor", "actuator", "button"};

bool homefile_parse_addr(const char *text, struct tomte_addr *out)
{
    char host[64];
    struct in_addr in;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (inet_pton(AF_INET, host, &in) != 1 || end == colon + 1 || *end != 0 ||
        port == 0 || port > 65535)
        return false;
    uint8_t ip[4];
    memcpy(ip, &in, sizeof ip);
    *out = tomte_addr_ipv4(ip, (uint16_t)port);
    return true;
}

static void read_addr(struct yaml_map *m, const char *key,
                      struct tomte_addr *out)
{
    char text[64];
    yaml_node_t *node = yaml_get(m, key);
    if (!yaml_text(m, key, text, sizeof text))
        yaml_fail(m->file, m->node, "%s: %s is missing", m->what, key);
    else if (!homefile_parse_addr(text, out))
        yaml_fail(m->file, node, "%s: %s: %s is no address like 127.0.0.1:5701",
                  m->what, key, text);
}

static void read_safe(struct yaml_map *m, struct tomte_node_resource *r)
{
    double v = 0;
    struct tomte_span bytes;
    yaml_double(m, "safe", &v);
    struct tomte_senml record = {.value = tomte_senml_whole(v)};
    if (tomte_senml_encode(&record, TOMTE_BUF_ARRAY(r->safe), &bytes) ==
        TOMTE_OK)
        r->safe_len = (uint8_t)bytes.len;
}

static void read_driver(struct yaml_map *m, struct home_resource *r)
{
    uint64_t every = 1000;
    if (yaml_text(m, "world", r->target, sizeof r->target))
        r->driver = DRIVER_WORLD;
    if (yaml_text(m, "file", r->target, sizeof r->target))
        r->driver = DRIVER_FILE;
    yaml_uint(m, "every_ms", 86400000, &every);
    r->scale = 1;
    if (yaml_double(m, "scale", &r->scale) && r->scale == 0)
        yaml_fail(m->file, m->node, "%s: scale is 0", m->what);
    r->every_ms = every < 100 ? 100 : (uint32_t)every;
}

static void read_resource(struct yaml_file *f, struct tomte_span key,
                          yaml_node_t *value, struct home_resource *r)
{
    char what[96];
    unsigned kind = 0;
    uint64_t timeout = 60000;
    snprintf(what, sizeof what, "resource %.*s", (int)key.len,
             (const char *)key.data);
    struct yaml_map m = yaml_map(f, value, what);
    if (tomte_channel_name_parse(key, &r->is.channel) != TOMTE_OK)
        yaml_fail(f, value, "%s: not a channel name (/room/thing/aspect)",
                  what);
    if (!yaml_choice(&m, "kind", resource_kinds, 3, &kind))
        yaml_fail(f, value, "%s: kind is missing", what);
    r->is.kind = (enum tomte_node_resource_kind)kind;
    yaml_name(&m, "role", &r->is.role);
    yaml_name(&m, "place", &r->is.place);
    if (!yaml_name(&m, "type", &r->is.type))
        yaml_fail(f, value, "%s: type is missing", what);
    yaml_uint(&m, "timeout_ms", UINT32_MAX, &timeout);
    r->is.timeout_ms = (uint32_t)timeout;
    read_safe(&m, &r->is);
    read_driver(&m, r);
    yaml_end(&m);
}

static void read_power(struct yaml_map *m, struct tomte_node_power *p)
{
    static const char *const words[] = {"mains", "battery"};
    unsigned choice = 0;
    uint64_t v;
    if (yaml_choice(m, "power", words, 2, &choice))
        p->battery = choice == 1;
    if (yaml_uint(m, "radio_hops", UINT8_MAX, &v))
        p->hops = (uint8_t)v;
    if (yaml_uint(m, "fuel_per_second", UINT32_MAX, &v))
        p->fuel_per_second = (uint32_t)v;
    if (yaml_uint(m, "flash_kib", UINT32_MAX, &v))
        p->flash_kib = (uint32_t)v;
}

static void read_node(struct yaml_file *f, struct tomte_span key,
                      yaml_node_t *value, struct home_node *n)
{
    char what[64];
    snprintf(what, sizeof what, "node %.*s", (int)key.len,
             (const char *)key.data);
    struct yaml_map m = yaml_map(f, value, what);
    if (tomte_name_parse(key, &n->name) != TOMTE_OK)
        yaml_fail(f, value, "%s: not a name (1 to 31 of a-z 0-9 - _ .)", what);
    read_addr(&m, "address", &n->addr);
    n->listen = n->addr;
    if (yaml_get(&m, "listen") != NULL)
        read_addr(&m, "listen", &n->listen);
    yaml_bool(&m, "keeper", &n->keeper);
    yaml_name(&m, "place", &n->place);
    read_power(&m, &n->power);
    struct yaml_map list = yaml_map(f, yaml_get(&m, "resources"), what);
    struct tomte_span channel;
    yaml_node_t *resource;
    for (size_t i = 0; yaml_pair(&list, i, &channel, &resource); i++) {
        if (n->resources_len == TOMTE_LIMIT_RESOURCES) {
            yaml_fail(f, resource, "%s: more than %d resources", what,
                      TOMTE_LIMIT_RESOURCES);
            break;
        }
        read_resource(f, channel, resource, &n->resources[n->resources_len++]);
    }
    yaml_end(&m);
}

static void read_bind(struct yaml_file *f, const char *what,
                      struct tomte_span key, yaml_node_t *value,
                      struct home_bind *b)
{
    if (tomte_name_parse(key, &b->port) != TOMTE_OK)
        yaml_fail(f, value, "%s: %.*s is no port name", what, (int)key.len,
                  (const char *)key.data);
    if (value->type == YAML_SCALAR_NODE) {
        if (tomte_channel_name_parse(yaml_scalar(value), &b->channel) !=
            TOMTE_OK)
            yaml_fail(f, value, "%s: %.*s is no channel name", what,
                      (int)yaml_scalar(value).len,
                      (const char *)yaml_scalar(value).data);
        return;
    }
    struct tomte_name role = {0}; /* the manifest's; written for the reader */
    struct yaml_map m = yaml_map(f, value, what);
    yaml_name(&m, "role", &role);
    yaml_name(&m, "place", &b->place);
    yaml_end(&m);
}

static void read_container(struct yaml_file *f, struct tomte_span key,
                           yaml_node_t *value, struct home_container *c)
{
    char what[64];
    snprintf(what, sizeof what, "container %.*s", (int)key.len,
             (const char *)key.data);
    struct yaml_map m = yaml_map(f, value, what);
    if (tomte_name_parse(key, &c->identity) != TOMTE_OK)
        yaml_fail(f, value, "%s: not a name (1 to 31 of a-z 0-9 - _ .)", what);
    if (!yaml_text(&m, "image", c->image, sizeof c->image))
        yaml_fail(f, value, "%s: image is missing", what);
    yaml_name(&m, "prefer", &c->prefer);
    struct yaml_map list = yaml_map(f, yaml_get(&m, "bind"), what);
    struct tomte_span port;
    yaml_node_t *bind;
    for (size_t i = 0; yaml_pair(&list, i, &port, &bind); i++) {
        if (c->binds_len == HOME_BINDS_MAX) {
            yaml_fail(f, bind, "%s: more than %d binds", what, HOME_BINDS_MAX);
            break;
        }
        read_bind(f, what, port, bind, &c->binds[c->binds_len++]);
    }
    yaml_end(&m);
}

static void read_world(struct yaml_file *f, yaml_node_t *node,
                       struct home_file *h)
{
    if (node == NULL)
        return;
    struct yaml_map m = yaml_map(f, node, "world");
    h->has_world = true;
    h->hours_per_second = 1.0 / 6;
    read_addr(&m, "address", &h->world);
    yaml_text(&m, "weather", h->weather, sizeof h->weather);
    yaml_double(&m, "hours_per_second", &h->hours_per_second);
    yaml_end(&m);
}

static void read_may(struct yaml_file *f, yaml_node_t *node,
                     struct home_author *a)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) {
        yaml_fail(f, node, "author %.*s: may: a list of identities is missing",
                  (int)a->name.len, a->name.text);
        return;
    }
    yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item != node->data.sequence.items.top; item++) {
        yaml_node_t *value = yaml_document_get_node(&f->document, *item);
        struct tomte_span text = yaml_scalar(value);
        if (text.len == 0 || text.len > TOMTE_AUTHOR_PATTERN_BYTES ||
            memchr(text.data, 0, text.len) != NULL) {
            yaml_fail(f, value, "author %.*s: may: this is no identity",
                      (int)a->name.len, a->name.text);
            return;
        }
        if (a->may_len == TOMTE_AUTHOR_PATTERNS_MAX) {
            yaml_fail(f, value, "author %.*s: may: at most %d identities",
                      (int)a->name.len, a->name.text,
                      TOMTE_AUTHOR_PATTERNS_MAX);
            return;
        }
        memcpy(a->may[a->may_len++], text.data, text.len);
    }
}

static void read_author(struct yaml_file *f, struct tomte_span key,
                        yaml_node_t *value, struct home_author *a)
{
    char what[64];
    snprintf(what, sizeof what, "author %.*s", (int)key.len,
             (const char *)key.data);
    struct yaml_map m = yaml_map(f, value, what);
    if (tomte_name_parse(key, &a->name) != TOMTE_OK)
        yaml_fail(f, value, "%s: not a name (1 to 31 of a-z 0-9 - _ .)", what);
    if (!yaml_text(&m, "key", a->key, sizeof a->key))
        yaml_fail(f, value, "%s: key is missing", what);
    read_may(f, yaml_get(&m, "may"), a);
    yaml_end(&m);
}

static void read_authors(struct yaml_file *f, yaml_node_t *node,
                         struct home_file *h)
{
    struct yaml_map authors = yaml_map(f, node, "authors");
    struct tomte_span key;
    yaml_node_t *value;
    for (size_t i = 0; !f->failed && yaml_pair(&authors, i, &key, &value); i++)
        if (h->authors_len == TOMTE_AUTHORS_MAX)
            yaml_fail(f, value, "authors: more than %d", TOMTE_AUTHORS_MAX);
        else
            read_author(f, key, value, &h->authors[h->authors_len++]);
}

static void check(struct yaml_file *f, const struct home_file *h)
{
    size_t keepers = 0;
    for (size_t i = 0; i < h->nodes_len; i++) {
        keepers += h->nodes[i].keeper;
        for (size_t j = 0; j < i; j++)
            if (tomte_addr_equal(&h->nodes[i].addr, &h->nodes[j].addr) ||
                tomte_addr_equal(&h->nodes[i].listen, &h->nodes[j].listen))
                yaml_fail(f, NULL, "two nodes have the same address");
    }
    if (keepers != 1)
        yaml_fail(f, NULL, "exactly one node must have keeper: true, %zu have",
                  keepers);
    if (h->containers_len > 0 && h->authors_len == 0)
        yaml_fail(f, NULL,
                  "authors: whose code may run is missing; for what is "
                  "shipped: authors: {tomte: {key: shipped, may: ['*']}}");
    for (size_t i = 0; i < h->containers_len; i++)
        if (h->containers[i].prefer.len > 0 &&
            homefile_node(h, &h->containers[i].prefer) == NULL)
            yaml_fail(f, NULL,
                      "container %.*s prefers node %.*s, which is "
                      "not there",
                      (int)h->containers[i].identity.len,
                      h->containers[i].identity.text,
                      (int)h->containers[i].prefer.len,
                      h->containers[i].prefer.text);
}

static void read_home(struct yaml_file *f, struct home_file *h)
{
    struct yaml_map m = yaml_map(f, yaml_root(f), "home");
    struct tomte_span key;
    yaml_node_t *value;
    uint64_t lease = 1500;
    if (!yaml_name(&m, "home", &h->name))
        yaml_fail(f, m.node, "home: its name (home:) is missing");
    yaml_uint(&m, "lease_ms", 600000, &lease);
    h->lease_ms = (uint32_t)lease;
    read_world(f, yaml_get(&m, "world"), h);
    read_authors(f, yaml_get(&m, "authors"), h);
    struct yaml_map nodes = yaml_map(f, yaml_get(&m, "nodes"), "nodes");
    for (size_t i = 0; !f->failed && yaml_pair(&nodes, i, &key, &value); i++) {
        if (h->nodes_len == HOME_NODES_MAX)
            yaml_fail(f, value, "nodes: more than %d", HOME_NODES_MAX);
        else
            read_node(f, key, value, &h->nodes[h->nodes_len++]);
    }
    struct yaml_map list =
        yaml_map(f, yaml_get(&m, "containers"), "containers");
    for (size_t i = 0; !f->failed && yaml_pair(&list, i, &key, &value); i++) {
        if (h->containers_len == HOME_CONTAINERS_MAX)
            yaml_fail(f, value, "containers: more than %d",
                      HOME_CONTAINERS_MAX);
        else
            read_container(f, key, value, &h->containers[h->containers_len++]);
    }
    yaml_end(&m);
    check(f, h);
}

bool homefile_load(const char *path, struct home_file *home, char error[256])
{
    struct yaml_file f;
    memset(home, 0, sizeof *home);
    snprintf(home->path, sizeof home->path, "%s", path);
    yaml_open(&f, path);
    if (!f.failed)
        read_home(&f, home);
    memcpy(error, f.error, sizeof f.error);
    yaml_close(&f);
    return !f.failed;
}

const struct home_node *homefile_keeper(const struct home_file *home)
{
    for (size_t i = 0; i < home->nodes_len; i++)
        if (home->nodes[i].keeper)
            return &home->nodes[i];
    return NULL;
}

const struct home_node *homefile_node(const struct home_file *home,
                                      const struct tomte_name *name)
{
    for (size_t i = 0; i < home->nodes_len; i++)
        if (tomte_name_equal(&home->nodes[i].name, name))
            return &home->nodes[i];
    return NULL;
}

void homefile_resolve(const struct home_file *home, const char *path,
                      char out[2 * HOME_PATH_MAX])
{
    const char *slash = strrchr(home->path, '/');
    if (path[0] == '/' || slash == NULL)
        snprintf(out, 2 * HOME_PATH_MAX, "%s", path);
    else
        snprintf(out, 2 * HOME_PATH_MAX, "%.*s/%s", (int)(slash - home->path),
                 home->path, path);
}
