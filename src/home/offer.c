/* SPDX-License-Identifier: Apache-2.0 */
#include "home/offer.h"

#include "base/crc.h"
#include "container/manifest.h"
#include "home/snapshot.h"

enum {
    KEY_PLACE = 0,
    KEY_CONTAINERS = 1,
    KEY_MEMORY = 2,
    KEY_RESOURCES = 3,
    KEY_FUEL = 4,
    KEY_FLASH = 5,
    KEY_HOPS = 6,
    KEY_BATTERY = 7,
};

static void put_more(struct tomte_cbor_enc *e, const struct tomte_offer *offer);
static void get_more(struct tomte_cbor_dec *d, struct tomte_offer *offer);

enum tomte_err tomte_offer_encode(const struct tomte_offer *offer,
                                  const struct tomte_resource *resources,
                                  struct tomte_buf out,
                                  struct tomte_span *bytes)
{
    bool placed = offer->place.len > 0;
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 3u + placed + (offer->fuel_per_second != 0) +
                               (offer->flash_kib != 0) + (offer->hops != 0) +
                               offer->battery);
    if (placed) {
        tomte_cbor_put_int(&e, KEY_PLACE);
        put_name(&e, &offer->place);
    }
    tomte_cbor_put_int(&e, KEY_CONTAINERS);
    tomte_cbor_put_uint(&e, offer->containers);
    tomte_cbor_put_int(&e, KEY_MEMORY);
    tomte_cbor_put_uint(&e, offer->memory_kib);
    tomte_cbor_put_int(&e, KEY_RESOURCES);
    tomte_cbor_put_array(&e, offer->resources_len);
    for (uint16_t i = 0; i < offer->resources_len; i++)
        tomte_offer_put_resource(&e, &resources[i]);
    put_more(&e, offer);
    enum tomte_err err = tomte_cbor_encode_done(&e, bytes);
    if (err != TOMTE_OK)
        return err;
    struct tomte_offer check;
    return tomte_offer_decode(*bytes, &check);
}

enum tomte_err tomte_offer_decode(struct tomte_span bytes,
                                  struct tomte_offer *offer)
{
    struct tomte_cbor_dec d;
    *offer = (struct tomte_offer){0};
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_map(&d);
    if (tomte_cbor_has_key(&d, KEY_PLACE))
        offer->place = tomte_cbor_get_name(&d);
    tomte_cbor_need_key(&d, KEY_CONTAINERS);
    offer->containers = (uint16_t)tomte_cbor_get_u32(&d, 0, UINT16_MAX);
    tomte_cbor_need_key(&d, KEY_MEMORY);
    offer->memory_kib = tomte_cbor_get_u32(&d, 0, UINT32_MAX);
    tomte_cbor_need_key(&d, KEY_RESOURCES);
    offer->resources = tomte_cbor_get_raw(&d);
    get_more(&d, offer);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        return err;

    struct tomte_resource last = {0}, r;
    tomte_cbor_decode_init(&d, offer->resources, 0);
    tomte_cbor_enter_array(&d);
    while (more_of(&d, offer->resources_len, TOMTE_LIMIT_RESOURCES)) {
        r = tomte_offer_get_resource(&d);
        int order = tomte_span_compare(CHAN(last.channel), CHAN(r.channel));
        if (order >= 0)
            tomte_cbor_fail(&d, order == 0 ? TOMTE_ERR_DUPLICATE
                                           : TOMTE_ERR_NOT_CANONICAL);
        last = r;
        offer->resources_len++;
    }
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

void tomte_offer_iter_init(struct tomte_offer_iter *it,
                           const struct tomte_offer *offer)
{
    tomte_cbor_decode_init(&it->dec, offer->resources, 0);
    tomte_cbor_enter_array(&it->dec);
}

bool tomte_offer_next(struct tomte_offer_iter *it, struct tomte_resource *r)
{
    if (!tomte_cbor_more(&it->dec))
        return false;
    *r = tomte_offer_get_resource(&it->dec);
    return tomte_cbor_ok(&it->dec);
}

uint32_t tomte_offer_crc(struct tomte_span bytes)
{
    uint32_t crc = tomte_crc32c(0, bytes);
    return crc == 0 ? 1 : crc; /* 0 stands for no offer */
}

void tomte_offer_put_resource(struct tomte_cbor_enc *e,
                              const struct tomte_resource *r)
{
    tomte_cbor_put_array(e, 6);
    put_channel(e, &r->channel);
    put_name(e, &r->type);
    tomte_cbor_put_uint(e, r->kind);
    tomte_cbor_put_bool(e, r->actuator);
    put_name(e, &r->role);
    put_name(e, &r->place);
}

struct tomte_resource tomte_offer_get_resource(struct tomte_cbor_dec *d)
{
    struct tomte_resource r = {0};
    tomte_cbor_enter_array(d);
    r.channel = tomte_cbor_get_channel_name(d);
    r.type = tomte_cbor_get_name(d);
    r.kind = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PORT_EVENT);
    r.actuator = tomte_cbor_get_bool(d);
    /* an actuator takes absolute values: it is always a state */
    if (r.actuator && r.kind != TOMTE_PORT_STATE)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    r.role = get_optional_name(d);
    r.place = get_optional_name(d);
    tomte_cbor_leave(d);
    return r;
}

static void put_some(struct tomte_cbor_enc *e, int64_t key, uint32_t v)
{
    if (v == 0)
        return;
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_uint(e, v);
}

static uint32_t get_some(struct tomte_cbor_dec *d, int64_t key, uint32_t max)
{
    return tomte_cbor_has_key(d, key) ? tomte_cbor_get_u32(d, 1, max) : 0;
}

static void put_more(struct tomte_cbor_enc *e, const struct tomte_offer *offer)
{
    put_some(e, KEY_FUEL, offer->fuel_per_second);
    put_some(e, KEY_FLASH, offer->flash_kib);
    put_some(e, KEY_HOPS, offer->hops);
    if (!offer->battery)
        return;
    tomte_cbor_put_int(e, KEY_BATTERY);
    tomte_cbor_put_bool(e, true);
}

static void get_more(struct tomte_cbor_dec *d, struct tomte_offer *offer)
{
    offer->fuel_per_second = get_some(d, KEY_FUEL, UINT32_MAX);
    offer->flash_kib = get_some(d, KEY_FLASH, UINT32_MAX);
    offer->hops = (uint8_t)get_some(d, KEY_HOPS, UINT8_MAX);
    offer->battery = tomte_cbor_has_key(d, KEY_BATTERY);
    if (offer->battery && !tomte_cbor_get_bool(d))
        tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
}
