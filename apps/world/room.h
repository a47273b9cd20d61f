/* SPDX-License-Identifier: Apache-2.0 */
/* world/room.h: one heated room, and what can be seen and done in it.
 *
 * A first-order thermal model: the room loses heat to the outside with a time
 * constant of LOSS_HOURS; the heater at full power raises the balance by
 * HEATER_KELVIN above the outside. Two thermometers see it with a little noise
 * that repeats with the seed. */
#pragma once

#include "weather.h"

#include <stdbool.h>
#include <stdint.h>

#define ROOM_LOSS_HOURS    6.0
#define ROOM_HEATER_KELVIN 30.0

struct room {
    const struct weather *weather;
    double hour;        /* since the first value of the weather */
    double temperature; /* degrees Celsius */
    double power;       /* heater, 0 to 1 */
    double lamp;        /* 0 or 1 */
    double button;      /* counts presses */
    double energy;      /* of the heater, in hours of full power */
    uint64_t noise;     /* state of the thermometers' noise */
};

void room_init(struct room *r, const struct weather *w, double hour,
               uint64_t seed);

/* Let `hours` pass (at most one). */
void room_step(struct room *r, double hours);

/* room.temperature.1, room.temperature.2, room.temperature (without noise),
 * outside.temperature, clock.hour (of the day), heater.power, heater.energy,
 * lamp.on, button.count. False when there is no such thing. */
bool room_get(struct room *r, const char *name, double *value);

/* heater.power (held within 0 to 1), lamp.on, button.count. */
bool room_set(struct room *r, const char *name, double value);
