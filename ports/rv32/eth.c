/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-net (virtio 1.1 section 5.1): one queue in, one out, no offloads. */
#include "mcu/eth.h"

#include "board.h"
#include "virtio.h"

#include <string.h>

#define HEADER      12u /* struct virtio_net_hdr, 5.1.6 */
#define FEATURE_MAC (1u << 5)
#define IN          6u
#define OUT         4u

static struct virtio_queue in, out;
static uint8_t in_bytes[IN][HEADER + TOMTE_ETH_FRAME_MAX + 2];
static uint8_t out_bytes[OUT][HEADER + TOMTE_ETH_FRAME_MAX + 2];
static unsigned out_free; /* a bit for each of out_bytes */

enum tomte_err tomte_eth_init(uint8_t mac[6])
{
    int found = virtio_find(VIRTIO_ID_NET);
    if (found < 0 || !virtio_open((unsigned)found, FEATURE_MAC))
        return TOMTE_ERR_IO;
    unsigned place = (unsigned)found;
    virtio_queue_open(&in, place, 0);
    virtio_queue_open(&out, place, 1);
    virtio_ready(place);
    for (uint16_t i = 0; i < IN; i++) {
        virtio_describe(&in, i, TOMTE_BUF_ARRAY(in_bytes[i]), true);
        virtio_give(&in, i);
    }
    out_free = (1u << OUT) - 1;
    for (uint32_t i = 0; i < 6; i++)
        mac[i] = virtio_config(place, i);
    board_irq_enable(place);
    return TOMTE_OK;
}

static void reclaim(void)
{
    uint16_t id;
    uint32_t len;
    while (virtio_take(&out, &id, &len))
        out_free |= 1u << id;
}

bool tomte_eth_send(struct tomte_span frame)
{
    uint16_t id = 0;
    reclaim();
    while (id < OUT && (out_free >> id & 1) == 0)
        id++;
    if (id == OUT || frame.len > TOMTE_ETH_FRAME_MAX)
        return false;
    out_free &= ~(1u << id);
    memset(out_bytes[id], 0, HEADER);
    memcpy(out_bytes[id] + HEADER, frame.data, frame.len);
    virtio_describe(&out, id, TOMTE_BUF(out_bytes[id], HEADER + frame.len),
                    false);
    virtio_give(&out, id);
    return true;
}

size_t tomte_eth_receive(struct tomte_buf frame)
{
    uint16_t id;
    uint32_t len;
    if (!virtio_take(&in, &id, &len))
        return 0;
    size_t got = len > HEADER ? len - HEADER : 0;
    if (got > frame.cap || id >= IN)
        got = 0;
    else
        memcpy(frame.data, in_bytes[id] + HEADER, got);
    virtio_give(&in, id);
    return got;
}

/* For tomte_port_wait: something came since receive was called last. */
bool board_frame_waits(void);

bool board_frame_waits(void)
{
    return in.device != 0 && virtio_pending(&in);
}
