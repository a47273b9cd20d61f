/* SPDX-License-Identifier: Apache-2.0 */
/* tomte keeper: who keeps the home, and how it comes to be several. */
#include "command.h"

#include "cbor/cbor.h"
#include "channel/message.h"
#include "keepers_of.h"
#include "owner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PATIENCE_S 60

static const char help[] =
    "usage: tomte keeper [list] [--json] [--dir DIR]\n"
    "       tomte keeper add NODE [--dir DIR]\n"
    "       tomte keeper remove NODE|ID [--dir DIR]\n"
    "Who keeps the home's log. Three keepers survive the loss of one, five of\n"
    "two; a change waits until it is done. A keeper that burned is removed by\n"
    "its ID (see list), then its successor is added.\n"
    "  e.g. tomte keeper add attic\n";

/* ---- list ---- */

static void print_one(const struct keepers_of *k, const struct keeper_of *it)
{
    char heard[48] = "not heard of yet";
    if (it->heard_ms != UINT64_MAX)
        snprintf(heard, sizeof heard, "heard of %.1f s ago",
                 (double)it->heard_ms / 1000);
    printf("  %-16s %016" PRIx64 "  %s%s, %s\n",
           it->name[0] == 0 ? "?" : it->name, it->id,
           it->votes ? "votes" : "learns", it->id == k->leader ? ", leads" : "",
           it->id == k->leader ? "here" : heard);
}

/* What the number of keepers means, in plain words. */
static void print_advice(const struct keepers_of *k)
{
    unsigned votes = 0;
    for (unsigned i = 0; i < k->len; i++)
        votes += k->all[i].votes;
    if (votes == 1)
        puts("One keeper: while it is away nothing is placed anew. Two more "
             "boxes change that.");
    else if (votes == 2)
        puts("Two keepers are worse than one: when either is away, nothing is "
             "decided. Add a third, however small: it is the witness, it votes "
             "and need not run anything.");
    else if (votes == 4)
        puts("Four keepers survive the loss of one, as three do; five survive "
             "two.");
    else
        printf("%u keepers survive the loss of %u.\n", votes, (votes - 1) / 2);
}

static int list(const struct keepers_of *k, bool json)
{
    if (!json) {
        for (unsigned i = 0; i < k->len; i++)
            print_one(k, &k->all[i]);
        print_advice(k);
        return 0;
    }
    printf("{\"term\":%" PRIu64 ",\"changing\":%s,\"keepers\":[", k->term,
           k->changing ? "true" : "false");
    for (unsigned i = 0; i < k->len; i++) {
        const struct keeper_of *it = &k->all[i];
        printf("%s{\"name\":", i == 0 ? "" : ",");
        json_text(tomte_span_str(it->name));
        printf(",\"id\":\"%016" PRIx64 "\",\"votes\":%s,\"leads\":%s}", it->id,
               it->votes ? "true" : "false",
               it->id == k->leader ? "true" : "false");
    }
    puts("]}");
    return 0;
}

/* ---- add, remove ---- */

static enum tomte_err send_change(struct client *c, const struct keepers_of *k,
                                  bool add, const char *name, uint64_t id)
{
    uint8_t memory[96];
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_bool(&e, add);
    if (id != 0)
        tomte_cbor_put_uint(&e, id);
    else
        tomte_cbor_put_str(&e, name);
    enum tomte_err err = tomte_cbor_encode_done(&e, &bytes);
    if (err != TOMTE_OK)
        return err;
    struct client_answer a =
        client_send(c, &keepers_of_leader(k)->addr, TOMTE_COAP_POST,
                    "/.tomte/keepers", NULL, TOMTE_FORMAT_CBOR, bytes);
    return a.err;
}

static const struct keeper_of *find(const struct keepers_of *k,
                                    const char *name, uint64_t id)
{
    for (unsigned i = 0; i < k->len; i++)
        if (id != 0 ? k->all[i].id == id : strcmp(k->all[i].name, name) == 0)
            return &k->all[i];
    return NULL;
}

static bool is_done(const struct keepers_of *k, bool add, const char *name,
                    uint64_t id)
{
    const struct keeper_of *it = find(k, name, id);
    return !k->changing && (add ? it != NULL && it->votes : it == NULL);
}

/* Asks again while the keepers are busy, and until it has come true. */
static enum tomte_err change(struct home_run *run, struct client *c,
                             struct keepers_of *k, bool add, const char *name,
                             uint64_t id)
{
    const struct timespec pause = {.tv_nsec = 300000000};
    enum tomte_err err = TOMTE_ERR_AGAIN;
    time_t until = time(NULL) + PATIENCE_S;
    bool begun = false, tried = false;
    while (time(NULL) < until) {
        if (!begun) {
            err = send_change(c, k, add, name, id);
            begun = err == TOMTE_OK;
            bool done =
                tried && err == (add ? TOMTE_ERR_EXISTS : TOMTE_ERR_NOT_FOUND);
            if (!begun && !done && err != TOMTE_ERR_AGAIN &&
                err != TOMTE_ERR_TIMEOUT)
                return err;
            tried = true;
        }
        nanosleep(&pause, NULL);
        if (keepers_of_find(run, c, k) != TOMTE_OK)
            continue;
        if (is_done(k, add, name, id))
            return TOMTE_OK;
        /* it failed on the way, or another keeper leads now */
        begun = begun && k->changing;
    }
    return err == TOMTE_OK ? TOMTE_ERR_TIMEOUT : err;
}

/* Sixteen hexadecimal digits: an identifier; else it is a name: 0. */
static uint64_t id_of(const char *text)
{
    uint64_t id = 0;
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16 ||
        sscanf(text, "%16" SCNx64, &id) != 1)
        return 0;
    return id;
}

/* Who keeps a home is named by its owner: before the first vote, and no
 * more after the last. The home is told, too: views say where keepers are. */
static enum tomte_err name_keepers(struct home_run *run, struct client *c,
                                   const struct keepers_of *k, const char *more)
{
    struct tomte_name names[TOMTE_REPLICA_MEMBERS_MAX + 1];
    char error[256];
    size_t len = 0;
    for (unsigned i = 0; i < k->len; i++)
        if (tomte_name_parse(tomte_span_str(k->all[i].name), &names[len]) ==
                TOMTE_OK &&
            (more == NULL || strcmp(k->all[i].name, more) != 0))
            len++;
    if (more != NULL &&
        tomte_name_parse(tomte_span_str(more), &names[len]) == TOMTE_OK)
        len++;
    if (owner_name_keepers(run, c, names, len, error))
        return TOMTE_OK;
    fprintf(stderr, "tomte: %s\n", error);
    return TOMTE_ERR_INVALID;
}

static enum tomte_err mark_keeper(struct home_run *run, struct client *c,
                                  const char *name, bool keeper)
{
    struct tomte_command command;
    struct tomte_name node;
    char detail[256];
    enum tomte_err err = tomte_name_parse(tomte_span_str(name), &node);
    if (err != TOMTE_OK || homefile_node(&run->home, &node) == NULL)
        return TOMTE_ERR_NOT_FOUND;
    tomte_command_init(&command, TOMTE_COMMAND_NODE, node);
    command.has_keeper = true;
    command.keeper = keeper;
    return send_command(run, c, &command, detail);
}

static enum tomte_err add_keeper(struct home_run *run, struct client *c,
                                 struct keepers_of *k, const char *name)
{
    enum tomte_err err = mark_keeper(run, c, name, true);
    if (err == TOMTE_OK)
        err = name_keepers(run, c, k, name);
    return err != TOMTE_OK ? err : change(run, c, k, true, name, 0);
}

static enum tomte_err remove_keeper(struct home_run *run, struct client *c,
                                    struct keepers_of *k, const char *which)
{
    uint64_t id = id_of(which);
    const struct keeper_of *it = find(k, which, id);
    char name[TOMTE_NAME_MAX + 1] = "";
    if (it != NULL)
        memcpy(name, it->name, sizeof name);
    enum tomte_err err = change(run, c, k, false, which, id);
    if (err == TOMTE_OK)
        err = name_keepers(run, c, k, NULL);
    if (err == TOMTE_OK && name[0] != 0)
        (void)mark_keeper(run, c, name, false); /* it may be gone */
    return err;
}

int command_keeper(int argc, char **argv)
{
    static struct home_run run;
    struct keepers_of k;
    struct client *c;
    int status;
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool json = take_flag(&argc, argv, "--json");
    bool lists = argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0);
    bool adds = argc == 3 && strcmp(argv[1], "add") == 0;
    if (!lists && !adds && !(argc == 3 && strcmp(argv[1], "remove") == 0))
        return misused(argc, argv, help);
    if (!open_home(&run, &c, dir, &status))
        return status;
    enum tomte_err err = keepers_of_find(&run, c, &k);
    if (err == TOMTE_OK && !lists)
        err = adds ? add_keeper(&run, c, &k, argv[2])
                   : remove_keeper(&run, c, &k, argv[2]);
    if (err != TOMTE_OK)
        status = failed(
            err, lists ? "find a keeper that leads" : "change the keepers",
            lists ? NULL : argv[2]);
    else
        status = list(&k, json);
    client_close(c);
    return status;
}
