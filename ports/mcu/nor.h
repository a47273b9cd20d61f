/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/nor.h: a NOR flash chip as a block device, with the chip's rules held.
 *
 * Flash turns bits from 1 to 0, word by word, and back only by erasing a whole
 * sector. A chip that is told otherwise answers nothing and stores something
 * else; emulated ones store what they should not. So every call is checked
 * here, before the chip hears of it: bounds, alignment, that no bit would have
 * to rise; and after it: what was programmed reads back, what was erased is
 * 0xff. What breaks a rule is IO, counted in `refused`, and leaves the chip as
 * it was.
 *
 * Life: fill in the chip, init -> block -> (its functions)*. The structs are
 * the caller's and stay where they are. Not thread-safe. */
#pragma once

#include "store/block.h"

#define TOMTE_NOR_WORD_MAX 16u /* the greatest word_bytes */

/* What a driver of a chip brings. Offsets are bytes from where the node's part
 * of the chip begins. */
struct tomte_nor_chip {
    void *ctx;
    uint32_t sector_bytes;
    uint32_t sector_count;
    uint32_t word_bytes; /* smallest unit of a program: a power of two */

    /* Where the chip can be read as memory; NULL: only by `read`. */
    const uint8_t *base;
    bool (*read)(void *ctx, uint32_t offset, struct tomte_buf out);

    /* Whole words at a whole word, inside one sector. False: the chip says that
     * it failed; some of the words may have been programmed. */
    bool (*program)(void *ctx, uint32_t offset, struct tomte_span words);

    bool (*erase)(void *ctx, uint32_t offset);

    /* NULL: what program and erase did is durable when they return. */
    bool (*sync)(void *ctx);
};

struct tomte_nor {
    struct tomte_nor_chip chip;
    uint32_t programs; /* calls that reached the chip ... */
    uint32_t erases;
    uint32_t refused; /* ... and those that broke a rule */
    uint32_t failed;  /* of those that reached it: did not do as told */
};

/* `chip` is copied. */
void tomte_nor_init(struct tomte_nor *nor, const struct tomte_nor_chip *chip);

/* The interface to hand to the store; valid as long as `nor`. */
struct tomte_block tomte_nor_block(struct tomte_nor *nor);
