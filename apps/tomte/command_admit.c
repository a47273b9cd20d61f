/* SPDX-License-Identifier: Apache-2.0 */
/* tomte admit: a node is of this home from now on. */
#include "command.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: tomte admit NODE KEY [--dir DIR] [--json]\n"
    "Tells the keeper the public key of a node, 128 hexadecimal digits as the\n"
    "node shows it: who has the other half is NODE from now on, and nobody "
    "else.\n"
    "The node itself must have the home's charter (DIR/charter).\n"
    "  e.g. tomte admit shed $(cat shed/key.pub)\n";

static bool parse_key(const char *text, uint8_t key[TOMTE_HOME_KEY_BYTES])
{
    if (strlen(text) != 2 * TOMTE_HOME_KEY_BYTES)
        return false;
    for (size_t i = 0; i < TOMTE_HOME_KEY_BYTES; i++) {
        unsigned byte;
        if (strspn(text + 2 * i, "0123456789abcdef") < 2 ||
            sscanf(text + 2 * i, "%2x", &byte) != 1)
            return false;
        key[i] = (uint8_t)byte;
    }
    return true;
}

int command_admit(int argc, char **argv)
{
    static struct home_run run;
    struct client *client;
    struct tomte_command c;
    struct tomte_name name;
    char detail[256];
    int status;
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 3)
        return misused(argc, argv, help);
    if (tomte_name_parse(tomte_span_str(argv[1]), &name) != TOMTE_OK) {
        fprintf(stderr, "tomte: %s is no name (1 to 31 of a-z 0-9 - _ .)\n",
                argv[1]);
        return 3;
    }
    tomte_command_init(&c, TOMTE_COMMAND_NODE, name);
    c.has_key = parse_key(argv[2], c.key);
    if (!c.has_key) {
        fprintf(stderr, "tomte: a key has 128 hexadecimal digits\n");
        return 3;
    }
    if (!open_home(&run, &client, dir, &status))
        return status;
    enum tomte_err err = send_command(&run, client, &c, detail);
    client_close(client);
    if (err != TOMTE_OK)
        return failed(err, "admit it", detail);
    snprintf(detail, sizeof detail, "%.40s: is known by this key", argv[1]);
    done(json, "admit", argv[1], detail);
    return 0;
}
