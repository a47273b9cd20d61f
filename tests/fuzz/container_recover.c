/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a history, as a standby takes it from a hostile owner, and then
 * as the state to go on from: refused without a trace, or a container that runs
 * on and comes to the same state again. Checksum and image of the checkpoint
 * are made right first.
 *
 *   checkpoint length:2  checkpoint  then records: length:2  record */
#include "container_rig.h"

#include "base/crc.h"
#include "container/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* (func (export "tomte_event") (param i32 i32 i32 i64)): counts in a global and
 * puts the count, four bytes, on port 2. */
/* clang-format off */
static const uint8_t module[] = {
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    /* types */
    1, 0x0f, 2, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f,
    0x60, 4, 0x7f, 0x7f, 0x7f, 0x7e, 0,
    /* import tomte.put */
    2, 0x0d, 1, 5, 0x74, 0x6f, 0x6d, 0x74, 0x65, 3, 0x70, 0x75, 0x74, 0, 0,
    /* function, memory of 64 pages of one byte, global */
    3, 2, 1, 1,
    5, 4, 1, 8, 0x40, 0,
    6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b,
    /* export tomte_event */
    7, 0x0f, 1, 0x0b, 0x74, 0x6f, 0x6d, 0x74, 0x65, 0x5f, 0x65, 0x76, 0x65,
    0x6e, 0x74, 0, 1,
    /* code */
    0x0a, 0x1b, 1, 0x19, 0,
    0x23, 0, 0x41, 1, 0x6a, 0x24, 0,
    0x41, 8, 0x23, 0, 0x36, 2, 0,
    0x41, 2, 0x41, 8, 0x41, 4, 0x10, 0, 0x1a,
    0x0b,
};
/* clang-format on */

static struct rig standby, owner;
static uint8_t image_bytes[8192], checkpoint[8192];
static struct tomte_span in;

static struct tomte_span take(void)
{
    if (in.len < 2)
        return TOMTE_SPAN_NONE;
    struct tomte_span piece = tomte_span_slice(in, 2, tomte_get_be16(in.data));
    in = tomte_span_slice(in, 2 + piece.len, in.len);
    return piece;
}

/* The same with this image's digest, and a checksum that holds. */
static struct tomte_span mend(struct tomte_span bytes, struct tomte_span image)
{
    struct tomte_checkpoint_head head;
    uint8_t part[TOMTE_CHECKPOINT_HEAD_BYTES];
    const size_t tail = TOMTE_CHECKPOINT_TAIL_BYTES;
    if (bytes.len < tail || bytes.len > sizeof checkpoint)
        return bytes;
    memcpy(checkpoint, bytes.data, bytes.len);
    if (tomte_checkpoint_head_decode(bytes, &head) == TOMTE_OK) {
        tomte_image_digest(&tomte_crypto_fake, image, head.image);
        struct tomte_span fixed =
            tomte_checkpoint_head_encode(&head, TOMTE_BUF_ARRAY(part));
        memcpy(checkpoint, fixed.data, fixed.len);
    }
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(checkpoint, bytes.len - tail));
    tomte_checkpoint_tail_encode(crc, checkpoint + bytes.len - tail);
    return TOMTE_SPAN(checkpoint, bytes.len);
}

/* What is refused leaves what was there. */
static bool put_checkpoint(struct tomte_history *h, struct tomte_span bytes)
{
    if (tomte_history_checkpoint_begin(h, (uint32_t)bytes.len) != TOMTE_OK)
        return false;
    for (size_t at = 0; at < bytes.len; at += 100) {
        enum tomte_err err =
            tomte_history_checkpoint_write(h, tomte_span_slice(bytes, at, 100));
        if (err == TOMTE_OK)
            continue;
        tomte_history_checkpoint_abort(h);
        return false;
    }
    bool had = tomte_history_has_checkpoint(h);
    if (tomte_history_checkpoint_commit(h) == TOMTE_OK)
        return true;
    TOMTE_ASSERT(tomte_history_has_checkpoint(h) == had);
    return false;
}

static void put_records(struct tomte_history *h)
{
    for (unsigned i = 0; i < 20 && in.len > 0; i++) {
        uint64_t held = tomte_history_held(h);
        enum tomte_err err = tomte_history_append(h, take());
        TOMTE_ASSERT(tomte_history_held(h) == held + (err == TOMTE_OK));
    }
}

/* True, and READY or at rest, or FAILED for a reason. */
static bool recover(struct rig *r, struct tomte_span image, uint64_t epoch)
{
    TOMTE_ASSERT(rig_load(r, image, TOMTE_DURABILITY_SYNC, epoch));
    if (tomte_container_recover(&r->c, 1000, 50) != TOMTE_OK) {
        TOMTE_ASSERT(r->c.state == TOMTE_CONTAINER_FAILED);
        TOMTE_ASSERT(r->c.reason[0] != 0 && r->scratch.used == 0);
        return false;
    }
    return rig_replay(r);
}

static void go_on(struct rig *r)
{
    struct tomte_event e = {.kind = TOMTE_EVENT_START,
                            .unix_hi_ms = UINT64_MAX};
    if (r->c.state != TOMTE_CONTAINER_READY ||
        tomte_container_checkpoint(&r->c, 1000, TOMTE_SPAN_NONE) != TOMTE_OK)
        return;
    if (!tomte_container_needs_start(&r->c))
        e.kind = TOMTE_EVENT_MESSAGE;
    if (tomte_container_begin(&r->c, 1000, &e) != TOMTE_OK)
        return;
    while (tomte_container_run(&r->c, 500) == TOMTE_RUN_MORE)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_digest first, second;
    struct tomte_span image =
        rig_image(TOMTE_DURABILITY_SYNC, TOMTE_SPAN_ARRAY(module),
                  TOMTE_BUF_ARRAY(image_bytes));
    in = TOMTE_SPAN(data, size);
    rig_begin();
    TOMTE_ASSERT(rig_load(&standby, image, TOMTE_DURABILITY_SYNC, 1));
    if (put_checkpoint(&standby.history, mend(take(), image))) {
        put_records(&standby.history);
        uint64_t epoch = tomte_history_epoch(&standby.history) + 1;
        if (recover(&owner, image, epoch) && rig_digest(&owner, &first)) {
            TOMTE_ASSERT(recover(&standby, image, epoch));
            TOMTE_ASSERT(rig_digest(&standby, &second));
            TOMTE_ASSERT(memcmp(&first, &second, sizeof first) == 0);
            go_on(&owner);
        }
    }
    rig_end();
    return 0;
}
