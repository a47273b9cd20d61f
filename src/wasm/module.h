/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/module.h: a module as its instances use it.
 *
 * The module's bytes stay where they are and are executed in place. What a run
 * needs to find at once is held in the tables here; the rest (imports, exports,
 * initial values, names) is read again from the bytes when asked for, with the
 * same functions that checked it first. Offsets count from the first byte of
 * the module. */
#pragma once

#include "wasm/reader.h"
#include "wasm/sidetable.h"

#define WASM_NONE UINT32_MAX /* no such index or offset */

struct wasm_type {
    uint32_t params;  /* offset of one byte per parameter */
    uint32_t results; /* offset of one byte per result */
    uint16_t param_count;
    uint16_t result_count;
    uint16_t param_slots;
    uint16_t result_slots;
    uint16_t same; /* the first type equal to this one */
};

struct wasm_func {
    uint32_t code;         /* offset of its first instruction; 0: an import */
    uint32_t end;          /* offset of its last instruction, an `end` */
    uint32_t side : 31;    /* index into the side table */
    uint32_t wide : 1;     /* some local takes two slots: it has a local map */
    uint32_t cost : 31;    /* fuel for entering it */
    uint32_t declared : 1; /* ref.func may name it, section 3.4.10 */
    uint16_t type;
    uint16_t local_slots; /* parameters and locals */
    uint16_t frame_slots; /* those and the most operands it ever has */
    uint8_t param_slots;  /* of its type; WASM_MANY: look there */
    uint8_t result_slots;
};

#define WASM_MANY 255

struct wasm_global {
    uint32_t init; /* offset of its initial value; 0 for an import */
    uint8_t type;
    bool is_mutable;
};

struct wasm_table {
    uint32_t min;
    uint32_t max;
    bool has_max;
    uint8_t type;
};

struct wasm_memory {
    uint32_t min; /* in pages */
    uint32_t max;
    bool has_max;
    bool present;
    bool imported;
    uint8_t page_shift; /* 16, or 0 for pages of one byte */
};

enum wasm_mode { WASM_PASSIVE, WASM_ACTIVE, WASM_DECLARED };

struct wasm_elem {
    uint32_t items; /* offset of the first */
    uint32_t count;
    uint32_t where; /* active: offset of the expression for its place */
    uint32_t table;
    uint8_t mode;
    uint8_t type;
    bool exprs; /* items are expressions, not function indexes */
};

struct wasm_data {
    uint32_t bytes; /* offset of the first */
    uint32_t len;
    uint32_t where;
    uint8_t mode;
};

enum wasm_section {
    WASM_SECTION_CUSTOM,
    WASM_SECTION_TYPE,
    WASM_SECTION_IMPORT,
    WASM_SECTION_FUNCTION,
    WASM_SECTION_TABLE,
    WASM_SECTION_MEMORY,
    WASM_SECTION_GLOBAL,
    WASM_SECTION_EXPORT,
    WASM_SECTION_START,
    WASM_SECTION_ELEMENT,
    WASM_SECTION_CODE,
    WASM_SECTION_DATA,
    WASM_SECTION_DATA_COUNT,
    WASM_SECTION_COUNT
};

/* How many of each kind, by enum tomte_wasm_kind. */
struct wasm_counts {
    uint32_t of[4];
};

struct tomte_wasm_module {
    struct tomte_span bytes;
    struct tomte_span
        sections[WASM_SECTION_COUNT]; /* contents; custom unused */

    struct wasm_type *types;
    struct wasm_func *funcs; /* imported ones first, as everywhere */
    struct wasm_global *globals;
    struct wasm_table *tables;
    struct wasm_elem *elems;
    struct wasm_data *datas;
    struct wasm_memory memory;
    struct wasm_side_table side;

    uint32_t type_count;
    uint32_t elem_count;
    uint32_t data_count;
    struct wasm_counts all;
    struct wasm_counts imported;
    uint32_t start;  /* a function, or WASM_NONE */
    bool tail_calls; /* some function makes one */

    struct tomte_wasm_limits limits;
};

/* The sections' contents, read anew. */
struct wasm_reader wasm_section_reader(const struct tomte_wasm_module *m,
                                       enum wasm_section id);

/* An import or export entry, as it stands in its section. */
struct wasm_import_entry {
    struct tomte_span module;
    struct tomte_span name;
    uint8_t kind;
    uint32_t type;             /* FUNC */
    struct wasm_table table;   /* TABLE */
    struct wasm_memory memory; /* MEMORY */
    struct wasm_global global; /* GLOBAL */
};

void wasm_read_import(struct wasm_reader *r, uint32_t features,
                      struct wasm_import_entry *out);
void wasm_read_export(struct wasm_reader *r, struct tomte_wasm_export *out);

/* The function is of this type, which there is. */
void wasm_set_type(struct tomte_wasm_module *m, uint32_t func, uint32_t type);

struct tomte_wasm_type wasm_type_spans(const struct tomte_wasm_module *m,
                                       uint32_t type);

/* Two types, maybe of two modules, are equal. */
bool wasm_type_equal(const struct tomte_wasm_module *a, uint32_t ta,
                     const struct tomte_wasm_module *b, uint32_t tb);

static inline bool wasm_is_ref(uint8_t type)
{
    return type == TOMTE_WASM_FUNCREF || type == TOMTE_WASM_EXTERNREF;
}

static inline bool wasm_is_valtype(uint8_t type)
{
    return (type >= TOMTE_WASM_F64 && type <= TOMTE_WASM_I32) ||
           wasm_is_ref(type);
}

static inline uint32_t wasm_width(uint8_t type)
{
    return type == TOMTE_WASM_I64 || type == TOMTE_WASM_F64 ? 2 : 1;
}
