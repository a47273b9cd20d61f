/* SPDX-License-Identifier: Apache-2.0 */
/* sim/homes.h: homes to start from. Each adds its nodes, starts them and has
 * the person deploy; it is ready when the person is done. One at a time. */
#pragma once

#include "world.h"

/* The home of examples/winter: attic (keeper), hall, cellar. */
void home_winter(struct sim *w);

/* A keeper and rooms of five nodes each, of three in a small home, as many as
 * fit into `nodes` (at least 4). In each room live what is shipped (thermostat,
 * meter, lamp) and what is here for the checkers: source, ledger and valve of
 * tests/sim/containers. */
void home_rooms(struct sim *w, unsigned nodes);

/* A ledger, what it hears of, and where it tells. */
struct home_book {
    const char *source, *count; /* identity, and its state channel */
    const char *ledger, *book;
    uint16_t button; /* the node of the button that it listens to */
};
const struct home_book *home_books(unsigned *count);

/* As the manifests of what lives there say. */
bool home_is_sync(const struct tomte_name *identity);
bool home_is_safe(const struct tomte_name *identity);
