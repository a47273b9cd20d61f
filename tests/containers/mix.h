/* SPDX-License-Identifier: Apache-2.0 */
/* Stirs all that an event brings into one number, so that whoever saw anything
 * else ends up with another. */
#pragma once

#include "../../sdk/c/tomte.h"

static void stir(uint64_t *mix, const void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *mix = (*mix ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
}

/* `mix` after `event`; traps on a payload that begins with 't'. */
__attribute__((noinline)) static uint64_t
stir_event(uint64_t mix, const struct tomte_event *event)
{
    uint8_t bytes[TOMTE_PAYLOAD_MAX];
    struct tomte_time time;
    int len = tomte_read(bytes, sizeof(bytes));
    bool bad = len > 0 && bytes[0] == 't';
    stir(&mix, event, sizeof(*event));
    stir(&mix, bytes, (size_t)len);
    tomte_time(&time);
    stir(&mix, &time, sizeof(time));
    tomte_random(bytes, 8);
    stir(&mix, bytes, 8);
    for (int i = 0; i < 2; i++) {
        len = tomte_get(tomte_port("temp"), bytes, sizeof(bytes));
        stir(&mix, &len, sizeof(len));
        if (len > 0)
            stir(&mix, bytes, (size_t)len);
    }
    if (mix % 3 == 0)
        tomte_timer((int)(mix % 8), (int64_t)(mix >> 32 & 0x3ff));
    if (mix % 5 != 0)
        tomte_put(tomte_port("out"), &mix, sizeof(mix));
    if (mix % 7 == 0)
        tomte_put(tomte_port("state"), &mix, mix % 300);
    if (bad)
        __builtin_trap();
    return mix;
}
