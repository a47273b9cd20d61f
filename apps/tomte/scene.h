/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/scene.h: a home that this process brought up: its children, what they
 * say, and the end of all of them. Used by `up` and its stories. */
#pragma once

#include "command.h"

struct scene {
    struct home_run run;
    struct owner owner;
    struct client *client;
    pid_t world;
    pid_t pids[HOME_NODES_MAX];
    struct status status[HOME_NODES_MAX]; /* what each node said last */
};

/* Starts the world and every node. False after saying why. */
bool scene_start(struct scene *s);

/* Starts one node again. */
bool scene_start_node(struct scene *s, size_t node);
void scene_signal(struct scene *s, size_t node, int number);

/* Sets the lease, ships the containers of the home file and waits until all of
 * them run; false, after saying why, when that takes more than `timeout_ms`. */
bool scene_deploy(struct scene *s, uint32_t timeout_ms);

/* Asks every node; those that do not answer in `timeout_ms` are not `here`. */
void scene_look(struct scene *s, uint32_t timeout_ms);

/* The index of a node by name; of the keeper; of a container's owner, -1 when
 * it runs nowhere. From what scene_look saw. */
int scene_node(const struct scene *s, const char *name);
int scene_keeper(const struct scene *s);
int scene_runs_on(const struct scene *s, const char *identity, uint64_t *epoch);

/* The last value of a channel wherever it is served; false: none. */
bool scene_value(const struct scene *s, const char *channel, double *out);

/* A thing of the world, asked of the world itself. */
bool scene_world(const struct scene *s, const char *name, double *out);

/* Ends every process and waits for them. Async-signal-safe enough to be called
 * from the end of main only. */
void scene_end(struct scene *s);

/* Starts what `tomte kill --start` asked for. */
void scene_serve_requests(struct scene *s);

uint64_t scene_now_ms(void);
void scene_sleep_ms(unsigned ms);

/* True after Ctrl-C or SIGTERM. */
bool scene_stopped(void);
void scene_catch_signals(void);
