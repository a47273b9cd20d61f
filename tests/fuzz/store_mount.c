/* SPDX-License-Identifier: Apache-2.0 */
/* Mount arbitrary bytes as a store, read all of it, then use it.
 *
 * The first byte chooses: the sectors as they are; or a script that writes
 * segments and entries with checksums that match, so that what lies behind the
 * checksums is reached; or a good store with some bytes changed. Whatever is
 * there, the store must answer with errors, keep to the rules of NOR flash in
 * what it writes, and hold what is put into it. */
#include "sim/disk.h"
#include "store/format.h"
#include "store/store.h"

#include "base/assert.h"
#include "base/crc.h"

#include <stddef.h>
#include <string.h>

#define SECTOR  4096u
#define RING    6u
#define SECTORS 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[8192];
static const uint8_t filler[300] = {1, 2, 3};

/* ---- what to mount ---------------------------------------------------- */

static uint32_t take(struct tomte_span *in, uint32_t bytes)
{
    uint32_t v = 0;
    for (; bytes > 0 && in->len > 0; bytes--) {
        v = v << 8 | in->data[0];
        *in = tomte_span_slice(*in, 1, in->len);
    }
    return v;
}

static void poke_raw(struct tomte_disk *d, struct tomte_span in)
{
    while (in.len > 3) {
        uint32_t at = take(&in, 2) * 8 % (SECTOR * SECTORS);
        uint32_t len = take(&in, 1);
        struct tomte_span bytes = tomte_span_slice(in, 0, len);
        if (bytes.len > SECTOR * SECTORS - at)
            return;
        tomte_disk_poke(d, at, bytes);
        in = tomte_span_slice(in, len, in.len);
    }
}

/* Mostly what a store writes, now and then anything. */
static uint32_t twist(struct tomte_span *in, uint32_t sane, uint32_t any)
{
    return take(in, 1) % 8 != 0 ? sane : take(in, 1) % any;
}

static void poke_segment(struct tomte_disk *d, struct tomte_span *in,
                         uint32_t seq, uint32_t prev_end)
{
    uint8_t out[STORE_SEGMENT_BYTES];
    uint32_t back = seq < 5 ? seq - 1 : 4;
    struct store_segment g = {.sector_bytes = SECTOR,
                              .ring = RING,
                              .align = 8,
                              .seq = seq,
                              .tail = seq - twist(in, back, 8),
                              .tail_off = 8 * twist(in, 8, 600),
                              .prev_end = 8 * twist(in, prev_end / 8, 600)};
    store_segment_encode(&g, out);
    tomte_disk_poke(d, seq % RING * SECTOR, TOMTE_SPAN_ARRAY(out));
}

/* A value of the kind, or anything. */
static uint32_t make_value(struct tomte_span *in, uint8_t kind, uint8_t *out)
{
    for (uint32_t i = 0; i < 40; i++)
        out[i] = 0;
    if (kind == STORE_LOG) {
        out[0] = (uint8_t)(take(in, 1) % 4);
        out[8] = (uint8_t)take(in, 1);
        out[16] = (uint8_t)twist(in, out[8], 256);
        return twist(in, 24, 40);
    }
    if (kind == STORE_BLOB) {
        out[0] = (uint8_t)twist(in, RING, 10);
        out[5] = (uint8_t)(take(in, 1) % 64);
        return twist(in, 12, 40);
    }
    return kind == STORE_NOTE ? twist(in, 0, 40) : take(in, 1) % 40;
}

/* One entry at `off`; where the next one goes is returned. */
static uint32_t poke_entry(struct tomte_disk *d, struct tomte_span *in,
                           uint32_t seq, uint32_t off)
{
    uint8_t out[STORE_ENTRY_BYTES], body[64];
    uint32_t what = take(in, 1), back = seq < 3 ? seq - 1 : 2;
    struct store_entry e = {.kind = (uint8_t)(1 + what % 5),
                            .flags = (uint8_t)twist(in, what / 5 % 4, 20),
                            .tail = seq - twist(in, back, 8),
                            .tail_off = 8 * twist(in, 8, 600),
                            .seq = seq,
                            .off = off};
    bool named = e.kind != STORE_ENTRY && e.kind != STORE_NOTE;
    if (e.tail > seq || off + STORE_ENTRY_BYTES + sizeof body > SECTOR)
        return off;
    e.key_len = (uint8_t)twist(in, named ? 1 : 0, 8);
    memset(body, 'k', sizeof body);
    body[0] = (uint8_t)('a' + take(in, 1) % 4);
    e.value_len = make_value(in, e.kind, body + e.key_len);
    if ((e.flags & (STORE_REMOVED | STORE_DAMAGED)) != 0)
        e.value_len = twist(in, 0, 40);
    if (e.kind == STORE_ENTRY)
        e.number = take(in, 1) - (uint64_t)twist(in, 0, 256);
    uint32_t len = e.key_len + e.value_len;
    e.hash = e.kind == STORE_ENTRY
                 ? take(in, 1) % 4
                 : tomte_crc32c(0, TOMTE_SPAN(body, e.key_len));
    e.body_crc = tomte_crc32c(twist(in, 0, 2), TOMTE_SPAN(body, len));
    store_entry_encode(&e, out);
    uint32_t at = seq % RING * SECTOR + off;
    memset(body + len, 0xff, sizeof body - len);
    tomte_disk_poke(d, at, TOMTE_SPAN_ARRAY(out));
    tomte_disk_poke(d, at + STORE_ENTRY_BYTES, TOMTE_SPAN_ARRAY(body));
    return off + STORE_ENTRY_BYTES + (len + 7) / 8 * 8;
}

static void poke_script(struct tomte_disk *d, struct tomte_span in)
{
    uint32_t seq = take(&in, 1), off = STORE_SEGMENT_BYTES;
    seq += seq == 255 ? STORE_SEQ_MAX - 255 : 1;
    poke_segment(d, &in, seq, off);
    while (in.len > 0) {
        uint32_t what = take(&in, 1);
        if (what % 8 == 0) {
            seq += twist(&in, 1, 3);
            poke_segment(d, &in, seq, off);
            off = STORE_SEGMENT_BYTES;
        } else if (what % 8 == 1) {
            off += 8;
        } else {
            off = poke_entry(d, &in, seq, off);
        }
    }
}

/* ---- what to do with it ----------------------------------------------- */

static enum tomte_err mount(struct tomte_store *s, struct tomte_disk *d)
{
    struct tomte_store_report report;
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {.block = tomte_disk_block(d),
                                        .arena = &arena,
                                        .records_max = 20,
                                        .logs_max = 4,
                                        .blobs_max = 4};
    enum tomte_err err = tomte_store_mount(s, &config, &report);
    TOMTE_ASSERT(err != TOMTE_ERR_IO && err != TOMTE_ERR_NO_MEMORY);
    TOMTE_ASSERT(report.lost <= report.damaged);
    return err;
}

static void read_log(struct tomte_store *s, struct tomte_span name)
{
    struct tomte_store_cursor c;
    uint8_t bytes[1024];
    uint64_t n, before = 0;
    uint32_t log;
    size_t len;
    enum tomte_err err = tomte_store_log_open(s, name, 5000, &log);
    if (err != TOMTE_OK)
        return;
    err = tomte_store_log_seek(s, log, 0, &c);
    for (int i = 0; err == TOMTE_OK || err == TOMTE_ERR_CORRUPT; i++) {
        TOMTE_ASSERT(i < 2000); /* it ends */
        err = tomte_store_log_next(s, &c, TOMTE_BUF_ARRAY(bytes), &len, &n);
        TOMTE_ASSERT(i == 0 || n > before || err == TOMTE_ERR_NOT_FOUND ||
                     err == TOMTE_ERR_CORRUPT);
        before = n;
    }
    if (tomte_store_log_append(s, log, TOMTE_SPAN_LIT("entry"), &n) == TOMTE_OK)
        (void)!tomte_store_log_trim(s, log, n - n % 3);
}

static void read_all(struct tomte_store *s)
{
    uint8_t key[TOMTE_STORE_KEY_MAX], bytes[1024];
    struct tomte_store_blob_info info;
    uint32_t cursor = 0;
    size_t len, got;
    while (tomte_store_next(s, TOMTE_SPAN_NONE, &cursor, key, &len) == TOMTE_OK)
        TOMTE_ASSERT(tomte_store_get(s, TOMTE_SPAN(key, len),
                                     TOMTE_BUF_ARRAY(bytes), &got) == TOMTE_OK);
    cursor = 0;
    while (tomte_store_log_name_next(s, TOMTE_SPAN_NONE, &cursor, key, &len) ==
           TOMTE_OK)
        read_log(s, TOMTE_SPAN(key, len));
    cursor = 0;
    while (tomte_store_blob_next(s, TOMTE_SPAN_NONE, &cursor, key, &len) ==
           TOMTE_OK)
        if (tomte_store_blob_find(s, TOMTE_SPAN(key, len), &info) == TOMTE_OK)
            (void)!tomte_store_blob_check(s, &info);
}

/* What is put is there, also after the next mount. */
static void use(struct tomte_store *s, struct tomte_disk *d)
{
    struct tomte_store_writer w;
    uint8_t bytes[700];
    size_t len;
    enum tomte_err err = TOMTE_OK;
    memset(bytes, 0x42, sizeof bytes);
    for (uint32_t i = 0; i < 60 && err == TOMTE_OK; i++)
        err = tomte_store_put(s, TOMTE_SPAN_LIT("mine"),
                              TOMTE_SPAN(bytes, sizeof bytes - i));
    if (err == TOMTE_OK)
        err = tomte_store_sync(s);
    if (tomte_store_blob_begin(s, &w, TOMTE_SPAN_LIT("b"), 5000) == TOMTE_OK) {
        if (tomte_store_blob_write(s, &w, TOMTE_SPAN_ARRAY(bytes)) == TOMTE_OK)
            (void)!tomte_store_blob_commit(s, &w);
        tomte_store_blob_abort(s, &w);
    }
    if (err != TOMTE_OK || mount(s, d) != TOMTE_OK)
        return;
    err = tomte_store_get(s, TOMTE_SPAN_LIT("mine"), TOMTE_BUF_ARRAY(bytes),
                          &len);
    TOMTE_ASSERT(err == TOMTE_OK && len == sizeof bytes - 59);
    TOMTE_ASSERT(bytes[0] == 0x42 && bytes[len - 1] == 0x42);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_store s;
    struct tomte_span in = TOMTE_SPAN(data, size);
    struct tomte_disk *d = tomte_disk_new(&(struct tomte_disk_config){
        .sector_bytes = SECTOR,
        .sector_count = SECTORS,
        .program_unit = 8,
        .strict = true,
    });
    struct tomte_block block = tomte_disk_block(d);
    uint32_t mode = take(&in, 1) % 3;
    if (mode == 2) {
        TOMTE_ASSERT(tomte_store_format(&block, RING) == TOMTE_OK);
        TOMTE_ASSERT(mount(&s, d) == TOMTE_OK);
        for (uint8_t i = 0; i < 30; i++)
            (void)!tomte_store_put(&s, TOMTE_SPAN(&i, 1),
                                   TOMTE_SPAN(filler, 10u + i * 9u));
        (void)!tomte_store_sync(&s);
    }
    if (mode == 1)
        poke_script(d, in);
    else
        poke_raw(d, in);
    if (mount(&s, d) == TOMTE_OK) {
        read_all(&s);
        use(&s, d);
    }
    tomte_disk_free(d);
    return 0;
}
