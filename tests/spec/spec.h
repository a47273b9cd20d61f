/* SPDX-License-Identifier: Apache-2.0 */
/* The runner of the official WebAssembly specification tests.
 *
 * What wabt's wast2json makes of a test file is a list of commands and the
 * modules they name. A script (script.c) carries the commands out in a world
 * (world.c): one store, the modules made so far and their names. The tally
 * (tally.c) counts assertions, and says which failed and why.
 *
 * With --snapshot every call is run in small slices of fuel, and what can be
 * made a snapshot moves at each slice into a second instance (twin.c), of two
 * that execute in different forms. */
#pragma once

#include <cjson/cJSON.h>

#include "wasm/wasm.h"

#define SPEC_SLOTS_MAX        64 /* of the results of one call */
#define SPEC_BUDGET           (UINT64_C(1) << 32)
#define SPEC_GENERATED_BUDGET 200000

struct spec_mode {
    bool snapshot;
    bool slots; /* slot code wherever there can be some */
};

/* ---- tally ---- */

/* Why an assertion failed or was skipped. */
enum spec_reason {
    SPEC_PASSED,
    SPEC_NO_MODULE,     /* the module it needs was not made */
    SPEC_WRONG_RESULT,  /* another value than expected */
    SPEC_WRONG_OUTCOME, /* a trap or a result where the other is expected */
    SPEC_WRONG_TRAP,    /* another trap than expected */
    SPEC_WRONG_MODULE,  /* accepted, or refused for another reason */
    SPEC_WRONG_TWIN,    /* the restored instance went another way */
    SPEC_NO_SUCH_TEST,  /* the runner does not know how */
    SPEC_LIMIT,         /* skipped: larger than the engine's bounds */
    SPEC_REASONS
};

struct spec_tally {
    const char *file; /* the test file, and the line of the command there */
    int line;
    unsigned count[SPEC_REASONS]; /* assertions by how they ended */
    unsigned others_failed;       /* modules and actions that assert nothing */
    unsigned calls;
    unsigned carried_calls, carried_again; /* moved at all, and midway */
    unsigned carries;
    unsigned functions, translated; /* to slot code */
};

/* Count one assertion; when it did not pass, print where and why. */
void spec_count(struct spec_tally *t, enum spec_reason reason,
                const char *command, const char *detail);

/* What the file needs was not made or done: no assertion, but a failure. */
void spec_other_failed(struct spec_tally *t, const char *detail);

/* The table by reason and the closing line; true when all is well. `expected`
 * is how many assertions there are to be; 0: any number. */
bool spec_close(const struct spec_tally *t, unsigned expected,
                struct spec_mode mode);

/* ---- values ---- */

/* The argument in slots; how many slots, 0 when it is not understood. */
uint32_t spec_value_parse(const cJSON *value, uint32_t out[2]);

/* Is this value of this type what is expected? When not, `text` says so. */
bool spec_value_matches(const cJSON *expected, uint8_t type,
                        const uint32_t *slots, char *text, size_t size);

/* ---- the world of one test file ---- */

/* The second and third instance of a module, that a call moves between. */
struct spec_twin {
    struct tomte_wasm_instance *pair[2]; /* [0] is NULL: cannot be snapshot */
    unsigned at;                         /* where the state is now */
};

/* A module that was made, under its name in the file ("" when it has none). */
struct spec_instance {
    char *name;
    struct tomte_wasm_instance *wasm;
    struct spec_twin twin;
    struct spec_instance *next;
};

struct spec_world {
    struct spec_mode mode;
    uint64_t budget; /* of each call */
    unsigned made;   /* modules that others may import from */
    struct spec_tally *tally;
    struct tomte_arena arena;
    struct tomte_arena scratch; /* lent to each restore */
    struct tomte_wasm_store *store;
    struct spec_instance *instances; /* the latest first */
    struct spec_instance *current;   /* NULL: the latest was not made */
    struct tomte_wasm_namespace *names;
    size_t name_count;
    struct spec_mapping *mappings;
};

/* How the making of a module ended. */
enum spec_stage { SPEC_MADE, SPEC_NOT_LOADED, SPEC_NOT_LINKED, SPEC_TRAPPED };
struct spec_made {
    enum spec_stage stage;
    enum tomte_err err;
    const char *what; /* of the error or the trap */
};

void spec_world_init(struct spec_world *w, struct spec_tally *tally,
                     struct spec_mode mode);
void spec_world_wipe(struct spec_world *w);

/* Load only. */
struct spec_made spec_world_load(struct spec_world *w, const char *path,
                                 const struct tomte_wasm_module **module);

/* Load, instantiate and start. `alone`: nobody will import from it, so it may
 * be made outside of the store and then be snapshot. */
struct spec_made spec_world_make(struct spec_world *w, const char *path,
                                 const char *name, bool alone);

/* By name; the current one when `name` is NULL; NULL when there is none. */
struct spec_instance *spec_world_find(struct spec_world *w, const char *name);

void spec_world_register(struct spec_world *w, struct spec_instance *instance,
                         const char *as);

/* A whole file in memory that lives as long as the world; data NULL when it
 * cannot be read. */
struct tomte_span spec_world_file(struct spec_world *w, const char *path);

/* ---- calls ---- */

enum spec_end { SPEC_RETURNED, SPEC_TRAP, SPEC_REFUSED, SPEC_DIVERGED };
struct spec_outcome {
    enum spec_end end;
    const char *text;        /* the trap's, or why not */
    struct tomte_span types; /* of the results, when RETURNED */
    uint32_t slots[SPEC_SLOTS_MAX];
};

struct spec_outcome spec_call(struct spec_world *w,
                              struct spec_instance *instance, uint32_t func,
                              const uint32_t *args, uint32_t arg_slots);

/* Run what is READY to its end, in one go or, with --snapshot, in slices. */
void spec_run(struct spec_world *w, struct tomte_wasm_instance *wasm);

/* Run the twin as `plain` was run, from slice to slice in turns in the one and
 * in the other instance; NULL when both ended alike, else what differs. Does
 * nothing when there is no twin. */
const char *spec_twin_start(struct spec_world *w, struct spec_twin *twin,
                            uint32_t func, const uint32_t *args,
                            uint32_t arg_slots);
const char *spec_twin_run(struct spec_world *w, struct spec_twin *twin,
                          const struct tomte_wasm_instance *plain);

/* ---- generated modules ---- */

/* Call all that the module exports; false when it cannot be read. */
bool spec_generated_run(const char *path, struct spec_tally *tally,
                        struct spec_mode mode);

/* ---- scripts ---- */

/* Carry out all commands of one JSON file; false when it cannot be read. */
bool spec_script_run(const char *path, struct spec_tally *tally,
                     struct spec_mode mode);
