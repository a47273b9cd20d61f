/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/disasm.h"

#include "base/text.h"
#include "wasm/insn.h"
#include "wasm/module.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INDENT_MAX 40 /* blocks; deeper ones stay there */

static void read_locals(FILE *out, struct wasm_reader *r);
static void print_insn(FILE *out, const struct module_map *map,
                       struct wasm_reader *r, const struct wasm_insn *in);
static void print_index(FILE *out, const struct module_map *map,
                        const struct wasm_insn *in);
static void print_block_type(FILE *out, const struct wasm_insn *in);
static void print_labels(FILE *out, struct wasm_reader *r, uint32_t count);
static void print_access(FILE *out, const struct wasm_insn *in);
static void print_float(FILE *out, double v, uint64_t bits, unsigned mantissa);
static bool is_wanted(const struct module_map *map, uint32_t func,
                      const char *which);

bool disasm_body(FILE *out, const struct module_map *map,
                 const struct module_body *body)
{
    struct wasm_reader r = wasm_reader_over(map->bytes, body->from, body->to);
    int depth = 0;
    read_locals(out, &r);
    while (wasm_left(&r) != 0 && r.err == TOMTE_OK) {
        struct wasm_insn in;
        uint32_t at = wasm_offset(&r);
        wasm_read_insn(&r, &in);
        if (r.err != TOMTE_OK)
            break;
        depth -= (in.op == WASM_OP_END || in.op == WASM_OP_ELSE) && depth > 0;
        fprintf(out, "  %06x  %*s", at,
                2 * (depth < INDENT_MAX ? depth : INDENT_MAX), "");
        print_insn(out, map, &r, &in);
        putc('\n', out);
        depth +=
            wasm_info_imm(in.info) == WASM_IMM_BLOCK || in.op == WASM_OP_ELSE;
    }
    if (r.err != TOMTE_OK)
        fprintf(out, "  %06x  ?  %s\n", r.err_offset, r.what);
    return r.err == TOMTE_OK;
}

uint32_t disasm_module(FILE *out, const struct module_map *map,
                       const char *which, bool *broken)
{
    struct wasm_reader r = module_bodies(map);
    struct module_body body = {.func = map->imported - 1};
    uint32_t count = 0;
    char text[256];
    struct tomte_text t;
    *broken = false;
    while (module_bodies_next(&r, &body)) {
        if (which != NULL && !is_wanted(map, body.func, which))
            continue;
        tomte_text_init(&t, text, sizeof text);
        tomte_text_span(&t, module_map_name(map, body.func));
        fprintf(out, "%sfunc %u %s (%u bytes)\n", count == 0 ? "" : "\n",
                body.func, text, body.to - body.from);
        *broken |= !disasm_body(out, map, &body);
        count++;
    }
    *broken |= r.err != TOMTE_OK;
    return count;
}

void disasm_one(FILE *out, const struct module_map *map, uint32_t offset)
{
    struct module_body body;
    struct wasm_insn in;
    if (!module_map_body_at(map, offset, &body)) {
        putc('?', out);
        return;
    }
    struct wasm_reader r = wasm_reader_over(map->bytes, offset, body.to);
    wasm_read_insn(&r, &in);
    if (r.err == TOMTE_OK)
        print_insn(out, map, &r, &in);
    else
        putc('?', out);
}

/* Section 5.4.13: runs of one type. */
static void read_locals(FILE *out, struct wasm_reader *r)
{
    uint32_t runs = wasm_read_u32(r);
    if (runs != 0 && r->err == TOMTE_OK)
        fprintf(out, "          (local");
    for (uint32_t i = 0; i < runs && r->err == TOMTE_OK; i++) {
        uint32_t count = wasm_read_u32(r);
        uint8_t type = wasm_read_u8(r);
        if (r->err == TOMTE_OK)
            fprintf(out, " %u x %s", count, module_type_text(type));
    }
    if (runs != 0)
        fprintf(out, ")\n");
}

static void print_insn(FILE *out, const struct module_map *map,
                       struct wasm_reader *r, const struct wasm_insn *in)
{
    uint32_t low = (uint32_t)in->value;
    float f;
    double d;
    fputs(wasm_op_name(in->op), out);
    switch (wasm_info_imm(in->info)) {
    case WASM_IMM_BLOCK:
        print_block_type(out, in);
        break;
    case WASM_IMM_LABELS:
        print_labels(out, r, in->a);
        break;
    case WASM_IMM_VALTYPES:
    case WASM_IMM_REFTYPE:
        fprintf(out, " %s", module_type_text((uint8_t)in->a));
        break;
    case WASM_IMM_MEM1:
    case WASM_IMM_MEM2:
    case WASM_IMM_MEM4:
    case WASM_IMM_MEM8:
        print_access(out, in);
        break;
    case WASM_IMM_I32:
        fprintf(out, " %" PRId32, (int32_t)low);
        break;
    case WASM_IMM_I64:
        fprintf(out, " %" PRId64, (int64_t)in->value);
        break;
    case WASM_IMM_F32:
        memcpy(&f, &low, sizeof f);
        print_float(out, (double)f, low, 23);
        break;
    case WASM_IMM_F64:
        memcpy(&d, &in->value, sizeof d);
        print_float(out, d, in->value, 52);
        break;
    default:
        print_index(out, map, in);
        break;
    }
}

/* What names something by its number. */
static void print_index(FILE *out, const struct module_map *map,
                        const struct wasm_insn *in)
{
    char text[256];
    struct tomte_text t;
    switch (wasm_info_imm(in->info)) {
    case WASM_IMM_NONE:
    case WASM_IMM_MEMORY:
    case WASM_IMM_MEMORY_MEMORY:
        return;
    case WASM_IMM_TYPE_TABLE:
        fprintf(out, " %u (type %u)", in->b, in->a);
        return;
    case WASM_IMM_TABLE_TABLE:
        fprintf(out, " %u %u", in->a, in->b);
        return;
    case WASM_IMM_ELEM_TABLE:
        fprintf(out, " %u %u", in->b, in->a);
        return;
    default:
        fprintf(out, " %u", in->a);
        break;
    }
    if (wasm_info_imm(in->info) != WASM_IMM_FUNC)
        return;
    struct tomte_span name = module_map_name(map, in->a);
    tomte_text_init(&t, text, sizeof text);
    tomte_text_span(&t, name);
    if (name.len != 0)
        fprintf(out, "  ;; %s", text);
}

static void print_block_type(FILE *out, const struct wasm_insn *in)
{
    if (in->by_type)
        fprintf(out, " (type %u)", in->a);
    else if (in->a != WASM_BLOCK_EMPTY)
        fprintf(out, " (result %s)", module_type_text((uint8_t)in->a));
}

/* The last is the default. */
static void print_labels(FILE *out, struct wasm_reader *r, uint32_t count)
{
    for (uint64_t i = 0; i <= count && r->err == TOMTE_OK; i++) {
        uint32_t label = wasm_read_u32(r);
        if (r->err == TOMTE_OK)
            fprintf(out, " %u", label);
    }
}

/* The alignment is said where it is not the natural one. */
static void print_access(FILE *out, const struct wasm_insn *in)
{
    if (in->b != 0)
        fprintf(out, " offset=%u", in->b);
    if (in->a != wasm_access_shift(in->info) && in->a < 32)
        fprintf(out, " align=%u", 1u << in->a);
}

static void print_float(FILE *out, double v, uint64_t bits, unsigned mantissa)
{
    uint64_t payload = bits & ((UINT64_C(1) << mantissa) - 1);
    const char *sign = bits >> (mantissa == 52 ? 63 : 31) != 0 ? "-" : "";
    if (v != v)
        fprintf(out, " %snan:0x%" PRIx64, sign, payload);
    else
        fprintf(out, " %.*g", mantissa == 52 ? 17 : 9, v);
}

static bool is_wanted(const struct module_map *map, uint32_t func,
                      const char *which)
{
    char *end;
    unsigned long number = strtoul(which, &end, 10);
    if (*end == 0 && end != which)
        return number == func;
    return tomte_span_equal(module_map_name(map, func), tomte_span_str(which));
}
