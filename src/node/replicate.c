/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's side of standbys: records go to each in order, one request at a
 * time, and what it acknowledges counts. Which standbys a commit waits for:
 * those of the confirmed in-sync set, and those that this owner has proposed
 * (it counts on them from then on). One that stays silent is proposed out, and
 * counted out when the keeper has confirmed that, or when it is settled that
 * the proposal which named it came to nothing (home/lease.h).
 *
 * Who counts is stored before it is proposed: the keeper may have logged a set
 * that this node's stored view does not show yet, and an owner that crashed and
 * goes on from there must not commit without those who may have replaced it.
 *
 *   request = {0: 1, 1: epoch, 2: base, 3: held, 4: [* bstr record]}
 *   answer  = {0: held, 1: wants checkpoint}                              */
#include "node/internal.h"

#include <string.h>

#define BATCH_BYTES 1100u
#define BEAT_MS     1000u
#define RETRY_MS    200u

/* ---- who counts ---- */

static bool counts(const struct standby_peer *p)
{
    return p->insync || p->proposed;
}

bool node_replicate_acknowledged(const struct slot *s, uint64_t sequence)
{
    if (s->durability != TOMTE_DURABILITY_SYNC)
        return true;
    for (unsigned i = 0; i < s->peers_len; i++)
        if (counts(&s->peers[i]) &&
            (!s->peers[i].known || s->peers[i].held < sequence))
            return false;
    return true;
}

/* ---- who counts, across a restart ---- */

#define KEY_BYTES     64
#define COUNTED_BYTES (16 + TOMTE_HOME_STANDBYS_MAX * (TOMTE_NAME_MAX + 2))

static struct tomte_span counted_key(const struct slot *s,
                                     uint8_t memory[KEY_BYTES])
{
    memcpy(memory, "insync/", 7);
    memcpy(memory + 7, s->identity.text, s->identity.len);
    return TOMTE_SPAN(memory, 7u + s->identity.len);
}

/* [epoch, name...] */
static enum tomte_err store_counted(struct tomte_node *n, const struct slot *s)
{
    uint8_t key[KEY_BYTES], value[COUNTED_BYTES];
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    size_t count = 0;
    for (unsigned i = 0; i < s->peers_len; i++)
        count += counts(&s->peers[i]);
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(value));
    tomte_cbor_put_array(&e, 1 + count);
    tomte_cbor_put_uint(&e, s->peers_epoch);
    for (unsigned i = 0; i < s->peers_len; i++)
        if (counts(&s->peers[i]))
            tomte_cbor_put_text(&e, tomte_name_span(&s->peers[i].name));
    enum tomte_err err = tomte_cbor_encode_done(&e, &bytes);
    if (err == TOMTE_OK)
        err = tomte_store_put(&n->store, counted_key(s, key), bytes);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_name_span(&s->identity),
                     "who holds its history cannot be stored", err);
    return err;
}

static void count_again(struct slot *s, struct tomte_span name)
{
    for (unsigned i = 0; i < s->peers_len; i++)
        if (tomte_span_equal(tomte_name_span(&s->peers[i].name), name))
            s->peers[i].proposed = true;
}

static void load_counted(struct tomte_node *n, struct slot *s)
{
    uint8_t key[KEY_BYTES], value[COUNTED_BYTES];
    struct tomte_cbor_dec d;
    size_t len = 0;
    if (tomte_store_get(&n->store, counted_key(s, key), TOMTE_BUF_ARRAY(value),
                        &len) != TOMTE_OK)
        return;
    tomte_cbor_decode_init(&d, TOMTE_SPAN(value, len), 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != s->peers_epoch)
        return;
    while (tomte_cbor_more(&d))
        count_again(s, tomte_cbor_get_text(&d));
}

static const struct standby_peer *old_peer(const struct standby_peer *list,
                                           unsigned len,
                                           const struct tomte_name *name)
{
    for (unsigned i = 0; i < len; i++)
        if (tomte_name_equal(&list[i].name, name))
            return &list[i];
    return NULL;
}

void node_replicate_view(struct tomte_node *n, struct slot *s,
                         const struct tomte_view_placement *placement)
{
    struct standby_peer old[TOMTE_HOME_STANDBYS_MAX];
    unsigned old_len = s->peers_len;
    bool same_life = s->peers_epoch == placement->epoch, dropped = false;
    memcpy(old, s->peers, sizeof old);
    s->peers_epoch = placement->epoch;
    s->peers_len = placement->standbys_len;
    for (unsigned i = 0; i < s->peers_len; i++) {
        const struct tomte_view_node *node = &placement->standbys[i];
        const struct standby_peer *was =
            same_life ? old_peer(old, old_len, &node->name) : NULL;
        struct standby_peer *p = &s->peers[i];
        memset(p, 0, sizeof *p);
        if (was != NULL)
            *p = *was;
        p->name = node->name;
        p->addr = node->addr;
        /* Only from one confirmed set to the next does one cease to count: a
         * proposal that names it may be on its way to the log. */
        if (p->insync && !node->insync) {
            p->proposed = p->out = false;
            p->known = false; /* its storage may be a new one */
            dropped = true;
        }
        p->insync = node->insync;
        if (node->insync && !p->out)
            p->proposed = true;
    }
    n->again = true;
    if (s->durability != TOMTE_DURABILITY_SYNC || s->part != TOMTE_VIEW_OWNER)
        return;
    if (!same_life)
        load_counted(n, s);
    if (dropped)
        store_counted(n, s); /* stored, it counts after a restart */
}

/* ---- proposals ---- */

bool node_replicate_proposal(const struct slot *s,
                             struct tomte_lease_container *report)
{
    bool differs = false;
    report->insync_len = 0;
    for (unsigned i = 0; i < s->peers_len; i++) {
        const struct standby_peer *p = &s->peers[i];
        bool wanted = p->proposed && !p->out;
        differs = differs || wanted != p->insync;
        if (wanted)
            report->insync[report->insync_len++] = p->name;
    }
    return differs;
}

/* Caught up: it is counted on from now, and the keeper hears. */
static void propose_in(struct tomte_node *n, struct slot *s,
                       struct standby_peer *p)
{
    if (p->proposed || p->out || !p->known ||
        p->held < tomte_history_held(&s->history))
        return;
    p->proposed = true;
    if (s->durability == TOMTE_DURABILITY_SYNC &&
        store_counted(n, s) != TOMTE_OK) {
        p->proposed = false;
        return;
    }
    n->lease_now = true;
}

static void propose_out(struct tomte_node *n, struct slot *s,
                        struct standby_peer *p)
{
    char line[160];
    struct tomte_text t;
    if (!counts(p) || p->out)
        return;
    p->out = true;
    p->out_at = n->lease_sequence + 1;
    n->lease_now = true;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, tomte_name_span(&s->identity));
    tomte_text_str(&t, ": standby ");
    tomte_text_span(&t, tomte_name_span(&p->name));
    tomte_text_str(&t, " does not answer, the keeper is asked to count it out");
    node_log(n, TOMTE_LOG_WARN, line);
}

/* A standby that was proposed in and then out, and that the view never listed:
 * settled when a request after the one that left it out was answered so. */
static void settle_out(struct tomte_node *n, struct slot *s,
                       struct standby_peer *p)
{
    if (!p->out || p->insync || !p->proposed)
        return;
    if (n->settled_sequence >= p->out_at && n->settled == n->confirmed) {
        p->proposed = false;
        p->out = false;
        store_counted(n, s); /* stored, it counts after a restart */
        n->again = true;
    }
}

/* ---- sending ---- */

static size_t put_records(const struct slot *s, struct tomte_cbor_enc *e,
                          struct tomte_history_cursor cursor, size_t count)
{
    uint8_t memory[TOMTE_RECORD_BYTES];
    struct tomte_span record;
    size_t put = 0;
    tomte_cbor_put_array(e, count);
    while (put < count &&
           tomte_history_next(&s->history, &cursor, TOMTE_BUF_ARRAY(memory),
                              &record) == TOMTE_OK) {
        tomte_cbor_put_bytes(e, record);
        put++;
    }
    return put;
}

/* How many records from the cursor on fit into one request. */
static size_t count_records(const struct slot *s,
                            struct tomte_history_cursor cursor)
{
    uint8_t memory[TOMTE_RECORD_BYTES];
    struct tomte_span record;
    size_t bytes = 0, count = 0;
    while (tomte_history_next(&s->history, &cursor, TOMTE_BUF_ARRAY(memory),
                              &record) == TOMTE_OK) {
        bytes += record.len + 3;
        if (bytes > BATCH_BYTES && count > 0)
            break;
        count++;
    }
    return count;
}

static enum tomte_err encode(const struct slot *s, const struct standby_peer *p,
                             struct tomte_buf out, struct tomte_span *bytes)
{
    struct tomte_history_cursor cursor = {0};
    struct tomte_cbor_enc e;
    size_t count = 0;
    bool none = s->durability == TOMTE_DURABILITY_NONE;
    enum tomte_err err = TOMTE_ERR_STALE;
    if (p->known && !none)
        err = tomte_history_seek(&s->history, p->held, &cursor);
    if (err == TOMTE_OK)
        count = count_records(s, cursor);
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 5);
    tomte_cbor_put_uint(&e, 0);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_uint(&e, s->epoch);
    tomte_cbor_put_uint(&e, 2);
    tomte_cbor_put_uint(&e, tomte_history_base(&s->history));
    tomte_cbor_put_uint(&e, 3);
    tomte_cbor_put_uint(&e, none ? tomte_history_base(&s->history)
                                 : tomte_history_held(&s->history));
    tomte_cbor_put_uint(&e, 4);
    (void)put_records(s, &e, cursor, count);
    return tomte_cbor_encode_done(&e, bytes);
}

static void send(struct tomte_node *n, struct slot *s, struct standby_peer *p)
{
    uint8_t memory[TOMTE_LIMIT_DATAGRAM_BYTES - 96];
    char path[NODE_PATH_BYTES];
    struct tomte_text t;
    uint32_t handle;
    p->asked = ++n->asked;
    struct node_ask ask = {.to = p->addr,
                           .code = TOMTE_COAP_POST,
                           .confirmable = true,
                           .path = path,
                           .timeout_ms = 2 * NODE_STANDBY_WAIT_MS,
                           .cookie =
                               cookie(COOKIE_RECORDS, s->index, p->asked)};
    tomte_text_init(&t, path, sizeof path);
    tomte_text_str(&t, "/.tomte/log/");
    tomte_text_span(&t, tomte_name_span(&s->identity));
    enum tomte_err err = encode(s, p, TOMTE_BUF_ARRAY(memory), &ask.payload);
    if (err == TOMTE_OK)
        err = node_ask(n, &ask, &handle);
    p->in_flight = err == TOMTE_OK;
    p->retry_ms = n->now_ms + (err == TOMTE_OK ? BEAT_MS : RETRY_MS);
    if (p->waits_ms == 0)
        p->waits_ms = n->now_ms;
}

static bool has_news(const struct slot *s, const struct standby_peer *p)
{
    if (!p->known)
        return true;
    uint64_t held = s->durability == TOMTE_DURABILITY_NONE
                        ? tomte_history_base(&s->history)
                        : tomte_history_held(&s->history);
    return p->held < held;
}

void node_replicate_work(struct tomte_node *n, struct slot *s)
{
    if (!s->history_open || !tomte_history_has_checkpoint(&s->history) ||
        tomte_history_epoch(&s->history) != s->epoch)
        return;
    for (unsigned i = 0; i < s->peers_len; i++) {
        struct standby_peer *p = &s->peers[i];
        if (!p->in_flight &&
            (p->retry_ms <= n->now_ms ||
             (has_news(s, p) && !p->failing && !p->wants_checkpoint)))
            send(n, s, p);
        if (p->waits_ms != 0 && n->now_ms - p->waits_ms >= NODE_STANDBY_WAIT_MS)
            propose_out(n, s, p);
        settle_out(n, s, p);
    }
}

uint64_t node_replicate_deadline(const struct tomte_node *n,
                                 const struct slot *s)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < s->peers_len; i++) {
        const struct standby_peer *p = &s->peers[i];
        uint64_t due = p->in_flight ? UINT64_MAX : p->retry_ms;
        if (p->waits_ms != 0 && counts(p) && !p->out &&
            p->waits_ms + NODE_STANDBY_WAIT_MS < due)
            due = p->waits_ms + NODE_STANDBY_WAIT_MS;
        at = due < at ? due : at;
    }
    return at > n->now_ms ? at : n->now_ms;
}

/* ---- answers ---- */

/* The peer that was asked, wherever a newer view has put it. An answer of one
 * that it dropped must not be taken for that of who stands in its place. */
static struct standby_peer *of_cookie(struct tomte_node *n, uint64_t c,
                                      struct slot **slot)
{
    if (cookie_a(c) >= n->config.sizes.slots)
        return NULL;
    struct slot *s = *slot = &n->slots[cookie_a(c)];
    for (unsigned i = 0; s->phase == SLOT_RUNNING && i < s->peers_len; i++)
        if (s->peers[i].in_flight && s->peers[i].asked == cookie_b(c))
            return &s->peers[i];
    return NULL;
}

static void took(struct tomte_node *n, struct slot *s, struct standby_peer *p,
                 uint64_t held, bool wants_checkpoint)
{
    bool more = held > p->held || !p->known;
    p->wants_checkpoint = wants_checkpoint;
    p->known = !wants_checkpoint;
    p->held = wants_checkpoint ? 0 : held;
    p->failing = !more && has_news(s, p);
    /* A checkpoint is there in milliseconds, and commits may wait for it. */
    p->retry_ms =
        n->now_ms + (p->failing || wants_checkpoint ? RETRY_MS : BEAT_MS);
    if (p->known) {
        p->waits_ms = 0;
        p->out = false;
    }
    propose_in(n, s, p);
    n->again = true;
}

void node_replicate_answer(struct tomte_node *n, uint64_t c,
                           const struct tomte_coap_msg *msg)
{
    struct slot *s;
    struct standby_peer *p = of_cookie(n, c, &s);
    if (p == NULL)
        return;
    p->in_flight = false;
    enum tomte_err err = tomte_err_from_coap_code(msg->code);
    if (err == TOMTE_ERR_FENCED) {
        node_slot_fenced(n, s, 0);
        return;
    }
    if (err == TOMTE_OK) {
        struct tomte_cbor_dec d;
        tomte_cbor_decode_init(&d, msg->payload, 0);
        tomte_cbor_enter_map(&d);
        tomte_cbor_need_key(&d, 0);
        uint64_t held = tomte_cbor_get_uint(&d);
        tomte_cbor_need_key(&d, 1);
        bool wants = tomte_cbor_get_bool(&d);
        tomte_cbor_leave(&d);
        err = tomte_cbor_decode_done(&d);
        if (err == TOMTE_OK)
            took(n, s, p, held, wants);
    }
    if (err != TOMTE_OK) {
        p->failing = true;
        p->retry_ms = n->now_ms + RETRY_MS;
    }
}

void node_replicate_failed(struct tomte_node *n, uint64_t c)
{
    struct slot *s;
    struct standby_peer *p = of_cookie(n, c, &s);
    if (p == NULL)
        return;
    p->in_flight = false;
    p->failing = true;
    p->retry_ms = n->now_ms + RETRY_MS;
}
