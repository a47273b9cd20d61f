/* SPDX-License-Identifier: Apache-2.0 */
/* A Confirmable GET and its answer over loopback, one by one: the same plain
 * client asks our endpoint, in a process of its own, and libcoap's server. Most
 * of the time is the kernel's; the row without a peer is a process that sends
 * back what it gets, so what a server costs is the difference.
 *
 * Both keep the resource /state with the same value. Our endpoint remembers
 * each request for its lifetime and knows repetitions; libcoap's does not. */
#include "exchange.h"

#include "bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS      7
#define EXCHANGES 2000
#define SERVER    "coap-server-notls"
#define VALUE     "0.5"

/* A server in a process, and a socket connected to it. */
struct server {
    pid_t pid;
    int fd;
    uint16_t mid;
};

static struct server ours, theirs, echo;

static int udp(uint16_t port, uint16_t *bound)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof sa;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    BENCH_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    BENCH_CHECK(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
    *bound = ntohs(sa.sin_port);
    return fd;
}

static void reach(struct server *s, uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    uint16_t bound;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = udp(0, &bound);
    BENCH_CHECK(connect(s->fd, (struct sockaddr *)&sa, sizeof sa) == 0);
}

/* The answer to `request`, or nothing after `timeout_ms`. */
static size_t ask(struct server *s, const char *request, size_t len,
                  uint8_t answer[1500], int timeout_ms)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (send(s->fd, request, len, 0) != (ssize_t)len ||
        poll(&p, 1, timeout_ms) != 1)
        return 0;
    ssize_t n = recv(s->fd, answer, 1500, 0);
    return n > 0 ? (size_t)n : 0;
}

/* An acknowledgement with that code, and of a GET the value at its end. */
static void exchange(struct server *s, uint8_t method, uint8_t code)
{
    uint8_t answer[1500];
    uint16_t mid = ++s->mid;
    char request[64] = {0x44, (char)method, (char)(mid >> 8), (char)mid,
                        (char)0xfe};
    size_t len = 8;
    memcpy(request + len, "\xb5state", 6), len += 6;
    if (method == 3) /* PUT */
        memcpy(request + len, "\x10\xff" VALUE, 5), len += 5;
    size_t n = ask(s, request, len, answer, 2000);
    BENCH_CHECK(n >= 8 && answer[0] == 0x64 && answer[1] == code &&
                memcmp(answer + 2, request + 2, 6) == 0);
    BENCH_CHECK(method == 3 || memcmp(answer + n - 3, VALUE, 3) == 0);
}

/* Microseconds of one GET, the mean of many. */
static double run(struct server *s)
{
    double start = bench_now_ns();
    for (int i = 0; i < EXCHANGES; i++)
        exchange(s, 1, 69);
    return (bench_now_ns() - start) / EXCHANGES / 1e3;
}

static double run_ours(void)
{
    return run(&ours);
}

static double run_theirs(void)
{
    return run(&theirs);
}

static double run_echo(void)
{
    uint8_t answer[1500];
    double start = bench_now_ns();
    for (int i = 0; i < EXCHANGES; i++)
        BENCH_CHECK(ask(&echo, "twelve bytes", 12, answer, 2000) == 12);
    return (bench_now_ns() - start) / EXCHANGES / 1e3;
}

/* A child that dies with this process and says nothing but on `out`. */
static pid_t child(int out)
{
    pid_t pid = fork();
    BENCH_CHECK(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out < 0 ? null : out, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    return pid;
}

static void start_echo(void)
{
    uint8_t data[1500];
    struct sockaddr_in sa;
    uint16_t port;
    int fd = udp(0, &port);
    echo.pid = child(-1);
    while (echo.pid == 0) {
        socklen_t len = sizeof sa;
        ssize_t n =
            recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&sa, &len);
        (void)!sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&sa, len);
    }
    close(fd);
    reach(&echo, port);
}

/* It prints its port and serves until its standard input ends, which is ours
 * only while we live. */
static void start_ours(void)
{
    int out[2], in[2];
    char line[16] = {0};
    BENCH_CHECK(pipe2(out, O_CLOEXEC) == 0 && pipe2(in, O_CLOEXEC) == 0);
    ours.pid = child(out[1]);
    if (ours.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        execl(COAP_PEER, "coap_peer", "serve", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    BENCH_CHECK(read(out[0], line, sizeof line - 1) > 0);
    reach(&ours, (uint16_t)atoi(line));
}

/* False when libcoap's server is not installed. */
static bool start_theirs(void)
{
    uint8_t answer[1500];
    uint16_t port;
    char text[8];
    close(udp(0, &port));
    snprintf(text, sizeof text, "%u", port);
    theirs.pid = child(-1);
    if (theirs.pid == 0) {
        execlp(SERVER, SERVER, "-A", "127.0.0.1", "-p", text, "-d", "4",
               (char *)NULL);
        _exit(127);
    }
    reach(&theirs, port);
    for (int i = 0; i < 100; i++) { /* a ping, until it is there */
        if (ask(&theirs, "\x40\0\0\1", 4, answer, 50) == 4)
            return true;
        if (waitpid(theirs.pid, NULL, WNOHANG) == theirs.pid)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return false;
}

static void stop(struct server *s)
{
    if (kill(s->pid, SIGKILL) == 0)
        waitpid(s->pid, NULL, 0);
    close(s->fd);
}

void bench_exchange(void)
{
    start_echo();
    bench_runs("coap/bare_udp", "us", RUNS, run_echo, NULL, NULL);
    stop(&echo);
    start_ours();
    exchange(&ours, 3, 68);
    bool there = start_theirs();
    if (there)
        exchange(&theirs, 3, 65);
    bench_runs("coap/exchange", "us", RUNS, run_ours,
               there ? "libcoap server" : NULL, run_theirs);
    stop(&ours);
    if (there)
        stop(&theirs);
}
