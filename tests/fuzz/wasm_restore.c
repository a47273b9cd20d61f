/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a snapshot of one module: refused, or a state to run on from.
 *
 * The checksum is made right first, and the head is taken as read, so that all
 * of the input is spent on the state. */
#include "base/base.h"
#include "wasm/wasm.h"

#include <string.h>

/* (import "" "w" (func (param i32) (result i32)))      waits
 * (table 3 5 funcref) (memory of 256 to 512 pages of a byte)
 * (global i32, i64, funcref, all mutable)
 * func 1: in a loop calls 2 through the table with an i64 below, stores, waits
 * func 2: recursion through the table, if and else, i64 on the stack */
/* clang-format off */
static const uint8_t module[] = {
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    /* types */
    1, 0x11, 3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 1,
    0x7e, 0x60, 2, 0x7e, 0x7f, 1, 0x7e,
    /* import */
    2, 6, 1, 0, 1, 0x77, 0, 0,
    /* functions */
    3, 3, 2, 1, 2,
    /* table */
    4, 5, 1, 0x70, 1, 3, 5,
    /* memory */
    5, 7, 1, 9, 0x80, 2, 0x80, 4, 0,
    /* globals */
    6, 0x10, 3, 0x7f, 1, 0x41, 0, 0xb, 0x7e, 1, 0x42, 0x7f,
    0xb, 0x70, 1, 0xd2, 2, 0xb,
    /* elements */
    9, 7, 1, 0, 0x41, 1, 0xb, 1, 2,
    /* code */
    0xa, 0x45, 2, 0x26, 1, 1, 0x7e, 3, 0x40, 0x20, 1, 0x20,
    0, 0x41, 1, 0x11, 2, 0, 0x21, 1, 0x20, 0, 0x20, 1,
    0x37, 0, 0x40, 0x23, 0, 0x20, 0, 0x10, 0, 0x6a, 0x22, 0,
    0xd, 0, 0xb, 0x20, 1, 0xb, 0x1c, 0, 0x20, 1, 4, 0x7e,
    0x42, 3, 0x20, 0, 0x20, 1, 0x41, 1, 0x6b, 0x41, 1, 0x11,
    2, 0, 0x7c, 0x20, 0, 0x7e, 5, 0x20, 0, 0xb, 0xb,
};
/* clang-format on */

static enum tomte_wasm_host_result wait(struct tomte_wasm_call *call)
{
    (void)call;
    return TOMTE_WASM_HOST_SUSPEND;
}

static const struct tomte_wasm_host_func host[] = {{"", "w", "i:i", wait, 0}};

static const struct tomte_wasm_module *m;
static struct tomte_wasm_instance *inst;
static struct tomte_arena arena;

static void set_up(void)
{
    static uint64_t memory[1 << 13];
    static const struct tomte_wasm_config config = {
        .stack_bytes = 1024,
        .call_depth = 16,
        .memory_bytes = 65536,
        .table_entries = 32,
        .host = host,
        .host_count = 1,
    };
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_wasm_error error;
    enum tomte_err err = tomte_wasm_load(
        TOMTE_SPAN_ARRAY(module), &tomte_wasm_limits_mcu, &arena, &m, &error);
    if (err != TOMTE_OK)
        tomte_panic(__FILE__, (int)error.offset, error.what);
    err = tomte_wasm_instantiate(m, &config, &arena, &inst, &error);
    if (err != TOMTE_OK)
        tomte_panic(__FILE__, __LINE__, error.what);
}

/* What the input begins as: a snapshot of the call in the middle of its work,
 * `data[0]` slices on, with the rest of the input added to its bytes. */
static size_t make_snapshot(uint8_t *out, size_t cap, const uint8_t *data,
                            size_t size)
{
    uint32_t n = 4;
    struct tomte_span s;
    enum tomte_err err = tomte_wasm_reset(inst);
    if (err == TOMTE_OK)
        err = tomte_wasm_start(inst, 1, &n, 1, 100000);
    for (uint8_t i = 0; i < data[0] % 16 && err == TOMTE_OK; i++)
        tomte_wasm_run(inst, 1);
    if (err == TOMTE_OK)
        err = tomte_wasm_snapshot_encode(inst, TOMTE_SPAN_NONE,
                                         TOMTE_BUF(out, cap), &s);
    if (err != TOMTE_OK)
        tomte_panic(__FILE__, __LINE__, tomte_err_name(err));
    size_t covered = s.len - 4;
    for (size_t i = 1; i + 2 < size; i += 3) {
        size_t at = tomte_get_le16(data + i) % covered;
        out[at] = (uint8_t)(out[at] + data[i + 2]);
    }
    tomte_put_le32(out + covered, tomte_crc32c(0, TOMTE_SPAN(out, covered)));
    return s.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t snapshot[4096];
    if (inst == NULL)
        set_up();
    if (size == 0)
        return 0;
    size_t len = make_snapshot(snapshot, sizeof snapshot, data, size);
    if (tomte_wasm_restore(inst, TOMTE_SPAN_NONE, TOMTE_SPAN(snapshot, len),
                           &arena, NULL) == TOMTE_OK) {
        const uint32_t answer = 1;
        for (int i = 0; i < 40; i++)
            if (tomte_wasm_run(inst, 100) == TOMTE_WASM_SUSPENDED &&
                tomte_wasm_resume(inst, &answer, 1) != TOMTE_OK)
                tomte_panic(__FILE__, __LINE__, "cannot resume");
    }
    tomte_wasm_abandon(inst);
    return 0;
}
