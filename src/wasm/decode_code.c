/* SPDX-License-Identifier: Apache-2.0 */
/* The code section, 5.5.13: each function is validated as it is read. */
#include "wasm/validate.h"

void wasm_decode_code(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t imported = m->imported.of[TOMTE_WASM_FUNC];
    uint32_t count = wasm_read_count(&d->r, UINT32_MAX, "");
    if (d->r.err == TOMTE_OK && count != m->all.of[TOMTE_WASM_FUNC] - imported)
        wasm_fail(&d->r, TOMTE_ERR_MALFORMED,
                  "function and code section have inconsistent lengths");
    if (d->r.err != TOMTE_OK)
        return;
    struct wasm_validator v;
    wasm_validator_init(&v, m, d->arena, d->arena);
    for (uint32_t i = 0; i < count && v.r.err == TOMTE_OK; i++) {
        struct tomte_span body = wasm_read_bytes(&d->r, wasm_read_u32(&d->r));
        if (d->r.err != TOMTE_OK)
            return;
        wasm_validate_func(&v, body, &m->funcs[imported + i]);
    }
    if (v.r.err == TOMTE_OK)
        wasm_side_finish(&v.side, &m->side);
    m->tail_calls = v.tail_calls;
    if (v.r.err != TOMTE_OK)
        wasm_fail_at(&d->r, v.r.err_offset, v.r.err, v.r.what);
    else if (v.side.err != TOMTE_OK)
        wasm_fail(&d->r, v.side.err, "the arena is full");
}

struct tomte_span wasm_body_of(const struct tomte_wasm_module *m, uint32_t func)
{
    struct wasm_reader r = wasm_section_reader(m, WASM_SECTION_CODE);
    struct tomte_span body = TOMTE_SPAN_NONE;
    wasm_read_u32(&r);
    for (uint32_t i = m->imported.of[TOMTE_WASM_FUNC]; i <= func; i++)
        body = wasm_read_bytes(&r, wasm_read_u32(&r));
    return body;
}
