/* SPDX-License-Identifier: Apache-2.0 */
#include "diff.h"

#include <inttypes.h>

static void begin(struct diff_script *s, const char *type);
static void say_name(struct diff_script *s, struct tomte_span name);
static void say_values(struct diff_script *s, struct tomte_span types,
                       const uint32_t *slots);
static void say_value(struct diff_script *s, uint8_t type,
                      const uint32_t *slots);
static bool says_ref(struct tomte_span types, const uint32_t *slots);
static void say_get(struct diff_script *s, const char *module, const char *name,
                    uint8_t type, const uint32_t *slots);
static uint32_t memory_hash(struct tomte_wasm_instance *wasm);

void diff_say_begin(struct diff_script *s)
{
    fprintf(s->out, "{\"source_filename\":\"diff\",\"commands\":[");
    s->begun = false;
}

void diff_say_end(struct diff_script *s)
{
    fprintf(s->out, "\n]}\n");
}

void diff_say_module(struct diff_script *s, const char *file, bool trapped)
{
    begin(s, "module");
    fprintf(s->out, "\"name\":\"$log\",\"filename\":\"log.wasm\"}");
    begin(s, "register");
    fprintf(s->out, "\"name\":\"$log\",\"as\":\"fuzzing-support\"}");
    begin(s, trapped ? "assert_uninstantiable" : "module");
    fprintf(s->out, "%s\"filename\":\"%s\"%s}",
            trapped ? "" : "\"name\":\"$m\",", file,
            trapped ? ",\"text\":\"\",\"module_type\":\"binary\"" : "");
    if (trapped)
        return;
    begin(s, "register");
    fprintf(s->out, "\"name\":\"$m\",\"as\":\"m\"}");
}

void diff_say_call(struct diff_script *s, const struct diff_module *m,
                   const struct tomte_wasm_export *e, const uint32_t *args)
{
    const struct tomte_wasm_instance *wasm = m->ways[DIFF_BYTES].now;
    struct tomte_wasm_type type = tomte_wasm_func_type(m->wasm, e->index);
    uint32_t slots;
    const uint32_t *results = tomte_wasm_results(wasm, &slots);
    bool trap = tomte_wasm_status(wasm) == TOMTE_WASM_TRAPPED;
    bool plain = !trap && says_ref(type.results, results);
    begin(s, trap ? "assert_trap" : plain ? "action" : "assert_return");
    fprintf(s->out, "\"action\":{\"type\":\"invoke\",\"module\":\"$m\","
                    "\"field\":");
    say_name(s, e->name);
    fprintf(s->out, ",\"args\":[");
    say_values(s, type.params, args);
    fprintf(s->out, "]}");
    if (trap)
        fprintf(s->out, ",\"text\":\"%s\"", tomte_wasm_trap(wasm)->text);
    fprintf(s->out, ",\"expected\":[");
    if (!trap && !plain)
        say_values(s, type.results, results);
    fprintf(s->out, "]}");
}

void diff_say_state(struct diff_script *s, struct diff_module *m)
{
    struct tomte_wasm_instance *wasm = m->ways[DIFF_BYTES].now;
    struct tomte_wasm_export e;
    enum tomte_wasm_valtype type;
    uint32_t value[2];
    bool memory = false;
    for (uint32_t i = 0; tomte_wasm_export_at(m->wasm, i, &e); i++) {
        char name[32];
        memory |= e.kind == TOMTE_WASM_MEMORY;
        if (e.kind != TOMTE_WASM_GLOBAL ||
            tomte_wasm_global_get(wasm, e.index, &type, value) != TOMTE_OK ||
            type == TOMTE_WASM_FUNCREF || type == TOMTE_WASM_EXTERNREF)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)e.name.len, e.name.data);
        say_get(s, "$m", name, (uint8_t)type, value);
    }
    value[0] = m->ways[DIFF_BYTES].log.hash;
    say_get(s, "$log", "log", TOMTE_WASM_I32, value);
    if (!memory)
        return;
    begin(s, "module");
    fprintf(s->out, "\"name\":\"$hash\",\"filename\":\"hash.wasm\"}");
    begin(s, "assert_return");
    fprintf(s->out,
            "\"action\":{\"type\":\"invoke\",\"module\":\"$hash\","
            "\"field\":\"hash\",\"args\":[]},\"expected\":"
            "[{\"type\":\"i32\",\"value\":\"%u\"}]}",
            memory_hash(wasm));
}

static void begin(struct diff_script *s, const char *type)
{
    fprintf(s->out, "%s\n{\"type\":\"%s\",\"line\":%u,", s->begun ? "," : "",
            type, ++s->line);
    s->begun = true;
}

static void say_name(struct diff_script *s, struct tomte_span name)
{
    putc('"', s->out);
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] < 0x20 || name.data[i] == '"' || name.data[i] == '\\')
            fprintf(s->out, "\\u%04x", name.data[i]);
        else
            putc(name.data[i], s->out);
    putc('"', s->out);
}

static void say_values(struct diff_script *s, struct tomte_span types,
                       const uint32_t *slots)
{
    for (size_t i = 0; i < types.len; i++) {
        fprintf(s->out, "%s", i == 0 ? "" : ",");
        say_value(s, types.data[i], slots);
        slots += tomte_wasm_slots(tomte_span_slice(types, i, 1));
    }
}

static void say_value(struct diff_script *s, uint8_t type,
                      const uint32_t *slots)
{
    switch (type) {
    case TOMTE_WASM_I32:
    case TOMTE_WASM_F32:
        fprintf(s->out, "{\"type\":\"%s\",\"value\":\"%u\"}",
                type == TOMTE_WASM_I32 ? "i32" : "f32", *slots);
        break;
    case TOMTE_WASM_I64:
    case TOMTE_WASM_F64:
        fprintf(s->out, "{\"type\":\"%s\",\"value\":\"%" PRIu64 "\"}",
                type == TOMTE_WASM_I64 ? "i64" : "f64",
                tomte_wasm_get64(slots));
        break;
    default:
        fprintf(s->out, "{\"type\":\"%s\",\"value\":\"null\"}",
                type == TOMTE_WASM_FUNCREF ? "funcref" : "externref");
        break;
    }
}

/* A reference that is not null has no text. */
static bool says_ref(struct tomte_span types, const uint32_t *slots)
{
    for (size_t i = 0; i < types.len; i++) {
        if (types.data[i] <= TOMTE_WASM_FUNCREF && *slots != 0)
            return true;
        slots += tomte_wasm_slots(tomte_span_slice(types, i, 1));
    }
    return false;
}

static void say_get(struct diff_script *s, const char *module, const char *name,
                    uint8_t type, const uint32_t *slots)
{
    begin(s, "assert_return");
    fprintf(s->out,
            "\"action\":{\"type\":\"get\",\"module\":\"%s\",\"field\":\"%s\"},"
            "\"expected\":[",
            module, name);
    say_value(s, type, slots);
    fprintf(s->out, "]}");
}

/* As hash.wat does it: words that are not 0, with their addresses. */
static uint32_t memory_hash(struct tomte_wasm_instance *wasm)
{
    struct tomte_buf memory = tomte_wasm_memory(wasm);
    uint32_t hash = diff_fold(DIFF_FNV_START, (uint32_t)memory.cap);
    for (uint32_t at = 0; at + 4 <= memory.cap; at += 4) {
        const uint8_t *b = memory.data + at;
        uint32_t word = (uint32_t)b[0] | (uint32_t)b[1] << 8 |
                        (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        if (word != 0)
            hash = diff_fold(diff_fold(hash, at), word);
    }
    return hash;
}
