/* SPDX-License-Identifier: Apache-2.0 */
/* usage: spec_runner [--slots] [--snapshot] [--expect N] FILE.json...
 *        spec_runner --snapshot --generated FILE.wasm...
 *
 * Runs what wast2json made. Each assertion that fails or is skipped is named
 * with its place in the test file; then come a table by reason and
 * "N passed, N failed, N skipped", which count assertions. Those on modules in
 * the text format are not counted: they test a parser that is not here.
 *
 *   --snapshot   run in small slices of fuel, with a snapshot and a restore
 *                into another instance at each
 *   --slots      execute slot code, not the modules' bytes
 *   --generated  the files are modules: call what they export
 *   --expect N   fail when there are not just N assertions */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct spec_tally tally = {.line = 0};
    struct spec_mode mode = {false, false};
    bool readable = true, generated = false;
    unsigned expected = 0;
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--snapshot") == 0)
            mode.snapshot = true;
        else if (strcmp(argv[i], "--slots") == 0)
            mode.slots = true;
        else if (strcmp(argv[i], "--generated") == 0)
            generated = true;
        else if (strcmp(argv[i], "--expect") == 0 && i + 1 < argc)
            expected = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            return fprintf(stderr, "no option %s\n", argv[i]), 100;
    }
    for (; i < argc; i++) {
        if (generated ? spec_generated_run(argv[i], &tally, mode)
                      : spec_script_run(argv[i], &tally, mode))
            continue;
        printf("failed: %s cannot be read\n", argv[i]);
        readable = false;
    }
    return spec_close(&tally, expected, mode) && readable ? 0 : 1;
}
