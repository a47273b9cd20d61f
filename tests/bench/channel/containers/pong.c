/* SPDX-License-Identifier: Apache-2.0 */
/* pong: sends back what it gets. */
#include "tomte.h"

TOMTE_ON_EVENT(event)
{
    static int back;
    uint8_t value[TOMTE_PAYLOAD_MAX];
    if (event->kind == TOMTE_START)
        back = tomte_port("back");
    if (event->kind == TOMTE_STATE) {
        int len = tomte_read(value, sizeof value);
        if (len > 0)
            tomte_put(back, value, (size_t)len);
    }
}
