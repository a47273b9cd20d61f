/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/sidetable.h"

#include "base/assert.h"

#include <string.h>

#define KEEP_MAX 14u
#define DROP_MAX 0xfffu

static struct wasm_side *entry_at(const struct wasm_side_builder *b,
                                  uint32_t entry);
static struct wasm_side *append(struct wasm_side_builder *b);
static void set_word(struct wasm_side *e, uint32_t word);
static struct wasm_far *add_far(struct wasm_side_builder *b,
                                struct wasm_side *e, uint32_t keep,
                                uint32_t drop);

void wasm_side_init(struct wasm_side_builder *b, struct tomte_arena *arena)
{
    *b = (struct wasm_side_builder){.arena = arena};
    if (arena == NULL)
        return;
    b->units = tomte_arena_take(arena, 0, sizeof(uint16_t));
    if (b->units == NULL) {
        b->err = TOMTE_ERR_NO_MEMORY;
        return;
    }
    b->far = (struct wasm_far *)(void *)(arena->base + arena->size);
}

uint32_t wasm_side_begin(struct wasm_side_builder *b)
{
    b->base = b->unit_count;
    return b->base;
}

void wasm_side_map(struct wasm_side_builder *b, uint16_t unit)
{
    b->unit_count++;
    if (b->arena == NULL || b->err != TOMTE_OK)
        return;
    uint16_t *p = tomte_arena_take(b->arena, sizeof *p, sizeof *p);
    if (p == NULL)
        b->err = TOMTE_ERR_NO_MEMORY;
    else
        *p = unit;
}

uint32_t wasm_side_at(const struct wasm_side_builder *b)
{
    return b->unit_count - b->base;
}

void wasm_side_target(struct wasm_side_builder *b, uint32_t keep, uint32_t drop,
                      uint32_t pc, uint32_t side)
{
    uint32_t chain = WASM_SIDE_END;
    wasm_side_forward(b, keep, drop, &chain);
    wasm_side_resolve(b, chain, pc, side);
    if (b->arena == NULL || b->err != TOMTE_OK)
        return;
    struct wasm_side *e =
        entry_at(b, b->unit_count - b->base - WASM_SIDE_UNITS);
    if (e->slots == 0)
        e->slots = WASM_SIDE_BACK;
}

void wasm_side_forward(struct wasm_side_builder *b, uint32_t keep,
                       uint32_t drop, uint32_t *chain)
{
    uint32_t entry = wasm_side_at(b);
    struct wasm_side *e = append(b);
    if (e == NULL)
        return;
    if (keep <= KEEP_MAX && drop <= DROP_MAX) {
        e->slots = (uint16_t)(keep << 12 | drop);
        set_word(e, *chain);
    } else {
        struct wasm_far *far = add_far(b, e, keep, drop);
        if (far == NULL)
            return;
        far->pc = *chain;
    }
    *chain = entry;
}

void wasm_side_resolve(struct wasm_side_builder *b, uint32_t chain, uint32_t pc,
                       uint32_t side)
{
    while (chain != WASM_SIDE_END && b->err == TOMTE_OK && b->arena != NULL) {
        struct wasm_side *e = entry_at(b, chain);
        struct wasm_far *far = NULL;
        if (e->slots == WASM_SIDE_FAR) {
            far = &b->far[-1 - (int32_t)wasm_side_word(e)];
            chain = far->pc;
        } else {
            chain = wasm_side_word(e);
            if (pc <= UINT16_MAX && side <= UINT16_MAX)
                set_word(e, side << 16 | pc);
            else
                far = add_far(b, e, e->slots >> 12, e->slots & DROP_MAX);
        }
        if (far != NULL) {
            far->pc = pc;
            far->side = side;
        }
    }
}

void wasm_side_mark(struct wasm_side_builder *b, uint16_t mark, uint32_t word)
{
    struct wasm_side *e = append(b);
    if (e == NULL)
        return;
    e->slots = mark;
    set_word(e, word);
}

void wasm_side_set_word(struct wasm_side_builder *b, uint32_t entry,
                        uint32_t word)
{
    if (b->arena != NULL && b->err == TOMTE_OK)
        set_word(entry_at(b, entry), word);
}

void wasm_side_finish(struct wasm_side_builder *b,
                      struct wasm_side_table *table)
{
    /* A drop at the end of the last function looks at the entry after it. */
    append(b);
    size_t bytes = b->far_count * sizeof *b->far;
    size_t room = b->arena->size - b->arena->used;
    if (b->err != TOMTE_OK || (bytes != 0 && room < bytes + 4)) {
        b->err = TOMTE_ERR_NO_MEMORY;
        return;
    }
    struct wasm_far *far = tomte_arena_take(b->arena, bytes, sizeof(uint32_t));
    TOMTE_ASSERT(far != NULL);
    if (bytes != 0)
        memcpy(far, b->far - b->far_count, bytes);
    *table = (struct wasm_side_table){
        .units = b->units,
        .far = far + b->far_count,
        .unit_count = b->unit_count,
        .far_count = b->far_count,
    };
}

static struct wasm_side *entry_at(const struct wasm_side_builder *b,
                                  uint32_t entry)
{
    return (struct wasm_side *)(void *)(b->units + b->base + entry);
}

static void set_word(struct wasm_side *e, uint32_t word)
{
    e->pc = (uint16_t)word;
    e->side = (uint16_t)(word >> 16);
}

static struct wasm_side *append(struct wasm_side_builder *b)
{
    uint32_t entry = wasm_side_at(b);
    b->unit_count += WASM_SIDE_UNITS;
    if (b->arena == NULL || b->err != TOMTE_OK)
        return NULL;
    void *p = tomte_arena_take(b->arena, sizeof(struct wasm_side), 2);
    if (p == NULL) {
        b->err = TOMTE_ERR_NO_MEMORY;
        return NULL;
    }
    TOMTE_ASSERT(p == (void *)entry_at(b, entry));
    return p;
}

/* The entry becomes a far one; its record is taken from the arena's end. */
static struct wasm_far *add_far(struct wasm_side_builder *b,
                                struct wasm_side *e, uint32_t keep,
                                uint32_t drop)
{
    if (b->arena->size - b->arena->used < sizeof *b->far) {
        b->err = TOMTE_ERR_NO_MEMORY;
        return NULL;
    }
    b->arena->size -= sizeof *b->far;
    e->slots = WASM_SIDE_FAR;
    set_word(e, b->far_count);
    b->far_count++;
    struct wasm_far *far = b->far - b->far_count;
    *far = (struct wasm_far){.keep = keep, .drop = drop};
    return far;
}
