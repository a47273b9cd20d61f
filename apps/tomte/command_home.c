/* SPDX-License-Identifier: Apache-2.0 */
/* tomte why, deploy, move, kill, logs. */
#include "command.h"

#include "home/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int no_node(const char *name)
{
    fprintf(stderr, "tomte: the home has no node %s\n", name);
    return 2;
}

static void print_why(const char *container, struct tomte_span why, bool json)
{
    char line[1024];
    struct tomte_text t;
    if (json) {
        printf("{\"container\":");
        json_text(tomte_span_str(container));
        printf(",\"why\":");
        json_text(why);
        puts("}");
        return;
    }
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, why);
    puts(line);
}

int command_why(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte why CONTAINER [NODE] [--json] [--dir DIR]\n"
        "Says where a container runs and why, or why nowhere; with a node,\n"
        "why not there.\n"
        "  e.g. tomte why thermostat kitchen\n";
    static struct home_run run;
    struct client *c;
    int status;
    char path[128];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 2 && argc != 3)
        return misused(argc, argv, help);
    if (!open_home(&run, &c, dir, &status))
        return status;
    snprintf(path, sizeof path, "/.tomte/why/%.40s%s%.40s", argv[1],
             argc == 3 ? "/" : "", argc == 3 ? argv[2] : "");
    struct tomte_addr keeper = leading_keeper(&run, c);
    struct client_answer a = client_get(c, &keeper, path, NULL);
    status = a.err == TOMTE_OK ? 0 : failed(a.err, "say why", argv[1]);
    if (a.err == TOMTE_OK)
        print_why(argv[1], TOMTE_SPAN(a.data, a.len), json);
    client_close(c);
    return status;
}

/* ---- deploy and move ---- */

static bool parse_bind(const char *text, struct home_bind *b)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL)
        return false;
    struct tomte_span port = TOMTE_SPAN(text, (size_t)(equals - text));
    if (tomte_name_parse(port, &b->port) != TOMTE_OK)
        return false;
    if (equals[1] == '/')
        return tomte_channel_name_parse(tomte_span_str(equals + 1),
                                        &b->channel) == TOMTE_OK;
    return equals[1] == 0 ||
           tomte_name_parse(tomte_span_str(equals + 1), &b->place) == TOMTE_OK;
}

/* The words of `why`, up to its end of sentence; false when they are not in. */
static bool sentence(struct tomte_span why, const char *words, char out[256])
{
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)why.len, (const char *)why.data);
    const char *at = strstr(text, words);
    if (at == NULL)
        return false;
    while (at > text && at[-1] != '.')
        at--; /* from its beginning */
    at += at[0] == ' ';
    const char *end = strstr(at, ". ");
    size_t len = end == NULL ? strlen(at) : (size_t)(end - at);
    if (len > 0 && at[len - 1] == '.')
        len--;
    snprintf(out, 256, "%.*s", (int)len, at);
    return true;
}

/* Follows a trial to its end: 0 when the new version stays or there is none, 1
 * when the one before is back. The last sentence is in `said`. */
static int follow_trial(struct home_run *run, struct client *c,
                        const char *identity, bool json, char said[256])
{
    char path[128];
    bool trial = false;
    unsigned version = 0;
    snprintf(path, sizeof path, "/.tomte/why/%.40s", identity);
    for (unsigned i = 0; i < 36000; i++, usleep(200000)) {
        struct tomte_addr keeper = leading_keeper(run, c);
        struct client_answer a = client_get(c, &keeper, path, NULL);
        struct tomte_span why = TOMTE_SPAN(a.data, a.len);
        if (a.err != TOMTE_OK)
            continue; /* a keeper that restarts; its home goes on */
        if (sentence(why, " is on trial", said)) {
            if (!trial && !json)
                printf("%.40s: %s\n", identity, said);
            fflush(stdout);
            trial = true;
            (void)sscanf(said, "Version %u", &version);
            continue;
        }
        if (!trial) {
            said[0] = 0;
            return 0;
        }
        if (sentence(why, " was given up: ", said))
            return 1;
        snprintf(said, 256, "version %u stays", version);
        return 0;
    }
    return 0;
}

/* What came of it, said: the exit status. */
static int say_deployed(struct home_run *run, struct client *c,
                        const char *identity, bool json)
{
    char said[256], text[400];
    int status = follow_trial(run, c, identity, json, said);
    for (char *at = said; status != 0 && *at == 'V'; at++)
        *at = 'v';
    if (status != 0) {
        fprintf(stderr, "tomte: %.40s: %s\n", identity, said);
        return status;
    }
    snprintf(text, sizeof text, "%.40s: deployed%s%s; see: tomte why %.40s",
             identity, said[0] != 0 ? ", " : "", said, identity);
    done(json, "deploy", identity, text);
    return 0;
}

int command_deploy(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte deploy IDENTITY IMAGE [--bind PORT=/CHANNEL] ...\n"
        "                    [--bind PORT=PLACE] [--on NODE] [--afresh]\n"
        "                    [--no-wait] [--json] [--dir DIR]\n"
        "Ships an image (a file, or the name of one that is shipped) as the\n"
        "container IDENTITY, new or as its next version. That takes the state\n"
        "over (with --afresh: none), and is on trial: when it traps, is "
        "silent\n"
        "or breaks a rule of its manifest the version before is back, and "
        "this\n"
        "says why and exits with 1. --no-wait: does not stay for the end.\n"
        "  e.g. tomte deploy lamp lamp --bind button=hall --bind lamp=hall\n";
    static struct home_run run;
    static struct home_container container;
    struct client *c;
    int status;
    char detail[256], text[128];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir"), *bind;
    bool json = take_flag(&argc, argv, "--json");
    const char *on = take_option(&argc, argv, "--on");
    container.afresh = take_flag(&argc, argv, "--afresh");
    bool no_wait = take_flag(&argc, argv, "--no-wait");
    while ((bind = take_option(&argc, argv, "--bind")) != NULL)
        if (container.binds_len == HOME_BINDS_MAX ||
            !parse_bind(bind, &container.binds[container.binds_len++]))
            return misused(argc, argv, help);
    if (argc != 3 ||
        tomte_name_parse(tomte_span_str(argv[1]), &container.identity) !=
            TOMTE_OK ||
        (on != NULL &&
         tomte_name_parse(tomte_span_str(on), &container.prefer) != TOMTE_OK))
        return misused(argc, argv, help);
    snprintf(container.image, sizeof container.image, "%s", argv[2]);
    if (!open_home(&run, &c, dir, &status))
        return status;
    enum tomte_err err = deploy_image(&run, c, &container, detail);
    status = err == TOMTE_OK ? 0 : failed(err, "deploy", detail);
    snprintf(text, sizeof text, "%.40s: deployed; see: tomte why %.40s",
             argv[1], argv[1]);
    if (err == TOMTE_OK && no_wait)
        done(json, "deploy", argv[1], text);
    else if (err == TOMTE_OK)
        status = say_deployed(&run, c, argv[1], json);
    client_close(c);
    return status;
}

int command_move(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte move CONTAINER NODE [--json] [--dir DIR]\n"
        "       tomte move CONTAINER --anywhere [--json] [--dir DIR]\n"
        "Runs a container on another node, with its state, and keeps it there\n"
        "whenever that is possible; --anywhere lets it go again.\n"
        "  e.g. tomte move thermostat cellar\n";
    static struct home_run run;
    struct client *c;
    struct tomte_command command;
    struct tomte_name identity;
    int status;
    char detail[256];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool anywhere = take_flag(&argc, argv, "--anywhere");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != (anywhere ? 2 : 3) ||
        tomte_name_parse(tomte_span_str(argv[1]), &identity) != TOMTE_OK)
        return misused(argc, argv, help);
    tomte_command_init(
        &command, anywhere ? TOMTE_COMMAND_UNPIN : TOMTE_COMMAND_PIN, identity);
    if (!anywhere &&
        tomte_name_parse(tomte_span_str(argv[2]), &command.node) != TOMTE_OK)
        return misused(argc, argv, help);
    if (!open_home(&run, &c, dir, &status))
        return status;
    enum tomte_err err = send_command(&run, c, &command, detail);
    status = err == TOMTE_OK ? 0 : failed(err, "move", detail);
    if (err == TOMTE_OK)
        done(json, "move", argv[1], NULL);
    client_close(c);
    return status;
}

/* ---- kill ---- */

static int signal_node(const struct home_run *run,
                       const struct tomte_name *name, int number)
{
    pid_t pid = home_run_pid(run, name);
    if (pid == 0) {
        fprintf(stderr,
                "tomte: node %.*s does not run; start it with: tomte "
                "kill --start %.*s\n",
                (int)name->len, name->text, (int)name->len, name->text);
        return 2;
    }
    return kill(pid, number) == 0 ? 0 : 1;
}

/* `tomte up` owns the processes of its home, so that none outlives it. */
static int ask_to_start(const struct home_run *run,
                        const struct home_node *node)
{
    char path[RUN_DIR_MAX + 64];
    snprintf(path, sizeof path, "%s/start.%.*s", run->dir, (int)node->name.len,
             node->name.text);
    FILE *f = fopen(path, "we");
    if (f == NULL) {
        fprintf(stderr, "tomte: %s: %s\n", path, strerror(errno));
        return 1;
    }
    return fclose(f) == 0 ? 0 : 1;
}

int command_kill(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte kill NODE [--pause | --resume | --start] [--json]\n"
        "                  [--dir DIR]\n"
        "Kills the process of a node as a power cut would (SIGKILL); --pause\n"
        "stops it until --resume; --start starts it again.\n"
        "  e.g. tomte kill hall\n";
    static struct home_run run;
    struct tomte_name name;
    char error[256];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool pause = take_flag(&argc, argv, "--pause");
    bool resume = take_flag(&argc, argv, "--resume");
    bool start = take_flag(&argc, argv, "--start");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 2 || pause + resume + start > 1)
        return misused(argc, argv, help);
    if (!home_run_open(&run, dir, error)) {
        fprintf(stderr, "tomte: %s\n", error);
        return 2;
    }
    const struct home_node *node = NULL;
    if (tomte_name_parse(tomte_span_str(argv[1]), &name) == TOMTE_OK)
        node = homefile_node(&run.home, &name);
    if (node == NULL)
        return no_node(argv[1]);
    int status = start ? ask_to_start(&run, node)
                       : signal_node(&run, &name,
                                     pause    ? SIGSTOP
                                     : resume ? SIGCONT
                                              : SIGKILL);
    if (status == 0)
        done(json,
             start    ? "start"
             : pause  ? "pause"
             : resume ? "resume"
                      : "kill",
             argv[1], NULL);
    return status;
}

/* ---- logs ---- */

static const char levels[] = "iwe";

static void print_line(const struct status_line *line, const char *node,
                       bool json)
{
    char level = levels[line->level < 3 ? line->level : 2];
    unsigned long long at = line->at_ms, repeats = line->repeats;
    if (!json) {
        printf("%s %8llu.%03llu %c %s", node, at / 1000, at % 1000, level,
               line->text);
        printf(repeats > 0 ? " (%llu more times)\n" : "\n", repeats);
        return;
    }
    printf("{\"node\":\"%s\",\"number\":%llu,\"at_ms\":%llu,"
           "\"level\":\"%c\",\"repeats\":%llu,\"text\":",
           node, (unsigned long long)line->number, at, level, repeats);
    json_text(tomte_span_str(line->text));
    puts("}");
}

/* Prints the lines of an answer; the last line's number. */
static uint64_t print_lines(const struct client_answer *a, const char *node,
                            bool json)
{
    struct status_lines it;
    struct status_line line;
    uint64_t last = 0;
    status_lines_init(&it, TOMTE_SPAN(a->data, a->len));
    while (status_lines_next(&it, &line)) {
        last = line.number;
        print_line(&line, node, json);
    }
    return last;
}

static int show_logs(const struct home_node *n, struct client *c, bool follow,
                     bool json)
{
    char name[TOMTE_NAME_MAX + 1] = {0}, query[48];
    uint64_t since = 0;
    memcpy(name, n->name.text, n->name.len);
    do {
        snprintf(query, sizeof query, "since=%llu", (unsigned long long)since);
        struct client_answer a = client_get(c, &n->addr, "/.tomte/logs", query);
        if (a.err != TOMTE_OK)
            return failed(a.err, "read the lines of", name);
        uint64_t last = print_lines(&a, name, json);
        since = last > since ? last : since;
        if (follow)
            usleep(500000);
    } while (follow);
    return 0;
}

int command_logs(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte logs [NODE] [--follow] [--json] [--dir DIR]\n"
        "The recent lines of a node, or of all; times are its own seconds.\n"
        "With --json each is an object of its own.\n"
        "  e.g. tomte logs cellar --follow\n";
    static struct home_run run;
    struct client *c;
    int status;
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *dir = take_option(&argc, argv, "--dir");
    bool follow = take_flag(&argc, argv, "--follow"), known = false;
    bool json = take_flag(&argc, argv, "--json");
    if (argc > 2 || (follow && argc != 2))
        return misused(argc, argv, help);
    if (!open_home(&run, &c, dir, &status))
        return status;
    client_set_timeout(c, 1500);
    for (size_t i = 0; i < run.home.nodes_len; i++) {
        const struct home_node *n = &run.home.nodes[i];
        if (argc == 2 && !tomte_span_equal(tomte_name_span(&n->name),
                                           tomte_span_str(argv[1])))
            continue;
        int one = show_logs(n, c, follow, json);
        status = one != 0 ? one : status;
        known = true;
    }
    client_close(c);
    return known ? status : no_node(argv[1]);
}
