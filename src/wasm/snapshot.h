/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/snapshot.h: what writing and reading a snapshot share. The format is in
 * docs/spec/snapshot.md. */
#pragma once

#include "wasm/instance.h"

#define WASM_SNAPSHOT_MAGIC   "TWSN"
#define WASM_SNAPSHOT_VERSION 1
#define WASM_SNAPSHOT_ID_MAX  64

/* Memory is looked at in blocks of so many bytes; those that are zero are left
 * out. */
#define WASM_SNAPSHOT_BLOCK 32

enum wasm_snapshot_status {
    WASM_SNAPSHOT_IDLE,
    WASM_SNAPSHOT_READY,
    WASM_SNAPSHOT_SUSPENDED,
};

/* A snapshot may be taken of it or restored into it. */
enum tomte_err wasm_snapshot_allowed(const struct tomte_wasm_instance *inst);

/* The call in a snapshot, checked. */
struct wasm_call_state {
    uint32_t status;
    uint32_t pending;
    uint32_t frame_count;
    uint32_t slot_count;
    const uint8_t *frames;    /* 8 bytes each */
    const uint8_t *slots;     /* 4 bytes each */
    struct wasm_frame *built; /* scratch: the frames as execution has them */
};

/* The frames and slots are a state in which a call of the module can be, and
 * fit the instance's stack. Fails through `r`; `scratch` lends memory. */
void wasm_check_call(struct tomte_wasm_instance *inst,
                     struct wasm_call_state *call, struct tomte_arena *scratch,
                     struct wasm_reader *r);
