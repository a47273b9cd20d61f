#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ARCHITECTURE.md: the hops of a button press. That what they name is there,
`tools/tidy` checks for all documents; here: each names functions, which somebody
calls."""
import os
import re
import unittest
from importlib.machinery import SourceFileLoader

import closing

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
layers = SourceFileLoader("layers",
                          os.path.join(ROOT, "tools/layers")).load_module()
NAMED = re.compile(r"`([\w/.]+\.c):(\w+)`")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def sources():
    for tree in "src", "ports", "apps":
        for folder, _, names in os.walk(os.path.join(ROOT, tree)):
            for name in sorted(names):
                if name.endswith(".c"):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


class Hops(unittest.TestCase):
    def setUp(self):
        self.hops = list(layers.rows(read("ARCHITECTURE.md"), "hop"))

    def test_are_numbered(self):
        self.assertEqual([str(i + 1) for i in range(len(self.hops))],
                         [number for number, _, _ in self.hops])
        self.assertGreaterEqual(len(self.hops), 10)

    def test_each_names_a_function(self):
        for number, _, where in self.hops:
            self.assertTrue(NAMED.findall(where), f"hop {number}: {where}")

    def test_each_function_is_called(self):
        text = "".join(read(path) for path in sources())
        for number, _, where in self.hops:
            for path, function in NAMED.findall(where):
                called = re.search(r"^ .*\b%s\b" % function, text, re.M)
                self.assertTrue(called, f"hop {number}: nobody calls "
                                        f"{function} of {path}")


if __name__ == "__main__":
    closing.main()
