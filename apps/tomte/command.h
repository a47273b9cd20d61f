/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/command.h: the commands of `tomte`, one file or function each.
 *
 * argv[0] is the command's own name. Exit statuses are those of base/err.h: 0,
 * 1 failed, 2 not found, 3 bad input, 4 no room, 5 not authorised, 100 usage,
 * 111 try again later. */
#pragma once

#include "client.h"
#include "home_run.h"
#include "status.h"

int command_admit(int argc, char **argv);
int command_node(int argc, char **argv);
int command_up(int argc, char **argv);
int command_status(int argc, char **argv);
int command_why(int argc, char **argv);
int command_deploy(int argc, char **argv);
int command_move(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_start(int argc, char **argv);
int command_remove(int argc, char **argv);
int command_kill(int argc, char **argv);
int command_channel(int argc, char **argv);
int command_keeper(int argc, char **argv);
int command_logs(int argc, char **argv);
int command_pack(int argc, char **argv);
int command_new(int argc, char **argv);
int command_wasm(int argc, char **argv);
int command_author(int argc, char **argv);

/* ---- shared by them ---- */

/* --help was asked for: prints it and gives 0. */
int usage(const char *text);

/* The arguments left after the known options were taken make no command: names
 * the unknown option, if there is one, prints the help, both to standard error,
 * and gives 100. */
int misused(int argc, char **argv, const char *text);

/* "tomte: cannot WHAT: why"; the exit status. */
int failed(enum tomte_err err, const char *what, const char *detail);

/* The running home and a client; false after saying why. `*status` is then the
 * exit status. */
bool open_home(struct home_run *run, struct client **c, const char *dir,
               int *status);

/* The value of "--name VALUE" taken out of argv; NULL when it is not there. */
const char *take_option(int *argc, char **argv, const char *name);
bool take_flag(int *argc, char **argv, const char *name);

/* The keeper that leads, as any node says that knows; else the home file's. */
struct tomte_addr leading_keeper(struct home_run *run, struct client *c);

/* Where a channel is served: asks the nodes of the home. */
enum tomte_err find_channel(struct home_run *run, struct client *c,
                            const struct tomte_channel_name *name,
                            struct tomte_addr *addr, unsigned *kind);

/* Sends an image and then its container command. NOT_FOUND with this in the
 * detail: there is no such image. */
#define NO_IMAGE "no image of this name"

enum tomte_err deploy_image(struct home_run *run, struct client *c,
                            const struct home_container *container,
                            char detail[256]);
enum tomte_err send_command(struct home_run *run, struct client *c,
                            const struct tomte_command *command,
                            char detail[256]);

/* A text in JSON quotes to standard output. */
void json_text(struct tomte_span text);

/* What a command that changes something says when it is done: `text`, which may
 * be NULL, or as JSON {"done":VERB,"name":NAME}. */
void done(bool json, const char *verb, const char *name, const char *text);
