/* SPDX-License-Identifier: Apache-2.0 */
/* Any requests to the places for bodies: what is answered is well-formed and
 * in blocks of our size, a body that is shown whole is as long as its last
 * block says and ends with it.
 *
 *   [flags, peer, length, that many bytes of options and payload]... */
#include "base/base.h"
#include "coap/blocks.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY 256

static struct tomte_coap_blocks b;
static uint64_t now_ms;

static void check_parts(const struct tomte_coap_parts *p, bool small)
{
    uint8_t bytes[512];
    struct tomte_coap_options o;
    struct tomte_span again;
    TOMTE_ASSERT(tomte_coap_is_response(p->code));
    TOMTE_ASSERT(!small || p->payload.len <= 64);
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(bytes));
    tomte_coap_put_all(&o, p->options);
    TOMTE_ASSERT(tomte_coap_options_end(&o, &again) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(p->options, again));
}

static void answer(uint8_t flags, const struct tomte_coap_from *from,
                   const struct tomte_coap_msg *msg)
{
    static uint8_t large[3 * BODY];
    static const uint8_t etag[] = {0x41, 7};
    struct tomte_coap_parts first,
        whole = {.code = flags & 8 ? TOMTE_COAP_CONTENT : TOMTE_COAP_NOT_FOUND,
                 .options = TOMTE_SPAN(etag, flags & 16 ? 2 : 0),
                 .payload = TOMTE_SPAN(large, (size_t)(flags >> 5) * 100)};
    enum tomte_err err =
        tomte_coap_blocks_answer(&b, now_ms, from, msg, &whole, &first);
    check_parts(&first, true);
    TOMTE_ASSERT(err != TOMTE_OK || first.code == whole.code);
    if (flags & 2) {
        err = tomte_coap_blocks_notify(&b, now_ms, from,
                                       tomte_coap_blocks_operation(msg), 3,
                                       &whole, &first);
        TOMTE_ASSERT(err == TOMTE_OK);
        check_parts(&first, true);
    }
}

static void feed(uint8_t flags, uint8_t peer, struct tomte_span body)
{
    struct tomte_coap_from from = {.context = peer >> 2 & 1};
    struct tomte_coap_msg m = {.code = (uint8_t)((peer >> 4 & 7) % 7 + 1)};
    struct tomte_coap_blocks_result r;
    if (tomte_coap_split(body, &m.options, &m.payload) != TOMTE_OK)
        return;
    from.peer.port = peer & 3;
    now_ms += flags & 1 ? 600 : 1;
    tomte_coap_blocks_take(&b, now_ms, &from, &m, &r);
    if (r.kind == TOMTE_COAP_BLOCKS_ANSWER) {
        check_parts(&r.parts, false);
        return;
    }
    struct tomte_coap_block block;
    bool in_blocks = tomte_coap_find_block(m.options, TOMTE_COAP_OPT_BLOCK1,
                                           &block) == TOMTE_OK;
    TOMTE_ASSERT((r.kind == TOMTE_COAP_BLOCKS_WHOLE) == in_blocks);
    if (in_blocks) {
        size_t at = block.num * tomte_coap_block_size(&block);
        TOMTE_ASSERT(!block.more && r.body.len == at + m.payload.len);
        TOMTE_ASSERT(m.payload.len == 0 ||
                     memcmp(r.body.data + at, m.payload.data, m.payload.len) ==
                         0);
    }
    if (flags & 4)
        answer(flags, &from, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[4096];
    struct tomte_arena arena;
    struct tomte_coap_blocks_config c = {.places = 3,
                                         .per_peer = 2,
                                         .open = 2,
                                         .body_bytes = BODY,
                                         .kept_ms = 1000,
                                         .szx = 2};
    tomte_arena_init(&arena, memory, sizeof memory);
    TOMTE_ASSERT(tomte_coap_blocks_init(&b, &c, &arena) == TOMTE_OK);
    now_ms = 0;
    while (size >= 3) {
        size_t len = data[2] < size - 3 ? data[2] : size - 3;
        feed(data[0], data[1], TOMTE_SPAN(data + 3, len));
        data += 3 + len;
        size -= 3 + len;
        (void)tomte_coap_blocks_deadline(&b);
    }
    tomte_coap_blocks_wipe(&b);
    return 0;
}
