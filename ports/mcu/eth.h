/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/eth.h: the Ethernet device under mcu/net.c; one in each board. */
#pragma once

#include "base/base.h"

#define TOMTE_ETH_FRAME_MAX 1514u

/* Finds it and sets it going; its address into `mac`. IO: there is none. */
TOMTE_MUST_CHECK enum tomte_err tomte_eth_init(uint8_t mac[6]);

/* A whole frame, without its checksum; false when there is no room now. */
bool tomte_eth_send(struct tomte_span frame);

/* The next frame that came: its length, 0 when there is none. */
size_t tomte_eth_receive(struct tomte_buf out);
