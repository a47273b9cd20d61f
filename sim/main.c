/* SPDX-License-Identifier: Apache-2.0 */
/* tomte-sim: homes in virtual time, with everything that goes wrong in them. */
#include "check.h"
#include "homes.h"
#include "world.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define S            1000000u
#define DEPLOY_MAX_S 600
#define SETTLE_S     180 /* after healing */

struct options {
    uint64_t seed, seeds;
    unsigned nodes;
    double hours;
    bool winter, trace, calm, brief;
    const char *containers;
};

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    printf("%s:%d: assertion failed: %s\n", file, line, what);
    fflush(stdout);
    abort();
}

static int usage(int status)
{
    fprintf(
        status == 0 ? stdout : stderr,
        "tomte-sim: a whole home in one process, in virtual time, with faults\n"
        "drawn from a seed and the promises of the design checked\n"
        "usage: tomte-sim [--seed N] [--seeds N] [--nodes M] [--hours H]\n"
        "                 [--winter] [--calm] [--trace] [--brief]\n"
        "                 [--containers DIR]\n"
        "  --seed N    the first seed (1); --seeds N how many from there (1)\n"
        "  --nodes M   nodes of the home (30), 4 to %d\n"
        "  --hours H   virtual hours with faults (1); then all heals\n"
        "  --winter    the home of examples/winter instead\n"
        "  --calm      no faults\n"
        "  --trace     print what happens, as `seconds node: what`\n"
        "  --brief     a line a seed: seed, trace hash, takeovers, "
        "partitions,\n"
        "              crashes, commits, verdict\n"
        "  --containers DIR  where the images are (those of this build)\n"
        "A seed is good, FAILED (a checker says why), or does-not-count: "
        "nothing\n"
        "was taken over, cut off or committed in it. The same seed gives the\n"
        "same hash, whatever compiler made it. Exit status 0: none failed.\n"
        "e.g. tomte-sim --seed 42 --nodes 30 --hours 1 --trace\n",
        SIM_NODES_MAX);
    return status;
}

static bool run(struct sim *w, uint64_t us)
{
    uint64_t until_us = w->now_us + us;
    while (!w->failed && w->now_us < until_us) {
        uint64_t left = until_us - w->now_us;
        (void)sim_run(w, w->now_us + (left < S ? left : S));
        checks_second(w);
    }
    return !w->failed;
}

/* Deploying, faults, healing, the last word of the checkers. */
static bool live(struct sim *w, const struct options *o)
{
    if (o->winter)
        home_winter(w);
    else
        home_rooms(w, o->nodes);
    checks_make(w);
    for (int i = 0; i < DEPLOY_MAX_S && !person_done(w->person); i++)
        if (!sim_run(w, w->now_us + S))
            return false;
    if (!person_done(w->person))
        sim_fail(w, "the home could not be deployed in time");
    if (!o->calm)
        faults_draw(w);
    faults_begin(w);
    if (!run(w, (uint64_t)(o->hours * 3600 * S)))
        return false;
    faults_heal(w);
    if (!run(w, SETTLE_S * (uint64_t)S))
        return false;
    checks_end(w);
    return !w->failed;
}

/* A seed in which little happened proves little. */
static bool counts(const struct sim *w)
{
    const struct sim_counts *c = &w->counts;
    return c->takeovers > 0 && c->partitions > 0 && c->commits > 0;
}

static const char *verdict(const struct sim *w, const struct options *o)
{
    return w->failed              ? "FAILED"
           : o->calm || counts(w) ? "good"
                                  : "does-not-count";
}

static void print_brief(const struct sim *w, const struct options *o)
{
    const struct sim_counts *c = &w->counts;
    printf("%llu %016llx %llu %llu %llu %llu %s\n", (unsigned long long)w->seed,
           (unsigned long long)w->hash, (unsigned long long)c->takeovers,
           (unsigned long long)c->partitions, (unsigned long long)c->crashes,
           (unsigned long long)c->commits, verdict(w, o));
}

static void print_all(const struct sim *w, const struct options *o)
{
    const struct sim_counts *c = &w->counts;
    printf("seed %llu %s: hash %016llx, %llu takeovers, %llu partitions, %llu "
           "crashes, %llu pauses, %llu replaced, %llu rotted, %llu commits, "
           "%llu datagrams "
           "(%llu lost), "
           "%llu steps, %llu writes (%llu refused, %llu expired), %llu presses "
           "(%llu acknowledged), %llu numbers made, %llu encryptions, "
           "converged in %u s, at most "
           "%u datagrams before a node and %u steps of it a second\n",
           (unsigned long long)w->seed, verdict(w, o),
           (unsigned long long)w->hash, (unsigned long long)c->takeovers,
           (unsigned long long)c->partitions, (unsigned long long)c->crashes,
           (unsigned long long)c->pauses, (unsigned long long)c->replaced,
           (unsigned long long)c->rotted, (unsigned long long)c->commits,
           (unsigned long long)c->datagrams, (unsigned long long)c->lost,
           (unsigned long long)c->steps, (unsigned long long)c->writes,
           (unsigned long long)c->refused, (unsigned long long)c->expired,
           (unsigned long long)c->pressed, (unsigned long long)c->acknowledged,
           (unsigned long long)c->made, (unsigned long long)c->encrypted,
           c->converged_s, c->waiting_max, c->steps_max);
}

enum outcome { GOOD, FAILED, NOT_COUNTED };

static enum outcome one_seed(uint64_t seed, const struct options *o)
{
    struct sim *w = calloc(1, sizeof *w);
    TOMTE_ASSERT(w != NULL);
    sim_init(w, seed);
    w->verbose = o->trace;
    w->containers = o->containers;
    bool ok = live(w, o);
    if (o->brief)
        print_brief(w, o);
    else
        print_all(w, o);
    if (!ok) {
        faults_print(w, stdout);
        printf("  %s\n  again with: tomte-sim --seed %llu%s --nodes %u "
               "--hours %g --trace\n",
               w->failure, (unsigned long long)seed,
               o->winter ? " --winter" : "", o->nodes, o->hours);
    }
    enum outcome outcome = !ok                    ? FAILED
                           : o->calm || counts(w) ? GOOD
                                                  : NOT_COUNTED;
    checks_free(w);
    sim_free(w);
    free(w);
    fflush(stdout);
    return outcome;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"seed", 1, NULL, 's'},   {"seeds", 1, NULL, 'n'},
        {"nodes", 1, NULL, 'm'},  {"hours", 1, NULL, 'h'},
        {"winter", 0, NULL, 'w'}, {"calm", 0, NULL, 'c'},
        {"trace", 0, NULL, 't'},  {"containers", 1, NULL, 'd'},
        {"brief", 0, NULL, 'b'},  {"help", 0, NULL, 'H'},
        {NULL, 0, NULL, 0}};
    struct options o = {.seed = 1,
                        .seeds = 1,
                        .nodes = 30,
                        .hours = 1,
                        .containers = TOMTE_CONTAINERS};
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (c == 's')
            o.seed = strtoull(optarg, NULL, 0);
        else if (c == 'n')
            o.seeds = strtoull(optarg, NULL, 0);
        else if (c == 'm')
            o.nodes = (unsigned)strtoul(optarg, NULL, 10);
        else if (c == 'h')
            o.hours = strtod(optarg, NULL);
        else if (c == 'w')
            o.winter = true;
        else if (c == 'c')
            o.calm = true;
        else if (c == 't')
            o.trace = true;
        else if (c == 'b')
            o.brief = true;
        else if (c == 'd')
            o.containers = optarg;
        else
            return usage(c == 'H' ? 0 : 100);
    }
    if (o.nodes < 4 || o.nodes > SIM_NODES_MAX || o.hours < 0 || optind < argc)
        return usage(100);
    uint64_t outcomes[3] = {0};
    for (uint64_t i = 0; i < o.seeds; i++)
        outcomes[one_seed(o.seed + i, &o)]++;
    if (outcomes[NOT_COUNTED] > 0)
        printf("%llu seeds do not count: no takeover, partition or commit\n",
               (unsigned long long)outcomes[NOT_COUNTED]);
    printf("%llu passed, %llu failed, 0 skipped\n",
           (unsigned long long)outcomes[GOOD],
           (unsigned long long)outcomes[FAILED]);
    return outcomes[FAILED] == 0 ? 0 : 1;
}
