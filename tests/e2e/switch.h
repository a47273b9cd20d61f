/* SPDX-License-Identifier: Apache-2.0 */
/* e2e/switch.h: the harm that the switch does to datagrams; no sockets in it.
 *
 * A datagram is lost, cut, doubled or held back by what is drawn for it; what
 * is to leave, now or later, waits in a heap that harm_release empties. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODES_MAX    32
#define PEOPLE       NODES_MAX /* the index of all strangers */
#define WAITING_MAX  4096      /* datagrams held back at one time */
#define DATAGRAM_MAX 2048

struct datagram {
    uint64_t due_ms, order;
    int fd; /* leaves by this socket */
    struct sockaddr_in to;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

struct harm {
    uint64_t seed;
    unsigned loss, twice, reorder; /* percent */
    unsigned delay_ms, jitter_ms;
    bool cut[NODES_MAX + 1][NODES_MAX + 1];
    uint64_t count[NODES_MAX + 1][NODES_MAX + 1]; /* datagrams, from and to */
    uint64_t passed, lost, severed, doubled, late, full;
    /* a heap by (due_ms, order) */
    size_t waiting_len;
    uint64_t order;
    struct datagram *waiting[WAITING_MAX];
};

uint64_t switch_now_ms(void);

/* Draws the fate of a datagram and keeps it until it is due. */
void harm_do(struct harm *h, int from, int to, struct datagram *d);

/* Hands out what is due, in order. */
void harm_release(struct harm *h, void (*emit)(const struct datagram *d));

/* Until something is due; -1: nothing waits. */
int harm_wait_ms(const struct harm *h);

void harm_silence(struct harm *h, int node);
void harm_split(struct harm *h, const int *list, int len);
void harm_join(struct harm *h);
void harm_heal(struct harm *h);
void harm_print(const struct harm *h);
