#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the core, compiled for a microcontroller, to what it promises.

Of each room's archive: the symbols it needs from outside of the core are on the
list of allowed-symbols.txt; what rooms use of each other begins with tomte_, and
what only the files of a room share with the name of the room or of one of those
files; there is no static data that is written (the caller gives all memory). Of
the whole: no function calls itself, directly or through others; no stack frame
is larger than FRAME_BYTES.

usage: check_core.py TREE NM
"""
import glob
import os
import re
import subprocess
import sys

# The keeper's checks of a whole container, with its manifest and its ports, are
# the largest; no microcontroller is a keeper. This may shrink.
FRAME_BYTES = 6656
HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(HERE, "../../src")


def symbols(archive, nm):
    """(kind, name) of each symbol of an archive; kinds are nm's letters."""
    run = subprocess.run([nm, archive], capture_output=True, text=True,
                         check=True)
    for line in run.stdout.splitlines():
        match = re.match(r"(?:[0-9a-f]+)? +([A-Za-z]) (\S+)$", line)
        if match:
            yield match.groups()


def allowed_symbols():
    with open(os.path.join(HERE, "allowed-symbols.txt"), encoding="utf-8") as f:
        rules = [line.strip() for line in f if not line.startswith("#")]
    return re.compile("|".join(f"(?:{rule})" for rule in rules if rule))


def check_needs(room, found, defined):
    allowed = allowed_symbols()
    own = {name for kind, name in found if kind != "U"}
    for kind, name in sorted(found):
        if kind != "U" or name in own or allowed.fullmatch(name):
            continue
        if name not in defined:
            yield f"{room} needs {name}, which is not on the list"
        elif not name.startswith("tomte_"):
            yield f"{room} uses {name}, which is another room's own"


def check_names(room, found):
    files = os.listdir(os.path.join(SRC, room)) if room in os.listdir(SRC) else []
    prefixes = {"tomte", room} | {os.path.splitext(name)[0] for name in files}
    for kind, name in sorted(found):
        if kind in "TDBRC" and not any(name.startswith(prefix + "_")
                                       for prefix in prefixes):
            yield f"{room} gives away {name}, without a prefix of its own"


def check_data(room, found):
    for kind, name in sorted(found):
        if kind in "DdBbCGgSs":
            yield f"{room} has {name} in memory that nobody gave it"


def read_graph(tree):
    """({function: callees}, {function: frame bytes}) of gcc's .ci files."""
    calls, frames = {}, {}
    for path in glob.glob(f"{tree}/**/*.ci", recursive=True):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for source, target in re.findall(
                r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            calls.setdefault(source, set()).add(target)
        for name, size in re.findall(
                r'node: { title: "([^"]+)" label: "[^"]*\\n(\d+) bytes', text):
            frames[name] = int(size)
    return calls, frames


def cycle_from(start, calls):
    """A path from `start` back to itself, or None."""
    todo, came_from = [start], {}
    while todo:
        at = todo.pop()
        for callee in calls.get(at, ()):
            if callee == start:
                path = [at]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if callee not in came_from:
                came_from[callee] = at
                todo.append(callee)
    return None


def check_recursion(calls):
    reported = set()
    for function in sorted(calls):
        # gcc's one node for all calls through pointers is no function.
        path = cycle_from(function, calls) if function[:2] != "__" else None
        if path and not reported & set(path):
            reported |= set(path)
            names = [re.sub(r".*:", "", name) for name in path]
            yield "recursion: " + " -> ".join(names + names[:1])


def check_frames(frames):
    for name, size in sorted(frames.items()):
        if size > FRAME_BYTES:
            short = re.sub(r".*/src/", "src/", name)
            yield f"{short} takes {size} bytes of stack, at most {FRAME_BYTES}"


def check_archives(tree, nm):
    """A list of findings for each promise of each room."""
    found = {os.path.basename(path)[len("libtomte_"):-2]: set(symbols(path, nm))
             for path in sorted(glob.glob(f"{tree}/**/libtomte_*.a",
                                          recursive=True))}
    defined = {name for all_of in found.values()
               for kind, name in all_of if kind != "U"}
    for room, all_of in found.items():
        yield list(check_needs(room, all_of, defined))
        yield list(check_names(room, all_of))
        yield list(check_data(room, all_of))


def main(tree, nm):
    calls, frames = read_graph(tree)
    results = list(check_archives(tree, nm))
    if not results or not frames:
        print(f"{tree} holds no core: build it first")
        return 1
    results += [list(check_recursion(calls)), list(check_frames(frames))]
    for findings in results:
        for finding in findings:
            print(finding)
    failed = sum(1 for findings in results if findings)
    print(f"{len(results) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
