/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/lines.h"

#include "base/text.h"
#include "wasm/module.h"

#include <string.h>

#define OPCODES_MAX 64 /* standard ones of a unit */
#define FORMATS_MAX 8  /* kinds of facts about a file */
#define LONG_UNIT   0xffffffffu

/* DWARF 5, section 7.22 and 7.5.6. */
enum {
    LNS_COPY = 1,
    LNS_ADVANCE_PC,
    LNS_ADVANCE_LINE,
    LNS_SET_FILE,
    LNS_SET_COLUMN,
    LNS_NEGATE,
    LNS_BLOCK,
    LNS_CONST_ADD_PC,
    LNS_FIXED_PC,
    LNS_PROLOGUE,
    LNS_EPILOGUE,
    LNS_ISA
};
enum { LNE_END = 1, LNE_ADDRESS = 2 };
enum { LNCT_PATH = 1, LNCT_FOLDER = 2 };
enum {
    FORM_BLOCK = 9,
    FORM_DATA2 = 5,
    FORM_DATA4 = 6,
    FORM_DATA8 = 7,
    FORM_STRING = 8,
    FORM_DATA1 = 11,
    FORM_STRP = 14,
    FORM_UDATA = 15,
    FORM_DATA16 = 30,
    FORM_LINE_STRP = 31
};

/* The header of one unit, and what is to be found. */
struct unit {
    const struct module_map *map;
    struct wasm_reader program;
    struct wasm_reader names; /* folders and files */
    uint16_t version;
    uint8_t least; /* bytes of the shortest instruction */
    int8_t line_base;
    uint8_t line_range;
    uint8_t opcode_base;
    uint8_t operands[OPCODES_MAX];
};

/* The registers of section 6.2.2 that matter here. */
struct row {
    uint32_t address, file, line, column;
};

/* A function has a sequence of its own, which begins where its body does. The
 * sequences of what the linker dropped begin somewhere else, mostly at 0. */
struct search {
    uint32_t begin, begin_last; /* addresses where it may */
    uint32_t target;
    uint32_t first; /* where this sequence begins */
    struct row before, found;
    bool any; /* there are `first` and `before` */
    bool hit;
};

static bool read_unit(struct wasm_reader *r, struct unit *u);
static void run(struct unit *u, struct search *s);
static void extended(struct unit *u, struct search *s, struct row *row);
static void special(const struct unit *u, struct search *s, struct row *row,
                    uint8_t op);
static void emit(struct search *s, const struct row *row, bool last);
static void find_path(struct unit *u, uint32_t file, char *path);
static void find_path4(struct unit *u, uint32_t file, char *path);
static void find_path5(struct unit *u, uint32_t file, char *path);

bool source_line_find(const struct module_map *map,
                      const struct module_body *body, uint32_t offset,
                      struct source_line *out)
{
    const struct module_section *lines = module_map_custom(map, ".debug_line");
    const struct module_section *code =
        module_map_section(map, WASM_SECTION_CODE);
    if (lines == NULL || code == NULL || offset < body->from ||
        offset >= body->to)
        return false;
    struct wasm_reader r = wasm_reader_over(map->bytes, lines->data,
                                            (size_t)lines->at + lines->len);
    struct unit u = {.map = map};
    while (read_unit(&r, &u)) {
        struct search s = {.begin = body->size - code->at,
                           .begin_last = body->from - code->at,
                           .target = offset - code->at};
        run(&u, &s);
        if (!s.hit)
            continue;
        find_path(&u, s.found.file, out->path);
        out->line = s.found.line;
        out->column = s.found.column;
        return true;
    }
    return false;
}

/* The length of what follows: units of 64 bits are none of ours. */
static uint16_t read_u16(struct wasm_reader *r)
{
    uint16_t low = wasm_read_u8(r);
    return (uint16_t)(low | wasm_read_u8(r) << 8);
}

static bool read_unit(struct wasm_reader *r, struct unit *u)
{
    if (wasm_left(r) == 0)
        return false;
    uint32_t len = wasm_read_fixed32(r);
    struct tomte_span bytes = wasm_read_bytes(r, len);
    if (r->err != TOMTE_OK || len == LONG_UNIT)
        return false;
    struct wasm_reader h = wasm_reader_over(bytes, 0, bytes.len);
    u->version = read_u16(&h);
    if (u->version >= 5)
        read_u16(&h); /* sizes of an address and of a segment's number */
    uint32_t header = wasm_read_fixed32(&h);
    size_t at = wasm_offset(&h);
    if (h.err != TOMTE_OK || header > wasm_left(&h) || u->version < 4 ||
        u->version > 5)
        header = 0, at = bytes.len; /* says nothing */
    u->program = wasm_reader_over(bytes, at + header, bytes.len);
    u->names = wasm_reader_over(bytes, at, at + header);
    u->least = wasm_read_u8(&u->names);
    wasm_read_u8(&u->names); /* operations of a long instruction word */
    wasm_read_u8(&u->names); /* whether rows begin statements */
    u->line_base = (int8_t)wasm_read_u8(&u->names);
    u->line_range = wasm_read_u8(&u->names);
    u->opcode_base = wasm_read_u8(&u->names);
    if (u->opcode_base > OPCODES_MAX || u->opcode_base == 0 ||
        u->line_range == 0)
        u->program = wasm_reader_over(bytes, bytes.len, bytes.len);
    for (uint8_t i = 1; i < u->opcode_base; i++) {
        uint8_t operands = wasm_read_u8(&u->names);
        u->operands[i < OPCODES_MAX ? i : 0] = operands;
    }
    return true;
}

static const struct row first_row = {.file = 1, .line = 1};

static void run(struct unit *u, struct search *s)
{
    struct wasm_reader *p = &u->program;
    struct row row = first_row;
    while (wasm_left(p) != 0 && p->err == TOMTE_OK && !s->hit) {
        uint8_t op = wasm_read_u8(p);
        if (op >= u->opcode_base) {
            special(u, s, &row, op);
            continue;
        }
        switch (op) {
        case 0:
            extended(u, s, &row);
            break;
        case LNS_COPY:
            emit(s, &row, false);
            break;
        case LNS_ADVANCE_PC:
            row.address += wasm_read_u32(p) * u->least;
            break;
        case LNS_ADVANCE_LINE:
            row.line += (uint32_t)wasm_read_s32(p);
            break;
        case LNS_SET_FILE:
            row.file = wasm_read_u32(p);
            break;
        case LNS_SET_COLUMN:
            row.column = wasm_read_u32(p);
            break;
        case LNS_CONST_ADD_PC:
            row.address +=
                (uint32_t)(255 - u->opcode_base) / u->line_range * u->least;
            break;
        case LNS_FIXED_PC:
            row.address += read_u16(p);
            break;
        default: /* those that do not matter, and those not known */
            for (uint8_t n = u->operands[op]; n > 0; n--)
                wasm_read_u32(p);
            break;
        }
    }
}

/* Length, opcode, operands. */
static void extended(struct unit *u, struct search *s, struct row *row)
{
    struct wasm_reader *p = &u->program;
    struct tomte_span bytes = wasm_read_bytes(p, wasm_read_u32(p));
    struct wasm_reader in = wasm_reader_over(bytes, 0, bytes.len);
    uint8_t op = wasm_read_u8(&in);
    if (op == LNE_ADDRESS)
        row->address = wasm_read_fixed32(&in);
    if (op == LNE_END) {
        emit(s, row, true);
        *row = first_row;
    }
}

/* Section 6.2.5.1. */
static void special(const struct unit *u, struct search *s, struct row *row,
                    uint8_t op)
{
    uint32_t adjusted = (uint32_t)(op - u->opcode_base);
    row->address += adjusted / u->line_range * u->least;
    row->line += (uint32_t)u->line_base + adjusted % u->line_range;
    emit(s, row, false);
}

/* A row is good until the next one of its sequence. */
static void emit(struct search *s, const struct row *row, bool last)
{
    if (!s->any)
        s->first = row->address;
    s->hit = s->any && s->first >= s->begin && s->first <= s->begin_last &&
             s->before.address <= s->target && s->target < row->address;
    if (s->hit)
        s->found = s->before;
    s->before = *row;
    s->any = !last;
}

/* ---- file names ---- */

static struct tomte_span read_text(struct wasm_reader *r)
{
    const uint8_t *from = r->at;
    while (wasm_left(r) != 0 && *r->at != 0)
        wasm_read_u8(r);
    struct tomte_span text = TOMTE_SPAN(from, (size_t)(r->at - from));
    wasm_read_u8(r);
    return text;
}

static void join(char *path, struct tomte_span folder, struct tomte_span file)
{
    struct tomte_text t;
    tomte_text_init(&t, path, SOURCE_PATH_MAX);
    if (folder.len != 0 && (file.len == 0 || file.data[0] != '/')) {
        tomte_text_span(&t, folder);
        tomte_text_char(&t, '/');
    }
    tomte_text_span(&t, file);
}

static void find_path(struct unit *u, uint32_t file, char *path)
{
    join(path, TOMTE_SPAN_NONE, TOMTE_SPAN_LIT("?"));
    if (u->version == 4)
        find_path4(u, file, path);
    else
        find_path5(u, file, path);
}

/* Folders then files, each list ended by an empty name; both count from 1,
 * folder 0 is where the compiler ran. Section 6.2.4 of version 4. */
static void find_path4(struct unit *u, uint32_t file, char *path)
{
    struct wasm_reader *r = &u->names, folders = *r;
    while (wasm_left(r) != 0 && *r->at != 0)
        read_text(r);
    wasm_read_u8(r);
    for (uint32_t i = 1; wasm_left(r) != 0 && *r->at != 0; i++) {
        struct tomte_span name = read_text(r), folder = TOMTE_SPAN_NONE;
        uint32_t in = wasm_read_u32(r);
        wasm_read_s64(r); /* time and size: any number */
        wasm_read_s64(r);
        if (i != file)
            continue;
        for (uint32_t k = 1; k <= in && wasm_left(&folders) != 0; k++)
            folder = read_text(&folders);
        if (r->err == TOMTE_OK)
            join(path, folder, name);
        return;
    }
}

/* One fact about a file: a text, or a number. Section 7.5.6. */
static void read_fact(struct unit *u, uint32_t form, struct tomte_span *text,
                      uint32_t *number)
{
    struct wasm_reader *r = &u->names;
    const struct module_section *s = NULL;
    switch (form) {
    case FORM_STRING:
        *text = read_text(r);
        return;
    case FORM_LINE_STRP:
        s = module_map_custom(u->map, ".debug_line_str");
        break;
    case FORM_STRP:
        s = module_map_custom(u->map, ".debug_str");
        break;
    case FORM_UDATA:
        *number = wasm_read_u32(r);
        return;
    case FORM_DATA1:
        *number = wasm_read_u8(r);
        return;
    case FORM_DATA2:
        *number = read_u16(r);
        return;
    case FORM_DATA4:
        *number = wasm_read_fixed32(r);
        return;
    case FORM_DATA8:
        wasm_read_fixed64(r);
        return;
    case FORM_DATA16:
        wasm_read_bytes(r, 16);
        return;
    case FORM_BLOCK:
        wasm_read_bytes(r, wasm_read_u32(r));
        return;
    default:
        wasm_fail(r, TOMTE_ERR_UNSUPPORTED, "form");
        return;
    }
    uint32_t at = wasm_read_fixed32(r);
    if (s == NULL || at >= s->at + s->len - s->data)
        return;
    struct wasm_reader in =
        wasm_reader_over(u->map->bytes, s->data + at, (size_t)s->at + s->len);
    *text = read_text(&in);
}

/* The entry `wanted` of a list, which says first what is known of each. */
static void find_entry(struct unit *u, uint32_t wanted, struct tomte_span *name,
                       uint32_t *folder)
{
    struct wasm_reader *r = &u->names;
    uint32_t what[FORMATS_MAX], form[FORMATS_MAX];
    uint8_t facts = wasm_read_u8(r);
    if (facts > FORMATS_MAX) {
        wasm_fail(r, TOMTE_ERR_TOO_LARGE, "facts");
        return;
    }
    for (uint8_t i = 0; i < facts; i++) {
        what[i] = wasm_read_u32(r);
        form[i] = wasm_read_u32(r);
    }
    uint32_t count = wasm_read_u32(r);
    for (uint32_t i = 0; i < count && facts != 0 && r->err == TOMTE_OK; i++)
        for (uint8_t k = 0; k < facts; k++) {
            struct tomte_span text = TOMTE_SPAN_NONE;
            uint32_t number = 0;
            read_fact(u, form[k], &text, &number);
            if (i == wanted && what[k] == LNCT_PATH)
                *name = text;
            if (i == wanted && what[k] == LNCT_FOLDER)
                *folder = number;
        }
}

/* Both lists count from 0. */
static void find_path5(struct unit *u, uint32_t file, char *path)
{
    struct tomte_span name = TOMTE_SPAN_NONE, folder = TOMTE_SPAN_NONE;
    struct wasm_reader folders = u->names;
    uint32_t in = 0, none = 0;
    find_entry(u, UINT32_MAX, &folder, &none);
    find_entry(u, file, &name, &in);
    if (u->names.err != TOMTE_OK || name.len == 0)
        return;
    u->names = folders;
    find_entry(u, in, &folder, &none);
    join(path, folder, name);
}
