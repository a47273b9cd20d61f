# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest cases of the calling file and closes with the line that
`./dev test` counts. With CI set a skip is a failure."""
import os
import sys
import unittest


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=0)
    result = program.result
    skipped = len(result.skipped)
    failed = len({str(case) for case, _ in result.failures + result.errors})
    for case, why in result.skipped:
        print(f"skipped: {case}: {why}")
    passed = result.testsRun - failed - skipped
    if os.environ.get("CI"):
        failed, skipped = failed + skipped, 0
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not passed else 0)
