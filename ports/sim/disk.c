/* SPDX-License-Identifier: Apache-2.0 */
/* Method. The bytes are those that a read shall see. Beside them is a journal
 * of what was not synced: each write with its range as it was before and as it
 * was meant to be. A sync forgets the journal. A crash undoes it, youngest
 * first, which gives the last synced state, and does each write again, oldest
 * first, according to its fate.
 *
 * A blank sector is only a mark: its memory is filled when it is first
 * programmed, so the operating system need not find pages for the others. */
#include "sim/disk.h"

#include "base/assert.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

/* A write that was not synced; `before` and `after` are `len` bytes each. */
struct pending {
    struct pending *older;
    bool erase;
    bool lost;      /* in a sync that failed: shows until the power is cut */
    bool was_blank; /* the whole sector, so `before` is not filled */
    uint32_t at;
    uint32_t len;
    uint8_t *before;
    uint8_t *after; /* of a program */
};

struct sector {
    bool blank;
    bool claimed; /* was erased once: has its space on the medium */
    uint32_t erases;
};

struct tomte_disk {
    struct tomte_disk_config config;
    uint8_t *bytes;
    uint8_t *programmed; /* one per unit; strict mode only */
    struct sector *sectors;
    struct pending *youngest;
    struct tomte_random random;
    enum tomte_disk_fate fate;
    bool off;
    uint64_t cut_at; /* counts of operations; 0 is never */
    uint64_t fail_at;
    uint64_t fail_read_at;
    enum tomte_err fail_err;
    uint32_t space;
    struct tomte_disk_stats stats;
};

struct tomte_disk *tomte_disk_new(const struct tomte_disk_config *config)
{
    size_t size = (size_t)config->sector_bytes * config->sector_count;
    struct tomte_disk *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->config = *config;
    d->bytes = malloc(size);
    d->sectors = calloc(config->sector_count, sizeof *d->sectors);
    if (config->strict)
        d->programmed = calloc(size / config->program_unit, 1);
    if (d->bytes == NULL || d->sectors == NULL ||
        (config->strict && d->programmed == NULL)) {
        tomte_disk_free(d);
        return NULL;
    }
    for (uint32_t i = 0; i < config->sector_count; i++)
        d->sectors[i].blank = true;
    tomte_random_init(&d->random, config->seed);
    d->fate = TOMTE_DISK_ANY;
    d->space = UINT32_MAX;
    return d;
}

/* Drop what is in the journal: what was lost stays, unless `all`. */
static void forget(struct tomte_disk *d, bool all)
{
    for (struct pending **at = &d->youngest; *at != NULL;) {
        struct pending *p = *at;
        if (p->lost && !all) {
            at = &p->older;
            continue;
        }
        *at = p->older;
        free(p);
    }
}

void tomte_disk_free(struct tomte_disk *d)
{
    if (d == NULL)
        return;
    forget(d, true);
    free(d->bytes);
    free(d->programmed);
    free(d->sectors);
    free(d);
}

/* ---- bytes ------------------------------------------------------------ */

static struct sector *sector_of(struct tomte_disk *d, uint32_t at)
{
    return &d->sectors[at / d->config.sector_bytes];
}

/* The bytes of a range within one sector, in memory from now on. */
static uint8_t *touch(struct tomte_disk *d, uint32_t at)
{
    struct sector *s = sector_of(d, at);
    uint32_t size = d->config.sector_bytes;
    if (s->blank)
        memset(d->bytes + at / size * size, 0xff, size);
    s->blank = false;
    return d->bytes + at;
}

static void make_blank(struct tomte_disk *d, uint32_t at)
{
    uint32_t size = d->config.sector_bytes, unit = d->config.program_unit;
    sector_of(d, at)->blank = true;
    if (d->programmed != NULL)
        memset(d->programmed + at / size * size / unit, 0, size / unit);
}

static void write_bytes(struct tomte_disk *d, uint32_t at, const uint8_t *data,
                        uint32_t len)
{
    uint8_t *bytes = touch(d, at);
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(d->config.strict ? bytes[i] & data[i] : data[i]);
}

/* Units that are not blank may not be programmed again, whatever
 * filled them. */
static void mark_programmed(struct tomte_disk *d, uint32_t sector)
{
    uint32_t size = d->config.sector_bytes, unit = d->config.program_unit;
    if (d->programmed == NULL || d->sectors[sector].blank)
        return;
    for (uint32_t at = 0; at < size; at += unit) {
        const uint8_t *bytes = d->bytes + sector * size + at;
        bool blank = true;
        for (uint32_t i = 0; i < unit; i++)
            blank = blank && bytes[i] == 0xff;
        d->programmed[(sector * size + at) / unit] = !blank;
    }
}

/* ---- the journal ------------------------------------------------------ */

static void remember(struct tomte_disk *d, bool erase, uint32_t at,
                     struct tomte_span after, uint32_t len)
{
    struct pending *p = malloc(sizeof *p + 2 * (size_t)len);
    TOMTE_ASSERT(p != NULL);
    *p = (struct pending){.older = d->youngest,
                          .erase = erase,
                          .was_blank = sector_of(d, at)->blank,
                          .at = at,
                          .len = len};
    p->before = (uint8_t *)(p + 1);
    p->after = p->before + len;
    if (!p->was_blank)
        memcpy(p->before, d->bytes + at, len);
    if (!erase)
        memcpy(p->after, after.data, len);
    d->youngest = p;
}

/* A program that was lost long ago must not take with it what was synced since:
 * only its own range. */
static void undo(struct tomte_disk *d, const struct pending *p)
{
    if (p->was_blank && p->erase)
        make_blank(d, p->at);
    else if (p->was_blank)
        memset(touch(d, p->at), 0xff, p->len);
    else
        memcpy(touch(d, p->at), p->before, p->len);
}

static enum tomte_disk_fate draw_fate(struct tomte_disk *d)
{
    if (d->fate != TOMTE_DISK_ANY)
        return d->fate;
    uint64_t n = tomte_random_below(&d->random, 6);
    return n < 3 ? TOMTE_DISK_KEPT
                 : (enum tomte_disk_fate)(TOMTE_DISK_DROPPED + n - 3);
}

static void put_garbage(struct tomte_disk *d, uint32_t at, uint32_t len)
{
    uint8_t chunk[64];
    while (len > 0) {
        uint32_t n = len < sizeof chunk ? len : (uint32_t)sizeof chunk;
        tomte_random_fill(&d->random, TOMTE_BUF(chunk, n));
        write_bytes(d, at, chunk, n);
        at += n;
        len -= n;
    }
}

/* Do a write as far as its fate lets it arrive. */
static void redo(struct tomte_disk *d, const struct pending *p)
{
    enum tomte_disk_fate fate = p->lost ? TOMTE_DISK_DROPPED : draw_fate(d);
    uint32_t len = p->len, unit = d->config.program_unit;
    if (fate == TOMTE_DISK_DROPPED)
        return;
    if (fate == TOMTE_DISK_TORN)
        len = unit * (uint32_t)tomte_random_below(&d->random, len / unit);
    if (fate == TOMTE_DISK_GARBAGE)
        put_garbage(d, p->at, len);
    else if (!p->erase)
        write_bytes(d, p->at, p->after, len);
    else if (len == p->len)
        make_blank(d, p->at);
    else
        memset(touch(d, p->at), 0xff, len);
    mark_programmed(d, p->at / d->config.sector_bytes);
}

static struct pending *reverse(struct pending *p)
{
    struct pending *done = NULL;
    while (p != NULL) {
        struct pending *older = p->older;
        p->older = done;
        done = p;
        p = older;
    }
    return done;
}

void tomte_disk_crash(struct tomte_disk *d)
{
    for (struct pending *p = d->youngest; p != NULL; p = p->older) {
        undo(d, p);
        mark_programmed(d, p->at / d->config.sector_bytes);
    }
    d->youngest = reverse(d->youngest);
    for (struct pending *p = d->youngest; p != NULL; p = p->older)
        redo(d, p);
    forget(d, true);
    d->off = false;
    d->cut_at = d->fail_at = d->fail_read_at = 0;
}

/* ---- the block's functions -------------------------------------------- */

/* Counts an operation; OK when it is to be done whole. When it is not, `done`
 * says whether its range is touched all the same. */
static enum tomte_err begin(struct tomte_disk *d, bool *touched)
{
    *touched = false;
    if (d->off)
        return TOMTE_ERR_IO;
    d->stats.operations++;
    *touched = true;
    if (d->cut_at == d->stats.operations) {
        d->off = true;
        return TOMTE_ERR_IO;
    }
    if (d->fail_at == d->stats.operations)
        return d->fail_err;
    return TOMTE_OK;
}

static enum tomte_err disk_read(void *ctx, uint32_t offset,
                                struct tomte_buf out)
{
    struct tomte_disk *d = ctx;
    uint32_t size = d->config.sector_bytes;
    TOMTE_ASSERT(offset / size < d->config.sector_count &&
                 out.cap <= (size_t)size * d->config.sector_count - offset);
    d->stats.reads++;
    if (d->off || d->fail_read_at == d->stats.reads)
        return TOMTE_ERR_IO;
    while (out.cap > 0) {
        size_t n = size - offset % size;
        n = n < out.cap ? n : out.cap;
        if (sector_of(d, offset)->blank)
            memset(out.data, 0xff, n);
        else
            memcpy(out.data, d->bytes + offset, n);
        offset += (uint32_t)n;
        out = TOMTE_BUF(out.data + n, out.cap - n);
    }
    return TOMTE_OK;
}

static void check_rules(struct tomte_disk *d, uint32_t offset, size_t len)
{
    uint32_t size = d->config.sector_bytes, unit = d->config.program_unit;
    TOMTE_ASSERT(offset / size < d->config.sector_count);
    TOMTE_ASSERT(len > 0 && len <= size - offset % size);
    TOMTE_ASSERT(offset % unit == 0 && len % unit == 0);
    if (d->programmed == NULL)
        return;
    for (uint32_t i = offset / unit; i < (offset + len) / unit; i++) {
        TOMTE_ASSERT(d->programmed[i] == 0);
        d->programmed[i] = 1;
    }
}

static enum tomte_err disk_program(void *ctx, uint32_t offset,
                                   struct tomte_span data)
{
    struct tomte_disk *d = ctx;
    bool touched;
    enum tomte_err err = begin(d, &touched);
    if (!touched)
        return err;
    check_rules(d, offset, data.len);
    remember(d, false, offset, data, (uint32_t)data.len);
    d->stats.programmed_bytes += data.len;
    if (err == TOMTE_OK)
        write_bytes(d, offset, data.data, (uint32_t)data.len);
    else if (!d->off)
        redo(d, d->youngest);
    return err;
}

static enum tomte_err disk_erase(void *ctx, uint32_t sector)
{
    struct tomte_disk *d = ctx;
    bool touched;
    TOMTE_ASSERT(sector < d->config.sector_count);
    struct sector *s = &d->sectors[sector];
    if (!d->off && !s->claimed && d->space == 0)
        return TOMTE_ERR_NO_SPACE;
    enum tomte_err err = begin(d, &touched);
    if (!touched)
        return err;
    d->space -= !s->claimed && d->space != UINT32_MAX;
    s->claimed = true;
    s->erases++;
    d->stats.erases++;
    uint32_t at = sector * d->config.sector_bytes;
    for (struct pending *p = d->youngest; p != NULL; p = p->older)
        p->lost = p->lost && sector_of(d, p->at) != s;
    remember(d, true, at, TOMTE_SPAN_NONE, d->config.sector_bytes);
    if (err == TOMTE_OK)
        make_blank(d, at);
    else if (!d->off)
        redo(d, d->youngest);
    return err;
}

/* A sync that fails may have lost some of what was programmed, although reads
 * go on to show it and the next sync succeeds: so does Linux. */
static enum tomte_err disk_sync(void *ctx)
{
    struct tomte_disk *d = ctx;
    bool touched;
    enum tomte_err err = begin(d, &touched);
    if (err == TOMTE_OK) {
        d->stats.syncs++;
        forget(d, false);
        return TOMTE_OK;
    }
    for (struct pending *p = d->youngest; p != NULL && !d->off; p = p->older)
        if (!p->erase && draw_fate(d) != TOMTE_DISK_KEPT)
            p->lost = true;
    return err;
}

static const uint8_t *disk_map(void *ctx, uint32_t offset, size_t len)
{
    struct tomte_disk *d = ctx;
    uint32_t size = d->config.sector_bytes;
    for (size_t at = offset; at < offset + len; at += size - at % size)
        touch(d, (uint32_t)at);
    return d->bytes + offset;
}

struct tomte_block tomte_disk_block(struct tomte_disk *d)
{
    return (struct tomte_block){
        .ctx = d,
        .sector_bytes = d->config.sector_bytes,
        .sector_count = d->config.sector_count,
        .program_unit = d->config.program_unit,
        .read = disk_read,
        .program = disk_program,
        .erase = disk_erase,
        .sync = disk_sync,
        .map = d->config.mappable ? disk_map : NULL,
    };
}

/* ---- faults ----------------------------------------------------------- */

void tomte_disk_cut_at(struct tomte_disk *d, uint64_t nth)
{
    d->cut_at = nth == 0 ? 0 : d->stats.operations + nth;
}

bool tomte_disk_is_off(const struct tomte_disk *d)
{
    return d->off;
}

void tomte_disk_set_fate(struct tomte_disk *d, enum tomte_disk_fate fate)
{
    d->fate = fate;
}

void tomte_disk_fail_at(struct tomte_disk *d, uint64_t nth, enum tomte_err err)
{
    d->fail_at = nth == 0 ? 0 : d->stats.operations + nth;
    d->fail_err = err;
}

void tomte_disk_fail_read_at(struct tomte_disk *d, uint64_t nth)
{
    d->fail_read_at = nth == 0 ? 0 : d->stats.reads + nth;
}

void tomte_disk_set_space(struct tomte_disk *d, uint32_t sectors)
{
    d->space = sectors;
}

void tomte_disk_flip(struct tomte_disk *d, uint32_t at, unsigned bit)
{
    TOMTE_ASSERT(d->youngest == NULL);
    *touch(d, at) ^= (uint8_t)(1u << bit);
}

void tomte_disk_poke(struct tomte_disk *d, uint32_t at, struct tomte_span data)
{
    TOMTE_ASSERT(d->youngest == NULL);
    for (size_t i = 0; i < data.len; i++)
        *touch(d, at + (uint32_t)i) = data.data[i];
}

void tomte_disk_stats(const struct tomte_disk *d, uint32_t from, uint32_t to,
                      struct tomte_disk_stats *out)
{
    *out = d->stats;
    out->erases_min = UINT32_MAX;
    out->erases_max = 0;
    for (uint32_t i = from; i < to && i < d->config.sector_count; i++) {
        uint32_t n = d->sectors[i].erases;
        out->erases_min = n < out->erases_min ? n : out->erases_min;
        out->erases_max = n > out->erases_max ? n : out->erases_max;
    }
}
