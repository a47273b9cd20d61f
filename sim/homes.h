/* SPDX-License-Identifier: Apache-2.0 */
/* sim/homes.h: floor plans to try things on. */
#pragma once

#include "world.h"

/* The home of examples/winter: attic (keeper), hall, cellar. */
void home_winter(struct sim *w);

/* `nodes` nodes; every third one is a room with a thermometer, a heater, a
 * button and a lamp, and has a thermostat, a meter and a lamp container. */
void home_rooms(struct sim *w, unsigned nodes);
