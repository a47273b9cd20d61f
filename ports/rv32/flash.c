/* SPDX-License-Identifier: Apache-2.0 */
/* The second flash of the board: CFI, Intel commands, two chips of 16 bits side
 * by side, so that each command is given to both halves of a word. */
#include "board.h"

#include "base/bytes.h"

#include <string.h>

#define SECTOR  0x40000u
#define SECTORS 32u /* of 128: 8 MiB, with the ring's least and blobs */
#define WORD    4u
#define BUFFER  2048u /* bytes of one buffered write; starts at a multiple */
#define TRIES   1000000u

#define BOTH(x)     ((uint32_t)(x) | (uint32_t)(x) << 16)
#define CMD_ERASE   BOTH(0x20)
#define CMD_CONFIRM BOTH(0xd0)
#define CMD_BUFFER  BOTH(0xe8)
#define CMD_CLEAR   BOTH(0x50)
#define CMD_ARRAY   BOTH(0xff)
#define READY       BOTH(0x80)
#define FAILURES    BOTH(0x30)

static bool finish(uint32_t at)
{
    uint32_t status = 0;
    for (uint32_t i = 0; i < TRIES && (status & READY) != READY; i++)
        status = REG32(at);
    REG32(at) = CMD_CLEAR;
    REG32(at) = CMD_ARRAY;
    return (status & READY) == READY && (status & FAILURES) == 0;
}

static bool erase(void *ctx, uint32_t offset)
{
    (void)ctx;
    REG32(BOARD_FLASH + offset) = CMD_ERASE;
    REG32(BOARD_FLASH + offset) = CMD_CONFIRM;
    return finish(BOARD_FLASH + offset);
}

static bool program(void *ctx, uint32_t offset, struct tomte_span words)
{
    (void)ctx;
    while (words.len > 0) {
        uint32_t at = BOARD_FLASH + offset;
        uint32_t len = BUFFER - offset % BUFFER;
        if (len > words.len)
            len = (uint32_t)words.len;
        REG32(at) = CMD_BUFFER;
        REG32(at) = BOTH(len / WORD - 1);
        for (uint32_t i = 0; i < len; i += WORD)
            REG32(at + i) = tomte_get_le32(words.data + i);
        REG32(at) = CMD_CONFIRM;
        if (!finish(at))
            return false;
        words = TOMTE_SPAN(words.data + len, words.len - len);
        offset += len;
    }
    return true;
}

const struct tomte_nor_chip *board_flash(void)
{
    static const struct tomte_nor_chip chip = {.sector_bytes = SECTOR,
                                               .sector_count = SECTORS,
                                               .word_bytes = WORD,
                                               .base =
                                                   (const uint8_t *)BOARD_FLASH,
                                               .program = program,
                                               .erase = erase};
    return &chip;
}
