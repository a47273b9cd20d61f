/* SPDX-License-Identifier: Apache-2.0 */
/* tomte status: nodes, containers, channels, as text or JSON. */
#include "command.h"

#include "home/plan.h"
#include "node/node.h"

#include <stdio.h>
#include <string.h>

static const char *const standings[] = {"gone", "unsure", "here"};
static const char *const states[] = {"nowhere", "pending", "active"};
static const char *const reports[] = {"", "starting", "running", "failed",
                                      "refused"};

static const char *word(const char *const *words, size_t len, unsigned i)
{
    return i < len ? words[i] : "?";
}
#define WORD(words, i) word(words, sizeof words / sizeof *words, i)

static void print_names(const struct tomte_name *list, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        printf("%s%.*s", i == 0 ? "" : ",", (int)list[i].len, list[i].text);
    if (len == 0)
        printf("-");
}

static void print_home(const struct status *s)
{
    printf("home at version %llu, leases of %u ms\n",
           (unsigned long long)s->version, s->lease_ms);
    for (size_t i = 0; i < s->nodes_len; i++) {
        const struct status_node *n = &s->nodes[i];
        printf("  node %-12.*s %-7s view %llu%s\n", (int)n->name.len,
               n->name.text, WORD(standings, n->standing),
               (unsigned long long)n->confirmed, n->keeper ? "  keeper" : "");
    }
    for (size_t i = 0; i < s->containers_len; i++) {
        const struct status_container *c = &s->containers[i];
        printf("  container %-12.*s %-8s epoch %-3llu on %-8.*s %-8s standby ",
               (int)c->identity.len, c->identity.text, WORD(states, c->state),
               (unsigned long long)c->epoch,
               c->owner.len > 0 ? (int)c->owner.len : 1,
               c->owner.len > 0 ? c->owner.text : "-",
               WORD(reports, c->report));
        print_names(c->standbys, c->standbys_len);
        printf("  in sync ");
        print_names(c->insync, c->insync_len);
        printf("\n");
    }
}

static void print_channels(const struct status *s)
{
    char value[64];
    for (size_t i = 0; i < s->cells_len; i++) {
        const struct status_cell *c = &s->cells[i];
        status_value(TOMTE_SPAN(c->payload, c->len), value);
        printf("  channel %-34.*s ", (int)c->channel.len, c->channel.text);
        if (c->len == 0)
            printf("nothing yet\n");
        else
            printf("%-12s %6.1f s old, by %.*s\n", value,
                   (double)c->age_ms / 1000.0, (int)c->writer.len,
                   c->writer.text);
    }
    for (size_t i = 0; i < s->resources_len; i++) {
        const struct status_resource *r = &s->resources[i];
        if (r->override_ms > 0)
            printf("  override on %.*s for %llu s more\n", (int)r->channel.len,
                   r->channel.text, (unsigned long long)r->override_ms / 1000);
    }
    for (size_t i = 0; i < s->slots_len; i++)
        if (s->slots[i].reason[0] != 0)
            printf("  %.*s is %s: %s\n", (int)s->slots[i].identity.len,
                   s->slots[i].identity.text, s->slots[i].phase,
                   s->slots[i].reason);
}

/* ---- JSON ---- */

static void json_home(const struct status *s)
{
    printf("\"version\":%llu,\"lease_ms\":%u,\"nodes\":[",
           (unsigned long long)s->version, s->lease_ms);
    for (size_t i = 0; i < s->nodes_len; i++) {
        const struct status_node *n = &s->nodes[i];
        printf("%s{\"name\":\"%.*s\",\"standing\":\"%s\",\"confirmed\":%llu,"
               "\"keeper\":%s}",
               i == 0 ? "" : ",", (int)n->name.len, n->name.text,
               WORD(standings, n->standing), (unsigned long long)n->confirmed,
               n->keeper ? "true" : "false");
    }
    printf("],\"containers\":[");
    for (size_t i = 0; i < s->containers_len; i++) {
        const struct status_container *c = &s->containers[i];
        printf("%s{\"identity\":\"%.*s\",\"state\":\"%s\",\"epoch\":%llu,"
               "\"owner\":\"%.*s\",\"report\":\"%s\",\"insync\":%u}",
               i == 0 ? "" : ",", (int)c->identity.len, c->identity.text,
               WORD(states, c->state), (unsigned long long)c->epoch,
               (int)c->owner.len, c->owner.text, WORD(reports, c->report),
               c->insync_len);
    }
    printf("]");
}

static void json_cells(const struct status *s, bool *first)
{
    for (size_t i = 0; i < s->cells_len; i++) {
        const struct status_cell *c = &s->cells[i];
        double v;
        printf("%s{\"channel\":\"%.*s\",\"node\":\"%.*s\",\"age_ms\":%llu,"
               "\"value\":",
               *first ? "" : ",", (int)c->channel.len, c->channel.text,
               (int)s->name.len, s->name.text, (unsigned long long)c->age_ms);
        if (status_number(TOMTE_SPAN(c->payload, c->len), &v))
            printf("%.12g}", v);
        else
            printf("null}");
        *first = false;
    }
}

int command_status(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte status [--json] [--dir DIR]\n"
        "The nodes, containers and channels of the running home.\n"
        "  e.g. tomte status --json\n";
    static struct home_run run;
    static struct status s;
    struct client *c;
    int status = 0;
    bool first = true;
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 1)
        return misused(argc, argv, help);
    if (!open_home(&run, &c, dir, &status))
        return status;
    client_set_timeout(c, 1500);
    struct tomte_addr keeper = leading_keeper(&run, c);
    enum tomte_err err = status_get(c, &keeper, &s);
    if (json)
        printf("{");
    if (err == TOMTE_OK && json)
        json_home(&s);
    else if (err == TOMTE_OK)
        print_home(&s);
    else
        status = failed(err, "ask the keeper", NULL);
    if (json)
        printf("%s\"channels\":[", err == TOMTE_OK ? "," : "");
    for (size_t i = 0; i < run.home.nodes_len; i++) {
        const struct home_node *n = &run.home.nodes[i];
        if (status_get(c, &n->addr, &s) != TOMTE_OK) {
            if (!json)
                printf("  node %.*s does not answer\n", (int)n->name.len,
                       n->name.text);
        } else if (json) {
            json_cells(&s, &first);
        } else {
            print_channels(&s);
        }
    }
    if (json)
        printf("]}\n");
    client_close(c);
    return status;
}
