/* SPDX-License-Identifier: Apache-2.0 */
/* rv32/virtio.h: as much of virtio 1.1 over memory-mapped registers (sections
 * 2.6 and 4.2.2) as one queue at a time needs. Everything is little-endian, and
 * so is this machine. */
#pragma once

#include "base/base.h"

#define VIRTIO_QUEUE 8u /* descriptors of a queue, a power of two */

#define VIRTIO_ID_NET     1u
#define VIRTIO_ID_ENTROPY 4u

struct virtio_desc { /* 2.6.5 */
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct virtio_avail { /* 2.6.6 */
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[VIRTIO_QUEUE];
    uint16_t used_event;
};

struct virtio_used { /* 2.6.8 */
    uint16_t flags;
    uint16_t idx;
    struct {
        uint32_t id;
        uint32_t len;
    } ring[VIRTIO_QUEUE];
    uint16_t avail_event;
};

struct virtio_queue {
    _Alignas(16) struct virtio_desc desc[VIRTIO_QUEUE];
    _Alignas(4) struct virtio_avail avail;
    _Alignas(4) struct virtio_used used;
    uint32_t device;
    uint32_t index;
    uint16_t seen; /* of used.idx */
};

/* The place of the device with this id, 0 to 7; -1: there is none. */
int virtio_find(uint32_t id);

/* Reset, and agreed on VIRTIO_F_VERSION_1 and the low `features`; false when
 * the device does not agree. Then queues, then virtio_ready. */
bool virtio_open(unsigned place, uint32_t features);
void virtio_queue_open(struct virtio_queue *q, unsigned place, uint32_t index);
void virtio_ready(unsigned place);

/* A byte of the device's configuration. */
uint8_t virtio_config(unsigned place, uint32_t offset);

/* Descriptor `id` describes `bytes`; `writes`: the device writes into it. */
void virtio_describe(struct virtio_queue *q, uint16_t id,
                     struct tomte_buf bytes, bool writes);
/* Hands it to the device. */
void virtio_give(struct virtio_queue *q, uint16_t id);
/* The next that the device is done with; false: none. */
bool virtio_take(struct virtio_queue *q, uint16_t *id, uint32_t *len);
/* Whether take would find one. */
bool virtio_pending(const struct virtio_queue *q);

/* Acknowledges the device's interrupt. */
void virtio_acknowledge(unsigned place);
