/* SPDX-License-Identifier: Apache-2.0 */
/* Fenced: what actuators accept, against what the simulator knows of grants.
 * A grant has reached an actuator when its node stored it; that is remembered
 * here, also over the crashes of that node. */
#include "check.h"

#include <stdlib.h>

#define SEEN_MAX 8192

/* The highest epoch of an identity that reached an actuator, and the highest
 * that it accepted a write of. */
struct seen {
    uint16_t node;
    size_t resource;
    struct tomte_name identity;
    uint64_t granted, accepted;
};

struct fenced {
    struct sim *w;
    size_t len;
    struct seen seen[SEEN_MAX];
};

static void *make(struct sim *w)
{
    struct fenced *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static struct seen *seen_of(struct fenced *c, uint16_t node, size_t resource,
                            const struct tomte_name *identity)
{
    for (size_t i = 0; i < c->len; i++)
        if (c->seen[i].node == node && c->seen[i].resource == resource &&
            tomte_name_equal(&c->seen[i].identity, identity))
            return &c->seen[i];
    TOMTE_ASSERT(c->len < SEEN_MAX);
    c->seen[c->len] = (struct seen){
        .node = node, .resource = resource, .identity = *identity};
    return &c->seen[c->len++];
}

static void grant(void *ctx, uint16_t node, size_t resource,
                  const struct tomte_name *identity, uint64_t epoch)
{
    struct seen *s = seen_of(ctx, node, resource, identity);
    if (epoch > s->granted)
        s->granted = epoch;
}

static void fail(const struct fenced *c, const struct seen *s, uint64_t epoch,
                 const char *what, uint64_t other)
{
    const struct tomte_name *node = &c->w->nodes[s->node].config.name;
    sim_fail(c->w, "fenced: %.*s accepted epoch %llu of %.*s %s epoch %llu",
             (int)node->len, node->text, (unsigned long long)epoch,
             (int)s->identity.len, s->identity.text, what,
             (unsigned long long)other);
}

static void write(void *ctx, uint16_t node, size_t resource,
                  const struct tomte_name *identity, uint64_t epoch,
                  enum tomte_err verdict)
{
    struct fenced *c = ctx;
    if (verdict != TOMTE_OK)
        return;
    struct seen *s = seen_of(c, node, resource, identity);
    if (epoch < s->granted)
        fail(c, s, epoch, "after the grant of", s->granted);
    if (epoch < s->accepted)
        fail(c, s, epoch, "after a write of", s->accepted);
    if (epoch > s->accepted)
        s->accepted = epoch;
    /* One master: whatever the actuator knows, nothing of an older epoch is
     * accepted when a newer one runs. */
    char text[TOMTE_NAME_MAX + 1] = {0};
    for (unsigned i = 0; i < identity->len; i++)
        text[i] = identity->text[i];
    uint64_t running;
    (void)sim_runner(c->w, text, &running);
    if (epoch < running)
        fail(c, s, epoch, "while there runs", running);
}

const struct sim_check check_fenced = {
    .name = "fenced", .make = make, .grant = grant, .write = write};
