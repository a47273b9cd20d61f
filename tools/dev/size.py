#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `./dev size` prints; usage: size.py BUILD [--json]. The trees BUILD/rv32
and BUILD/cm3 are built, with gcc's call graphs beside the objects."""
import glob
import json
import os
import re
import subprocess
import sys

TARGETS = {
    "rv32": ("riscv64-unknown-elf", ["-march=rv32imc", "-mabi=ilp32"]),
    "cm3": ("arm-none-eabi", ["-mcpu=cortex-m3", "-mthumb"]),
}
# Section names by where their bytes go, in the order of the table.
KINDS = {
    "text": (".text",),
    "rodata": (".rodata", ".srodata", ".ARM.exidx", ".ARM.extab"),
    "data": (".data", ".sdata"),
    "bss": (".bss", ".sbss"),
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def sections(prefix, path):
    """{kind: bytes} of an object, an archive or an image."""
    sizes = dict.fromkeys(KINDS, 0)
    for line in run(prefix + "-size", "-A", path).splitlines():
        match = re.match(r"(\.[\w.]+)\s+(\d+)\s", line)
        for kind, names in KINDS.items() if match else ():
            if any((match.group(1) + ".").startswith(n + ".") for n in names):
                sizes[kind] += int(match.group(2))
    return sizes


def frame(tree, room):
    """The largest stack frame of one function."""
    sizes = [0]
    for path in glob.glob(f"{tree}/CMakeFiles/tomte_{room}.dir/**/*.ci",
                          recursive=True):
        with open(path, encoding="utf-8") as f:
            sizes += map(int, re.findall(r"\\n(\d+) bytes", f.read()))
    return max(sizes)


def public(prefix, archive):
    """What a room gives to others."""
    lines = run(prefix + "-nm", "--defined-only", archive).splitlines()
    return sorted({line.split()[-1] for line in lines
                   if re.search(r" [TR] tomte_", line)})


def linked(target, tree, room, archives):
    """Flash of an image with the whole of a room and, of the others, what it
    calls. What a port brings (memcpy, a port's panic) stays open."""
    prefix, machine = TARGETS[target]
    image = f"{tree}/linked-{room}.elf"
    roots = public(prefix, f"{tree}/libtomte_{room}.a")
    run(prefix + "-gcc", *machine, "-nostdlib", "-o", image,
        "-Wl,--gc-sections", "-Wl,--unresolved-symbols=ignore-all",
        f"-Wl,-e,{roots[0]}", *(f"-Wl,-u,{name}" for name in roots),
        "-Wl,--start-group", *archives, "-Wl,--end-group", "-lgcc")
    sizes = sections(prefix, image)
    return sizes["text"] + sizes["rodata"] + sizes["data"]


def rows(build):
    for target, (prefix, _) in TARGETS.items():
        tree = os.path.join(build, target)
        archives = sorted(glob.glob(tree + "/libtomte_*.a"))
        for archive in archives:
            room = os.path.basename(archive)[len("libtomte_"):-len(".a")]
            yield {"target": target, "room": room,
                   **sections(prefix, archive), "frame": frame(tree, room),
                   "linked": linked(target, tree, room, archives)}


def table(found):
    form = "{:6} {:14}" + " {:>8}" * (len(KINDS) + 2)
    print(form.format("target", "room", *KINDS, "frame", "linked"))
    for target in TARGETS:
        mine = [row for row in found if row["target"] == target]
        for row in mine:
            print(form.format(*row.values()))
        print(form.format(target, "all", *(sum(row[kind] for row in mine)
                                           for kind in KINDS), "", ""))


def main(build, *arguments):
    found = list(rows(build))
    if "--json" in arguments:
        print(json.dumps(found, indent=1))
    else:
        table(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
