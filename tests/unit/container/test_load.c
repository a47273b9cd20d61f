/* SPDX-License-Identifier: Apache-2.0 */
/* What is loaded, what is refused and in which words, how much memory it takes.
 * The modules in hexadecimal are the least that show it. */
#include "test.h"

#include "unit/container/make.h"
#include "unit/container/rig.h"
#include "wasm/wasm.h"

static struct rig_store on;
static struct rig r;

static void a_store(void)
{
    if (on.disk != NULL)
        rig_store_free(&on);
    rig_store_new(&on, 1);
}

static enum tomte_err load_hex(const char *hex)
{
    uint8_t bytes[512];
    struct tomte_manifest m = make_manifest("x");
    make_port(&m, "out", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    a_store();
    rig_image(&r, &m, test_hex(hex, TOMTE_BUF_ARRAY(bytes)));
    return rig_load(&r, &on, 1);
}

static void refused(const char *hex, enum tomte_err err, const char *reason)
{
    CHECK_EQ(err, load_hex(hex));
    CHECK_EQ(TOMTE_CONTAINER_FAILED, r.c.state);
    CHECK_BYTES(tomte_span_str(reason), tomte_span_str(r.c.reason));
}

TEST(load_names_an_import_that_is_not_offered)
{
    refused("0061736d0100000001040160000002230116776173695f736e617073686f"
            "745f70726576696577310866645f7772697465000003020100070a01065f"
            "737461727400010a040102000b",
            TOMTE_ERR_UNKNOWN,
            "import wasi_snapshot_preview1.fd_write: not offered");
    refused("0061736d0100000001040160000002120105746f6d74650874656c65706f"
            "7274000003020100070a01065f737461727400010a040102000b",
            TOMTE_ERR_UNKNOWN, "import tomte.teleport: not offered");
    refused("0061736d01000000010401600000020d0103656e760462617365037f0003"
            "020100070a01065f737461727400000a040102000b",
            TOMTE_ERR_UNKNOWN, "import env.base: not offered");
    refused("0061736d01000000010401600000020d0105746f6d746503707574000003"
            "020100070a01065f737461727400010a040102000b",
            TOMTE_ERR_TYPE, "import tomte.put: of another type");
}

TEST(load_wants_one_entry)
{
    refused("0061736d0100000001040160000003020100070801046d61696e00000a04"
            "0102000b",
            TOMTE_ERR_MISSING,
            "module: exports neither or both of tomte_event and _start");
    refused("0061736d01000000010b0260000060047f7f7f7e00030302000107180206"
            "5f737461727400000b746f6d74655f6576656e7400010a070202000b0200"
            "0b",
            TOMTE_ERR_MISSING,
            "module: exports neither or both of tomte_event and _start");
    refused("0061736d0100000001040160000003020100070f010b746f6d74655f6576"
            "656e7400000a040102000b",
            TOMTE_ERR_TYPE, "export tomte_event: of another type");
}

TEST(load_refuses_what_is_no_image)
{
    a_store();
    r.image_span = TOMTE_SPAN_LIT("\x83\x01\x40\x40");
    /* rig_load reads the manifest itself, so go without it */
    struct tomte_container c;
    struct tomte_arena arena;
    tomte_arena_init(&arena, r.memory, sizeof(r.memory));
    struct tomte_container_config config = {.identity = make_name("it"),
                                            .arena = &arena};
    tomte_container_init(&c, &config);
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_container_load(&c, r.image_span));
    CHECK_BYTES(TOMTE_SPAN_LIT("image: not granted"), tomte_span_str(c.reason));
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_load(&c, r.image_span));
    tomte_container_init(&c, &config);
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_container_load(&c, TOMTE_SPAN_LIT("\xff")));
    CHECK_BYTES(TOMTE_SPAN_LIT("image: malformed input"),
                tomte_span_str(c.reason));
}

TEST(load_refuses_more_memory_than_the_manifest_asks_for)
{
    /* two pages; the manifest says one */
    CHECK_EQ(TOMTE_ERR_NO_MEMORY,
             load_hex("0061736d01000000010401600000030201000503010002070a0106"
                      "5f737461727400000a040102000b"));
    CHECK_EQ(TOMTE_CONTAINER_FAILED, r.c.state);
}

TEST(load_says_where_a_module_is_bad)
{
    refused("0061736d01000000ff", TOMTE_ERR_MALFORMED,
            "module: malformed section id at byte 8");
}

TEST(load_start_function_that_traps)
{
    CHECK_OK(load_hex("0061736d01000000010b0260000060047f7f7f7e000303020001"
                      "070f010b746f6d74655f6576656e7400010801000a0802030000"
                      "0b02000b"));
    CHECK_EQ(TOMTE_ERR_TRAP, tomte_container_start(&r.c, 0));
    CHECK_EQ(TOMTE_CONTAINER_FAILED, r.c.state);
    CHECK_BYTES(TOMTE_SPAN_LIT("unreachable in function 0 at 0x33"),
                tomte_span_str(r.c.reason));
}

/* The module's start function asks for the time, when no event is at hand, and
 * keeps what it was told; each event puts that. */
TEST(load_start_function_is_outside_of_any_event)
{
    CHECK_OK(load_hex("0061736d0100000001170460000060047f7f7f7e0060017f017f60"
                      "037f7f7f017f021a0205746f6d74650474696d65000205746f6d74"
                      "6503707574000303030200010503010001070f010b746f6d74655f"
                      "6576656e7400030801020a19020b004110410010003602000b0b00"
                      "41004110410410011a0b"));
    CHECK_OK(tomte_container_start(&r.c, r.now_ms));
    rig_checkpoint(&r);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    CHECK_BYTES(TOMTE_SPAN_LIT("\xfa\xff\xff\xff"), rig_output(&r, 0));
}

TEST(load_tells_its_memory)
{
    struct tomte_manifest m = make_manifest("x");
    size_t arena_bytes, scratch_bytes;
    struct tomte_arena scratch;
    a_store();
    rig_image(&r, &m, rig_module("mixer"));
    tomte_arena_init(&scratch, r.scratch_memory, sizeof(r.scratch_memory));
    CHECK_OK(tomte_container_memory(r.image_span, &tomte_wasm_limits_hub,
                                    &scratch, &arena_bytes, &scratch_bytes));
    CHECK_EQ(0, scratch.used);
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK(r.arena.used <= arena_bytes);
    CHECK(r.arena.used + 512 >= arena_bytes);
    CHECK(scratch_bytes <= sizeof(r.scratch_memory));

    /* with that much it loads, with less it says so */
    struct tomte_container_config config = r.c.config;
    for (size_t less = 0; less <= arena_bytes; less += 1009) {
        tomte_arena_init(&r.arena, r.memory, arena_bytes - less);
        tomte_container_init(&r.c, &config);
        enum tomte_err err = tomte_container_load(&r.c, r.image_span);
        CHECK_EQ(less == 0 ? TOMTE_OK : TOMTE_ERR_NO_MEMORY, err);
    }
}

/* No more scratch than was said is enough for the largest checkpoint, and for
 * the way back from it: memory without a run of zeros, and a call in a wait. */
static void scratch_is_enough(const char *module)
{
    struct tomte_manifest m = make_manifest("x");
    size_t arena_bytes, scratch_bytes;
    a_store();
    rig_image(&r, &m, rig_module(module));
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK_OK(tomte_container_memory(r.image_span, &tomte_wasm_limits_hub,
                                    &r.scratch, &arena_bytes, &scratch_bytes));
    CHECK(scratch_bytes <= sizeof(r.scratch_memory));
    CHECK_OK(tomte_container_start(&r.c, r.now_ms));
    rig_checkpoint(&r);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    struct tomte_buf all = tomte_wasm_memory(r.c.instance);
    for (size_t i = 8192; i < all.cap; i++)
        all.data[i] = (uint8_t)(i % 251 + 1);
    tomte_arena_init(&r.scratch, r.scratch_memory, scratch_bytes);
    rig_checkpoint(&r);
    CHECK_OK(rig_load(&r, &on, 1));
    tomte_arena_init(&r.scratch, r.scratch_memory, scratch_bytes);
    CHECK_OK(tomte_container_recover(&r.c, r.now_ms, 0));
    CHECK_EQ(0, rig_replay(&r));
    CHECK_EQ(0, r.scratch.used);
}

TEST(load_lends_scratch_as_it_said)
{
    scratch_is_enough("counter");
    scratch_is_enough("loop");
}
