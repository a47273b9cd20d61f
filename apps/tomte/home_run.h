/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/home_run.h: the processes of a home on this machine.
 *
 * A running home has a directory: DIR/home.yaml is a link to its home file,
 * DIR/NODE holds a node's storage, log and pid, DIR/world.pid the world's. */
#pragma once

#include "linux/homefile.h"

#include <sys/types.h>

#define RUN_DIR_MAX 512

struct home_run {
    char dir[RUN_DIR_MAX];
    char program[RUN_DIR_MAX]; /* this binary; `world` lies beside it */
    const char *without;       /* for node --without; NULL: nothing */
    struct home_file home;
};

/* The directory that commands use when none is named: $TOMTE_DIR, else the one
 * that `tomte up` linked as current. */
void home_run_default_dir(char dir[RUN_DIR_MAX]);

/* Opens the home that runs in `dir` (NULL: the default). False: `error`. */
bool home_run_open(struct home_run *run, const char *dir, char error[256]);

/* Makes `dir` the home of this file; an empty `dir` is chosen by its name. */
bool home_run_make(struct home_run *run, const char *dir, const char *file,
                   char error[256]);

/* Starts a node or the world as a child that dies with this process when
 * `attached`; its pid, or -1 with errno set. */
pid_t home_run_start_node(const struct home_run *run,
                          const struct home_node *node, bool attached);
pid_t home_run_start_world(const struct home_run *run, bool attached);

/* Has a node make its key, write DIR/NODE/key.pub and end; its pid. */
pid_t home_run_make_key(const struct home_run *run,
                        const struct home_node *node);

/* The pid of a node that runs; 0: it does not. */
pid_t home_run_pid(const struct home_run *run, const struct tomte_name *node);
