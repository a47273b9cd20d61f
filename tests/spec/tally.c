/* SPDX-License-Identifier: Apache-2.0 */
#include "spec.h"

#include <stdio.h>

static const char *const reason_text[SPEC_REASONS] = {
    [SPEC_PASSED] = "passed",
    [SPEC_NO_MODULE] = "the module it needs was not made",
    [SPEC_WRONG_RESULT] = "wrong result",
    [SPEC_WRONG_OUTCOME] =
        "trapped, returned or was refused where it should not",
    [SPEC_WRONG_TRAP] = "trapped for another reason",
    [SPEC_WRONG_MODULE] = "accepted, or refused for another reason",
    [SPEC_WRONG_TWIN] = "went another way after restore",
    [SPEC_NO_SUCH_TEST] = "not understood by this runner",
    [SPEC_LIMIT] = "skipped: beyond a bound of the engine",
};

void spec_count(struct spec_tally *t, enum spec_reason reason,
                const char *command, const char *detail)
{
    t->count[reason]++;
    if (reason == SPEC_PASSED)
        return;
    printf("%s %s:%d: %s: %s: %s\n",
           reason == SPEC_LIMIT ? "skipped:" : "failed:", t->file, t->line,
           command, reason_text[reason], detail);
}

void spec_other_failed(struct spec_tally *t, const char *detail)
{
    t->others_failed++;
    printf("failed: %s:%d: no assertion, but needed: %s\n", t->file, t->line,
           detail);
}

bool spec_close(const struct spec_tally *t, unsigned expected,
                struct spec_mode mode)
{
    unsigned total = 0;
    for (int i = 0; i < SPEC_REASONS; i++)
        total += t->count[i];
    unsigned passed = t->count[SPEC_PASSED], skipped = t->count[SPEC_LIMIT];
    unsigned failed = total - passed - skipped;
    bool complete = expected == 0 || total == expected;
    if (!complete)
        printf("failed: %u assertions, expected %u\n", total, expected);
    if (mode.snapshot)
        printf("%u calls; %u of them moved into another instance, %u midway; "
               "%u moves\n",
               t->calls, t->carried_calls, t->carried_again, t->carries);
    if (mode.snapshot || mode.slots)
        printf("%u of %u functions have slot code\n", t->translated,
               t->functions);
    printf("%u assertions:\n", total);
    for (int i = 0; i < SPEC_REASONS; i++)
        if (t->count[i] != 0)
            printf("%8u %s\n", t->count[i], reason_text[i]);
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed == 0 && total != 0 && complete && t->others_failed == 0 &&
           (!mode.snapshot || t->carried_again != 0) &&
           (!mode.slots || t->translated != 0);
}
