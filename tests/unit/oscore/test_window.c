/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "oscore/window.h"

TEST(each_number_is_taken_once)
{
    struct tomte_oscore_window w = {0};
    CHECK(tomte_oscore_window_check(w, 0));
    tomte_oscore_window_take(&w, 0);
    CHECK(!tomte_oscore_window_check(w, 0));
    CHECK(tomte_oscore_window_check(w, 1));
    tomte_oscore_window_take(&w, 31);
    CHECK(!tomte_oscore_window_check(w, 0));
    CHECK(!tomte_oscore_window_check(w, 31));
    CHECK(tomte_oscore_window_check(w, 1));
    tomte_oscore_window_take(&w, 33);
    CHECK(!tomte_oscore_window_check(w, 1)); /* too old to tell */
    CHECK(tomte_oscore_window_check(w, 2));
    tomte_oscore_window_take(&w, 2);
    CHECK(!tomte_oscore_window_check(w, 2));
    CHECK(!tomte_oscore_window_check(w, 31));
    tomte_oscore_window_take(&w, (UINT64_C(1) << 40) - 1);
    CHECK(!tomte_oscore_window_check(w, (UINT64_C(1) << 40) - 1));
    CHECK(tomte_oscore_window_check(w, (UINT64_C(1) << 40) - 2));
    CHECK(!tomte_oscore_window_check(w, 33));
}

TEST(a_started_window_takes_only_what_is_higher)
{
    struct tomte_oscore_window w = {0};
    tomte_oscore_window_start(&w, 100);
    for (uint64_t n = 0; n <= 100; n++)
        CHECK(!tomte_oscore_window_check(w, n));
    CHECK(tomte_oscore_window_check(w, 101));
    tomte_oscore_window_take(&w, 105);
    for (uint64_t n = 0; n <= 106; n++)
        CHECK_EQ(n > 100 && n != 105, tomte_oscore_window_check(w, n));
}

/* Against a list of all that was taken. */
TEST(random_orders)
{
    struct tomte_random r;
    tomte_random_init(&r, 1);
    for (int round = 0; round < 200; round++) {
        static bool taken[4096];
        struct tomte_oscore_window w = {0};
        uint64_t highest = 0;
        memset(taken, 0, sizeof taken);
        for (int i = 0; i < 500; i++) {
            uint64_t low = highest > 40 ? highest - 40 : 0;
            uint64_t n = low + tomte_random_below(&r, 50);
            if (tomte_random_chance(&r, 20))
                n = highest + tomte_random_below(&r, 200);
            if (n >= 4096)
                break;
            bool can_tell = w.next == 0 || n + 32 > highest;
            CHECK_EQ(!taken[n] && can_tell, tomte_oscore_window_check(w, n));
            if (!tomte_oscore_window_check(w, n))
                continue;
            tomte_oscore_window_take(&w, n);
            taken[n] = true;
            highest = n > highest ? n : highest;
        }
    }
}
