/* SPDX-License-Identifier: Apache-2.0 */
#include "keepers/message.h"

#include "base/bytes.h"
#include "cbor/cbor.h"

#include <string.h>

/* ---- encoding ---- */

static void put_conf(struct tomte_cbor_enc *e,
                     const struct raft_configuration *c)
{
    tomte_cbor_put_array(e, c->n);
    for (unsigned i = 0; i < c->n; i++) {
        tomte_cbor_put_array(e, 3);
        tomte_cbor_put_uint(e, c->servers[i].id);
        tomte_cbor_put_str(e, c->servers[i].address);
        tomte_cbor_put_uint(e, (uint64_t)c->servers[i].role);
    }
}

static void put_entries(struct tomte_cbor_enc *e,
                        const struct raft_append_entries *a, unsigned n)
{
    tomte_cbor_put_array(e, 6);
    tomte_cbor_put_uint(e, RAFT_IO_APPEND_ENTRIES);
    tomte_cbor_put_uint(e, a->term);
    tomte_cbor_put_uint(e, a->prev_log_index);
    tomte_cbor_put_uint(e, a->prev_log_term);
    tomte_cbor_put_uint(e, a->leader_commit);
    tomte_cbor_put_array(e, n);
    for (unsigned i = 0; i < n; i++) {
        const struct raft_entry *x = &a->entries[i];
        tomte_cbor_put_array(e, 3);
        tomte_cbor_put_uint(e, x->term);
        tomte_cbor_put_uint(e, x->type);
        tomte_cbor_put_bytes(e, TOMTE_SPAN(x->buf.base, x->buf.len));
    }
}

static void put_snapshot(struct tomte_cbor_enc *e,
                         const struct raft_install_snapshot *s)
{
    tomte_cbor_put_array(e, 7);
    tomte_cbor_put_uint(e, RAFT_IO_INSTALL_SNAPSHOT);
    tomte_cbor_put_uint(e, s->term);
    tomte_cbor_put_uint(e, s->last_index);
    tomte_cbor_put_uint(e, s->last_term);
    tomte_cbor_put_uint(e, s->conf_index);
    put_conf(e, &s->conf);
    tomte_cbor_put_bytes(e, TOMTE_SPAN(s->data.base, s->data.len));
}

static void put_votes(struct tomte_cbor_enc *e, const struct raft_message *m)
{
    const struct raft_request_vote *v = &m->request_vote;
    const struct raft_request_vote_result *r = &m->request_vote_result;
    bool asks = m->type == RAFT_IO_REQUEST_VOTE;
    tomte_cbor_put_array(e, asks ? 6 : 4);
    tomte_cbor_put_uint(e, m->type);
    if (asks) {
        tomte_cbor_put_uint(e, v->term);
        tomte_cbor_put_uint(e, v->last_log_index);
        tomte_cbor_put_uint(e, v->last_log_term);
        tomte_cbor_put_bool(e, v->disrupt_leader);
        tomte_cbor_put_bool(e, v->pre_vote);
    } else {
        tomte_cbor_put_uint(e, r->term);
        tomte_cbor_put_bool(e, r->vote_granted);
        tomte_cbor_put_uint(e, (uint64_t)r->pre_vote);
    }
}

static void put_three(struct tomte_cbor_enc *e, unsigned type, uint64_t a,
                      uint64_t b, uint64_t c)
{
    tomte_cbor_put_array(e, 4);
    tomte_cbor_put_uint(e, type);
    tomte_cbor_put_uint(e, a);
    tomte_cbor_put_uint(e, b);
    tomte_cbor_put_uint(e, c);
}

static void put_message(struct tomte_cbor_enc *e, const struct raft_message *m,
                        unsigned entries)
{
    const struct raft_append_entries_result *r = &m->append_entries_result;
    const struct raft_timeout_now *t = &m->timeout_now;
    switch (m->type) {
    case RAFT_IO_APPEND_ENTRIES:
        put_entries(e, &m->append_entries, entries);
        break;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        put_three(e, m->type, r->term, r->rejected, r->last_log_index);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        put_snapshot(e, &m->install_snapshot);
        break;
    case RAFT_IO_TIMEOUT_NOW:
        put_three(e, m->type, t->term, t->last_log_index, t->last_log_term);
        break;
    default:
        put_votes(e, m);
        break;
    }
}

unsigned keepers_message_entries(const struct raft_message *m)
{
    const struct raft_append_entries *a = &m->append_entries;
    size_t bytes = 0;
    unsigned n = 0;
    if (m->type != RAFT_IO_APPEND_ENTRIES)
        return 0;
    while (n < a->n_entries && n < KEEPERS_ENTRIES_MAX) {
        bytes += a->entries[n].buf.len + 16;
        if (n > 0 && bytes > KEEPERS_ENTRIES_BYTES)
            break;
        n++;
    }
    return n;
}

enum tomte_err keepers_message_encode(const struct raft_message *m,
                                      unsigned entries, struct tomte_buf *bytes)
{
    struct tomte_cbor_enc e;
    struct tomte_span done = TOMTE_SPAN_NONE;
    tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
    put_message(&e, m, entries);
    enum tomte_err err = tomte_cbor_encode_done(&e, &done);
    if (err == TOMTE_OK && done.len > KEEPERS_MESSAGE_MAX)
        err = TOMTE_ERR_TOO_LARGE;
    if (err != TOMTE_OK)
        return err;
    *bytes = TOMTE_BUF(raft_malloc(done.len), done.len);
    if (bytes->data == NULL)
        return TOMTE_ERR_NO_MEMORY;
    tomte_cbor_encode_init(&e, *bytes);
    put_message(&e, m, entries);
    err = tomte_cbor_encode_done(&e, &done);
    if (err != TOMTE_OK)
        raft_free(bytes->data);
    return err;
}

enum tomte_err keepers_conf_encode(const struct raft_configuration *c,
                                   struct tomte_buf out,
                                   struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    put_conf(&e, c);
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err keepers_frame_encode(const struct keepers_frame *f,
                                    struct tomte_buf out,
                                    struct tomte_span *bytes)
{
    static const uint8_t items[] = {9, 12, 10};
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, items[f->kind]);
    tomte_cbor_put_uint(&e, KEEPERS_FRAME_VERSION);
    tomte_cbor_put_uint(&e, f->to);
    tomte_cbor_put_uint(&e, f->from);
    tomte_cbor_put_uint(&e, f->boot);
    tomte_cbor_put_uint(&e, f->sequence);
    tomte_cbor_put_uint(&e, f->stamp);
    tomte_cbor_put_uint(&e, f->echo);
    tomte_cbor_put_uint(&e, f->kind);
    if (f->kind != KEEPERS_FRAME_WHOLE)
        tomte_cbor_put_uint(&e, f->number);
    if (f->kind == KEEPERS_FRAME_PIECE)
        tomte_cbor_put_uint(&e, f->total);
    if (f->kind != KEEPERS_FRAME_WHOLE)
        tomte_cbor_put_uint(&e, f->at);
    if (f->kind != KEEPERS_FRAME_WANT)
        tomte_cbor_put_bytes(&e, f->bytes);
    return tomte_cbor_encode_done(&e, bytes);
}

/* ---- decoding ---- */

enum tomte_err keepers_frame_decode(struct tomte_span bytes,
                                    struct keepers_frame *f)
{
    struct tomte_cbor_dec d;
    *f = (struct keepers_frame){0};
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    uint64_t version = tomte_cbor_get_uint(&d);
    if (tomte_cbor_ok(&d) && version != KEEPERS_FRAME_VERSION)
        return TOMTE_ERR_VERSION;
    f->to = tomte_cbor_get_uint(&d);
    f->from = tomte_cbor_get_uint(&d);
    f->boot = tomte_cbor_get_uint(&d);
    f->sequence = tomte_cbor_get_uint(&d);
    f->stamp = tomte_cbor_get_uint(&d);
    f->echo = tomte_cbor_get_uint(&d);
    f->kind = (uint8_t)tomte_cbor_get_u32(&d, 0, KEEPERS_FRAME_WANT);
    if (f->kind != KEEPERS_FRAME_WHOLE)
        f->number = tomte_cbor_get_u32(&d, 0, UINT32_MAX);
    if (f->kind == KEEPERS_FRAME_PIECE)
        f->total = tomte_cbor_get_u32(&d, 1, KEEPERS_MESSAGE_MAX);
    if (f->kind != KEEPERS_FRAME_WHOLE)
        f->at = tomte_cbor_get_u32(&d, 0, KEEPERS_MESSAGE_MAX);
    if (f->kind != KEEPERS_FRAME_WANT)
        f->bytes = tomte_cbor_get_bytes(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK && f->kind == KEEPERS_FRAME_PIECE &&
        (f->at >= f->total || f->bytes.len == 0 ||
         f->bytes.len > f->total - f->at))
        err = TOMTE_ERR_RANGE;
    return err;
}

static void get_conf(struct tomte_cbor_dec *d, struct raft_configuration *c)
{
    raft_configuration_init(c);
    size_t n = tomte_cbor_enter_array(d);
    if (n < 1 || n > TOMTE_REPLICA_MEMBERS_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    while (tomte_cbor_ok(d) && tomte_cbor_more(d)) {
        char text[KEEPERS_ADDRESS_BYTES] = {0};
        struct tomte_addr addr;
        tomte_cbor_enter_array(d);
        uint64_t id = tomte_cbor_get_uint(d);
        (void)tomte_cbor_get_text_copy(
            d, TOMTE_BUF((uint8_t *)text, sizeof text - 1));
        int role = (int)tomte_cbor_get_u32(d, RAFT_STANDBY, RAFT_SPARE);
        tomte_cbor_leave(d);
        if (!tomte_cbor_ok(d))
            return;
        if (id == 0 || !keepers_address_get(text, &addr)) {
            tomte_cbor_fail(d, TOMTE_ERR_RANGE);
            return;
        }
        int rv = raft_configuration_add(c, id, text, role);
        if (rv != 0)
            tomte_cbor_fail(d, rv == RAFT_NOMEM ? TOMTE_ERR_NO_MEMORY
                                                : TOMTE_ERR_DUPLICATE);
    }
    tomte_cbor_leave(d);
}

enum tomte_err keepers_conf_decode(struct tomte_span bytes,
                                   struct raft_configuration *c)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, 0);
    get_conf(&d, c);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK) {
        raft_configuration_close(c);
        raft_configuration_init(c);
    }
    return err;
}

/* Entries and their bytes in two allocations; each lies in the second one,
 * the batch, which the core frees with its last entry. */
static void get_entry(struct tomte_cbor_dec *d, struct raft_entry *x,
                      uint8_t *batch, size_t *used)
{
    tomte_cbor_enter_array(d);
    uint64_t term = tomte_cbor_get_uint(d);
    unsigned type = tomte_cbor_get_u32(d, RAFT_COMMAND, RAFT_CHANGE);
    struct tomte_span data = tomte_cbor_get_bytes(d);
    tomte_cbor_leave(d);
    if (tomte_cbor_ok(d) &&
        (term == 0 || data.len == 0 ||
         (type == RAFT_CHANGE && !keepers_change_is_sound(data))))
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if (!tomte_cbor_ok(d))
        return;
    *x = (struct raft_entry){.term = term,
                             .type = (unsigned short)type,
                             .buf = {batch + *used, data.len},
                             .batch = batch};
    memcpy(x->buf.base, data.data, data.len);
    *used += data.len;
}

static void get_entries(struct tomte_cbor_dec *d, struct raft_append_entries *a)
{
    a->prev_log_index = tomte_cbor_get_uint(d);
    a->prev_log_term = tomte_cbor_get_uint(d);
    a->leader_commit = tomte_cbor_get_uint(d);
    a->entries = NULL;
    a->n_entries = 0;
    size_t n = tomte_cbor_enter_array(d), used = 0;
    if (n > KEEPERS_ENTRIES_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if (tomte_cbor_ok(d) && n > 0) {
        uint8_t *batch = raft_malloc(d->in.len);
        a->entries = raft_malloc(n * sizeof *a->entries);
        if (batch == NULL || a->entries == NULL) {
            raft_free(batch);
            raft_free(a->entries);
            a->entries = NULL;
            tomte_cbor_fail(d, TOMTE_ERR_NO_MEMORY);
            return;
        }
        a->entries[0].batch = batch;
        while (tomte_cbor_more(d))
            get_entry(d, &a->entries[a->n_entries++], batch, &used);
        a->entries[0].batch = batch;
    }
    tomte_cbor_leave(d);
}

static void get_snapshot(struct tomte_cbor_dec *d,
                         struct raft_install_snapshot *s)
{
    s->last_index = tomte_cbor_get_uint(d);
    s->last_term = tomte_cbor_get_uint(d);
    s->conf_index = tomte_cbor_get_uint(d);
    get_conf(d, &s->conf);
    struct tomte_span data = tomte_cbor_get_bytes(d);
    if (tomte_cbor_ok(d) && (s->last_index == 0 || s->last_term == 0 ||
                             s->conf_index > s->last_index || data.len == 0))
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if (!tomte_cbor_ok(d))
        return;
    s->data.len = data.len;
    s->data.base = raft_malloc(data.len);
    if (s->data.base == NULL)
        tomte_cbor_fail(d, TOMTE_ERR_NO_MEMORY);
    else
        memcpy(s->data.base, data.data, data.len);
}

static void get_rest(struct tomte_cbor_dec *d, uint64_t term, uint64_t from,
                     struct raft_message *m)
{
    switch (m->type) {
    case RAFT_IO_APPEND_ENTRIES:
        m->append_entries.term = term;
        get_entries(d, &m->append_entries);
        break;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        m->append_entries_result.term = term;
        m->append_entries_result.rejected = tomte_cbor_get_uint(d);
        m->append_entries_result.last_log_index = tomte_cbor_get_uint(d);
        break;
    case RAFT_IO_REQUEST_VOTE:
        m->request_vote.term = term;
        m->request_vote.candidate_id = from;
        m->request_vote.last_log_index = tomte_cbor_get_uint(d);
        m->request_vote.last_log_term = tomte_cbor_get_uint(d);
        m->request_vote.disrupt_leader = tomte_cbor_get_bool(d);
        m->request_vote.pre_vote = tomte_cbor_get_bool(d);
        break;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        m->request_vote_result.term = term;
        m->request_vote_result.vote_granted = tomte_cbor_get_bool(d);
        m->request_vote_result.pre_vote = (raft_tribool)tomte_cbor_get_u32(
            d, raft_tribool_unknown, raft_tribool_false);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        m->install_snapshot.term = term;
        get_snapshot(d, &m->install_snapshot);
        break;
    default:
        m->timeout_now.term = term;
        m->timeout_now.last_log_index = tomte_cbor_get_uint(d);
        m->timeout_now.last_log_term = tomte_cbor_get_uint(d);
        break;
    }
}

enum tomte_err keepers_message_decode(struct tomte_span bytes, uint64_t from,
                                      struct raft_message *m)
{
    struct tomte_cbor_dec d;
    memset(m, 0, sizeof *m);
    m->server_id = from;
    m->server_address = "";
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    unsigned type =
        tomte_cbor_get_u32(&d, RAFT_IO_APPEND_ENTRIES, RAFT_IO_TIMEOUT_NOW);
    m->type = (unsigned short)type;
    uint64_t term = tomte_cbor_get_uint(&d);
    if (tomte_cbor_ok(&d) && (term == 0 || from == 0))
        tomte_cbor_fail(&d, TOMTE_ERR_RANGE);
    if (tomte_cbor_ok(&d))
        get_rest(&d, term, from, m);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        keepers_message_free(m);
    return err;
}

void keepers_message_free(struct raft_message *m)
{
    if (m->type == RAFT_IO_APPEND_ENTRIES) {
        struct raft_append_entries *a = &m->append_entries;
        if (a->entries != NULL)
            raft_free(a->entries[0].batch);
        raft_free(a->entries);
        a->entries = NULL;
        a->n_entries = 0;
    } else if (m->type == RAFT_IO_INSTALL_SNAPSHOT) {
        struct raft_install_snapshot *s = &m->install_snapshot;
        raft_configuration_close(&s->conf);
        raft_configuration_init(&s->conf);
        raft_free(s->data.base);
        s->data.base = NULL;
    }
}

/* ---- members ---- */

bool keepers_change_is_sound(struct tomte_span entry)
{
    if (entry.len < 9 || entry.data[0] != 1)
        return false;
    uint64_t n = tomte_get_le64(entry.data + 1);
    size_t at = 9;
    if (n < 1 || n > TOMTE_REPLICA_MEMBERS_MAX)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        struct tomte_addr addr;
        if (entry.len - at < 8 || tomte_get_le64(entry.data + at) == 0)
            return false;
        at += 8;
        const uint8_t *text = entry.data + at;
        const uint8_t *end = memchr(text, 0, entry.len - at);
        if (end == NULL || !keepers_address_get((const char *)text, &addr))
            return false;
        at += (size_t)(end - text) + 1;
        if (entry.len - at < 1 || entry.data[at] > RAFT_SPARE)
            return false;
        at++;
    }
    return true;
}

bool keepers_change_is_alone(struct tomte_span entry, uint64_t id)
{
    uint64_t n = tomte_get_le64(entry.data + 1), voters = 0;
    size_t at = 9;
    bool mine = false;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t it = tomte_get_le64(entry.data + at);
        at += 8 + KEEPERS_ADDRESS_BYTES;
        bool votes = entry.data[at++] == RAFT_VOTER;
        voters += votes;
        mine |= votes && it == id;
    }
    return mine && voters == 1;
}

static const char digits[] = "0123456789abcdef";

void keepers_address_put(const struct tomte_addr *addr,
                         char text[KEEPERS_ADDRESS_BYTES])
{
    uint8_t port[2] = {(uint8_t)(addr->port >> 8), (uint8_t)addr->port};
    for (unsigned i = 0; i < 18; i++) {
        uint8_t b = i < 16 ? addr->ip[i] : port[i - 16];
        text[2 * i] = digits[b >> 4];
        text[2 * i + 1] = digits[b & 15];
    }
    text[36] = 0;
}

bool keepers_address_get(const char *text, struct tomte_addr *addr)
{
    uint8_t bytes[18];
    for (unsigned i = 0; i < 36; i++) {
        const char *digit = text[i] == 0 ? NULL : strchr(digits, text[i]);
        if (digit == NULL)
            return false;
        unsigned half = (unsigned)(digit - digits);
        unsigned high = i % 2 == 0 ? 0 : bytes[i / 2];
        bytes[i / 2] = (uint8_t)(high << 4 | half);
    }
    memcpy(addr->ip, bytes, 16);
    addr->port = tomte_get_be16(bytes + 16);
    return text[36] == 0;
}
