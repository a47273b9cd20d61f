/* SPDX-License-Identifier: Apache-2.0 */
/* LAN9118 (SMSC's data sheet, revision 1.5): frames by its FIFOs, word by word,
 * polled. */
#include "mcu/eth.h"

#include "base/bytes.h"
#include "board.h"

#define RX_DATA     0x00u
#define TX_DATA     0x20u
#define RX_STATUS   0x40u
#define BYTE_TEST   0x64u
#define TX_CFG      0x70u
#define HW_CFG      0x74u
#define RX_FIFO_INF 0x7cu
#define TX_FIFO_INF 0x80u
#define MAC_CMD     0xa4u
#define MAC_DATA    0xa8u

#define BYTE_TEST_VALUE 0x87654321u
#define MAC_BUSY        0x80000000u
#define MAC_READ        0x40000000u
#define MAC_CR          1u
#define MAC_ADDRH       2u
#define MAC_ADDRL       3u
#define MAC_CR_RX       (1u << 2)
#define MAC_CR_TX       (1u << 3)
#define HW_CFG_RESET    1u
#define HW_CFG_FIFOS    0x00050000u /* 5 KiB to send, the rest to receive */
#define TX_CFG_ON       2u
#define TX_FIRST_LAST   0x3000u
#define RX_ERROR        (1u << 15)
#define CHECKSUM_BYTES  4u

#define REG(r) REG32(BOARD_ETHERNET + (r))

static uint32_t mac_command(uint32_t command)
{
    REG(MAC_CMD) = MAC_BUSY | command;
    while ((REG(MAC_CMD) & MAC_BUSY) != 0)
        ;
    return REG(MAC_DATA);
}

enum tomte_err tomte_eth_init(uint8_t mac[6])
{
    if (REG(BYTE_TEST) != BYTE_TEST_VALUE)
        return TOMTE_ERR_IO;
    REG(HW_CFG) = HW_CFG_RESET;
    REG(HW_CFG) = HW_CFG_FIFOS;
    tomte_put_le32(mac, mac_command(MAC_READ | MAC_ADDRL));
    tomte_put_le16(mac + 4, (uint16_t)mac_command(MAC_READ | MAC_ADDRH));
    REG(TX_CFG) = TX_CFG_ON;
    REG(MAC_DATA) = MAC_CR_TX | MAC_CR_RX;
    (void)mac_command(MAC_CR);
    return TOMTE_OK;
}

bool tomte_eth_send(struct tomte_span frame)
{
    uint32_t len = (uint32_t)frame.len;
    if ((REG(TX_FIFO_INF) & 0xffff) < len + 16)
        return false;
    REG(TX_DATA) = TX_FIRST_LAST | len; /* command A */
    REG(TX_DATA) = len << 16 | len;     /* command B */
    for (uint32_t i = 0; i < len; i += 4) {
        uint8_t word[4] = {0};
        for (uint32_t j = 0; j < 4 && i + j < len; j++)
            word[j] = frame.data[i + j];
        REG(TX_DATA) = tomte_get_le32(word);
    }
    return true;
}

size_t tomte_eth_receive(struct tomte_buf out)
{
    if ((REG(RX_FIFO_INF) >> 16 & 0xff) == 0)
        return 0;
    uint32_t status = REG(RX_STATUS);
    uint32_t len = status >> 16 & 0x3fff;
    for (uint32_t i = 0; i < len; i += 4) {
        uint8_t word[4];
        tomte_put_le32(word, REG(RX_DATA));
        for (uint32_t j = 0; j < 4 && i + j < len; j++)
            if (i + j < out.cap)
                out.data[i + j] = word[j];
    }
    if ((status & RX_ERROR) != 0 || len < CHECKSUM_BYTES ||
        len - CHECKSUM_BYTES > out.cap)
        return 0;
    return len - CHECKSUM_BYTES;
}
