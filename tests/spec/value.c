/* SPDX-License-Identifier: Apache-2.0 */
/* Values as wast2json writes them: decimal text of the bits, "null", or a
 * pattern of NaN. */
#include "spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define F32_QUIET UINT64_C(0x7fc00000)
#define F64_QUIET UINT64_C(0x7ff8000000000000)

static const struct {
    const char *name;
    uint8_t type;
    uint32_t slots;
} valtypes[] = {
    {"i32", TOMTE_WASM_I32, 1},         {"i64", TOMTE_WASM_I64, 2},
    {"f32", TOMTE_WASM_F32, 1},         {"f64", TOMTE_WASM_F64, 2},
    {"funcref", TOMTE_WASM_FUNCREF, 1}, {"externref", TOMTE_WASM_EXTERNREF, 1},
};
#define VALTYPES (sizeof valtypes / sizeof valtypes[0])

static size_t type_named(const char *name);
static const char *type_name(uint8_t type);
static const char *member(const cJSON *value, const char *key);
static bool bits_match(const char *text, uint8_t type, uint64_t bits);
static bool parse_bits(const char *text, uint8_t type, uint64_t *bits);

uint32_t spec_value_parse(const cJSON *value, uint32_t out[2])
{
    uint64_t bits;
    size_t t = type_named(member(value, "type"));
    if (t == VALTYPES ||
        !parse_bits(member(value, "value"), valtypes[t].type, &bits))
        return 0;
    tomte_wasm_put64(out, bits);
    return valtypes[t].slots;
}

bool spec_value_matches(const cJSON *expected, uint8_t type,
                        const uint32_t *slots, char *text, size_t size)
{
    const char *want_type = member(expected, "type");
    const char *want = member(expected, "value");
    size_t t = type_named(want_type);
    if (t == VALTYPES || valtypes[t].type != type) {
        snprintf(text, size, "type %s, expected %s", type_name(type),
                 want_type);
        return false;
    }
    uint64_t bits = valtypes[t].slots == 2 ? tomte_wasm_get64(slots) : slots[0];
    if (bits_match(want, type, bits))
        return true;
    snprintf(text, size, "%s bits %" PRIx64 ", expected %s", want_type, bits,
             want);
    return false;
}

static size_t type_named(const char *name)
{
    size_t i = 0;
    while (i < VALTYPES && strcmp(valtypes[i].name, name) != 0)
        i++;
    return i;
}

static const char *type_name(uint8_t type)
{
    for (size_t i = 0; i < VALTYPES; i++)
        if (valtypes[i].type == type)
            return valtypes[i].name;
    return "unknown";
}

static const char *member(const cJSON *value, const char *key)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, key));
    return text == NULL ? "" : text;
}

/* A canonical NaN has the quiet bit alone in its payload, an arithmetic one
 * has at least that; either may have any sign. */
static bool bits_match(const char *text, uint8_t type, uint64_t bits)
{
    bool is_f32 = type == TOMTE_WASM_F32;
    uint64_t want, quiet = is_f32 ? F32_QUIET : F64_QUIET;
    uint64_t unsigned_bits = bits & (is_f32 ? INT32_MAX : INT64_MAX);
    if (strcmp(text, "nan:canonical") == 0)
        return unsigned_bits == quiet;
    if (strcmp(text, "nan:arithmetic") == 0)
        return (bits & quiet) == quiet;
    return parse_bits(text, type, &want) && want == bits;
}

/* The engine's null is 0, so the host's reference N is N + 1. No test names a
 * funcref other than null. */
static bool parse_bits(const char *text, uint8_t type, uint64_t *bits)
{
    bool is_ref = type == TOMTE_WASM_FUNCREF || type == TOMTE_WASM_EXTERNREF;
    bool is_wide = type == TOMTE_WASM_I64 || type == TOMTE_WASM_F64;
    char *end;
    *bits = 0;
    if (is_ref && strcmp(text, "null") == 0)
        return true;
    if (type == TOMTE_WASM_FUNCREF || *text < '0' || *text > '9')
        return false;
    *bits = strtoull(text, &end, 10);
    if (*end != '\0' || (!is_wide && *bits > UINT32_MAX - is_ref))
        return false;
    *bits += is_ref;
    return true;
}
