/* SPDX-License-Identifier: Apache-2.0 */
/* tomte: the many small computers of a home as one that does not die. */
#include "command.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} commands[] = {
    {"up", command_up, "bring a home up, and show it live"},
    {"status", command_status, "nodes, containers, channels"},
    {"why", command_why, "why a container is where it is"},
    {"deploy", command_deploy, "ship a container, or a new version"},
    {"move", command_move, "run a container on another node"},
    {"keeper", command_keeper, "who keeps the home: list, add, remove"},
    {"stop", command_stop, "run a container nowhere, and keep its state"},
    {"start", command_start, "run a stopped container again"},
    {"remove", command_remove, "take a container and its state out"},
    {"kill", command_kill, "kill, pause, resume or start a node"},
    {"channel", command_channel, "get, put, watch or release a channel"},
    {"logs", command_logs, "what a node has to say"},
    {"pack", command_pack, "put manifest and module to an image"},
    {"new", command_new, "begin a container of your own"},
    {"author", command_author, "the key that you sign containers with"},
    {"wasm", command_wasm, "look into a module, run or time it"},
    {"admit", command_admit, "say by its key who a node is"},
    {"node", command_node, "run one node in this process"},
};

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}

static int help(FILE *out)
{
    fprintf(out, "tomte: the many small computers of a home as one that does "
                 "not die\n\nusage: tomte COMMAND [--help] ...\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].text);
    fprintf(out, "\nCommands talk to the home that `tomte up` started last, or "
                 "to the one\nin $TOMTE_DIR or --dir DIR. Each has --help, and "
                 "--json for programs.\n\nThey exit with 0 when it is done, 1 "
                 "failed, 2 not found, 3 bad input, 4 no\nroom, 5 not "
                 "authorised, 100 wrong usage, 111 try again later.\n\n"
                 "  e.g. tomte status\n");
    return out == stdout ? 0 : 100;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2)
        return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "tomte: no command %s; see: tomte help\n", argv[1]);
    return 100;
}
