/* SPDX-License-Identifier: Apache-2.0 */
/* switch: what lies between the nodes of a home, and does them harm on command.
 *
 *   switch [--seed N] NAME=ADDRESS=LISTEN ...
 *
 * The kernel of a test machine has no netem, so the datagrams of a home of
 * processes pass through this one. The home file gives each node two addresses
 * (docs/spec/homefile.md): `address`, where the others reach it, and `listen`,
 * where its socket really is. The switch holds a socket on each `address`. What
 * node A sends to B's address arrives there, is known by A's `listen`, and goes
 * on to B's `listen` from the socket on A's address. So B sees A under the
 * address that the home's plan names, whatever happens in between, and neither
 * knows of the switch; no refused port ever gives a death away. Anyone else (a
 * person's command) is a stranger: it gets a port of its own here, by which
 * answers find back to it. Datagrams to and from `world` are wires, not
 * network, and do not pass; neither does what a node sends to itself.
 *
 * Commands are lines on standard input, each answered by one line, "ok" or
 * "error TEXT"; the end of standard input ends the switch.
 *
 *   loss PERCENT         so many datagrams vanish
 *   delay MS [MS]        each is late by the first, and up to the second more
 *   double PERCENT       so many come twice, the second up to 50 ms later
 *   reorder PERCENT      so many are held back 30 ms, and overtaken
 *   silence NAME         nothing from it and nothing to it
 *   cut NAME NAME        nothing from the first to the second (one way)
 *   split NAME NAME ...  these and all others (strangers too) are two homes
 *   join                 silences, cuts and splits are over
 *   heal                 all of the above is over; what is held back arrives
 *   stats                "ok passed N lost N cut N doubled N late N full N"
 *
 * A stranger's name is `people`. Each percentage is drawn for the k-th datagram
 * from A to B out of the seed, A, B and k alone: the same seed does the same
 * harm, however the processes happen to be scheduled, and changing one setting
 * moves no other draw. */
#include "switch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STRANGERS_MAX 64
#define BATCH         64 /* datagrams taken from one socket at one time */

struct node {
    char name[32];
    struct sockaddr_in address, listen;
    int fd; /* bound to `address` */
};

struct stranger {
    struct sockaddr_in from;
    uint64_t used_ms;
    int fd; /* its port here; -1: free */
};

static struct node nodes[NODES_MAX];
static struct stranger strangers[STRANGERS_MAX];
static int nodes_len;
static struct harm harm;

uint64_t switch_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_port == b->sin_port &&
           a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static int open_socket(const struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int size = 1 << 20;
    if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof *at) != 0) {
        fprintf(stderr, "switch: port %u: %s\n", ntohs(at->sin_port),
                strerror(errno));
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

/* ---- passing on ---- */

static int node_by_listen(const struct sockaddr_in *from)
{
    for (int i = 0; i < nodes_len; i++)
        if (same(&nodes[i].listen, from))
            return i;
    return PEOPLE;
}

/* The port of a stranger; the one that was idle longest makes room. */
static struct stranger *stranger(const struct sockaddr_in *from)
{
    struct stranger *best = &strangers[0];
    for (int i = 0; i < STRANGERS_MAX; i++) {
        struct stranger *s = &strangers[i];
        if (s->fd >= 0 && same(&s->from, from)) {
            s->used_ms = switch_now_ms();
            return s;
        }
        if (best->fd >= 0 && (s->fd < 0 || s->used_ms < best->used_ms))
            best = s;
    }
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (best->fd < 0)
        best->fd = open_socket(&any);
    best->from = *from;
    best->used_ms = switch_now_ms();
    return best;
}

static void emit(const struct datagram *d)
{
    (void)!sendto(d->fd, d->bytes, d->len, MSG_DONTWAIT,
                  (const struct sockaddr *)&d->to, sizeof d->to);
}

/* One that came in on the address of node `to`. */
static void from_outside(int to, const struct sockaddr_in *from,
                         struct datagram *d)
{
    int by = node_by_listen(from);
    d->fd = by == PEOPLE ? stranger(from)->fd : nodes[by].fd;
    d->to = nodes[to].listen;
    harm_do(&harm, by, to, d);
}

/* One that came back on a stranger's port. */
static void to_stranger(const struct stranger *s,
                        const struct sockaddr_in *from, struct datagram *d)
{
    int by = node_by_listen(from);
    if (by == PEOPLE)
        return; /* nobody who is known */
    d->fd = nodes[by].fd;
    d->to = s->from;
    harm_do(&harm, by, PEOPLE, d);
}

static void receive(int fd, int node, const struct stranger *s)
{
    struct sockaddr_in from;
    static struct datagram d;
    for (int i = 0; i < BATCH; i++) {
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(fd, d.bytes, sizeof d.bytes, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &len);
        if (n < 0)
            return;
        d.len = (size_t)n;
        if (s == NULL)
            from_outside(node, &from, &d);
        else
            to_stranger(s, &from, &d);
    }
}

/* ---- commands ---- */

static int node_by_name(const char *name)
{
    for (int i = 0; i < nodes_len; i++)
        if (strcmp(nodes[i].name, name) == 0)
            return i;
    return strcmp(name, "people") == 0 ? PEOPLE : -1;
}

static bool take_names(char **save, int *list, int *len)
{
    const char *name;
    for (*len = 0; *len <= NODES_MAX; ++*len) {
        name = strtok_r(NULL, " ", save);
        if (name == NULL)
            return *len > 0;
        list[*len] = node_by_name(name);
        if (list[*len] < 0)
            return false;
    }
    return false;
}

static bool about_nodes(const char *verb, char **save)
{
    int list[NODES_MAX + 1], len;
    if (!take_names(save, list, &len))
        return false;
    if (strcmp(verb, "silence") == 0 && len == 1)
        harm_silence(&harm, list[0]);
    else if (strcmp(verb, "cut") == 0 && len == 2)
        harm.cut[list[0]][list[1]] = true;
    else if (strcmp(verb, "split") == 0)
        harm_split(&harm, list, len);
    else
        return false;
    return true;
}

static bool about_all(const char *verb, char **save)
{
    const char *first = strtok_r(NULL, " ", save);
    const char *second = strtok_r(NULL, " ", save);
    unsigned long a = first == NULL ? 101 : strtoul(first, NULL, 10);
    if (strcmp(verb, "delay") == 0 && first != NULL && a <= 60000) {
        harm.delay_ms = (unsigned)a;
        harm.jitter_ms =
            second == NULL ? 0 : (unsigned)(strtoul(second, NULL, 10) % 60000);
    } else if (a > 100 || second != NULL) {
        return false;
    } else if (strcmp(verb, "loss") == 0) {
        harm.loss = (unsigned)a;
    } else if (strcmp(verb, "double") == 0) {
        harm.twice = (unsigned)a;
    } else if (strcmp(verb, "reorder") == 0) {
        harm.reorder = (unsigned)a;
    } else {
        return false;
    }
    return true;
}

static void obey(char *line)
{
    char *save = NULL;
    const char *verb = strtok_r(line, " ", &save);
    if (verb == NULL)
        return;
    if (strcmp(verb, "heal") == 0)
        harm_heal(&harm);
    else if (strcmp(verb, "join") == 0)
        harm_join(&harm);
    else if (strcmp(verb, "stats") == 0)
        return harm_print(&harm);
    else if (strcmp(verb, "silence") == 0 || strcmp(verb, "cut") == 0 ||
             strcmp(verb, "split") == 0) {
        if (!about_nodes(verb, &save)) {
            puts("error of whom?");
            return;
        }
    } else if (!about_all(verb, &save)) {
        printf("error not understood: %s\n", verb);
        return;
    }
    puts("ok");
}

/* Lines as they come, whole or in pieces; false at the end. */
static bool commands(void)
{
    static char line[512];
    static size_t len;
    char bytes[256];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\n' && len < sizeof line - 1) {
            line[len++] = bytes[i];
            continue;
        }
        line[len] = 0;
        len = 0;
        obey(line);
        fflush(stdout);
    }
    return true;
}

/* ---- life ---- */

static bool run_once(void)
{
    struct pollfd p[1 + NODES_MAX + STRANGERS_MAX];
    int strangers_at[STRANGERS_MAX], count = 0, at = 1 + nodes_len;
    p[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    for (int i = 0; i < nodes_len; i++)
        p[1 + i] = (struct pollfd){.fd = nodes[i].fd, .events = POLLIN};
    for (int i = 0; i < STRANGERS_MAX; i++)
        if (strangers[i].fd >= 0) {
            strangers_at[count++] = i;
            p[at++] = (struct pollfd){.fd = strangers[i].fd, .events = POLLIN};
        }
    poll(p, (nfds_t)at, harm_wait_ms(&harm));
    if (p[0].revents != 0 && !commands())
        return false;
    for (int i = 0; i < nodes_len; i++)
        if (p[1 + i].revents != 0)
            receive(nodes[i].fd, i, NULL);
    for (int i = 0; i < count; i++)
        if (p[1 + nodes_len + i].revents != 0) {
            const struct stranger *s = &strangers[strangers_at[i]];
            receive(s->fd, -1, s);
        }
    harm_release(&harm, emit);
    return true;
}

static bool parse_addr(const char *text, struct sockaddr_in *out)
{
    char host[32];
    unsigned port;
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (sscanf(text, "%31[0-9.]:%u", host, &port) != 2 || port > 65535 ||
        inet_pton(AF_INET, host, &out->sin_addr) != 1)
        return false;
    out->sin_port = htons((uint16_t)port);
    return true;
}

static bool add_node(char *text)
{
    struct node *n = &nodes[nodes_len];
    char *address = strchr(text, '='), *listen;
    listen = address == NULL ? NULL : strchr(address + 1, '=');
    if (nodes_len == NODES_MAX || listen == NULL)
        return false;
    *address++ = 0;
    *listen++ = 0;
    snprintf(n->name, sizeof n->name, "%s", text);
    if (!parse_addr(address, &n->address) || !parse_addr(listen, &n->listen))
        return false;
    n->fd = open_socket(&n->address);
    nodes_len++;
    return true;
}

int main(int argc, char **argv)
{
    int at = 1;
    harm.seed = 1;
    if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
        harm.seed = strtoull(argv[2], NULL, 10);
        at = 3;
    }
    for (; at < argc; at++)
        if (!add_node(argv[at]))
            break;
    if (at < argc || nodes_len == 0) {
        fprintf(stderr, "usage: switch [--seed N] NAME=ADDRESS=LISTEN ...\n"
                        "  e.g. switch hall=127.0.0.1:5702=127.0.0.1:6702\n");
        return 100;
    }
    for (int i = 0; i < STRANGERS_MAX; i++)
        strangers[i].fd = -1;
    while (run_once())
        ;
    return 0;
}
