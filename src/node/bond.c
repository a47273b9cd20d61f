/* SPDX-License-Identifier: Apache-2.0 */
#include "node/internal.h"

#include <string.h>

#define RESERVE_NAME   TOMTE_SPAN_LIT("sequence")
#define RESERVE_STEP   4096u
#define NODE_LOST      (UINT64_C(1) << 35)
#define CHALLENGES_MAX 512u /* a second */
#define OPTIONS_BYTES  256u
#define PASSING_MAX    16u

/* Two for each pair that may ask each other, and for people. */
static uint16_t bonds_of(const struct tomte_node_config *c)
{
    (void)c; /* the same for every small node */
#ifdef TOMTE_MCU
    return 16;
#else
    return (uint16_t)(64 + 4 * c->sizes.home_nodes);
#endif
}

size_t node_bond_memory(const struct tomte_node_config *config)
{
    return bonds_of(config) * sizeof(struct bond) + 64;
}

/* ---- numbers ---- */

static enum tomte_err load_reserve(struct tomte_node *n, uint64_t *stored)
{
    uint8_t value[8] = {0};
    size_t len = 0;
    enum tomte_err err =
        tomte_store_get(&n->store, RESERVE_NAME, TOMTE_BUF_ARRAY(value), &len);
    *stored =
        err == TOMTE_OK && len == sizeof value ? tomte_get_le64(value) : 0;
    if (n->names_lost || err == TOMTE_ERR_CORRUPT)
        *stored += NODE_LOST;
    return err == TOMTE_ERR_IO ? err : TOMTE_OK;
}

static enum tomte_err put_reserve(struct tomte_node *n, uint64_t number)
{
    uint8_t value[8];
    tomte_put_le64(value, number);
    enum tomte_err err =
        tomte_store_put(&n->store, RESERVE_NAME, TOMTE_SPAN_ARRAY(value));
    if (err == TOMTE_OK)
        n->bonds.storing = number;
    return err;
}

enum tomte_err node_bond_init(struct tomte_node *n)
{
    struct node_bonds *t = &n->bonds;
    t->len = bonds_of(&n->config);
    t->list = tomte_arena_take(n->arena, t->len * sizeof *t->list, 16);
    if (t->list == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = load_reserve(n, &t->begin);
    if (err != TOMTE_OK)
        return err;
    t->fresh = t->begin == 0;
    return put_reserve(n, t->begin + RESERVE_STEP);
}

void node_bond_store(struct tomte_node *n)
{
    struct node_bonds *t = &n->bonds;
    if (t->wanted <= t->reserve)
        return;
    enum tomte_err err = put_reserve(n, t->wanted + RESERVE_STEP);
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("sequence numbers"), "cannot be stored",
                     err);
}

/* What the context asks for, when that much is stored; else it is wanted. */
static bool refill(struct tomte_node *n, struct bond *b)
{
    struct tomte_oscore_effect e;
    if (!tomte_oscore_poll(&b->o, &e))
        return true;
    if (e.sequence > n->bonds.reserve) {
        if (e.sequence > n->bonds.wanted)
            n->bonds.wanted = e.sequence;
        n->again = true;
        return false;
    }
    tomte_oscore_stored(&b->o, e.sequence);
    return true;
}

void node_bond_synced(struct tomte_node *n)
{
    struct node_bonds *t = &n->bonds;
    if (t->storing <= t->reserve)
        return;
    t->reserve = t->storing;
    for (unsigned i = 0; i < t->len; i++)
        if (t->list[i].used)
            (void)refill(n, &t->list[i]);
}

/* ---- the table ---- */

struct bond *node_bond_find(struct tomte_node *n, uint32_t number)
{
    for (unsigned i = 0; number != 0 && i < n->bonds.len; i++)
        if (n->bonds.list[i].used && n->bonds.list[i].number == number)
            return &n->bonds.list[i];
    return NULL;
}

/* What it has used is above where it began, and below its limit. Who comes next
 * begins there: numbers for many are stored before they run out, or a program's
 * first answer would have to wait for the store. */
static void evict(struct tomte_node *n, struct bond *b)
{
    struct node_bonds *t = &n->bonds;
    if (b->o.limit > t->begin)
        t->begin = b->o.limit;
    uint64_t ahead = t->begin + RESERVE_STEP / 2;
    if (ahead > t->reserve && ahead > t->wanted) {
        t->wanted = ahead;
        n->again = true;
    }
    t->fresh = false;
    tomte_oscore_wipe(&b->o);
    b->used = false;
}

/* Of people's programs the eldest, when there are many; else a place that is
 * free, or that of the bond that was used least lately. */
static struct bond *place(struct tomte_node *n, bool passing)
{
    struct bond *oldest = NULL, *oldest_passing = NULL, *free = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < n->bonds.len; i++) {
        struct bond *b = &n->bonds.list[i];
        if (!b->used) {
            free = b;
            continue;
        }
        count += b->passing;
        if (oldest == NULL || b->used_ms < oldest->used_ms)
            oldest = b;
        if (b->passing &&
            (oldest_passing == NULL || b->used_ms < oldest_passing->used_ms))
            oldest_passing = b;
    }
    struct bond *b = free;
    if (passing && count >= PASSING_MAX)
        b = oldest_passing;
    if (b == NULL)
        b = oldest;
    if (b->used)
        evict(n, b);
    return b;
}

static enum tomte_err agree(struct tomte_node *n, const struct bond *b,
                            struct tomte_association *a)
{
    struct node_bonds *t = &n->bonds;
    bool owner = b->peer.role == ROLE_OWNER;
    if (owner && t->has_owner &&
        memcmp(t->owner_open, b->peer.open, sizeof t->owner_open) == 0) {
        *a = t->owner;
        return TOMTE_OK;
    }
    enum tomte_err err = tomte_association_agree(
        a, n->config.crypto, n->keys.charter.home, &n->keys.own, b->peer.open);
    if (owner && err == TOMTE_OK) {
        t->owner = *a;
        t->has_owner = true;
        memcpy(t->owner_open, b->peer.open, sizeof t->owner_open);
    }
    return err;
}

static enum tomte_err derive(struct tomte_node *n, struct bond *b,
                             const struct tomte_span *context)
{
    struct tomte_association a;
    enum tomte_err err = agree(n, b, &a);
    if (err != TOMTE_OK)
        return err;
    size_t asks = TOMTE_ASSOCIATION_CLIENT_ID_BYTES;
    size_t asked = TOMTE_ASSOCIATION_SERVER_ID_BYTES;
    struct tomte_oscore_config config = {
        .master_secret = TOMTE_SPAN_ARRAY(a.secret),
        .sender_id = TOMTE_SPAN(n->keys.own.open, b->client ? asks : asked),
        .recipient_id = TOMTE_SPAN(b->peer.open, b->client ? asked : asks),
        .has_id_context = context != NULL,
        .restarted = !n->bonds.fresh || context != NULL,
        .stored = n->bonds.begin};
    if (context != NULL)
        config.id_context = *context;
    tomte_drbg_fill(&n->drbg, TOMTE_BUF_ARRAY(config.echo));
    err = tomte_oscore_init(&b->o, n->config.crypto, &config);
    tomte_association_wipe(&a);
    return err;
}

static struct bond *settle(struct tomte_node *n, struct bond *b)
{
    b->used = true;
    b->number = ++n->bonds.last;
    b->used_ms = n->now_ms;
    return b;
}

static struct bond *make(struct tomte_node *n, const struct node_known *peer,
                         bool client)
{
    struct bond *b = place(n, false);
    *b = (struct bond){.peer = *peer, .client = client};
    enum tomte_err err = derive(n, b, NULL);
    if (err == TOMTE_OK)
        return settle(n, b);
    node_log_err(n, tomte_name_span(&peer->name), "its key", err);
    return NULL;
}

/* A key that was replaced makes another context. */
struct bond *node_bond_to(struct tomte_node *n, const struct node_known *peer)
{
    if (peer->role == ROLE_NONE)
        return NULL;
    for (unsigned i = 0; i < n->bonds.len; i++) {
        struct bond *b = &n->bonds.list[i];
        if (!b->used || !b->client ||
            memcmp(b->peer.open, peer->open, sizeof peer->open) != 0)
            continue;
        b->used_ms = n->now_ms;
        return b;
    }
    return make(n, peer, true);
}

struct bond *node_bond_to_keeper(struct tomte_node *n,
                                 const struct tomte_addr *addr)
{
    struct node_known keeper = node_keys_keeper(n, addr);
    return node_bond_to(n, &keeper);
}

/* The key is still that of who may speak: it may have been taken away. */
static struct bond *checked(struct tomte_node *n, struct bond *b)
{
    b->used_ms = n->now_ms;
    if (node_keys_still(n, &b->peer))
        return b;
    evict(n, b);
    return NULL;
}

struct bond *node_bond_for(struct tomte_node *n,
                           const struct tomte_oscore_option *option)
{
    for (unsigned i = 0; i < n->bonds.len; i++) {
        struct bond *b = &n->bonds.list[i];
        if (b->used && !b->client && tomte_oscore_is_for(&b->o, option) &&
            checked(n, b) != NULL)
            return b;
    }
    if (!option->has_kid ||
        option->kid.len != TOMTE_ASSOCIATION_CLIENT_ID_BYTES)
        return NULL;
    struct node_known peer = node_keys_find(n, option->kid);
    if (peer.role == ROLE_NONE)
        return NULL;
    if (!option->has_kid_context)
        return make(n, &peer, false);
    struct bond *guest = &n->bonds.guest;
    *guest = (struct bond){.peer = peer, .passing = true};
    if (peer.role != ROLE_OWNER ||
        derive(n, guest, &option->kid_context) != TOMTE_OK)
        return NULL;
    return guest;
}

struct bond *node_bond_keep(struct tomte_node *n, struct bond *b)
{
    if (b != &n->bonds.guest)
        return b;
    struct bond *kept = place(n, true);
    *kept = *b;
    tomte_oscore_wipe(&b->o);
    return settle(n, kept);
}

/* ---- messages ---- */

static enum tomte_err with_echo(const struct bond *b,
                                const struct tomte_coap_parts *plain,
                                struct tomte_buf memory,
                                struct tomte_coap_parts *out)
{
    struct tomte_coap_options o;
    *out = *plain;
    tomte_coap_options_init(&o, memory);
    tomte_coap_put_all(&o, plain->options);
    tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN(b->echo, b->echo_len));
    return tomte_coap_options_end(&o, &out->options);
}

enum tomte_err node_bond_request(struct tomte_node *n, struct bond *b,
                                 const struct tomte_coap_parts *plain,
                                 struct tomte_buf out,
                                 struct tomte_oscore_exchange *x,
                                 struct tomte_coap_parts *message)
{
    uint8_t memory[OPTIONS_BYTES + NODE_ECHO_MAX + 4];
    struct tomte_coap_parts parts = *plain;
    enum tomte_err err = TOMTE_OK;
    if (b->echo_len > 0)
        err = with_echo(b, plain, TOMTE_BUF_ARRAY(memory), &parts);
    if (err != TOMTE_OK)
        return err;
    err = tomte_oscore_protect_request(&b->o, &parts, out, x, message);
    if (err == TOMTE_ERR_AGAIN && refill(n, b))
        err = tomte_oscore_protect_request(&b->o, &parts, out, x, message);
    if (err != TOMTE_OK)
        return err;
    b->echo_len = 0;
    (void)refill(n, b);
    return TOMTE_OK;
}

enum tomte_err node_bond_response(struct tomte_node *n, struct bond *b,
                                  struct tomte_oscore_exchange *x,
                                  const struct tomte_coap_parts *plain,
                                  struct tomte_buf out,
                                  struct tomte_coap_parts *message)
{
    enum tomte_err err =
        tomte_oscore_protect_response(&b->o, x, plain, out, message);
    if (err == TOMTE_ERR_AGAIN && refill(n, b))
        err = tomte_oscore_protect_response(&b->o, x, plain, out, message);
    if (err == TOMTE_OK)
        (void)refill(n, b);
    return err;
}

enum tomte_err node_bond_challenge(struct tomte_node *n, struct bond *b,
                                   struct tomte_oscore_exchange *x,
                                   struct tomte_buf out,
                                   struct tomte_coap_parts *message)
{
    struct node_bonds *t = &n->bonds;
    if (n->now_ms - t->challenge_ms >= 1000) {
        t->challenge_ms = n->now_ms;
        t->challenges = 0;
    }
    if (t->challenges == CHALLENGES_MAX)
        return TOMTE_ERR_AGAIN;
    t->challenges++;
    enum tomte_err err = tomte_oscore_challenge(&b->o, x, out, message);
    if (err == TOMTE_ERR_AGAIN && refill(n, b))
        err = tomte_oscore_challenge(&b->o, x, out, message);
    if (err == TOMTE_OK)
        (void)refill(n, b);
    return err;
}

bool node_bond_challenged(struct bond *b, const struct tomte_coap_parts *plain)
{
    struct tomte_span echo;
    if (plain->code != TOMTE_COAP_UNAUTHORIZED ||
        !tomte_coap_find(plain->options, TOMTE_COAP_OPT_ECHO, &echo) ||
        echo.len == 0 || echo.len > sizeof b->echo)
        return false;
    memcpy(b->echo, echo.data, echo.len);
    b->echo_len = (uint8_t)echo.len;
    return true;
}
