/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH_MS 3000u
#define FILES_MS 100u

static void say_once(struct drivers *d, size_t i, const char *what)
{
    char line[2 * HOME_PATH_MAX];
    if (d->failed[i])
        return;
    d->failed[i] = true;
    snprintf(line, sizeof line, "%.*s: %s: %s: %s",
             (int)d->node->resources[i].is.channel.len,
             d->node->resources[i].is.channel.text,
             d->node->resources[i].target, what, strerror(errno));
    d->line(d->ctx, line);
}

/* ---- the world ---- */

static void send_world(struct drivers *d, const char *text)
{
    if (d->fd >= 0)
        (void)!send(d->fd, text, strlen(text), MSG_DONTWAIT);
}

static void watch_all(uv_timer_t *timer)
{
    struct drivers *d = timer->data;
    char text[HOME_PATH_MAX + 16];
    for (size_t i = 0; i < d->node->resources_len; i++) {
        const struct home_resource *r = &d->node->resources[i];
        if (r->driver != DRIVER_WORLD || r->is.kind != TOMTE_NODE_SENSOR)
            continue;
        snprintf(text, sizeof text, "watch %s", r->target);
        send_world(d, text);
    }
}

/* "NAME VALUE" for every resource that is this thing. */
static void heard(struct drivers *d, char *text)
{
    char *space = strchr(text, ' ');
    if (space == NULL)
        return;
    *space = 0;
    double value = strtod(space + 1, NULL);
    for (size_t i = 0; i < d->node->resources_len; i++) {
        const struct home_resource *r = &d->node->resources[i];
        if (r->driver == DRIVER_WORLD && r->is.kind == TOMTE_NODE_SENSOR &&
            strcmp(r->target, text) == 0)
            d->reading(d->ctx, i, value);
    }
}

static void on_world(uv_poll_t *poll, int status, int events)
{
    struct drivers *d = poll->data;
    char text[256];
    (void)events;
    for (int i = 0; status == 0 && i < 32; i++) {
        ssize_t n = recv(d->fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (n <= 0)
            return; /* also a refusal: the world is not there yet */
        text[n] = 0;
        heard(d, text);
    }
}

static void open_world(struct drivers *d)
{
    const struct tomte_addr *a = &d->home->world;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&in.sin_addr, a->ip + 12, 4);
    d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->fd < 0 || connect(d->fd, (struct sockaddr *)&in, sizeof in) != 0) {
        d->line(d->ctx, "the world cannot be reached");
        return;
    }
    uv_poll_init(d->loop, &d->poll, d->fd);
    d->poll.data = d;
    uv_poll_start(&d->poll, UV_READABLE, on_world);
    uv_timer_start(&d->watch, watch_all, 0, WATCH_MS);
}

/* ---- files ---- */

static int open_target(const struct drivers *d, size_t i, int flags)
{
    char path[2 * HOME_PATH_MAX];
    homefile_resolve(d->home, d->node->resources[i].target, path);
    return open(path, flags | O_CLOEXEC);
}

static void read_file(struct drivers *d, size_t i)
{
    char text[64], *end;
    int fd = open_target(d, i, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n < 0) {
        say_once(d, i, "cannot be read");
        return;
    }
    text[n] = 0;
    double value = strtod(text, &end);
    if (end == text) {
        errno = EINVAL;
        say_once(d, i, "holds no number");
        return;
    }
    d->failed[i] = false;
    d->reading(d->ctx, i, value * d->node->resources[i].scale);
}

static void read_files(uv_timer_t *timer)
{
    struct drivers *d = timer->data;
    uint64_t now = uv_now(d->loop);
    for (size_t i = 0; i < d->node->resources_len; i++) {
        const struct home_resource *r = &d->node->resources[i];
        if (r->driver != DRIVER_FILE || r->is.kind != TOMTE_NODE_SENSOR ||
            d->due_ms[i] > now)
            continue;
        d->due_ms[i] = now + r->every_ms;
        read_file(d, i);
    }
}

/* A scaled value is written as a whole number: the kernel's files want one. The
 * file must be there: what a typing error makes is no LED. */
static void write_file(struct drivers *d, size_t i, double value)
{
    char text[64];
    const struct home_resource *r = &d->node->resources[i];
    int n = r->scale == 1
                ? snprintf(text, sizeof text, "%g\n", value)
                : snprintf(text, sizeof text, "%.0f\n", value / r->scale);
    int fd = open_target(d, i, O_WRONLY | O_TRUNC);
    if (fd < 0 || write(fd, text, (size_t)n) != n)
        say_once(d, i, "cannot be written");
    else
        d->failed[i] = false;
    if (fd >= 0)
        close(fd);
}

/* ---- life ---- */

void drivers_start(struct drivers *d)
{
    bool world = false, files = false;
    d->fd = -1;
    uv_timer_init(d->loop, &d->watch);
    uv_timer_init(d->loop, &d->files);
    d->watch.data = d->files.data = d;
    for (size_t i = 0; i < d->node->resources_len; i++) {
        world = world || d->node->resources[i].driver == DRIVER_WORLD;
        files = files || d->node->resources[i].driver == DRIVER_FILE;
    }
    if (world && d->home->has_world)
        open_world(d);
    if (files)
        uv_timer_start(&d->files, read_files, 0, FILES_MS);
}

void drivers_set(struct drivers *d, size_t index, double value)
{
    char text[HOME_PATH_MAX + 64];
    const struct home_resource *r = &d->node->resources[index];
    if (r->driver == DRIVER_FILE) {
        write_file(d, index, value);
    } else if (r->driver == DRIVER_WORLD) {
        snprintf(text, sizeof text, "set %s %.6f", r->target, value);
        send_world(d, text);
    }
}

void drivers_stop(struct drivers *d)
{
    if (d->fd >= 0) {
        uv_poll_stop(&d->poll);
        close(d->fd);
    }
    d->fd = -1;
}
