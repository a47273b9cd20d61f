/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling: UDP datagrams to a process that sends them back, and nothing
 * else. Each pair has a socket of its own at the client's side. */
#include "load.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int fd)
{
    uint8_t bytes[2048];
    for (;;) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0,
                             (struct sockaddr *)&from, &len);
        if (n > 0)
            sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len);
    }
}

static int udp_socket(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    *at = (struct sockaddr_in){.sin_family = AF_INET};
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof *at) != 0 ||
        getsockname(fd, (struct sockaddr *)at, &len) != 0)
        load_fail("a socket");
    return fd;
}

int main(int argc, char **argv)
{
    struct load *load = load_parse(argc, argv);
    static uint8_t bytes[2048];
    struct sockaddr_in server, own;
    struct epoll_event ready[64];
    int poller = epoll_create1(0), fds[LOAD_PAIRS_MAX];
    int fd = udp_socket(&server);
    load->server = load_fork();
    if (load->server == 0)
        serve(fd);
    for (int i = 0; i < load->pairs; i++) {
        struct epoll_event want = {.events = EPOLLIN, .data.fd = i};
        fds[i] = udp_socket(&own);
        connect(fds[i], (struct sockaddr *)&server, sizeof server);
        epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &want);
    }
    load_begin(load);
    for (int i = 0; i < load->pairs; i++) {
        load_sent(load, i);
        send(fds[i], bytes, load->bytes, 0);
    }
    while (!load_is_over(load)) {
        int n = epoll_wait(poller, ready, 64, 100);
        for (int k = 0; k < n; k++) {
            int i = ready[k].data.fd;
            if (recv(fds[i], bytes, sizeof bytes, 0) != (ssize_t)load->bytes)
                continue;
            load_back(load, i);
            load_sent(load, i);
            send(fds[i], bytes, load->bytes, 0);
        }
    }
    return load_end(load);
}
