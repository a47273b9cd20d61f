/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for all that it can think of and puts what it was told on "result". */
#include "tomte.h"

static uint8_t big[600];

TOMTE_ON_EVENT(event)
{
    int out = tomte_port("result");
    if (event->kind == TOMTE_START)
        return;
    tomte_put_number(out, tomte_port("/hall/door/lock"));
    tomte_put_number(out, tomte_port("/hall/lamp/on"));
    tomte_put_number(out, tomte_put(tomte_port("in"), big, 1));
    tomte_put_number(out, tomte_put(99, big, 1));
    tomte_put_number(out, tomte_put(out, big, sizeof(big)));
    tomte_put_number(out, tomte_put(out, (void *)0xfffffff0, 32));
    tomte_put_number(out, tomte_read((void *)0xffffff, 1));
    tomte_put_number(out, tomte_get(tomte_port("count"), big, sizeof(big)));
    tomte_put_number(out, tomte_get(tomte_port("in"), big, sizeof(big)));
    tomte_put_number(out, tomte_timer(8, 0));
    tomte_put_number(out, tomte_random(big, 257));
    tomte_put_number(out, tomte_wait(0));
    tomte_put_number(out, tomte_port_n("", 0));
    tomte_put_number(out, tomte_read(big, 1));
    tomte_put_number(out, tomte_put(out, big, 512));
    tomte_put(out, big, 0);
    big[0] = (uint8_t)-tomte_put(out, big, 1); /* one output too many */
    tomte_log(big[0] == 3 ? "full" : "not full");
}
