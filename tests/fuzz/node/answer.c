/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to the node's own requests: what an honest keeper or peer would say,
 * the same with some bytes changed, or anything. */
#include "node/world.h"

#include "channel/message.h"

#include <string.h>

static uint8_t contents[WORLD_CONTENTS], plain_view[WORLD_CONTENTS / 2];

/* ---- representations that come in blocks ---- */

static struct tomte_span view(void)
{
    struct tomte_name self = world_name(0);
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    uint16_t at = tomte_home_find_node(&world.home, &self);
    if (at == TOMTE_HOME_NONE ||
        tomte_view_encode(&world.home, at, TOMTE_BUF_ARRAY(plain_view),
                          &bytes) != TOMTE_OK)
        return TOMTE_SPAN_NONE;
    return seal_view(bytes, TOMTE_BUF_ARRAY(contents));
}

static struct tomte_span image(const char *path)
{
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    char hex[2 * TOMTE_IMAGE_DIGEST_BYTES + 1];
    struct tomte_text t;
    for (unsigned variant = 0; variant < 6; variant++) {
        world_digest(variant, digest);
        tomte_text_init(&t, hex, sizeof hex);
        tomte_text_hex(&t, TOMTE_SPAN_ARRAY(digest));
        if (strcmp(path + strlen("/.tomte/blob/"), hex) != 0)
            continue;
        struct tomte_span bytes = world_image(variant);
        memcpy(contents, bytes.data, bytes.len);
        return TOMTE_SPAN(contents, bytes.len);
    }
    return TOMTE_SPAN_NONE;
}

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

static struct tomte_span representation(const char *path)
{
    if (begins(path, "/.tomte/view"))
        return view();
    if (begins(path, "/.tomte/blob/"))
        return image(path);
    return piece_checkpoint(strcmp(path, "/.tomte/checkpoint/u") == 0,
                            TOMTE_BUF_ARRAY(contents));
}

/* ---- an answer under construction ---- */

struct answer {
    struct tomte_coap_msg msg;
    struct tomte_coap_options options;
    uint8_t option_bytes[256];
    uint8_t payload[TOMTE_LIMIT_DATAGRAM_BYTES];
};

static void set_block(struct answer *a, const struct sent *s)
{
    struct tomte_coap_block block = {.szx = 6};
    (void)!tomte_coap_find_block(s->msg.options, TOMTE_COAP_OPT_BLOCK2, &block);
    struct tomte_span all = representation(s->path);
    size_t size = tomte_coap_block_size(&block);
    take_patches(TOMTE_BUF_ARRAY(contents), all.len);
    struct tomte_span piece = tomte_span_slice(all, block.num * size, size);
    block.more = block.num * size + piece.len < all.len;
    a->msg.code = TOMTE_COAP_CONTENT;
    tomte_coap_put(&a->options, TOMTE_COAP_OPT_ETAG, TOMTE_SPAN_LIT("etag"));
    tomte_coap_put_block(&a->options, TOMTE_COAP_OPT_BLOCK2, &block);
    if (block.num == 0)
        tomte_coap_put_uint(&a->options, TOMTE_COAP_OPT_SIZE2,
                            (uint32_t)all.len);
    if (piece.len > 0)
        memcpy(a->payload, piece.data, piece.len);
    a->msg.payload = TOMTE_SPAN(a->payload, piece.len);
}

static void set_lease(struct answer *a)
{
    struct tomte_name self = world_name(0);
    uint16_t at = tomte_home_find_node(&world.home, &self);
    struct tomte_lease_answer answer = {
        .lease_ms = 1500, .term = 1, .settled = take(1) % 2 == 1};
    if (at != TOMTE_HOME_NONE)
        answer.version = world.home.nodes[at].view;
    enum tomte_err err = tomte_lease_answer_encode(
        &answer, TOMTE_BUF_ARRAY(a->payload), &a->msg.payload);
    TOMTE_ASSERT(err == TOMTE_OK);
    a->msg.code = TOMTE_COAP_CHANGED;
}

/* To records: all of them are held. */
static void set_held(struct answer *a, const struct sent *s)
{
    struct tomte_cbor_dec d;
    struct tomte_cbor_enc e;
    tomte_cbor_decode_init(&d, s->msg.payload, 0);
    tomte_cbor_enter_map(&d);
    for (int64_t key = 0; key < 3; key++) {
        tomte_cbor_need_key(&d, key);
        (void)tomte_cbor_get_uint(&d);
    }
    tomte_cbor_need_key(&d, 3);
    uint64_t held = tomte_cbor_get_uint(&d);
    TOMTE_ASSERT(tomte_cbor_ok(&d)); /* what a node says is well-formed */
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(a->payload));
    tomte_cbor_put_map(&e, 2);
    tomte_cbor_put_uint(&e, 0);
    tomte_cbor_put_uint(&e, held);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_bool(&e, false);
    enum tomte_err err = tomte_cbor_encode_done(&e, &a->msg.payload);
    TOMTE_ASSERT(err == TOMTE_OK);
    a->msg.code = TOMTE_COAP_CHANGED;
}

/* On a channel: content, or the numbers that the sender gave. */
static void set_channel(struct answer *a, const struct sent *s)
{
    struct tomte_channel_request r;
    struct tomte_coap_parts parts = {.code = TOMTE_COAP_CONTENT};
    enum tomte_err err = tomte_channel_request_decode(&s->msg, &r);
    TOMTE_ASSERT(err == TOMTE_OK); /* what a node sends is a request */
    if (r.op == TOMTE_CHANNEL_OBSERVE || r.op == TOMTE_CHANNEL_READ) {
        struct tomte_channel_content c = {.format = TOMTE_FORMAT_SENML_CBOR,
                                          .has_origin = true};
        c.origin = (struct tomte_origin){.identity = world_identity(1),
                                         .epoch = 1 + take(1),
                                         .stream = 1 + take(1),
                                         .sequence = 1 + take(1)};
        c.payload = piece_senml(TOMTE_BUF_ARRAY(a->payload));
        err = tomte_channel_content_encode(&c, TOMTE_BUF_ARRAY(a->option_bytes),
                                           &parts);
        a->options.len = parts.options.len;
        if (r.op == TOMTE_CHANNEL_OBSERVE)
            tomte_coap_put_uint(&a->options, TOMTE_COAP_OPT_OBSERVE,
                                (uint32_t)take(1));
    } else {
        struct tomte_channel_pair pair = {r.origin.stream, r.origin.sequence};
        err = tomte_channel_answer_encode(TOMTE_OK, &pair,
                                          TOMTE_BUF_ARRAY(a->option_bytes),
                                          TOMTE_BUF_ARRAY(a->payload), &parts);
        a->options.len = parts.options.len;
    }
    TOMTE_ASSERT(err == TOMTE_OK);
    a->msg.code = parts.code;
    a->msg.payload = parts.payload;
}

static void set_honest(struct answer *a, const struct sent *s)
{
    if (strcmp(s->path, "/.tomte/lease") == 0)
        set_lease(a);
    else if (begins(s->path, "/.tomte/log/"))
        set_held(a, s);
    else if (begins(s->path, "/.tomte/plan"))
        a->msg.code = TOMTE_COAP_CHANGED;
    else if (begins(s->path, "/.tomte/"))
        set_block(a, s);
    else
        set_channel(a, s);
}

static void set_anything(struct answer *a)
{
    static const uint8_t codes[] = {
        TOMTE_COAP_CONTENT,     TOMTE_COAP_CHANGED,
        TOMTE_COAP_CONTINUE,    TOMTE_COAP_VALID,
        TOMTE_COAP_NOT_FOUND,   TOMTE_COAP_CONFLICT,
        TOMTE_COAP_BAD_REQUEST, TOMTE_COAP_PRECONDITION_FAILED,
        TOMTE_COAP_CODE(5, 3),  TOMTE_COAP_CODE(4, 31)};
    uint64_t what = take(1);
    a->msg.code = codes[what % 16 % sizeof codes];
    if (what & 16)
        tomte_coap_put(&a->options, TOMTE_COAP_OPT_ETAG, take_span(4));
    if (what & 32)
        tomte_coap_put_uint(&a->options, TOMTE_COAP_OPT_BLOCK2,
                            (uint32_t)take(2));
    if (what & 64)
        tomte_coap_put_uint(&a->options, TOMTE_COAP_OPT_SIZE2,
                            (uint32_t)take(2));
    if (what & 128)
        tomte_coap_put_uint(&a->options, TOMTE_COAP_OPT_CONTENT_FORMAT,
                            TOMTE_FORMAT_CBOR);
    a->msg.payload = piece_any(TOMTE_BUF(a->payload, 1100));
}

/* The n-th of those that wait for an answer, the newest first. */
static struct sent *waiting(unsigned n)
{
    for (unsigned i = 1; i <= WORLD_SENT; i++) {
        struct sent *s = &world.sent[(world.sent_at - i) % WORLD_SENT];
        if (s->path[0] != 0 && n-- == 0)
            return s;
    }
    return NULL;
}

/* which: 3 bits which of the last requests, 2 bits how, 1 bit: it goes on
 * waiting, 1 bit: not in the acknowledgement. */
void answer_one(void)
{
    static struct answer a;
    static struct sent s;
    unsigned which = (unsigned)take(1);
    struct sent *kept = waiting(which % WORLD_SENT);
    if (kept == NULL)
        return;
    memset(&a, 0, sizeof a);
    tomte_coap_options_init(&a.options, TOMTE_BUF_ARRAY(a.option_bytes));
    s = *kept;
    if (!(which & 32))
        kept->path[0] = 0;
    a.msg = s.msg;
    a.msg.type = s.msg.type == TOMTE_COAP_CON && !(which & 64) ? TOMTE_COAP_ACK
                                                               : TOMTE_COAP_NON;
    if (a.msg.type == TOMTE_COAP_NON)
        a.msg.mid = world.mid++;
    a.msg.payload = TOMTE_SPAN_NONE;
    if ((which >> 3 & 3) == 3)
        set_anything(&a);
    else
        set_honest(&a, &s);
    if (tomte_coap_options_end(&a.options, &a.msg.options) != TOMTE_OK)
        return;
    if ((which >> 3 & 3) == 2)
        take_patches(TOMTE_BUF_ARRAY(a.payload), a.msg.payload.len);
    struct tomte_coap_msg sealed;
    unsigned who = s.to.ip[15] - 1u;
    if (!s.sealed)
        world_send(who, &a.msg);
    else if (seal_answer(who, &s.x, &a.msg, &sealed))
        world_send(who, &sealed);
}
