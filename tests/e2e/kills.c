/* SPDX-License-Identifier: Apache-2.0 */
/* kills: a home of five processes in which one node after another dies.
 *
 *   e2e_kills [--kills N] [--seed N] [--noise PERCENT] [--dir DIR]
 *             [--home FILE] [--summary FILE] [--tomte FILE] [--switch FILE]
 *
 * Each round draws a victim out of the seed: each node as often as the others,
 * the keeper too. Before that a container is moved to where the victim will be,
 * so that something is at stake. In turn comes one of three deaths:
 *   killed   SIGKILL
 *   paused   SIGSTOP, so that a twin wakes up when it has been replaced
 *   silent   the switch drops everything to and from it; it lives on, alone
 * After a while it is back: started again, woken, heard again; every second one
 * that was paused or silent is killed first. All the while a person presses the
 * button, each press with a number of its own (kills_person.c), and every look
 * at the home checks that no counter and no fence goes back (kills_watch.c).
 *
 * Each round must see:
 *   - what ran on a dead node, runs elsewhere within RESUME_MAX_MS. Not so when
 *     the dead node is the keeper, or has the actuator that the container
 *     drives: with one keeper placement is frozen while it is away (the others
 *     stay where they are), and without its heater a thermostat has nowhere to
 *     be, since `hold` waits for the heater's node to know the new epoch;
 *   - within SETTLE_MAX_MS of its return every node has a lease and every
 *     container runs, once, where the keeper says, obeyed by its actuator, and
 *     with its standby in sync again;
 *   - each acknowledged press was counted, and no press twice.
 * With --noise so many datagrams are lost, doubled and overtaken all the time.
 *
 * A `sync` container whose standby is the keeper's own node waits while that is
 * away; its presses stay unanswered, which is no loss. */
#include "kills.h"

#include "home/command.h"
#include "tomte/story_home.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESUME_MAX_MS 5000u
#define SETTLE_MAX_MS 20000u
#define ASK_MAX_MS    30000u
#define ROUNDS_MAX    1000

enum death { KILLED, PAUSED, SILENT, DEATHS };
static const char *const deaths[] = {"killed", "paused", "silent"};

/* What one kind of death cost, over all rounds. */
struct figures {
    unsigned count, keeper;
    unsigned detect_len, resume_len, settle_len;
    uint64_t detect[ROUNDS_MAX], resume[ROUNDS_MAX], settle[ROUNDS_MAX];
};

struct test {
    struct scene scene;
    struct watch watch;
    struct person *person;
    struct figures figures[DEATHS];
    struct lines lines;
    uint64_t random;
    uint64_t began_ms;
};

struct options {
    const char *tomte, *switch_, *home, *dir, *summary, *noise;
    unsigned kills;
    uint64_t seed;
};

static struct test test;

void tomte_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}

static unsigned draw(struct test *t, unsigned below)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return (unsigned)(t->random >> 20) % below;
}

static const char *name_of(const struct test *t, int node)
{
    static char name[TOMTE_NAME_MAX + 1];
    const struct tomte_name *n = &t->scene.run.home.nodes[node].name;
    memcpy(name, n->text, n->len);
    name[n->len] = 0;
    return name;
}

/* ---- the switch ---- */

static void silence(struct test *t, int victim)
{
    char line[64], answer[128];
    snprintf(line, sizeof line, "silence %s", name_of(t, victim));
    switch_tell(&t->lines, line, answer);
}

static void join(struct test *t)
{
    char answer[128];
    switch_tell(&t->lines, "join", answer);
}

static void make_noise(struct test *t, const char *noise)
{
    unsigned percent = noise == NULL ? 0 : (unsigned)strtoul(noise, NULL, 10);
    switch_set(&t->lines, "loss", percent);
    switch_set(&t->lines, "double", percent);
    switch_set(&t->lines, "reorder", percent);
}

/* ---- the home at rest ---- */

static void identity_of(const struct test *t, size_t container,
                        char name[TOMTE_NAME_MAX + 1])
{
    const struct tomte_name *n =
        &t->scene.run.home.containers[container].identity;
    memcpy(name, n->text, n->len);
    name[n->len] = 0;
}

/* Until all is well again; the time it took, UINT64_MAX when it did not. */
static uint64_t settle(struct test *t, uint32_t timeout_ms)
{
    uint64_t from = scene_now_ms();
    char why[128];
    while (!scene_stopped()) {
        watch_look(&t->watch, &t->scene, -1);
        if (watch_settled(&t->scene, why))
            return scene_now_ms() - from;
        if (scene_now_ms() - from > timeout_ms) {
            wrong("after %u s: %s", timeout_ms / 1000, why);
            return UINT64_MAX;
        }
        scene_sleep_ms(50);
    }
    return UINT64_MAX;
}

/* ---- one round ---- */

struct round {
    int victim;
    enum death death;
    bool keeper;
    bool lost[HOME_CONTAINERS_MAX]; /* ran on the victim, must run elsewhere */
    unsigned lost_len;
    uint64_t died_ms, detect_ms, resume_ms;
};

/* Does the victim have what this container drives? */
static bool drives_on(const struct test *t, int victim, const char *identity)
{
    const struct home_node *n = &t->scene.run.home.nodes[victim];
    for (size_t i = 0; i < n->resources_len; i++) {
        const struct tomte_node_resource *r = &n->resources[i].is;
        bool heat = strcmp(identity, "thermostat") == 0 &&
                    tomte_span_equal(tomte_name_span(&r->role),
                                     TOMTE_SPAN_LIT("heater"));
        bool light =
            strcmp(identity, "lamp") == 0 &&
            tomte_span_equal(tomte_name_span(&r->role), TOMTE_SPAN_LIT("lamp"));
        if (heat || light)
            return true;
    }
    return false;
}

/* Pinned to `node`, or to none when it is negative; in noise that may take more
 * than one try. */
static bool pin(struct test *t, size_t container, int node)
{
    const struct home_file *home = &t->scene.run.home;
    struct tomte_command c;
    char detail[256];
    tomte_command_init(&c, node < 0 ? TOMTE_COMMAND_UNPIN : TOMTE_COMMAND_PIN,
                       home->containers[container].identity);
    if (node >= 0)
        c.node = home->nodes[node].name;
    client_set_timeout(t->scene.client, 3000);
    for (int tries = 0; tries < 5; tries++)
        if (send_command(&t->scene.run, t->scene.client, &c, detail) ==
            TOMTE_OK)
            return true;
    return false;
}

/* Somebody moves a container, and lets it go again where it arrived. */
static bool move(struct test *t, size_t container, int node)
{
    char name[TOMTE_NAME_MAX + 1];
    uint64_t epoch, until = scene_now_ms() + 10000;
    int at = -1;
    identity_of(t, container, name);
    if (!pin(t, container, node))
        return false;
    while (at != node && scene_now_ms() < until && !scene_stopped()) {
        scene_sleep_ms(50);
        watch_look(&t->watch, &t->scene, -1);
        at = scene_runs_on(&t->scene, name, &epoch);
    }
    return pin(t, container, -1) && at == node;
}

static void choose(struct test *t, unsigned number, struct round *r)
{
    const struct home_file *home = &t->scene.run.home;
    char name[TOMTE_NAME_MAX + 1];
    uint64_t epoch;
    memset(r, 0, sizeof *r);
    r->death = (enum death)(number % DEATHS);
    r->victim = (int)draw(t, (unsigned)home->nodes_len);
    r->keeper = r->victim == scene_keeper(&t->scene);
    size_t container = draw(t, (unsigned)home->containers_len);
    identity_of(t, container, name);
    if (!move(t, container, r->victim))
        wrong("%s could not be moved to %s", name, name_of(t, r->victim));
    (void)settle(t, SETTLE_MAX_MS);
    for (size_t i = 0; i < t->scene.run.home.containers_len; i++) {
        identity_of(t, i, name);
        r->lost[i] = !r->keeper && !drives_on(t, r->victim, name) &&
                     scene_runs_on(&t->scene, name, &epoch) == r->victim;
        r->lost_len += r->lost[i];
    }
}

static void die(struct test *t, struct round *r)
{
    r->died_ms = scene_now_ms();
    if (r->death == SILENT)
        silence(t, r->victim);
    else
        scene_signal(&t->scene, (size_t)r->victim,
                     r->death == KILLED ? SIGKILL : SIGSTOP);
}

static bool detected(const struct test *t, int victim)
{
    const struct status *k = &t->scene.status[scene_keeper(&t->scene)];
    for (size_t i = 0; i < k->nodes_len; i++)
        if (k->nodes[i].standing == 0 &&
            tomte_name_equal(&k->nodes[i].name,
                             &t->scene.run.home.nodes[victim].name))
            return true;
    return false;
}

static bool resumed(const struct test *t, const struct round *r)
{
    char name[TOMTE_NAME_MAX + 1];
    uint64_t epoch;
    for (size_t i = 0; i < t->scene.run.home.containers_len; i++) {
        identity_of(t, i, name);
        if (r->lost[i] && scene_runs_on(&t->scene, name, &epoch) < 0)
            return false;
    }
    return true;
}

/* While it is away: what was on it comes back elsewhere. */
static void mourn(struct test *t, struct round *r)
{
    uint64_t least = r->died_ms + 3000 + draw(t, 2000);
    for (;;) {
        watch_look(&t->watch, &t->scene, r->victim);
        uint64_t past = scene_now_ms() - r->died_ms;
        if (r->detect_ms == 0 && detected(t, r->victim))
            r->detect_ms = past;
        if (r->resume_ms == 0 && r->lost_len > 0 && resumed(t, r))
            r->resume_ms = past;
        bool waiting = r->lost_len > 0 && r->resume_ms == 0;
        if (waiting && past > 2 * RESUME_MAX_MS)
            break;
        if (!waiting && scene_now_ms() >= least)
            break;
        scene_sleep_ms(20);
    }
    if (r->lost_len > 0 && (r->resume_ms == 0 || r->resume_ms > RESUME_MAX_MS))
        wrong("%s was %s, and what ran there took %llu ms to run elsewhere",
              name_of(t, r->victim), deaths[r->death],
              (unsigned long long)r->resume_ms);
}

static void revive(struct test *t, struct round *r)
{
    bool kill_it = r->death == KILLED || draw(t, 2) == 0;
    if (kill_it) {
        scene_signal(&t->scene, (size_t)r->victim, SIGKILL);
        scene_sleep_ms(50);
        scene_start_node(&t->scene, (size_t)r->victim);
    }
    if (r->death == PAUSED && !kill_it)
        scene_signal(&t->scene, (size_t)r->victim, SIGCONT);
    if (r->death == SILENT)
        join(t);
}

static void note(struct test *t, const struct round *r, uint64_t settle_ms)
{
    struct figures *f = &t->figures[r->death];
    f->count++;
    f->keeper += r->keeper;
    if (!r->keeper && r->detect_ms > 0)
        f->detect[f->detect_len++] = r->detect_ms;
    if (r->resume_ms > 0)
        f->resume[f->resume_len++] = r->resume_ms;
    if (settle_ms != UINT64_MAX)
        f->settle[f->settle_len++] = settle_ms;
}

static bool round_of(struct test *t, unsigned number)
{
    struct round r;
    struct tally tally;
    choose(t, number, &r);
    die(t, &r);
    mourn(t, &r);
    revive(t, &r);
    uint64_t settle_ms = settle(t, SETTLE_MAX_MS);
    note(t, &r, settle_ms);
    bool asked = person_check(&t->scene, t->person, ASK_MAX_MS, &tally);
    if (!asked)
        wrong("tally does not answer");
    printf("%7.1f s  %3u  %-6s %-6s%s  detect %4llu  resume %4llu  settle "
           "%5lld ms  events %u\n",
           (double)(scene_now_ms() - t->began_ms) / 1000, number + 1,
           name_of(t, r.victim), deaths[r.death], r.keeper ? " (keeper)" : "",
           (unsigned long long)r.detect_ms, (unsigned long long)r.resume_ms,
           settle_ms == UINT64_MAX ? -1 : (long long)settle_ms,
           tally.acknowledged);
    fflush(stdout);
    return settle_ms != UINT64_MAX && asked;
}

/* ---- the summary ---- */

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_figure(FILE *out, const char *what, uint64_t *list,
                         unsigned len)
{
    if (len == 0)
        return;
    qsort(list, len, sizeof *list, by_size);
    fprintf(out, "  %-7s p50 %5llu  p99 %5llu  max %5llu ms  (%u)\n", what,
            (unsigned long long)list[len / 2],
            (unsigned long long)list[(len * 99 - 1) / 100],
            (unsigned long long)list[len - 1], len);
}

static void summary(struct test *t, FILE *out, const struct options *o,
                    const struct tally *tally)
{
    char answer[128];
    fprintf(out,
            "kills: %zu nodes, leases of %u ms, seed %llu, noise %s %%\n"
            "detect: until the keeper counts the node as gone; resume: until "
            "what ran\non it runs elsewhere; settle: from its return until all "
            "is in sync again\n\n",
            t->scene.run.home.nodes_len, t->scene.run.home.lease_ms,
            (unsigned long long)o->seed, o->noise == NULL ? "0" : o->noise);
    for (int i = 0; i < DEATHS; i++) {
        struct figures *f = &t->figures[i];
        fprintf(out, "%s: %u, of them %u times the keeper\n", deaths[i],
                f->count, f->keeper);
        print_figure(out, "detect", f->detect, f->detect_len);
        print_figure(out, "resume", f->resume, f->resume_len);
        print_figure(out, "settle", f->settle, f->settle_len);
    }
    switch_tell(&t->lines, "stats", answer);
    fprintf(out,
            "\nevents: %u acknowledged, lost %u, counted twice %u; %u without "
            "an answer,\nof which %u were counted\n"
            "meter: %.0f starts, energy %.6f; never back in %u looks\n"
            "switch: %s\nwrong: %u\n",
            tally->acknowledged, tally->lost, tally->twice, tally->unanswered,
            tally->late, t->watch.starts, t->watch.energy, t->watch.samples,
            answer + 3, wrongs());
}

/* ---- life ---- */

static bool set_up(struct test *t, const struct options *o)
{
    char at[RUN_DIR_MAX];
    t->random = o->seed * 0x9e3779b97f4a7c15u | 1;
    t->began_ms = scene_now_ms();
    if (!story_home_make(&t->scene, o->home, o->dir, "kills", 0, NULL))
        return false;
    snprintf(at, sizeof at, "%s", o->tomte);
    memcpy(t->scene.run.program, at, sizeof at);
    if (!switch_start(&t->lines, o->switch_, &t->scene.run.home) ||
        !scene_start(&t->scene) || !scene_deploy(&t->scene, 30000))
        return false;
    make_noise(t, o->noise);
    t->person = person_start(&t->scene);
    return t->person != NULL && settle(t, SETTLE_MAX_MS) != UINT64_MAX;
}

static void finish(struct test *t, const struct options *o)
{
    struct tally tally = {0};
    person_stop(t->person);
    if (!person_check(&t->scene, t->person, ASK_MAX_MS, &tally))
        wrong("tally does not answer at the end");
    if (tally.acknowledged == 0)
        wrong("no press was ever acknowledged");
    summary(t, stdout, o, &tally);
    FILE *f = o->summary == NULL ? NULL : fopen(o->summary, "we");
    if (f != NULL) {
        summary(t, f, o, &tally);
        fclose(f);
    }
}

/* A program that was built into the same folder. */
static void beside(const char *program, const char *name, char out[RUN_DIR_MAX])
{
    const char *slash = strrchr(program, '/');
    snprintf(out, RUN_DIR_MAX, "%.*s%s",
             (int)(slash == NULL ? 0 : slash + 1 - program), program, name);
}

static bool parse(int argc, char **argv, struct options *o)
{
    const char *text;
    if ((text = take_option(&argc, argv, "--tomte")) != NULL)
        o->tomte = text;
    if ((text = take_option(&argc, argv, "--switch")) != NULL)
        o->switch_ = text;
    o->noise = take_option(&argc, argv, "--noise");
    o->dir = take_option(&argc, argv, "--dir");
    o->summary = take_option(&argc, argv, "--summary");
    if ((text = take_option(&argc, argv, "--home")) != NULL)
        o->home = text;
    if ((text = take_option(&argc, argv, "--kills")) != NULL)
        o->kills = (unsigned)strtoul(text, NULL, 10);
    if ((text = take_option(&argc, argv, "--seed")) != NULL)
        o->seed = strtoull(text, NULL, 10);
    return argc == 1 && o->kills > 0 && o->kills <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    struct options o = {.home = "tests/e2e/kills.yaml", .kills = 12, .seed = 1};
    char tomte[RUN_DIR_MAX], switch_[RUN_DIR_MAX];
    beside(argv[0], "tomte", tomte);
    beside(argv[0], "e2e_switch", switch_);
    o.tomte = tomte;
    o.switch_ = switch_;
    unsigned rounds = 0;
    if (!parse(argc, argv, &o)) {
        fprintf(stderr,
                "usage: e2e_kills [--kills N] [--seed N] [--noise PERCENT]"
                "\n                 [--dir DIR] [--home FILE] "
                "[--summary FILE]\n                 [--tomte FILE] "
                "[--switch FILE]\n"
                "  e.g. build/release/e2e_kills --kills 100\n");
        return 100;
    }
    char made[] = "/tmp/tomte-kills-XXXXXX";
    if (o.dir == NULL)
        o.dir = mkdtemp(made);
    scene_catch_signals();
    if (!set_up(&test, &o)) {
        wrong("the home did not come up");
    } else {
        for (; rounds < o.kills && !scene_stopped(); rounds++)
            if (!round_of(&test, rounds))
                break;
        finish(&test, &o);
    }
    scene_end(&test.scene);
    switch_end(&test.lines);
    if (wrongs() != 0)
        printf("what the nodes wrote is in %s\n", o.dir);
    else if (o.dir == made)
        story_home_remove(made);
    printf("%u passed, %u failed, 0 skipped\n", rounds, wrongs());
    return wrongs() != 0 || rounds < o.kills;
}
