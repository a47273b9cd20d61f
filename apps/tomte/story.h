/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/story.h: stories that a home tells about itself, on real processes. */
#pragma once

/* once, keeper or blackout; the exit status: 0 when all of it came true. */
int story_tell(const char *name, const char *home_file, const char *dir);
