/* SPDX-License-Identifier: Apache-2.0 */
#include "kills.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STANDING_HERE  2
#define STATE_ACTIVE   2
#define REPORT_RUNNING 2

static const struct {
    const char *channel, *writer;
} actuators[2] = {{"/room/heater/power", "thermostat"},
                  {"/hall/lamp/on", "lamp"}};

static unsigned wrong_count;

void wrong(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("WRONG: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
    wrong_count++;
}

unsigned wrongs(void)
{
    return wrong_count;
}

/* ---- what never goes back ---- */

/* The value on a channel of a container, where its youngest owner runs. */
static bool owner_value(const struct scene *s, const char *identity,
                        const char *channel, double *out)
{
    struct tomte_channel_name name;
    uint64_t epoch = 0;
    int at = scene_runs_on(s, identity, &epoch);
    if (at < 0 ||
        tomte_channel_name_parse(tomte_span_str(channel), &name) != TOMTE_OK)
        return false;
    const struct status_cell *c = status_cell(&s->status[at], &name);
    return c != NULL && c->len > 0 && c->epoch == epoch &&
           status_number(TOMTE_SPAN(c->payload, c->len), out);
}

static void check_counter(const struct scene *s, const char *channel,
                          double *highest)
{
    double v;
    if (!owner_value(s, "meter", channel, &v))
        return;
    if (v < *highest)
        wrong("%s went back from %.9g to %.9g", channel, *highest, v);
    *highest = v;
}

static const struct status_resource *actuator(const struct scene *s, int which)
{
    struct tomte_channel_name name;
    if (tomte_channel_name_parse(tomte_span_str(actuators[which].channel),
                                 &name) != TOMTE_OK)
        return NULL;
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t r = 0; r < s->status[i].resources_len; r++)
            if (tomte_channel_name_equal(&s->status[i].resources[r].channel,
                                         &name))
                return &s->status[i].resources[r];
    return NULL;
}

static void check_fences(struct watch *w, const struct scene *s)
{
    for (int i = 0; i < 2; i++) {
        const struct status_resource *r = actuator(s, i);
        if (r == NULL)
            continue;
        if (r->fence < w->fence[i])
            wrong("the fence of %s went back from %llu to %llu",
                  actuators[i].channel, (unsigned long long)w->fence[i],
                  (unsigned long long)r->fence);
        if (r->fences_len > 1)
            wrong("%s obeys %u writers", actuators[i].channel, r->fences_len);
        w->fence[i] = r->fence;
    }
}

void watch_look(struct watch *w, struct scene *s, int blind)
{
    client_set_timeout(s->client, 250);
    for (int i = 0; i < (int)s->run.home.nodes_len; i++) {
        if (i == blind)
            memset(&s->status[i], 0, sizeof s->status[i]);
        else
            (void)status_get(s->client, &s->run.home.nodes[i].addr,
                             &s->status[i]);
    }
    check_counter(s, "/room/meter/starts", &w->starts);
    check_counter(s, "/room/meter/energy", &w->energy);
    check_fences(w, s);
    w->samples++;
}

/* ---- settled ---- */

static bool nodes_settled(const struct scene *s, const struct status *keeper,
                          char why[128])
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (!s->status[i].here || !s->status[i].leased) {
            snprintf(why, 128, "node %.*s has no lease",
                     (int)s->run.home.nodes[i].name.len,
                     s->run.home.nodes[i].name.text);
            return false;
        }
    for (size_t i = 0; i < keeper->nodes_len; i++)
        if (keeper->nodes[i].standing != STANDING_HERE) {
            snprintf(why, 128, "the keeper misses %.*s",
                     (int)keeper->nodes[i].name.len,
                     keeper->nodes[i].name.text);
            return false;
        }
    return true;
}

/* How many nodes run it, in any epoch. */
static unsigned owners(const struct scene *s, const struct tomte_name *identity)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t k = 0; k < s->status[i].slots_len; k++)
            count +=
                strcmp(s->status[i].slots[k].phase, "running") == 0 &&
                tomte_name_equal(&s->status[i].slots[k].identity, identity);
    return count;
}

static bool holds(const struct tomte_name *list, unsigned len,
                  const struct tomte_name *name)
{
    for (unsigned i = 0; i < len; i++)
        if (tomte_name_equal(&list[i], name))
            return true;
    return false;
}

static const char *missing(const struct scene *s,
                           const struct status_container *c)
{
    uint64_t epoch = 0;
    char name[TOMTE_NAME_MAX + 1] = {0};
    memcpy(name, c->identity.text, c->identity.len);
    int at = scene_runs_on(s, name, &epoch);
    if (c->state != STATE_ACTIVE || c->report != REPORT_RUNNING || at < 0)
        return "does not run";
    if (owners(s, &c->identity) != 1)
        return "runs twice";
    if (epoch != c->epoch ||
        !tomte_name_equal(&s->run.home.nodes[at].name, &c->owner))
        return "runs where the keeper does not know it";
    if (c->standbys_len == 0)
        return "has no standby";
    for (unsigned i = 0; i < c->standbys_len; i++)
        if (!holds(c->insync, c->insync_len, &c->standbys[i]))
            return "has a standby that is not in sync";
    for (int i = 0; i < 2; i++) {
        const struct status_resource *r = actuator(s, i);
        if (strcmp(name, actuators[i].writer) == 0 &&
            (r == NULL || r->fences_len != 1 || r->fence != epoch))
            return "is not the one that its actuator obeys";
    }
    return NULL;
}

bool watch_settled(const struct scene *s, char why[128])
{
    const struct status *keeper = &s->status[scene_keeper(s)];
    why[0] = 0;
    if (!keeper->has_home) {
        snprintf(why, 128, "the keeper does not answer");
        return false;
    }
    if (!nodes_settled(s, keeper, why))
        return false;
    if (keeper->containers_len != s->run.home.containers_len) {
        snprintf(why, 128, "the home has %zu containers",
                 keeper->containers_len);
        return false;
    }
    for (size_t i = 0; i < keeper->containers_len; i++) {
        const struct status_container *c = &keeper->containers[i];
        const char *what = missing(s, c);
        if (what == NULL)
            continue;
        snprintf(why, 128, "%.*s %s", (int)c->identity.len, c->identity.text,
                 what);
        return false;
    }
    return true;
}
