/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

NI u32 fib(u32 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

u32 run(u32 n)
{
    return fib(n);
}
