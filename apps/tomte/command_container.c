/* SPDX-License-Identifier: Apache-2.0 */
/* tomte stop, start, remove: commands about one container by its name. */
#include "command.h"

#include "home/command.h"

static int about(int argc, char **argv, enum tomte_command_op op,
                 const char *help)
{
    static struct home_run run;
    struct client *c;
    struct tomte_command command;
    struct tomte_name identity;
    int status;
    char detail[256];
    const char *what = argv[0];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 2 ||
        tomte_name_parse(tomte_span_str(argv[1]), &identity) != TOMTE_OK)
        return misused(argc, argv, help);
    if (!open_home(&run, &c, dir, &status))
        return status;
    tomte_command_init(&command, op, identity);
    enum tomte_err err = send_command(&run, c, &command, detail);
    status = err == TOMTE_OK ? 0 : failed(err, what, detail);
    if (err == TOMTE_OK)
        done(json, what, argv[1], NULL);
    client_close(c);
    return status;
}

int command_stop(int argc, char **argv)
{
    return about(argc, argv, TOMTE_COMMAND_STOP,
                 "usage: tomte stop CONTAINER [--json] [--dir DIR]\n"
                 "It runs nowhere until it is started again; its state stays.\n"
                 "  e.g. tomte stop lamp\n");
}

int command_start(int argc, char **argv)
{
    return about(argc, argv, TOMTE_COMMAND_START,
                 "usage: tomte start CONTAINER [--json] [--dir DIR]\n"
                 "Runs a container again that was stopped, from its state.\n"
                 "  e.g. tomte start lamp\n");
}

int command_remove(int argc, char **argv)
{
    return about(argc, argv, TOMTE_COMMAND_CONTAINER_REMOVE,
                 "usage: tomte remove CONTAINER [--json] [--dir DIR]\n"
                 "Takes a container out of the home, and its state with it.\n"
                 "  e.g. tomte remove lamp\n");
}
