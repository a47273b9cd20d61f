/* SPDX-License-Identifier: Apache-2.0 */
/* What an assertion does in a fuzz target: abort, so that it is a finding. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}
