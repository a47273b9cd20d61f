/* SPDX-License-Identifier: Apache-2.0 */
/* Exactly once and in order, whatever the network does and whoever falls. */
#include "model_events.h"

#define SEEDS 200
#define STEPS 800

static struct model m;

static void run(bool producer_sync, bool consumers_sync)
{
    uint64_t crashes = 0, holes = 0, gaps = 0, repeated = 0, full = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        model_init(&m, seed, 1 + seed % MODEL_CONSUMERS, producer_sync,
                   consumers_sync);
        for (int step = 0; step < STEPS; step++)
            model_chaos(&m);
        model_heal(&m);
        model_check(&m);
        model_check_complete(&m);
        crashes += m.seen.crashes;
        holes += m.seen.holes;
        gaps += m.seen.gaps;
        repeated += m.seen.duplicates + m.seen.in_progress;
        full += m.seen.full;
    }
    /* The model met what it is there for. */
    CHECK(crashes > SEEDS && holes > SEEDS && repeated > SEEDS && full > 0);
    /* Only who forgets what it acknowledged has a gap within a stream. */
    CHECK(consumers_sync == (gaps == 0));
}

TEST(events_between_sync_containers_are_exactly_once)
{
    run(true, true);
}

TEST(events_of_an_async_producer_are_exactly_once_as_far_as_it_remembers)
{
    run(false, true);
}

TEST(events_to_async_consumers_stay_in_order_and_drain)
{
    run(true, false);
}

TEST(events_between_async_containers_stay_in_order_and_drain)
{
    run(false, false);
}
