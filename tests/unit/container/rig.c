/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/container/rig.h"

#include "crypto/crypto.h"
#include "test.h"
#include "unit/container/make.h"
#include "wasm/wasm.h"

#include <stdio.h>

/* ---- the store --------------------------------------------------------- */

void rig_store_mount(struct rig_store *r)
{
    tomte_arena_init(&r->arena, r->memory, sizeof(r->memory));
    struct tomte_store_config config = {.block = tomte_disk_block(r->disk),
                                        .arena = &r->arena,
                                        .records_max = 64,
                                        .logs_max = 8,
                                        .blobs_max = 8};
    CHECK_OK(tomte_store_mount(&r->store, &config, &r->report));
}

void rig_store_new(struct rig_store *r, uint64_t seed)
{
    struct tomte_disk_config config = {.sector_bytes = 4096,
                                       .sector_count = 64,
                                       .program_unit = 4,
                                       .strict = true,
                                       .mappable = seed % 2 == 0,
                                       .seed = seed};
    r->disk = tomte_disk_new(&config);
    CHECK(r->disk != NULL);
    struct tomte_block block = tomte_disk_block(r->disk);
    CHECK_OK(tomte_store_format(&block, 24));
    rig_store_mount(r);
}

void rig_store_free(struct rig_store *r)
{
    tomte_disk_free(r->disk);
    r->disk = NULL;
}

void rig_store_crash(struct rig_store *r)
{
    tomte_disk_crash(r->disk);
    rig_store_mount(r);
}

/* ---- the image --------------------------------------------------------- */

struct tomte_span rig_module(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s.wasm", TOMTE_CONTAINERS, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        SKIP("no clang or wasm-ld to build containers with");
    fclose(f);
    return test_file(path);
}

void rig_image(struct rig *r, const struct tomte_manifest *m,
               struct tomte_span module)
{
    uint8_t bytes[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_span manifest;
    CHECK_OK(tomte_manifest_encode(m, TOMTE_BUF_ARRAY(bytes), &manifest, NULL));
    CHECK_OK(tomte_image_build(&tomte_crypto_fake, manifest, module,
                               make_author(1), TOMTE_BUF_ARRAY(r->image),
                               &r->image_span));
    r->now_ms = 1000;
    for (size_t i = 0; i < TOMTE_LIMIT_PORTS; i++)
        r->state_len[i] = TOMTE_ABI_NOT_FOUND;
}

static int32_t get_state(void *ctx, unsigned port, struct tomte_buf out)
{
    struct rig *r = ctx;
    r->gets++;
    if (r->state_len[port] > 0) {
        CHECK((size_t)r->state_len[port] <= out.cap);
        memcpy(out.data, r->state[port], (size_t)r->state_len[port]);
    }
    return r->state_len[port];
}

/* ---- life -------------------------------------------------------------- */

enum tomte_err rig_load(struct rig *r, struct rig_store *on, uint64_t epoch)
{
    struct tomte_image image;
    struct tomte_manifest m;
    CHECK_OK(tomte_image_open(r->image_span, &image));
    CHECK_OK(tomte_manifest_decode(image.manifest, &m, NULL));
    struct tomte_history_config history = {.store = &on->store,
                                           .identity = make_name("it"),
                                           .log_bytes_max = m.log_bytes_max};
    if (m.durability == TOMTE_DURABILITY_NONE)
        history.ring = TOMTE_BUF(r->ring, m.log_bytes_max);
    CHECK_OK(tomte_history_open(&r->history, &history));
    r->on = on;
    r->epoch = epoch;
    tomte_arena_init(&r->arena, r->memory, sizeof(r->memory));
    tomte_arena_init(&r->scratch, r->scratch_memory, sizeof(r->scratch_memory));
    struct tomte_container_config config = {
        .identity = make_name("it"),
        .epoch = epoch,
        .crypto = &tomte_crypto_fake,
        .wasm_limits = &tomte_wasm_limits_hub,
        .arena = &r->arena,
        .scratch = &r->scratch,
        .history = &r->history,
        .get_state = get_state,
        .get_ctx = r,
    };
    tomte_container_init(&r->c, &config);
    return tomte_container_load(&r->c, r->image_span);
}

static void must_load(struct rig *r, struct rig_store *on, uint64_t epoch)
{
    if (rig_load(r, on, epoch) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, r->c.reason);
}

void rig_start(struct rig *r, struct rig_store *on)
{
    must_load(r, on, 1);
    CHECK_OK(tomte_container_start(&r->c, r->now_ms));
    rig_checkpoint(r);
}

unsigned rig_recover(struct rig *r, struct rig_store *on, uint64_t epoch,
                     uint64_t elapsed_ms)
{
    must_load(r, on, epoch);
    if (tomte_container_recover(&r->c, r->now_ms, elapsed_ms) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, r->c.reason);
    return rig_replay(r);
}

void rig_checkpoint(struct rig *r)
{
    CHECK_OK(tomte_container_checkpoint(&r->c, r->now_ms,
                                        TOMTE_SPAN_LIT("node part")));
    CHECK_OK(tomte_store_sync(&r->on->store));
    CHECK_EQ(0, r->scratch.used);
}

/* ---- events ------------------------------------------------------------ */

enum tomte_run rig_run(struct rig *r, const struct tomte_event *event)
{
    enum tomte_run run;
    CHECK_OK(tomte_container_begin(&r->c, r->now_ms, event));
    do {
        run = tomte_container_run(&r->c, RIG_FUEL);
    } while (run == TOMTE_RUN_MORE);
    return run;
}

enum tomte_run rig_event(struct rig *r, const struct tomte_event *event)
{
    enum tomte_run run = rig_run(r, event);
    if (run == TOMTE_RUN_DONE) {
        CHECK_OK(tomte_container_commit(&r->c));
    } else {
        CHECK_EQ(TOMTE_RUN_TRAPPED, run);
        CHECK_OK(tomte_container_undo(&r->c, r->now_ms, NULL));
        rig_replay(r);
    }
    CHECK_OK(tomte_store_sync(&r->on->store));
    return run;
}

unsigned rig_replay(struct rig *r)
{
    unsigned replayed = 0;
    unsigned gets = r->gets;
    for (;;) {
        enum tomte_run run = tomte_container_replay(&r->c, RIG_FUEL);
        if (run == TOMTE_RUN_FAILED)
            test_fail(__FILE__, __LINE__, r->c.reason);
        if (run == TOMTE_RUN_RECOVERED)
            break;
        replayed += run == TOMTE_RUN_REPLAYED;
    }
    CHECK_EQ(gets, r->gets); /* a replay asks nobody */
    return replayed;
}

enum tomte_run rig_send(struct rig *r, enum tomte_event_kind kind,
                        unsigned port, const char *payload)
{
    struct tomte_event event = {.kind = kind,
                                .port = port,
                                .payload = tomte_span_str(payload),
                                .seed = 7,
                                .unix_hi_ms = UINT64_MAX};
    return rig_event(r, &event);
}

struct tomte_span rig_output(const struct rig *r, size_t i)
{
    CHECK(i < tomte_container_outputs(&r->c));
    return tomte_container_output(&r->c, i).payload;
}

struct rig_digest rig_digest(struct rig *r)
{
    struct rig_digest d;
    CHECK_OK(tomte_container_state_digest(&r->c, d.bytes));
    CHECK_EQ(0, r->scratch.used);
    return d;
}

bool rig_digest_equal(struct rig_digest a, struct rig_digest b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}
