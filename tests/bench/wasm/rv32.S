# SPDX-License-Identifier: Apache-2.0
# Start of the benchmark on a bare machine, and the module as data.
    .option norvc
    .section .init, "ax"
    .globl _start
_start:
    la sp, __stack_top
    la t0, __bss_start
    la t1, __bss_end
1:  bgeu t0, t1, 2f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 1b
2:  call main
3:  j 3b

    .section .rodata
    .globl kernel_wasm, kernel_wasm_end
    .balign 8
kernel_wasm:
    .incbin KERNEL_WASM
kernel_wasm_end:
