/* SPDX-License-Identifier: Apache-2.0 */
/* lwIP's view of the compiler. */
#pragma once

#include <stdint.h>
#include <stdlib.h>

#ifndef BYTE_ORDER
#define BYTE_ORDER LITTLE_ENDIAN
#endif

_Noreturn void tomte_panic(const char *file, int line, const char *what);

#define LWIP_PLATFORM_DIAG(x)   ((void)0)
#define LWIP_PLATFORM_ASSERT(x) tomte_panic(__FILE__, __LINE__, x)
