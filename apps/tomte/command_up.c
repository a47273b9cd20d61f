/* SPDX-License-Identifier: Apache-2.0 */
/* tomte up: brings a home up and shows it live; with --once a story. */
#include "command.h"
#include "scene.h"
#include "story.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: tomte up HOME.yaml [--dir DIR] [--plain | --json]\n"
    "       tomte up HOME.yaml --once | --story NAME\n"
    "Starts the nodes of a home file as processes on this machine, ships its\n"
    "containers and shows them live, until Ctrl-C.\n"
    "  --dir    where nodes keep their storage; else by the home's name under\n"
    "           ~/.local/state/tomte\n"
    "  --plain  no live table, but a line for each event; so it is, too, "
    "where\n"
    "           the output is no terminal\n"
    "  --json   each event as an object\n"
    "  --once   tells how the home survives, in three beats, and ends\n"
    "  --story  blackout: all dead, and restarted in every order\n"
    "           keeper: the keeper dead for a hundred leases\n"
    "  e.g. tomte up examples/winter/home.yaml\n";

/* Without a terminal: each event as it happens, a line each. */
static void print_events(struct events *e, const struct home_run *run,
                         bool json)
{
    char text[256];
    size_t fresh = events_read(e, run);
    for (size_t i = e->len - fresh; i < e->len; i++) {
        if (json) {
            event_json(&e->lines[i], run);
            continue;
        }
        event_text(&e->lines[i], run, text, sizeof text);
        puts(text);
    }
    fflush(stdout);
}

static void show_table(struct scene *s, struct events *events)
{
    static struct table table;
    table_init(&table, events);
    printf("\033[2J");
    while (!scene_stopped()) {
        scene_serve_requests(s);
        scene_look(s, 200);
        table_draw(&table, s);
        scene_sleep_ms(400);
    }
    printf("\n");
}

static void tell_up(const struct scene *s)
{
    printf("home %.*s is up: %zu nodes, %zu containers; storage in %s\n",
           (int)s->run.home.name.len, s->run.home.name.text,
           s->run.home.nodes_len, s->run.home.containers_len, s->run.dir);
    printf("Now you: %s kill %.*s\n", table_program(s),
           (int)table_victim(s)->len, table_victim(s)->text);
}

/* What was said while it came up, that it is up, and what is said from then. */
static void show_lines(struct scene *s, struct events *events, bool json)
{
    print_events(events, &s->run, json);
    if (json)
        done(true, "up", s->run.dir, NULL);
    else
        tell_up(s);
    while (!scene_stopped()) {
        scene_serve_requests(s);
        print_events(events, &s->run, json);
        scene_sleep_ms(200);
    }
}

enum form { FORM_TABLE, FORM_PLAIN, FORM_JSON };

static void show(struct scene *s, struct events *events, enum form form)
{
    scene_look(s, 500);
    if (form == FORM_TABLE)
        show_table(s, events);
    else
        show_lines(s, events, form == FORM_JSON);
    if (form != FORM_JSON)
        printf("the home goes down; it comes back as it was with: tomte up\n");
}

static int run_home(struct scene *s, enum form form)
{
    static struct events events;
    int status = 1;
    events_skip(&events, &s->run);
    if (form != FORM_JSON)
        printf("starting %zu nodes ...\n", s->run.home.nodes_len);
    if (scene_start(s) && scene_deploy(s, 30000)) {
        show(s, &events, form);
        status = 0;
    }
    scene_end(s);
    return status;
}

int command_up(int argc, char **argv)
{
    static struct scene s;
    char error[256];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    const char *story = take_option(&argc, argv, "--story");
    bool once = take_flag(&argc, argv, "--once");
    enum form form = isatty(STDOUT_FILENO) ? FORM_TABLE : FORM_PLAIN;
    form = take_flag(&argc, argv, "--plain") ? FORM_PLAIN : form;
    form = take_flag(&argc, argv, "--json") ? FORM_JSON : form;
    if (argc != 2 || argv[1][0] == '-')
        return misused(argc, argv, help);
    scene_catch_signals();
    if (once || story != NULL)
        return story_tell(once ? "once" : story, argv[1], dir);
    if (!home_run_make(&s.run, dir, argv[1], error)) {
        fprintf(stderr, "tomte: %s\n", error);
        return 3;
    }
    return run_home(&s, form);
}
