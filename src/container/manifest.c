/* SPDX-License-Identifier: Apache-2.0 */
#include "container/manifest.h"

#include "base/assert.h"
#include "base/text.h"
#include "cbor/cbor.h"

#include <string.h>

/* Keys of the maps; docs/spec/manifest.md has the table. */
enum {
    KEY_FORMAT = 0,
    KEY_NAME = 1,
    KEY_VERSION = 2,
    KEY_AUTHOR = 3,
    KEY_MEMORY = 4,
    KEY_STACK = 5,
    KEY_FUEL = 6,
    KEY_PORTS = 7,
    KEY_NEEDS = 8,
    KEY_DURABILITY = 9,
    KEY_WITHOUT_KEEPER = 10,
    KEY_CHECKPOINT = 11,

    PORT_NAME = 0,
    PORT_DIRECTION = 1,
    PORT_KIND = 2,
    PORT_TYPE = 3,
    PORT_ROLE = 4,
    PORT_CHANNEL = 5,

    NEEDS_NEAR = 0,
    NEEDS_AWAY_FROM = 1,
    NEEDS_STANDBYS = 2,
    NEEDS_PRIORITY = 3,

    CHECKPOINT_LOG_BYTES = 0,
    CHECKPOINT_AGE_MS = 1,
};

/* The decoder and the name of what it is at, for the report. */
struct reader {
    struct tomte_cbor_dec dec;
    const char *list; /* "ports", or NULL */
    size_t index;
    const char *key;
};

static void read_manifest(struct reader *r, struct tomte_manifest *m);
static void write_manifest(struct tomte_cbor_enc *e,
                           const struct tomte_manifest *m);
static void report_put(struct tomte_manifest_report *report,
                       const struct reader *r, enum tomte_err err);

void tomte_manifest_init(struct tomte_manifest *m)
{
    *m = (struct tomte_manifest){
        .durability = TOMTE_DURABILITY_ASYNC,
        .without_keeper = TOMTE_WITHOUT_KEEPER_HOLD,
        .log_bytes_max = 16384,
        .age_ms_max = 600000,
    };
}

enum tomte_err tomte_manifest_decode(struct tomte_span bytes,
                                     struct tomte_manifest *m,
                                     struct tomte_manifest_report *report)
{
    struct reader r = {.key = "manifest"};
    tomte_cbor_decode_init(&r.dec, bytes, 0);
    if (bytes.len > TOMTE_MANIFEST_BYTES_MAX)
        tomte_cbor_fail(&r.dec, TOMTE_ERR_TOO_LARGE);
    read_manifest(&r, m);
    enum tomte_err err = tomte_cbor_decode_done(&r.dec);
    if (report != NULL)
        report_put(report, &r, err);
    return err;
}

enum tomte_err tomte_manifest_encode(const struct tomte_manifest *m,
                                     struct tomte_buf out,
                                     struct tomte_span *bytes,
                                     struct tomte_manifest_report *report)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    write_manifest(&e, m);
    enum tomte_err err = tomte_cbor_encode_done(&e, bytes);
    if (err != TOMTE_OK) {
        if (report != NULL)
            report_put(report, &(struct reader){.key = "manifest"}, err);
        return err;
    }
    struct tomte_manifest checked;
    return tomte_manifest_decode(*bytes, &checked, report);
}

int tomte_manifest_port(const struct tomte_manifest *m, struct tomte_span name)
{
    for (int i = 0; i < m->ports_len; i++)
        if (tomte_span_equal(tomte_name_span(&m->ports[i].name), name))
            return i;
    return -1;
}

/* ---- decoding ---------------------------------------------------------- */

/* The first error's place is kept: an error makes the rest of the reading do
 * nothing, so this must not move on either. */
static void at(struct reader *r, const char *key)
{
    if (tomte_cbor_ok(&r->dec))
        r->key = key;
}

static void at_list(struct reader *r, const char *list, size_t index)
{
    if (tomte_cbor_ok(&r->dec)) {
        r->list = list;
        r->index = index;
    }
}

static void need(struct reader *r, int64_t key, const char *name)
{
    at(r, name);
    tomte_cbor_need_key(&r->dec, key);
}

static bool has(struct reader *r, int64_t key, const char *name)
{
    if (!tomte_cbor_has_key(&r->dec, key))
        return false;
    at(r, name);
    return true;
}

static uint32_t need_u32(struct reader *r, int64_t key, const char *name,
                         uint32_t min, uint32_t max)
{
    need(r, key, name);
    return tomte_cbor_get_u32(&r->dec, min, max);
}

static void leave(struct reader *r, const char *name)
{
    at(r, name);
    tomte_cbor_leave(&r->dec);
}

static void read_author(struct reader *r, struct tomte_manifest *m)
{
    need(r, KEY_AUTHOR, "author");
    struct tomte_span text = tomte_cbor_get_text(&r->dec);
    if (tomte_cbor_ok(&r->dec) && text.len == 0)
        tomte_cbor_fail(&r->dec, TOMTE_ERR_MISSING);
    if (text.len > TOMTE_AUTHOR_MAX)
        tomte_cbor_fail(&r->dec, TOMTE_ERR_TOO_LARGE);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            tomte_cbor_fail(&r->dec, TOMTE_ERR_MALFORMED);
    if (!tomte_cbor_ok(&r->dec))
        return;
    m->author_len = (uint8_t)text.len;
    memcpy(m->author, text.data, text.len);
}

static void read_port(struct reader *r, struct tomte_manifest *m,
                      struct tomte_port *p)
{
    struct tomte_cbor_dec *d = &r->dec;
    at(r, NULL);
    tomte_cbor_enter_map(d);
    need(r, PORT_NAME, "name");
    p->name = tomte_cbor_get_name(d);
    if (tomte_cbor_ok(d) &&
        tomte_manifest_port(m, tomte_name_span(&p->name)) >= 0)
        tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
    p->direction = (uint8_t)need_u32(r, PORT_DIRECTION, "direction", 0, 1);
    p->kind = (uint8_t)need_u32(r, PORT_KIND, "kind", 0, 1);
    need(r, PORT_TYPE, "type");
    p->type = tomte_cbor_get_name(d);
    if (has(r, PORT_ROLE, "role"))
        p->role = tomte_cbor_get_name(d);
    if (has(r, PORT_CHANNEL, "channel"))
        p->channel = tomte_cbor_get_channel_name(d);
    leave(r, NULL);
}

static void read_ports(struct reader *r, struct tomte_manifest *m)
{
    need(r, KEY_PORTS, "ports");
    tomte_cbor_enter_array(&r->dec);
    while (m->ports_len < TOMTE_LIMIT_PORTS && tomte_cbor_more(&r->dec)) {
        at_list(r, "ports", m->ports_len);
        read_port(r, m, &m->ports[m->ports_len]);
        if (tomte_cbor_ok(&r->dec))
            m->ports_len++;
    }
    at_list(r, NULL, 0);
    at(r, "ports");
    if (tomte_cbor_more(&r->dec))
        tomte_cbor_fail(&r->dec, TOMTE_ERR_FULL);
    leave(r, "ports");
}

static void read_away_from(struct reader *r, struct tomte_manifest *m)
{
    struct tomte_cbor_dec *d = &r->dec;
    tomte_cbor_enter_array(d);
    if (!tomte_cbor_more(d)) /* absent says the same */
        tomte_cbor_fail(d, TOMTE_ERR_MISSING);
    while (m->away_from_len < TOMTE_AWAY_FROM_MAX && tomte_cbor_more(d)) {
        struct tomte_name name = tomte_cbor_get_name(d);
        for (size_t i = 0; i < m->away_from_len; i++)
            if (tomte_name_equal(&name, &m->away_from[i]))
                tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
        if (tomte_cbor_ok(d))
            m->away_from[m->away_from_len++] = name;
    }
    if (tomte_cbor_more(d))
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    tomte_cbor_leave(d);
}

static void read_needs(struct reader *r, struct tomte_manifest *m)
{
    need(r, KEY_NEEDS, "needs");
    tomte_cbor_enter_map(&r->dec);
    if (has(r, NEEDS_NEAR, "needs.near"))
        m->near = tomte_cbor_get_name(&r->dec);
    if (has(r, NEEDS_AWAY_FROM, "needs.away_from"))
        read_away_from(r, m);
    m->standbys = (uint8_t)need_u32(r, NEEDS_STANDBYS, "needs.standbys", 0,
                                    TOMTE_STANDBYS_MAX);
    m->priority =
        (uint8_t)need_u32(r, NEEDS_PRIORITY, "needs.priority", 0, UINT8_MAX);
    leave(r, "needs");
}

static void read_checkpoint(struct reader *r, struct tomte_manifest *m)
{
    need(r, KEY_CHECKPOINT, "checkpoint");
    tomte_cbor_enter_map(&r->dec);
    m->log_bytes_max =
        need_u32(r, CHECKPOINT_LOG_BYTES, "checkpoint.log_bytes_max",
                 TOMTE_LOG_BYTES_MIN, TOMTE_LOG_BYTES_MAX);
    m->age_ms_max = need_u32(r, CHECKPOINT_AGE_MS, "checkpoint.age_ms_max",
                             TOMTE_AGE_MS_MIN, TOMTE_AGE_MS_MAX);
    leave(r, "checkpoint");
}

static void read_format(struct reader *r)
{
    need(r, KEY_FORMAT, "format");
    uint64_t format = tomte_cbor_get_uint(&r->dec);
    if (format != TOMTE_MANIFEST_VERSION)
        tomte_cbor_fail(&r->dec, TOMTE_ERR_VERSION);
}

static void read_manifest(struct reader *r, struct tomte_manifest *m)
{
    *m = (struct tomte_manifest){0};
    tomte_cbor_enter_map(&r->dec);
    read_format(r);
    need(r, KEY_NAME, "name");
    m->name = tomte_cbor_get_name(&r->dec);
    m->version = need_u32(r, KEY_VERSION, "version", 1, UINT32_MAX);
    read_author(r, m);
    m->memory_bytes =
        need_u32(r, KEY_MEMORY, "memory_bytes", 0, TOMTE_MEMORY_BYTES_MAX);
    m->stack_bytes = need_u32(r, KEY_STACK, "stack_bytes",
                              TOMTE_STACK_BYTES_MIN, TOMTE_STACK_BYTES_MAX);
    m->fuel_per_event =
        need_u32(r, KEY_FUEL, "fuel_per_event", 1, TOMTE_FUEL_MAX);
    read_ports(r, m);
    read_needs(r, m);
    m->durability = (uint8_t)need_u32(r, KEY_DURABILITY, "durability", 0,
                                      TOMTE_DURABILITY_SYNC);
    m->without_keeper = (uint8_t)need_u32(
        r, KEY_WITHOUT_KEEPER, "without_keeper", 0, TOMTE_WITHOUT_KEEPER_SAFE);
    read_checkpoint(r, m);
    leave(r, "manifest");
}

/* "ports[2].name: named twice" */
static void report_put(struct tomte_manifest_report *report,
                       const struct reader *r, enum tomte_err err)
{
    struct tomte_text t;
    tomte_text_init(&t, report->text, sizeof(report->text));
    report->err = err;
    report->offset = err == TOMTE_OK ? 0 : r->dec.err_at;
    if (err == TOMTE_OK)
        return;
    if (r->list != NULL) {
        tomte_text_str(&t, r->list);
        tomte_text_char(&t, '[');
        tomte_text_u64(&t, r->index);
        tomte_text_char(&t, ']');
    }
    if (r->list != NULL && r->key != NULL)
        tomte_text_char(&t, '.');
    if (r->key != NULL)
        tomte_text_str(&t, r->key);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, tomte_err_text(err));
}

/* ---- encoding ---------------------------------------------------------- */

static void put_name(struct tomte_cbor_enc *e, int64_t key,
                     const struct tomte_name *name)
{
    TOMTE_ASSERT(name->len <= TOMTE_NAME_MAX);
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_text(e, tomte_name_span(name));
}

static void put_u32(struct tomte_cbor_enc *e, int64_t key, uint32_t v)
{
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_uint(e, v);
}

static void write_port(struct tomte_cbor_enc *e, const struct tomte_port *p)
{
    bool role = p->role.len != 0;
    bool channel = p->channel.len != 0;
    tomte_cbor_put_map(e, 4u + role + channel);
    put_name(e, PORT_NAME, &p->name);
    put_u32(e, PORT_DIRECTION, p->direction);
    put_u32(e, PORT_KIND, p->kind);
    put_name(e, PORT_TYPE, &p->type);
    if (role)
        put_name(e, PORT_ROLE, &p->role);
    if (channel) {
        TOMTE_ASSERT(p->channel.len <= TOMTE_CHANNEL_MAX);
        tomte_cbor_put_int(e, PORT_CHANNEL);
        tomte_cbor_put_text(e, tomte_channel_name_span(&p->channel));
    }
}

static void write_needs(struct tomte_cbor_enc *e,
                        const struct tomte_manifest *m)
{
    bool near = m->near.len != 0;
    bool away_from = m->away_from_len != 0;
    TOMTE_ASSERT(m->away_from_len <= TOMTE_AWAY_FROM_MAX);
    tomte_cbor_put_map(e, 2u + near + away_from);
    if (near)
        put_name(e, NEEDS_NEAR, &m->near);
    if (away_from) {
        tomte_cbor_put_int(e, NEEDS_AWAY_FROM);
        tomte_cbor_put_array(e, m->away_from_len);
        for (size_t i = 0; i < m->away_from_len; i++)
            tomte_cbor_put_text(e, tomte_name_span(&m->away_from[i]));
    }
    put_u32(e, NEEDS_STANDBYS, m->standbys);
    put_u32(e, NEEDS_PRIORITY, m->priority);
}

static void write_manifest(struct tomte_cbor_enc *e,
                           const struct tomte_manifest *m)
{
    TOMTE_ASSERT(m->author_len <= TOMTE_AUTHOR_MAX);
    TOMTE_ASSERT(m->ports_len <= TOMTE_LIMIT_PORTS);
    tomte_cbor_put_map(e, 12);
    put_u32(e, KEY_FORMAT, TOMTE_MANIFEST_VERSION);
    put_name(e, KEY_NAME, &m->name);
    put_u32(e, KEY_VERSION, m->version);
    tomte_cbor_put_int(e, KEY_AUTHOR);
    tomte_cbor_put_text(e, TOMTE_SPAN(m->author, m->author_len));
    put_u32(e, KEY_MEMORY, m->memory_bytes);
    put_u32(e, KEY_STACK, m->stack_bytes);
    put_u32(e, KEY_FUEL, m->fuel_per_event);
    tomte_cbor_put_int(e, KEY_PORTS);
    tomte_cbor_put_array(e, m->ports_len);
    for (size_t i = 0; i < m->ports_len; i++)
        write_port(e, &m->ports[i]);
    tomte_cbor_put_int(e, KEY_NEEDS);
    write_needs(e, m);
    put_u32(e, KEY_DURABILITY, m->durability);
    put_u32(e, KEY_WITHOUT_KEEPER, m->without_keeper);
    tomte_cbor_put_int(e, KEY_CHECKPOINT);
    tomte_cbor_put_map(e, 2);
    put_u32(e, CHECKPOINT_LOG_BYTES, m->log_bytes_max);
    put_u32(e, CHECKPOINT_AGE_MS, m->age_ms_max);
}

/* ---- words ------------------------------------------------------------- */

const char *tomte_port_direction_name(unsigned direction)
{
    static const char *const names[] = {"in", "out"};
    return direction < 2 ? names[direction] : "?";
}

const char *tomte_port_kind_name(unsigned kind)
{
    static const char *const names[] = {"state", "event"};
    return kind < 2 ? names[kind] : "?";
}

const char *tomte_durability_name(unsigned durability)
{
    static const char *const names[] = {"none", "async", "sync"};
    return durability < 3 ? names[durability] : "?";
}

const char *tomte_without_keeper_name(unsigned without_keeper)
{
    static const char *const names[] = {"hold", "safe"};
    return without_keeper < 2 ? names[without_keeper] : "?";
}
