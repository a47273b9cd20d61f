/* SPDX-License-Identifier: Apache-2.0 */
/* The owner of a simulated home: a key, the charter that it signs, and which
 * node has which key. */
#include "world.h"

#include <string.h>

/* The owner's key is not in the trace. */
void keys_init(struct sim *w)
{
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    tomte_random_fill(&w->fate, TOMTE_BUF_ARRAY(w->home_id));
    tomte_random_fill(&w->fate, TOMTE_BUF_ARRAY(random));
    enum tomte_err err =
        tomte_key_pair_init(&w->owner, &tomte_crypto_fake, random);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static void sign_charter(struct sim *w)
{
    struct tomte_charter c = {.number = 1, .keepers_len = 1};
    struct tomte_span bytes;
    memcpy(c.home, w->home_id, sizeof c.home);
    memcpy(c.owner, w->owner.open, sizeof c.owner);
    c.keepers[0].name = w->nodes[0].config.name;
    memcpy(c.keepers[0].open, w->nodes[0].open, sizeof c.keepers[0].open);
    enum tomte_err err = tomte_charter_encode(
        &tomte_crypto_fake, &c, &w->owner, TOMTE_BUF_ARRAY(w->charter), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    w->charter_len = bytes.len;
}

/* Who has another key than before is a stranger until the person says who it
 * is. */
bool keys_meet(struct sim *w, uint16_t node)
{
    struct sim_node *n = &w->nodes[node];
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
    tomte_node_key(n->node, open);
    if (memcmp(open, n->open, sizeof open) == 0)
        return false;
    memcpy(n->open, open, sizeof open);
    if (w->person != NULL)
        person_admit(w->person, node);
    if (w->charter_len > 0)
        return false;
    sign_charter(w);
    return true;
}
