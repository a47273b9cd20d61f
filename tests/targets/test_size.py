#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""./dev size: both forms, every room, both targets."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
sys.path.insert(0, os.path.join(HERE, "../tools"))
import closing  # noqa: E402, found by the line above


def size(*arguments):
    run = subprocess.run([os.path.join(ROOT, "dev"), "size", *arguments],
                         capture_output=True, text=True, check=True)
    return run.stdout


class Size(unittest.TestCase):
    def test_json_has_every_room_on_both_targets(self):
        rows = json.loads(size("--json"))
        found = {(row["target"], row["room"]) for row in rows}
        for room in os.listdir(os.path.join(ROOT, "src")):
            self.assertIn(("rv32", room), found)
            self.assertIn(("cm3", room), found)
        for row in rows:
            self.assertGreater(row["text"], 0)
            self.assertGreater(row["frame"], 0)
            own = row["text"] + row["rodata"] + row["data"]
            self.assertGreater(row["linked"], own // 2)

    def test_a_node_links_more_than_its_room_and_less_than_all(self):
        rows = json.loads(size("--json"))
        for target in "rv32", "cm3":
            flash = {row["room"]: row["text"] + row["rodata"] + row["data"]
                     for row in rows if row["target"] == target}
            node, = [row["linked"] for row in rows
                     if row["target"] == target and row["room"] == "node"]
            self.assertGreater(node, flash["node"] + flash["wasm"] // 2)
            self.assertLess(node, sum(flash.values()))

    def test_table_adds_up(self):
        lines = [line.split() for line in size().splitlines()[1:]]
        for target in "rv32", "cm3":
            rooms = [line for line in lines
                     if line[0] == target and line[1] != "all"]
            total, = [line for line in lines if line[:2] == [target, "all"]]
            for column in 2, 3, 4, 5:
                self.assertEqual(int(total[column]),
                                 sum(int(line[column]) for line in rooms))


if __name__ == "__main__":
    closing.main()
