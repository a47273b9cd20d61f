/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test.h: the test runner, small enough for a microcontroller.
 *
 *   TEST(replay_window_refuses_twice) { CHECK(...); CHECK_EQ(1, n); }
 *
 * A test stops at its first failed check, the others go on. A test that needs
 * data that is not there calls SKIP("what is missing"); with CI set in the
 * environment a skip for missing data is a failure. The program closes with
 * "N passed, N failed, N skipped" and exits 1 when something failed. Arguments
 * name the tests to run. */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

struct test_case {
    const char *file;
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *c);
_Noreturn void test_fail(const char *file, int line, const char *what);
_Noreturn void test_fail_eq(const char *file, int line, const char *what,
                            long long expected, long long actual);
_Noreturn void test_fail_bytes(const char *file, int line, const char *what,
                               struct tomte_span expected,
                               struct tomte_span actual);
_Noreturn void test_skip(const char *why);

/* The folder of published test data (vectors/), or NULL when it is absent. */
const char *test_vectors(void);

/* Bytes from hexadecimal digits, spaces ignored, into `out`. */
struct tomte_span test_hex(const char *hex, struct tomte_buf out);

/* A whole file; the memory is static and lasts until the next call. Fails the
 * test when the file cannot be read. */
struct tomte_span test_file(const char *path);

#define TEST(name)                                                             \
    static void test_##name(void);                                             \
    static struct test_case case_##name = {__FILE__, #name, test_##name, 0};   \
    __attribute__((constructor)) static void register_##name(void)             \
    {                                                                          \
        test_register(&case_##name);                                           \
    }                                                                          \
    static void test_##name(void)

#define CHECK(cond) ((cond) ? (void)0 : test_fail(__FILE__, __LINE__, #cond))

#define CHECK_EQ(expected, actual)                                             \
    do {                                                                       \
        long long expected_ = (long long)(expected);                           \
        long long actual_ = (long long)(actual);                               \
        if (expected_ != actual_)                                              \
            test_fail_eq(__FILE__, __LINE__, #actual, expected_, actual_);     \
    } while (0)

#define CHECK_OK(call) CHECK_EQ(TOMTE_OK, (call))

#define CHECK_BYTES(expected, actual)                                          \
    do {                                                                       \
        struct tomte_span expected_ = (expected);                              \
        struct tomte_span actual_ = (actual);                                  \
        if (!tomte_span_equal(expected_, actual_))                             \
            test_fail_bytes(__FILE__, __LINE__, #actual, expected_, actual_);  \
    } while (0)

#define SKIP(why) test_skip(why)

/* Set by EXPECT_PANIC: an assertion of the core jumps back here. */
extern jmp_buf *test_panic_jump;

/* The statement must end in a failed assertion. */
#define EXPECT_PANIC(statement)                                                \
    do {                                                                       \
        jmp_buf jump_;                                                         \
        test_panic_jump = &jump_;                                              \
        if (setjmp(jump_) == 0) {                                              \
            statement;                                                         \
            test_panic_jump = 0;                                               \
            test_fail(__FILE__, __LINE__, "no panic: " #statement);            \
        }                                                                      \
        test_panic_jump = 0;                                                   \
    } while (0)
