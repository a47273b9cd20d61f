/* SPDX-License-Identifier: Apache-2.0 */
/* world: nature, as one process beside the nodes of a home.
 *
 *   world --port 5790 --weather examples/winter/seattle-normals.csv
 *
 * It owns the weather, the room and the heater. The nodes' `world` resources
 * talk to it in text datagrams on loopback (it binds no other address):
 *
 *   get NAME          answered "NAME VALUE"
 *   set NAME VALUE    answered "NAME VALUE", what it is now
 *   watch NAME        answered at once and then with each step for 10 s
 *
 * What cannot be understood is answered "error TEXT". */
#include "room.h"
#include "weather.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS     100
#define WATCHES_MAX 64
#define WATCH_MS    10000
#define NAME_BYTES  64

struct watch {
    struct sockaddr_in from;
    char name[NAME_BYTES];
    uint64_t until_ms;
};

struct world {
    int fd;
    double hours_per_s;
    struct weather weather;
    struct room room;
    struct watch watches[WATCHES_MAX];
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void reply(struct world *w, const struct sockaddr_in *to,
                  const char *text)
{
    sendto(w->fd, text, strlen(text), MSG_DONTWAIT, (const struct sockaddr *)to,
           sizeof *to);
}

static void reply_value(struct world *w, const struct sockaddr_in *to,
                        const char *name)
{
    char text[NAME_BYTES + 64];
    double value;
    if (room_get(&w->room, name, &value))
        snprintf(text, sizeof text, "%s %.4f", name, value);
    else
        snprintf(text, sizeof text, "error no such thing: %.32s", name);
    reply(w, to, text);
}

/* The same watch again, else a free one, else the one that ends first. */
static struct watch *watch_slot(struct world *w, const struct sockaddr_in *from,
                                const char *name)
{
    struct watch *best = &w->watches[0];
    for (int i = 0; i < WATCHES_MAX; i++) {
        struct watch *it = &w->watches[i];
        if (it->from.sin_port == from->sin_port &&
            it->from.sin_addr.s_addr == from->sin_addr.s_addr &&
            strcmp(it->name, name) == 0)
            return it;
        if (it->until_ms < best->until_ms)
            best = it;
    }
    return best;
}

static void watch(struct world *w, const struct sockaddr_in *from,
                  const char *name)
{
    struct watch *it = watch_slot(w, from, name);
    it->from = *from;
    it->until_ms = now_ms() + WATCH_MS;
    memmove(it->name, name, strlen(name) + 1);
}

static void serve(struct world *w, const struct sockaddr_in *from, char *text)
{
    char verb[8], name[NAME_BYTES];
    double value = 0;
    int got = sscanf(text, "%7s %63s %lf", verb, name, &value);
    if (got == 2 && strcmp(verb, "get") == 0) {
        reply_value(w, from, name);
    } else if (got == 2 && strcmp(verb, "watch") == 0) {
        watch(w, from, name);
        reply_value(w, from, name);
    } else if (got == 3 && strcmp(verb, "set") == 0) {
        if (room_set(&w->room, name, value))
            reply_value(w, from, name);
        else
            reply(w, from, "error that cannot be set");
    } else {
        reply(w, from,
              "error expected: get NAME | set NAME VALUE | watch NAME");
    }
}

static void receive(struct world *w)
{
    char text[256];
    struct sockaddr_in from;
    for (int i = 0; i < 64; i++) {
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(w->fd, text, sizeof text - 1, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &len);
        if (n < 0)
            return;
        text[n] = 0;
        serve(w, &from, text);
    }
}

static void tell_watchers(struct world *w)
{
    uint64_t now = now_ms();
    for (int i = 0; i < WATCHES_MAX; i++)
        if (w->watches[i].until_ms > now)
            reply_value(w, &w->watches[i].from, w->watches[i].name);
}

static int run(struct world *w)
{
    uint64_t last = now_ms(), next = last + STEP_MS;
    while (!stopped) {
        uint64_t now = now_ms();
        if (now >= next) {
            double hours = (double)(now - last) / 1000.0 * w->hours_per_s;
            room_step(&w->room, hours > 1 ? 1 : hours);
            last = now;
            next = now + STEP_MS;
            tell_watchers(w);
        }
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        if (poll(&p, 1,
                 (int)(next - now_ms() > STEP_MS ? 0 : next - now_ms())) > 0)
            receive(w);
    }
    return 0;
}

static int open_socket(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    fprintf(stderr, "world: 127.0.0.1:%u: %s\n", port, strerror(errno));
    return -1;
}

static int usage(int status)
{
    fprintf(status == 0 ? stdout : stderr,
            "world: nature beside the nodes of a home\n"
            "usage: world --weather FILE [--port N] [--hours-per-second X]\n"
            "             [--start-hour X] [--seed N]\n"
            "  e.g. world --port 5790 --weather "
            "examples/winter/seattle-normals.csv\n");
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", 1, NULL, 'p'},
                                            {"weather", 1, NULL, 'w'},
                                            {"hours-per-second", 1, NULL, 's'},
                                            {"start-hour", 1, NULL, 'h'},
                                            {"seed", 1, NULL, 'r'},
                                            {"help", 0, NULL, '?'},
                                            {NULL, 0, NULL, 0}};
    static struct world w = {.hours_per_s = 1.0 / 6};
    const char *weather = NULL;
    unsigned port = 5790;
    double start = 7;
    uint64_t seed = 1;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'p')
            port = (unsigned)strtoul(optarg, NULL, 10);
        else if (c == 'w')
            weather = optarg;
        else if (c == 's')
            w.hours_per_s = strtod(optarg, NULL);
        else if (c == 'h')
            start = strtod(optarg, NULL);
        else if (c == 'r')
            seed = strtoull(optarg, NULL, 10);
        else
            return usage(optopt == 0 ? 0 : 100);
    }
    if (weather == NULL || port == 0 || port > 65535 || start < 0 ||
        !(w.hours_per_s > 0 && w.hours_per_s <= 10))
        return usage(100);
    int bad = weather_load(&w.weather, weather);
    if (bad != 0) {
        fprintf(stderr, "world: %s:%d: no temperature here\n", weather, bad);
        return 3;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlive the home */
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    w.fd = open_socket(port);
    if (w.fd < 0)
        return 1;
    room_init(&w.room, &w.weather, start, seed);
    return run(&w);
}
