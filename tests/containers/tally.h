/* SPDX-License-Identifier: Apache-2.0 */
/* Counts messages on "in", puts the count on "count" and the event on "said";
 * a timer, set by each message, adds a hundred. Two versions of it. */
#pragma once

#include "tomte.h"

static struct {
    uint64_t count;
    int count_port;
    int said_port;
} tally;

static void tally_ports(void)
{
    tally.count_port = tomte_port("count");
    tally.said_port = tomte_port("said");
}

static void tally_add(uint64_t n)
{
    tally.count += n;
    tomte_put_number(tally.count_port, (double)tally.count);
    tomte_put_number(tally.said_port, (double)tally.count);
}

static bool tally_is(const char *word, size_t len)
{
    char text[16];
    int n = tomte_read(text, sizeof(text));
    for (size_t i = 0; i < len; i++)
        if (n != (int)len || text[i] != word[i])
            return false;
    return true;
}
