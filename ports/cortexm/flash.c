/* SPDX-License-Identifier: Apache-2.0 */
/* The machine has no flash that outlives it. So 4 MiB of its PSRAM stand for a
 * chip that is read as memory, in sectors of 4 KiB as on an ESP32; the setting
 * `flash` names a file of the host that has its content: read at reset, and
 * written with each program and erase before that returns. */
#include "board.h"

#include "mcu/port.h"

#include <string.h>

#define SECTOR  4096u
#define SECTORS 1024u
#define WORD    4u

static uint8_t *const window = (uint8_t *)BOARD_PSRAM;
static uint32_t file;

/* What is there and what is to be there, bit by bit, as in a chip. */
static bool program(void *ctx, uint32_t offset, struct tomte_span words)
{
    (void)ctx;
    for (size_t i = 0; i < words.len; i++)
        window[offset + i] &= words.data[i];
    return board_file_write(file, offset,
                            TOMTE_SPAN(window + offset, words.len));
}

static bool erase(void *ctx, uint32_t offset)
{
    (void)ctx;
    memset(window + offset, 0xff, SECTOR);
    return board_file_write(file, offset, TOMTE_SPAN(window + offset, SECTOR));
}

const struct tomte_nor_chip *board_flash(void)
{
    static const struct tomte_nor_chip chip = {.sector_bytes = SECTOR,
                                               .sector_count = SECTORS,
                                               .word_bytes = WORD,
                                               .base =
                                                   (const uint8_t *)BOARD_PSRAM,
                                               .program = program,
                                               .erase = erase};
    char path[128];
    if (file == 0 && tomte_port_setting("flash", path, sizeof path))
        file = board_file_open(path, BOARD_FILE_UPDATE);
    if (file == 0 ||
        !board_file_read(file, TOMTE_BUF(window, SECTOR * SECTORS)))
        return NULL;
    return &chip;
}
