/* SPDX-License-Identifier: Apache-2.0 */
/* tomte-sim-keepers: groups of keepers in virtual time. */
#include "keepers/group.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    uint64_t seed, seeds;
    unsigned size, without;
    double minutes;
    bool trace, brief;
};

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    printf("%s:%d: assertion failed: %s\n", file, line, what);
    fflush(stdout);
    abort();
}

static int usage(int status)
{
    fprintf(status == 0 ? stdout : stderr,
            "tomte-sim-keepers: groups of keepers in virtual time, with faults "
            "drawn\nfrom a seed and the promises of a replicated log checked\n"
            "usage: tomte-sim-keepers [--seed N] [--seeds N] [--size N]\n"
            "                         [--minutes M] [--without BITS] "
            "[--trace] [--brief]\n"
            "  --size N       keepers: 3 or 5 (0: both, by turns)\n"
            "  --minutes M    virtual minutes with faults (5); then all heals\n"
            "  --without BITS guards left out: ports/keepers/keepers.h\n"
            "e.g. tomte-sim-keepers --seed 7 --size 3 --trace\n");
    return status;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {
        {"seed", required_argument, NULL, 's'},
        {"seeds", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 'k'},
        {"minutes", required_argument, NULL, 'm'},
        {"without", required_argument, NULL, 'w'},
        {"trace", no_argument, NULL, 't'},
        {"brief", no_argument, NULL, 'b'},
        {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 's':
            o->seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            o->seeds = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            o->size = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            o->minutes = strtod(optarg, NULL);
            break;
        case 'w':
            o->without = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 't':
            o->trace = true;
            break;
        case 'b':
            o->brief = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && o->size <= GROUP_MAX;
}

static void add(struct keepers_counts *sum, const struct group *g)
{
    for (unsigned i = 0; i < g->config.size; i++) {
        struct keepers_counts c;
        keepers_counts(g->nodes[i].keepers, &c);
        sum->votes_lent += c.votes_lent;
        sum->votes_held += c.votes_held;
        sum->early_dropped += c.early_dropped;
        sum->answers_cut += c.answers_cut;
        sum->changes_cut += c.changes_cut;
        sum->snapshots_held += c.snapshots_held;
        sum->overtaken += c.overtaken;
        sum->implausible += c.implausible;
    }
}

static void print(const struct group *g, const struct options *o)
{
    const struct group_counts *c = &g->counts;
    if (o->brief)
        printf("%llu %u %016llx %llu %llu %llu %s\n",
               (unsigned long long)g->config.seed, g->config.size,
               (unsigned long long)g->hash, (unsigned long long)c->leaders,
               (unsigned long long)c->commits, (unsigned long long)c->changes,
               g->failed ? "FAILED" : "good");
    if (g->failed)
        printf("seed %llu of %u keepers: %s\n  again with: --seed %llu --size "
               "%u --minutes %g --trace\n",
               (unsigned long long)g->config.seed, g->config.size, g->failure,
               (unsigned long long)g->config.seed, g->config.size, o->minutes);
}

static void print_sum(const struct group_counts *c,
                      const struct keepers_counts *k)
{
    printf("leaders %llu, commits %llu, acknowledged %llu, crashes %llu, "
           "partitions %llu, pauses %llu, burnt %llu, disks cut %llu, changes "
           "%llu, snapshots %llu, restarts %llu\n",
           (unsigned long long)c->leaders, (unsigned long long)c->commits,
           (unsigned long long)c->acknowledged, (unsigned long long)c->crashes,
           (unsigned long long)c->partitions, (unsigned long long)c->pauses,
           (unsigned long long)c->burns, (unsigned long long)c->cuts,
           (unsigned long long)c->changes, (unsigned long long)c->snapshots,
           (unsigned long long)c->restarts);
    printf(
        "guards: votes lent %llu, votes held %llu, early answers dropped %llu, "
        "answers cut "
        "%llu, changes cut off %llu, snapshots held %llu, overtaken %llu, "
        "implausible %llu\n",
        (unsigned long long)k->votes_lent, (unsigned long long)k->votes_held,
        (unsigned long long)k->early_dropped,
        (unsigned long long)k->answers_cut, (unsigned long long)k->changes_cut,
        (unsigned long long)k->snapshots_held, (unsigned long long)k->overtaken,
        (unsigned long long)k->implausible);
}

static void add_counts(struct group_counts *sum, const struct group_counts *c)
{
    sum->leaders += c->leaders;
    sum->commits += c->commits;
    sum->acknowledged += c->acknowledged;
    sum->crashes += c->crashes;
    sum->partitions += c->partitions;
    sum->pauses += c->pauses;
    sum->burns += c->burns;
    sum->cuts += c->cuts;
    sum->changes += c->changes;
    sum->snapshots += c->snapshots;
    sum->restarts += c->restarts;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .seeds = 1, .minutes = 5};
    struct group_counts sum = {0};
    struct keepers_counts guards = {0};
    uint64_t good = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!read_options(argc, argv, &o))
        return usage(argc == 2 ? 0 : 100);
    for (uint64_t i = 0; i < o.seeds; i++) {
        uint64_t seed = o.seed + i;
        unsigned size = o.size != 0 ? o.size : seed % 3 == 0 ? 5 : 3;
        struct group_config c = group_drawn(seed, size);
        c.options.without = o.without;
        c.trace = o.trace;
        struct group *g = group_new(&c);
        bool ok = group_run(g, (uint64_t)(o.minutes * 60e6)) && group_settle(g);
        good += ok;
        failed += !ok;
        print(g, &o);
        add(&guards, g);
        add_counts(&sum, &g->counts);
        group_free(g);
    }
    print_sum(&sum, &guards);
    printf("%llu passed, %llu failed, 0 skipped\n", (unsigned long long)good,
           (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}
