/* SPDX-License-Identifier: Apache-2.0 */
/* cortexm/board.h: qemu's mps2-an385, a Cortex-M3: where its devices are, and
 * what the files of this board share. */
#pragma once

#include "mcu/nor.h"

#define REG32(a) (*(volatile uint32_t *)(uintptr_t)(a))

#define BOARD_PSRAM    0x21000000u /* 16 MiB */
#define BOARD_UART     0x40004000u
#define BOARD_WATCHDOG 0x40008000u
#define BOARD_ETHERNET 0x40200000u

/* flash.c: a part of the PSRAM as a flash chip, what is in it kept in a file of
 * the emulator's host. NULL: the file cannot be used. */
const struct tomte_nor_chip *board_flash(void);

/* Operations of semihosting that are used here; `argument` as its specification
 * says. */
#define SEMIHOST_OPEN         0x01u
#define SEMIHOST_WRITE        0x05u
#define SEMIHOST_READ         0x06u
#define SEMIHOST_SEEK         0x0au
#define SEMIHOST_COMMAND_LINE 0x15u
#define SEMIHOST_EXIT         0x20u
uint32_t board_semihost(uint32_t operation, void *argument);

/* Opens a file of the host, of semihosting's mode; 0: cannot. */
uint32_t board_file_open(const char *path, uint32_t mode);
/* True: all of them. */
bool board_file_read(uint32_t file, struct tomte_buf out);
bool board_file_write(uint32_t file, uint32_t at, struct tomte_span bytes);

#define BOARD_FILE_READ   1u /* "rb" */
#define BOARD_FILE_UPDATE 3u /* "r+b" */
