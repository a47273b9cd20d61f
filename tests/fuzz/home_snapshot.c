/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot that decodes is encoded to the same bytes, every view of it opens,
 * and the plan finds its way through it. */
#include "base/assert.h"
#include "home/home.h"
#include "home/plan.h"
#include "home/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tomte_home_limits limits = {4, 8, 4, 8};
static uint8_t memory[32768];
static uint8_t again[65536];

static void check_views(const struct tomte_home *home)
{
    for (unsigned i = 0; i < home->nodes_len; i++) {
        struct tomte_span bytes;
        struct tomte_view v;
        TOMTE_ASSERT(tomte_view_encode(home, home->node_order[i],
                                       TOMTE_BUF_ARRAY(again),
                                       &bytes) == TOMTE_OK);
        TOMTE_ASSERT(tomte_view_open(bytes, &v) == TOMTE_OK);
    }
}

/* What is due is possible, and with everything up it comes to an end. */
static void check_plan(struct tomte_home *home)
{
    struct tomte_node_seen nodes[4] = {{0}};
    struct tomte_container_seen containers[4] = {{0}};
    struct tomte_observed seen = {.nodes = nodes, .containers = containers};
    struct tomte_plan plan = {0};
    struct tomte_command c;
    unsigned commands = 0;
    while (!tomte_plan_idle(&plan, home)) {
        for (unsigned i = 0; i < 4; i++) {
            nodes[i].standing = TOMTE_STANDING_HELD;
            nodes[i].confirmed = home->version;
        }
        struct tomte_span bytes;
        if (!tomte_plan_next(&plan, home, &seen, &c))
            continue;
        TOMTE_ASSERT(tomte_command_encode(&c, TOMTE_BUF_ARRAY(again), &bytes) ==
                     TOMTE_OK);
        TOMTE_ASSERT(tomte_home_apply(home, bytes, NULL) == TOMTE_OK);
        TOMTE_ASSERT(++commands < 200);
        tomte_plan_again(&plan);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_home home;
    struct tomte_arena arena;
    struct tomte_home_report report;
    struct tomte_span bytes;
    tomte_arena_init(&arena, memory, sizeof(memory));
    TOMTE_ASSERT(tomte_home_init(&home, &arena, limits) == TOMTE_OK);
    enum tomte_err err =
        tomte_home_snapshot_decode(&home, TOMTE_SPAN(data, size), &report);
    TOMTE_ASSERT(err == report.err);
    if (err != TOMTE_OK)
        return 0;
    TOMTE_ASSERT(tomte_home_snapshot_encode(&home, TOMTE_BUF_ARRAY(again),
                                            &bytes) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, TOMTE_SPAN(data, size)));
    check_views(&home);
    check_plan(&home);
    return 0;
}
