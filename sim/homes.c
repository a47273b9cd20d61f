/* SPDX-License-Identifier: Apache-2.0 */
#include "homes.h"

#include <string.h>

#define ROOMS_MAX 64

static const struct person_bind no_bind = {NULL, NULL, NULL};

static struct home_book books[ROOMS_MAX];
static unsigned books_len;

/*        attic (keeper): clock
 *   hall: thermometer 1, button     cellar: thermometer 2, heater, lamp   */
void home_winter(struct sim *w)
{
    books_len = 0;
    struct sim_node *attic = sim_add_node(w, "attic", true);
    struct sim_node *hall = sim_add_node(w, "hall", false);
    struct sim_node *cellar = sim_add_node(w, "cellar", false);
    sim_add_resource(attic, "/house/clock/hour", TOMTE_NODE_SENSOR, "clock",
                     "hour", NULL, 0);
    sim_add_resource(hall, "/room/thermometer-1/temperature", TOMTE_NODE_SENSOR,
                     "thermometer", "temperature", "room", 0);
    sim_add_resource(hall, "/hall/button/pressed", TOMTE_NODE_BUTTON, "button",
                     "press", "hall", 0);
    sim_add_resource(cellar, "/room/thermometer-2/temperature",
                     TOMTE_NODE_SENSOR, "thermometer", "temperature", "room",
                     0);
    sim_add_resource(cellar, "/room/heater/power", TOMTE_NODE_ACTUATOR,
                     "heater", "power", "room", 60000);
    sim_add_resource(cellar, "/hall/lamp/on", TOMTE_NODE_ACTUATOR, "lamp",
                     "switch", "hall", 0);
    for (uint16_t i = 0; i < w->nodes_len; i++)
        sim_start(w, i);
    w->person = person_new(w, w->seed);
    const struct person_bind thermostat[] = {
        {"temperature", NULL, "room"},
        {"heat", NULL, "room"},
        {"switched", "/room/thermostat/switched", NULL},
        {"integral", "/room/thermostat/integral", NULL},
        {"setpoint", "/room/thermostat/setpoint", NULL},
        no_bind};
    const struct person_bind meter[] = {
        {"switched", "/room/thermostat/switched", NULL},
        {"power", "/room/heater/power", NULL},
        {"starts", "/room/meter/starts", NULL},
        {"energy", "/room/meter/energy", NULL},
        no_bind};
    const struct person_bind lamp[] = {
        {"button", NULL, "hall"}, {"lamp", NULL, "hall"}, no_bind};
    person_deploy(w->person, "thermostat", "thermostat", thermostat);
    person_deploy(w->person, "meter", "meter", meter);
    person_deploy(w->person, "lamp", "lamp", lamp);
}

/* Names live as long as the world: one set a room. */
static struct room {
    char name[16];
    char identity[6][24];
    char channel[16][48];
} rooms[ROOMS_MAX];

static const char *channel(struct room *r, int at, const char *rest)
{
    struct tomte_text t;
    tomte_text_init(&t, r->channel[at], sizeof r->channel[at]);
    tomte_text_char(&t, '/');
    tomte_text_str(&t, r->name);
    tomte_text_char(&t, '/');
    tomte_text_str(&t, rest);
    return r->channel[at];
}

/* Three of its nodes have something: thermometer and button; heater and lamp;
 * valve. */
static void furnish(struct sim *w, unsigned i, unsigned stride)
{
    struct room *r = &rooms[i];
    struct sim_node *n = &w->nodes[1 + stride * i];
    snprintf(r->name, sizeof r->name, "room-%u", i);
    sim_add_resource(n, channel(r, 0, "thermometer/temperature"),
                     TOMTE_NODE_SENSOR, "thermometer", "temperature", r->name,
                     0);
    sim_add_resource(n + 1, channel(r, 1, "heater/power"), TOMTE_NODE_ACTUATOR,
                     "heater", "power", r->name, 60000);
    sim_add_resource(n, channel(r, 2, "button/pressed"), TOMTE_NODE_BUTTON,
                     "button", "press", r->name, 0);
    sim_add_resource(n + 1, channel(r, 3, "lamp/on"), TOMTE_NODE_ACTUATOR,
                     "lamp", "switch", r->name, 0);
    sim_add_resource(n + 2, channel(r, 8, "valve/open"), TOMTE_NODE_ACTUATOR,
                     "valve", "flow", r->name, 10000);
}

static void inhabit_as_shipped(struct sim *w, struct room *r)
{
    const char *switched = channel(r, 4, "thermostat/switched");
    const struct person_bind thermostat[] = {
        {"temperature", NULL, r->name},
        {"heat", NULL, r->name},
        {"switched", switched, NULL},
        {"integral", channel(r, 5, "thermostat/integral"), NULL},
        no_bind};
    const struct person_bind meter[] = {
        {"switched", switched, NULL},
        {"power", r->channel[1], NULL},
        {"starts", channel(r, 6, "meter/starts"), NULL},
        {"energy", channel(r, 7, "meter/energy"), NULL},
        no_bind};
    const struct person_bind lamp[] = {
        {"button", NULL, r->name}, {"lamp", NULL, r->name}, no_bind};
    person_deploy(w->person, r->identity[0], "thermostat", thermostat);
    person_deploy(w->person, r->identity[1], "meter", meter);
    person_deploy(w->person, r->identity[2], "lamp", lamp);
}

/* Those that the checkers ask: tests/sim/containers. */
static void inhabit_to_check(struct sim *w, struct room *r)
{
    const char *made = channel(r, 9, "source/made");
    const struct person_bind source[] = {
        {"made", made, NULL},
        {"count", channel(r, 10, "source/count"), NULL},
        no_bind};
    const struct person_bind ledger[] = {
        {"made", made, NULL},
        {"pressed", NULL, r->name},
        {"book", channel(r, 11, "ledger/book"), NULL},
        no_bind};
    const struct person_bind valve[] = {{"valve", NULL, r->name}, no_bind};
    /* What is put while there is no consumer is for nobody: it comes first. */
    person_deploy(w->person, r->identity[4], "ledger", ledger);
    person_deploy(w->person, r->identity[3], "source", source);
    person_deploy(w->person, r->identity[5], "valve", valve);
}

static void inhabit(struct sim *w, unsigned i, unsigned stride)
{
    static const char *const kinds[] = {"thermostat", "meter",  "lamp",
                                        "source",     "ledger", "valve"};
    struct room *r = &rooms[i];
    for (int k = 0; k < 6; k++)
        snprintf(r->identity[k], sizeof r->identity[k], "%s-%u", kinds[k], i);
    inhabit_as_shipped(w, r);
    inhabit_to_check(w, r);
    books[books_len++] =
        (struct home_book){.source = r->identity[3],
                           .count = r->channel[10],
                           .ledger = r->identity[4],
                           .book = r->channel[11],
                           .button = (uint16_t)(1 + stride * i)};
}

const struct home_book *home_books(unsigned *count)
{
    *count = books_len;
    return books;
}

bool home_is_sync(const struct tomte_name *identity)
{
    static const char *const sync[] = {"meter", "source", "ledger"};
    for (int i = 0; i < 3; i++)
        if (identity->len >= strlen(sync[i]) &&
            memcmp(identity->text, sync[i], strlen(sync[i])) == 0)
            return true;
    return false;
}

bool home_is_safe(const struct tomte_name *identity)
{
    return identity->len >= 5 && memcmp(identity->text, "valve", 5) == 0;
}

void home_rooms(struct sim *w, unsigned nodes)
{
    unsigned stride = nodes < 16 ? 3 : 5;
    unsigned count = (nodes - 1) / stride;
    books_len = 0;
    if (count > ROOMS_MAX)
        count = ROOMS_MAX;
    for (unsigned i = 0; i < nodes; i++) {
        char name[16];
        snprintf(name, sizeof name, "node-%u", i);
        sim_add_node(w, name, i == 0);
    }
    struct tomte_node_sizes *keeper = &w->nodes[0].config.sizes;
    if (keeper->home_nodes < nodes)
        keeper->home_nodes = (uint16_t)nodes;
    if (keeper->home_containers < 6 * count)
        keeper->home_containers = (uint16_t)(6 * count);
    sim_add_resource(&w->nodes[0], "/house/clock/hour", TOMTE_NODE_SENSOR,
                     "clock", "hour", NULL, 0);
    for (unsigned i = 0; i < count; i++)
        furnish(w, i, stride);
    for (uint16_t i = 0; i < w->nodes_len; i++)
        sim_start(w, i);
    w->person = person_new(w, w->seed);
    /* A keeper remembers each request for ten seconds, and has 4,096 places. */
    if (w->lease_ms < 30 * nodes)
        w->lease_ms = 30 * nodes;
    person_lease(w->person, w->lease_ms);
    for (unsigned i = 0; i < count; i++)
        inhabit(w, i, stride);
}
