/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio.h"

#include "board.h"

#include <string.h>

/* Registers, section 4.2.2. */
#define MAGIC           0x000u
#define VERSION         0x004u
#define DEVICE_ID       0x008u
#define DRIVER_FEATURES 0x020u
#define FEATURES_SELECT 0x024u
#define QUEUE_SELECT    0x030u
#define QUEUE_NUM       0x038u
#define QUEUE_READY     0x044u
#define QUEUE_NOTIFY    0x050u
#define INTERRUPT       0x060u
#define INTERRUPT_ACK   0x064u
#define STATUS          0x070u
#define QUEUE_DESC      0x080u
#define QUEUE_DRIVER    0x090u
#define QUEUE_DEVICE    0x0a0u
#define CONFIG          0x100u

#define MAGIC_VALUE 0x74726976u

/* STATUS, section 2.1. */
#define ACKNOWLEDGE 1u
#define DRIVER      2u
#define DRIVER_OK   4u
#define FEATURES_OK 8u

#define DESC_WRITE       2u
#define AVAIL_NO_REPORTS 1u /* 2.6.7: no interrupt when it was used */

static void fence(void)
{
    __asm__ volatile("fence" ::: "memory");
}

static uint32_t base_of(unsigned place)
{
    return BOARD_VIRTIO + 0x1000u * place;
}

int virtio_find(uint32_t id)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t b = base_of(i);
        if (REG32(b + MAGIC) == MAGIC_VALUE && REG32(b + VERSION) == 2 &&
            REG32(b + DEVICE_ID) == id)
            return (int)i;
    }
    return -1;
}

bool virtio_open(unsigned place, uint32_t features)
{
    uint32_t b = base_of(place);
    REG32(b + STATUS) = 0;
    REG32(b + STATUS) = ACKNOWLEDGE;
    REG32(b + STATUS) = ACKNOWLEDGE | DRIVER;
    REG32(b + FEATURES_SELECT) = 0;
    REG32(b + DRIVER_FEATURES) = features;
    REG32(b + FEATURES_SELECT) = 1;
    REG32(b + DRIVER_FEATURES) = 1; /* bit 32: VIRTIO_F_VERSION_1 */
    REG32(b + STATUS) = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    return (REG32(b + STATUS) & FEATURES_OK) != 0;
}

void virtio_queue_open(struct virtio_queue *q, unsigned place, uint32_t index)
{
    uint32_t b = base_of(place);
    memset(q, 0, sizeof *q);
    q->device = b;
    q->index = index;
    if (index % 2 == 1)
        q->avail.flags = AVAIL_NO_REPORTS; /* queues that send */
    REG32(b + QUEUE_SELECT) = index;
    REG32(b + QUEUE_NUM) = VIRTIO_QUEUE;
    const void *parts[3] = {q->desc, &q->avail, &q->used};
    const uint32_t at[3] = {QUEUE_DESC, QUEUE_DRIVER, QUEUE_DEVICE};
    for (int i = 0; i < 3; i++) {
        REG32(b + at[i]) = (uint32_t)(uintptr_t)parts[i];
        REG32(b + at[i] + 4) = 0;
    }
    REG32(b + QUEUE_READY) = 1;
}

void virtio_ready(unsigned place)
{
    uint32_t b = base_of(place);
    REG32(b + STATUS) = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
}

uint8_t virtio_config(unsigned place, uint32_t offset)
{
    return REG8(base_of(place) + CONFIG + offset);
}

void virtio_describe(struct virtio_queue *q, uint16_t id,
                     struct tomte_buf bytes, bool writes)
{
    q->desc[id] = (struct virtio_desc){.addr = (uintptr_t)bytes.data,
                                       .len = (uint32_t)bytes.cap,
                                       .flags = writes ? DESC_WRITE : 0};
}

void virtio_give(struct virtio_queue *q, uint16_t id)
{
    q->avail.ring[q->avail.idx % VIRTIO_QUEUE] = id;
    fence();
    *(volatile uint16_t *)&q->avail.idx = (uint16_t)(q->avail.idx + 1);
    fence();
    REG32(q->device + QUEUE_NOTIFY) = q->index;
}

bool virtio_pending(const struct virtio_queue *q)
{
    fence();
    return *(const volatile uint16_t *)&q->used.idx != q->seen;
}

bool virtio_take(struct virtio_queue *q, uint16_t *id, uint32_t *len)
{
    if (!virtio_pending(q))
        return false;
    fence();
    *id = (uint16_t)(q->used.ring[q->seen % VIRTIO_QUEUE].id % VIRTIO_QUEUE);
    *len = q->used.ring[q->seen % VIRTIO_QUEUE].len;
    q->seen++;
    return true;
}

void virtio_acknowledge(unsigned place)
{
    uint32_t b = base_of(place);
    REG32(b + INTERRUPT_ACK) = REG32(b + INTERRUPT);
}
