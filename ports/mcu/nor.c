/* SPDX-License-Identifier: Apache-2.0 */
#include "mcu/nor.h"

#include "base/assert.h"

#include <string.h>

#define LOOK_BYTES 64u /* compared at one time where there is no base */

static enum tomte_err nor_read(void *ctx, uint32_t offset,
                               struct tomte_buf out);
static enum tomte_err nor_program(void *ctx, uint32_t offset,
                                  struct tomte_span data);
static enum tomte_err nor_erase(void *ctx, uint32_t sector);
static enum tomte_err nor_sync(void *ctx);
static const uint8_t *nor_map(void *ctx, uint32_t offset, size_t len);

void tomte_nor_init(struct tomte_nor *nor, const struct tomte_nor_chip *chip)
{
    TOMTE_ASSERT(chip->word_bytes > 0 &&
                 chip->word_bytes <= TOMTE_NOR_WORD_MAX &&
                 chip->sector_bytes % chip->word_bytes == 0);
    TOMTE_ASSERT(chip->base != NULL || chip->read != NULL);
    *nor = (struct tomte_nor){.chip = *chip};
}

struct tomte_block tomte_nor_block(struct tomte_nor *nor)
{
    return (struct tomte_block){.ctx = nor,
                                .sector_bytes = nor->chip.sector_bytes,
                                .sector_count = nor->chip.sector_count,
                                .program_unit = nor->chip.word_bytes,
                                .read = nor_read,
                                .program = nor_program,
                                .erase = nor_erase,
                                .sync = nor_sync,
                                .map = nor->chip.base != NULL ? nor_map : NULL};
}

/* ---- the rules ---- */

static enum tomte_err refuse(struct tomte_nor *nor)
{
    nor->refused++;
    return TOMTE_ERR_IO;
}

static enum tomte_err failed(struct tomte_nor *nor)
{
    nor->failed++;
    return TOMTE_ERR_IO;
}

static bool inside(const struct tomte_nor *nor, uint32_t offset, size_t len)
{
    uint64_t size = (uint64_t)nor->chip.sector_bytes * nor->chip.sector_count;
    return offset <= size && len <= size - offset;
}

static bool look(struct tomte_nor *nor, uint32_t offset, struct tomte_buf out)
{
    if (nor->chip.base == NULL)
        return nor->chip.read(nor->chip.ctx, offset, out);
    memcpy(out.data, nor->chip.base + offset, out.cap);
    return true;
}

enum rule { ONLY_FALL, SAME };

/* Byte by byte: that no bit would have to rise, or that the same is there. */
static bool holds(struct tomte_nor *nor, enum rule rule, uint32_t offset,
                  struct tomte_span data)
{
    uint8_t there[LOOK_BYTES];
    for (size_t at = 0; at < data.len; at += LOOK_BYTES) {
        size_t len = data.len - at < LOOK_BYTES ? data.len - at : LOOK_BYTES;
        if (!look(nor, offset + (uint32_t)at, TOMTE_BUF(there, len)))
            return false;
        for (size_t i = 0; i < len; i++) {
            uint8_t want = data.data[at + i];
            if (rule == SAME ? there[i] != want : (there[i] & want) != want)
                return false;
        }
    }
    return true;
}

static bool blank(struct tomte_nor *nor, uint32_t offset)
{
    uint8_t ones[LOOK_BYTES];
    memset(ones, 0xff, sizeof ones);
    for (uint32_t at = 0; at < nor->chip.sector_bytes; at += LOOK_BYTES)
        if (!holds(nor, SAME, offset + at, TOMTE_SPAN_ARRAY(ones)))
            return false;
    return true;
}

/* ---- the block device ---- */

static enum tomte_err nor_read(void *ctx, uint32_t offset, struct tomte_buf out)
{
    struct tomte_nor *nor = ctx;
    if (!inside(nor, offset, out.cap))
        return refuse(nor);
    return look(nor, offset, out) ? TOMTE_OK : failed(nor);
}

static enum tomte_err nor_program(void *ctx, uint32_t offset,
                                  struct tomte_span data)
{
    struct tomte_nor *nor = ctx;
    const struct tomte_nor_chip *c = &nor->chip;
    if (data.len == 0)
        return TOMTE_OK;
    if (!inside(nor, offset, data.len) ||
        offset / c->sector_bytes !=
            (offset + (uint32_t)data.len - 1) / c->sector_bytes ||
        offset % c->word_bytes != 0 || data.len % c->word_bytes != 0 ||
        !holds(nor, ONLY_FALL, offset, data))
        return refuse(nor);
    nor->programs++;
    if (!c->program(c->ctx, offset, data))
        return failed(nor);
    return holds(nor, SAME, offset, data) ? TOMTE_OK : failed(nor);
}

static enum tomte_err nor_erase(void *ctx, uint32_t sector)
{
    struct tomte_nor *nor = ctx;
    const struct tomte_nor_chip *c = &nor->chip;
    if (sector >= c->sector_count)
        return refuse(nor);
    nor->erases++;
    uint32_t offset = sector * c->sector_bytes;
    if (!c->erase(c->ctx, offset))
        return failed(nor);
    return blank(nor, offset) ? TOMTE_OK : failed(nor);
}

static enum tomte_err nor_sync(void *ctx)
{
    struct tomte_nor *nor = ctx;
    if (nor->chip.sync == NULL || nor->chip.sync(nor->chip.ctx))
        return TOMTE_OK;
    return failed(nor);
}

static const uint8_t *nor_map(void *ctx, uint32_t offset, size_t len)
{
    struct tomte_nor *nor = ctx;
    return inside(nor, offset, len) ? nor->chip.base + offset : NULL;
}
