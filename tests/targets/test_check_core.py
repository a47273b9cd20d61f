#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_core.py: each promise, broken in a core of one file, is reported."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tools"))
import closing  # noqa: E402, found by the line above


class CheckCore(unittest.TestCase):
    def check(self, source):
        """What check_core.py says of a room `x` made of this source."""
        with tempfile.TemporaryDirectory() as tree:
            path = os.path.join(tree, "x.c")
            with open(path, "w", encoding="utf-8") as f:
                f.write(source)
            subprocess.run(["gcc", "-O1", "-ffreestanding", "-fno-pic", "-c",
                            "-fno-optimize-sibling-calls", "-fno-inline",
                            "-fcallgraph-info=su", "x.c"], cwd=tree, check=True)
            subprocess.run(["ar", "cr", "libtomte_x.a", "x.o"], cwd=tree,
                           check=True)
            run = subprocess.run([os.path.join(HERE, "check_core.py"), tree,
                                  "nm"], capture_output=True, text=True,
                                 check=False)
            return run.returncode, run.stdout.splitlines()[:-1]

    def expect(self, source, finding):
        self.assertEqual((1, [finding]), self.check(source))

    def test_clean(self):
        self.assertEqual((0, []), self.check(
            "void *memcpy(void *, const void *, unsigned long);\n"
            "static const int table[4] = {1, 2, 3, 4};\n"
            "int tomte_x(int i, char *a, char *b)\n"
            "{ memcpy(a, b, (unsigned long)i); return table[i & 3]; }\n"))

    def test_need(self):
        self.expect("void *malloc(unsigned long);\n"
                    "void *tomte_x(void) { return malloc(3); }\n",
                    "x needs malloc, which is not on the list")

    def test_name(self):
        self.expect("int helper(void) { return 1; }\n"
                    "int tomte_x(void) { return helper(); }\n",
                    "x gives away helper, without the prefix tomte_")

    def test_data(self):
        self.expect("static int last;\n"
                    "int tomte_x(int i) { int l = last; last = i; return l; }\n",
                    "x has last in memory that nobody gave it")

    def test_recursion(self):
        self.expect("int tomte_x(int i) { return i ? i + tomte_x(i - 1) : 0; }\n",
                    "recursion: tomte_x -> tomte_x")

    def test_recursion_through_another(self):
        self.expect("int tomte_y(int i);\n"
                    "int tomte_x(int i) { return i ? 1 + tomte_y(i) : 0; }\n"
                    "int tomte_y(int i) { return i ? 2 + tomte_x(i) : 0; }\n",
                    "recursion: tomte_x -> tomte_y -> tomte_x")

    def test_frame(self):
        self.expect("void tomte_panic(char *);\n"
                    "int tomte_x(void)\n"
                    "{ char a[2000]; tomte_panic(a); return a[0]; }\n",
                    "tomte_x takes 2016 bytes of stack, at most 1024")

    def test_empty_tree(self):
        with tempfile.TemporaryDirectory() as tree:
            run = subprocess.run([os.path.join(HERE, "check_core.py"), tree,
                                  "nm"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(1, run.returncode)


if __name__ == "__main__":
    closing.main()
