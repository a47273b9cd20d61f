/* SPDX-License-Identifier: Apache-2.0 */
#include "home/lease.h"

#include "base/assert.h"
#include "home/codec.h"

enum {
    KEY_FORMAT = 0,
    /* request */
    KEY_NAME = 1,
    KEY_BOOT = 2,
    KEY_SEQUENCE = 3,
    KEY_STORE = 4,
    KEY_TERM = 5,
    KEY_CONFIRMED = 6,
    KEY_OFFER_CRC = 7,
    KEY_OFFER = 8,
    KEY_ADDR = 9,
    KEY_CONTAINERS = 10,
    /* answer */
    KEY_LEASE = 1,
    KEY_VERSION = 2,
    KEY_ANSWER_TERM = 3,
    KEY_SETTLED = 4,
    KEY_OFFER_WANTED = 5,
    KEY_LEADER = 6,
};

/* Heads of the array of containers and of its key. */
#define LIST_BYTES 4u

/* In one request, of any node. */
#define CONTAINERS_MAX 256u

static void put_request(struct tomte_cbor_enc *e,
                        const struct tomte_lease_request *r, bool list);
static void put_container(struct tomte_cbor_enc *e,
                          const struct tomte_lease_container *c);
static void get_container(struct tomte_cbor_dec *d,
                          struct tomte_lease_container *c);
static uint16_t how_many_fit(const struct tomte_lease_container *containers,
                             uint16_t len, uint16_t next, size_t room);
static enum tomte_err check_containers(struct tomte_lease_request *r);

enum tomte_err
tomte_lease_request_encode(const struct tomte_lease_request *request,
                           const struct tomte_lease_container *containers,
                           uint16_t containers_len, uint16_t *next,
                           struct tomte_buf out, struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    struct tomte_span head;
    tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
    put_request(&e, request, false);
    enum tomte_err err = tomte_cbor_encode_done(&e, &head);
    if (err != TOMTE_OK)
        return err;
    size_t cap = out.cap;
    if (request->offer.len == 0 && cap > TOMTE_LEASE_BYTES_MAX)
        cap = TOMTE_LEASE_BYTES_MAX;
    if (*next >= containers_len)
        *next = 0;
    size_t room = cap > head.len + LIST_BYTES ? cap - head.len - LIST_BYTES : 0;
    uint16_t fit = how_many_fit(containers, containers_len, *next, room);

    tomte_cbor_encode_init(&e, out);
    put_request(&e, request, fit > 0);
    if (fit > 0)
        tomte_cbor_put_array(&e, fit);
    for (; fit > 0; fit--) {
        put_container(&e, &containers[*next]);
        *next = (uint16_t)(*next + 1 == containers_len ? 0 : *next + 1);
    }
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err tomte_lease_request_decode(struct tomte_span bytes,
                                          struct tomte_lease_request *request)
{
    struct tomte_lease_request *r = request;
    struct tomte_cbor_dec d;
    *r = (struct tomte_lease_request){0};
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, KEY_FORMAT);
    if (tomte_cbor_get_uint(&d) != TOMTE_LEASE_VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    tomte_cbor_need_key(&d, KEY_NAME);
    r->name = tomte_cbor_get_name(&d);
    tomte_cbor_need_key(&d, KEY_BOOT);
    r->boot = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_SEQUENCE);
    r->sequence = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_STORE);
    r->store = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_TERM);
    r->term = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_CONFIRMED);
    r->confirmed = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_OFFER_CRC);
    r->offer_crc = tomte_cbor_get_u32(&d, 0, UINT32_MAX);
    if (tomte_cbor_has_key(&d, KEY_OFFER))
        r->offer = tomte_cbor_get_bytes(&d);
    r->has_addr = tomte_cbor_has_key(&d, KEY_ADDR);
    if (r->has_addr)
        r->addr = get_addr(&d);
    if (tomte_cbor_has_key(&d, KEY_CONTAINERS))
        r->containers = tomte_cbor_get_raw(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    struct tomte_offer offer;
    if (err == TOMTE_OK && r->offer.len > 0)
        err = tomte_offer_decode(r->offer, &offer);
    if (err == TOMTE_OK && r->containers.len > 0)
        err = check_containers(r);
    return err;
}

void tomte_lease_iter_init(struct tomte_lease_iter *it,
                           const struct tomte_lease_request *request)
{
    tomte_cbor_decode_init(&it->dec, request->containers, 0);
    if (request->containers.len > 0)
        tomte_cbor_enter_array(&it->dec);
}

bool tomte_lease_next(struct tomte_lease_iter *it,
                      struct tomte_lease_container *c)
{
    if (it->dec.in.len == 0 || !tomte_cbor_more(&it->dec))
        return false;
    get_container(&it->dec, c);
    return tomte_cbor_ok(&it->dec);
}

enum tomte_err
tomte_lease_answer_encode(const struct tomte_lease_answer *answer,
                          struct tomte_buf out, struct tomte_span *bytes)
{
    const struct tomte_lease_answer *a = answer;
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 5 + (size_t)a->offer_wanted + a->has_leader);
    tomte_cbor_put_int(&e, KEY_FORMAT);
    tomte_cbor_put_uint(&e, TOMTE_LEASE_VERSION);
    tomte_cbor_put_int(&e, KEY_LEASE);
    tomte_cbor_put_uint(&e, a->lease_ms);
    tomte_cbor_put_int(&e, KEY_VERSION);
    tomte_cbor_put_uint(&e, a->version);
    tomte_cbor_put_int(&e, KEY_ANSWER_TERM);
    tomte_cbor_put_uint(&e, a->term);
    tomte_cbor_put_int(&e, KEY_SETTLED);
    tomte_cbor_put_bool(&e, a->settled);
    if (a->offer_wanted) {
        tomte_cbor_put_int(&e, KEY_OFFER_WANTED);
        tomte_cbor_put_bool(&e, true);
    }
    if (a->has_leader) {
        tomte_cbor_put_int(&e, KEY_LEADER);
        tomte_cbor_put_array(&e, 2);
        put_name(&e, &a->leader);
        put_addr(&e, &a->leader_addr);
    }
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err tomte_lease_answer_decode(struct tomte_span bytes,
                                         struct tomte_lease_answer *answer)
{
    struct tomte_lease_answer *a = answer;
    struct tomte_cbor_dec d;
    *a = (struct tomte_lease_answer){0};
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, KEY_FORMAT);
    if (tomte_cbor_get_uint(&d) != TOMTE_LEASE_VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    tomte_cbor_need_key(&d, KEY_LEASE);
    a->lease_ms = tomte_cbor_get_u32(&d, 0, TOMTE_LEASE_MS_MAX);
    tomte_cbor_need_key(&d, KEY_VERSION);
    a->version = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_ANSWER_TERM);
    a->term = tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, KEY_SETTLED);
    a->settled = tomte_cbor_get_bool(&d);
    if (tomte_cbor_has_key(&d, KEY_OFFER_WANTED)) {
        a->offer_wanted = tomte_cbor_get_bool(&d);
        if (!a->offer_wanted) /* one form for one meaning: then it is absent */
            tomte_cbor_fail(&d, TOMTE_ERR_NOT_CANONICAL);
    }
    a->has_leader = tomte_cbor_has_key(&d, KEY_LEADER);
    if (a->has_leader) {
        tomte_cbor_enter_array(&d);
        a->leader = tomte_cbor_get_name(&d);
        a->leader_addr = get_addr(&d);
        tomte_cbor_leave(&d);
    }
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

void tomte_lease_init(struct tomte_lease *lease)
{
    *lease = (struct tomte_lease){0};
}

void tomte_lease_sent(struct tomte_lease *lease, uint64_t now_ms)
{
    lease->sent_ms = now_ms;
    lease->asked = true;
    lease->waiting = true;
}

void tomte_lease_granted(struct tomte_lease *lease, uint64_t sent_ms,
                         uint32_t lease_ms)
{
    TOMTE_ASSERT(sent_ms <= lease->sent_ms);
    if (sent_ms == lease->sent_ms)
        lease->waiting = false;
    if (lease_ms > 0)
        lease->lease_ms = lease_ms;
    uint64_t drift_ms = tomte_lease_drift_ms(lease_ms);
    if (lease_ms <= drift_ms)
        return;
    uint64_t until_ms = sent_ms + lease_ms - drift_ms;
    if (lease->until_ms < until_ms)
        lease->until_ms = until_ms;
}

bool tomte_lease_held(const struct tomte_lease *lease, uint64_t now_ms)
{
    return now_ms < lease->until_ms;
}

uint64_t tomte_lease_remaining_ms(const struct tomte_lease *lease,
                                  uint64_t now_ms)
{
    return tomte_lease_held(lease, now_ms) ? lease->until_ms - now_ms : 0;
}

uint64_t tomte_lease_deadline(const struct tomte_lease *lease)
{
    if (!lease->asked)
        return 0;
    uint32_t span_ms = lease->lease_ms;
    if (span_ms == 0)
        span_ms = TOMTE_LEASE_MS_DEFAULT;
    return lease->sent_ms + span_ms / (lease->waiting ? 6 : 3);
}

static void put_request(struct tomte_cbor_enc *e,
                        const struct tomte_lease_request *r, bool list)
{
    tomte_cbor_put_map(e, 8 + (size_t)(r->offer.len > 0) + r->has_addr + list);
    tomte_cbor_put_int(e, KEY_FORMAT);
    tomte_cbor_put_uint(e, TOMTE_LEASE_VERSION);
    tomte_cbor_put_int(e, KEY_NAME);
    put_name(e, &r->name);
    tomte_cbor_put_int(e, KEY_BOOT);
    tomte_cbor_put_uint(e, r->boot);
    tomte_cbor_put_int(e, KEY_SEQUENCE);
    tomte_cbor_put_uint(e, r->sequence);
    tomte_cbor_put_int(e, KEY_STORE);
    tomte_cbor_put_uint(e, r->store);
    tomte_cbor_put_int(e, KEY_TERM);
    tomte_cbor_put_uint(e, r->term);
    tomte_cbor_put_int(e, KEY_CONFIRMED);
    tomte_cbor_put_uint(e, r->confirmed);
    tomte_cbor_put_int(e, KEY_OFFER_CRC);
    tomte_cbor_put_uint(e, r->offer_crc);
    if (r->offer.len > 0) {
        tomte_cbor_put_int(e, KEY_OFFER);
        tomte_cbor_put_bytes(e, r->offer);
    }
    if (r->has_addr) {
        tomte_cbor_put_int(e, KEY_ADDR);
        put_addr(e, &r->addr);
    }
    if (list)
        tomte_cbor_put_int(e, KEY_CONTAINERS);
}

static void put_container(struct tomte_cbor_enc *e,
                          const struct tomte_lease_container *c)
{
    bool spoilt = c->state == TOMTE_REPORT_SPOILT;
    tomte_cbor_put_array(e, 3u + spoilt + c->proposes);
    put_name(e, &c->identity);
    tomte_cbor_put_uint(e, c->epoch);
    tomte_cbor_put_uint(e, c->state);
    if (spoilt)
        tomte_cbor_put_text(e, c->reason);
    if (!c->proposes)
        return;
    tomte_cbor_put_array(e, c->insync_len);
    for (unsigned i = 0; i < c->insync_len; i++)
        put_name(e, &c->insync[i]);
}

static void get_container(struct tomte_cbor_dec *d,
                          struct tomte_lease_container *c)
{
    *c = (struct tomte_lease_container){0};
    tomte_cbor_enter_array(d);
    c->identity = tomte_cbor_get_name(d);
    c->epoch = tomte_cbor_get_uint(d);
    c->state = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_REPORT_SPOILT);
    if (c->state == TOMTE_REPORT_SPOILT)
        c->reason = tomte_cbor_get_text(d);
    if (c->reason.len > TOMTE_COMMAND_REASON_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
    c->proposes = tomte_cbor_more(d);
    if (c->proposes) {
        tomte_cbor_enter_array(d);
        while (more_of(d, c->insync_len, TOMTE_HOME_STANDBYS_MAX))
            c->insync[c->insync_len++] = tomte_cbor_get_name(d);
        tomte_cbor_leave(d);
    }
    tomte_cbor_leave(d);
}

/* How many of the containers, from `next` on and round, fit into `room`. */
static uint16_t how_many_fit(const struct tomte_lease_container *containers,
                             uint16_t len, uint16_t next, size_t room)
{
    uint16_t fit = 0;
    for (; fit < len; fit++) {
        struct tomte_cbor_enc e;
        struct tomte_span one;
        tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
        put_container(&e, &containers[(next + fit) % len]);
        if (tomte_cbor_encode_done(&e, &one) != TOMTE_OK || one.len > room)
            break;
        room -= one.len;
    }
    return fit;
}

static enum tomte_err check_containers(struct tomte_lease_request *r)
{
    struct tomte_cbor_dec d;
    struct tomte_lease_container c;
    tomte_cbor_decode_init(&d, r->containers, 0);
    tomte_cbor_enter_array(&d);
    while (more_of(&d, r->containers_len, CONTAINERS_MAX)) {
        get_container(&d, &c);
        r->containers_len++;
    }
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}
