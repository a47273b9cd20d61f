/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS (sizeof((struct load *)0)->histogram / sizeof(uint32_t))
#define HALF_US 500.0

static double clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double server_ns(const struct load *load)
{
    clockid_t id;
    if (clock_getcpuclockid(load->server, &id) != 0)
        load_fail("the server's clock");
    return clock_ns(id);
}

void load_fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

struct load *load_parse(int argc, char **argv)
{
    static struct load load;
    if (argc >= 4) {
        load.pairs = atoi(argv[1]);
        load.bytes = strtoul(argv[2], NULL, 10);
        load.seconds = strtod(argv[3], NULL);
        load.variant = argc > 4 ? argv[4] : "";
    }
    if (load.pairs < 1 || load.pairs > LOAD_PAIRS_MAX || load.bytes < 1 ||
        load.bytes > 1024 || !(load.seconds > 0)) {
        fprintf(stderr, "usage: %s PAIRS BYTES SECONDS [VARIANT]\n", argv[0]);
        exit(100);
    }
    return &load;
}

pid_t load_fork(void)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        load_fail("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
    }
    return pid;
}

pid_t load_spawn(const char *const *argv)
{
    pid_t pid = load_fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return pid;
}

uint16_t load_free_port(int socket_type)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof sa;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, socket_type, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        load_fail("a free port");
    close(fd);
    return ntohs(sa.sin_port);
}

int load_connect_tcp(uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 500; i++) {
        int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
            return fd;
        close(fd);
        usleep(10000);
    }
    load_fail("the server does not listen");
}

void load_begin(struct load *load)
{
    load->client_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    load->server_ns = server_ns(load);
    load->began_ns = clock_ns(CLOCK_MONOTONIC);
    load->ends_ns = load->began_ns + load->seconds * 1e9;
}

void load_sent(struct load *load, int pair)
{
    load->sent_ns[pair] = clock_ns(CLOCK_MONOTONIC);
}

void load_back(struct load *load, int pair)
{
    double took = clock_ns(CLOCK_MONOTONIC) - load->sent_ns[pair];
    size_t bucket = (size_t)(took / HALF_US);
    load->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    load->messages++;
}

bool load_is_over(const struct load *load)
{
    return clock_ns(CLOCK_MONOTONIC) >= load->ends_ns;
}

static double quantile_us(const struct load *load, double q)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += load->histogram[i];
        if ((double)seen >= q * (double)load->messages)
            return ((double)i + 0.5) * HALF_US / 1e3;
    }
    return 0;
}

int load_end(struct load *load)
{
    double n = (double)load->messages;
    double took = clock_ns(CLOCK_MONOTONIC) - load->began_ns;
    double client = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - load->client_ns;
    double server = server_ns(load) - load->server_ns;
    kill(load->server, SIGKILL);
    waitpid(load->server, NULL, 0);
    if (load->messages == 0) {
        fprintf(stderr, "not one message came back\n");
        return 1;
    }
    printf("%.0f %.2f %.2f %.3f %.3f\n", n / took * 1e9, quantile_us(load, 0.5),
           quantile_us(load, 0.99), client / n / 1e3, server / n / 1e3);
    return 0;
}
