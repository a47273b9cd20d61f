/* SPDX-License-Identifier: Apache-2.0 */
#include "room.h"

#include <math.h>
#include <string.h>

#define NOISE_KELVIN 0.05

void room_init(struct room *r, const struct weather *w, double hour,
               uint64_t seed)
{
    *r = (struct room){
        .weather = w, .hour = hour, .temperature = 19.0, .noise = seed | 1};
}

void room_step(struct room *r, double hours)
{
    double outside = weather_at(r->weather, r->hour);
    double balance = outside + ROOM_HEATER_KELVIN * r->power;
    r->temperature =
        balance + (r->temperature - balance) * exp(-hours / ROOM_LOSS_HOURS);
    r->energy += r->power * hours;
    r->hour += hours;
}

/* Uniform within plus and minus NOISE_KELVIN (xorshift64). */
static double noise(struct room *r)
{
    r->noise ^= r->noise << 13;
    r->noise ^= r->noise >> 7;
    r->noise ^= r->noise << 17;
    return ((double)(r->noise >> 11) / 4503599627370496.0 - 1.0) * NOISE_KELVIN;
}

bool room_get(struct room *r, const char *name, double *value)
{
    if (strcmp(name, "room.temperature.1") == 0 ||
        strcmp(name, "room.temperature.2") == 0)
        *value = r->temperature + noise(r);
    else if (strcmp(name, "room.temperature") == 0)
        *value = r->temperature;
    else if (strcmp(name, "outside.temperature") == 0)
        *value = weather_at(r->weather, r->hour);
    else if (strcmp(name, "clock.hour") == 0)
        *value = fmod(r->hour + 1.0, 24.0); /* the series begins at 01:00 */
    else if (strcmp(name, "heater.power") == 0)
        *value = r->power;
    else if (strcmp(name, "heater.energy") == 0)
        *value = r->energy;
    else if (strcmp(name, "lamp.on") == 0)
        *value = r->lamp;
    else if (strcmp(name, "button.count") == 0)
        *value = r->button;
    else
        return false;
    return true;
}

bool room_set(struct room *r, const char *name, double value)
{
    if (strcmp(name, "heater.power") == 0)
        r->power = value > 1 ? 1 : value > 0 ? value : 0;
    else if (strcmp(name, "lamp.on") == 0)
        r->lamp = value != 0;
    else if (strcmp(name, "button.count") == 0)
        r->button = value;
    else
        return false;
    return true;
}
