/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

/* small stack VM: br_table-heavy */
static u8 prog[64];
static i32 stk[64];
static NI i32 vm(u32 n)
{
    u32 pc = 0;
    i32 *sp = stk;
    i32 a = 0, i = (i32)n;
    for (;;) {
        switch (prog[pc++]) {
        case 0:
            return a;
        case 1:
            *sp++ = (i32)prog[pc++];
            break;
        case 2:
            sp--;
            sp[-1] += sp[0];
            break;
        case 3:
            sp--;
            sp[-1] -= sp[0];
            break;
        case 4:
            sp--;
            sp[-1] ^= sp[0];
            break;
        case 5:
            sp--;
            sp[-1] *= sp[0];
            break;
        case 6:
            *sp++ = a;
            break;
        case 7:
            a = *--sp;
            break;
        case 8:
            *sp++ = i;
            break;
        case 9:
            i = *--sp;
            break;
        case 10:
            if (*--sp)
                pc = prog[pc];
            else
                pc++;
            break;
        case 11:
            sp[-1] = (i32)((u32)sp[-1] >> 3);
            break;
        case 12:
            sp[0] = sp[-1];
            sp++;
            break;
        case 13:
            sp--;
            break;
        }
    }
}

u32 run(u32 n)
{
    static const u8 c[] = {6, 8, 2, 1, 17, 5, 12, 11, 4, 7,
                           8, 1, 1, 3, 12, 9, 10, 0,  0};
    for (u32 i = 0; i < sizeof c; i++)
        prog[i] = c[i];
    prog[17] = 0; /* jnz 0 */
    return (u32)vm(n);
}
