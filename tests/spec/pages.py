#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: pages.py FILE.wast FOLDER

wast2json for tests of custom page sizes, which Debian's does not read: each
(pagesize N) is taken out, wast2json converts the rest, and the page sizes are
put into the modules that it wrote. Left out are tests of the text format, and
modules with two memories, with 64-bit memories, of which there is only a
definition, or of more pages than fit the usual size, and what is asked of
them; how many is printed."""
import json
import os
import re
import subprocess
import sys

# Of the binary format: flags of limits, ids of sections.
HAS_MAX, HAS_PAGE = 1, 8
IMPORT, MEMORY = 2, 5
KIND_MEMORY = 2


def forms(text):
    """The top-level forms; comments are gone."""
    text = re.sub(r";;[^\n]*", "", text)
    depth, begin = 0, 0
    for match in re.finditer(r'"(?:\\.|[^"\\])*"|[()]', text):
        token = match.group()
        if token == "(":
            begin = match.start() if depth == 0 else begin
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                yield text[begin:match.end()]


# What gives a form away that needs more than one memory of 32 bits.
UNSUPPORTED = ("module quote", "module definition", "memory i64", "65537 ",
               "0x1_0000_0000", "$large", "large-pages", '"m" ', "-small",
               "-large")


def unsupported(form):
    return any(sign in form for sign in UNSUPPORTED)


def without_pages(form):
    """The form, and the page size that its memory had."""
    found = re.search(r"\(pagesize (\w+)\)", form)
    if not found:
        return form, None
    size = int(found.group(1), 0)
    form = form.replace(found.group(), "")
    inline = re.search(r'\(memory\s+\(data "(\w*)"\)\)', form)
    if inline:
        pages = -(-len(inline.group(1)) // size)
        form = form.replace(inline.group(), f"(memory {pages} {pages}) "
                            f'(data (i32.const 0) "{inline.group(1)}")')
    return form, size


def leb(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def patched(module, size):
    """The module, its only memory with pages of this size."""
    at = 8
    while at < len(module):
        section, begin = module[at], at
        length, at = leb(module, at + 1)
        if section == MEMORY:
            body = bytearray(module[at:at + length])
            body[1] |= HAS_PAGE
            body.append(size.bit_length() - 1)
            return (module[:begin] + bytes([MEMORY, len(body)]) + body
                    + module[at + length:])
        at += length
    raise ValueError("no memory")


def main(path, folder):
    name = os.path.splitext(os.path.basename(path))[0]
    plain, sizes, left_out = [], [], 0
    with open(path, encoding="utf-8") as file:
        for form in forms(file.read()):
            if unsupported(form):
                left_out += 1
                continue
            form, size = without_pages(form)
            plain.append(form)
            if "(module" in form:
                sizes.append(size)
    stripped = os.path.join(folder, name + ".wast")
    with open(stripped, "w", encoding="utf-8") as file:
        file.write("\n".join(plain) + "\n")
    out = os.path.join(folder, name + ".json")
    subprocess.run(["wast2json", stripped, "-o", out], check=True)
    with open(out, encoding="utf-8") as file:
        commands = json.load(file)["commands"]
    modules = [c["filename"] for c in commands if "filename" in c]
    for module, size in zip(modules, sizes, strict=True):
        if size is None:
            continue
        with open(os.path.join(folder, module), "r+b") as file:
            data = patched(file.read(), size)
            file.seek(0)
            file.write(data)
    print(f"{name}: {left_out} forms left out")


if __name__ == "__main__":
    main(*sys.argv[1:])
