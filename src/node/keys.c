/* SPDX-License-Identifier: Apache-2.0 */
#include "node/internal.h"

#include <string.h>

#define KEY_NAME     TOMTE_SPAN_LIT("key")
#define CHARTER_NAME TOMTE_SPAN_LIT("charter")

/* ---- the own key ---- */

static enum tomte_err draw_key(struct tomte_node *n)
{
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    enum tomte_err err;
    do {
        tomte_drbg_fill(&n->drbg, TOMTE_BUF_ARRAY(random));
        err = tomte_key_pair_init(&n->keys.own, n->config.crypto, random);
    } while (err == TOMTE_ERR_INVALID);
    tomte_wipe(random, sizeof random);
    if (err != TOMTE_OK)
        return err;
    return tomte_store_put(&n->store, KEY_NAME,
                           TOMTE_SPAN_ARRAY(n->keys.own.secret));
}

/* One that cannot be read any more is gone for good: the node is a new one. */
static enum tomte_err load_key(struct tomte_node *n)
{
    uint8_t secret[TOMTE_P256_PRIVATE_BYTES];
    size_t len = 0;
    enum tomte_err err =
        tomte_store_get(&n->store, KEY_NAME, TOMTE_BUF_ARRAY(secret), &len);
    if (err == TOMTE_ERR_CORRUPT)
        node_log(n, TOMTE_LOG_ERROR,
                 "key: it is damaged, this node has a new one now");
    if (err == TOMTE_OK && len == sizeof secret)
        err = tomte_key_pair_init(&n->keys.own, n->config.crypto, secret);
    else
        err = draw_key(n);
    tomte_wipe(secret, sizeof secret);
    return err;
}

/* ---- the charter ---- */

static bool load_charter(struct tomte_node *n)
{
    uint8_t bytes[TOMTE_CHARTER_BYTES_MAX];
    size_t len = 0;
    enum tomte_err err =
        tomte_store_get(&n->store, CHARTER_NAME, TOMTE_BUF_ARRAY(bytes), &len);
    if (err == TOMTE_ERR_NOT_FOUND)
        return false;
    /* It was checked when it was stored; a recovery key may have signed it. */
    struct tomte_charter *c = &n->keys.charter;
    if (err == TOMTE_OK)
        err = tomte_charter_reopen(TOMTE_SPAN(bytes, len), c);
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("charter"), "the stored one", err);
    return err == TOMTE_OK;
}

/* The one of the config: the first, or one that follows on the stored one. */
static enum tomte_err take_charter(struct tomte_node *n, struct tomte_span in)
{
    struct node_keys *k = &n->keys;
    enum tomte_err err =
        k->has_charter ? tomte_charter_follow(n->config.crypto, in, &k->charter,
                                              &k->charter)
                       : tomte_charter_open(n->config.crypto, in, &k->charter);
    if (err == TOMTE_ERR_STALE)
        return TOMTE_OK; /* the stored one, or older */
    if (err == TOMTE_OK)
        err = tomte_store_put(&n->store, CHARTER_NAME, in);
    if (err == TOMTE_OK)
        k->has_charter = true;
    return err;
}

enum tomte_err node_keys_take(struct tomte_node *n, struct tomte_span message)
{
    if (!n->keys.has_charter)
        return TOMTE_ERR_STATE; /* the first one is not taken from the net */
    uint64_t number = n->keys.charter.number;
    enum tomte_err err = take_charter(n, message);
    if (err == TOMTE_OK && n->keys.charter.number == number)
        return TOMTE_ERR_STALE;
    if (err == TOMTE_OK)
        node_log(n, TOMTE_LOG_INFO, "charter: a newer one");
    return err;
}

static void tell(struct tomte_node *n)
{
    struct node_keys *k = &n->keys;
    const struct tomte_charter_keeper *self =
        tomte_charter_keeper(&k->charter, &n->config.name);
    if (!k->has_charter)
        node_log(n, TOMTE_LOG_INFO,
                 "charter: none yet, this node belongs to nobody");
    else if (n->config.is_keeper &&
             (self == NULL ||
              memcmp(self->open, k->own.open, sizeof self->open) != 0))
        node_log(n, TOMTE_LOG_ERROR,
                 "charter: it does not name this node as a keeper");
}

enum tomte_err node_keys_init(struct tomte_node *n)
{
    struct node_keys *k = &n->keys;
    enum tomte_err err = load_key(n);
    if (err != TOMTE_OK)
        return err;
    k->has_charter = load_charter(n);
    if (n->config.charter.len > 0)
        err = take_charter(n, n->config.charter);
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("charter"), "is not believed", err);
    tell(n);
    return err == TOMTE_ERR_IO ? err : TOMTE_OK;
}

/* ---- others ---- */

static struct node_known known(enum node_role role,
                               const struct tomte_name *name,
                               const uint8_t open[TOMTE_P256_PUBLIC_BYTES])
{
    struct node_known k = {.role = role};
    if (name != NULL)
        k.name = *name;
    memcpy(k.open, open, sizeof k.open);
    return k;
}

static bool begins(const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                   struct tomte_span with)
{
    return with.len <= TOMTE_P256_PUBLIC_BYTES &&
           memcmp(open, with.data, with.len) == 0;
}

struct node_known node_keys_find(const struct tomte_node *n,
                                 struct tomte_span begin)
{
    const struct tomte_charter *c = &n->keys.charter;
    if (!n->keys.has_charter || begin.len == 0)
        return (struct node_known){.role = ROLE_NONE};
    if (begins(c->owner, begin))
        return known(ROLE_OWNER, NULL, c->owner);
    for (unsigned i = 0; i < c->keepers_len; i++)
        if (begins(c->keepers[i].open, begin))
            return known(ROLE_KEEPER, &c->keepers[i].name, c->keepers[i].open);
    const struct tomte_home *h = n->keeper != NULL ? &n->keeper->home : NULL;
    for (unsigned i = 0; h != NULL && i < h->nodes_len; i++) {
        const struct tomte_home_node *it = &h->nodes[h->node_order[i]];
        if (it->has_key && begins(it->key, begin))
            return known(ROLE_NODE, &it->name, it->key);
    }
    return (struct node_known){.role = ROLE_NONE};
}

bool node_keys_still(const struct tomte_node *n, struct node_known *peer)
{
    struct node_known now = {.role = ROLE_OWNER};
    if (peer->name.len > 0)
        now = node_keys_node(n, &peer->name);
    else
        memcpy(now.open, n->keys.charter.owner, sizeof now.open);
    if (now.role == ROLE_NONE ||
        memcmp(now.open, peer->open, sizeof now.open) != 0)
        return false;
    *peer = now;
    return true;
}

struct node_known node_keys_node(const struct tomte_node *n,
                                 const struct tomte_name *name)
{
    const struct tomte_charter_keeper *k =
        n->keys.has_charter ? tomte_charter_keeper(&n->keys.charter, name)
                            : NULL;
    if (k != NULL)
        return known(ROLE_KEEPER, &k->name, k->open);
    uint16_t at = n->keeper == NULL
                      ? TOMTE_HOME_NONE
                      : tomte_home_find_node(&n->keeper->home, name);
    if (at == TOMTE_HOME_NONE || !n->keeper->home.nodes[at].has_key)
        return (struct node_known){.role = ROLE_NONE};
    return known(ROLE_NODE, name, n->keeper->home.nodes[at].key);
}

static bool name_in_view(const struct tomte_node *n,
                         const struct tomte_addr *addr, struct tomte_name *out)
{
    struct tomte_view_iter it;
    struct tomte_view_node keeper;
    if (!n->has_view)
        return false;
    tomte_view_keepers(&n->view, &it);
    while (tomte_view_next_keeper(&it, &keeper))
        if (tomte_addr_equal(&keeper.addr, addr)) {
            *out = keeper.name;
            return true;
        }
    return false;
}

static bool name_in_home(const struct tomte_node *n,
                         const struct tomte_addr *addr, struct tomte_name *out)
{
    const struct tomte_home *h = n->keeper == NULL ? NULL : &n->keeper->home;
    for (unsigned i = 0; h != NULL && i < h->nodes_len; i++) {
        const struct tomte_home_node *it = &h->nodes[h->node_order[i]];
        if (!it->retired && tomte_addr_equal(&it->addr, addr)) {
            *out = it->name;
            return true;
        }
    }
    return false;
}

struct node_known node_keys_keeper(const struct tomte_node *n,
                                   const struct tomte_addr *addr)
{
    const struct tomte_charter *c = &n->keys.charter;
    struct tomte_name name = n->config.keeper_name;
    if (!n->keys.has_charter)
        return (struct node_known){.role = ROLE_NONE};
    bool named = name.len > 0 && tomte_addr_equal(addr, &n->config.keeper);
    if (!named && !name_in_view(n, addr, &name) &&
        !name_in_home(n, addr, &name)) {
        if (c->keepers_len != 1 || !tomte_addr_equal(addr, &n->config.keeper))
            return (struct node_known){.role = ROLE_NONE};
        name = c->keepers[0].name;
    }
    return node_keys_node(n, &name);
}
