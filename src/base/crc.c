/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc.h"

#ifdef TOMTE_MCU

/* Four bits at a time: 64 bytes of table, fit for flash. */
static const uint32_t nibble[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
    0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
    0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

uint32_t tomte_crc32c(uint32_t crc, struct tomte_span data)
{
    crc = ~crc;
    for (size_t i = 0; i < data.len; i++) {
        crc ^= data.data[i];
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return ~crc;
}

#else

#include "base/bytes.h"
#include "base/crc_table.h"

uint32_t tomte_crc32c(uint32_t crc, struct tomte_span data)
{
    size_t i = 0;
    crc = ~crc;
    for (; data.len - i >= 4; i += 4) {
        crc ^= tomte_get_le32(data.data + i);
        crc = crc_table[3][crc & 255] ^ crc_table[2][crc >> 8 & 255] ^
              crc_table[1][crc >> 16 & 255] ^ crc_table[0][crc >> 24];
    }
    for (; i < data.len; i++)
        crc = crc >> 8 ^ crc_table[0][(crc ^ data.data[i]) & 255];
    return ~crc;
}

#endif
