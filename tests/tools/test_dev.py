#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""./dev: every verb explains itself, and mistakes get an answer."""
import os
import subprocess
import unittest

import closing

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
VERBS = ["run", "test", "bench", "fuzz", "sim", "size", "fmt"]


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

    def test_unknown_verb(self):
        said = dev("dance")
        self.assertEqual(100, said.returncode)
        self.assertIn("no verb 'dance'", said.stderr)

    def test_unknown_suite(self):
        said = dev("test", "nonsense")
        self.assertEqual(100, said.returncode)
        self.assertIn("no suite 'nonsense'", said.stderr)

    def test_unknown_option(self):
        for verb in "bench", "fuzz", "size", "fmt":
            said = dev(verb, "--nonsense")
            self.assertEqual(100, said.returncode)
            self.assertIn("no option '--nonsense'", said.stderr)

    def test_no_colour_but_on_a_terminal(self):
        self.assertNotIn("\x1b", dev("test", "nonsense").stderr)


if __name__ == "__main__":
    closing.main()
