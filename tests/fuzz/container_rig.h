/* SPDX-License-Identifier: Apache-2.0 */
/* A store on a disk, and a container on it, for the targets container_*.c. */
#pragma once

#include "base/base.h"
#include "container/container.h"
#include "cose/signed.h"
#include "crypto/crypto.h"
#include "sim/disk.h"
#include "wasm/wasm.h"

#include <string.h>

#define RIG_PORTS 4

static struct tomte_disk *rig_disk;
static struct tomte_store rig_store;

struct rig {
    struct tomte_history history;
    struct tomte_container c;
    struct tomte_arena arena, scratch;
    uint8_t memory[160 << 10], scratch_memory[320 << 10], ring[4096];
};

static struct tomte_name rig_name(const char *text)
{
    struct tomte_name n;
    TOMTE_ASSERT(tomte_name_parse(tomte_span_str(text), &n) == TOMTE_OK);
    return n;
}

/* Ports: 0 in event, 1 in state, 2 out state, 3 out event. */
static struct tomte_span rig_image(uint8_t durability, struct tomte_span module,
                                   struct tomte_buf out)
{
    static struct tomte_manifest m;
    static uint8_t manifest[TOMTE_MANIFEST_BYTES_MAX];
    static const char *const names[RIG_PORTS] = {"e", "s", "o", "q"};
    struct tomte_span bytes, image;
    tomte_manifest_init(&m);
    m.name = rig_name("m");
    m.version = 1;
    m.author[m.author_len++] = 'a';
    m.memory_bytes = 65536;
    m.stack_bytes = 2048;
    m.fuel_per_event = 3000;
    m.log_bytes_max = sizeof((struct rig *)0)->ring;
    m.durability = durability % 3;
    for (unsigned i = 0; i < RIG_PORTS; i++) {
        m.ports[i].name = rig_name(names[i]);
        m.ports[i].type = rig_name("y");
        m.ports[i].direction = i < 2 ? TOMTE_PORT_IN : TOMTE_PORT_OUT;
        m.ports[i].kind =
            i == 0 || i == 3 ? TOMTE_PORT_EVENT : TOMTE_PORT_STATE;
    }
    m.ports_len = RIG_PORTS;
    TOMTE_ASSERT(tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(manifest), &bytes,
                                       NULL) == TOMTE_OK);
    static struct tomte_key_pair author;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES] = {1};
    enum tomte_err err =
        tomte_key_pair_init(&author, &tomte_crypto_fake, random);
    TOMTE_ASSERT(err == TOMTE_OK);
    err = tomte_image_build(&tomte_crypto_fake, bytes, module, &author, out,
                            &image);
    TOMTE_ASSERT(err == TOMTE_OK);
    return image;
}

static void rig_begin(void)
{
    static uint8_t memory[32768];
    static struct tomte_arena arena;
    struct tomte_store_report report;
    rig_disk = tomte_disk_new(&(struct tomte_disk_config){.sector_bytes = 4096,
                                                          .sector_count = 64,
                                                          .program_unit = 4,
                                                          .strict = true});
    struct tomte_block block = tomte_disk_block(rig_disk);
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {.block = block,
                                        .arena = &arena,
                                        .records_max = 16,
                                        .logs_max = 4,
                                        .blobs_max = 4};
    TOMTE_ASSERT(tomte_store_format(&block, 12) == TOMTE_OK);
    TOMTE_ASSERT(tomte_store_mount(&rig_store, &config, &report) == TOMTE_OK);
}

static void rig_end(void)
{
    tomte_disk_free(rig_disk);
}

/* A state of 5 bytes, the same on every port. */
static int32_t rig_get(void *ctx, unsigned port, struct tomte_buf out)
{
    (void)ctx;
    (void)port;
    memcpy(out.data, "state", 5);
    return 5;
}

/* Opens the history of "it" and loads the image: false when it cannot run. */
static bool rig_load(struct rig *r, struct tomte_span image, uint8_t durability,
                     uint64_t epoch)
{
    struct tomte_history_config history = {.store = &rig_store,
                                           .identity = rig_name("it"),
                                           .log_bytes_max = sizeof r->ring};
    struct tomte_container_config config = {.identity = rig_name("it"),
                                            .epoch = epoch,
                                            .crypto = &tomte_crypto_fake,
                                            .wasm_limits =
                                                &tomte_wasm_limits_mcu,
                                            .arena = &r->arena,
                                            .scratch = &r->scratch,
                                            .history = &r->history,
                                            .get_state = rig_get};
    if (durability % 3 == TOMTE_DURABILITY_NONE)
        history.ring = TOMTE_BUF_ARRAY(r->ring);
    TOMTE_ASSERT(tomte_history_open(&r->history, &history) == TOMTE_OK);
    tomte_arena_init(&r->arena, r->memory, sizeof r->memory);
    tomte_arena_init(&r->scratch, r->scratch_memory, sizeof r->scratch_memory);
    tomte_container_init(&r->c, &config);
    bool loaded = tomte_container_load(&r->c, image) == TOMTE_OK;
    TOMTE_ASSERT(r->scratch.used == 0);
    TOMTE_ASSERT(loaded ||
                 (r->c.state == TOMTE_CONTAINER_FAILED && r->c.reason[0] != 0));
    return loaded;
}

/* To the end: false when it FAILED, which it says why. */
static bool rig_replay(struct rig *r)
{
    for (unsigned i = 0; i < 100000; i++) {
        enum tomte_run run = tomte_container_replay(&r->c, 500);
        if (run == TOMTE_RUN_RECOVERED)
            return true;
        if (run != TOMTE_RUN_FAILED)
            continue;
        TOMTE_ASSERT(r->c.state == TOMTE_CONTAINER_FAILED);
        TOMTE_ASSERT(r->c.reason[0] != 0);
        return false;
    }
    tomte_panic(__FILE__, __LINE__, "a replay without an end");
}

struct rig_digest {
    uint8_t bytes[TOMTE_IMAGE_DIGEST_BYTES];
};

/* False: it is not between two events, or stopped. */
static bool rig_digest(struct rig *r, struct rig_digest *d)
{
    return tomte_container_state_digest(&r->c, d->bytes) == TOMTE_OK;
}
