/* SPDX-License-Identifier: Apache-2.0 */
/* What EEMBC's CoreMark asks of a port: types, and where seeds and memory come
 * from. Its own files are no part of this tree; wasm.sh is told where they are.
 * No library, no clock, no floating point: time is the caller's affair. */
#pragma once

typedef signed short ee_s16;
typedef unsigned short ee_u16;
typedef signed int ee_s32;
typedef unsigned char ee_u8;
typedef unsigned int ee_u32;
typedef __UINTPTR_TYPE__ ee_ptr_int;
typedef __SIZE_TYPE__ ee_size_t;
typedef ee_u32 CORE_TICKS;

/* The program that measures has a main of its own. */
#define main coremark_main

#define NULL         ((void *)0)
#define align_mem(x) ((void *)(4 + (((ee_ptr_int)(x)-1) & ~(ee_ptr_int)3)))

#define HAS_FLOAT         0
#define HAS_TIME_H        0
#define USE_CLOCK         0
#define HAS_STDIO         0
#define HAS_PRINTF        0
#define SEED_METHOD       SEED_VOLATILE
#define MEM_METHOD        MEM_STATIC
#define MULTITHREAD       1
#define USE_PTHREAD       0
#define USE_FORK          0
#define USE_SOCKET        0
#define MAIN_HAS_NOARGC   1
#define MAIN_HAS_NORETURN 0
#define MEM_LOCATION      "STATIC"
#define COMPILER_VERSION  ""
#define COMPILER_FLAGS    ""

typedef struct CORE_PORTABLE_S {
    ee_u8 portable_id;
} core_portable;

extern ee_u32 default_num_contexts;

void portable_init(core_portable *p, int *argc, char *argv[]);
void portable_fini(core_portable *p);
int ee_printf(const char *format, ...);
