/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that tell people what the keeper sees and decides. */
#include "base/text.h"
#include "home/codec.h"
#include "home/keeper_private.h"

static void list(struct tomte_text *t, const struct tomte_command *c);
static unsigned owned_by(const struct tomte_home *home, uint16_t node);

void tomte_keeper_describe(const struct tomte_home *home,
                           const struct tomte_command *c, char *line)
{
    struct tomte_text t;
    tomte_text_init(&t, line, LINE_BYTES);
    if (c->op >= TOMTE_COMMAND_BIND) {
        tomte_text_span(&t, NAME(c->name));
        tomte_text_str(&t, ": ");
    }
    switch (c->op) {
    case TOMTE_COMMAND_BIND:
        tomte_text_str(&t, "port ");
        tomte_text_span(&t, NAME(c->binds[0].port));
        tomte_text_str(&t, " is bound to ");
        tomte_text_span(&t, CHAN(c->binds[0].channel));
        break;
    case TOMTE_COMMAND_PLACE:
        tomte_text_str(&t, "epoch ");
        tomte_text_u64(&t, c->epoch);
        tomte_text_str(&t, " goes to ");
        tomte_text_span(&t, NAME(c->node));
        if (c->anew)
            tomte_text_str(&t, ", anew: its history is given up");
        break;
    case TOMTE_COMMAND_ACTIVATE: {
        uint16_t at = tomte_home_find_container(home, &c->name);
        tomte_text_str(&t, "epoch ");
        tomte_text_u64(&t, c->epoch);
        tomte_text_str(&t, " is active at ");
        tomte_text_span(
            &t, NAME(home->nodes[home->containers[at].placement.owner].name));
        break;
    }
    case TOMTE_COMMAND_INSYNC:
        tomte_text_str(&t, "the history is held by ");
        list(&t, c);
        break;
    case TOMTE_COMMAND_KEEP:
        tomte_text_str(&t, "the new version passed its trial and stays");
        break;
    case TOMTE_COMMAND_ROLLBACK:
        tomte_text_str(&t, "the new version makes room for the one before: ");
        tomte_text_span(&t, c->reason);
        break;
    case TOMTE_COMMAND_SHED:
        tomte_text_str(&t, "is put aside, there is no room; ");
        tomte_text_span(&t, NAME(c->node));
        tomte_text_str(&t, " matters more");
        break;
    case TOMTE_COMMAND_STANDBYS:
        tomte_text_str(&t, "stood by for by ");
        list(&t, c);
        break;
    default:
        tomte_text_str(&t, tomte_command_op_name(c->op));
        if (c->name.len > 0)
            tomte_text_char(&t, ' ');
        tomte_text_span(&t, NAME(c->name));
    }
}

bool tomte_keeper_say_lease(struct tomte_keeper *k, char *line)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_text t;
    for (unsigned i = 0; i < k->home->nodes_len; i++) {
        uint16_t node = k->home->node_order[i];
        struct tomte_keeper_node *n = &p->nodes[node];
        const struct tomte_node_seen *s = &p->seen[node];
        if (!n->say_lost && !n->say_back)
            continue;
        tomte_text_init(&t, line, LINE_BYTES);
        tomte_text_str(&t, "node ");
        tomte_text_span(&t, NAME(k->home->nodes[node].name));
        if (n->say_back) {
            tomte_text_str(&t, ": has a lease");
        } else {
            uint64_t since_ms = s->heard ? s->renewed_ms : k->seen.start_ms;
            tomte_text_str(&t, ": no lease, not heard of for ");
            tomte_text_u64(&t, p->now_ms - since_ms);
            tomte_text_str(&t, " ms");
            if (owned_by(k->home, node) > 0)
                tomte_text_str(&t, "; its containers move if they can");
        }
        n->was_lost = n->say_lost;
        n->say_lost = n->say_back = false;
        p->say_left--;
        return true;
    }
    return false;
}

static void list(struct tomte_text *t, const struct tomte_command *c)
{
    if (c->nodes_len == 0)
        tomte_text_str(t, "nobody");
    for (unsigned i = 0; i < c->nodes_len; i++) {
        if (i > 0)
            tomte_text_str(t, ", ");
        tomte_text_span(t, NAME(c->nodes[i]));
    }
}

static unsigned owned_by(const struct tomte_home *home, uint16_t node)
{
    unsigned n = 0;
    for (unsigned i = 0; i < home->containers_len; i++)
        n += home->containers[home->container_order[i]].placement.owner == node;
    return n;
}
