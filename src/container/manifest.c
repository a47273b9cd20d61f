/* SPDX-License-Identifier: Apache-2.0 */
#include "container/manifest.h"

#include "base/assert.h"
#include "base/text.h"
#include "cbor/cbor.h"
#include "container/manifest_update.h"

#include <string.h>

/* The keys of the maps (docs/spec/manifest.md has the table), with the name
 * that a report gives them and the bounds of those that are numbers. Decoder
 * and encoder hold to the same lines. */
struct field {
    int64_t key;
    const char *name;
    uint32_t min;
    uint32_t max;
};

static const struct field FORMAT = {0, "format", 1, 1};
static const struct field NAME = {1, "name", 0, 0};
static const struct field VERSION = {2, "version", 1, UINT32_MAX};
static const struct field AUTHOR = {3, "author", 0, 0};
static const struct field MEMORY_BYTES = {4, "memory_bytes", 0,
                                          TOMTE_MEMORY_BYTES_MAX};
static const struct field STACK_BYTES = {
    5, "stack_bytes", TOMTE_STACK_BYTES_MIN, TOMTE_STACK_BYTES_MAX};
static const struct field FUEL = {6, "fuel_per_event", 1, TOMTE_FUEL_MAX};
static const struct field PORTS = {7, "ports", 0, 0};
static const struct field NEEDS = {8, "needs", 0, 0};
static const struct field DURABILITY = {9, "durability", 0,
                                        TOMTE_DURABILITY_SYNC};
static const struct field WITHOUT_KEEPER = {10, "without_keeper", 0,
                                            TOMTE_WITHOUT_KEEPER_SAFE};
static const struct field CHECKPOINT = {11, "checkpoint", 0, 0};
static const struct field UPDATE = {12, "update", 0, 0};

static const struct field PORT_NAME = {0, "name", 0, 0};
static const struct field PORT_DIRECTION = {1, "direction", 0, TOMTE_PORT_OUT};
static const struct field PORT_KIND = {2, "kind", 0, TOMTE_PORT_EVENT};
static const struct field PORT_TYPE = {3, "type", 0, 0};
static const struct field PORT_ROLE = {4, "role", 0, 0};
static const struct field PORT_CHANNEL = {5, "channel", 0, 0};

static const struct field NEEDS_NEAR = {0, "needs.near", 0, 0};
static const struct field NEEDS_AWAY_FROM = {1, "needs.away_from", 0, 0};
static const struct field NEEDS_STANDBYS = {2, "needs.standbys", 0,
                                            TOMTE_STANDBYS_MAX};
static const struct field NEEDS_PRIORITY = {3, "needs.priority", 0, UINT8_MAX};
static const struct field NEEDS_APART_FROM = {4, "needs.apart_from", 0, 0};
static const struct field NEEDS_FUEL = {5, "needs.fuel_per_second", 1,
                                        UINT32_MAX};

_Static_assert(TOMTE_APART_FROM_MAX == TOMTE_AWAY_FROM_MAX,
               "both lists are read and written by the same lines");

static const struct field LOG_BYTES = {
    0, "checkpoint.log_bytes_max", TOMTE_LOG_BYTES_MIN, TOMTE_LOG_BYTES_MAX};
static const struct field AGE_MS = {1, "checkpoint.age_ms_max",
                                    TOMTE_AGE_MS_MIN, TOMTE_AGE_MS_MAX};

/* What is read or written at the moment, for the report. */
struct place {
    const char *list; /* "ports", or NULL */
    size_t index;
    const char *key; /* NULL: the entry of the list itself */
};

struct reader {
    struct tomte_cbor_dec dec;
    struct place at;
};

struct writer {
    struct tomte_cbor_enc enc;
    struct place at;
    enum tomte_err err; /* the first */
};

static void read_manifest(struct reader *r, struct tomte_manifest *m);
static void write_manifest(struct writer *w, const struct tomte_manifest *m);
static void report_put(struct tomte_manifest_report *report,
                       const struct place *at, enum tomte_err err,
                       uint32_t offset);

void tomte_manifest_init(struct tomte_manifest *m)
{
    *m = (struct tomte_manifest){
        .durability = TOMTE_DURABILITY_ASYNC,
        .without_keeper = TOMTE_WITHOUT_KEEPER_HOLD,
        .log_bytes_max = 16384,
        .age_ms_max = 600000,
        .trial_ms = TOMTE_TRIAL_MS_DEFAULT,
    };
}

enum tomte_err tomte_manifest_decode(struct tomte_span bytes,
                                     struct tomte_manifest *m,
                                     struct tomte_manifest_report *report)
{
    struct reader r = {.at = {.key = "manifest"}};
    tomte_cbor_decode_init(&r.dec, bytes, 0);
    if (bytes.len > TOMTE_MANIFEST_BYTES_MAX)
        tomte_cbor_fail(&r.dec, TOMTE_ERR_TOO_LARGE);
    read_manifest(&r, m);
    enum tomte_err err = tomte_cbor_decode_done(&r.dec);
    if (report != NULL)
        report_put(report, &r.at, err, r.dec.err_at);
    return err;
}

enum tomte_err tomte_manifest_encode(const struct tomte_manifest *m,
                                     struct tomte_buf out,
                                     struct tomte_span *bytes,
                                     struct tomte_manifest_report *report)
{
    struct writer w = {.at = {.key = "manifest"}};
    tomte_cbor_encode_init(&w.enc, out);
    write_manifest(&w, m);
    enum tomte_err err = tomte_cbor_encode_done(&w.enc, bytes);
    if (w.err != TOMTE_OK) {
        err = w.err;
        *bytes = TOMTE_SPAN_NONE;
    }
    if (report != NULL)
        report_put(report, &w.at, err, 0);
    return err;
}

int tomte_manifest_port(const struct tomte_manifest *m,
                        struct tomte_span wanted)
{
    for (int i = 0; i < m->ports_len; i++)
        if (tomte_span_equal(tomte_name_span(&m->ports[i].name), wanted))
            return i;
    return -1;
}

/* Rules that are no bounds of numbers. */

static enum tomte_err check_author(struct tomte_span text)
{
    if (text.len == 0)
        return TOMTE_ERR_MISSING;
    if (text.len > TOMTE_AUTHOR_MAX)
        return TOMTE_ERR_TOO_LARGE;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return TOMTE_ERR_MALFORMED;
    return TOMTE_OK;
}

/* Names of ports are found by their name; the first of a name is its own. */
static enum tomte_err check_port_name(const struct tomte_manifest *m,
                                      const struct tomte_name *n, size_t index)
{
    int first = tomte_manifest_port(m, tomte_name_span(n));
    return first >= 0 && (size_t)first != index ? TOMTE_ERR_DUPLICATE
                                                : TOMTE_OK;
}

/* A list of identities. */
static enum tomte_err check_other(const struct tomte_name *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (tomte_name_equal(&list[index], &list[i]))
            return TOMTE_ERR_DUPLICATE;
    return TOMTE_OK;
}

/* ---- decoding ---------------------------------------------------------- */

/* The first error's place is kept: an error makes the rest of the reading do
 * nothing, so this must not move on either. */
static void at(struct reader *r, const char *list, size_t index,
               const char *key)
{
    if (tomte_cbor_ok(&r->dec))
        r->at = (struct place){list, index, key};
}

static void at_key(struct reader *r, const char *key)
{
    at(r, r->at.list, r->at.index, key);
}

static void need(struct reader *r, const struct field *f)
{
    at_key(r, f->name);
    tomte_cbor_need_key(&r->dec, f->key);
}

static bool has(struct reader *r, const struct field *f)
{
    if (!tomte_cbor_has_key(&r->dec, f->key))
        return false;
    at_key(r, f->name);
    return true;
}

static uint32_t need_u32(struct reader *r, const struct field *f)
{
    need(r, f);
    return tomte_cbor_get_u32(&r->dec, f->min, f->max);
}

static void leave(struct reader *r, const char *what)
{
    at_key(r, what);
    tomte_cbor_leave(&r->dec);
}

static void read_author(struct reader *r, struct tomte_manifest *m)
{
    need(r, &AUTHOR);
    struct tomte_span text = tomte_cbor_get_text(&r->dec);
    tomte_cbor_fail(&r->dec, check_author(text));
    if (!tomte_cbor_ok(&r->dec))
        return;
    m->author_len = (uint8_t)text.len;
    memcpy(m->author, text.data, text.len);
}

static void read_port(struct reader *r, struct tomte_manifest *m,
                      struct tomte_port *p)
{
    struct tomte_cbor_dec *d = &r->dec;
    at_key(r, NULL);
    tomte_cbor_enter_map(d);
    need(r, &PORT_NAME);
    p->name = tomte_cbor_get_name(d);
    tomte_cbor_fail(d, check_port_name(m, &p->name, m->ports_len));
    p->direction = (uint8_t)need_u32(r, &PORT_DIRECTION);
    p->kind = (uint8_t)need_u32(r, &PORT_KIND);
    need(r, &PORT_TYPE);
    p->type = tomte_cbor_get_name(d);
    if (has(r, &PORT_ROLE))
        p->role = tomte_cbor_get_name(d);
    if (has(r, &PORT_CHANNEL))
        p->channel = tomte_cbor_get_channel_name(d);
    leave(r, NULL);
}

static void read_ports(struct reader *r, struct tomte_manifest *m)
{
    need(r, &PORTS);
    tomte_cbor_enter_array(&r->dec);
    while (m->ports_len < TOMTE_LIMIT_PORTS && tomte_cbor_more(&r->dec)) {
        at(r, PORTS.name, m->ports_len, NULL);
        read_port(r, m, &m->ports[m->ports_len]);
        if (tomte_cbor_ok(&r->dec))
            m->ports_len++;
    }
    at(r, NULL, 0, PORTS.name);
    if (tomte_cbor_more(&r->dec))
        tomte_cbor_fail(&r->dec, TOMTE_ERR_FULL);
    leave(r, PORTS.name);
}

static uint8_t read_others(struct reader *r, struct tomte_name *list)
{
    struct tomte_cbor_dec *d = &r->dec;
    uint8_t len = 0;
    tomte_cbor_enter_array(d);
    if (!tomte_cbor_more(d)) /* absent says the same */
        tomte_cbor_fail(d, TOMTE_ERR_MISSING);
    while (len < TOMTE_AWAY_FROM_MAX && tomte_cbor_more(d)) {
        list[len] = tomte_cbor_get_name(d);
        tomte_cbor_fail(d, check_other(list, len));
        if (tomte_cbor_ok(d))
            len++;
    }
    if (tomte_cbor_more(d))
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    tomte_cbor_leave(d);
    return len;
}

static void read_needs(struct reader *r, struct tomte_manifest *m)
{
    need(r, &NEEDS);
    tomte_cbor_enter_map(&r->dec);
    if (has(r, &NEEDS_NEAR))
        m->near = tomte_cbor_get_name(&r->dec);
    if (has(r, &NEEDS_AWAY_FROM))
        m->away_from_len = read_others(r, m->away_from);
    m->standbys = (uint8_t)need_u32(r, &NEEDS_STANDBYS);
    m->priority = (uint8_t)need_u32(r, &NEEDS_PRIORITY);
    if (has(r, &NEEDS_APART_FROM))
        m->apart_from_len = read_others(r, m->apart_from);
    if (has(r, &NEEDS_FUEL))
        m->fuel_per_second =
            tomte_cbor_get_u32(&r->dec, NEEDS_FUEL.min, NEEDS_FUEL.max);
    leave(r, NEEDS.name);
}

static void read_checkpoint(struct reader *r, struct tomte_manifest *m)
{
    need(r, &CHECKPOINT);
    tomte_cbor_enter_map(&r->dec);
    m->log_bytes_max = need_u32(r, &LOG_BYTES);
    m->age_ms_max = need_u32(r, &AGE_MS);
    leave(r, CHECKPOINT.name);
}

static void read_format(struct reader *r)
{
    need(r, &FORMAT);
    if (tomte_cbor_get_uint(&r->dec) != TOMTE_MANIFEST_VERSION)
        tomte_cbor_fail(&r->dec, TOMTE_ERR_VERSION);
}

static void read_manifest(struct reader *r, struct tomte_manifest *m)
{
    *m = (struct tomte_manifest){0};
    tomte_cbor_enter_map(&r->dec);
    read_format(r);
    need(r, &NAME);
    m->name = tomte_cbor_get_name(&r->dec);
    m->version = need_u32(r, &VERSION);
    read_author(r, m);
    m->memory_bytes = need_u32(r, &MEMORY_BYTES);
    m->stack_bytes = need_u32(r, &STACK_BYTES);
    m->fuel_per_event = need_u32(r, &FUEL);
    read_ports(r, m);
    read_needs(r, m);
    m->durability = (uint8_t)need_u32(r, &DURABILITY);
    m->without_keeper = (uint8_t)need_u32(r, &WITHOUT_KEEPER);
    read_checkpoint(r, m);
    m->trial_ms = TOMTE_TRIAL_MS_DEFAULT;
    if (has(r, &UPDATE))
        manifest_read_update(&r->dec, m);
    leave(r, "manifest");
}

/* ---- encoding ---------------------------------------------------------- */

static void fail(struct writer *w, const char *key, enum tomte_err err)
{
    if (w->err != TOMTE_OK || err == TOMTE_OK)
        return;
    w->err = err;
    w->at.key = key;
}

static void put_u32(struct writer *w, const struct field *f, uint32_t v)
{
    if (v < f->min || v > f->max)
        fail(w, f->name, TOMTE_ERR_RANGE);
    tomte_cbor_put_int(&w->enc, f->key);
    tomte_cbor_put_uint(&w->enc, v);
}

static void put_name(struct writer *w, const struct field *f,
                     const struct tomte_name *n)
{
    struct tomte_name parsed;
    TOMTE_ASSERT(n->len <= TOMTE_NAME_MAX);
    fail(w, f->name, tomte_name_parse(tomte_name_span(n), &parsed));
    tomte_cbor_put_int(&w->enc, f->key);
    tomte_cbor_put_text(&w->enc, tomte_name_span(n));
}

static void put_channel(struct writer *w, const struct field *f,
                        const struct tomte_channel_name *n)
{
    struct tomte_channel_name parsed;
    TOMTE_ASSERT(n->len <= TOMTE_CHANNEL_MAX);
    fail(w, f->name,
         tomte_channel_name_parse(tomte_channel_name_span(n), &parsed));
    tomte_cbor_put_int(&w->enc, f->key);
    tomte_cbor_put_text(&w->enc, tomte_channel_name_span(n));
}

static void write_port(struct writer *w, const struct tomte_port *p)
{
    bool role = p->role.len != 0;
    bool channel = p->channel.len != 0;
    tomte_cbor_put_map(&w->enc, 4u + role + channel);
    put_name(w, &PORT_NAME, &p->name);
    put_u32(w, &PORT_DIRECTION, p->direction);
    put_u32(w, &PORT_KIND, p->kind);
    put_name(w, &PORT_TYPE, &p->type);
    if (role)
        put_name(w, &PORT_ROLE, &p->role);
    if (channel)
        put_channel(w, &PORT_CHANNEL, &p->channel);
}

static void write_ports(struct writer *w, const struct tomte_manifest *m)
{
    TOMTE_ASSERT(m->ports_len <= TOMTE_LIMIT_PORTS);
    tomte_cbor_put_int(&w->enc, PORTS.key);
    tomte_cbor_put_array(&w->enc, m->ports_len);
    for (size_t i = 0; i < m->ports_len; i++) {
        if (w->err == TOMTE_OK)
            w->at = (struct place){PORTS.name, i, NULL};
        fail(w, PORT_NAME.name, check_port_name(m, &m->ports[i].name, i));
        write_port(w, &m->ports[i]);
    }
    if (w->err == TOMTE_OK)
        w->at = (struct place){.key = "manifest"};
}

static void write_others(struct writer *w, const struct field *f,
                         const struct tomte_name *list, uint8_t len)
{
    struct tomte_name parsed;
    TOMTE_ASSERT(len <= TOMTE_AWAY_FROM_MAX);
    if (len == 0)
        return;
    tomte_cbor_put_int(&w->enc, f->key);
    tomte_cbor_put_array(&w->enc, len);
    for (size_t i = 0; i < len; i++) {
        struct tomte_span text = tomte_name_span(&list[i]);
        fail(w, f->name, tomte_name_parse(text, &parsed));
        fail(w, f->name, check_other(list, i));
        tomte_cbor_put_text(&w->enc, text);
    }
}

static void write_needs(struct writer *w, const struct tomte_manifest *m)
{
    bool near = m->near.len != 0;
    tomte_cbor_put_int(&w->enc, NEEDS.key);
    tomte_cbor_put_map(&w->enc, 2u + near + (m->away_from_len != 0) +
                                    (m->apart_from_len != 0) +
                                    (m->fuel_per_second != 0));
    if (near)
        put_name(w, &NEEDS_NEAR, &m->near);
    write_others(w, &NEEDS_AWAY_FROM, m->away_from, m->away_from_len);
    put_u32(w, &NEEDS_STANDBYS, m->standbys);
    put_u32(w, &NEEDS_PRIORITY, m->priority);
    write_others(w, &NEEDS_APART_FROM, m->apart_from, m->apart_from_len);
    if (m->fuel_per_second != 0)
        put_u32(w, &NEEDS_FUEL, m->fuel_per_second);
}

static void write_manifest(struct writer *w, const struct tomte_manifest *m)
{
    struct tomte_span text = TOMTE_SPAN(m->author, m->author_len);
    bool update = manifest_has_update(m);
    tomte_cbor_put_map(&w->enc, 12u + update);
    put_u32(w, &FORMAT, TOMTE_MANIFEST_VERSION);
    put_name(w, &NAME, &m->name);
    put_u32(w, &VERSION, m->version);
    fail(w, AUTHOR.name, check_author(text));
    tomte_cbor_put_int(&w->enc, AUTHOR.key);
    tomte_cbor_put_text(&w->enc, w->err == TOMTE_OK ? text : TOMTE_SPAN_NONE);
    put_u32(w, &MEMORY_BYTES, m->memory_bytes);
    put_u32(w, &STACK_BYTES, m->stack_bytes);
    put_u32(w, &FUEL, m->fuel_per_event);
    write_ports(w, m);
    write_needs(w, m);
    put_u32(w, &DURABILITY, m->durability);
    put_u32(w, &WITHOUT_KEEPER, m->without_keeper);
    tomte_cbor_put_int(&w->enc, CHECKPOINT.key);
    tomte_cbor_put_map(&w->enc, 2);
    put_u32(w, &LOG_BYTES, m->log_bytes_max);
    put_u32(w, &AGE_MS, m->age_ms_max);
    if (!update)
        return;
    tomte_cbor_put_int(&w->enc, UPDATE.key);
    fail(w, UPDATE.name, manifest_write_update(&w->enc, m));
}

/* ---- reports ------------------------------------------------- */

/* "ports[2].name: named twice" */
static void report_put(struct tomte_manifest_report *report,
                       const struct place *at_place, enum tomte_err err,
                       uint32_t offset)
{
    struct tomte_text t;
    tomte_text_init(&t, report->text, sizeof(report->text));
    report->err = err;
    report->offset = err == TOMTE_OK ? 0 : offset;
    if (err == TOMTE_OK)
        return;
    if (at_place->list != NULL) {
        tomte_text_str(&t, at_place->list);
        tomte_text_char(&t, '[');
        tomte_text_u64(&t, at_place->index);
        tomte_text_char(&t, ']');
    }
    if (at_place->list != NULL && at_place->key != NULL)
        tomte_text_char(&t, '.');
    if (at_place->key != NULL)
        tomte_text_str(&t, at_place->key);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, tomte_err_text(err));
}
