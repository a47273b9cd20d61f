/* SPDX-License-Identifier: Apache-2.0 */
/* sim/disk.h: a block device in memory that behaves as badly as real ones.
 *
 * Writes that were not synced are kept apart. When the power is cut, each of
 * them, for itself, is kept, dropped, torn (a prefix arrives, in whole program
 * units) or leaves garbage in the range it touched. One seed, one behaviour. In
 * strict mode it also holds the caller to the rules of NOR flash (no byte is
 * programmed twice between two erases, units are aligned) by an assertion.
 *
 * Cheap: memory is touched where it is programmed, nothing is copied but what
 * is not synced. Private struct, heap memory. Not thread-safe.
 *
 * Life: new -> (block's functions | cut_at | fail_at | crash | flip)*
 *       -> free */
#pragma once

#include "store/block.h"

struct tomte_disk;

enum tomte_disk_fate {
    TOMTE_DISK_KEPT,
    TOMTE_DISK_DROPPED,
    TOMTE_DISK_TORN,
    TOMTE_DISK_GARBAGE,
    TOMTE_DISK_ANY /* drawn for each write; half of them are kept */
};

struct tomte_disk_config {
    uint32_t sector_bytes;
    uint32_t sector_count;
    uint32_t program_unit;
    bool strict;   /* NOR flash: assert its rules, programming only clears */
    bool mappable; /* give the block a map function */
    uint64_t seed;
};

/* NULL when memory is out. All bytes are blank (0xff). */
struct tomte_disk *tomte_disk_new(const struct tomte_disk_config *config);
void tomte_disk_free(struct tomte_disk *d);

/* The interface to hand to the store; the disk must outlive it. */
struct tomte_block tomte_disk_block(struct tomte_disk *d);

/* Cut the power in the `nth` program, erase or sync from now, 1 being the next:
 * that call and all later ones return IO, until tomte_disk_crash. 0: never. */
void tomte_disk_cut_at(struct tomte_disk *d, uint64_t nth);
bool tomte_disk_is_off(const struct tomte_disk *d);

/* The power is cut, if it was not, and comes back: what was not synced meets
 * its fate, and the device works again. */
void tomte_disk_crash(struct tomte_disk *d);

/* What happens to writes that are not synced. At first TOMTE_DISK_ANY. */
void tomte_disk_set_fate(struct tomte_disk *d, enum tomte_disk_fate fate);

/* Let the `nth` program, erase or sync from now fail with `err`, once; its
 * range is then as after a cut. 0: never. The same for reads. */
void tomte_disk_fail_at(struct tomte_disk *d, uint64_t nth, enum tomte_err err);
void tomte_disk_fail_read_at(struct tomte_disk *d, uint64_t nth);

/* From now on erasing a sector that was never erased is NO_SPACE, once
 * `sectors` more have been. As a file on a disk that is full. */
void tomte_disk_set_space(struct tomte_disk *d, uint32_t sectors);

/* Bit rot: flip one bit, durably. */
void tomte_disk_flip(struct tomte_disk *d, uint32_t at, unsigned bit);

/* Write bytes, durably, without any rule. */
void tomte_disk_poke(struct tomte_disk *d, uint32_t at, struct tomte_span data);

struct tomte_disk_stats {
    uint64_t operations; /* programs, erases and syncs */
    uint64_t reads;
    uint64_t syncs;
    uint64_t programmed_bytes;
    uint64_t erases;
    uint32_t erases_min; /* of the sector erased least ... */
    uint32_t erases_max; /* ... and most often, of sectors [from, to) */
};
void tomte_disk_stats(const struct tomte_disk *d, uint32_t from, uint32_t to,
                      struct tomte_disk_stats *out);
