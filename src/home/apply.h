/* SPDX-License-Identifier: Apache-2.0 */
/* home/apply.h: the commands, each as a check and what it does. Private to the
 * room.
 *
 * A check changes nothing and refuses whatever would break what the tables
 * promise; what is done after it cannot fail. */
#pragma once

#include "home/codec.h"
#include "home/touch.h"

typedef enum tomte_err tomte_home_check_fn(const struct tomte_home *home,
                                           const struct tomte_command *c,
                                           struct tomte_home_report *report);
typedef void tomte_home_do_fn(struct tomte_home *home,
                              const struct tomte_command *c);

/* apply_node.c */
tomte_home_check_fn tomte_home_check_node, tomte_home_check_node_remove,
    tomte_home_check_lease;
tomte_home_do_fn tomte_home_do_node, tomte_home_do_node_remove,
    tomte_home_do_lease;

/* apply_container.c */
tomte_home_check_fn tomte_home_check_container, tomte_home_check_exists,
    tomte_home_check_pin, tomte_home_check_bind;
tomte_home_do_fn tomte_home_do_container, tomte_home_do_container_remove,
    tomte_home_do_stop, tomte_home_do_start, tomte_home_do_pin,
    tomte_home_do_unpin, tomte_home_do_bind;

/* apply_place.c */
tomte_home_check_fn tomte_home_check_place, tomte_home_check_activate,
    tomte_home_check_insync, tomte_home_check_standbys, tomte_home_check_shed;
tomte_home_do_fn tomte_home_do_place, tomte_home_do_activate,
    tomte_home_do_insync, tomte_home_do_standbys, tomte_home_do_shed;

/* evolve.c */
tomte_home_check_fn tomte_home_check_keep, tomte_home_check_rollback;
tomte_home_do_fn tomte_home_do_keep, tomte_home_do_rollback;

/* The version before can take the place of the one on trial: FULL when that
 * would owe too many actuators, until it has run once more. */
enum tomte_err tomte_home_check_back(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     uint16_t container,
                                     struct tomte_home_report *report);

/* Those actuators are noted; was checked. */
void tomte_home_owe_back(struct tomte_home *home, uint16_t container);

/* It is nowhere; its history stays where it is. */
void tomte_home_take_down(struct tomte_home *home, uint16_t container);

/* The node owns a container, or may still run one, that must not be beside this
 * one: which; NONE when there is none. */
uint16_t tomte_home_beside(const struct tomte_home *home, uint16_t container,
                           uint16_t node);

/* The resource can stand at the other end of the port. */
bool tomte_home_fits(const struct tomte_home_port *port,
                     const struct tomte_resource *r);

/* It has the port's role, too, and stands where the port wants it. */
bool tomte_home_fits_role(const struct tomte_home_port *port,
                          const struct tomte_resource *r);

/* Nobody but this container writes to the channel of an out port; an event
 * channel has room for one more reader. */
bool tomte_home_is_free_for(const struct tomte_home *home,
                            const struct tomte_home_port *port,
                            const struct tomte_channel_name *channel);

/* The node is in no in-sync set and no standby any more; epochs that were
 * active there are over. */
void tomte_home_forget_histories(struct tomte_home *home, uint16_t node);

/* Retired nodes to which nothing refers any more are freed. */
void tomte_home_free_retired(struct tomte_home *home);
