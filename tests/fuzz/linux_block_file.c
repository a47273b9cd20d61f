/* SPDX-License-Identifier: Apache-2.0 */
/* A block device in a file beside one in memory: whatever is read, programmed,
 * erased and opened again in whatever order, they say the same. Small reads
 * come from pages that are kept in memory, so this is about those. */
#define _GNU_SOURCE
#include "linux/block_file.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECTOR  TOMTE_BLOCK_FILE_SECTOR
#define SECTORS 3u

static uint8_t model[SECTORS * SECTOR], out[8192];
static char path[64], lock[72];
static struct tomte_block_file file;
static struct tomte_block block;
static struct tomte_span input;

static uint32_t take(unsigned bytes)
{
    uint32_t v = 0;
    for (; bytes > 0 && input.len > 0; bytes--) {
        v = v << 8 | input.data[0];
        input = tomte_span_slice(input, 1, input.len);
    }
    return v;
}

/* An offset, often beside the border of a page or a sector. */
static uint32_t take_offset(void)
{
    uint32_t at = take(1) * 4096 + take(1) - 128;
    return at % (SECTORS * SECTOR);
}

static void remove_files(void)
{
    unlink(path);
    unlink(lock);
}

static void open_file(void)
{
    TOMTE_ASSERT(tomte_block_file_open(&file, path, SECTORS, 1) == TOMTE_OK);
    block = tomte_block_file_block(&file);
}

static void read_some(void)
{
    uint32_t at = take_offset(), len = take(2) % sizeof out;
    if (len > sizeof model - at)
        len = (uint32_t)sizeof model - at;
    TOMTE_ASSERT(block.read(block.ctx, at, TOMTE_BUF(out, len)) == TOMTE_OK);
    TOMTE_ASSERT(memcmp(out, model + at, len) == 0);
}

/* Of what was erased only: other sectors may read as anything. */
static void program_some(void)
{
    uint32_t at = take_offset(), len = take(2) % 6000;
    uint8_t value = (uint8_t)take(1);
    if (len > SECTOR - at % SECTOR)
        len = SECTOR - at % SECTOR;
    memset(out, value, len);
    memcpy(model + at, out, len);
    TOMTE_ASSERT(block.program(block.ctx, at, TOMTE_SPAN(out, len)) ==
                 TOMTE_OK);
}

static void map_some(void)
{
    uint32_t at = take_offset(), len = take(2);
    if (block.map == NULL || len > sizeof model - at)
        return;
    const uint8_t *p = block.map(block.ctx, at, len);
    TOMTE_ASSERT(p == NULL || memcmp(p, model + at, len) == 0);
}

static void erase_some(void)
{
    uint32_t sector = take(1) % SECTORS;
    memset(model + sector * SECTOR, 0xff, SECTOR);
    TOMTE_ASSERT(block.erase(block.ctx, sector) == TOMTE_OK);
}

static void reopen(void)
{
    static struct tomte_block_file second;
    TOMTE_ASSERT(tomte_block_file_open(&second, path, SECTORS, 1) ==
                 TOMTE_ERR_AGAIN);
    TOMTE_ASSERT(second.reason[0] != 0);
    tomte_block_file_close(&file);
    open_file();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const calls[])(void) = {read_some, program_some, map_some,
                                          erase_some, reopen};
    if (path[0] == 0) {
        snprintf(path, sizeof path, "/dev/shm/tomte-fuzz-%d", (int)getpid());
        snprintf(lock, sizeof lock, "%s.lock", path);
        atexit(remove_files);
    }
    input = TOMTE_SPAN(data, size);
    remove_files();
    open_file();
    for (uint32_t i = 0; i < SECTORS; i++)
        TOMTE_ASSERT(block.erase(block.ctx, i) == TOMTE_OK);
    memset(model, 0xff, sizeof model);
    for (unsigned i = 0; i < 100 && input.len > 0; i++)
        calls[take(1) % 5]();
    TOMTE_ASSERT(block.sync(block.ctx) == TOMTE_OK);
    tomte_block_file_close(&file);
    return 0;
}
