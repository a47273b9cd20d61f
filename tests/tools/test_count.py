#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tools/dev/count.awk: no way for a test program to end badly unseen."""
import os
import subprocess
import tempfile
import unittest

import closing

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class Count(unittest.TestCase):
    def count(self, said):
        """(what is printed, the counts) for what ctest said."""
        return self.count_all(said)[:2]

    def count_all(self, said):
        """... and the list of failures."""
        with tempfile.NamedTemporaryFile("r") as counts, \
                tempfile.NamedTemporaryFile("r") as failures:
            run = subprocess.run(
                ["awk", "-v", "title=test", "-v", "counts=" + counts.name,
                 "-v", "failures=" + failures.name,
                 "-f", os.path.join(ROOT, "tools/dev/count.awk")],
                input=said, capture_output=True, text=True, check=True)
            return run.stdout, counts.read().splitlines(), failures.read()

    def test_counts_cases(self):
        out, counts = self.count(
            "1: Test command: /x/y\n1: 12 passed, 0 failed, 1 skipped\n"
            "1/1 Test #1: unit.a ....   Passed    0.01 sec\n")
        self.assertEqual(["12 passed, 0 failed, 1 skipped"], counts)
        self.assertIn("12 passed, 1 skipped  0.01 sec", out)

    def test_last_line_counts(self):
        _, counts = self.count(
            "1: 1 passed, 0 failed, 0 skipped\n"
            "1: 5 passed, 0 failed, 0 skipped\n"
            "1/1 Test #1: unit.a ....   Passed    0.01 sec\n")
        self.assertEqual(["5 passed, 0 failed, 0 skipped"], counts)

    def test_interleaved_programs(self):
        _, counts = self.count(
            "10: 3 passed, 0 failed, 0 skipped\n"
            "9: 2 passed, 1 failed, 0 skipped\n"
            " 1/2 Test #10: unit.b ....   Passed    0.01 sec\n"
            " 2/2 Test  #9: unit.a ....***Failed    0.01 sec\n")
        self.assertEqual(["3 passed, 0 failed, 0 skipped",
                          "2 passed, 1 failed, 0 skipped"], counts)

    def test_failure_shows_what_was_said(self):
        out, _ = self.count(
            "1: a.c:7: failed: x\n1: 0 passed, 1 failed, 0 skipped\n"
            "1/1 Test #1: unit.a ....***Failed    0.01 sec\n")
        self.assertIn("   a.c:7: failed: x\n", out)

    def test_skip_shows_its_name(self):
        out, _ = self.count(
            "1: noise\n1: skipped: no data\n1: SKIP b\n"
            "1: 1 passed, 0 failed, 1 skipped\n"
            "1/1 Test #1: unit.a ....   Passed    0.01 sec\n")
        self.assertIn("   skipped: no data\n   SKIP b\n", out)
        self.assertNotIn("noise", out)

    def test_crash_is_a_failure(self):
        out, counts = self.count(
            "1: starting\n"
            "1/1 Test #1: unit.a ....***Exception: SegFault  0.01 sec\n")
        self.assertEqual(["0 passed, 1 failed, 0 skipped"], counts)
        self.assertIn("1 FAILED (Exception: SegFault)", out)

    def test_crash_after_the_line_is_a_failure(self):
        _, counts = self.count(
            "1: 4 passed, 0 failed, 0 skipped\n"
            "1/1 Test #1: unit.a ....***Failed    0.01 sec\n")
        self.assertEqual(["4 passed, 1 failed, 0 skipped"], counts)

    def test_timeout_and_missing_program_are_failures(self):
        _, counts = self.count(
            "1/2 Test #1: unit.a ....***Timeout   9.00 sec\n"
            "2/2 Test #2: unit.b ....***Not Run   0.00 sec\n")
        self.assertEqual(["0 passed, 1 failed, 0 skipped"] * 2, counts)

    def test_program_without_the_line_is_one_case(self):
        _, counts = self.count(
            "1/1 Test #1: unit.a ....   Passed    0.01 sec\n")
        self.assertEqual(["1 passed, 0 failed, 0 skipped"], counts)

    def test_no_tests_is_a_failure(self):
        _, counts = self.count("No tests were found!!!\n")
        self.assertEqual(["0 passed, 1 failed, 0 skipped"], counts)

    def test_failures_are_listed_with_the_lines_that_say_why(self):
        _, _, failures = self.count_all(
            "1: noise\n1: a.c:7: failed: x\n1: more noise\n"
            "1: 0 passed, 1 failed, 0 skipped\n"
            "2: 1 passed, 0 failed, 0 skipped\n"
            "1/2 Test #1: unit.a ....***Failed    0.01 sec\n"
            "2/2 Test #2: unit.b ....   Passed    0.01 sec\n")
        self.assertEqual("test unit.a\n   a.c:7: failed: x\n", failures)

    def test_failure_that_gives_no_reason_shows_how_it_began(self):
        said = "".join(f"1: line {i}\n" for i in range(99))
        _, _, failures = self.count_all(
            said + "1/1 Test #1: unit.a ....***Timeout   9.00 sec\n")
        lines = failures.splitlines()
        self.assertEqual("test unit.a (Timeout)", lines[0])
        self.assertEqual("   line 0", lines[1])
        self.assertLess(len(lines), 12)

    def test_skip_that_counts_as_failure_is_listed(self):
        _, _, failures = self.count_all(
            "1: skipped: no vectors\n1: 3 passed, 1 failed, 0 skipped\n"
            "1/1 Test #1: unit.a ....***Failed    0.01 sec\n")
        self.assertIn("skipped: no vectors", failures)


if __name__ == "__main__":
    closing.main()
