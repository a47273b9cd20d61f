/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/instance.h: an instance and its call under way.
 *
 * Values and frames share one block of 32-bit slots: values from its start up,
 * frames from its end down. Nothing in the block is a pointer.
 *
 *   slots   | args, locals, operands | args, ... ->      <- frame 1 | frame 0 |
 *
 * A call's arguments are the operands its caller pushed; they become the first
 * locals where they are. A frame belongs to the instance whose function it is;
 * linked instances' frames may be mixed on the stack of the one that was
 * started. */
#pragma once

#include "wasm/module.h"

#include <string.h>

/* A value of 64 bits in two slots, moved at once where the machine can: halves
 * written one by one would be waited for when they are read as one. */
static inline uint64_t wasm_get64(const uint32_t *slots)
{
#if UINTPTR_MAX > UINT32_MAX && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t v;
    memcpy(&v, slots, sizeof v);
    return v;
#else
    return tomte_wasm_get64(slots);
#endif
}

static inline void wasm_put64(uint32_t *slots, uint64_t v)
{
#if UINTPTR_MAX > UINT32_MAX && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(slots, &v, sizeof v);
#else
    tomte_wasm_put64(slots, v);
#endif
}

/* Function `func` of instance `id` of a store. Plus one it is a funcref. */
#define WASM_FUNC_BITS 20
#define WASM_FUNC_MASK ((1u << WASM_FUNC_BITS) - 1)

struct wasm_frame {
    uint32_t func; /* id << 20 | index */
    uint32_t pc;   /* offset in the module of the next instruction */
    uint32_t side; /* the next entry of the function's side table */
    uint32_t base; /* slot of its first local */
};

/* A frame of slot code has this in `side`, with the unit of the next
 * instruction, which is at a safepoint; its `pc` is not set: wasm_frame_pc. */
#define WASM_FRAME_SLOT_CODE 0x80000000u

#define WASM_FRAME_WORDS (sizeof(struct wasm_frame) / sizeof(uint32_t))

struct wasm_memory_inst {
    uint8_t *data;
    uint32_t len;
    uint32_t room; /* it may grow to so many bytes */
    uint8_t page_shift;
    bool has_max;
    uint32_t max; /* as declared, in pages */
};

struct wasm_table_inst {
    uint32_t *refs;
    uint32_t len;
    uint32_t room;
    uint8_t type;
    bool has_max;
    uint32_t max;
};

/* What an imported function is: the host's, or one of an instance. */
struct wasm_binding {
    const struct tomte_wasm_host_func *host;
    uint32_t func; /* when host is NULL: id << 20 | index */
};

struct tomte_wasm_store {
    uint32_t cap;
    uint32_t count;
    bool busy; /* one of them is being run */
    struct tomte_wasm_instance *instances[];
};

struct tomte_wasm_instance {
    const struct tomte_wasm_module *m;
    const struct tomte_wasm_code *code; /* its slot code, or NULL */
    struct tomte_wasm_store *store;     /* NULL: alone */
    uint32_t id;                        /* its place in the store */
    bool linked;                        /* another's state is part of its own */
    bool busy;
    void *user;

    struct wasm_memory_inst *memory; /* own or imported; never NULL */
    struct wasm_table_inst **tables;
    uint32_t **globals; /* to one or two slots each */
    struct wasm_binding *bindings;
    uint8_t *dropped_elems; /* one byte each */
    uint8_t *dropped_datas;
    struct wasm_memory_inst own_memory;
    struct wasm_table_inst *own_tables;
    uint32_t *own_globals;

    /* the call under way */
    enum tomte_wasm_status status;
    uint32_t *slots;
    uint32_t slot_count;
    uint32_t depth_max;
    uint32_t sp;      /* slots in use */
    uint32_t depth;   /* frames in use */
    uint32_t pending; /* host function called: id << 20 | index; or NONE */
    uint32_t result_slots;
    struct tomte_wasm_trap trap;

    /* fuel: used is `spent`, and grant - fuel of the slice being run */
    uint64_t budget;
    uint64_t spent;
    uint32_t slice;
    int32_t grant;
};

/* In a loop over few slots: the compiler is not to call memset for them. */
#define WASM_NO_MEMSET(p) __asm__("" : "+r"(p))

/* ---- functions across instances ---- */

/* The instance of a function's number, seen from one of its store; NULL when
 * there is none. `*index` is the function's index, below its count. */
struct tomte_wasm_instance *wasm_find_func(struct tomte_wasm_instance *from,
                                           uint32_t func, uint32_t *index);

static inline uint32_t wasm_func_number(const struct tomte_wasm_instance *i,
                                        uint32_t index)
{
    return i->id << WASM_FUNC_BITS | index;
}

/* A funcref is null, or of a function that there is. */
bool wasm_ref_ok(struct tomte_wasm_instance *from, uint32_t ref);

/* ---- linking and initial state ---- */

/* Resolve all imports. */
enum tomte_err wasm_link(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *config,
                         struct wasm_reader *r);

/* Memory, tables, globals and segments as they begin; then the start function
 * is READY. TRAP when a segment does not fit. */
enum tomte_err wasm_begin(struct tomte_wasm_instance *inst);

/* The value of the constant expression at `offset`. */
void wasm_eval(struct tomte_wasm_instance *inst, struct wasm_reader *r,
               uint32_t value[2]);

/* ---- frames ---- */

static inline struct wasm_frame *
wasm_frames_end(const struct tomte_wasm_instance *inst)
{
    return (struct wasm_frame *)(void *)(inst->slots + inst->slot_count);
}

/* Frame `depth` from the outermost, 0. */
static inline struct wasm_frame *
wasm_frame(const struct tomte_wasm_instance *inst, uint32_t depth)
{
    return wasm_frames_end(inst) - 1 - depth;
}

/* Its place in the module. */
uint32_t wasm_frame_pc(const struct tomte_wasm_instance *inst,
                       const struct wasm_frame *f);

/* A frame for function `index` of `owner`, arguments on the stack, in slot code
 * where it has that. False when there is no room; nothing is charged. */
bool wasm_push_frame(struct tomte_wasm_instance *inst,
                     struct tomte_wasm_instance *owner, uint32_t index);

/* Let frames just set up go on in slot code where there is some. */
void wasm_adopt_frames(struct tomte_wasm_instance *inst);

/* Make the call READY: arguments are on the stack, nothing else is. */
void wasm_enter_first(struct tomte_wasm_instance *inst, uint32_t func);

/* End the call under way with a trap. */
void wasm_set_trap(struct tomte_wasm_instance *inst,
                   enum tomte_wasm_trap_reason reason, const char *text,
                   const struct tomte_wasm_instance *where, uint32_t func,
                   uint32_t offset);

/* ---- fuel ---- */

/* Account for what was used of the slice since the last time, `fuel` being
 * left. Returns what may be used next. */
int32_t wasm_settle(struct tomte_wasm_instance *inst, int32_t fuel);

/* Charge for work by length; false when the budget does not allow it. */
bool wasm_charge(struct tomte_wasm_instance *inst, int32_t *fuel,
                 uint32_t cost);

/* ---- execution ---- */

/* Run the innermost frame until something ends that; sets status. */
void wasm_exec(struct tomte_wasm_instance *inst);

/* The two loops: the module's bytes in place, and slot code. True when the
 * innermost frame now is one for the other loop, or of another instance. */
bool wasm_exec_bytes(struct tomte_wasm_instance *inst);
bool wasm_exec_slots(struct tomte_wasm_instance *inst);

/* Call function `index` of `callee`, whatever it is, for the frame of `caller`
 * on top; the call is at `offset` of the module. All is saved but `*fuel`, the
 * arguments are on the stack. */
enum wasm_entered {
    WASM_ENTER_ANSWERED, /* by the host: results are on the stack */
    WASM_ENTER_FRAME,    /* a frame to go on with; fuel is settled */
    WASM_ENTER_FULL,     /* no room for a frame: nothing is done */
    WASM_ENTER_STOPPED,  /* out of fuel, or suspended, as the status says */
    WASM_ENTER_FAILED,   /* the host trapped */
};
enum wasm_entered wasm_enter_any(struct tomte_wasm_instance *inst,
                                 struct tomte_wasm_instance *caller,
                                 struct tomte_wasm_instance *callee,
                                 uint32_t index, int32_t *fuel,
                                 uint32_t offset);

/* The same in place of the frame on top, which is gone when it returns FRAME or
 * STOPPED. ANSWERED leaves it to the caller to return the results. */
enum wasm_entered wasm_enter_tail(struct tomte_wasm_instance *inst,
                                  struct tomte_wasm_instance *caller,
                                  struct tomte_wasm_instance *callee,
                                  uint32_t index, int32_t *fuel,
                                  uint32_t offset);

/* The instance of a function that is known to be there. */
struct tomte_wasm_instance *wasm_owner_of(struct tomte_wasm_instance *from,
                                          uint32_t func, uint32_t *index);

/* The function that an entry of a table refers to, of the type the call
 * expects, section 4.4.8. */
enum tomte_wasm_trap_reason
wasm_find_indirect(struct tomte_wasm_instance *from, uint32_t type,
                   uint32_t table, uint32_t entry,
                   struct tomte_wasm_instance **callee, uint32_t *index);

/* Call the host function that is pending on behalf of `caller`. True when its
 * results are on the stack in place of its arguments; else it trapped or is
 * suspended, as the status says. */
bool wasm_call_host(struct tomte_wasm_instance *inst,
                    struct tomte_wasm_instance *caller, int32_t *fuel,
                    uint32_t offset);

/* The host function that is pending, and its type. */
const struct tomte_wasm_host_func *
wasm_pending_host(const struct tomte_wasm_instance *inst,
                  struct tomte_wasm_type *type);

/* Instructions on tables and on memory as a whole. `sp` is above the operands
 * and is moved to above the results. Returns a trap's reason or NONE. */
enum tomte_wasm_trap_reason wasm_bulk(struct tomte_wasm_instance *inst,
                                      struct tomte_wasm_instance *owner,
                                      uint32_t op, uint32_t a, uint32_t b,
                                      uint32_t **sp, int32_t *fuel);
