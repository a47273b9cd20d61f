/* SPDX-License-Identifier: Apache-2.0 */
/* Reset of the RV32 board: memory, stack, traps, then main. The stack is
 * painted, so that its high-water mark can be read (board.c). */
.option arch, +zicsr

.section .init, "ax"
.globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, board_trap
    csrw mtvec, t0

    la t0, __stack_bottom
    la t1, __stack_top
    li t2, 0xA5A5A5A5
1:  bgeu t0, t1, 2f
    sw t2, 0(t0)
    addi t0, t0, 4
    j 1b

2:  la t0, __data_load
    la t1, __data_start
    la t2, __data_end
3:  bgeu t1, t2, 4f
    lw t3, 0(t0)
    sw t3, 0(t1)
    addi t0, t0, 4
    addi t1, t1, 4
    j 3b

4:  la t1, __bss_start
    la t2, __bss_end
5:  bgeu t1, t2, 6f
    sw zero, 0(t1)
    addi t1, t1, 4
    j 5b

6:  la tp, __tls_base
    call board_main
7:  j 7b

/* uint32_t board_semihost(uint32_t op, void *arg): the three instructions that
 * an emulator knows a host call by; they must not be compressed, nor cross a
 * page. */
.option push
.option norvc
.text
.balign 16
.globl board_semihost
board_semihost:
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    ret
.option pop
