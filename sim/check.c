/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

static const struct sim_check *const checks[] = {
    &check_fenced,       &check_leases,   &check_actors,
    &check_nothing_lost, &check_accounts, &check_converges,
    &check_bounds,       &check_nonces,   NULL};

void checks_make(struct sim *w)
{
    for (unsigned i = 0; checks[i] != NULL; i++)
        w->check_ctx[i] = checks[i]->make(w);
    w->checks = checks;
}

void checks_second(struct sim *w)
{
    for (unsigned i = 0; checks[i] != NULL && !w->failed; i++)
        if (checks[i]->second != NULL)
            checks[i]->second(w->check_ctx[i]);
}

void checks_end(struct sim *w)
{
    for (unsigned i = 0; checks[i] != NULL && !w->failed; i++)
        if (checks[i]->end != NULL)
            checks[i]->end(w->check_ctx[i]);
}

void checks_free(struct sim *w)
{
    for (unsigned i = 0; w->checks != NULL && checks[i] != NULL; i++)
        free(w->check_ctx[i]);
}

struct sim_node *sim_runner(struct sim *w, const char *identity,
                            uint64_t *epoch)
{
    struct sim_node *found = NULL;
    struct tomte_slot_report r;
    size_t len = strlen(identity);
    *epoch = 0;
    for (unsigned i = 0; i < w->nodes_len; i++) {
        struct sim_node *n = &w->nodes[i];
        for (size_t s = 0; n->node != NULL && tomte_node_slot(n->node, s, &r);
             s++) {
            if (!r.running || r.epoch <= *epoch || r.identity->len != len ||
                memcmp(r.identity->text, identity, len) != 0)
                continue;
            *epoch = r.epoch;
            found = n;
        }
    }
    return found;
}
