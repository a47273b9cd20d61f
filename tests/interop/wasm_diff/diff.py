#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: diff.py WASM_DIFF FOLDER [--modules N] [--seed S] [--first I]

Compares N (300) modules, which Debian's wasm-opt generates from the seed S (1)
beginning with the I-th (1). Each is run in our engine (from bytes, from slot
code, and moving between them as a snapshot), in wabt's spectest-interp and in
node; all must give the same results, traps by kind, globals, memory, and tell
their host the same. The same seed and number make the same module. Half may use
tail calls, a third reference types; what the generator makes of these is often
more than WebAssembly 2.0 has: if node refuses such a module as we do, it does
not count. FOLDER is emptied first; what differs stays in FOLDER/found/.

A module that differs in wabt or node is run once more with wasm-opt's --denan,
which replaces every NaN by 0: when nothing differs then, it was the bits of a
NaN, which the specification leaves open. Node makes no NaN canonical, wabt not
those that promotion and demotion give. With reference types --denan sometimes
makes what is more than 2.0; then it is for a person to look.

Closes with "N passed, N failed, 0 skipped", a case a module; exits 1 when one
differs."""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 200
FEATURES = ["--mvp-features", "--enable-mutable-globals", "--enable-sign-ext",
            "--enable-nontrapping-float-to-int", "--enable-bulk-memory",
            "--enable-multivalue"]
MORE_FEATURES = [[], [], ["--enable-tail-call"], ["--enable-tail-call"],
                 ["--enable-reference-types"],
                 ["--enable-reference-types", "--enable-tail-call"]]
LEVELS = ["-O0", "-O0", "-O0", "-O1", "-O2", "-Os"]

# Node has had tail calls by default since 22.
NODE = ["node", "--expose-gc", "--experimental-wasm-return-call"]

# The texts of ours, and of wabt.
WABT_TRAPS = {
    "unreachable": r"unreachable executed$",
    "integer divide by zero": r"integer divide by zero$",
    "integer overflow": r"integer overflow$",
    "invalid conversion to integer": r"invalid conversion to integer$",
    "out of bounds memory access":
        r"out of bounds memory access|memory\.(init|copy|fill) out of bounds",
    "out of bounds table access":
        r"out of bounds table access|table\.(init|copy|fill) out of bounds",
    "undefined element": r"undefined table index$",
    "uninitialized element": r"uninitialized table element$",
    "indirect call type mismatch": r"indirect call signature mismatch$",
    "call stack exhausted": r"call stack exhausted$",
}


class Skip(Exception):
    """What is needed is not installed."""


class Ended(Exception):
    """A program ended early."""


class Module:
    """A module of a batch, its lines in the script, and what differs."""

    def __init__(self, name, lines, end, calls, traps, moves, why):
        self.name, self.lines, self.end, self.why = name, lines, end, why
        self.calls, self.traps, self.moves = calls, traps, moves
        self.wabt, self.node = [], []


class Run:
    def __init__(self, arguments):
        self.program, self.folder = arguments.program, arguments.folder
        self.seed, self.nan = arguments.seed, {"wabt": 0, "node": 0}
        self.count = dict.fromkeys(
            ("agreed", "differs", "refused", "long", "calls", "traps", "moves",
             "uninstantiable", "unmade"), 0)
        os.makedirs(os.path.join(self.folder, "found"), exist_ok=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def batch(self, first, count):
        names = [str(i) for i in range(first, first + count)]
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(self.generate, names))
        names = [name for name, ok in zip(names, made) if ok]
        self.count["unmade"] += count - len(names)
        self.judge_some(names)
        for name in names:
            for suffix in ".wasm", ".x.wasm", ".seed":
                os.remove(self.path(name + suffix))

    def judge_some(self, names):
        """Where a program ends early, find the module that ends it."""
        try:
            modules = self.judge(names, "script.json")
        except Ended as early:
            if len(names) > 1:
                half = len(names) // 2
                self.judge_some(names[:half])
                self.judge_some(names[half:])
                return
            modules = [Module(names[0], range(0), "differs", 0, 0, 0,
                              str(early))]
        suspects = [m for m in modules if (m.node or m.wabt)
                    and m.end == "agreed"]
        if suspects:
            self.without_nan(suspects)
        for m in modules:
            self.tally(m)

    def generate(self, name):
        rng = random.Random(f"{self.seed}/{name}")
        with open(self.path(name + ".seed"), "wb") as f:
            f.write(rng.randbytes(rng.choice((300, 1000, 3000, 8000))))
        more = rng.choice(MORE_FEATURES)
        try:
            command(["wasm-opt", "-ttf", self.path(name + ".seed"),
                     rng.choice(LEVELS), *FEATURES, *more, "-o",
                     self.path(name + ".wasm")])
        except Ended:
            return False
        return True

    def without_nan(self, suspects):
        """Of those that differ only by the bits of NaNs, forget it."""
        for m in suspects:
            try:
                command(["wasm-opt", self.path(m.name + ".wasm"), "--denan",
                         *FEATURES, "--enable-reference-types",
                         "--enable-tail-call", "-o",
                         self.path("again", m.name + ".wasm")])
                [second] = self.judge([m.name], "again/script.json")
            except Ended as early:
                m.why = str(early)
                continue
            if second.end == "refused":
                m.why = ("--denan makes more than 2.0 of it; does it store or "
                         "tell a NaN?")
            if second.end == "agreed" and not second.node and not second.wabt:
                self.nan["wabt" if m.wabt else "node"] += 1
                m.wabt, m.node = [], []

    def judge(self, names, script):
        folder = os.path.dirname(self.path(script))
        with open(self.path(script), "w", encoding="utf-8") as out:
            ours = subprocess.run([self.program, folder, str(self.seed), *names],
                                  stdout=out, stderr=subprocess.PIPE, text=True,
                                  check=False)
        modules, line = [], 0
        for said in ours.stderr.splitlines():
            name, last, end, *numbers, why = said.split(" ", 6)
            modules.append(Module(name, range(line + 1, int(last) + 1), end,
                                  *map(int, numbers), why))
            line = int(last)
        if len(modules) != len(names):
            raise Ended(f"{self.program}: {ours.returncode} "
                        f"{ours.stderr[-500:]}")
        self.ask_wabt(self.path(script), modules)
        self.ask_node(self.path(script), modules)
        return modules

    def ask_wabt(self, script, modules):
        for number, what in wabt_differs(script):
            of_line(modules, number).wabt.append(f"{number}: {what}")

    def ask_node(self, script, modules):
        refused = [m.name + ".x.wasm" for m in modules if m.end == "refused"]
        for number, what in node_differs(script, *refused):
            if what == "accepted":
                [m] = [m for m in modules if m.name + ".x.wasm" == number]
            else:
                m = of_line(modules, int(number))
            m.node.append(f"{number}: {what}")

    def tally(self, m):
        differs = m.wabt or m.node or m.end == "differs"
        if not differs:
            self.count[m.end] += 1
        else:
            self.count["differs"] += 1
            print(f"module {m.name} of seed {self.seed} differs: {m.why}")
            print("".join(f"  wabt: {s}\n" for s in m.wabt[:3]) +
                  "".join(f"  node: {s}\n" for s in m.node[:3]), end="")
            for suffix in ".wasm", ".x.wasm":
                shutil.copy(self.path(m.name + suffix), self.path("found"))
            shutil.copy(self.path("script.json"),
                        self.path("found", m.name + ".json"))
        self.count["calls"] += m.calls
        self.count["traps"] += m.traps
        self.count["moves"] += m.moves
        self.count["uninstantiable"] += m.end == "agreed" and len(m.lines) == 3

    def compared(self):
        return self.count["agreed"] + self.count["differs"]

    def says(self):
        c = self.count
        return (f"{c['agreed']} modules agree ({c['uninstantiable']} of them "
                f"trap when instantiated; in {self.nan['node']} the bits of a "
                f"NaN differ in node, in {self.nan['wabt']} in wabt), "
                f"{c['differs']} differ, {c['refused']} are "
                f"not of 2.0 (node refuses them too), {c['long']} run too long, "
                f"{c['unmade']} the generator does not make; "
                f"{c['calls']} calls, {c['traps']} of them trap, {c['moves']} "
                "moves as a snapshot")


def of_line(modules, line):
    for m in modules:
        if line in m.lines:
            return m
    raise SystemExit(f"no module has line {line}")


def wabt_differs(script):
    """The line and text of each assertion that does not hold."""
    said = subprocess.run(["spectest-interp", "--enable-tail-call", script],
                          text=True, capture_output=True, check=False).stdout
    if not re.search(r"^\d+/\d+ tests passed\.$", said, re.M):
        raise Ended(f"spectest-interp: {said[-500:]}")
    texts = trap_texts(script)
    for found in re.finditer(r"^.*?:(\d+): (.*)", said, re.M):
        line, what = int(found[1]), found[2]
        trap = re.match(r"assert_trap passed: (.*)", what)
        if trap and line in texts and re.match(WABT_TRAPS[texts[line]], trap[1]):
            continue
        if not what.startswith("assert_uninstantiable passed"):
            yield line, what


def node_differs(script, *refused):
    said = command([*NODE, os.path.join(HERE, "node.mjs"), script,
                    *refused]).splitlines()
    if not said or not re.fullmatch(r"\d+ of \d+ hold", said[-1]):
        raise Ended(f"node: {said[-1:]}")
    for line in said[:-1]:
        number, _, what = line.partition(": ")
        yield number, what


def check_the_judges(folder):
    """Both notice what does not hold, and nothing else."""
    script = os.path.join(HERE, "wrong.json")
    shutil.copy(script, folder)
    script = os.path.join(folder, "wrong.json")
    wabt = sorted(line for line, _ in wabt_differs(script))
    node = sorted(int(line) for line, _ in node_differs(script))
    if wabt != [3, 5, 6, 7] or node != wabt:
        raise SystemExit(f"wrong.json: wabt notices {wabt}, node {node}")


def trap_texts(script):
    with open(script, encoding="utf-8") as f:
        return {int(m[1]): m[2] for m in
                re.finditer(r'"assert_trap","line":(\d+),.*"text":"([^"]*)"',
                            f.read())}


def command(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Ended(f"{' '.join(words)}: {done.stderr[-500:]}")
    return done.stdout


def prepare(arguments):
    for program, package in (("wasm-opt", "binaryen"), ("node", "nodejs"),
                             ("spectest-interp", "wabt"), ("wat2wasm", "wabt")):
        if shutil.which(program) is None:
            raise Skip(f"no {program} (Debian's {package})")
    shutil.rmtree(arguments.folder, ignore_errors=True)
    os.makedirs(os.path.join(arguments.folder, "again"))
    for name in "log", "hash", "wrong":
        command(["wat2wasm", os.path.join(HERE, name + ".wat"),
                 "-o", os.path.join(arguments.folder, name + ".wasm")])
        shutil.copy(os.path.join(arguments.folder, name + ".wasm"),
                    os.path.join(arguments.folder, "again"))
    if subprocess.run([*NODE, "-e", "0"], capture_output=True,
                      check=False).returncode != 0:
        NODE.pop()
    check_the_judges(arguments.folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--modules", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    arguments = parser.parse_args()
    try:
        prepare(arguments)
    except Skip as missing:
        failed = 1 if os.environ.get("CI") else 0
        print(f"skipped: {missing}")
        print(f"0 passed, {failed} failed, {1 - failed} skipped")
        sys.exit(failed)
    run, start, first = Run(arguments), time.monotonic(), arguments.first
    while run.compared() < arguments.modules:
        count = min(BATCH, arguments.modules - run.compared())
        run.batch(first, count)
        first += count
        print(f"after {time.monotonic() - start:.0f} s: {run.says()}",
              flush=True)
    print(f"{run.count['agreed']} passed, {run.count['differs']} failed, "
          "0 skipped")
    sys.exit(1 if run.count["differs"] else 0)


if __name__ == "__main__":
    main()
