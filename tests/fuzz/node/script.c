/* SPDX-License-Identifier: Apache-2.0 */
/* An input is a list of commands, each one byte and its arguments: datagrams
 * from anyone, answers, the plan's next step, readings, time, a restart. */
#include "node/world.h"

#include "channel/message.h"
#include "crypto/crypto.h"

#include <string.h>

/* ---- requests ---- */

static const char *blob_path(unsigned variant)
{
    static char path[80];
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_text t;
    world_digest(variant, digest);
    tomte_text_init(&t, path, sizeof path);
    tomte_text_str(&t, "/.tomte/blob/");
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(digest));
    return path;
}

const char *script_path(unsigned i)
{
    static const char *const paths[] = {
        "/.tomte/lease",        "/.tomte/plan",         "/.tomte/view",
        "/.tomte/why/t",        "/.tomte/log/t",        "/.tomte/log/u",
        "/.tomte/checkpoint/t", "/.tomte/checkpoint/u", "/.tomte/status",
        "/.tomte/command",      "/.tomte/logs",         "/.well-known/core"};
    const unsigned fixed = sizeof paths / sizeof paths[0];
    if (i < fixed)
        return paths[i];
    if (i - fixed < world_channels_len)
        return world_channels[i - fixed];
    return blob_path(i);
}

static void put_origin(struct tomte_coap_options *o)
{
    uint8_t memory[TOMTE_ORIGIN_BYTES_MAX];
    struct tomte_span value;
    uint64_t who = take(1);
    struct tomte_origin origin = {.epoch = take(1),
                                  .stream = take(1),
                                  .sequence = take(1),
                                  .base = take(1),
                                  .not_after = who & 16 ? take(2) : 0};
    origin.identity =
        who & 4 ? world_name((unsigned)who) : world_identity((unsigned)who);
    if (tomte_origin_encode(&origin, TOMTE_BUF_ARRAY(memory), &value) ==
        TOMTE_OK)
        tomte_coap_put(o, TOMTE_OPTION_ORIGIN, value);
}

static void put_query(struct tomte_coap_options *o)
{
    static const char *const queries[] = {"node=n", "node=p", "since=1",
                                          "for=1", "for=600"};
    unsigned which = (unsigned)take(1);
    if (which < 5)
        tomte_coap_put_query(o, tomte_span_str(queries[which]));
    else
        tomte_coap_put(o, TOMTE_COAP_OPT_URI_QUERY, take_span(which % 32));
}

static void put_options(struct tomte_coap_options *o)
{
    uint64_t what = take(1);
    if (what & 1)
        tomte_coap_put_uint(o, TOMTE_COAP_OPT_OBSERVE, what & 2 ? 1 : 0);
    if (what & 4)
        tomte_coap_put_uint(o, TOMTE_COAP_OPT_BLOCK1, (uint32_t)take(2));
    if (what & 8)
        tomte_coap_put_uint(o, TOMTE_COAP_OPT_BLOCK2, (uint32_t)take(2));
    if (what & 16)
        tomte_coap_put_uint(o, TOMTE_COAP_OPT_CONTENT_FORMAT,
                            what & 2 ? TOMTE_FORMAT_CBOR
                                     : TOMTE_FORMAT_SENML_CBOR);
    if (what & 32)
        put_query(o);
    if (what & 64)
        put_origin(o);
    if (what & 128)
        tomte_coap_put(o, (uint16_t)take(2), take_span(take(1) % 64));
}

/* An image in blocks of 256 bytes: the block that the input says. */
static void put_image(struct tomte_coap_options *o, struct tomte_coap_msg *msg,
                      unsigned variant)
{
    static uint8_t block_bytes[256];
    struct tomte_coap_block block = {.num = (uint32_t)take(1), .szx = 4};
    struct tomte_span all = world_image(variant);
    struct tomte_span piece = tomte_span_slice(all, block.num * 256, 256);
    block.more = (block.num + 1) * 256 < all.len;
    tomte_coap_put_block(o, TOMTE_COAP_OPT_BLOCK1, &block);
    if (block.num == 0)
        tomte_coap_put_uint(o, TOMTE_COAP_OPT_SIZE1, (uint32_t)all.len);
    if (piece.len > 0)
        memcpy(block_bytes, piece.data, piece.len);
    take_patches(TOMTE_BUF_ARRAY(block_bytes), piece.len);
    msg->payload = TOMTE_SPAN(block_bytes, piece.len);
}

/* What is refused as malformed has done nothing: no record of it is kept. */
static void send_whole(unsigned from, const struct tomte_coap_msg *msg)
{
    uint64_t held = world_held();
    world.answered = 0;
    if (take(1) % 8 != 0)
        world_send_sealed(from, msg);
    else
        world_send(from, msg);
    if (world.answered == TOMTE_COAP_BAD_REQUEST)
        TOMTE_ASSERT(world_held() == held);
}

static void request(unsigned how)
{
    static uint8_t payload[4096], memory[512];
    struct tomte_coap_options o;
    struct tomte_coap_msg msg = {.code = (uint8_t)(1 + how % 4),
                                 .token_len = 1,
                                 .token = {(uint8_t)world.mid}};
    unsigned path = (unsigned)take(1) % 25;
    msg.type = how & 16 ? TOMTE_COAP_NON : TOMTE_COAP_CON;
    msg.mid = world.mid++;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, tomte_span_str(script_path(path)));
    if (path >= 19 && msg.code == TOMTE_COAP_PUT) {
        put_image(&o, &msg, path);
    } else {
        put_options(&o);
        if (msg.code != TOMTE_COAP_GET)
            msg.payload = piece_any(TOMTE_BUF(payload, 1100));
        take_patches(TOMTE_BUF_ARRAY(payload), msg.payload.len);
    }
    if (tomte_coap_options_end(&o, &msg.options) == TOMTE_OK)
        send_whole(1 + (how >> 2 & 3) % 3, &msg);
}

/* ---- the rest ---- */

static void datagram(unsigned how)
{
    static uint8_t bytes[1400];
    struct tomte_span in = take_span(take(2) % sizeof bytes);
    if (in.len > 0)
        memcpy(bytes, in.data, in.len);
    world_datagram(how, TOMTE_SPAN(bytes, in.len));
}

static void reading(unsigned how)
{
    static uint8_t bytes[1100];
    struct tomte_span value = how & 1 ? piece_any(TOMTE_BUF_ARRAY(bytes))
                                      : piece_senml(TOMTE_BUF_ARRAY(bytes));
    if (how & 2)
        take_patches(TOMTE_BUF_ARRAY(bytes), value.len);
    world_reading(how & 4 ? 2 : 0, value);
}

static void pass(unsigned how)
{
    static const uint32_t spans[] = {1,    50,   200,   500,
                                     1000, 2500, 10000, 300000};
    world_pass(spans[how % 8]);
}

/* An empty message: an acknowledgement or a reset of the node's last one. */
static void empty(unsigned how)
{
    const struct sent *s = &world.sent[(world.sent_at - 1) % WORLD_SENT];
    struct tomte_coap_msg msg = {
        .type = how & 1 ? TOMTE_COAP_RST : TOMTE_COAP_ACK, .mid = s->msg.mid};
    if (s->path[0] != 0)
        world_send(s->to.ip[15] - 1u, &msg);
}

void script_run(struct tomte_span input, bool keeper)
{
    world_begin(input, keeper);
    for (unsigned i = 0; i < 200 && !taken_all(); i++) {
        unsigned command = (unsigned)take(1), how = command >> 3;
        switch (command & 7) {
        case 0:
            datagram(how);
            break;
        case 1:
            request(how);
            break;
        case 2:
            answer_one();
            break;
        case 3:
            piece_plan();
            break;
        case 4:
            reading(how);
            break;
        case 5:
            pass(how);
            break;
        case 6:
            empty(how);
            break;
        default:
            world_restart(how & 1);
            break;
        }
    }
    world_end();
}
