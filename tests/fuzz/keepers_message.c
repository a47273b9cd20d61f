/* SPDX-License-Identifier: Apache-2.0 */
/* A frame of anybody, and the message in it: what decodes encodes to the same
 * bytes, and nothing stays allocated. */
#include "keepers/heap.h"
#include "keepers/message.h"

#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keepers_heap heap;

static void fuzz_frame(struct tomte_span in)
{
    static uint8_t memory[2 * TOMTE_REPLICA_FRAME_MAX];
    struct keepers_frame f;
    struct tomte_span bytes;
    if (in.len > TOMTE_REPLICA_FRAME_MAX ||
        keepers_frame_decode(in, &f) != TOMTE_OK)
        return;
    enum tomte_err err =
        keepers_frame_encode(&f, TOMTE_BUF_ARRAY(memory), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK && tomte_span_equal(in, bytes));
}

static void fuzz_message(struct tomte_span in)
{
    struct raft_message m;
    struct tomte_buf bytes;
    if (keepers_message_decode(in, 7, &m) != TOMTE_OK)
        return;
    unsigned n =
        m.type == RAFT_IO_APPEND_ENTRIES ? m.append_entries.n_entries : 0;
    enum tomte_err err = keepers_message_encode(&m, n, &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(in, TOMTE_SPAN(bytes.data, bytes.cap)));
    raft_free(bytes.data);
    keepers_message_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size < 1)
        return 0;
    keepers_heap_init(&heap, 64u << 20);
    keepers_heap_enter(&heap);
    in = tomte_span_slice(in, 1, size);
    if (data[0] == 0)
        fuzz_frame(in);
    else if (data[0] == 1)
        fuzz_message(in);
    else
        (void)keepers_change_is_sound(in);
    TOMTE_ASSERT(heap.used == 0);
    return 0;
}
