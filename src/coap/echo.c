/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/echo.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

#define UNIT_SHIFT 7 /* 128 ms */
#define TIME_BYTES 4

static void make(const struct tomte_coap_echo *e, uint32_t time,
                 const struct tomte_addr *peer, uint64_t context,
                 uint8_t value[TOMTE_COAP_ECHO_BYTES]);
static struct tomte_coap_verified *find(const struct tomte_coap_echo *e,
                                        const struct tomte_addr *peer);

void tomte_coap_echo_init(struct tomte_coap_echo *e,
                          const struct tomte_coap_echo_config *config)
{
    TOMTE_ASSERT(config->mac != NULL && config->table_len != 0);
    memset(e, 0, sizeof *e);
    e->config = *config;
}

void tomte_coap_echo_wipe(struct tomte_coap_echo *e)
{
    if (e->config.table != NULL)
        tomte_wipe(e->config.table,
                   e->config.table_len * sizeof e->config.table[0]);
    tomte_wipe(e, sizeof *e);
}

void tomte_coap_echo_challenge(struct tomte_coap_echo *e, uint64_t now_ms,
                               const struct tomte_addr *peer, uint64_t context,
                               uint8_t value[TOMTE_COAP_ECHO_BYTES])
{
    e->stats.challenges++;
    make(e, (uint32_t)(now_ms >> UNIT_SHIFT), peer, context, value);
}

enum tomte_err tomte_coap_echo_verify(struct tomte_coap_echo *e,
                                      uint64_t now_ms,
                                      const struct tomte_addr *peer,
                                      uint64_t context,
                                      struct tomte_span options)
{
    struct tomte_span got;
    uint8_t ours[TOMTE_COAP_ECHO_BYTES];
    if (!tomte_coap_find(options, TOMTE_COAP_OPT_ECHO, &got))
        return TOMTE_ERR_MISSING;
    if (got.len != TOMTE_COAP_ECHO_BYTES) {
        e->stats.forged++;
        return TOMTE_ERR_DENIED;
    }
    uint32_t time = tomte_get_be32(got.data);
    make(e, time, peer, context, ours);
    if (!tomte_span_equal_ct(got, TOMTE_SPAN_ARRAY(ours))) {
        e->stats.forged++;
        return TOMTE_ERR_DENIED;
    }
    /* Both times were rounded down: the true age is below one unit more. */
    uint64_t units = (uint32_t)((uint32_t)(now_ms >> UNIT_SHIFT) - time);
    if ((units + 1) << UNIT_SHIFT > e->config.fresh_ms) {
        e->stats.stale++;
        return TOMTE_ERR_STALE;
    }
    e->stats.fresh++;
    tomte_coap_echo_note(e, now_ms, peer);
    return TOMTE_OK;
}

void tomte_coap_echo_note(struct tomte_coap_echo *e, uint64_t now_ms,
                          const struct tomte_addr *peer)
{
    struct tomte_coap_verified *v = find(e, peer);
    if (v == NULL) {
        v = e->config.table;
        for (uint16_t i = 1; i < e->config.table_len && v->used; i++) {
            struct tomte_coap_verified *other = &e->config.table[i];
            if (!other->used || other->until_ms < v->until_ms)
                v = other;
        }
    }
    *v = (struct tomte_coap_verified){.peer = *peer,
                                      .used = true,
                                      .until_ms =
                                          now_ms + e->config.verified_ms};
}

bool tomte_coap_echo_verified(struct tomte_coap_echo *e, uint64_t now_ms,
                              const struct tomte_addr *peer)
{
    const struct tomte_coap_verified *v = find(e, peer);
    return v != NULL && v->until_ms > now_ms;
}

bool tomte_coap_echo_may_answer(struct tomte_coap_echo *e, uint64_t now_ms,
                                const struct tomte_addr *peer,
                                size_t request_bytes, size_t answer_bytes)
{
    return answer_bytes <= TOMTE_COAP_AMPLIFY_BYTES ||
           answer_bytes <= TOMTE_COAP_AMPLIFY_FACTOR * request_bytes ||
           tomte_coap_echo_verified(e, now_ms, peer);
}

/* The MAC is over fields of fixed length, so no two inputs read the same. */
static void make(const struct tomte_coap_echo *e, uint32_t time,
                 const struct tomte_addr *peer, uint64_t context,
                 uint8_t value[TOMTE_COAP_ECHO_BYTES])
{
    uint8_t in[TIME_BYTES + sizeof peer->ip + 2 + 8];
    uint8_t *at = in;
    tomte_put_be32(at, time);
    at += TIME_BYTES;
    memcpy(at, peer->ip, sizeof peer->ip);
    at += sizeof peer->ip;
    tomte_put_be16(at, peer->port);
    tomte_put_be64(at + 2, context);
    memcpy(value, in, TIME_BYTES);
    e->config.mac(e->config.mac_ctx, TOMTE_SPAN_ARRAY(in), value + TIME_BYTES);
}

static struct tomte_coap_verified *find(const struct tomte_coap_echo *e,
                                        const struct tomte_addr *peer)
{
    for (uint16_t i = 0; i < e->config.table_len; i++) {
        struct tomte_coap_verified *v = &e->config.table[i];
        if (v->used && tomte_addr_equal(&v->peer, peer))
            return v;
    }
    return NULL;
}
