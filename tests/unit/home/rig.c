/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

struct words {
    char text[256];
    const char *word[8];
    unsigned len;
};

/* The words live as long as `w`. */
static void split_into(struct words *w, const char *text)
{
    *w = (struct words){.len = 0};
    CHECK(strlen(text) < sizeof(w->text));
    memcpy(w->text, text, strlen(text) + 1);
    for (char *at = strtok(w->text, " "); at != NULL; at = strtok(NULL, " ")) {
        CHECK(w->len < 8);
        w->word[w->len++] = at;
    }
}

static struct tomte_name optional_name(const char *text)
{
    return strcmp(text, "-") == 0 ? (struct tomte_name){0} : rig_name(text);
}

void rig_init(struct rig *r, struct tomte_home_limits limits)
{
    size_t bytes = tomte_home_bytes(limits);
    CHECK(bytes <= sizeof(r->memory));
    tomte_arena_init(&r->arena, r->memory, bytes);
    CHECK_OK(tomte_home_init(&r->home, &r->arena, limits));
}

struct tomte_home_limits rig_limits(uint16_t nodes, uint16_t containers)
{
    return (struct tomte_home_limits){
        .nodes = nodes,
        .resources = (uint16_t)(nodes * 4),
        .containers = containers,
        .ports = (uint16_t)(containers * 4),
    };
}

struct tomte_name rig_name(const char *text)
{
    struct tomte_name n;
    CHECK_OK(tomte_name_parse(tomte_span_str(text), &n));
    return n;
}

struct tomte_channel_name rig_channel(const char *text)
{
    struct tomte_channel_name n;
    CHECK_OK(tomte_channel_name_parse(tomte_span_str(text), &n));
    return n;
}

uint16_t rig_node(const struct rig *r, const char *name)
{
    struct tomte_name n = rig_name(name);
    uint16_t slot = tomte_home_find_node(&r->home, &n);
    CHECK(slot != NONE);
    return slot;
}

uint16_t rig_container(const struct rig *r, const char *identity)
{
    struct tomte_name n = rig_name(identity);
    uint16_t slot = tomte_home_find_container(&r->home, &n);
    CHECK(slot != NONE);
    return slot;
}

const struct tomte_placement *rig_placement(const struct rig *r,
                                            const char *identity)
{
    return &r->home.containers[rig_container(r, identity)].placement;
}

enum tomte_err rig_apply(struct rig *r, const struct tomte_command *c)
{
    static uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    static uint8_t again[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_span command, same;
    struct tomte_command decoded;
    struct tomte_home_report checked;
    CHECK_OK(tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &command));
    CHECK_OK(tomte_command_decode(command, &decoded, NULL));
    CHECK_OK(tomte_command_encode(&decoded, TOMTE_BUF_ARRAY(again), &same));
    CHECK_BYTES(command, same);
    uint64_t version = r->home.version;
    enum tomte_err expected = tomte_home_check(&r->home, command, &checked);
    enum tomte_err err = tomte_home_apply(&r->home, command, &r->report);
    CHECK_EQ(expected, err);
    CHECK_EQ(err, r->report.err);
    CHECK_EQ(err != TOMTE_OK, r->report.text[0] != 0);
    CHECK_EQ(version + (err == TOMTE_OK), r->home.version);
    return err;
}

struct tomte_resource rig_resource(const char *text)
{
    struct words w;
    split_into(&w, text);
    CHECK_EQ(5, w.len);
    return (struct tomte_resource){
        .channel = rig_channel(w.word[0]),
        .type = rig_name(w.word[1]),
        .role = optional_name(w.word[3]),
        .place = optional_name(w.word[4]),
        .kind = strcmp(w.word[2], "event") == 0 ? TOMTE_PORT_EVENT
                                                : TOMTE_PORT_STATE,
        .actuator = strcmp(w.word[2], "actuator") == 0,
    };
}

struct tomte_span rig_offer(const char *place, uint16_t containers,
                            uint32_t memory_kib, const char *const *resources,
                            struct tomte_buf out)
{
    struct tomte_resource list[8];
    struct tomte_offer offer = {
        .place = optional_name(place),
        .containers = containers,
        .memory_kib = memory_kib,
    };
    for (; resources != NULL && resources[offer.resources_len] != NULL;
         offer.resources_len++) {
        CHECK(offer.resources_len < 8);
        list[offer.resources_len] =
            rig_resource(resources[offer.resources_len]);
    }
    struct tomte_span bytes;
    CHECK_OK(tomte_offer_encode(&offer, list, out, &bytes));
    return bytes;
}

enum tomte_err rig_add_node(struct rig *r, const char *name, bool keeper,
                            const char *place, uint16_t containers,
                            const char *const *resources)
{
    static uint8_t offer[2048];
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name(name));
    unsigned number = 0;
    for (const char *at = name; *at != 0; at++)
        number = (number * 31 + (unsigned char)*at) % 50000;
    c.has_addr = c.has_keeper = c.has_store = c.has_offer = true;
    c.addr = tomte_addr_ipv4((const uint8_t[]){10, 0, 0, 1},
                             (uint16_t)(5000 + number));
    c.keeper = keeper;
    c.store = 1;
    c.has_key = true;
    for (size_t i = 0; i < sizeof c.key; i++)
        c.key[i] = (uint8_t)name[i % strlen(name)];
    c.offer =
        rig_offer(place, containers, 4096, resources, TOMTE_BUF_ARRAY(offer));
    return rig_apply(r, &c);
}

struct tomte_manifest rig_manifest(const char *name)
{
    struct tomte_manifest m;
    tomte_manifest_init(&m);
    m.name = rig_name(name);
    m.version = 1;
    m.author_len = 4;
    memcpy(m.author, "test", 4);
    m.memory_bytes = 65536;
    m.stack_bytes = 4096;
    m.fuel_per_event = 100000;
    return m;
}

void rig_port(struct tomte_manifest *m, const char *text)
{
    struct words w;
    split_into(&w, text);
    CHECK_EQ(6, w.len);
    CHECK(m->ports_len < TOMTE_LIMIT_PORTS);
    struct tomte_port *p = &m->ports[m->ports_len++];
    *p = (struct tomte_port){
        .name = rig_name(w.word[0]),
        .type = rig_name(w.word[3]),
        .role = optional_name(w.word[4]),
        .direction =
            strcmp(w.word[1], "in") == 0 ? TOMTE_PORT_IN : TOMTE_PORT_OUT,
        .kind = strcmp(w.word[2], "event") == 0 ? TOMTE_PORT_EVENT
                                                : TOMTE_PORT_STATE,
    };
    if (strcmp(w.word[5], "-") != 0)
        p->channel = rig_channel(w.word[5]);
}

enum tomte_err rig_deploy(struct rig *r, const char *identity, uint8_t image,
                          const struct tomte_manifest *m,
                          const char *const *binds)
{
    static uint8_t manifest[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_CONTAINER, rig_name(identity));
    memset(c.digest, image, sizeof(c.digest));
    struct tomte_manifest_report why;
    if (tomte_manifest_encode(m, TOMTE_BUF_ARRAY(manifest), &c.manifest,
                              &why) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, why.text);
    for (; binds != NULL && binds[c.binds_len] != NULL; c.binds_len++) {
        struct words w;
        split_into(&w, binds[c.binds_len]);
        CHECK_EQ(3, w.len);
        struct tomte_bind *b = &c.binds[c.binds_len];
        b->port = rig_name(w.word[0]);
        if (strcmp(w.word[1], "-") != 0)
            b->channel = rig_channel(w.word[1]);
        b->place = optional_name(w.word[2]);
    }
    return rig_apply(r, &c);
}

enum tomte_err rig_simple(struct rig *r, enum tomte_command_op op,
                          const char *name)
{
    struct tomte_command c;
    tomte_command_init(&c, op, rig_name(name));
    return rig_apply(r, &c);
}

enum tomte_err rig_pin(struct rig *r, const char *identity, const char *node)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_PIN, rig_name(identity));
    c.node = rig_name(node);
    return rig_apply(r, &c);
}

enum tomte_err rig_bind(struct rig *r, const char *identity, const char *port,
                        const char *channel)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_BIND, rig_name(identity));
    c.binds_len = 1;
    c.binds[0].port = rig_name(port);
    c.binds[0].channel = rig_channel(channel);
    return rig_apply(r, &c);
}

static void set_nodes(struct tomte_command *c, const char *nodes)
{
    struct words w;
    split_into(&w, nodes);
    for (; c->nodes_len < w.len; c->nodes_len++)
        c->nodes[c->nodes_len] = rig_name(w.word[c->nodes_len]);
}

enum tomte_err rig_place(struct rig *r, const char *identity, uint64_t epoch,
                         const char *owner, const char *standbys, bool anew)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_PLACE, rig_name(identity));
    c.epoch = epoch;
    c.node = rig_name(owner);
    c.anew = anew;
    set_nodes(&c, standbys);
    return rig_apply(r, &c);
}

enum tomte_err rig_activate(struct rig *r, const char *identity, uint64_t epoch)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_ACTIVATE, rig_name(identity));
    c.epoch = epoch;
    c.elapsed_ms = 7;
    return rig_apply(r, &c);
}

enum tomte_err rig_insync(struct rig *r, const char *identity, uint64_t epoch,
                          const char *nodes)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_INSYNC, rig_name(identity));
    c.epoch = epoch;
    set_nodes(&c, nodes);
    return rig_apply(r, &c);
}

enum tomte_err rig_standbys(struct rig *r, const char *identity, uint64_t epoch,
                            const char *nodes)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_STANDBYS, rig_name(identity));
    c.epoch = epoch;
    set_nodes(&c, nodes);
    return rig_apply(r, &c);
}

struct tomte_span rig_snapshot(const struct tomte_home *home)
{
    static uint8_t bytes[1 << 20];
    struct tomte_span snapshot, counted;
    CHECK_OK(
        tomte_home_snapshot_encode(home, TOMTE_BUF_ARRAY(bytes), &snapshot));
    CHECK_OK(tomte_home_snapshot_encode(home, TOMTE_BUF(NULL, 0), &counted));
    CHECK_EQ(counted.len, snapshot.len);
    return snapshot;
}

void rig_check_snapshot(const struct rig *r)
{
    static struct rig other;
    static uint8_t kept[1 << 20];
    struct tomte_home_report report;
    struct tomte_span first = rig_snapshot(&r->home);
    memcpy(kept, first.data, first.len);
    first.data = kept;
    rig_init(&other, r->home.limits);
    enum tomte_err err =
        tomte_home_snapshot_decode(&other.home, first, &report);
    if (err != TOMTE_OK)
        test_fail(__FILE__, __LINE__, report.text);
    CHECK_BYTES(first, rig_snapshot(&other.home));
}

struct tomte_view rig_view(const struct rig *r, const char *node)
{
    static uint8_t bytes[1 << 16];
    struct tomte_span encoded;
    struct tomte_view view;
    CHECK_OK(tomte_view_encode(&r->home, rig_node(r, node),
                               TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_view_open(encoded, &view));
    return view;
}

enum tomte_err rig_offers(struct rig *r, const char *name,
                          const struct tomte_offer *o)
{
    uint8_t bytes[128];
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name(name));
    c.has_offer = true;
    CHECK_OK(tomte_offer_encode(o, NULL, TOMTE_BUF_ARRAY(bytes), &c.offer));
    return rig_apply(r, &c);
}
