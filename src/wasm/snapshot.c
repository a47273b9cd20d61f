/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/snapshot.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

/* Counts what is written, and writes it when there is room: without any it is
 * a measure. */
struct writer {
    struct tomte_buf out;
    size_t len;
};

static void put_bytes(struct writer *w, const void *data, size_t len);
static void put8(struct writer *w, uint32_t v);
static void put32(struct writer *w, uint32_t v);
static void put64(struct writer *w, uint64_t v);
static void put_state(struct writer *w, const struct tomte_wasm_instance *inst,
                      struct tomte_span module_id);
static void put_memory(struct writer *w,
                       const struct tomte_wasm_instance *inst);
static void put_globals(struct writer *w,
                        const struct tomte_wasm_instance *inst);
static void put_tables(struct writer *w,
                       const struct tomte_wasm_instance *inst);
static void put_dropped(struct writer *w, const uint8_t *dropped,
                        uint32_t count);
static void put_call(struct writer *w, const struct tomte_wasm_instance *inst);

#define CRC_BYTES 4

enum tomte_err
tomte_wasm_snapshot_size(const struct tomte_wasm_instance *instance,
                         struct tomte_span module_id, size_t *size)
{
    enum tomte_err err = wasm_snapshot_allowed(instance);
    if (err != TOMTE_OK)
        return err;
    if (module_id.len > WASM_SNAPSHOT_ID_MAX)
        return TOMTE_ERR_TOO_LARGE;
    if (instance->status == TOMTE_WASM_TRAPPED)
        return TOMTE_ERR_STATE;
    struct writer w = {{NULL, 0}, 0};
    put_state(&w, instance, module_id);
    *size = w.len + CRC_BYTES;
    return TOMTE_OK;
}

enum tomte_err
tomte_wasm_snapshot_encode(const struct tomte_wasm_instance *instance,
                           struct tomte_span module_id, struct tomte_buf out,
                           struct tomte_span *snapshot)
{
    size_t size;
    enum tomte_err err = tomte_wasm_snapshot_size(instance, module_id, &size);
    if (err != TOMTE_OK)
        return err;
    if (size > out.cap)
        return TOMTE_ERR_NO_SPACE;
    struct writer w = {out, 0};
    put_state(&w, instance, module_id);
    put32(&w, tomte_crc32c(0, TOMTE_SPAN(out.data, w.len)));
    *snapshot = TOMTE_SPAN(out.data, w.len);
    return TOMTE_OK;
}

enum tomte_err wasm_snapshot_allowed(const struct tomte_wasm_instance *inst)
{
    if (inst->busy)
        return TOMTE_ERR_STATE;
    return inst->linked ? TOMTE_ERR_UNSUPPORTED : TOMTE_OK;
}

static void put_state(struct writer *w, const struct tomte_wasm_instance *inst,
                      struct tomte_span module_id)
{
    uint32_t status = inst->status == TOMTE_WASM_READY ? WASM_SNAPSHOT_READY
                      : inst->status == TOMTE_WASM_SUSPENDED
                          ? WASM_SNAPSHOT_SUSPENDED
                          : WASM_SNAPSHOT_IDLE;
    put_bytes(w, WASM_SNAPSHOT_MAGIC, 4);
    put8(w, WASM_SNAPSHOT_VERSION);
    put8(w, status);
    put8(w, (uint32_t)module_id.len);
    put_bytes(w, module_id.data, module_id.len);
    put_memory(w, inst);
    put_globals(w, inst);
    put_tables(w, inst);
    put_dropped(w, inst->dropped_elems, inst->m->elem_count);
    put_dropped(w, inst->dropped_datas, inst->m->data_count);
    if (status != WASM_SNAPSHOT_IDLE)
        put_call(w, inst);
}

static bool is_zero(const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Runs of blocks that are not all zero; an empty one ends them. */
static void put_memory(struct writer *w, const struct tomte_wasm_instance *inst)
{
    const struct wasm_memory_inst *mem = inst->memory;
    uint32_t from = 0, run = 0;
    put32(w, mem->len >> mem->page_shift);
    for (uint32_t at = 0; at < mem->len; at += run) {
        run = mem->len - at < WASM_SNAPSHOT_BLOCK ? mem->len - at
                                                  : WASM_SNAPSHOT_BLOCK;
        if (!is_zero(mem->data + at, run))
            continue;
        if (at != from) {
            put32(w, from);
            put32(w, at - from);
            put_bytes(w, mem->data + from, at - from);
        }
        from = at + run;
    }
    if (mem->len != from) {
        put32(w, from);
        put32(w, mem->len - from);
        put_bytes(w, mem->data + from, mem->len - from);
    }
    put32(w, mem->len);
    put32(w, 0);
}

/* Immutable ones are in the module. */
static void put_globals(struct writer *w,
                        const struct tomte_wasm_instance *inst)
{
    for (uint32_t i = 0; i < inst->m->all.of[TOMTE_WASM_GLOBAL]; i++) {
        const struct wasm_global *g = &inst->m->globals[i];
        if (!g->is_mutable)
            continue;
        put32(w, inst->globals[i][0]);
        if (wasm_width(g->type) == 2)
            put32(w, inst->globals[i][1]);
    }
}

static void put_tables(struct writer *w, const struct tomte_wasm_instance *inst)
{
    for (uint32_t i = 0; i < inst->m->all.of[TOMTE_WASM_TABLE]; i++) {
        const struct wasm_table_inst *t = inst->tables[i];
        put32(w, t->len);
        for (uint32_t k = 0; k < t->len; k++)
            put32(w, t->refs[k]);
    }
}

/* Eight segments a byte, the first in the lowest bit. */
static void put_dropped(struct writer *w, const uint8_t *dropped,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i += 8) {
        uint32_t bits = 0;
        for (uint32_t k = 0; k < 8 && i + k < count; k++)
            bits |= (uint32_t)(dropped[i + k] != 0) << k;
        put8(w, bits);
    }
}

static void put_call(struct writer *w, const struct tomte_wasm_instance *inst)
{
    put64(w, inst->budget);
    put64(w, inst->spent);
    put32(w, inst->pending);
    put32(w, inst->depth);
    put32(w, inst->sp);
    for (uint32_t i = 0; i < inst->depth; i++) {
        put32(w, wasm_frame(inst, i)->func);
        put32(w, wasm_frame_pc(inst, wasm_frame(inst, i)));
    }
    for (uint32_t i = 0; i < inst->sp; i++)
        put32(w, inst->slots[i]);
}

static void put_bytes(struct writer *w, const void *data, size_t len)
{
    if (len != 0 && w->len + len <= w->out.cap)
        memcpy(w->out.data + w->len, data, len);
    w->len += len;
}

static void put8(struct writer *w, uint32_t v)
{
    uint8_t byte = (uint8_t)v;
    put_bytes(w, &byte, 1);
}

static void put32(struct writer *w, uint32_t v)
{
    uint8_t bytes[4];
    tomte_put_le32(bytes, v);
    put_bytes(w, bytes, sizeof bytes);
}

static void put64(struct writer *w, uint64_t v)
{
    put32(w, (uint32_t)v);
    put32(w, (uint32_t)(v >> 32));
}
