/* SPDX-License-Identifier: Apache-2.0 */
/* Any calls of WASI functions on any memory: pointers, lengths and structures
 * are the program's, so all of them may be wrong. Each call is answered with an
 * errno that there is, and touches nothing but that memory. */
#define _POSIX_C_SOURCE 200809L

#include "base/base.h"
#include "base/bytes.h"
#include "linux/wasi.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARGS      9
#define CALL_SIZE (1 + 4 * ARGS)
#define CALLS_MAX 16
#define ERRNO_MAX 76 /* notcapable */

/* (module (memory 1 1)) */
static const uint8_t module_bytes[] = {0, 'a', 's', 'm', 1, 0, 0,
                                       0, 5,   4,   1,   1, 1, 1};

/* Nobody waits here. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    return 0;
}

static void require(bool ok)
{
    if (!ok)
        tomte_panic(__FILE__, __LINE__, "no answer of WASI");
}

/* Standard output and input lead nowhere; the third is the fuzzer's. */
static void hide_streams(void)
{
    static bool hidden;
    int null = hidden ? -1 : open("/dev/null", O_RDWR);
    hidden = true;
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    close(null);
}

static void call_one(struct tomte_wasm_instance *wasm, struct wasi *wasi,
                     const uint8_t *bytes)
{
    uint32_t args[ARGS], results[2] = {ERRNO_MAX + 1, 0};
    const struct tomte_wasm_host_func *f =
        &wasi_functions[bytes[0] % WASI_FUNCTIONS];
    for (size_t i = 0; i < ARGS; i++)
        args[i] = tomte_get_le32(bytes + 1 + 4 * i);
    if (args[0] == STDERR_FILENO)
        args[0] = STDOUT_FILENO;
    struct tomte_wasm_call call = {
        .instance = wasm,
        .user = wasi,
        .func = f,
        .args = args,
        .results = results,
    };
    enum tomte_wasm_host_result result = f->fn(&call);
    if (wasi->exited) {
        require(result == TOMTE_WASM_HOST_TRAP && call.trap_text != NULL);
        wasi->exited = false;
    } else {
        require(result == TOMTE_WASM_HOST_DONE && results[0] <= ERRNO_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t tables[1 << 12], memory[65536 / 8];
    static const char *const texts[] = {"program", "an argument", ""};
    const struct tomte_wasm_module *m;
    struct tomte_wasm_instance *wasm;
    struct tomte_arena arena;
    struct wasi wasi = {.argc = 3, .argv = texts, .envc = 2, .env = texts};
    struct tomte_wasm_config config = {
        .stack_bytes = 1024,
        .call_depth = 4,
        .memory_bytes = sizeof memory,
        .memory = TOMTE_BUF_ARRAY(memory),
    };
    hide_streams();
    tomte_arena_init(&arena, tables, sizeof tables);
    require(
        tomte_wasm_load(TOMTE_SPAN_ARRAY(module_bytes), &tomte_wasm_limits_mcu,
                        &arena, &m, NULL) == TOMTE_OK &&
        tomte_wasm_instantiate(m, &config, &arena, &wasm, NULL) == TOMTE_OK);
    size_t calls = size / CALL_SIZE < CALLS_MAX ? size / CALL_SIZE : CALLS_MAX;
    size_t rest = size - calls * CALL_SIZE;
    if (rest != 0)
        memcpy(memory, data + calls * CALL_SIZE,
               rest < sizeof memory ? rest : sizeof memory);
    for (size_t i = 0; i < calls; i++)
        call_one(wasm, &wasi, data + i * CALL_SIZE);
    return 0;
}
