/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.h: what the kernels of the engine's benchmark have in common.
 *
 * A kernel is one file without a library. `run` does its work n times over and
 * returns a checksum, the same wherever it is compiled to. With
 * KERNEL_N a WebAssembly module has a `main` instead, for engines that cannot
 * pass an argument. */
#pragma once

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define NI __attribute__((noinline))

#if defined __wasm__ && !defined KERNEL_N
__attribute__((export_name("run")))
#endif
u32 run(u32 n);

#if defined KERNEL_N && defined __wasm__
__attribute__((export_name("main"))) u32 kernel_main(void);
u32 kernel_main(void)
{
    return run(KERNEL_N);
}
#endif
