/* SPDX-License-Identifier: Apache-2.0 */
/* ping: puts a value as soon as the one before has come back, and counts. What
 * was lost on the way is noticed within a second and sent anew. */
#include "tomte.h"

static int back, size, out, count;
static uint32_t number, counted, last_counted;
static uint32_t bytes = 16;
static uint8_t value[TOMTE_PAYLOAD_MAX];

/* The number makes each value another one. */
static void send(void)
{
    number++;
    for (int i = 0; i < 4; i++)
        value[i] = (uint8_t)(number >> 8 * i);
    tomte_put(out, value, bytes);
}

static bool is_mine(void)
{
    uint8_t got[TOMTE_PAYLOAD_MAX];
    int len = tomte_read(got, sizeof got);
    return len == (int)bytes && got[0] == value[0] && got[1] == value[1] &&
           got[2] == value[2] && got[3] == value[3];
}

static void on_state(int port)
{
    double wanted;
    if (port == size && tomte_read_number(&wanted) == 0 && wanted >= 4 &&
        wanted <= TOMTE_PAYLOAD_MAX)
        bytes = (uint32_t)wanted;
    if (port == back && is_mine()) {
        counted++;
        send();
    }
}

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START) {
        back = tomte_port("back");
        size = tomte_port("size");
        out = tomte_port("out");
        count = tomte_port("count");
        tomte_timer(0, 1000);
    }
    if (event->kind == TOMTE_STATE)
        on_state((int)event->port);
    if (event->kind == TOMTE_TIMER) {
        if (counted == last_counted)
            send();
        last_counted = counted;
        tomte_put_number(count, counted);
        tomte_timer(0, 1000);
    }
}
