/* SPDX-License-Identifier: Apache-2.0 */
/* store/block.h: what the store asks of a device that keeps bytes.
 *
 * The third table that the core is handed at init, beside the crypto backend
 * and a container's host functions. A port implements it over NOR flash
 * (sectors of 4 KiB to 256 KiB), over a file (ports/linux/block_file.h) or in
 * memory with faults (ports/sim/disk.h).
 *
 * The rules are those of NOR flash, and the store keeps to them everywhere:
 *
 *   - erase sets all bytes of a sector to 0xff;
 *   - program is done at most once to a byte between two erases, at an offset
 *     and for a length that are multiples of program_unit;
 *   - what was programmed or erased may be lost, torn or garbled by a power
 * cut,
 *     each call for itself and in any order, until sync has returned OK.
 *
 * All functions are synchronous and return OK, IO when the device failed, or
 * (program and erase only) NO_SPACE when a file cannot grow. After IO or
 * NO_SPACE the bytes of that call's range are unknown, all others untouched.
 * Offsets are bytes from the start of the device, which has less than 4 GiB. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define TOMTE_BLOCK_SECTOR_MIN 4096u   /* the least sector_bytes */
#define TOMTE_BLOCK_SECTOR_MAX 262144u /* the greatest; a power of two */
#define TOMTE_BLOCK_UNIT_MAX   64u     /* the greatest program_unit */

struct tomte_block {
    void *ctx; /* the port's, first argument of every function */

    uint32_t sector_bytes; /* smallest range that can be erased */
    uint32_t sector_count;
    uint32_t program_unit; /* a power of two, 1 to TOMTE_BLOCK_UNIT_MAX */

    /* Fill all of `out` from `offset`. Bytes that were never erased nor
     * programmed may read as anything. */
    enum tomte_err (*read)(void *ctx, uint32_t offset, struct tomte_buf out);

    /* Stays within one sector; `data` is borrowed until return. */
    enum tomte_err (*program)(void *ctx, uint32_t offset,
                              struct tomte_span data);

    enum tomte_err (*erase)(void *ctx, uint32_t sector);

    /* All that was programmed and erased before is durable on return. */
    enum tomte_err (*sync)(void *ctx);

    /* Optional, may be NULL: a pointer to `len` bytes at `offset` that stays
     * valid while the device is open (flash that is executed in place, a mapped
     * file); NULL when this range cannot be mapped. Reading through it sees
     * what was programmed. */
    const uint8_t *(*map)(void *ctx, uint32_t offset, size_t len);
};
