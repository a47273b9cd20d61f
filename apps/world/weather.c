/* SPDX-License-Identifier: Apache-2.0 */
#include "weather.h"

#include <stdio.h>
#include <stdlib.h>

static int parse(struct weather *w, const char *line)
{
    char *end;
    double value = strtod(line, &end);
    if (end == line || (*end != '\n' && *end != 0) || value < -100 ||
        value > 100 || w->hours == WEATHER_HOURS_MAX)
        return -1;
    w->celsius[w->hours++] = value;
    return 0;
}

int weather_load(struct weather *w, const char *path)
{
    char line[256];
    int number = 0, bad = 0;
    w->hours = 0;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 1;
    while (bad == 0 && fgets(line, sizeof line, f) != NULL) {
        number++;
        if (line[0] != '#' && parse(w, line) != 0)
            bad = number;
    }
    fclose(f);
    return bad != 0 ? bad : w->hours == 0;
}

double weather_at(const struct weather *w, double hour)
{
    size_t whole = (size_t)hour;
    double part = hour - (double)whole;
    double a = w->celsius[whole % w->hours];
    double b = w->celsius[(whole + 1) % w->hours];
    return a + (b - a) * part;
}
