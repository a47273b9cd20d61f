/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of a fixture from tests/unit does in a benchmark: end it. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void test_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    exit(1);
}

_Noreturn void test_fail_eq(const char *file, int line, const char *what,
                            long long expected, long long actual)
{
    fprintf(stderr, "%s:%d: failed: %s is %lld, expected %lld\n", file, line,
            what, actual, expected);
    exit(1);
}

_Noreturn void test_fail_bytes(const char *file, int line, const char *what,
                               struct tomte_span expected,
                               struct tomte_span actual)
{
    (void)expected;
    (void)actual;
    test_fail(file, line, what);
}
