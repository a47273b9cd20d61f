/* SPDX-License-Identifier: Apache-2.0 */
#include "keepers_of.h"

#include "cbor/cbor.h"
#include "command.h"

#include <string.h>

static void get_keeper(struct tomte_cbor_dec *d, struct keeper_of *k)
{
    tomte_cbor_enter_array(d);
    k->id = tomte_cbor_get_uint(d);
    struct tomte_span name = tomte_cbor_get_text(d);
    if (name.len > TOMTE_NAME_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    else if (name.len > 0)
        memcpy(k->name, name.data, name.len);
    tomte_cbor_get_bytes_exact(d, k->addr.ip, sizeof k->addr.ip);
    k->addr.port = (uint16_t)tomte_cbor_get_u32(d, 1, UINT16_MAX);
    k->votes = tomte_cbor_get_uint(d) == TOMTE_REPLICA_VOTER;
    k->heard_ms = tomte_cbor_get_uint(d) - 1;
    tomte_cbor_leave(d);
}

enum tomte_err keepers_of_decode(struct tomte_span bytes, struct keepers_of *k)
{
    struct tomte_cbor_dec d;
    memset(k, 0, sizeof *k);
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    k->term = tomte_cbor_get_uint(&d);
    k->leader = tomte_cbor_get_uint(&d);
    k->changing = tomte_cbor_get_bool(&d);
    tomte_cbor_enter_array(&d);
    while (k->len < TOMTE_REPLICA_MEMBERS_MAX && tomte_cbor_more(&d))
        get_keeper(&d, &k->all[k->len++]);
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

enum tomte_err keepers_of_get(struct client *c, const struct tomte_addr *node,
                              struct keepers_of *k)
{
    struct client_answer a = client_get(c, node, "/.tomte/keepers", NULL);
    if (a.err != TOMTE_OK)
        return a.err;
    return keepers_of_decode(TOMTE_SPAN(a.data, a.len), k);
}

const struct keeper_of *keepers_of_leader(const struct keepers_of *k)
{
    for (unsigned i = 0; i < k->len; i++)
        if (k->leader != 0 && k->all[i].id == k->leader)
            return &k->all[i];
    return NULL;
}

/* What the leader itself says, of whom this node knows; one that was removed or
 * cut off may know of an old one. */
static enum tomte_err ask_leader(struct client *c,
                                 const struct tomte_addr *node,
                                 struct keepers_of *k)
{
    enum tomte_err err = keepers_of_get(c, node, k);
    const struct keeper_of *leader = keepers_of_leader(k);
    if (err != TOMTE_OK || leader == NULL)
        return TOMTE_ERR_NOT_FOUND;
    struct tomte_addr addr = leader->addr;
    if (tomte_addr_equal(&addr, node))
        return TOMTE_OK;
    err = keepers_of_get(c, &addr, k);
    leader = keepers_of_leader(k);
    return err == TOMTE_OK && leader != NULL &&
                   tomte_addr_equal(&leader->addr, &addr)
               ? TOMTE_OK
               : TOMTE_ERR_NOT_FOUND;
}

/* The home file's keeper first: nearly always it is enough. */
enum tomte_err keepers_of_find(struct home_run *run, struct client *c,
                               struct keepers_of *k)
{
    const struct home_node *first = homefile_keeper(&run->home);
    enum tomte_err found = TOMTE_ERR_NOT_FOUND;
    client_set_timeout(c, 700);
    for (size_t i = 0; i <= run->home.nodes_len && found != TOMTE_OK; i++) {
        const struct home_node *n = i == 0 ? first : &run->home.nodes[i - 1];
        if (i > 0 && n == first)
            continue;
        found = ask_leader(c, &n->addr, k);
    }
    client_set_timeout(c, 5000);
    return found;
}

struct tomte_addr leading_keeper(struct home_run *run, struct client *c)
{
    struct keepers_of k;
    if (keepers_of_find(run, c, &k) == TOMTE_OK)
        return keepers_of_leader(&k)->addr;
    return homefile_keeper(&run->home)->addr;
}
