#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tools/layers: a forbidden include, link or line of the table is found."""
import os
import subprocess
import tempfile
import unittest

import closing

LAYERS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../tools/layers")
TABLE = """# A
| floor | room | may use | what lives there |
|---|---|---|---|
| 0 | `src/base` | – | spans |
| 1 | `src/cbor` | – | codec |
| 1 | `src/coap` | – | messages |
| 2 | `src/channel` | cbor | channels |
| 3 | `apps` | all below | mains |

| headers from outside | who may include them |
|---|---|
| `stdint.h` `string.h` | `src` |
| `bearssl.h` | `src/cbor/lib` |
"""
TREE = {
    "ARCHITECTURE.md": TABLE,
    "cmake/rooms.cmake": "tomte_room(base)\ntomte_room(channel DEPS cbor base)\n",
    "src/base/span.h": "#include <stdint.h>\n",
    "src/cbor/cbor.h": '#include "base/span.h"\n',
    "src/coap/coap.h": '#include "base/span.h"\n',
    "src/channel/channel.h": '#include "cbor/cbor.h"\n',
    "src/channel/state.c": '#include "state.h"\n#include "channel/channel.h"\n',
    "src/channel/state.h": "",
    "src/cbor/lib/lib.c": "#include <bearssl.h>\n",
    "apps/main.c": '#include <stdio.h>\n#include "coap/coap.h"\n',
}


class Layers(unittest.TestCase):
    def run_on(self, **changes):
        """What tools/layers says of TREE with some files changed."""
        with tempfile.TemporaryDirectory() as root:
            for path, content in {**TREE, **changes.get("files", {})}.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as f:
                    f.write(content)
            run = subprocess.run([LAYERS, root], capture_output=True,
                                 text=True, check=False)
            return run.returncode, run.stdout.splitlines()[:-1]

    def expect(self, files, finding):
        status, lines = self.run_on(files=files)
        self.assertEqual((1, [finding]), (status, lines))

    def test_clean_tree_passes(self):
        self.assertEqual((0, []), self.run_on())

    def test_room_without_leave(self):
        self.expect({"src/channel/x.c": '\n#include "coap/coap.h"\n'},
                    "src/channel/x.c:2: layers: src/channel may not include "
                    "src/coap (coap/coap.h)")

    def test_upward(self):
        self.expect({"src/base/x.c": '#include "cbor/cbor.h"\n'},
                    "src/base/x.c:1: layers: src/base may not include "
                    "src/cbor (cbor/cbor.h)")

    def test_system_header(self):
        self.expect({"src/cbor/x.c": "#include <stdio.h>\n"},
                    "src/cbor/x.c:1: layers: <stdio.h> is not for this place")

    def test_outside_header_only_where_it_is_granted(self):
        self.expect({"src/coap/x.c": "# include <bearssl.h>\n"},
                    "src/coap/x.c:1: layers: <bearssl.h> is not for this place")

    def test_unknown_file(self):
        self.expect({"src/cbor/x.c": '#include "stdio.h"\n'},
                    'src/cbor/x.c:1: layers: "stdio.h" is no file of ours')

    def test_link_without_leave(self):
        self.expect({"cmake/rooms.cmake": "tomte_room(cbor DEPS coap base)\n"},
                    "cmake/rooms.cmake:1: rooms: src/cbor may not link src/coap")

    def test_table_must_point_down(self):
        self.expect({"ARCHITECTURE.md": TABLE.replace(
            "`src/coap` | –", "`src/coap` | cbor")},
            "ARCHITECTURE.md:1: table: src/coap uses src/cbor, not below it")

    def test_room_without_a_line(self):
        self.expect({"src/new/new.md": ""},
                    "ARCHITECTURE.md:1: table: src/new has no line")

    def test_line_without_a_room(self):
        self.expect({"ARCHITECTURE.md": TABLE.replace(
            "| 3 | `apps`", "| 2 | `src/gone` | – | nothing |\n| 3 | `apps`")},
            "ARCHITECTURE.md:1: table: src/gone does not exist")


if __name__ == "__main__":
    closing.main()
