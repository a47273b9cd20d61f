/* SPDX-License-Identifier: Apache-2.0 */
/* src/coap as a server and as a client, for coap_test.py.
 *
 *   coap_peer [OPTION]... serve             prints its port; until stdin ends
 *   coap_peer [OPTION]... ask PORT STEP...  prints what happens, a line each
 *
 * -l N: the N-th datagram to be sent, from 1, is lost. -b SIZE: of the largest
 * block that is sent or asked for. -g: at port 5683, which the group of all
 * CoAP nodes uses, too. The steps are
 *
 *   METHOD PATH [PAYLOAD]   con by default; one line for the end of it
 *   observe PATH SECONDS    a line per notification; then deregisters
 *   forget PATH             registers, forgets it, and stays for 8 seconds
 *   ping                    "pong"
 *
 * METHOD: get, put, post, delete, fetch, and with an n before it as NON. A
 * path may have a query. PAYLOAD @N is N bytes of the alphabet. A line is "2.05
 * payload", or an error's name. */
#include "coap_peer.h"

#include "base/assert.h"
#include "coap/block.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct peer peer;

_Noreturn void tomte_panic(const char *file, int at, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, at, what);
    abort();
}

int main(int argc, char **argv)
{
    static const uint16_t known[] = {
        TOMTE_COAP_OPT_URI_HOST,     TOMTE_COAP_OPT_URI_PORT,
        TOMTE_COAP_OPT_URI_PATH,     TOMTE_COAP_OPT_URI_QUERY,
        TOMTE_COAP_OPT_ACCEPT,       TOMTE_COAP_OPT_BLOCK1,
        TOMTE_COAP_OPT_BLOCK2,       TOMTE_COAP_OPT_IF_MATCH,
        TOMTE_COAP_OPT_IF_NONE_MATCH};
    int opt;
    bool group = false;
    peer.szx = TOMTE_COAP_SZX_MAX;
    while ((opt = getopt(argc, argv, "+l:b:g")) != -1 && opt != '?')
        if (opt == 'g')
            group = true;
        else if (opt == 'l')
            peer.lose |= 1u << (atoi(optarg) - 1);
        else
            for (peer.szx = 0; peer.szx < 6 && 16 << peer.szx < atoi(optarg);)
                peer.szx++;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *side = optind < argc ? argv[optind] : "";
    peer_open(&peer, group ? 5683 : 0, known, sizeof known / sizeof known[0]);
    if (group)
        peer_join(&peer);
    if (opt == -1 && strcmp(side, "serve") == 0) {
        serve(&peer);
        return 0;
    }
    if (opt == -1 && strcmp(side, "ask") == 0)
        return ask(&peer, argc - optind - 1, argv + optind + 1);
    peer_fail("usage: coap_peer [OPTION]... serve | ask PORT STEP...");
}

void peer_open(struct peer *p, uint16_t port, const uint16_t *known,
               size_t known_count)
{
    struct tomte_coap_config c = tomte_coap_config_default(
        (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid());
    c.known = known;
    c.known_count = known_count;
    struct tomte_arena arena;
    size_t size = tomte_coap_memory(&c);
    void *memory = malloc(size);
    if (memory == NULL)
        peer_fail("no memory");
    tomte_arena_init(&arena, memory, size);
    if (tomte_coap_init(&p->ep, &c, &arena) != TOMTE_OK)
        peer_fail("init");
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof sa;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        getsockname(p->fd, (struct sockaddr *)&sa, &len) != 0)
        peer_fail("socket");
    p->port = ntohs(sa.sin_port);
    p->group = -1;
}

void peer_join(struct peer *p)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(p->port)};
    struct ip_mreq join;
    join.imr_multiaddr.s_addr = inet_addr("224.0.1.187");
    join.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
    sa.sin_addr = join.imr_multiaddr;
    p->group = socket(AF_INET, SOCK_DGRAM, 0);
    if (p->group < 0 ||
        bind(p->group, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        setsockopt(p->group, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join,
                   sizeof join) != 0)
        peer_fail("group");
}

static void receive(struct peer *p, int fd)
{
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    ssize_t n = recvfrom(fd, p->datagram, sizeof p->datagram, 0,
                         (struct sockaddr *)&sa, &len);
    if (n < 0)
        return; /* what ICMP reported of an earlier datagram */
    uint8_t ip[4];
    memcpy(ip, &sa.sin_addr, 4);
    (void)tomte_coap_step(&p->ep,
                          &(struct tomte_coap_event){
                              .kind = TOMTE_COAP_EVENT_DATAGRAM,
                              .now_ms = peer_now_ms(),
                              .from = tomte_addr_ipv4(ip, ntohs(sa.sin_port)),
                              .bytes = TOMTE_SPAN(p->datagram, (size_t)n),
                              .multicast = fd == p->group});
}

void peer_wait(struct peer *p, uint64_t until_ms)
{
    uint64_t now = peer_now_ms(), at = tomte_coap_deadline(&p->ep);
    if (at > until_ms)
        at = until_ms;
    struct pollfd fds[] = {{.fd = p->fd, .events = POLLIN},
                           {.fd = p->group, .events = POLLIN}};
    if (poll(fds, 2, at <= now ? 0 : (int)(at - now)) > 0)
        receive(p, fds[0].revents != 0 ? p->fd : p->group);
    else
        (void)tomte_coap_step(
            &p->ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_TIMER,
                                               .now_ms = peer_now_ms()});
}

static void send_it(struct peer *p, const struct tomte_coap_effect *e)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons(e->peer.port)};
    unsigned n = p->sent++;
    if (n < 32 && (p->lose >> n & 1) != 0)
        return;
    memcpy(&sa.sin_addr, e->peer.ip + 12, 4);
    (void)!sendto(p->fd, e->bytes.data, e->bytes.len, 0, (struct sockaddr *)&sa,
                  sizeof sa);
}

bool peer_poll(struct peer *p, struct tomte_coap_effect *effect)
{
    while (tomte_coap_poll(&p->ep, effect)) {
        if (effect->kind != TOMTE_COAP_SEND)
            return true;
        send_it(p, effect);
    }
    return false;
}

uint64_t peer_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

_Noreturn void peer_fail(const char *what)
{
    fprintf(stderr, "coap_peer: %s\n", what);
    exit(1);
}
