/* SPDX-License-Identifier: Apache-2.0 */
/* load.h: what the peers of `./dev bench channel` share. Each is a program
 *
 *   bench_channel_NAME PAIRS BYTES SECONDS [VARIANT]
 *
 * that starts its server as a process, keeps PAIRS messages of BYTES bytes
 * under way for SECONDS, a new one when the last has come back, and prints one
 * line for tests/bench/channel.py:
 *
 *   messages/s, p50 and p99 of one in us, processor time of one in us: client's
 *   and server's
 *
 * A message is one that went all the way: to an echo and back, a request and
 * its answer, or from publisher through broker to subscriber. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOAD_PAIRS_MAX 1024

struct load {
    int pairs;
    size_t bytes;
    double seconds;
    const char *variant; /* "" when not given */
    pid_t server;        /* set by the program: whose processor time counts */

    /* ---- kept here ---- */
    double began_ns, ends_ns, client_ns, server_ns;
    double sent_ns[LOAD_PAIRS_MAX];
    uint64_t messages;
    uint32_t histogram[20000]; /* of half microseconds; the last: and more */
};

/* Ends the program with its usage when the arguments are wrong. */
struct load *load_parse(int argc, char **argv);

/* A process that ends with this one. As fork(). */
pid_t load_fork(void);

/* Runs a server in the background, without output; its process. */
pid_t load_spawn(const char *const *argv);

/* A free UDP or TCP port of 127.0.0.1. */
uint16_t load_free_port(int socket_type);

/* Waits until a TCP server listens; ends the program after 5 seconds. */
int load_connect_tcp(uint16_t port);

/* The clocks start. The load's first messages are sent after it. */
void load_begin(struct load *load);
void load_sent(struct load *load, int pair);
void load_back(struct load *load, int pair); /* whole again: count it */
bool load_is_over(const struct load *load);

/* Prints the line, ends the server; the program's exit status. */
int load_end(struct load *load);

/* Ends the program, saying what and errno. */
_Noreturn void load_fail(const char *what);
