/* SPDX-License-Identifier: Apache-2.0 */
/* One question: may who asks do this to that path? What is not listed is
 * denied: 4.01 to who said nothing that proves who it is, 4.03 to who did.
 *
 *   anybody   what there is; what containers say to each other (not yet
 *             secured: see docs/design/0002)
 *   a node    asks its keeper for a lease, its view, images, and who keeps too
 *   a keeper  the same of another; tells a node that it has a new view; keeps
 *             the log with the others
 *   owner     everything */
#include "node/internal.h"

struct rule {
    uint8_t code; /* 0: any */
    bool more;    /* the path goes on behind it */
    uint8_t who;  /* WHO bits */
    const char *path;
};

enum {
    WHO_ANYBODY = 1,
    WHO_NODE = 2,
    WHO_KEEPER = 4,
};

static const struct rule rules[] = {
    {TOMTE_COAP_GET, false, WHO_ANYBODY, "/.well-known/core"},
    {TOMTE_COAP_GET, true, WHO_ANYBODY | WHO_NODE | WHO_KEEPER,
     "/.tomte/blob/"},
    {TOMTE_COAP_GET, true, WHO_ANYBODY, "/.tomte/checkpoint/"},
    {TOMTE_COAP_POST, true, WHO_ANYBODY, "/.tomte/log/"},
    {TOMTE_COAP_POST, false, WHO_NODE | WHO_KEEPER, "/.tomte/lease"},
    {TOMTE_COAP_GET, false, WHO_NODE | WHO_KEEPER, "/.tomte/view"},
    {TOMTE_COAP_POST, false, WHO_KEEPER, "/.tomte/plan"},
    {TOMTE_COAP_POST, false, WHO_KEEPER, "/.tomte/raft"},
    {TOMTE_COAP_GET, false, WHO_NODE | WHO_KEEPER, "/.tomte/keepers"},
};

static bool matches(const struct rule *r, uint8_t code, struct tomte_span path)
{
    struct tomte_span name = tomte_span_str(r->path);
    bool begins = tomte_span_equal(tomte_span_slice(path, 0, name.len), name);
    return r->code == code && begins &&
           (r->more ? path.len > name.len : path.len == name.len);
}

static bool is_ours(struct tomte_span path)
{
    struct tomte_span name = TOMTE_SPAN_LIT("/.tomte");
    return tomte_span_equal(tomte_span_slice(path, 0, name.len), name);
}

static unsigned who_is(const struct node_known *asker)
{
    if (asker == NULL)
        return WHO_ANYBODY;
    return asker->role == ROLE_KEEPER ? WHO_KEEPER : WHO_NODE;
}

/* A channel: whether a container or a person speaks is seen by the origin. */
static bool is_between_containers(const struct tomte_coap_msg *msg)
{
    struct tomte_channel_request c;
    return tomte_channel_request_decode(msg, &c) == TOMTE_OK &&
           (c.has_origin || c.op == TOMTE_CHANNEL_READ ||
            c.op == TOMTE_CHANNEL_OBSERVE || c.op == TOMTE_CHANNEL_FORGET);
}

enum tomte_err node_gate(const struct tomte_node *n,
                         const struct node_known *asker,
                         const struct tomte_coap_msg *msg)
{
    uint8_t memory[NODE_PATH_BYTES];
    struct tomte_span path;
    unsigned who = who_is(asker);
    if (asker != NULL && asker->role == ROLE_OWNER)
        return TOMTE_OK;
    enum tomte_err err =
        tomte_coap_get_path(msg->options, TOMTE_BUF_ARRAY(memory), &path);
    if (err != TOMTE_OK)
        return err;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if ((rules[i].who & who) != 0 && matches(&rules[i], msg->code, path))
            return TOMTE_OK;
    if (n->keys.has_charter && asker == NULL && !is_ours(path) &&
        is_between_containers(msg))
        return TOMTE_OK;
    return asker == NULL ? TOMTE_ERR_UNAUTHORIZED : TOMTE_ERR_DENIED;
}

enum tomte_err node_gate_as(struct tomte_node *n, uint32_t request,
                            const struct tomte_name *name)
{
    const struct node_known *asker = node_link_asker(n, request);
    if (asker == NULL)
        return TOMTE_ERR_UNAUTHORIZED;
    return asker->role == ROLE_OWNER || tomte_name_equal(&asker->name, name)
               ? TOMTE_OK
               : TOMTE_ERR_DENIED;
}
