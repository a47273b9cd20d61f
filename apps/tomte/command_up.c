/* SPDX-License-Identifier: Apache-2.0 */
/* tomte up: brings a home up and shows it live; with --once a story. */
#include "command.h"
#include "scene.h"
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: tomte up HOME.yaml [--dir DIR] [--plain]\n"
    "       tomte up HOME.yaml --once | --story NAME\n"
    "Starts the nodes of a home file as processes on this machine, ships its\n"
    "containers and shows them live, until Ctrl-C.\n"
    "  --dir    where nodes keep their storage; else by the home's name under\n"
    "           ~/.local/state/tomte\n"
    "  --plain  no live table, a line for what changes\n"
    "  --once   tells how the home survives, in three beats, and ends\n"
    "  --story  blackout: all dead, and restarted in every order\n"
    "           keeper: the keeper dead for a hundred leases\n"
    "  e.g. tomte up examples/winter/home.yaml\n";

/* ---- the live table ---- */

static void print_containers(const struct scene *s)
{
    const struct status *k = &s->status[scene_keeper(s)];
    for (size_t i = 0; i < s->run.home.containers_len; i++) {
        char name[TOMTE_NAME_MAX + 1] = {0};
        const struct tomte_name *id = &s->run.home.containers[i].identity;
        uint64_t epoch = 0;
        memcpy(name, id->text, id->len);
        int at = scene_runs_on(s, name, &epoch);
        printf("  %-12s %-10.*s epoch %-4llu", name,
               at < 0 ? 7 : (int)s->run.home.nodes[at].name.len,
               at < 0 ? "nowhere" : s->run.home.nodes[at].name.text,
               (unsigned long long)epoch);
        for (size_t c = 0; c < k->containers_len; c++) {
            const struct status_container *it = &k->containers[c];
            if (!tomte_name_equal(&it->identity, id))
                continue;
            printf("  in sync:");
            for (unsigned n = 0; n < it->insync_len; n++)
                printf(" %.*s", (int)it->insync[n].len, it->insync[n].text);
        }
        printf("\033[K\n");
    }
}

static void print_cells(const struct scene *s,
                        uint64_t revisions[HOME_NODES_MAX][STATUS_CELLS],
                        double seconds)
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t k = 0; k < s->status[i].cells_len; k++) {
            const struct status_cell *c = &s->status[i].cells[k];
            char value[64];
            uint64_t was = revisions[i][k];
            status_value(TOMTE_SPAN(c->payload, c->len), value);
            printf("  %-36.*s %-12s %6.1f/s\033[K\n", (int)c->channel.len,
                   c->channel.text, value,
                   was == 0 || c->revision < was
                       ? 0
                       : (double)(c->revision - was) / seconds);
            revisions[i][k] = c->revision;
        }
}

/* The last lines of every node's log. */
static void print_tail(const struct scene *s)
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        char path[RUN_DIR_MAX + 64], line[256], last[3][256] = {{0}};
        unsigned count = 0;
        snprintf(path, sizeof path, "%s/%.*s/log", s->run.dir,
                 (int)s->run.home.nodes[i].name.len,
                 s->run.home.nodes[i].name.text);
        FILE *f = fopen(path, "re");
        if (f == NULL)
            continue;
        if (fseek(f, -2000, SEEK_END) == 0)
            (void)!fgets(line, sizeof line, f); /* a part of a line */
        while (fgets(line, sizeof line, f) != NULL)
            memcpy(last[count++ % 3], line, sizeof line);
        fclose(f);
        for (unsigned k = count > 3 ? count - 3 : 0; k < count; k++)
            printf("  %-8.*s %.90s", (int)s->run.home.nodes[i].name.len,
                   s->run.home.nodes[i].name.text, last[k % 3] + 11);
    }
}

static void print_table(struct scene *s, bool terminal, double seconds)
{
    static uint64_t revisions[HOME_NODES_MAX][STATUS_CELLS];
    printf(terminal ? "\033[H" : "\n");
    printf("home %.*s\033[K\n", (int)s->run.home.name.len,
           s->run.home.name.text);
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        printf("  node %-8.*s %-6s %s%s\033[K\n",
               (int)s->run.home.nodes[i].name.len,
               s->run.home.nodes[i].name.text,
               s->status[i].here ? "up" : "DOWN",
               s->status[i].leased ? "leased" : "no lease",
               s->run.home.nodes[i].keeper ? "  keeper" : "");
    print_containers(s);
    print_cells(s, revisions, seconds);
    print_tail(s);
    if (terminal)
        printf("\033[J\nNow you: tomte kill hall   (Ctrl-C ends it)\n");
    fflush(stdout);
}

static int show(struct scene *s, bool plain)
{
    bool terminal = isatty(STDOUT_FILENO) && !plain;
    const struct home_node *victim = &s->run.home.nodes[0];
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (!s->run.home.nodes[i].keeper)
            victim = &s->run.home.nodes[i];
    printf("home %.*s is up: %zu nodes, %zu containers; storage in %s\n",
           (int)s->run.home.name.len, s->run.home.name.text,
           s->run.home.nodes_len, s->run.home.containers_len, s->run.dir);
    printf("Now you: %s kill %.*s\n", s->run.program, (int)victim->name.len,
           victim->name.text);
    fflush(stdout);
    if (terminal)
        printf("\033[2J");
    while (!scene_stopped()) {
        scene_serve_requests(s);
        if (terminal) {
            scene_look(s, 200);
            print_table(s, true, 0.7);
        }
        scene_sleep_ms(terminal ? 500 : 200);
    }
    printf("\nthe home goes down; it comes back as it was with: tomte up\n");
    return 0;
}

static int run_home(struct scene *s, bool plain)
{
    int status = 1;
    printf("starting %zu nodes ...\n", s->run.home.nodes_len);
    if (scene_start(s) && scene_deploy(s, 30000))
        status = show(s, plain);
    scene_end(s);
    return status;
}

int command_up(int argc, char **argv)
{
    static struct scene s;
    char error[256];
    if (take_flag(&argc, argv, "--help"))
        return usage(true, help);
    const char *dir = take_option(&argc, argv, "--dir");
    const char *story = take_option(&argc, argv, "--story");
    bool once = take_flag(&argc, argv, "--once");
    bool plain = take_flag(&argc, argv, "--plain");
    if (argc != 2)
        return usage(false, help);
    scene_catch_signals();
    if (once || story != NULL)
        return story_tell(once ? "once" : story, argv[1], dir);
    if (!home_run_make(&s.run, dir, argv[1], error)) {
        fprintf(stderr, "tomte: %s\n", error);
        return 3;
    }
    return run_home(&s, plain);
}
