/* SPDX-License-Identifier: Apache-2.0 */
/* linux/block_file.h: a block device in one file, for src/store.
 *
 * Sectors of 64 KiB, bytes programmed one by one. The file grows as sectors are
 * erased, up to `sector_count`; the first `reserved` sectors are given their
 * space when the file is made, so a full disk can stop what grows, not the ring
 * of a store that was put there. A full disk is NO_SPACE, at the erase of a
 * sector that had no space yet; all else goes on.
 *
 * sync is fdatasync; making the file also syncs its directory. After a failed
 * fdatasync the kernel may have dropped what it could not write: the store then
 * refuses to write until it is mounted again. Close and open the file before
 * that: open makes sure that reads show what is on the disk.
 *
 * Beside the file NAME lies NAME.lock, held with flock while it is open, with
 * the holder's process id in it: two processes never share a storage. It stays
 * when the file is closed; that is harmless.
 *
 * Life: open -> (block's functions)* -> close. The struct is the caller's and
 * must stay where it is while the block is used. Not thread-safe. */
#pragma once

#include "store/block.h"

#define TOMTE_BLOCK_FILE_SECTOR 65536u

struct tomte_block_page;

struct tomte_block_file {
    int fd;
    struct tomte_block_page *pages; /* what small reads found lately */
    int lock_fd;
    uint32_t sector_count;
    const uint8_t *map; /* of the whole capacity; NULL: cannot be mapped */
    bool full;          /* the last erase found no space on the disk */
    char reason[160];   /* why open failed, for a person; else empty */
};

/* Open, and make when there is none, readable by this user only. AGAIN: another
 * process has it (`reason` says which); NO_SPACE; RANGE: more than 4 GiB;
 * DENIED; NOT_FOUND: no such directory; IO. After an error there is nothing to
 * close. */
TOMTE_MUST_CHECK enum tomte_err
tomte_block_file_open(struct tomte_block_file *f, const char *path,
                      uint32_t sector_count, uint32_t reserved);

/* Gives up the lock. Does not sync. */
void tomte_block_file_close(struct tomte_block_file *f);

/* The interface to hand to the store. */
struct tomte_block tomte_block_file_block(struct tomte_block_file *f);
