/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/binding.h"

#include <string.h>

static int compare(const struct tomte_binding *a,
                   const struct tomte_binding *b);
static void insert(struct tomte_bindings *t, const struct tomte_binding *row);
static enum tomte_err check(const struct tomte_bindings *t);
static size_t lower(const struct tomte_bindings *t,
                    const struct tomte_binding *key);
static bool is_peer_of(const struct tomte_bindings *t, size_t at,
                       const struct tomte_channel_name *channel);

void tomte_bindings_init(struct tomte_bindings *t, struct tomte_binding *rows,
                         uint16_t cap)
{
    *t = (struct tomte_bindings){.rows = rows, .cap = cap};
}

enum tomte_err tomte_bindings_set(struct tomte_bindings *t,
                                  const struct tomte_binding *rows,
                                  size_t count)
{
    t->len = 0;
    if (count > t->cap)
        return TOMTE_ERR_FULL;
    for (size_t i = 0; i < count; i++)
        insert(t, &rows[i]);
    enum tomte_err err = check(t);
    if (err != TOMTE_OK)
        t->len = 0;
    return err;
}

const struct tomte_binding *
tomte_bindings_owner(const struct tomte_bindings *t,
                     const struct tomte_channel_name *channel)
{
    size_t at = lower(t, &(struct tomte_binding){.channel = *channel});
    if (at == t->len || t->rows[at].role != TOMTE_BINDING_OWNER ||
        !tomte_channel_name_equal(&t->rows[at].channel, channel))
        return NULL;
    return &t->rows[at];
}

const struct tomte_binding *
tomte_bindings_peers(const struct tomte_bindings *t,
                     const struct tomte_channel_name *channel, size_t *count)
{
    size_t first = lower(t, &(struct tomte_binding){
                                .channel = *channel,
                                .role = TOMTE_BINDING_PEER,
                            });
    size_t end = first;
    while (is_peer_of(t, end, channel))
        end++;
    *count = end - first;
    return *count ? &t->rows[first] : NULL;
}

const struct tomte_binding *
tomte_bindings_peer(const struct tomte_bindings *t,
                    const struct tomte_channel_name *channel,
                    const struct tomte_name *identity)
{
    size_t at = lower(t, &(struct tomte_binding){
                             .channel = *channel,
                             .role = TOMTE_BINDING_PEER,
                             .identity = *identity,
                         });
    if (!is_peer_of(t, at, channel) ||
        !tomte_name_equal(&t->rows[at].identity, identity))
        return NULL;
    return &t->rows[at];
}

const char *tomte_channel_kind_name(unsigned kind)
{
    static const char *const names[] = {
        [TOMTE_CHANNEL_STATE] = "state",
        [TOMTE_CHANNEL_EVENT] = "event",
        [TOMTE_CHANNEL_ACTUATOR] = "actuator",
    };
    return kind < sizeof names / sizeof *names ? names[kind] : "?";
}

static int compare(const struct tomte_binding *a, const struct tomte_binding *b)
{
    int order = tomte_span_compare(tomte_channel_name_span(&a->channel),
                                   tomte_channel_name_span(&b->channel));
    if (order == 0)
        order = (a->role > b->role) - (a->role < b->role);
    if (order == 0)
        order = tomte_span_compare(tomte_name_span(&a->identity),
                                   tomte_name_span(&b->identity));
    return order;
}

/* From the end: rows that come sorted are only appended. */
static void insert(struct tomte_bindings *t, const struct tomte_binding *row)
{
    size_t at = t->len;
    while (at > 0 && compare(&t->rows[at - 1], row) > 0)
        at--;
    struct tomte_binding *place = &t->rows[at];
    memmove(place + 1, place, (t->len - at) * sizeof *place);
    *place = *row;
    t->len++;
}

static enum tomte_err check(const struct tomte_bindings *t)
{
    for (size_t i = 0; i < t->len; i++) {
        const struct tomte_binding *row = &t->rows[i];
        const struct tomte_binding *before = i > 0 ? row - 1 : NULL;
        bool first = !before ||
                     !tomte_channel_name_equal(&before->channel, &row->channel);
        if (first && row->role != TOMTE_BINDING_OWNER)
            return TOMTE_ERR_INVALID;
        if (first)
            continue;
        if (row->role == TOMTE_BINDING_OWNER || compare(before, row) == 0)
            return TOMTE_ERR_DUPLICATE;
        if (row->kind != before->kind || row->role != TOMTE_BINDING_PEER)
            return TOMTE_ERR_INVALID;
    }
    return TOMTE_OK;
}

/* The first row that is not before the key. */
static size_t lower(const struct tomte_bindings *t,
                    const struct tomte_binding *key)
{
    size_t low = 0;
    size_t high = t->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&t->rows[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_peer_of(const struct tomte_bindings *t, size_t at,
                       const struct tomte_channel_name *channel)
{
    return at < t->len && t->rows[at].role == TOMTE_BINDING_PEER &&
           tomte_channel_name_equal(&t->rows[at].channel, channel);
}
