/* SPDX-License-Identifier: Apache-2.0 */
#include "home/rank.h"

#include "base/assert.h"
#include "home/table.h"

/* A tournament of 2^15 leaves is 15 high; each step leaves a half for later. */
#define DEPTH_MAX 17u

static size_t leaves_for(uint16_t nodes);
static struct tomte_home_rank rank_of(const struct tomte_home_node *n);
static struct tomte_home_rank best_of(struct tomte_home_rank a,
                                      struct tomte_home_rank b);
static bool has(struct tomte_home_left left, struct tomte_home_left need);

size_t tomte_home_ranks(uint16_t nodes)
{
    return 2 * leaves_for(nodes);
}

static uint32_t rest(uint32_t max, uint32_t taken)
{
    return max > taken ? max - taken : 0;
}

struct tomte_home_left tomte_home_left(const struct tomte_home_node *n)
{
    struct tomte_home_left left = {
        .memory_kib = rest(n->memory_max_kib, n->memory_kib),
        .fuel_per_second = UINT32_MAX,
        .flash_kib = UINT32_MAX,
    };
    if (n->fuel_max != 0)
        left.fuel_per_second = rest(n->fuel_max, n->fuel);
    if (n->flash_max_kib != 0)
        left.flash_kib = rest(n->flash_max_kib, n->flash_kib);
    return left;
}

uint32_t tomte_home_room(const struct tomte_home_node *n)
{
    if (n->containers >= n->containers_max)
        return 0;
    return 65535u - (uint32_t)n->containers * 65535u / n->containers_max;
}

void tomte_home_rank_node(struct tomte_home *home, uint16_t node)
{
    size_t at = leaves_for(home->limits.nodes) + home->nodes[node].order;
    home->ranks[at] = rank_of(&home->nodes[node]);
    for (at /= 2; at > 0; at /= 2)
        home->ranks[at] = best_of(home->ranks[2 * at], home->ranks[2 * at + 1]);
}

void tomte_home_rank_all(struct tomte_home *home)
{
    size_t leaves = leaves_for(home->limits.nodes);
    for (size_t i = 0; i < leaves; i++) {
        struct tomte_home_rank none = {0};
        if (i < home->nodes_len) {
            struct tomte_home_node *n = &home->nodes[home->node_order[i]];
            n->order = (uint16_t)i;
            none = rank_of(n);
        }
        home->ranks[leaves + i] = none;
    }
    for (size_t i = leaves - 1; i > 0; i--)
        home->ranks[i] = best_of(home->ranks[2 * i], home->ranks[2 * i + 1]);
}

uint16_t tomte_home_best(const struct tomte_home *home,
                         struct tomte_home_left need, tomte_home_will_do *will,
                         void *ctx)
{
    size_t leaves = leaves_for(home->limits.nodes);
    uint32_t later[DEPTH_MAX];
    unsigned len = 0;
    uint32_t best_rank = 0;
    uint16_t best = NONE;
    later[len++] = 1;
    while (len > 0) {
        uint32_t at = later[--len];
        const struct tomte_home_rank *r = &home->ranks[at];
        if (r->rank <= best_rank || !has(r->left, need))
            continue;
        if (at >= leaves) {
            uint16_t node = home->node_order[at - leaves];
            if (will(ctx, node)) {
                best = node;
                best_rank = r->rank;
            }
            continue;
        }
        bool right = home->ranks[2 * at + 1].rank > home->ranks[2 * at].rank;
        TOMTE_ASSERT(len + 2 <= DEPTH_MAX);
        later[len++] = 2 * at + !right;
        later[len++] = 2 * at + right; /* the better half goes first */
    }
    return best;
}

static size_t leaves_for(uint16_t nodes)
{
    size_t n = 1;
    while (n < nodes)
        n *= 2;
    return n;
}

static struct tomte_home_rank rank_of(const struct tomte_home_node *n)
{
    uint32_t room = tomte_home_room(n);
    if (n->retired || room == 0)
        return (struct tomte_home_rank){0};
    return (struct tomte_home_rank){
        .rank = (uint32_t)!n->battery << 31 | (uint32_t)(255 - n->hops) << 16 |
                room,
        .left = tomte_home_left(n),
    };
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static struct tomte_home_rank best_of(struct tomte_home_rank a,
                                      struct tomte_home_rank b)
{
    return (struct tomte_home_rank){
        .rank = most(a.rank, b.rank),
        .left =
            {
                .memory_kib = most(a.left.memory_kib, b.left.memory_kib),
                .fuel_per_second =
                    most(a.left.fuel_per_second, b.left.fuel_per_second),
                .flash_kib = most(a.left.flash_kib, b.left.flash_kib),
            },
    };
}

static bool has(struct tomte_home_left left, struct tomte_home_left need)
{
    return left.memory_kib >= need.memory_kib &&
           left.fuel_per_second >= need.fuel_per_second &&
           left.flash_kib >= need.flash_kib;
}
