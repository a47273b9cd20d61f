/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "home/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
    (void)number;
    stopped = 1;
}

bool scene_stopped(void)
{
    return stopped != 0;
}

void scene_catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_stop};
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
}

uint64_t scene_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void scene_sleep_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* ---- processes ---- */

bool scene_start_node(struct scene *s, size_t node)
{
    s->pids[node] =
        home_run_start_node(&s->run, &s->run.home.nodes[node], true);
    return s->pids[node] > 0;
}

/* A child that ended at once has said why on standard error. */
static bool all_alive(struct scene *s)
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (waitpid(s->pids[i], NULL, WNOHANG) == s->pids[i]) {
            s->pids[i] = 0;
            fprintf(stderr,
                    "tomte: node %.*s did not start; its lines are in "
                    "%s/%.*s/log\n",
                    (int)s->run.home.nodes[i].name.len,
                    s->run.home.nodes[i].name.text, s->run.dir,
                    (int)s->run.home.nodes[i].name.len,
                    s->run.home.nodes[i].name.text);
            return false;
        }
    if (s->world > 0 && waitpid(s->world, NULL, WNOHANG) == s->world) {
        s->world = 0;
        fprintf(stderr, "tomte: the world did not start\n");
        return false;
    }
    return true;
}

/* Two of us would take each other's nodes for their own. The lock goes with
 * this process. */
static bool lock(const struct scene *s)
{
    char path[RUN_DIR_MAX + 64];
    snprintf(path, sizeof path, "%s/up.lock", s->run.dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (fd >= 0 && errno == EWOULDBLOCK)
        fprintf(stderr, "tomte: the home in %s is up already\n", s->run.dir);
    else
        fprintf(stderr, "tomte: %s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return false;
}

bool scene_start(struct scene *s)
{
    char error[256];
    if (!lock(s))
        return false;
    if (!owner_prepare(&s->run, error) ||
        !owner_load(&s->run, &s->owner, error)) {
        fprintf(stderr, "tomte: %s\n", error);
        return false;
    }
    s->client = client_open(&s->owner);
    if (s->client == NULL)
        return false;
    if (s->run.home.has_world)
        s->world = home_run_start_world(&s->run, true);
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (!scene_start_node(s, i))
            return false;
    scene_sleep_ms(150);
    return all_alive(s);
}

void scene_signal(struct scene *s, size_t node, int number)
{
    if (s->pids[node] <= 0)
        return;
    kill(s->pids[node], number);
    if (number != SIGKILL)
        return;
    waitpid(s->pids[node], NULL, 0);
    s->pids[node] = 0;
}

void scene_end(struct scene *s)
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (s->pids[i] > 0) {
            kill(s->pids[i], SIGCONT);
            kill(s->pids[i], SIGTERM);
        }
    if (s->world > 0)
        kill(s->world, SIGTERM);
    scene_sleep_ms(100);
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        scene_signal(s, i, SIGKILL);
    if (s->world > 0) {
        kill(s->world, SIGKILL);
        waitpid(s->world, NULL, 0);
    }
    s->world = 0;
    if (s->client != NULL)
        client_close(s->client);
    s->client = NULL;
    owner_wipe(&s->owner);
}

void scene_serve_requests(struct scene *s)
{
    char path[RUN_DIR_MAX + 64];
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        const struct home_node *n = &s->run.home.nodes[i];
        if (s->pids[i] > 0 && waitpid(s->pids[i], NULL, WNOHANG) == s->pids[i])
            s->pids[i] = 0;
        snprintf(path, sizeof path, "%s/start.%.*s", s->run.dir,
                 (int)n->name.len, n->name.text);
        if (unlink(path) == 0 && s->pids[i] == 0)
            scene_start_node(s, i);
    }
}

/* ---- looking ---- */

void scene_look(struct scene *s, uint32_t timeout_ms)
{
    client_set_timeout(s->client, timeout_ms);
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        memset(&s->status[i], 0, sizeof s->status[i]);
        if (s->pids[i] > 0) /* nobody waits for the dead */
            (void)status_get(s->client, &s->run.home.nodes[i].addr,
                             &s->status[i]);
    }
}

int scene_node(const struct scene *s, const char *name)
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (tomte_span_equal(tomte_name_span(&s->run.home.nodes[i].name),
                             tomte_span_str(name)))
            return (int)i;
    return -1;
}

int scene_keeper(const struct scene *s)
{
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        if (s->run.home.nodes[i].keeper)
            return (int)i;
    return -1;
}

int scene_runs_on(const struct scene *s, const char *identity, uint64_t *epoch)
{
    int found = -1;
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t k = 0; k < s->status[i].slots_len; k++) {
            const struct status_slot *slot = &s->status[i].slots[k];
            if (strcmp(slot->phase, "running") != 0 ||
                !tomte_span_equal(tomte_name_span(&slot->identity),
                                  tomte_span_str(identity)))
                continue;
            if (found >= 0 && *epoch > slot->epoch)
                continue;
            found = (int)i;
            *epoch = slot->epoch;
        }
    return found;
}

/* Of the youngest, where two nodes show it. */
bool scene_value(const struct scene *s, const char *channel, double *out)
{
    struct tomte_channel_name name;
    const struct status_cell *best = NULL;
    if (tomte_channel_name_parse(tomte_span_str(channel), &name) != TOMTE_OK)
        return false;
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        const struct status_cell *c = status_cell(&s->status[i], &name);
        if (c != NULL && c->len > 0 &&
            (best == NULL || c->age_ms < best->age_ms))
            best = c;
    }
    return best != NULL &&
           status_number(TOMTE_SPAN(best->payload, best->len), out);
}

bool scene_world(const struct scene *s, const char *name, double *out)
{
    char text[128];
    const struct tomte_addr *a = &s->run.home.world;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&in.sin_addr, a->ip + 12, 4);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof in) != 0) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    int n = snprintf(text, sizeof text, "get %s", name);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t got = -1;
    if (send(fd, text, (size_t)n, 0) == n && poll(&p, 1, 500) > 0)
        got = recv(fd, text, sizeof text - 1, 0);
    close(fd);
    if (got <= 0)
        return false;
    text[got] = 0;
    const char *space = strchr(text, ' ');
    return space != NULL && sscanf(space, "%lf", out) == 1;
}

/* ---- deploying ---- */

static bool all_run(const struct scene *s)
{
    for (size_t i = 0; i < s->run.home.containers_len; i++) {
        const struct home_container *c = &s->run.home.containers[i];
        char name[TOMTE_NAME_MAX + 1] = {0};
        uint64_t epoch;
        memcpy(name, c->identity.text, c->identity.len);
        int at = scene_runs_on(s, name, &epoch);
        if (at < 0 ||
            (c->prefer.len > 0 &&
             !tomte_name_equal(&s->run.home.nodes[at].name, &c->prefer)))
            return false;
    }
    return true;
}

static bool deploy_one(struct scene *s, const struct home_container *c)
{
    char detail[256];
    enum tomte_err err = TOMTE_ERR_TIMEOUT;
    for (int tries = 0; tries < 20 && !scene_stopped(); tries++) {
        err = deploy_image(&s->run, s->client, c, detail);
        if (err == TOMTE_OK)
            return true;
        if (strstr(detail, NO_IMAGE) != NULL)
            break; /* it will not come */
        scene_sleep_ms(100);
    }
    fprintf(stderr, "tomte: %.*s cannot be deployed: %s%s%s\n",
            (int)c->identity.len, c->identity.text, tomte_err_text(err),
            detail[0] != 0 ? ": " : "", detail);
    return false;
}

/* `prefer` is where a container begins, not where it must return to. */
static void unpin(struct scene *s)
{
    char detail[256];
    for (size_t i = 0; i < s->run.home.containers_len; i++) {
        struct tomte_command c;
        tomte_command_init(&c, TOMTE_COMMAND_UNPIN,
                           s->run.home.containers[i].identity);
        if (s->run.home.containers[i].prefer.len > 0)
            (void)send_command(&s->run, s->client, &c, detail);
    }
}

static bool set_lease(struct scene *s)
{
    struct tomte_command c;
    char detail[256];
    enum tomte_err err = TOMTE_ERR_TIMEOUT;
    tomte_command_init(&c, TOMTE_COMMAND_LEASE, (struct tomte_name){0});
    c.lease_ms = s->run.home.lease_ms;
    client_set_timeout(s->client, 1000);
    for (int tries = 0; tries < 20 && err != TOMTE_OK && !scene_stopped();
         tries++)
        err = send_command(&s->run, s->client, &c, detail);
    if (err != TOMTE_OK)
        failed(err, "reach the keeper", detail);
    return err == TOMTE_OK;
}

/* Who is who: the keeper hears of nobody else. */
static bool admit(struct scene *s)
{
    struct tomte_command c;
    char detail[256];
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        enum tomte_err err = TOMTE_ERR_TIMEOUT;
        tomte_command_init(&c, TOMTE_COMMAND_NODE, s->run.home.nodes[i].name);
        c.has_key = true;
        c.has_keeper = c.keeper = s->run.home.nodes[i].keeper;
        memcpy(c.key, s->owner.nodes[i].open, sizeof c.key);
        for (int tries = 0; tries < 20 && err != TOMTE_OK && !scene_stopped();
             tries++)
            err = send_command(&s->run, s->client, &c, detail);
        if (err != TOMTE_OK) {
            failed(err, "tell the keeper who its nodes are", detail);
            return false;
        }
    }
    return true;
}

/* A container cannot be asked to run on a node that the keeper has not met. */
static void wait_for_nodes(struct scene *s, uint64_t until_ms)
{
    const struct status *keeper = &s->status[scene_keeper(s)];
    do {
        scene_look(s, 300);
        size_t met = 0;
        for (size_t i = 0; i < keeper->nodes_len; i++)
            met += keeper->nodes[i].addr.port != 0;
        if (met >= s->run.home.nodes_len)
            return;
        scene_sleep_ms(20);
    } while (scene_now_ms() < until_ms && !scene_stopped());
}

bool scene_deploy(struct scene *s, uint32_t timeout_ms)
{
    uint64_t until = scene_now_ms() + timeout_ms;
    if (!set_lease(s) || !admit(s))
        return false;
    wait_for_nodes(s, until);
    client_set_timeout(s->client, 3000);
    for (size_t i = 0; i < s->run.home.containers_len; i++)
        if (!deploy_one(s, &s->run.home.containers[i]))
            return false;
    do {
        scene_sleep_ms(100);
        scene_look(s, 500);
        if (all_run(s)) {
            unpin(s);
            return true;
        }
    } while (scene_now_ms() < until && !scene_stopped());
    fprintf(stderr,
            "tomte: not every container runs after %u s; see: tomte "
            "why CONTAINER\n",
            timeout_ms / 1000);
    return false;
}
