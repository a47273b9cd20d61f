#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tools/tidy: each rule finds what it is for and lets the rest pass."""
import os
import tempfile
import unittest
from importlib.machinery import SourceFileLoader

import closing

HERE = os.path.dirname(os.path.abspath(__file__))
tidy = SourceFileLoader(
    "tidy", os.path.join(HERE, "../../tools/tidy")).load_module()

SPDX_C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SPDX_SH = "# SPDX-License-Identifier: Apache-2.0\n"


class Rule(unittest.TestCase):
    def found(self, rule, tree):
        """Where `rule` finds something in a tree of {path: content}."""
        with tempfile.TemporaryDirectory() as root:
            for path, content in tree.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "wb") as f:
                    f.write(content if isinstance(content, bytes)
                            else content.encode())
            files = [tidy.File(root, path) for path in sorted(tree)]
            return [(path, line) for path, line, _
                    in tidy.check(getattr(tidy, rule), files)]

    def test_spdx(self):
        self.assertEqual([], self.found("spdx", {
            "a.c": SPDX_C, "b.sh": "#!/bin/sh\n" + SPDX_SH, "c.json": "{}",
            "d.md": "# Title\n", "e.bin": b"\xff\xfe"}))
        self.assertEqual([("a.c", 1), ("b.sh", 2)], self.found("spdx", {
            "a.c": "int a;\n", "b.sh": "#!/bin/sh\necho\n"}))

    def test_function_length(self):
        def function(lines):
            return "int f(int a,\n      int b)\n{\n" + "    ;\n" * lines + "}\n"
        self.assertEqual([], self.found("function_length",
                                        {"a.c": function(56)}))
        self.assertEqual([("a.c", 2)], self.found(
            "function_length", {"a.c": "\n" + function(57)}))
        script = "f() {\n" + "    :\n" * 59 + "}\n"
        self.assertEqual([("a.sh", 1)],
                         self.found("function_length", {"a.sh": script}))
        python = "def f():\n" + "    pass\n" * 60
        self.assertEqual([("a.py", 1)],
                         self.found("function_length", {"a.py": python}))

    def test_function_length_may_be_listed(self):
        long = "int f(void)\n{\n" + "    ;\n" * 70 + "}\n"
        self.assertEqual([], self.found("function_length", {
            "a.c": long, "tools/ratchet.txt": "a.c:f 73\n"}))
        self.assertEqual([("a.c", 1)], self.found("function_length", {
            "a.c": long, "tools/ratchet.txt": "a.c:f 72\n"}))

    def test_file_length(self):
        self.assertEqual([], self.found("file_length", {"a.c": "\n" * 500}))
        self.assertEqual([("a.c", 501)],
                         self.found("file_length", {"a.c": "\n" * 501}))
        self.assertEqual([], self.found("file_length", {"a.md": "\n" * 501}))

    def test_columns(self):
        self.assertEqual([("a.c", 2)], self.found("columns", {
            "a.c": "x" * 80 + "\n" + "x" * 81 + "\n", "b.py": "x" * 90}))

    def test_data_is_no_code(self):
        for rule in "columns", "dead", "function_length", "file_length":
            self.assertEqual([], self.found(rule, {
                "tests/fuzz/corpus/x/a.c": "x" * 81 + "\n" * 501,
                "docs/releases/a.md": ""}))

    def test_white(self):
        self.assertEqual([], self.found("white", {"a.c": "int a;\n"}))
        self.assertEqual([("a.c", 1), ("b.c", 2), ("c.c", 1)], self.found(
            "white", {"a.c": "int a; \n", "b.c": "\n\tint a;\n", "c.c": "x"}))

    def test_banned(self):
        self.assertEqual([("src/a.c", 1), ("src/a.c", 2)], self.found("banned", {
            "src/a.c": "p = malloc(3);\nassert(p);\n"}))
        self.assertEqual([], self.found("banned", {
            "src/a.c": "/* malloc(3) */ s(\"free()\"); x->time(1); my_rand();\n",
            "apps/b.c": "p = malloc(3);\n", "sim/c.c": "p = malloc(3);\n"}))
        self.assertEqual([("sim/c.c", 1)],
                         self.found("banned", {"sim/c.c": "x = rand();\n"}))

    def test_floating(self):
        self.assertEqual([("src/home/a.c", 1)], self.found("floating", {
            "src/home/a.c": "double d;\n", "src/wasm/b.c": "double d;\n",
            "apps/c.c": "float f;\n", "src/coap/d.c": "/* double */\n"}))

    def test_unfinished(self):
        self.assertEqual([("a.c", 1), ("b.md", 2)], self.found("unfinished", {
            "a.c": "/* FIX" "ME later */\n", "b.md": "\nTO" "DO\n",
            "c.sh": "mktemp /tmp/aXX" "XXXX\n"}))

    def test_title(self):
        self.assertEqual([("b.md", 1), ("c.md", 1)], self.found("title", {
            "a.md": "# One\n```\n# no title\n```\n## Two\n",
            "b.md": "text\n", "c.md": "# One\n# Two\n"}))

    def test_places(self):
        self.assertEqual([("a.md", 2), ("a.md", 3), ("a.md", 4), ("a.md", 5)],
                         self.found("places", {
            "a.md": "`src/a.c:f` `src/a.c` `src/` `sim/NAME.c`\n"
                    "`src/c.c`\n`src/a.c:g`\n`src/a.c:h`\n`src/a.c:i`\n",
            "src/a.c": "int i(\n    int a);\nint f(int a,\n      int b)\n"
                       "{\n    g();\n}\n/* h() */\n",
            "b.md": "`src/b.h:x_y`\n`tests/t.c:a_b`\n",
            "tests/t.c": "TEST(a_b)\n{\n}\n",
            "src/b.h": "int\nx_y(void);\n"}))
        self.assertEqual([("a.md", 1)], self.found("places", {
            "a.md": "`tests/t.c:a`\n", "tests/t.c": "TEST(a_b)\n{\n}\n"}))

    def test_blob(self):
        large = b"x" * (64 * 1024 + 1)
        self.assertEqual([("a.bin", 1)], self.found("blob", {
            "a.bin": large, "tests/data/b.bin": large, "c.bin": large[1:]}))

    def test_machine_path(self):
        self.assertEqual([("a.sh", 1)], self.found("machine_path", {
            "a.sh": "cd /ro" "ot/tomte\n", "b.sh": "cd $x/ro" "ot/\n"}))

    def test_dead(self):
        cmake = "file(GLOB s ${PROJECT_SOURCE_DIR}/src/${name}/*.c)\n" \
                "add_executable(x main.c)\n"
        self.assertEqual([("other/c.c", 1), ("src/a/d.h", 1)], self.found(
            "dead", {
                "CMakeLists.txt": cmake, "src/a/b.c": '#include "a/b.h"\n',
                "src/a/b.h": "", "src/a/d.h": "", "other/c.c": "",
                "main.c": ""}))

    def test_header_alone(self):
        self.assertEqual([("src/a/bad.h", 1)], self.found("header_alone", {
            "src/a/bad.h": "#pragma once\nsize_t f(void);\n",
            "src/a/good.h": "#pragma once\n#include <stddef.h>\n"
                            "size_t f(void);\n"}))

    def test_header_alone_twice(self):
        self.assertEqual([("a.h", 1)], self.found("header_alone", {
            "a.h": "struct s { int i; };\n"}))

    def test_ratchet_shrinks(self):
        self.assertEqual([("tools/ratchet.txt", 1)], self.found(
            "ratchet_shrinks", {"a.c": "\n" * 510,
                                "tools/ratchet.txt": "a.c 511\n"}))
        self.assertEqual([], self.found(
            "ratchet_shrinks", {"a.c": "\n" * 510,
                                "tools/ratchet.txt": "a.c 510\n"}))

    def test_every_rule_is_tested(self):
        tested = " ".join(dir(self))
        for rule in tidy.FILE_RULES + tidy.TREE_RULES:
            self.assertIn("test_" + rule.__name__, tested)


if __name__ == "__main__":
    closing.main()
