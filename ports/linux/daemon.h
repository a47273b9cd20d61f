/* SPDX-License-Identifier: Apache-2.0 */
/* linux/daemon.h: one node as a process: a UDP socket, a steady clock, a file
 * for its storage, and what its resources are in the real world (libuv).
 *
 * Its key is made in its storage; the public half goes to DIR/key.pub. What
 * lies in DIR/charter says to which home it belongs (ace/charter.h); without it
 * the node serves nobody.
 * Until channels are secured it binds to loopback only. */
#pragma once

#include "linux/homefile.h"

struct tomte_replica; /* home/replica.h */

struct daemon_config {
    const struct home_file *home;
    const struct home_node *node;
    const char *dir; /* its own: DIR/storage, DIR/log */
    struct tomte_node_without without;
    const struct tomte_replica *replica; /* NULL: never one of several */
    bool echo;            /* lines to standard output as well ... */
    bool json;            /* ... as an object each */
    bool key_only;        /* end when DIR/key.pub is written */
    bool die_with_parent; /* never outlive who started it */
};

/* Runs until SIGTERM or SIGINT; the exit status. */
int daemon_run(const struct daemon_config *config);
