#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""./dev: every verb explains itself, and mistakes get an answer."""
import os
import subprocess
import unittest

import closing

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
VERBS = ["run", "test", "bench", "fuzz", "diff", "sim", "size", "fmt"]


def dev(*arguments):
    return subprocess.run([os.path.join(ROOT, "dev"), *arguments],
                          capture_output=True, text=True, check=False)


class Dev(unittest.TestCase):
    def test_help_names_every_verb(self):
        for arguments in [], ["help"], ["--help"]:
            said = dev(*arguments)
            self.assertEqual(0, said.returncode)
            for verb in VERBS:
                self.assertIn(f"  {verb} ", said.stdout)

    def test_every_verb_has_help_with_an_example(self):
        for verb in VERBS:
            said = dev(verb, "--help")
            self.assertEqual((0, ""), (said.returncode, said.stderr))
            self.assertTrue(said.stdout.startswith(f"usage: ./dev {verb}"))
            self.assertIn(f"example: ./dev {verb}", said.stdout)

    def test_help_of_a_verb(self):
        self.assertEqual(dev("size", "--help").stdout,
                         dev("help", "size").stdout)

    def test_exits_are_documented(self):
        self.assertIn("exits with 0", dev("help").stdout)
        for verb in "run", "test", "bench", "diff", "size", "fmt":
            self.assertRegex(dev(verb, "--help").stdout, r"\nexit: 0")

    def test_unknown_verb(self):
        for wrong, hint in (("dance", ""), ("tset", "; do you mean 'test'?"),
                            ("bnech", "; do you mean 'bench'?"),
                            ("simulate", "; do you mean 'sim'?")):
            said = dev(wrong)
            self.assertEqual(100, said.returncode)
            self.assertEqual(f"dev: no verb '{wrong}'{hint}",
                             said.stderr.splitlines()[0])

    def test_unknown_suite(self):
        said = dev("test", "nonsense")
        self.assertEqual(100, said.returncode)
        self.assertIn("no suite 'nonsense'", said.stderr)

    def test_unknown_option(self):
        for verb in "bench", "fuzz", "diff", "size", "fmt":
            said = dev(verb, "--nonsense")
            self.assertEqual(100, said.returncode)
            self.assertIn("no option '--nonsense'", said.stderr)
            self.assertIn("see --help", said.stderr)

    def test_unknown_option_after_a_known_one(self):
        for verb, known in (("bench", "--json"), ("size", "--json"),
                            ("fmt", "--check")):
            said = dev(verb, known, "--nonsense")
            self.assertEqual(100, said.returncode)
            self.assertIn("no option '--nonsense'", said.stderr)

    def test_unknown_benchmark_is_told_which_there_are(self):
        said = dev("bench", "nonsense")
        self.assertEqual(100, said.returncode)
        self.assertRegex(said.stderr, "no benchmark 'nonsense', but these: .*"
                         "cbor.*coap.*container.*failover.*placement.*store")

    def test_no_colour_but_on_a_terminal(self):
        self.assertNotIn("\x1b", dev("test", "nonsense").stderr)


if __name__ == "__main__":
    closing.main()
