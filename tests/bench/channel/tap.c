/* SPDX-License-Identifier: Apache-2.0 */
/* How long a message and its answer take between two processes that send each
 * other one at a time: the time from one datagram of the first to its next, as
 * the kernel stamps them on loopback. Watches and disturbs nothing; needs root.
 *
 *   bench_channel_tap PORT PEER_PORT SECONDS  ->  count, p50 and p99 in us
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SAMPLES (1 << 22)

static double took_us[SAMPLES];

static int open_tap(void)
{
    int on = 1, fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_IP),
                             .sll_ifindex = (int)if_nametoindex("lo")};
    struct timeval patience = {.tv_usec = 100000};
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) !=
            0) {
        perror("tap");
        exit(1);
    }
    return fd;
}

/* Loopback shows each packet twice; once is enough. */
static bool next(int fd, uint16_t from, uint16_t to, double *at_us)
{
    uint8_t bytes[64], control[128];
    struct sockaddr_ll way;
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr m = {.msg_name = &way,
                       .msg_namelen = sizeof way,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    struct udphdr udp;
    if (recvmsg(fd, &m, 0) < (ssize_t)(sizeof(struct iphdr) + sizeof udp) ||
        way.sll_pkttype == PACKET_OUTGOING || bytes[9] != IPPROTO_UDP)
        return false;
    memcpy(&udp, bytes + sizeof(struct iphdr), sizeof udp);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (ntohs(udp.source) != from || ntohs(udp.dest) != to || c == NULL)
        return false;
    struct timespec t;
    memcpy(&t, CMSG_DATA(c), sizeof t);
    *at_us = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
    return true;
}

static int compare(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    double last = 0, at;
    if (argc != 4)
        return 100;
    uint16_t from = (uint16_t)atoi(argv[1]), to = (uint16_t)atoi(argv[2]);
    int fd = open_tap();
    time_t ends = time(NULL) + atoi(argv[3]);
    while (time(NULL) < ends && count < SAMPLES) {
        if (!next(fd, from, to, &at))
            continue;
        if (last != 0)
            took_us[count++] = at - last;
        last = at;
    }
    if (count == 0)
        return 1;
    qsort(took_us, count, sizeof *took_us, compare);
    printf("%zu %.2f %.2f\n", count, took_us[count / 2],
           took_us[count * 99 / 100]);
    return 0;
}
