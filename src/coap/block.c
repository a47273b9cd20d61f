/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/block.h"

#define NUM_END ((uint32_t)1 << 20)

static uint64_t mix(uint64_t hash, struct tomte_span bytes);
static bool identifies(uint16_t number);

enum tomte_err tomte_coap_slice(struct tomte_span options, uint32_t size,
                                uint8_t szx, struct tomte_coap_slice *out)
{
    struct tomte_coap_block asked = {.szx = szx};
    uint32_t any;
    enum tomte_err err =
        tomte_coap_find_block(options, TOMTE_COAP_OPT_BLOCK2, &asked);
    if (err != TOMTE_OK && err != TOMTE_ERR_NOT_FOUND)
        return err;
    bool wants = err == TOMTE_OK;
    uint64_t at = (uint64_t)asked.num << (asked.szx + 4);
    if (asked.num != 0 && at >= size)
        return TOMTE_ERR_RANGE;
    if (szx > asked.szx)
        szx = asked.szx;
    uint32_t bytes = tomte_coap_szx_bytes(szx);
    uint32_t left = size - (uint32_t)at;
    struct tomte_coap_slice s = {
        .at = (uint32_t)at, .len = left < bytes ? left : bytes, .size = size};
    s.block.num = (uint32_t)at >> (szx + 4);
    s.block.more = left > bytes;
    s.block.szx = szx;
    if (s.block.num >= NUM_END)
        return TOMTE_ERR_RANGE;
    s.blockwise = wants || s.block.more;
    s.tell_size = (s.block.more && s.at == 0) ||
                  tomte_coap_find_uint(options, TOMTE_COAP_OPT_SIZE2, &any);
    *out = s;
    return TOMTE_OK;
}

void tomte_coap_put_slice(struct tomte_coap_options *o,
                          const struct tomte_coap_slice *slice)
{
    if (slice->blockwise)
        tomte_coap_put_block(o, TOMTE_COAP_OPT_BLOCK2, &slice->block);
    if (slice->tell_size)
        tomte_coap_put_uint(o, TOMTE_COAP_OPT_SIZE2, slice->size);
}

enum tomte_err tomte_coap_cursor_take(struct tomte_coap_cursor *c,
                                      const struct tomte_coap_msg *msg,
                                      uint32_t limit,
                                      struct tomte_coap_arrival *out)
{
    struct tomte_coap_block b;
    enum tomte_err err =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK1, &b);
    if (err != TOMTE_OK)
        return err;
    size_t len = msg->payload.len, bytes = tomte_coap_block_size(&b);
    uint64_t at = (uint64_t)b.num * bytes;
    uint32_t announced = 0;
    *out = (struct tomte_coap_arrival){
        .block = b, .at = (uint32_t)at, .more = b.more};
    (void)tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_SIZE1, &announced);
    if (b.more ? len != bytes : len > bytes)
        out->what = TOMTE_COAP_BLOCK1_BAD;
    else if (at + len > limit || announced > limit)
        out->what = TOMTE_COAP_BLOCK1_TOO_LARGE;
    else if (b.num != 0 && c->open && b.more && at + len == c->at)
        out->what = TOMTE_COAP_BLOCK1_REPEATED;
    else if (b.num != 0 && !(c->open && at == c->at))
        out->what = TOMTE_COAP_BLOCK1_INCOMPLETE;
    else
        out->what = TOMTE_COAP_BLOCK1_TAKE;
    if (out->what == TOMTE_COAP_BLOCK1_TAKE) {
        c->at = (uint32_t)(at + len);
        c->open = b.more;
    }
    return TOMTE_OK;
}

void tomte_coap_put_arrival(struct tomte_coap_options *o,
                            const struct tomte_coap_arrival *arrival,
                            uint8_t szx, bool more)
{
    struct tomte_coap_block b = arrival->block;
    if (b.szx > szx)
        b.szx = szx;
    b.more = more;
    tomte_coap_put_block(o, TOMTE_COAP_OPT_BLOCK1, &b);
}

uint64_t tomte_coap_operation(uint8_t code, struct tomte_span options)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    uint64_t hash = mix(0xcbf29ce484222325u, TOMTE_SPAN(&code, 1));
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &o)) {
        if (!identifies(o.number))
            continue;
        uint8_t head[4] = {(uint8_t)(o.number >> 8), (uint8_t)o.number,
                           (uint8_t)(o.value.len >> 8), (uint8_t)o.value.len};
        hash = mix(mix(hash, TOMTE_SPAN_ARRAY(head)), o.value);
    }
    return hash;
}

static bool identifies(uint16_t number)
{
    return number != TOMTE_COAP_OPT_BLOCK1 && number != TOMTE_COAP_OPT_BLOCK2 &&
           number != TOMTE_COAP_OPT_OBSERVE &&
           (tomte_coap_is_critical(number) ||
            !tomte_coap_is_no_cache_key(number));
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, struct tomte_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    return hash;
}
