/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes on the device, as docs/spec/store.md has them. They may only change
 * together with the version. */
#include "store/format.h"

#include "test.h"

#include "model.h"

TEST(bytes_of_a_segment_header)
{
    uint8_t out[STORE_SEGMENT_BYTES], expected[STORE_SEGMENT_BYTES];
    struct store_segment g = {.sector_bytes = 0x10000,
                              .ring = 64,
                              .align = 8,
                              .seq = 0x01020304,
                              .tail = 0x01020300,
                              .tail_off = 0x40,
                              .prev_end = 0xfff8};
    store_segment_encode(&g, out);
    test_hex("746f6d7465736567 01000000 00000100 40000000 08000000 04030201"
             "00030201 40000000 f8ff0000"
             "0000000000000000 0000000000000000 00000000 8a958db9",
             TOMTE_BUF_ARRAY(expected));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(expected), TOMTE_SPAN_ARRAY(out));
    struct store_segment back;
    CHECK_OK(store_segment_decode(out, &back));
    CHECK(memcmp(&g, &back, sizeof g) == 0);
    for (unsigned bit = 0; bit < 8 * sizeof out; bit++) {
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(TOMTE_ERR_CORRUPT, store_segment_decode(out, &back));
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

TEST(bytes_of_an_entry_header)
{
    uint8_t out[STORE_ENTRY_BYTES], expected[STORE_ENTRY_BYTES];
    struct store_entry e = {.kind = STORE_ENTRY,
                            .flags = STORE_BARRIER,
                            .value_len = 0x0102,
                            .number = 0x1112131415161718,
                            .hash = 7,
                            .tail = 0x101,
                            .tail_off = 0x40,
                            .body_crc = 0xe3069283,
                            .seq = 0x104,
                            .off = 0x200};
    store_entry_encode(&e, out);
    test_hex("03010000 02010000 1817161514131211 07000000 0300 0800 839206e3"
             "6f7e36f3",
             TOMTE_BUF_ARRAY(expected));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(expected), TOMTE_SPAN_ARRAY(out));
    struct store_entry back;
    CHECK(store_entry_decode(out, 0x104, 0x200, &back));
    CHECK_EQ(e.number, back.number);
    CHECK_EQ(e.tail, back.tail);
    CHECK_EQ(e.tail_off, back.tail_off);
    CHECK(!store_entry_decode(out, 0x104, 0x208, &back));
    CHECK(!store_entry_decode(out, 0x105, 0x200, &back));
    for (unsigned bit = 0; bit < 8 * sizeof out; bit++) {
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!store_entry_decode(out, 0x104, 0x200, &back));
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A store that version 1 made: what is in the sector is known byte by byte. */
TEST(bytes_of_a_small_store)
{
    static struct rig rig;
    uint8_t bytes[80], expected[80];
    rig_init(&rig, 6, 2, 8, 1);
    struct tomte_block block = tomte_disk_block(rig.disk);
    CHECK_OK(tomte_store_put(&rig.store, TOMTE_SPAN_LIT("key"),
                             TOMTE_SPAN_LIT("value")));
    CHECK_OK(tomte_store_remove(&rig.store, TOMTE_SPAN_LIT("key")));
    CHECK_OK(block.read(block.ctx, 4096 + 64, TOMTE_BUF_ARRAY(bytes)));
    test_hex("01010300 05000000 0000000000000000 6d75a440 0000 0800 448900e8"
             "c34af265 6b657976616c7565"
             "01040300 00000000 0000000000000000 6d75a440 0000 0800 6d75a440"
             "18cba83e 6b6579ffffffffff",
             TOMTE_BUF_ARRAY(expected));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(expected), TOMTE_SPAN_ARRAY(bytes));
    rig_free(&rig);
}
