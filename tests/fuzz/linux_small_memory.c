/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a module, whose memory is to be less than a page: when that is
 * done to a module that loads, what comes out loads too, and has a memory of
 * just so many bytes. The first two bytes say how many. */
#include "linux/small_memory.h"

#include "base/assert.h"
#include "wasm/wasm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tomte_wasm_module *load(struct tomte_span bytes)
{
    static _Alignas(16) uint8_t memory[1u << 20];
    struct tomte_arena arena;
    const struct tomte_wasm_module *module;
    tomte_arena_init(&arena, memory, sizeof memory);
    enum tomte_err err =
        tomte_wasm_load(bytes, &tomte_wasm_limits_hub, &arena, &module, NULL);
    return err == TOMTE_OK ? module : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_buf out;
    char error[128] = "";
    if (size < 2)
        return 0;
    uint32_t bytes = (uint32_t)(data[0] | data[1] << 8);
    struct tomte_span module = TOMTE_SPAN(data + 2, size - 2);
    bool good = small_memory(module, bytes, &out, error);
    TOMTE_ASSERT(good || (out.data == NULL && error[0] != 0));
    if (out.data == NULL)
        return 0;
    if (load(module) != NULL) {
        const struct tomte_wasm_module *m = load(TOMTE_SPAN(out.data, out.cap));
        /* A data segment above the new end is found when it is started. */
        TOMTE_ASSERT(m != NULL);
        struct tomte_wasm_memory_type t = tomte_wasm_memory_type(m);
        TOMTE_ASSERT(t.min_bytes == bytes && t.max_bytes == bytes);
    }
    free(out.data);
    return 0;
}
