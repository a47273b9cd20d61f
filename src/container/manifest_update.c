/* SPDX-License-Identifier: Apache-2.0 */
#include "container/manifest_update.h"

#include "base/assert.h"

enum {
    KEY_TRIAL = 0,
    KEY_MEMORY_FROM = 1,
    KEY_HEALTH = 2,
};

static enum tomte_err check_rule(const struct tomte_manifest *m,
                                 const struct tomte_health *h, size_t index);

bool manifest_has_update(const struct tomte_manifest *m)
{
    return m->trial_ms != TOMTE_TRIAL_MS_DEFAULT || m->memory_from != 0 ||
           m->health_len != 0;
}

static bool read_bound(struct tomte_cbor_dec *d, int64_t *milli)
{
    if (tomte_cbor_has_null(d))
        return false;
    *milli = tomte_cbor_get_int(d);
    return true;
}

static void read_health(struct tomte_cbor_dec *d, struct tomte_manifest *m)
{
    tomte_cbor_enter_array(d);
    if (!tomte_cbor_more(d)) /* absent says the same */
        tomte_cbor_fail(d, TOMTE_ERR_MISSING);
    while (tomte_cbor_more(d)) {
        struct tomte_health h = {0};
        if (m->health_len == TOMTE_HEALTH_MAX) {
            tomte_cbor_fail(d, TOMTE_ERR_FULL);
            return;
        }
        tomte_cbor_enter_array(d);
        h.port = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_LIMIT_PORTS - 1);
        h.within_ms = tomte_cbor_get_u32(d, 0, TOMTE_TRIAL_MS_MAX);
        h.has_min = read_bound(d, &h.min_milli);
        h.has_max = read_bound(d, &h.max_milli);
        tomte_cbor_leave(d);
        if (tomte_cbor_ok(d))
            tomte_cbor_fail(d, check_rule(m, &h, m->health_len));
        if (!tomte_cbor_ok(d))
            return;
        m->health[m->health_len++] = h;
    }
    tomte_cbor_leave(d);
}

void manifest_read_update(struct tomte_cbor_dec *d, struct tomte_manifest *m)
{
    tomte_cbor_enter_map(d);
    if (tomte_cbor_has_key(d, KEY_TRIAL)) {
        m->trial_ms = tomte_cbor_get_u32(d, 0, TOMTE_TRIAL_MS_MAX);
        if (m->trial_ms == TOMTE_TRIAL_MS_DEFAULT)
            tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    }
    if (tomte_cbor_has_key(d, KEY_MEMORY_FROM))
        m->memory_from = tomte_cbor_get_u32(d, 1, UINT32_MAX);
    if (tomte_cbor_has_key(d, KEY_HEALTH))
        read_health(d, m);
    tomte_cbor_leave(d);
    if (tomte_cbor_ok(d) && !manifest_has_update(m))
        tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
}

static void put_bound(struct tomte_cbor_enc *e, bool has, int64_t milli)
{
    if (has)
        tomte_cbor_put_int(e, milli);
    else
        tomte_cbor_put_null(e);
}

enum tomte_err manifest_write_update(struct tomte_cbor_enc *e,
                                     const struct tomte_manifest *m)
{
    bool trial = m->trial_ms != TOMTE_TRIAL_MS_DEFAULT;
    TOMTE_ASSERT(m->health_len <= TOMTE_HEALTH_MAX);
    tomte_cbor_put_map(e, (size_t)trial + (m->memory_from != 0) +
                              (m->health_len != 0));
    if (trial) {
        tomte_cbor_put_int(e, KEY_TRIAL);
        tomte_cbor_put_uint(e, m->trial_ms);
    }
    if (m->memory_from != 0) {
        tomte_cbor_put_int(e, KEY_MEMORY_FROM);
        tomte_cbor_put_uint(e, m->memory_from);
    }
    if (m->health_len != 0) {
        tomte_cbor_put_int(e, KEY_HEALTH);
        tomte_cbor_put_array(e, m->health_len);
    }
    enum tomte_err err =
        m->trial_ms > TOMTE_TRIAL_MS_MAX ? TOMTE_ERR_RANGE : TOMTE_OK;
    for (size_t i = 0; i < m->health_len; i++) {
        const struct tomte_health *h = &m->health[i];
        tomte_cbor_put_array(e, 4);
        tomte_cbor_put_uint(e, h->port);
        tomte_cbor_put_uint(e, h->within_ms);
        put_bound(e, h->has_min, h->min_milli);
        put_bound(e, h->has_max, h->max_milli);
        if (err == TOMTE_OK)
            err = check_rule(m, h, i);
    }
    return err;
}

/* Of an out port, each once, and one that says something. */
static enum tomte_err check_rule(const struct tomte_manifest *m,
                                 const struct tomte_health *h, size_t index)
{
    if (h->port >= m->ports_len ||
        m->ports[h->port].direction != TOMTE_PORT_OUT ||
        h->within_ms > TOMTE_TRIAL_MS_MAX)
        return TOMTE_ERR_RANGE;
    if ((h->within_ms == 0 && !h->has_min && !h->has_max) ||
        (h->has_min && h->has_max && h->min_milli > h->max_milli))
        return TOMTE_ERR_INVALID;
    for (size_t i = 0; i < index; i++)
        if (m->health[i].port == h->port)
            return TOMTE_ERR_DUPLICATE;
    return TOMTE_OK;
}
