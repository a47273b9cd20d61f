/* SPDX-License-Identifier: Apache-2.0 */
/* Who must not be beside whom.
 *
 * A link is container * TOMTE_APART_FROM_MAX + place in its list. */
#include "home/table.h"

#define NO_LINK UINT32_MAX

static const struct tomte_name *apart_name(const struct tomte_home *home,
                                           uint32_t link)
{
    return &home->containers[link / TOMTE_APART_FROM_MAX]
                .apart_from[link % TOMTE_APART_FROM_MAX];
}

static uint32_t *apart_next(struct tomte_home *home, uint32_t link)
{
    return &home->containers[link / TOMTE_APART_FROM_MAX]
                .next_apart[link % TOMTE_APART_FROM_MAX];
}

static uint32_t *apart_head(const struct tomte_home *home,
                            const struct tomte_name *name)
{
    uint32_t hash = tomte_home_hash(tomte_name_span(name));
    return &home->apart_by_name[hash & (uint32_t)(home->buckets - 1)];
}

void tomte_home_set_apart(struct tomte_home *home, uint16_t container,
                          const struct tomte_name *list, uint8_t len)
{
    struct tomte_home_container *c = &home->containers[container];
    uint32_t link = (uint32_t)container * TOMTE_APART_FROM_MAX;
    for (uint8_t i = 0; i < c->apart_from_len; i++) {
        uint32_t *at = apart_head(home, &c->apart_from[i]);
        while (*at != link + i)
            at = apart_next(home, *at);
        *at = c->next_apart[i];
    }
    c->apart_from_len = len;
    for (uint8_t i = 0; i < len; i++) {
        c->apart_from[i] = list[i];
        uint32_t *head = apart_head(home, &list[i]);
        c->next_apart[i] = *head;
        *head = link + i;
    }
}

static uint16_t seek_apart(const struct tomte_home *home, uint32_t link,
                           const struct tomte_name *identity, uint32_t *at)
{
    while (link != NO_LINK &&
           !tomte_name_equal(apart_name(home, link), identity))
        link = home->containers[link / TOMTE_APART_FROM_MAX]
                   .next_apart[link % TOMTE_APART_FROM_MAX];
    *at = link;
    return link == NO_LINK ? NONE : (uint16_t)(link / TOMTE_APART_FROM_MAX);
}

uint16_t tomte_home_first_apart(const struct tomte_home *home,
                                const struct tomte_name *identity, uint32_t *at)
{
    return seek_apart(home, *apart_head(home, identity), identity, at);
}

uint16_t tomte_home_next_apart(const struct tomte_home *home,
                               const struct tomte_name *identity, uint32_t *at)
{
    uint32_t next = home->containers[*at / TOMTE_APART_FROM_MAX]
                        .next_apart[*at % TOMTE_APART_FROM_MAX];
    return seek_apart(home, next, identity, at);
}
