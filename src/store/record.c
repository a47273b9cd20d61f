/* SPDX-License-Identifier: Apache-2.0 */
#include "store/names.h"

#include "base/crc.h"

uint32_t tomte_store_value_max(const struct tomte_store *s, size_t key_len)
{
    return s->entry_max - STORE_ENTRY_BYTES - (uint32_t)key_len;
}

enum tomte_err tomte_store_put(struct tomte_store *s, struct tomte_span key,
                               struct tomte_span value)
{
    struct tomte_store_slot *slot;
    return store_name_put(s, STORE_RECORD, key, value, &slot);
}

enum tomte_err tomte_store_get(struct tomte_store *s, struct tomte_span key,
                               struct tomte_buf out, size_t *len)
{
    struct tomte_store_slot *slot;
    struct store_entry e;
    *len = 0;
    enum tomte_err err = store_find(s, STORE_RECORD, key, &slot);
    if (err != TOMTE_OK)
        return err;
    if (slot == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (slot->damaged)
        return TOMTE_ERR_CORRUPT;
    err = store_entry_read(s, store_seq_of(s, slot->at),
                           slot->at % s->block.sector_bytes, &e);
    if (err != TOMTE_OK)
        return err;
    *len = e.value_len;
    if (e.value_len > out.cap)
        return TOMTE_ERR_TOO_LARGE;
    uint32_t at = e.at + STORE_ENTRY_BYTES + e.key_len;
    err = store_read(s, at, out.data, e.value_len);
    if (err != TOMTE_OK)
        return err;
    struct tomte_span value = TOMTE_SPAN(out.data, e.value_len);
    if (tomte_crc32c(tomte_crc32c(0, key), value) != e.body_crc) {
        slot->damaged = true;
        return TOMTE_ERR_CORRUPT;
    }
    return TOMTE_OK;
}

enum tomte_err tomte_store_remove(struct tomte_store *s, struct tomte_span key)
{
    return store_name_remove(s, STORE_RECORD, key);
}

enum tomte_err tomte_store_next(struct tomte_store *s, struct tomte_span prefix,
                                uint32_t *cursor,
                                uint8_t key[TOMTE_STORE_KEY_MAX],
                                size_t *key_len)
{
    return store_name_next(s, STORE_RECORD, prefix, cursor, key, key_len);
}
