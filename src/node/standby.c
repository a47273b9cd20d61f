/* SPDX-License-Identifier: Apache-2.0 */
/* The standby's side: records from the owner are appended in order; what they
 * do not follow on is fetched as a checkpoint from the owner, block by block,
 * and replaces what was here only when it is whole. The answer leaves after the
 * step's sync, so an acknowledged record is on stable storage. */
#include "node/internal.h"

#include <string.h>

struct records {
    uint64_t epoch, base, held;
    struct tomte_cbor_dec dec; /* stands at the array of records */
};

/* All of it is read before any of it is kept. */
static enum tomte_err check_rest(struct tomte_cbor_dec d)
{
    while (tomte_cbor_more(&d))
        (void)tomte_cbor_get_bytes(&d);
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

static enum tomte_err decode_head(struct tomte_span payload, struct records *r)
{
    struct tomte_cbor_dec *d = &r->dec;
    tomte_cbor_decode_init(d, payload, 0);
    tomte_cbor_enter_map(d);
    tomte_cbor_need_key(d, 0);
    uint64_t version = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, 1);
    r->epoch = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, 2);
    r->base = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, 3);
    r->held = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, 4);
    tomte_cbor_enter_array(d);
    if (!tomte_cbor_ok(d))
        return TOMTE_ERR_MALFORMED;
    return version == 1 ? check_rest(*d) : TOMTE_ERR_VERSION;
}

static void fetch_checkpoint(struct tomte_node *n, struct slot *s,
                             const struct tomte_addr *from)
{
    char path[NODE_PATH_BYTES];
    struct tomte_text t;
    if (s->fetch != NODE_FETCHES || s->retry_ms > n->now_ms)
        return;
    tomte_text_init(&t, path, sizeof path);
    tomte_text_str(&t, "/.tomte/checkpoint/");
    tomte_text_span(&t, tomte_name_span(&s->identity));
    s->fetch =
        node_fetch_begin(n, FETCH_CHECKPOINT, s->index, from, path, NULL);
}

/* The log goes on where this history ends. */
static bool follows_on(const struct slot *s, const struct records *r)
{
    return tomte_history_has_checkpoint(&s->history) &&
           tomte_history_epoch(&s->history) == r->epoch &&
           tomte_history_held(&s->history) >= r->base &&
           tomte_history_held(&s->history) <= r->held;
}

static enum tomte_err append_all(struct slot *s, struct records *r)
{
    enum tomte_err err = TOMTE_OK;
    while (err == TOMTE_OK && tomte_cbor_more(&r->dec)) {
        struct tomte_span record = tomte_cbor_get_bytes(&r->dec);
        err = tomte_history_append(&s->history, record);
        if (err == TOMTE_ERR_STALE)
            err = TOMTE_OK; /* sent again, held already */
    }
    return err;
}

static void answer(struct tomte_node *n, uint32_t request, uint64_t held,
                   bool wants_checkpoint)
{
    uint8_t memory[24];
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_map(&e, 2);
    tomte_cbor_put_uint(&e, 0);
    tomte_cbor_put_uint(&e, held);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_bool(&e, wants_checkpoint);
    enum tomte_err err = tomte_cbor_encode_done(&e, &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    node_reply_cbor(n, request, TOMTE_COAP_CHANGED, bytes);
}

/* Whether this owner may write here: the one of the epoch in the view. */
static enum tomte_err check_owner(struct tomte_node *n, const struct slot *s,
                                  const struct records *r)
{
    if (s == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (r->epoch < s->epoch)
        return TOMTE_ERR_FENCED;
    if (r->epoch > s->epoch || s->phase != SLOT_STANDBY) {
        node_control_stale(n);
        return TOMTE_ERR_AGAIN;
    }
    return TOMTE_OK;
}

static struct slot *slot_of(struct tomte_node *n, struct tomte_span identity)
{
    struct tomte_name name;
    if (tomte_name_parse(identity, &name) != TOMTE_OK)
        return NULL;
    return node_slot_find(n, &name);
}

void node_standby_records(struct tomte_node *n, const struct tomte_addr *from,
                          uint32_t request, const struct tomte_coap_msg *msg,
                          struct tomte_span identity)
{
    struct records r;
    struct slot *s = slot_of(n, identity);
    enum tomte_err err = decode_head(msg->payload, &r);
    if (err == TOMTE_OK)
        err = check_owner(n, s, &r);
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err, NULL);
        return;
    }
    bool wants = !follows_on(s, &r);
    if (!wants) {
        err = append_all(s, &r);
        /* A hole, or the log is full: the owner's checkpoint mends both. */
        wants = err == TOMTE_ERR_MISSING || err == TOMTE_ERR_FULL;
        if (err != TOMTE_OK && !wants) {
            node_log_err(n, tomte_name_span(&s->identity),
                         "a record cannot be kept", err);
            node_reply_error(n, request, err, NULL);
            return;
        }
    }
    /* The owner's checkpoint is younger than half of this log: take it too. */
    if (wants || (tomte_history_must_checkpoint(&s->history) &&
                  r.base > tomte_history_base(&s->history)))
        fetch_checkpoint(n, s, from);
    answer(n, request, wants ? 0 : tomte_history_held(&s->history), wants);
}

/* ---- serving the owner's checkpoint ---- */

static enum tomte_err read_checkpoint(struct tomte_node *n, void *ctx,
                                      uint32_t offset, struct tomte_buf out,
                                      struct tomte_span *piece)
{
    const struct slot *s = ctx;
    (void)n;
    return tomte_history_checkpoint_read(&s->history, offset, out, piece);
}

void node_standby_checkpoint_get(struct tomte_node *n, uint32_t request,
                                 const struct tomte_coap_msg *msg,
                                 struct tomte_span identity)
{
    struct slot *s = slot_of(n, identity);
    uint8_t etag[8];
    if (s == NULL || !s->history_open ||
        !tomte_history_has_checkpoint(&s->history)) {
        node_reply_error(n, request, TOMTE_ERR_NOT_FOUND, NULL);
        return;
    }
    /* Epoch and sequence name a checkpoint. */
    tomte_put_be32(etag, (uint32_t)tomte_history_epoch(&s->history));
    tomte_put_be32(etag + 4, (uint32_t)tomte_history_base(&s->history));
    node_reply_block(n, request, msg,
                     tomte_history_checkpoint_size(&s->history),
                     TOMTE_SPAN_ARRAY(etag), read_checkpoint, s);
}
