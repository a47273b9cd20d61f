#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tools/dev/figures.awk: what benchmarks write, as a table and as JSON."""
import json
import os
import subprocess
import unittest

import closing

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
LINES = ("a/one\t12.5\tns\tpeer 1.0\t50\t9\n"
         "a/two\t1.5e+06\tevents/s\t-\t-\t3\n")


def figures(lines, as_json):
    run = subprocess.run(
        ["awk", "-v", "json=" + ("yes" if as_json else "no"), "-f",
         os.path.join(ROOT, "tools/dev/figures.awk")],
        input=lines, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout


class Figures(unittest.TestCase):
    def test_json(self):
        status, out = figures(LINES, True)
        self.assertEqual(0, status)
        self.assertEqual([
            {"name": "a/one", "value": 12.5, "unit": "ns", "peer": "peer 1.0",
             "peer_value": 50, "ratio": 0.25, "runs": 9},
            {"name": "a/two", "value": 1.5e6, "unit": "events/s",
             "peer": None, "peer_value": None, "ratio": None, "runs": 3},
        ], json.loads(out))

    def test_table(self):
        status, out = figures(LINES, False)
        self.assertEqual(0, status)
        head, one, two = [line.split() for line in out.splitlines()]
        self.assertEqual("name value unit peer its value ratio runs".split(),
                         head)
        self.assertEqual("a/one 12.5 ns peer 1.0 50 0.25 9".split(), one)
        self.assertEqual("a/two 1500000 events/s - - - 3".split(), two)

    def test_what_is_no_figure_is_refused(self):
        for line in ("a\t1\tns\t-\t-\t0\n",    # no runs
                     "a\tnan\tns\t-\t-\t1\n",  # no value
                     "a\t1\tns\tpeer\t-\t1\n",  # a peer without its value
                     "a\t1\tns\t-\t-\n",       # a field is missing
                     "a 1 ns\n"):
            for as_json in False, True:
                status, out = figures(LINES + line, as_json)
                self.assertEqual(1, status, line)
                self.assertIn("a/two", out)
        status, out = figures("a\t1\tns\t-\t-\t0\n", True)
        self.assertEqual((1, []), (status, json.loads(out)))

    def test_none_at_all_is_a_failure(self):
        status, out = figures("", True)
        self.assertEqual((1, []), (status, json.loads(out)))

    def test_peer_of_no_time_has_no_ratio(self):
        _, out = figures("a\t1\tns\tpeer\t0\t1\n", True)
        self.assertIsNone(json.loads(out)[0]["ratio"])


if __name__ == "__main__":
    closing.main()
