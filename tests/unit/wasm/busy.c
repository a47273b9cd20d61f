/* SPDX-License-Identifier: Apache-2.0 */
#include "busy.h"

#include "base/bytes.h"
#include "base/crc.h"

static struct asm_module a;

/* Functions: 0 wait, 1 run, 2 deep. */
static void run_body(void)
{
    asm_body(&a, B(1, 1, I64,      /* sum */
                   OP(LOOP), VOID, /**/
                   GET(1), GET(0), CONST(1), OP(CALL_INDIRECT), 2, 0, SET(1),
                   GET(0), GET(1), OP(I64_STORE), 0, 64,   /**/
                   CONST(1), OP(MEMORY_GROW), 0, OP(DROP), /**/
                   GGET(2), CONST(1), PREFIXED(TABLE_GROW), 0, OP(DROP),
                   GGET(1), GET(1), OP(I64_XOR), GSET(1),          /**/
                   GGET(0), GET(0), CALL(0), OP(I32_ADD), GSET(0), /**/
                   GET(1), OP(DROP),                               /* wide */
                   GET(0), CONST(1), OP(I32_SUB), TEE(0), BR_IF(0), END,
                   CONST(32), CONST(0), CONST(4), PREFIXED(MEMORY_INIT), 1, 0,
                   PREFIXED(DATA_DROP), 1, /**/
                   GET(1), GGET(1), OP(I64_ADD), END));
}

/* deep(sum, n) = n == 0 ? sum + 1 : (3 + deep(sum, n - 1)) * sum */
static void deep_body(void)
{
    asm_body(&a, B(NO_LOCALS, GET(1), OP(IF), I64, CONST64(3), GET(0), GET(1),
                   CONST(1), OP(I32_SUB), CONST(1), OP(CALL_INDIRECT), 2, 0,
                   OP(I64_ADD), GET(0), OP(I64_MUL), OP(ELSE), GET(0),
                   CONST64(1), OP(I64_ADD), END, END));
}

const struct tomte_wasm_module *busy_load(void)
{
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_type(&a, "i:I");
    asm_type(&a, "Ii:I");
    asm_import(&a, "host", "wait", B(TOMTE_WASM_FUNC, 0));
    asm_func(&a, 1);
    asm_func(&a, 2);
    asm_table(&a, B(FUNCREF, 1, 3, 5));
    asm_memory(&a, B(9, 0x80, 2, 0x80, 4, 0)); /* 256 to 512 bytes */
    asm_global(&a, B(I32, 1, CONST(0), END));
    asm_global(&a, B(I64, 1, CONST64(-1), END));
    asm_global(&a, B(FUNCREF, 1, OP(REF_FUNC), 2, END));
    asm_global(&a, B(I32, 0, CONST(9), END));
    asm_export(&a, "run", TOMTE_WASM_FUNC, 1);
    asm_export(&a, "wait", TOMTE_WASM_FUNC, 0);
    asm_elem(&a, B(0, CONST(1), END, 1, 2));
    asm_raw(&a, 12, B(2));
    run_body();
    deep_body();
    asm_code(&a);
    asm_data(&a, B(0, CONST(0), END, 3, 'a', 'b', 'c'));
    asm_data(&a, B(1, 4, 'w', 'x', 'y', 'z'));
    return bench_load(asm_end(&a));
}

struct tomte_wasm_instance *busy_start(const struct tomte_wasm_module *m,
                                       uint32_t n)
{
    struct tomte_wasm_instance *inst = bench_instance(m);
    CHECK_OK(tomte_wasm_start(inst, 1, &n, 1, 1000000));
    return inst;
}

void busy_answer(struct tomte_wasm_instance *inst)
{
    struct tomte_wasm_pending p;
    CHECK(tomte_wasm_pending(inst, &p));
    CHECK_EQ(1, p.arg_slots);
    uint32_t answer = 7 * p.args[0] + 1;
    CHECK_OK(tomte_wasm_resume(inst, &answer, 1));
}

enum tomte_wasm_status busy_finish(struct tomte_wasm_instance *inst,
                                   uint32_t slice)
{
    for (;;) {
        enum tomte_wasm_status status = tomte_wasm_run(inst, slice);
        if (status == TOMTE_WASM_SUSPENDED)
            busy_answer(inst);
        else if (status != TOMTE_WASM_READY)
            return status;
    }
}

struct tomte_span busy_snapshot(const struct tomte_wasm_instance *inst,
                                int which)
{
    static uint8_t buffers[2][4096];
    struct tomte_span out;
    size_t size;
    CHECK_OK(tomte_wasm_snapshot_size(inst, BUSY_ID, &size));
    CHECK(size <= sizeof buffers[0]);
    CHECK_OK(tomte_wasm_snapshot_encode(inst, BUSY_ID,
                                        TOMTE_BUF(buffers[which], size), &out));
    CHECK_EQ(size, out.len);
    return out;
}

void busy_seal(struct tomte_buf snapshot)
{
    size_t covered = snapshot.cap - 4;
    tomte_put_le32(snapshot.data + covered,
                   tomte_crc32c(0, TOMTE_SPAN(snapshot.data, covered)));
}
