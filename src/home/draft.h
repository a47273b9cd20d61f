/* SPDX-License-Identifier: Apache-2.0 */
/* home/draft.h: a container as a command wants it. Private to the room.
 *
 * From the manifest and the binds of a CONTAINER command to the channel of
 * each port. In this order: the bind's channel; a resource of the port's role,
 * at the bind's place; the manifest's channel; for an out port /IDENTITY/PORT.
 * An in port for which there is none of these is refused. */
#pragma once

#include "home/apply.h"

struct tomte_home_draft {
    struct tomte_manifest manifest;
    /* in the manifest's order; a port by role keeps the channel that the
     * container already has for it */
    struct tomte_home_port ports[TOMTE_LIMIT_PORTS];
};

enum tomte_err tomte_home_draft(const struct tomte_home *home,
                                const struct tomte_command *c,
                                struct tomte_home_draft *d,
                                struct tomte_home_report *report);

/* No other writer, and what is at the other ends sends and takes the same. */
enum tomte_err tomte_home_check_draft(const struct tomte_home *home,
                                      const struct tomte_command *c,
                                      const struct tomte_home_draft *d,
                                      struct tomte_home_report *report);
