/* SPDX-License-Identifier: Apache-2.0 */
/* world/weather.h: a year of outside temperatures, one value an hour. */
#pragma once

#include <stddef.h>

#define WEATHER_HOURS_MAX 9000

struct weather {
    size_t hours;
    double celsius[WEATHER_HOURS_MAX];
};

/* Reads one number a line; lines that begin with '#' are comments. Returns 0,
 * or the number of the line that is wrong (1 when the file cannot be opened or
 * holds no value). */
int weather_load(struct weather *w, const char *path);

/* The temperature at `hour` (a fraction, from the first value on), linear
 * between two values; the year repeats. */
double weather_at(const struct weather *w, double hour);
