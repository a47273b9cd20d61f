/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's part of a node: the log of commands, what the home came to by
 * them, and who is answered. The log is the store's: a snapshot blob and the
 * commands since. One keeper for now, so a command is decided when it is in
 * the log, and everything said about it leaves after the step's sync. */
#include "node/internal.h"

#include <string.h>

#define LOG_NAME      TOMTE_SPAN_LIT("home")
#define SNAPSHOT_NAME TOMTE_SPAN_LIT("home/snapshot")
#define LOG_BYTES     (256u << 10)
#define ENTRY_BYTES   4096u

static struct tomte_home_limits home_limits(const struct tomte_node_config *c)
{
    struct tomte_home_limits limits = tomte_home_limits_default();
    if (c->sizes.home_nodes < limits.nodes)
        limits.nodes = c->sizes.home_nodes;
    if (c->sizes.home_containers < limits.containers)
        limits.containers = c->sizes.home_containers;
    return limits;
}

/* It is one, or the port can make it one of several. */
static bool may_be_keeper(const struct tomte_node_config *c)
{
    return c->is_keeper || (c->replica != NULL && c->sizes.home_nodes > 0);
}

size_t node_keeper_memory(const struct tomte_node_config *config)
{
    struct tomte_home_limits limits = home_limits(config);
    if (!may_be_keeper(config))
        return 0;
    return sizeof(struct keeper_part) + tomte_home_bytes(limits) +
           tomte_keeper_bytes(limits) + TOMTE_COMMAND_BYTES_MAX + 512;
}

/* ---- the log ---- */

/* A command may be longer than an entry of the store: it is then cut, each
 * piece but the last marked. Entry: one byte (1: more to come), the piece. */
static enum tomte_err append(struct tomte_node *n, struct tomte_span command)
{
    uint8_t entry[ENTRY_BYTES];
    uint32_t max = tomte_store_value_max(&n->store, 0);
    uint32_t cap = (max < sizeof entry ? max : (uint32_t)sizeof entry) - 1;
    for (size_t at = 0; at < command.len; at += cap) {
        struct tomte_span piece = tomte_span_slice(command, at, cap);
        entry[0] = at + piece.len < command.len;
        memcpy(entry + 1, piece.data, piece.len);
        enum tomte_err err = tomte_store_log_append(
            &n->store, n->keeper->log, TOMTE_SPAN(entry, piece.len + 1), NULL);
        if (err != TOMTE_OK)
            return err;
    }
    return TOMTE_OK;
}

/* The whole state; then the commands that led to it are not needed. */
static enum tomte_err write_snapshot(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    struct tomte_store_writer w;
    struct tomte_store_log_range range;
    size_t mark = tomte_arena_mark(&n->scratch);
    size_t cap = n->scratch.size - mark;
    uint8_t *data = tomte_arena_take(&n->scratch, cap, 1);
    enum tomte_err err = tomte_home_snapshot_encode(
        &k->home, TOMTE_BUF(data, data == NULL ? 0 : cap), &bytes);
    if (err == TOMTE_OK)
        err = tomte_store_blob_begin(&n->store, &w, SNAPSHOT_NAME,
                                     (uint32_t)bytes.len);
    if (err == TOMTE_OK) {
        err = tomte_store_blob_write(&n->store, &w, bytes);
        if (err == TOMTE_OK)
            err = tomte_store_blob_commit(&n->store, &w);
        if (err != TOMTE_OK)
            tomte_store_blob_abort(&n->store, &w);
    }
    if (err == TOMTE_OK)
        err = tomte_store_log_range(&n->store, k->log, &range);
    if (err == TOMTE_OK)
        err = tomte_store_log_trim(&n->store, k->log, range.next);
    tomte_arena_release(&n->scratch, mark);
    return err;
}

static enum tomte_err load_snapshot(struct tomte_node *n)
{
    struct tomte_store_blob_info info;
    struct tomte_home_report report;
    enum tomte_err err = tomte_store_blob_find(&n->store, SNAPSHOT_NAME, &info);
    if (err == TOMTE_ERR_NOT_FOUND)
        return TOMTE_OK;
    size_t mark = tomte_arena_mark(&n->scratch);
    uint8_t *data = NULL;
    if (err == TOMTE_OK) {
        data = tomte_arena_take(&n->scratch, info.size, 1);
        err = data == NULL ? TOMTE_ERR_NO_MEMORY
                           : tomte_store_blob_check(&n->store, &info);
    }
    if (err == TOMTE_OK)
        err = tomte_store_blob_read(&n->store, &info, 0,
                                    TOMTE_BUF(data, info.size));
    if (err == TOMTE_OK)
        err = tomte_home_snapshot_decode(&n->keeper->home,
                                         TOMTE_SPAN(data, info.size), &report);
    tomte_arena_release(&n->scratch, mark);
    return err;
}

/* A snapshot is committed before the log is trimmed: after a cut between the
 * two the commands at the front of the log are in the snapshot already. So each
 * carries the home's version it was applied to, as its first eight bytes. */
static enum tomte_err replay(struct tomte_node *n, struct tomte_span entry)
{
    struct tomte_home *home = &n->keeper->home;
    struct tomte_home_report report;
    if (entry.len < 8)
        return TOMTE_ERR_CORRUPT;
    uint64_t version = tomte_get_le64(entry.data);
    if (version < home->version)
        return TOMTE_OK;
    if (version > home->version)
        return TOMTE_ERR_CORRUPT;
    return tomte_home_apply(home, tomte_span_slice(entry, 8, entry.len),
                            &report);
}

static enum tomte_err load_log(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    struct tomte_store_cursor cursor;
    uint8_t entry[ENTRY_BYTES];
    size_t len, have = 0;
    uint64_t sequence;
    enum tomte_err err = tomte_store_log_seek(&n->store, k->log, 0, &cursor);
    while (err == TOMTE_OK) {
        err = tomte_store_log_next(&n->store, &cursor, TOMTE_BUF_ARRAY(entry),
                                   &len, &sequence);
        if (err != TOMTE_OK)
            break;
        if (len < 1 || len - 1 > TOMTE_COMMAND_BYTES_MAX + 8 - have)
            return TOMTE_ERR_CORRUPT;
        memcpy(k->bytes + have, entry + 1, len - 1);
        have += len - 1;
        if (entry[0] != 0)
            continue;
        err = replay(n, TOMTE_SPAN(k->bytes, have));
        have = 0;
    }
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

static enum tomte_err log_command(struct tomte_node *n,
                                  struct tomte_span command)
{
    struct keeper_part *k = n->keeper;
    struct tomte_store_log_range range;
    enum tomte_err err = tomte_store_log_range(&n->store, k->log, &range);
    if (err == TOMTE_OK && range.bytes > LOG_BYTES / 2)
        err = write_snapshot(n);
    if (err != TOMTE_OK)
        return err;
    tomte_put_le64(k->bytes, k->home.version);
    memcpy(k->bytes + 8, command.data, command.len);
    return append(n, TOMTE_SPAN(k->bytes, command.len + 8));
}

/* ---- set-up ---- */

static enum tomte_err take_part(struct tomte_node *n)
{
    struct tomte_home_limits limits = home_limits(&n->config);
    struct keeper_part *k = tomte_arena_take(n->arena, sizeof *k, 16);
    TOMTE_ASSERT(k != NULL);
    n->spare = k;
    k->bytes = tomte_arena_take(n->arena, TOMTE_COMMAND_BYTES_MAX + 8, 1);
    TOMTE_ASSERT(k->bytes != NULL);
    enum tomte_err err = tomte_home_init(&k->home, n->arena, limits);
    if (err == TOMTE_OK &&
        !tomte_arena_split(n->arena, tomte_keeper_bytes(limits) + 64,
                           &k->memory))
        err = TOMTE_ERR_NO_MEMORY;
    return err;
}

/* The log of one that is alone. */
static enum tomte_err load_alone(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    enum tomte_err err =
        tomte_store_log_open(&n->store, LOG_NAME, LOG_BYTES, &k->log);
    if (err == TOMTE_OK)
        err = load_snapshot(n);
    if (err == TOMTE_OK)
        err = load_log(n);
    if (err != TOMTE_OK)
        return err;
    struct tomte_keeper_config config = {.home = &k->home,
                                         .term = n->boot,
                                         .admit = true,
                                         .still = n->config.without.failover,
                                         .now_ms = n->now_ms};
    k->leads = true;
    return tomte_keeper_init(&k->keeper, &config, &k->memory);
}

enum tomte_err node_keeper_forget_log(struct tomte_node *n)
{
    enum tomte_err err = tomte_store_log_remove(&n->store, LOG_NAME);
    if (err == TOMTE_OK)
        err = tomte_store_blob_remove(&n->store, SNAPSHOT_NAME);
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

enum tomte_err node_keeper_init(struct tomte_node *n)
{
    const struct tomte_replica *r = n->config.replica;
    if (!may_be_keeper(&n->config))
        return TOMTE_OK;
    enum tomte_err err = take_part(n);
    bool several = r != NULL && r->exists(&n->store);
    if (n->config.is_keeper || several)
        n->keeper = n->spare;
    if (err == TOMTE_OK && n->keeper != NULL)
        err = several ? node_group_open(n, false) : load_alone(n);
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("keeper"), "the home's log", err);
    return err;
}

bool node_keeper_leads(const struct tomte_node *n)
{
    return n->keeper != NULL && n->keeper->leads;
}

/* ---- effects ---- */

void node_keeper_answer_lease(struct tomte_node *n, uint32_t request,
                              const struct tomte_lease_answer *answer)
{
    uint8_t memory[128];
    struct tomte_span bytes;
    enum tomte_err err =
        tomte_lease_answer_encode(answer, TOMTE_BUF_ARRAY(memory), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    node_reply_cbor(n, request, TOMTE_COAP_CHANGED, bytes);
}

static void answer_lease(struct tomte_node *n, struct tomte_lease_answer answer)
{
    if (node_group_is_member(n))
        answer.lease_ms = node_group_lease_ms(n, answer.lease_ms);
    node_keeper_answer_lease(n, n->keeper->request, &answer);
}

static void step_applied(struct tomte_node *n, enum tomte_err err,
                         const char *text)
{
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_APPLIED,
                                   .now_ms = n->now_ms};
    e.u.applied.err = err;
    e.u.applied.text = text;
    tomte_keeper_step(&n->keeper->keeper, &e);
}

static void on_append(struct tomte_node *n, struct tomte_span command)
{
    struct tomte_home_report report = {.err = TOMTE_OK};
    if (node_group_is_member(n)) {
        node_group_propose(n, command);
        return;
    }
    enum tomte_err err = log_command(n, command);
    if (err != TOMTE_OK) {
        node_log_err(n, TOMTE_SPAN_LIT("keeper"), "the home's log", err);
        step_applied(n, err, tomte_err_text(err));
        return;
    }
    err = tomte_home_apply(&n->keeper->home,
                           TOMTE_SPAN(n->keeper->bytes + 8, command.len),
                           &report);
    step_applied(n, err, report.text);
}

static void poke(struct tomte_node *n, const struct tomte_name *name,
                 const struct tomte_addr *addr, uint64_t version)
{
    uint8_t memory[16];
    struct tomte_cbor_enc e;
    uint32_t handle;
    struct node_ask ask = {.to = *addr,
                           .code = TOMTE_COAP_POST,
                           .path = "/.tomte/plan",
                           .timeout_ms = 100,
                           .cookie = cookie(COOKIE_POKE, 0, 0)};
    struct node_known node = node_keys_node(n, name);
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_uint(&e, version);
    ask.bond = node_bond_to(n, &node);
    if (tomte_cbor_encode_done(&e, &ask.payload) != TOMTE_OK ||
        ask.bond == NULL)
        return;
    /* It may be lost; the next lease answer says the same. */
    if (node_ask(n, &ask, &handle) != TOMTE_OK)
        n->again = true;
}

static void on_reply(struct tomte_node *n, uint32_t token, enum tomte_err err,
                     const char *text)
{
    uint32_t *request = &n->keeper->commands[token % NODE_COMMANDS];
    if (*request == 0)
        return;
    if (err == TOMTE_OK)
        node_reply_cbor(n, *request, TOMTE_COAP_CHANGED, TOMTE_SPAN_NONE);
    else
        node_reply_error(n, *request, err, text);
    *request = 0;
}

static void drain(struct tomte_node *n)
{
    struct tomte_keeper_effect e;
    while (tomte_keeper_poll(&n->keeper->keeper, &e)) {
        switch (e.kind) {
        case TOMTE_KEEPER_ANSWER:
            answer_lease(n, e.u.answer);
            break;
        case TOMTE_KEEPER_REFUSE:
            node_reply_error(n, n->keeper->request, e.u.refuse, NULL);
            break;
        case TOMTE_KEEPER_APPEND:
            on_append(n, e.u.append);
            break;
        case TOMTE_KEEPER_POKE:
            poke(n, &e.u.poke.node, &e.u.poke.addr, e.u.poke.version);
            break;
        case TOMTE_KEEPER_REPLY:
            on_reply(n, e.u.reply.token, e.u.reply.err, e.u.reply.text);
            break;
        case TOMTE_KEEPER_LOG:
            node_log(n, TOMTE_LOG_INFO, e.u.log);
            break;
        }
    }
}

void node_keeper_applied(struct tomte_node *n, enum tomte_err err,
                         const char *text)
{
    step_applied(n, err, text);
    drain(n);
}

/* It asks itself for its own lease twice in one, so steps are never further
 * apart than that, but for a process that was stopped. */
void node_keeper_awake(struct tomte_node *n, uint64_t last_ms)
{
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_WOKE,
                                   .now_ms = n->now_ms};
    if (!n->keeper->leads || n->now_ms - last_ms <= n->keeper->home.lease_ms)
        return;
    node_log(n, TOMTE_LOG_WARN, "keeper: was stopped, waits for one lease");
    tomte_keeper_step(&n->keeper->keeper, &e);
    drain(n);
}

void node_keeper_work(struct tomte_node *n)
{
    if (node_group_is_member(n))
        node_group_work(n);
    if (!n->keeper->leads ||
        tomte_keeper_deadline(&n->keeper->keeper) > n->now_ms)
        return;
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_TIMER,
                                   .now_ms = n->now_ms};
    tomte_keeper_step(&n->keeper->keeper, &e);
    drain(n);
}

uint64_t node_keeper_deadline(const struct tomte_node *n)
{
    uint64_t at_ms = UINT64_MAX;
    if (n->keeper->leads)
        at_ms = tomte_keeper_deadline(&n->keeper->keeper);
    if (!node_group_is_member(n))
        return at_ms;
    uint64_t group_ms = node_group_deadline(n);
    return group_ms < at_ms ? group_ms : at_ms;
}

/* ---- requests ---- */

void node_keeper_lease(struct tomte_node *n, const struct tomte_addr *from,
                       uint32_t request, const struct tomte_coap_msg *msg)
{
    struct tomte_lease_request r;
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_LEASE_REQUEST,
                                   .now_ms = n->now_ms};
    enum tomte_err err = tomte_lease_request_decode(msg->payload, &r);
    if (err == TOMTE_OK)
        err = node_gate_as(n, request, &r.name);
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err, NULL);
        return;
    }
    /* A node of the home keeps to the HOME profile: what its requests leave
     * behind may be forgotten in ten seconds, not in minutes. */
    if (tomte_home_find_node(&n->keeper->home, &r.name) != TOMTE_HOME_NONE &&
        node_link_peer(n, from) != TOMTE_OK)
        node_log(n, TOMTE_LOG_WARN, "no room for a link to a node");
    if (!n->keeper->leads) {
        node_group_hint(n, request);
        return;
    }
    e.u.lease.request = &r;
    e.u.lease.from = *from;
    n->keeper->request = request;
    tomte_keeper_step(&n->keeper->keeper, &e);
    drain(n);
}

/* A container is not accepted without its image, which would be placed and then
 * found nowhere; nor with one that its nodes would refuse. */
static enum tomte_err judge_image(struct tomte_node *n,
                                  struct tomte_span command,
                                  struct tomte_image_report *report)
{
    struct tomte_store_blob_info info;
    struct tomte_command c;
    struct tomte_text t;
    if (tomte_command_decode(command, &c, NULL) != TOMTE_OK ||
        c.op != TOMTE_COMMAND_CONTAINER)
        return TOMTE_OK;
    if (node_image_here(n, c.digest, &info))
        return node_author_judge(n, &info, &c.name, c.manifest, report);
    tomte_text_init(&t, report->text, sizeof report->text);
    tomte_text_str(&t, "the image is not here: send it first");
    return TOMTE_ERR_MISSING;
}

void node_keeper_command(struct tomte_node *n, uint32_t request,
                         struct tomte_span command)
{
    struct keeper_part *k = n->keeper;
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_COMMAND,
                                   .now_ms = n->now_ms};
    uint32_t token = 0;
    struct tomte_image_report report;
    if (!k->leads) {
        node_reply_error(n, request, TOMTE_ERR_AGAIN,
                         "another keeper leads; GET /.tomte/keepers tells");
        return;
    }
    enum tomte_err err = judge_image(n, command, &report);
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err, report.text);
        return;
    }
    while (token < NODE_COMMANDS && k->commands[token] != 0)
        token++;
    if (token == NODE_COMMANDS) {
        node_reply_error(n, request, TOMTE_ERR_AGAIN, NULL);
        return;
    }
    k->commands[token] = request;
    e.u.command.bytes = command;
    e.u.command.token = token;
    tomte_keeper_step(&k->keeper, &e);
    drain(n);
}
