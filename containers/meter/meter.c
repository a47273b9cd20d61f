/* SPDX-License-Identifier: Apache-2.0 */
/* meter: counts how often the heater starts and how much it uses. What it
 * counted must never go backwards, so its manifest asks for `sync`: nothing
 * leaves before a standby has it too.
 *
 * Starts are events and are counted exactly once. Energy is the power that the
 * heater reports, integrated over time; in hours of full power. */
#include "tomte.h"

static int switched, power, starts_out, energy_out;

static uint32_t starts;
static double last_power; /* 0 to 1 */
static uint64_t last_ms;
static double full_power_ms;

static void count_energy(const struct tomte_event *event)
{
    full_power_ms += last_power * (double)(event->time_ms - last_ms);
    last_ms = event->time_ms;
    tomte_put_number(energy_out, full_power_ms / 3600000.0);
}

TOMTE_ON_EVENT(event)
{
    double v;
    if (event->kind == TOMTE_START) {
        switched = tomte_port("switched");
        power = tomte_port("power");
        starts_out = tomte_port("starts");
        energy_out = tomte_port("energy");
        last_ms = event->time_ms;
        tomte_put_number(starts_out, starts);
    } else if (event->kind == TOMTE_MESSAGE && (int)event->port == switched) {
        if (tomte_read_number(&v) == 0 && v != 0)
            starts++;
        tomte_put_number(starts_out, starts);
    } else if (event->kind == TOMTE_STATE && (int)event->port == power) {
        count_energy(event);
        if (tomte_read_number(&v) == 0)
            last_power = v;
    }
}
