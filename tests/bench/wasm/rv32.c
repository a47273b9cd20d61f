/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel KERNEL on a bare RV32IMAC machine, run KERNEL_N times over: once
 * compiled for it, once by the engine. Prints checksums and instructions
 * executed, those of loading the module (and translating it, when TIER is 1) as
 * well:
 *
 *   NAME checksum native checksum engine load table-bytes */
#include "engine.h"

extern const uint8_t kernel_wasm[], kernel_wasm_end[];
uint32_t run(uint32_t n);

_Noreturn void tomte_panic(const char *file, int line, const char *what);

#define UART ((volatile uint8_t *)0x10000000)
#define EXIT ((volatile uint32_t *)0x100000)

static void print(const char *text)
{
    while (*text != 0)
        *UART = (uint8_t)*text++;
}

static void print_number(uint32_t v)
{
    char digits[12];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + v % 10);
    } while ((v /= 10) != 0);
    print(" ");
    print(digits + at);
}

static uint32_t instructions(void)
{
    uint32_t n;
    __asm__ volatile(".option push\n.option arch, +zicsr\n"
                     "csrr %0, minstret\n.option pop"
                     : "=r"(n)
                     :
                     : "memory");
    return n;
}

static _Noreturn void leave(uint32_t code)
{
    *EXIT = code == 0 ? 0x5555 : 0x3333 | code << 16;
    for (;;) {
    }
}

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    print(file);
    print_number((uint32_t)line);
    print(what);
    leave(2);
}

_Noreturn void abort(void)
{
    leave(3);
}

int main(void);
int main(void)
{
    static struct engine engine;
    uint32_t start = instructions();
    uint32_t native_sum = run(KERNEL_N);
    uint32_t native = instructions() - start;
    start = instructions();
    size_t len = (size_t)(kernel_wasm_end - kernel_wasm);
    if (!engine_load(&engine, TOMTE_SPAN(kernel_wasm, len), TIER))
        leave(4);
    uint32_t load = instructions() - start;
    start = instructions();
    uint32_t engine_sum = engine_run(&engine, KERNEL_N);
    uint32_t by_engine = instructions() - start;
    print(KERNEL);
    print_number(native_sum);
    print_number(native);
    print_number(engine_sum);
    print_number(by_engine);
    print_number(load);
    print_number((uint32_t)engine.table_bytes);
    print("\n");
    leave(0);
}
