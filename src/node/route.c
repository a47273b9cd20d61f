/* SPDX-License-Identifier: Apache-2.0 */
/* From a request's path to the one function that serves it, and from an answer
 * to the file that asked. Names under /.tomte/ are the links between nodes and
 * what people ask of a node; every other path is a channel. */
#include "node/internal.h"

#include "coap/link_format.h"

struct request {
    const struct tomte_addr *from;
    uint32_t handle;
    const struct tomte_coap_msg *msg;
    struct tomte_span rest; /* of the path, behind the service's name */
};

typedef void (*serve_fn)(struct tomte_node *n, const struct request *r);

static void lease(struct tomte_node *n, const struct request *r)
{
    node_keeper_lease(n, r->from, r->handle, r->msg);
}

static void plan(struct tomte_node *n, const struct request *r)
{
    node_control_poke(n, r->handle, r->msg);
}

static void view(struct tomte_node *n, const struct request *r)
{
    node_keeper_view(n, r->from, r->handle, r->msg);
}

static void why(struct tomte_node *n, const struct request *r)
{
    node_keeper_why(n, r->handle, r->rest);
}

static void blob_get(struct tomte_node *n, const struct request *r)
{
    node_blob_get(n, r->handle, r->msg, r->rest);
}

static void blob_put(struct tomte_node *n, const struct request *r)
{
    node_upload_blob(n, r->from, r->handle, r->msg, r->rest);
}

/* Each record has its number in the history. */
static void records(struct tomte_node *n, const struct request *r)
{
    node_link_numbered(n, r->handle);
    node_standby_records(n, r->from, r->handle, r->msg, r->rest);
}

static void checkpoint(struct tomte_node *n, const struct request *r)
{
    node_standby_checkpoint_get(n, r->handle, r->msg, r->rest);
}

static void status(struct tomte_node *n, const struct request *r)
{
    node_status_get(n, r->from, r->handle, r->msg);
}

static void command(struct tomte_node *n, const struct request *r)
{
    node_upload_command(n, r->from, r->handle, r->msg);
}

static void raft(struct tomte_node *n, const struct request *r)
{
    node_group_frame(n, r->from, r->handle, r->msg);
}

static void keepers_get(struct tomte_node *n, const struct request *r)
{
    node_group_get(n, r->handle);
}

static void keepers_post(struct tomte_node *n, const struct request *r)
{
    node_group_post(n, r->handle, r->msg);
}

static void logs(struct tomte_node *n, const struct request *r)
{
    node_logs_get(n, r->from, r->handle, r->msg);
}

static void charter(struct tomte_node *n, const struct request *r)
{
    enum tomte_err err = node_keys_take(n, r->msg->payload);
    if (err == TOMTE_OK)
        node_reply_cbor(n, r->handle, TOMTE_COAP_CHANGED, TOMTE_SPAN_NONE);
    else
        node_reply_error(n, r->handle, err, NULL);
}

static const struct service {
    const char *name;
    uint8_t code;
    bool keeper; /* 4.04 on nodes that are none */
    bool more;   /* the path goes on behind the name */
    serve_fn serve;
} services[] = {
    {"lease", TOMTE_COAP_POST, true, false, lease},
    {"plan", TOMTE_COAP_POST, false, false, plan},
    {"view", TOMTE_COAP_GET, true, false, view},
    {"why", TOMTE_COAP_GET, true, true, why},
    {"blob", TOMTE_COAP_GET, false, true, blob_get},
    {"blob", TOMTE_COAP_PUT, false, true, blob_put},
    {"log", TOMTE_COAP_POST, false, true, records},
    {"checkpoint", TOMTE_COAP_GET, false, true, checkpoint},
    {"status", TOMTE_COAP_GET, false, false, status},
    {"command", TOMTE_COAP_POST, true, false, command},
    {"raft", TOMTE_COAP_POST, false, false, raft},
    {"keepers", TOMTE_COAP_GET, true, false, keepers_get},
    {"keepers", TOMTE_COAP_POST, true, false, keepers_post},
    {"logs", TOMTE_COAP_GET, false, false, logs},
    {"charter", TOMTE_COAP_POST, false, false, charter},
};

/* "/.tomte/NAME" or "/.tomte/NAME/REST"; false when it is no such path. */
static bool split(struct tomte_span path, struct tomte_span *name,
                  struct tomte_span *rest)
{
    const struct tomte_span prefix = TOMTE_SPAN_LIT("/.tomte/");
    if (!tomte_span_equal(tomte_span_slice(path, 0, prefix.len), prefix))
        return false;
    path = tomte_span_slice(path, prefix.len, path.len);
    size_t end = 0;
    while (end < path.len && path.data[end] != '/')
        end++;
    *name = tomte_span_slice(path, 0, end);
    *rest = tomte_span_slice(path, end + 1, path.len);
    return true;
}

static void serve(struct tomte_node *n, struct request *r,
                  struct tomte_span name)
{
    enum tomte_err err = TOMTE_ERR_NOT_FOUND;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        const struct service *s = &services[i];
        if (!tomte_span_equal(tomte_span_str(s->name), name) ||
            s->more != (r->rest.len > 0) || (s->keeper && n->keeper == NULL))
            continue;
        if (s->code == r->msg->code) {
            s->serve(n, r);
            return;
        }
        err = TOMTE_ERR_METHOD;
    }
    node_reply_error(n, r->handle, err, NULL);
}

/* ---- /.well-known/core (RFC 6690) ---- */

static enum tomte_err make_links(struct tomte_node *n, void *ctx,
                                 struct tomte_buf out, struct tomte_span *bytes)
{
    const struct request *r = ctx;
    struct tomte_coap_link_format w;
    tomte_coap_link_format_init(&w, out);
    tomte_coap_link_format_filter(&w, r->msg->options);
    for (unsigned i = 0; i < n->config.sizes.cells; i++) {
        const struct cell *c = &n->cells[i];
        if (c->source != CELL_RESOURCE && c->source != CELL_PORT)
            continue;
        struct tomte_coap_link_attrs link = {
            .path = tomte_channel_name_span(&c->channel),
            .type = TOMTE_SPAN_LIT("tomte.state"),
            .content_format = TOMTE_FORMAT_SENML_CBOR,
            .observable = true};
        tomte_coap_link_format_put(&w, &link);
    }
    return tomte_coap_link_format_end(&w, bytes);
}

/* ---- channels ---- */

static void channel_get(struct tomte_node *n, const struct request *r,
                        const struct tomte_channel_request *c)
{
    node_cell_get(n, r->from, r->handle, c);
}

static void channel_send(struct tomte_node *n, const struct request *r,
                         const struct tomte_channel_request *c)
{
    unsigned port;
    int resource = node_resource_find(n, &c->channel);
    struct slot *s = node_receive_find(n, &c->to, &c->channel, &port);
    if (resource >= 0 && n->resources[resource].is.kind == TOMTE_NODE_BUTTON &&
        !c->has_origin)
        node_resource_press(n, (size_t)resource, r->handle, c);
    else if (s != NULL)
        node_receive_message(n, s, port, r->handle, c);
    else
        node_reply_error(n, r->handle, TOMTE_ERR_NOT_FOUND,
                         "no event channel of this name here");
}

static void channel_write(struct tomte_node *n, const struct request *r,
                          const struct tomte_channel_request *c)
{
    int resource = node_resource_find(n, &c->channel);
    bool actuator =
        resource >= 0 && n->resources[resource].is.kind == TOMTE_NODE_ACTUATOR;
    if (!actuator)
        node_reply_error(n, r->handle, TOMTE_ERR_NOT_FOUND,
                         "no actuator of this name here");
    else if (c->op == TOMTE_CHANNEL_RELEASE)
        node_actuator_release(n, (size_t)resource, r->handle);
    else
        node_actuator_write(n, (size_t)resource, r->handle, c);
}

static void channel(struct tomte_node *n, const struct request *r)
{
    struct tomte_channel_request c;
    enum tomte_err err = tomte_channel_request_decode(r->msg, &c);
    if (err != TOMTE_OK) {
        node_reply_error(n, r->handle, err, NULL);
        return;
    }
    if (c.has_origin) /* stream and sequence: once in inbox and actuator */
        node_link_numbered(n, r->handle);
    switch (c.op) {
    case TOMTE_CHANNEL_READ:
    case TOMTE_CHANNEL_OBSERVE:
    case TOMTE_CHANNEL_FORGET:
        channel_get(n, r, &c);
        break;
    case TOMTE_CHANNEL_SEND:
        channel_send(n, r, &c);
        break;
    case TOMTE_CHANNEL_WRITE:
    case TOMTE_CHANNEL_RELEASE:
        channel_write(n, r, &c);
        break;
    }
}

void node_route_request(struct tomte_node *n, const struct tomte_addr *from,
                        uint32_t request, const struct tomte_coap_msg *msg)
{
    uint8_t memory[NODE_PATH_BYTES];
    struct tomte_span path, name;
    struct request r = {.from = from, .handle = request, .msg = msg};
    enum tomte_err err =
        tomte_coap_get_path(msg->options, TOMTE_BUF_ARRAY(memory), &path);
    if (err != TOMTE_OK)
        node_reply_error(n, request, err, NULL);
    else if (split(path, &name, &r.rest))
        serve(n, &r, name);
    else if (msg->code == TOMTE_COAP_GET &&
             tomte_span_equal(path, TOMTE_SPAN_LIT("/.well-known/core")))
        node_reply_page(n, request, from, msg, PAGE_LINKS, make_links, &r);
    else
        channel(n, &r);
}

/* ---- answers: from the cookie to who asked ---- */

void node_route_response(struct tomte_node *n, uint64_t c,
                         const struct tomte_coap_msg *msg, bool last)
{
    switch (cookie_kind(c)) {
    case COOKIE_LEASE:
        node_control_answer(n, msg);
        break;
    case COOKIE_FETCH:
        node_fetch_answer(n, c, msg);
        break;
    case COOKIE_OBSERVE:
        node_cell_answer(n, c, msg, last);
        break;
    case COOKIE_WRITE:
        node_deliver_write_answer(n, c, msg);
        break;
    case COOKIE_SEND:
        node_deliver_send_answer(n, c, msg);
        break;
    case COOKIE_RECORDS:
        node_replicate_answer(n, c, msg);
        break;
    case COOKIE_KEEPERS:
        node_keepers_answer(n, msg);
        break;
    case COOKIE_POKE:
        break;
    }
}

void node_route_failed(struct tomte_node *n, uint64_t c)
{
    switch (cookie_kind(c)) {
    case COOKIE_LEASE:
        node_control_failed(n);
        break;
    case COOKIE_FETCH:
        node_fetch_failed(n, c);
        break;
    case COOKIE_OBSERVE:
        node_cell_failed(n, c);
        break;
    case COOKIE_WRITE:
        node_deliver_write_failed(n, c);
        break;
    case COOKIE_SEND:
        node_deliver_send_failed(n, c);
        break;
    case COOKIE_RECORDS:
        node_replicate_failed(n, c);
        break;
    case COOKIE_KEEPERS:
    case COOKIE_POKE:
        break;
    }
}

void node_route_challenged(struct tomte_node *n, uint64_t c)
{
    node_route_failed(n, c);
    if (cookie_kind(c) == COOKIE_LEASE)
        n->lease_now = true;
    n->again = true;
}

/* ---- asking ---- */

enum tomte_err node_ask(struct tomte_node *n, const struct node_ask *ask,
                        uint32_t *handle)
{
    uint8_t memory[2 * NODE_PATH_BYTES];
    struct tomte_coap_options o;
    struct tomte_coap_request request = {
        .to = ask->to,
        .parts = {.code = ask->code, .payload = ask->payload},
        .cookie = ask->cookie,
        .timeout_ms = ask->timeout_ms,
        .confirmable = ask->confirmable};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, tomte_span_str(ask->path));
    if (ask->query != NULL)
        tomte_coap_put_query(&o, tomte_span_str(ask->query));
    if (ask->payload.len > 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT,
                            TOMTE_FORMAT_CBOR);
    if (ask->block2 != NULL)
        tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK2, ask->block2);
    enum tomte_err err = tomte_coap_options_end(&o, &request.parts.options);
    if (err != TOMTE_OK)
        return err;
    return node_link_request(n, ask->bond, &request, handle);
}
