/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/story_home.h: a home of its own for a story. */
#pragma once

#include "scene.h"

/* A folder and all that is in it goes. */
void story_home_remove(const char *dir);

/* A fresh home in DIR/NAME (an empty folder each time), with every port of the
 * home file raised by `ports`, run without these parts (NULL: all). */
bool story_home_make(struct scene *s, const char *home_file, const char *dir,
                     const char *name, unsigned ports, const char *without);
