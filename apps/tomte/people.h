/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/people.h: what people do in a story. */
#pragma once

#include "scene.h"

/* Presses the button in the hall; true when everyone who listens has it. */
bool people_press(struct scene *s);

/* The same, with an eye on the lamp: true when it changes within two seconds,
 * whoever else listens and is away. */
bool people_press_lamp(struct scene *s);

/* Moves a container to a node and keeps it there; NULL: lets it go again. */
bool people_move(struct scene *s, const char *identity, const char *node);
