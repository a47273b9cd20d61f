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
    def check(self, **sources):
        """What check_core.py says of rooms made of these sources."""
        with tempfile.TemporaryDirectory() as tree:
            for room, source in sources.items():
                with open(f"{tree}/{room}.c", "w", encoding="utf-8") as f:
                    f.write(source)
                subprocess.run(["gcc", "-O1", "-ffreestanding", "-fno-pic",
                                "-fno-optimize-sibling-calls", "-fno-inline",
                                "-fcallgraph-info=su", "-c", room + ".c"],
                               cwd=tree, check=True)
                subprocess.run(["ar", "cr", f"libtomte_{room}.a", room + ".o"],
                               cwd=tree, check=True)
            run = subprocess.run([os.path.join(HERE, "check_core.py"), tree,
                                  "nm"], capture_output=True, text=True,
                                 check=False)
            return run.returncode, run.stdout.splitlines()[:-1]

    def expect(self, source, finding):
        self.assertEqual((1, [finding]), self.check(x=source))

    def test_clean(self):
        self.assertEqual((0, []), self.check(x=
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
                    "x gives away helper, without a prefix of its own")

    def test_room_prefix_stays_inside(self):
        x = "int x_helper(void) { return 1; }\n" \
            "int tomte_x(void) { return x_helper(); }\n"
        self.assertEqual((0, []), self.check(x=x))
        y = "int x_helper(void), tomte_x(void);\n" \
            "int tomte_y(void) { return x_helper() + tomte_x(); }\n"
        self.assertEqual(
            (1, ["y uses x_helper, which is another room's own"]),
            self.check(x=x, y=y))

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
                    "{ char a[8000]; tomte_panic(a); return a[0]; }\n",
                    "tomte_x takes 8016 bytes of stack, at most 6656")

    def test_empty_tree(self):
        with tempfile.TemporaryDirectory() as tree:
            run = subprocess.run([os.path.join(HERE, "check_core.py"), tree,
                                  "nm"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(1, run.returncode)


if __name__ == "__main__":
    closing.main()
