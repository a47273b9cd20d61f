/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

#include <string.h>

/* The SDK brings its own of these, and attributes for WebAssembly alone. */
#define memcpy  native_memcpy
#define memmove native_memmove
#define memset  native_memset
#define memcmp  native_memcmp
#pragma GCC diagnostic ignored "-Wattributes"
#include "containers/thermostat/thermostat.c"
#undef memcpy

struct tomte_span native_state[NATIVE_PORTS];
unsigned long native_puts;
uint8_t native_last[64];
size_t native_last_len;

int tomte_port_n(const char *name, size_t len)
{
    static const char *const names[NATIVE_PORTS] = {
        "temperature", "clock", "heat", "switched", "integral", "setpoint"};
    for (int i = 0; i < NATIVE_PORTS; i++)
        if (strlen(names[i]) == len && strncmp(names[i], name, len) == 0)
            return i;
    return TOMTE_EDENIED;
}

int tomte_get(int port, void *data, size_t cap)
{
    struct tomte_span value = native_state[port];
    if (value.len > cap)
        return TOMTE_ETOOLARGE;
    memcpy(data, value.data, value.len);
    return (int)value.len;
}

int tomte_put(int port, const void *data, size_t len)
{
    if (port < 0 || len > sizeof native_last)
        return TOMTE_EBADARG;
    memcpy(native_last, data, len);
    native_last_len = len;
    native_puts++;
    return 0;
}

int tomte_timer(int id, int64_t delay_ms)
{
    (void)id;
    (void)delay_ms;
    return 0;
}

void native_start(void)
{
    tomte_event_entry(TOMTE_START, 0, 0, 0);
}

void native_tick(uint64_t time_ms)
{
    tomte_event_entry(TOMTE_TIMER, 0, 0, time_ms);
}
