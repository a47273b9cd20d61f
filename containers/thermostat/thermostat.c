/* SPDX-License-Identifier: Apache-2.0 */
/* thermostat: keeps a room at the temperature of a schedule.
 *
 * A PI controller with state worth keeping: the integral term, which carries
 * what the room loses to the weather, and the overshoot it has learned to
 * subtract from its set-point. Both take hours to come by and are gone with the
 * first restart of an ordinary thermostat.
 *
 * Every second it writes the heater's power anew: the actuator falls to its
 * safe value when that stops. */
#include "tomte.h"

#define TICK_MS       1000
#define DAY_CELSIUS   21.0
#define NIGHT_CELSIUS 18.0
#define DAY_FROM      6.0
#define DAY_TO        22.0

#define GAIN          0.35 /* power per kelvin */
#define GAIN_INTEGRAL 0.02 /* power per kelvin and tick */
#define LEARN         0.25 /* how fast the overshoot is learned */
#define ON_ABOVE      0.05 /* power that counts as heating ... */
#define OFF_BELOW     0.02 /* ... until it falls below this */

static int temperature, clock_hour, heat, switched, integral_out, setpoint_out;

static double integral;  /* power */
static double overshoot; /* kelvin, learned */
static double peak;      /* highest above the set-point since it was crossed */
static bool above;
static bool heating;

static double schedule(void)
{
    double hour = 12;
    (void)tomte_get_number(clock_hour, &hour); /* no clock: as by day */
    return hour >= DAY_FROM && hour < DAY_TO ? DAY_CELSIUS : NIGHT_CELSIUS;
}

static void learn(double error)
{
    if (error < 0) {
        above = true;
        if (-error > peak)
            peak = -error;
    } else if (above) {
        overshoot += (peak - overshoot) * LEARN;
        if (overshoot > 1)
            overshoot = 1;
        above = false;
        peak = 0;
    }
}

static double clamp(double v)
{
    return v > 1 ? 1 : v > 0 ? v : 0;
}

static void tell_switched(double power)
{
    bool on = heating ? power > OFF_BELOW : power > ON_ABOVE;
    if (on == heating)
        return;
    heating = on;
    tomte_put_bool(switched, on);
}

static void control(void)
{
    double celsius, goal = schedule();
    if (tomte_get_number(temperature, &celsius) != 0)
        return; /* no thermometer was ever heard: leave the heater alone */
    double error = goal - celsius;
    learn(error);
    error -= overshoot * 0.5;
    double wanted = GAIN * error + integral;
    if (wanted > 0 && wanted < 1) /* no wind-up at the stops */
        integral = clamp(integral + GAIN_INTEGRAL * error);
    else if ((wanted >= 1) != (error > 0))
        integral = clamp(integral + GAIN_INTEGRAL * error);
    double power = clamp(GAIN * error + integral);
    tomte_put_number(heat, power);
    tomte_put_number(integral_out, integral);
    tomte_put_number(setpoint_out, goal);
    tell_switched(power);
}

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START) {
        temperature = tomte_port("temperature");
        clock_hour = tomte_port("clock");
        heat = tomte_port("heat");
        switched = tomte_port("switched");
        integral_out = tomte_port("integral");
        setpoint_out = tomte_port("setpoint");
        tomte_timer(0, TICK_MS);
    }
    if (event->kind == TOMTE_TIMER) {
        tomte_timer(0, TICK_MS);
        control();
    }
}
