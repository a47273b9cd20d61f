/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t ipv6_loopback[16] = {[15] = 1};

bool tomte_addr_equal(const struct tomte_addr *a, const struct tomte_addr *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool tomte_addr_is_loopback(const struct tomte_addr *a)
{
    if (memcmp(a->ip, mapped, sizeof mapped) == 0)
        return a->ip[12] == 127;
    return memcmp(a->ip, ipv6_loopback, sizeof a->ip) == 0;
}

struct tomte_addr tomte_addr_ipv4(const uint8_t ip[4], uint16_t port)
{
    struct tomte_addr a = {.port = port};
    memcpy(a.ip, mapped, sizeof mapped);
    memcpy(a.ip + 12, ip, 4);
    return a;
}
