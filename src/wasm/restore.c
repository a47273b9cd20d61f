/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a snapshot: all of it is checked first, then all of it is taken. */
#include "wasm/snapshot.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "wasm/segment.h"

#include <string.h>

/* Where the parts are. */
struct view {
    struct tomte_wasm_instance *inst;
    struct wasm_reader r;
    uint32_t memory_len;
    struct wasm_reader runs;
    struct wasm_reader globals;
    struct wasm_reader tables;
    struct wasm_reader elems;
    struct wasm_reader datas;
    uint64_t budget;
    uint64_t spent;
    struct wasm_call_state call;
};

static void check_head(struct view *v, struct tomte_span module_id,
                       struct tomte_span snapshot);
static void check_memory(struct view *v);
static void check_globals(struct view *v);
static void check_tables(struct view *v);
static void check_elems(struct view *v);
static void check_datas(struct view *v);
static void read_call(struct view *v);
static void take(struct view *v);
static void take_memory(struct view *v);
static void take_dropped(struct wasm_reader *r, uint8_t *dropped,
                         uint32_t count);
static void take_call(struct view *v);

#define CRC_BYTES 4

enum tomte_err tomte_wasm_restore(struct tomte_wasm_instance *instance,
                                  struct tomte_span module_id,
                                  struct tomte_span snapshot,
                                  struct tomte_arena *scratch,
                                  struct tomte_wasm_error *error)
{
    struct view v = {.inst = instance};
    v.r = wasm_reader_over(snapshot, 0, snapshot.len);
    enum tomte_err err = wasm_snapshot_allowed(instance);
    if (err != TOMTE_OK)
        wasm_fail(&v.r, err, "not possible for this instance now");
    size_t size = scratch->size;
    check_head(&v, module_id, snapshot);
    check_memory(&v);
    check_globals(&v);
    check_tables(&v);
    check_elems(&v);
    check_datas(&v);
    read_call(&v);
    if (wasm_left(&v.r) != 0)
        wasm_fail(&v.r, TOMTE_ERR_MALFORMED, "bytes left over");
    if (v.r.err == TOMTE_OK)
        wasm_check_call(instance, &v.call, scratch, &v.r);
    if (v.r.err == TOMTE_OK)
        take(&v);
    scratch->size = size;
    if (error != NULL)
        *error = (struct tomte_wasm_error){v.r.err, v.r.err_offset, v.r.what};
    return v.r.err;
}

static void check_head(struct view *v, struct tomte_span module_id,
                       struct tomte_span snapshot)
{
    struct wasm_reader *r = &v->r;
    struct tomte_span magic = wasm_read_bytes(r, 4);
    if (!tomte_span_equal(magic, TOMTE_SPAN_LIT(WASM_SNAPSHOT_MAGIC)))
        wasm_fail(r, TOMTE_ERR_MALFORMED, "not a snapshot");
    if (wasm_read_u8(r) != WASM_SNAPSHOT_VERSION)
        wasm_fail(r, TOMTE_ERR_VERSION, "unknown version");
    if (r->err == TOMTE_OK && wasm_left(r) < CRC_BYTES)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "unexpected end");
    if (r->err != TOMTE_OK)
        return;
    r->end -= CRC_BYTES;
    struct tomte_span covered =
        TOMTE_SPAN(snapshot.data, snapshot.len - CRC_BYTES);
    if (tomte_crc32c(0, covered) != tomte_get_le32(r->end))
        wasm_fail(r, TOMTE_ERR_CORRUPT, "checksum does not match");
    v->call.status = wasm_read_u8(r);
    if (v->call.status > WASM_SNAPSHOT_SUSPENDED)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "unknown status");
    struct tomte_span id = wasm_read_bytes(r, wasm_read_u8(r));
    if (r->err == TOMTE_OK && !tomte_span_equal(id, module_id))
        wasm_fail(r, TOMTE_ERR_DENIED, "of another module");
}

static void check_memory(struct view *v)
{
    struct wasm_reader *r = &v->r;
    const struct wasm_memory_inst *mem = v->inst->memory;
    uint32_t pages = wasm_read_fixed32(r), end = 0;
    uint64_t len = (uint64_t)pages << mem->page_shift;
    if (pages < v->inst->m->memory.min)
        wasm_fail(r, TOMTE_ERR_INVALID, "memory below its minimum");
    if (len > mem->room)
        wasm_fail(r, TOMTE_ERR_NO_MEMORY, "more memory than there is");
    v->memory_len = (uint32_t)len;
    v->runs = *r;
    for (;;) {
        uint32_t at = wasm_read_fixed32(r), run = wasm_read_fixed32(r);
        if (r->err != TOMTE_OK)
            return;
        if (at < end || !wasm_in_range(at, run, v->memory_len) ||
            (run == 0 && at != v->memory_len)) {
            wasm_fail(r, TOMTE_ERR_MALFORMED, "memory out of order");
            return;
        }
        if (run == 0)
            return;
        wasm_read_bytes(r, run);
        end = at + run;
    }
}

static void check_ref(struct view *v, uint8_t type, uint32_t ref)
{
    if (type == TOMTE_WASM_FUNCREF && !wasm_ref_ok(v->inst, ref))
        wasm_fail(&v->r, TOMTE_ERR_INVALID, "no such function");
}

static void check_globals(struct view *v)
{
    const struct tomte_wasm_module *m = v->inst->m;
    v->globals = v->r;
    for (uint32_t i = 0; i < m->all.of[TOMTE_WASM_GLOBAL]; i++) {
        if (!m->globals[i].is_mutable)
            continue;
        check_ref(v, m->globals[i].type, wasm_read_fixed32(&v->r));
        if (wasm_width(m->globals[i].type) == 2)
            wasm_read_fixed32(&v->r);
    }
}

static void check_tables(struct view *v)
{
    const struct tomte_wasm_module *m = v->inst->m;
    v->tables = v->r;
    for (uint32_t i = 0; i < m->all.of[TOMTE_WASM_TABLE]; i++) {
        const struct wasm_table_inst *t = v->inst->tables[i];
        uint32_t len = wasm_read_fixed32(&v->r);
        if (len < m->tables[i].min)
            wasm_fail(&v->r, TOMTE_ERR_INVALID, "table below its minimum");
        if (len > t->room)
            wasm_fail(&v->r, TOMTE_ERR_NO_MEMORY, "more entries than room");
        for (uint32_t k = 0; k < len && v->r.err == TOMTE_OK; k++)
            check_ref(v, t->type, wasm_read_fixed32(&v->r));
    }
}

/* Active segments were dropped when the instance began. */
static void check_elems(struct view *v)
{
    const struct tomte_wasm_module *m = v->inst->m;
    uint32_t bits = 0;
    v->elems = v->r;
    for (uint32_t i = 0; i < m->elem_count; i++, bits >>= 1) {
        if (i % 8 == 0)
            bits = wasm_read_u8(&v->r);
        if (m->elems[i].mode != WASM_PASSIVE && (bits & 1) == 0)
            wasm_fail(&v->r, TOMTE_ERR_INVALID, "active segment is back");
    }
    if (bits != 0)
        wasm_fail(&v->r, TOMTE_ERR_MALFORMED, "no such segment");
}

static void check_datas(struct view *v)
{
    const struct tomte_wasm_module *m = v->inst->m;
    uint32_t bits = 0;
    v->datas = v->r;
    for (uint32_t i = 0; i < m->data_count; i++, bits >>= 1) {
        if (i % 8 == 0)
            bits = wasm_read_u8(&v->r);
        if (m->datas[i].mode != WASM_PASSIVE && (bits & 1) == 0)
            wasm_fail(&v->r, TOMTE_ERR_INVALID, "active segment is back");
    }
    if (bits != 0)
        wasm_fail(&v->r, TOMTE_ERR_MALFORMED, "no such segment");
}

static void read_call(struct view *v)
{
    struct wasm_reader *r = &v->r;
    struct wasm_call_state *c = &v->call;
    c->pending = WASM_NONE;
    v->budget = UINT64_MAX;
    if (c->status == WASM_SNAPSHOT_IDLE || r->err != TOMTE_OK)
        return;
    v->budget = wasm_read_fixed64(r);
    v->spent = wasm_read_fixed64(r);
    c->pending = wasm_read_fixed32(r);
    c->frame_count = wasm_read_fixed32(r);
    c->slot_count = wasm_read_fixed32(r);
    if (c->frame_count > v->inst->depth_max ||
        c->frame_count > v->inst->slot_count / WASM_FRAME_WORDS ||
        c->slot_count > v->inst->slot_count)
        wasm_fail(r, TOMTE_ERR_NO_MEMORY, "more stack than there is");
    if (r->err != TOMTE_OK)
        return;
    c->frames = wasm_read_bytes(r, 8 * c->frame_count).data;
    c->slots = wasm_read_bytes(r, 4 * c->slot_count).data;
}

static void take(struct view *v)
{
    struct tomte_wasm_instance *inst = v->inst;
    const struct tomte_wasm_module *m = inst->m;
    tomte_wasm_abandon(inst);
    take_memory(v);
    for (uint32_t i = 0; i < m->all.of[TOMTE_WASM_GLOBAL]; i++) {
        if (!m->globals[i].is_mutable)
            continue;
        inst->globals[i][0] = wasm_read_fixed32(&v->globals);
        if (wasm_width(m->globals[i].type) == 2)
            inst->globals[i][1] = wasm_read_fixed32(&v->globals);
    }
    for (uint32_t i = 0; i < m->all.of[TOMTE_WASM_TABLE]; i++) {
        struct wasm_table_inst *t = inst->tables[i];
        t->len = wasm_read_fixed32(&v->tables);
        for (uint32_t k = 0; k < t->len; k++)
            t->refs[k] = wasm_read_fixed32(&v->tables);
    }
    take_dropped(&v->elems, inst->dropped_elems, m->elem_count);
    take_dropped(&v->datas, inst->dropped_datas, m->data_count);
    take_call(v);
}

static void take_memory(struct view *v)
{
    struct wasm_memory_inst *mem = v->inst->memory;
    mem->len = v->memory_len;
    if (mem->len != 0)
        memset(mem->data, 0, mem->len);
    for (;;) {
        uint32_t at = wasm_read_fixed32(&v->runs);
        uint32_t run = wasm_read_fixed32(&v->runs);
        if (run == 0)
            return;
        memcpy(mem->data + at, wasm_read_bytes(&v->runs, run).data, run);
    }
}

static void take_dropped(struct wasm_reader *r, uint8_t *dropped,
                         uint32_t count)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < count; i++, bits >>= 1) {
        if (i % 8 == 0)
            bits = wasm_read_u8(r);
        dropped[i] = bits & 1;
    }
}

static void take_call(struct view *v)
{
    struct tomte_wasm_instance *inst = v->inst;
    const struct wasm_call_state *c = &v->call;
    inst->budget = v->budget;
    inst->spent = v->spent;
    inst->pending = c->pending;
    inst->depth = c->frame_count;
    inst->sp = c->slot_count;
    for (uint32_t i = 0; i < c->slot_count; i++)
        inst->slots[i] = tomte_get_le32(c->slots + 4 * i);
    for (uint32_t i = 0; i < c->frame_count; i++)
        *wasm_frame(inst, i) = c->built[i];
    wasm_adopt_frames(inst);
    if (c->status == WASM_SNAPSHOT_READY)
        inst->status = TOMTE_WASM_READY;
    else if (c->status == WASM_SNAPSHOT_SUSPENDED)
        inst->status = TOMTE_WASM_SUSPENDED;
}
