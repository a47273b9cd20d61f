/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of commands, each behind its length in two bytes, against one
 * home. Check and apply agree, a refused one changes nothing, and what came of
 * all goes through a snapshot unchanged. */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc.h"
#include "home/home.h"
#include "home/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tomte_home_limits limits = {4, 8, 4, 8};
static uint8_t memory[2][32768];
static uint8_t snapshots[2][65536];
static uint8_t view[65536];

static struct tomte_span snapshot(const struct tomte_home *home, unsigned at)
{
    struct tomte_span bytes;
    TOMTE_ASSERT(tomte_home_snapshot_encode(
                     home, TOMTE_BUF_ARRAY(snapshots[at]), &bytes) == TOMTE_OK);
    return bytes;
}

static void begin(struct tomte_home *home, unsigned at)
{
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory[at], sizeof(memory[at]));
    TOMTE_ASSERT(tomte_home_init(home, &arena, limits) == TOMTE_OK);
}

static void one(struct tomte_home *home, struct tomte_span command)
{
    struct tomte_home_report report;
    struct tomte_span before = snapshot(home, 0);
    enum tomte_err expected = tomte_home_check(home, command, NULL);
    enum tomte_err err = tomte_home_apply(home, command, &report);
    TOMTE_ASSERT(err == expected && err == report.err);
    if (err != TOMTE_OK)
        TOMTE_ASSERT(tomte_span_equal(before, snapshot(home, 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_home home, other;
    begin(&home, 0);
    while (size >= 2) {
        size_t len = tomte_get_be16(data);
        if (len > size - 2)
            len = size - 2;
        one(&home, TOMTE_SPAN(data + 2, len));
        data += 2 + len;
        size -= 2 + len;
    }
    struct tomte_span first = snapshot(&home, 0);
    begin(&other, 1);
    TOMTE_ASSERT(tomte_home_snapshot_decode(&other, first, NULL) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(first, snapshot(&other, 1)));
    for (unsigned i = 0; i < home.nodes_len; i++) {
        struct tomte_span bytes;
        struct tomte_view v;
        enum tomte_err err = tomte_view_encode(&home, home.node_order[i],
                                               TOMTE_BUF_ARRAY(view), &bytes);
        TOMTE_ASSERT(err == TOMTE_OK);
        TOMTE_ASSERT(tomte_view_open(bytes, &v) == TOMTE_OK);
    }
    return 0;
}
