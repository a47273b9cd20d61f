/* SPDX-License-Identifier: Apache-2.0 */
#include "store/format.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

static const uint8_t magic[8] = {'t', 'o', 'm', 't', 'e', 's', 'e', 'g'};

enum segment_field {
    SEGMENT_VERSION = 8,
    SEGMENT_SECTOR = 12,
    SEGMENT_RING = 16,
    SEGMENT_ALIGN = 20,
    SEGMENT_SEQ = 24,
    SEGMENT_TAIL = 28,
    SEGMENT_TAIL_OFF = 32,
    SEGMENT_PREV_END = 36,
    SEGMENT_CRC = 60
};

void store_segment_encode(const struct store_segment *g,
                          uint8_t out[STORE_SEGMENT_BYTES])
{
    memset(out, 0, STORE_SEGMENT_BYTES);
    memcpy(out, magic, sizeof magic);
    tomte_put_le32(out + SEGMENT_VERSION, STORE_VERSION);
    tomte_put_le32(out + SEGMENT_SECTOR, g->sector_bytes);
    tomte_put_le32(out + SEGMENT_RING, g->ring);
    tomte_put_le32(out + SEGMENT_ALIGN, g->align);
    tomte_put_le32(out + SEGMENT_SEQ, g->seq);
    tomte_put_le32(out + SEGMENT_TAIL, g->tail);
    tomte_put_le32(out + SEGMENT_TAIL_OFF, g->tail_off);
    tomte_put_le32(out + SEGMENT_PREV_END, g->prev_end);
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(out, SEGMENT_CRC));
    tomte_put_le32(out + SEGMENT_CRC, crc);
}

enum tomte_err store_segment_decode(const uint8_t in[STORE_SEGMENT_BYTES],
                                    struct store_segment *g)
{
    memset(g, 0, sizeof *g);
    if (memcmp(in, magic, sizeof magic) != 0)
        return TOMTE_ERR_CORRUPT;
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(in, SEGMENT_CRC));
    if (crc != tomte_get_le32(in + SEGMENT_CRC))
        return TOMTE_ERR_CORRUPT;
    if (tomte_get_le32(in + SEGMENT_VERSION) != STORE_VERSION)
        return TOMTE_ERR_VERSION;
    *g = (struct store_segment){
        .sector_bytes = tomte_get_le32(in + SEGMENT_SECTOR),
        .ring = tomte_get_le32(in + SEGMENT_RING),
        .align = tomte_get_le32(in + SEGMENT_ALIGN),
        .seq = tomte_get_le32(in + SEGMENT_SEQ),
        .tail = tomte_get_le32(in + SEGMENT_TAIL),
        .tail_off = tomte_get_le32(in + SEGMENT_TAIL_OFF),
        .prev_end = tomte_get_le32(in + SEGMENT_PREV_END),
    };
    return TOMTE_OK;
}

enum entry_field {
    ENTRY_KIND = 0,
    ENTRY_FLAGS = 1,
    ENTRY_KEY_LEN = 2,
    ENTRY_ZERO = 3,
    ENTRY_VALUE_LEN = 4,
    ENTRY_NUMBER = 8,
    ENTRY_HASH = 16,
    ENTRY_TAIL_BACK = 20, /* this segment's number minus the tail's */
    ENTRY_TAIL_OFF = 22,  /* in units of STORE_ALIGN_MIN */
    ENTRY_BODY_CRC = 24,
    ENTRY_CRC = 28
};

static uint32_t entry_crc(const uint8_t *entry, uint32_t seq, uint32_t off)
{
    uint8_t place[8];
    tomte_put_le32(place, seq);
    tomte_put_le32(place + 4, off);
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN_ARRAY(place));
    return tomte_crc32c(crc, TOMTE_SPAN(entry, ENTRY_CRC));
}

void store_entry_encode(const struct store_entry *e,
                        uint8_t out[STORE_ENTRY_BYTES])
{
    TOMTE_ASSERT(e->seq - e->tail <= UINT16_MAX);
    TOMTE_ASSERT(e->tail_off / STORE_ALIGN_MIN <= UINT16_MAX);
    out[ENTRY_KIND] = e->kind;
    out[ENTRY_FLAGS] = e->flags;
    out[ENTRY_KEY_LEN] = e->key_len;
    out[ENTRY_ZERO] = 0;
    tomte_put_le32(out + ENTRY_VALUE_LEN, e->value_len);
    tomte_put_le64(out + ENTRY_NUMBER, e->number);
    tomte_put_le32(out + ENTRY_HASH, e->hash);
    tomte_put_le16(out + ENTRY_TAIL_BACK, (uint16_t)(e->seq - e->tail));
    tomte_put_le16(out + ENTRY_TAIL_OFF,
                   (uint16_t)(e->tail_off / STORE_ALIGN_MIN));
    tomte_put_le32(out + ENTRY_BODY_CRC, e->body_crc);
    tomte_put_le32(out + ENTRY_CRC, entry_crc(out, e->seq, e->off));
}

bool store_entry_decode(const uint8_t in[STORE_ENTRY_BYTES], uint32_t seq,
                        uint32_t off, struct store_entry *e)
{
    uint8_t kind = in[ENTRY_KIND];
    if (kind == 0 || kind >= STORE_KIND_END || in[ENTRY_ZERO] != 0)
        return false; /* blank bytes end here, without a checksum */
    if (tomte_get_le32(in + ENTRY_CRC) != entry_crc(in, seq, off))
        return false;
    *e = (struct store_entry){
        .kind = kind,
        .flags = in[ENTRY_FLAGS],
        .key_len = in[ENTRY_KEY_LEN],
        .value_len = tomte_get_le32(in + ENTRY_VALUE_LEN),
        .number = tomte_get_le64(in + ENTRY_NUMBER),
        .hash = tomte_get_le32(in + ENTRY_HASH),
        .tail = seq - tomte_get_le16(in + ENTRY_TAIL_BACK),
        .tail_off = tomte_get_le16(in + ENTRY_TAIL_OFF) * STORE_ALIGN_MIN,
        .body_crc = tomte_get_le32(in + ENTRY_BODY_CRC),
        .seq = seq,
        .off = off,
    };
    return true;
}
