/* SPDX-License-Identifier: Apache-2.0 */
/* rv32/board.h: qemu's riscv32 `virt` machine: where its devices are, and what
 * the files of this board share. */
#pragma once

#include "mcu/nor.h"

#define REG32(a) (*(volatile uint32_t *)(uintptr_t)(a))
#define REG8(a)  (*(volatile uint8_t *)(uintptr_t)(a))

#define BOARD_FINISHER 0x00100000u
#define BOARD_CLINT    0x02000000u
#define BOARD_PLIC     0x0c000000u
#define BOARD_UART     0x10000000u
#define BOARD_VIRTIO   0x10001000u /* eight, 4 KiB each */
#define BOARD_FLASH    0x22000000u /* the second; the first has the program */

/* The device's queue has something: acknowledged in the interrupt. `index` is
 * that of the virtio place. */
void board_irq_enable(unsigned index);

/* flash.c: the second flash as the node's storage. */
const struct tomte_nor_chip *board_flash(void);

/* A call to the emulator; see its specification for operations. */
uint32_t board_semihost(uint32_t operation, void *argument);

/* Called by the reset code. */
_Noreturn void board_main(void);
