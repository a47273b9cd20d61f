/* SPDX-License-Identifier: Apache-2.0 */
/* The story of --once: loss, twins, trespass; told by two homes side by side
 * that see the same weather: one as it is, one without fail-over, fencing and
 * history. Nothing in it is scripted but what is done to the homes: each line
 * says what was measured, and a promise that is not kept fails the story. */
#include "story.h"

#include "people.h"
#include "scene.h"
#include "story_home.h"

#include "home/command.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESUME_MAX_MS 5000u

struct figures {
    uint64_t detect_ms, resume_ms;
    double integral_before, integral_after;
    double starts_before, starts_after;
    double energy_before, energy_after;
    unsigned presses, acknowledged;
    uint64_t stale, stale_without;
};

static struct scene homes[2]; /* as it is, and without */
static uint64_t began_ms;
static int broken;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    va_list args;
    printf("%7.2f s  ", (double)(scene_now_ms() - began_ms) / 1000.0);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

/* A promise; the story goes on, and fails at its end. */
static void promise(bool kept, const char *text)
{
    tell("%s %s", kept ? "kept:  " : "BROKEN:", text);
    broken += !kept;
}

static void look_both(void)
{
    scene_look(&homes[0], 300);
    if (homes[1].client != NULL)
        scene_look(&homes[1], 300);
}

static double value(const struct scene *s, const char *channel)
{
    double v = -1;
    return scene_value(s, channel, &v) ? v : -1;
}

/* Until a container runs on another node than `from`, or on `on`; the time it
 * took, UINT64_MAX when it did not come. */
static uint64_t wait_for(struct scene *s, const char *identity, int from,
                         int on, uint64_t since_ms, uint32_t timeout_ms)
{
    uint64_t epoch;
    while (scene_now_ms() - since_ms < timeout_ms && !scene_stopped()) {
        scene_look(s, 200);
        int at = scene_runs_on(s, identity, &epoch);
        if (at >= 0 && at != from && (on < 0 || at == on))
            return scene_now_ms() - since_ms;
        scene_sleep_ms(20);
    }
    return UINT64_MAX;
}

/* Until the keeper says that this node holds no lease. */
static uint64_t wait_detected(struct scene *s, const char *node,
                              uint64_t since_ms)
{
    while (scene_now_ms() - since_ms < 10000 && !scene_stopped()) {
        int keeper = scene_keeper(s);
        client_set_timeout(s->client, 200);
        (void)status_get(s->client, &s->run.home.nodes[keeper].addr,
                         &s->status[keeper]);
        for (size_t i = 0; i < s->status[keeper].nodes_len; i++) {
            const struct status_node *n = &s->status[keeper].nodes[i];
            if (n->standing == 0 && tomte_span_equal(tomte_name_span(&n->name),
                                                     tomte_span_str(node)))
                return scene_now_ms() - since_ms;
        }
        scene_sleep_ms(10);
    }
    return UINT64_MAX;
}

static bool said(const struct scene *s, const char *node, const char *text,
                 char line[256])
{
    char path[RUN_DIR_MAX + 64];
    bool found = false;
    char each[256];
    snprintf(path, sizeof path, "%s/%s/log", s->run.dir, node);
    FILE *f = fopen(path, "re");
    while (f != NULL && fgets(each, sizeof each, f) != NULL)
        if (strstr(each, text) != NULL) {
            snprintf(line, 256, "%s", each + 27);
            line[strcspn(line, "\n")] = 0;
            found = true;
        }
    if (f != NULL)
        fclose(f);
    return found;
}

/* ---- 1: loss ---- */

static void compare_rooms(void)
{
    double a = 0, b = 0, goal = value(&homes[0], "/room/thermostat/setpoint");
    scene_world(&homes[0], "room.temperature", &a);
    scene_world(&homes[1], "room.temperature", &b);
    tell("room: %.2f here, %.2f without; wanted %.1f", a, b, goal);
}

static void beat_loss(struct figures *f)
{
    struct scene *s = &homes[0];
    look_both();
    f->integral_before = value(s, "/room/thermostat/integral");
    f->starts_before = value(s, "/room/meter/starts");
    f->energy_before = value(s, "/room/meter/energy");
    tell("1. LOSS. hall runs thermostat and meter: integral %.4f, starts %.0f, "
         "energy %.6f",
         f->integral_before, f->starts_before, f->energy_before);
    uint64_t killed = scene_now_ms();
    int hall = scene_node(s, "hall");
    scene_signal(s, (size_t)hall, SIGKILL);
    scene_signal(&homes[1], (size_t)scene_node(&homes[1], "hall"), SIGKILL);
    tell("hall is killed, in both homes");
    f->detect_ms = wait_detected(s, "hall", killed);
    uint64_t first = wait_for(s, "thermostat", hall, -1, killed, 15000);
    uint64_t second = wait_for(s, "meter", hall, -1, killed, 15000);
    f->resume_ms = first > second ? first : second;
    tell("detected after %llu ms, thermostat and meter run elsewhere after "
         "%llu ms",
         (unsigned long long)f->detect_ms, (unsigned long long)f->resume_ms);
    scene_sleep_ms(300);
    look_both();
    f->integral_after = value(s, "/room/thermostat/integral");
    f->starts_after = value(s, "/room/meter/starts");
    f->energy_after = value(s, "/room/meter/energy");
    tell("integral %.4f, starts %.0f, energy %.6f", f->integral_after,
         f->starts_after, f->energy_after);
    promise(f->resume_ms <= RESUME_MAX_MS, "they run again within 5 seconds");
    promise(f->starts_after >= f->starts_before &&
                f->energy_after >= f->energy_before,
            "no counter went backwards");
    double step = f->integral_after - f->integral_before;
    promise(step < 0.1 && step > -0.1 && f->integral_after >= 0,
            "the integral term is where it was, or a few ticks on");
    scene_sleep_ms(8000);
    look_both();
    compare_rooms();
    tell("without: thermostat and meter are gone until somebody comes");
    scene_start_node(s, (size_t)hall);
    scene_start_node(&homes[1], (size_t)hall);
    scene_sleep_ms(3000);
    look_both();
    tell("hall is back. starts: %.0f here, %.0f without (it counts anew)",
         value(s, "/room/meter/starts"),
         value(&homes[1], "/room/meter/starts"));
}

/* ---- 2: twins ---- */

/* What a person has to do where nothing moves by itself. */
static void replace_by_hand(struct scene *s, int hall)
{
    struct tomte_command remove;
    char detail[256];
    enum tomte_err err = TOMTE_ERR_NOT_FOUND;
    for (size_t i = 0; i < s->run.home.containers_len; i++) {
        struct home_container c = s->run.home.containers[i];
        if (!tomte_span_equal(tomte_name_span(&c.identity),
                              TOMTE_SPAN_LIT("thermostat")))
            continue;
        client_set_timeout(s->client, 3000);
        tomte_command_init(&remove, TOMTE_COMMAND_CONTAINER_REMOVE, c.identity);
        (void)send_command(&s->run, s->client, &remove, detail);
        c.prefer = s->run.home.nodes[scene_keeper(s)].name;
        err = deploy_image(&s->run, s->client, &c, detail);
    }
    bool runs = err == TOMTE_OK && wait_for(s, "thermostat", hall, -1,
                                            scene_now_ms(), 8000) != UINT64_MAX;
    tell("without: somebody installs the thermostat on the keeper's node: %s",
         runs ? "it starts anew" : "it did not start");
}

static uint64_t stale_writes(const struct scene *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t r = 0; r < s->status[i].resources_len; r++)
            sum += s->status[i].resources[r].stale_writes;
    return sum;
}

static void beat_twins(struct figures *f)
{
    struct scene *s = &homes[0];
    int hall = scene_node(s, "hall");
    uint64_t epoch = 0, now = scene_now_ms();
    char line[256] = "";
    people_move(s, "thermostat", "hall");
    uint64_t moved = wait_for(s, "thermostat", -1, hall, now, 10000);
    people_move(s, "thermostat", NULL);
    scene_sleep_ms(2000);
    scene_look(s, 300);
    int at = scene_runs_on(s, "thermostat", &epoch);
    tell("2. TWINS. the thermostat was moved back to hall (epoch %llu)",
         (unsigned long long)epoch);
    promise(moved != UINT64_MAX && at == hall, "a move takes it along");
    scene_signal(s, (size_t)hall, SIGSTOP);
    scene_signal(&homes[1], (size_t)hall, SIGSTOP);
    now = scene_now_ms();
    tell("hall is paused, in both homes: it does not know that time passes");
    uint64_t t = wait_for(s, "thermostat", hall, -1, now, 15000);
    int new_at = scene_runs_on(s, "thermostat", &epoch);
    if (t != UINT64_MAX && new_at >= 0)
        tell("replaced after %llu ms: epoch %llu on %.*s",
             (unsigned long long)t, (unsigned long long)epoch,
             (int)s->run.home.nodes[new_at].name.len,
             s->run.home.nodes[new_at].name.text);
    scene_look(&homes[1], 200);
    replace_by_hand(&homes[1], hall);
    scene_sleep_ms(2000);
    scene_signal(s, (size_t)hall, SIGCONT);
    scene_signal(&homes[1], (size_t)hall, SIGCONT);
    tell("hall goes on: two thermostats, one heater");
    scene_sleep_ms(2500);
    look_both();
    bool refused = said(s, "cellar", "refused epoch", line);
    if (refused)
        tell("%s", line);
    promise(refused, "the heater refuses the older one");
    f->stale = stale_writes(s);
    f->stale_without = stale_writes(&homes[1]);
    tell("without: %llu stale orders were accepted",
         (unsigned long long)f->stale_without);
    promise(f->stale == 0, "no stale order was accepted here");
}

/* ---- 3: trespass ---- */

static void beat_trespass(struct figures *f)
{
    struct scene *s = &homes[0];
    char line[256] = "";
    uint64_t epoch;
    tell("3. TRESPASS. the lodger names the heater, which nobody granted it");
    f->presses++;
    f->acknowledged += people_press(s);
    scene_sleep_ms(700);
    scene_look(s, 300);
    int at = scene_runs_on(s, "lodger", &epoch);
    char node[TOMTE_NAME_MAX + 1] = {0};
    if (at >= 0)
        memcpy(node, s->run.home.nodes[at].name.text,
               s->run.home.nodes[at].name.len);
    bool told = at >= 0 && said(s, node, "not granted", line);
    if (told)
        tell("%s", line);
    double answer = value(s, "/attic/lodger/answer");
    tell("the lodger was told %.0f (denied)", answer);
    promise(told && answer < 0, "it was told no, and it was written down");
}

static void beat_button(struct figures *f)
{
    struct scene *s = &homes[0];
    for (int i = 0; i < 4; i++) {
        f->presses++;
        f->acknowledged += people_press(s);
    }
    scene_sleep_ms(500);
    double lamp = -1;
    scene_world(s, "lamp.on", &lamp);
    tell("the button: %u presses, %u acknowledged, the lamp is %s", f->presses,
         f->acknowledged, lamp > 0 ? "on" : "off");
    promise(f->acknowledged == f->presses &&
                lamp == (double)(f->acknowledged % 2),
            "every press counted, once");
}

static void figures(const struct figures *f)
{
    printf("\n  time to detect         %6llu ms\n"
           "  time to resume         %6llu ms   (without: never)\n"
           "  events lost            %6u      of %u acknowledged\n"
           "  stale orders accepted  %6llu      (without: %llu)\n",
           (unsigned long long)f->detect_ms, (unsigned long long)f->resume_ms,
           f->presses - f->acknowledged, f->acknowledged,
           (unsigned long long)f->stale, (unsigned long long)f->stale_without);
    printf(broken == 0 ? "\nall of it came true\n"
                       : "\n%d promises were broken\n",
           broken);
}

static int once(void)
{
    struct figures f = {0};
    if (!scene_deploy(&homes[0], 30000) || !scene_deploy(&homes[1], 30000))
        return 1;
    tell("two homes are up with the same weather: one as it is, one without "
         "fail-over, fencing and history");
    scene_sleep_ms(6000);
    beat_loss(&f);
    beat_twins(&f);
    beat_trespass(&f);
    beat_button(&f);
    figures(&f);
    return scene_stopped() ? 130 : broken != 0;
}

/* ---- the keeper dies, for a hundred leases ---- */

static int keeper(void)
{
    struct scene *s = &homes[0];
    unsigned lease_ms = s->run.home.lease_ms;
    unsigned presses = 0, worked = 0;
    double worst = 0;
    uint64_t epoch_before = 0, epoch_after = 0;
    if (!scene_deploy(s, 30000))
        return 1;
    tell("the home is up; the room gets 40 s to warm up");
    for (int i = 0; i < 40 && !scene_stopped(); i++)
        scene_sleep_ms(1000);
    scene_look(s, 300);
    int at = scene_runs_on(s, "thermostat", &epoch_before);
    scene_signal(s, (size_t)scene_keeper(s), SIGKILL);
    tell("the keeper is killed, for a hundred leases of %u ms", lease_ms);
    uint64_t until = scene_now_ms() + 100ull * lease_ms;
    while (scene_now_ms() < until && !scene_stopped()) {
        double celsius = 0;
        scene_sleep_ms(2000);
        presses++;
        worked += people_press_lamp(s);
        if (!scene_world(s, "room.temperature", &celsius))
            continue;
        double goal = value(s, "/room/thermostat/setpoint");
        double off = celsius > goal ? celsius - goal : goal - celsius;
        worst = off > worst ? off : worst;
        scene_look(s, 300);
    }
    double lamp = -1;
    scene_world(s, "lamp.on", &lamp);
    int still = scene_runs_on(s, "thermostat", &epoch_after);
    promise(at == still && epoch_before == epoch_after, "nothing was moved");
    tell("%u of %u presses worked; the room was at most %.2f K off", worked,
         presses, worst);
    promise(worked == presses && lamp == (double)(presses % 2),
            "the button works");
    promise(worst < 3.5,
            "the room stays in its band (a schedule's step is 3 K)");
    scene_start_node(s, (size_t)scene_keeper(s));
    scene_sleep_ms(4 * lease_ms);
    scene_look(s, 500);
    promise(s->status[scene_keeper(s)].has_home, "the keeper is back");
    return scene_stopped() ? 130 : broken != 0;
}

/* ---- all dead, and back in every order ---- */

static void restart(struct scene *s, const int *order, int count,
                    bool keeper_too)
{
    char text[128] = "";
    double integral, starts, energy;
    scene_look(s, 500);
    integral = value(s, "/room/thermostat/integral");
    starts = value(s, "/room/meter/starts");
    energy = value(s, "/room/meter/energy");
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        scene_signal(s, i, SIGKILL);
    for (int i = 0; i < count; i++) {
        const struct tomte_name *n = &s->run.home.nodes[order[i]].name;
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%.*s", i == 0 ? "" : ", ",
                 (int)n->len, n->text);
    }
    tell("all dead; back in the order %s%s", text,
         keeper_too ? "" : ", without the keeper");
    for (int i = 0; i < count; i++) {
        scene_start_node(s, (size_t)order[i]);
        scene_sleep_ms(700);
    }
    uint64_t now = scene_now_ms();
    promise(wait_for(s, "thermostat", -1, -1, now, 20000) != UINT64_MAX &&
                wait_for(s, "meter", -1, -1, now, 20000) != UINT64_MAX &&
                wait_for(s, "lamp", -1, -1, now, 20000) != UINT64_MAX,
            "thermostat, meter and lamp run");
    scene_sleep_ms(2500);
    scene_look(s, 500);
    double step = value(s, "/room/thermostat/integral") - integral;
    promise(value(s, "/room/meter/starts") >= starts &&
                value(s, "/room/meter/energy") >= energy,
            "no counter went backwards");
    promise(step < 0.2 && step > -0.2, "the integral term goes on");
    promise(people_press_lamp(s), "the button works");
}

static int blackout(void)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const int keeperless[][2] = {{1, 2}, {2, 1}};
    struct scene *s = &homes[0];
    if (s->run.home.nodes_len != 3 || scene_keeper(s) != 0) {
        fprintf(stderr, "tomte: this story is of a home with three nodes, the "
                        "keeper first\n");
        return 3;
    }
    if (!scene_deploy(s, 30000))
        return 1;
    scene_sleep_ms(6000);
    for (size_t i = 0; i < 2 && !scene_stopped(); i++) {
        restart(s, keeperless[i], 2, false);
        scene_start_node(s, 0);
        scene_sleep_ms(4000);
    }
    for (size_t i = 0; i < 6 && !scene_stopped(); i++)
        restart(s, orders[i], 3, true);
    return scene_stopped() ? 130 : broken != 0;
}

int story_tell(const char *name, const char *home_file, const char *dir)
{
    int status = 100;
    bool both = strcmp(name, "once") == 0;
    if (!both && strcmp(name, "keeper") != 0 && strcmp(name, "blackout") != 0) {
        fprintf(stderr, "tomte: no story %s; there are keeper and blackout\n",
                name);
        return 100;
    }
    if (!story_home_make(&homes[0], home_file, dir, "story", 0, NULL) ||
        (both && !story_home_make(&homes[1], home_file, dir, "without", 100,
                                  "failover,fencing,history")))
        return 3;
    began_ms = scene_now_ms();
    if (scene_start(&homes[0]) && (!both || scene_start(&homes[1])))
        status = both                          ? once()
                 : strcmp(name, "keeper") == 0 ? keeper()
                                               : blackout();
    scene_end(&homes[0]);
    if (both)
        scene_end(&homes[1]);
    return status;
}
