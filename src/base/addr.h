/* SPDX-License-Identifier: Apache-2.0 */
/* base/addr.h: where a datagram goes to or came from.
 *
 * An IPv6 address, or an IPv4 one mapped into it (RFC 4291 section 2.5.5.2),
 * in network order, and a UDP port. The core only compares addresses; ports/
 * turns them into sockets' ones. */
#pragma once

#include "base/span.h"

struct tomte_addr {
    uint8_t ip[16];
    uint16_t port;
};

/* Both the address and the port are the same. */
bool tomte_addr_equal(const struct tomte_addr *a, const struct tomte_addr *b);

/* 127.0.0.0/8 or ::1. */
bool tomte_addr_is_loopback(const struct tomte_addr *a);

/* An IPv4 address, its four bytes in network order. */
struct tomte_addr tomte_addr_ipv4(const uint8_t ip[4], uint16_t port);
