/* SPDX-License-Identifier: Apache-2.0 */
/* nats-server over TCP, in its line protocol: one connection publishes, one
 * subscribes, and what the subscriber got is published again. What comes in one
 * read goes out in one write, as its own clients do. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream {
    int fd;
    size_t have;
    char bytes[1 << 16];
};

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, 0);
        if (n <= 0)
            load_fail("nats: send");
        bytes += n;
        len -= (size_t)n;
    }
}

/* INFO comes by itself; PONG says that all before it was taken. */
static int greet(uint16_t port, const char *more)
{
    char bytes[2048];
    size_t have = 0;
    int fd = load_connect_tcp(port);
    int n = snprintf(bytes, sizeof bytes,
                     "CONNECT {\"verbose\":false}\r\n%sPING\r\n", more);
    send_all(fd, bytes, (size_t)n);
    while (have < sizeof bytes - 1) {
        ssize_t got = recv(fd, bytes + have, sizeof bytes - 1 - have, 0);
        if (got <= 0)
            load_fail("nats: no greeting");
        have += (size_t)got;
        bytes[have] = 0;
        if (strstr(bytes, "PONG\r\n") != NULL)
            return fd;
    }
    load_fail("nats: no PONG");
}

static size_t put(const struct load *load, char *out, int pair)
{
    int n = sprintf(out, "PUB %d %zu\r\n", pair, load->bytes);
    memset(out + n, 'x', load->bytes);
    memcpy(out + n + load->bytes, "\r\n", 2);
    return (size_t)n + load->bytes + 2;
}

/* Takes whole messages "MSG pair 1 bytes", leaves the rest; what to publish. */
static size_t take(struct load *load, struct stream *in, char *out)
{
    size_t at = 0, len = 0;
    for (;;) {
        char *line = in->bytes + at;
        char *end = memchr(line, '\n', in->have - at);
        if (end == NULL)
            break;
        size_t next = (size_t)(end - in->bytes) + 1;
        bool message = memcmp(line, "MSG ", 4) == 0;
        if (message && in->have - next < load->bytes + 2)
            break;
        if (message) {
            int pair = atoi(line + 4);
            load_back(load, pair);
            load_sent(load, pair);
            len += put(load, out + len, pair);
            next += load->bytes + 2;
        }
        at = next;
    }
    memmove(in->bytes, in->bytes + at, in->have - at);
    in->have -= at;
    return len;
}

int main(int argc, char **argv)
{
    struct load *load = load_parse(argc, argv);
    static char out[1 << 20];
    static struct stream in;
    char port[8];
    snprintf(port, sizeof port, "%u", load_free_port(SOCK_STREAM));
    load->server = load_spawn(
        (const char *[]){"nats-server", "-a", "127.0.0.1", "-p", port, NULL});
    uint16_t number = (uint16_t)atoi(port);
    int pub = greet(number, "");
    in.fd = greet(number, "SUB * 1\r\n");
    load_begin(load);
    for (int i = 0; i < load->pairs; i++) {
        load_sent(load, i);
        send_all(pub, out, put(load, out, i));
    }
    while (!load_is_over(load)) {
        ssize_t n =
            recv(in.fd, in.bytes + in.have, sizeof in.bytes - in.have, 0);
        if (n <= 0)
            load_fail("nats: receive");
        in.have += (size_t)n;
        send_all(pub, out, take(load, &in, out));
    }
    return load_end(load);
}
