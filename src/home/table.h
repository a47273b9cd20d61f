/* SPDX-License-Identifier: Apache-2.0 */
/* home/table.h: the tables of a home and their indexes. Private to the room.
 *
 * Nodes and containers have a slot and stand in an array by name; resources and
 * ports are in pools, chained per node or container, and by the hashes of their
 * channel and role. Chains are kept in the order of names, so that nothing that
 * is read from them depends on slots. Whoever adds has checked that there is
 * room. */
#pragma once

#include "home/home.h"

#define NONE TOMTE_HOME_NONE

/* FNV-1a, of what the indexes are by. */
uint32_t tomte_home_hash(struct tomte_span name);

/* Empty, as after init. */
void tomte_home_clear(struct tomte_home *home);

/* A new node or container with nothing but its name. */
uint16_t tomte_home_node_new(struct tomte_home *home,
                             const struct tomte_name *name);
uint16_t tomte_home_container_new(struct tomte_home *home,
                                  const struct tomte_name *identity);

/* Its resources or ports are freed first. */
void tomte_home_node_free(struct tomte_home *home, uint16_t node);
void tomte_home_container_free(struct tomte_home *home, uint16_t container);

/* The slot of a node of this name, also of a retired one. */
uint16_t tomte_home_any_node(const struct tomte_home *home,
                             const struct tomte_name *name);

void tomte_home_set_priority(struct tomte_home *home, uint16_t container,
                             uint8_t priority);

/* Resources of a node are kept by channel. */
uint16_t tomte_home_resource_new(struct tomte_home *home, uint16_t node,
                                 const struct tomte_resource *r);
void tomte_home_resource_free(struct tomte_home *home, uint16_t resource);

/* What the resource is may change, but for its channel. */
void tomte_home_resource_set(struct tomte_home *home, uint16_t resource,
                             const struct tomte_resource *r);

/* The first resource with this role, and the next: by channel; NONE at the
 * end. */
uint16_t tomte_home_first_of_role(const struct tomte_home *home,
                                  const struct tomte_name *role);
uint16_t tomte_home_next_of_role(const struct tomte_home *home,
                                 uint16_t resource);

/* The first resource in this place, and the next: by channel. */
uint16_t tomte_home_first_at(const struct tomte_home *home,
                             const struct tomte_name *place);
uint16_t tomte_home_next_at(const struct tomte_home *home, uint16_t resource);

/* The nodes that stand in this place themselves, in no order. */
uint16_t tomte_home_first_node_at(const struct tomte_home *home,
                                  const struct tomte_name *place);
uint16_t tomte_home_next_node_at(const struct tomte_home *home, uint16_t node);
void tomte_home_set_place(struct tomte_home *home, uint16_t node,
                          const struct tomte_name *place);

/* apart.c: the list of a container that must not be beside others. */
void tomte_home_set_apart(struct tomte_home *home, uint16_t container,
                          const struct tomte_name *list, uint8_t len);

/* The containers that must not be beside this identity by their own list:
 * first, then next until it gives NONE. `*at` is the place in the walk. */
uint16_t tomte_home_first_apart(const struct tomte_home *home,
                                const struct tomte_name *identity,
                                uint32_t *at);
uint16_t tomte_home_next_apart(const struct tomte_home *home,
                               const struct tomte_name *identity, uint32_t *at);

/* A port behind those that the container has, with all of `port` but its
 * links. */
uint16_t tomte_home_port_new(struct tomte_home *home, uint16_t container,
                             const struct tomte_home_port *port);
void tomte_home_ports_free(struct tomte_home *home, uint16_t container);

/* The ports of a container go out of sight, for the version before; they come
 * back in the place of those that it has then; or they are freed. */
void tomte_home_ports_park(struct tomte_home *home, uint16_t container);
void tomte_home_ports_unpark(struct tomte_home *home, uint16_t container);
void tomte_home_parked_free(struct tomte_home *home, uint16_t container);

/* One more parked port, with all of `port` but its links. */
void tomte_home_port_parked(struct tomte_home *home, uint16_t container,
                            const struct tomte_home_port *port);

/* Binds the port to another channel. */
void tomte_home_port_set(struct tomte_home *home, uint16_t port,
                         const struct tomte_channel_name *channel);

/* Owner, standbys and other holders of the history are counted at their nodes
 * (sign 1) or no more (-1). */
void tomte_home_count(struct tomte_home *home, uint16_t container, int sign);

/* Free room, in entries. */
unsigned tomte_home_resources_left(const struct tomte_home *home);
unsigned tomte_home_ports_left(const struct tomte_home *home);
