#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The live table of `tomte up`, on a terminal that this test is.

usage: table.py TOMTE
"""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

TOMTE = os.path.abspath(sys.argv[1])
counts = {True: 0, False: 0}


def check(name, good, more=""):
    counts[bool(good)] += 1
    if not good:
        print(f"FAIL {name}: {more}")


class Terminal:
    """tomte up on a terminal of that size, with what it wrote so far."""

    def __init__(self, folder, rows, columns, **environment):
        self.written = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environment)
            time.sleep(0.2)  # until the size is set
            os.execv(TOMTE, [TOMTE, "up", f"{folder}/winter/home.yaml",
                             "--dir", f"{folder}/home"])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("4H", rows, columns, 0, 0))

    def read(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if select.select([self.fd], [], [], 0.1)[0]:
                self.written += os.read(self.fd, 65536).decode()

    def frame(self):
        """The rows of the last whole picture, as they stand on the screen."""
        picture = self.written.split("\x1b[H")[-2]
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", picture).split("\r\n")

    def end(self):
        os.kill(self.pid, signal.SIGINT)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            try:
                self.read(0.1)
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def find(rows, pattern):
    return next((m for m in (re.search(pattern, r) for r in rows) if m), None)


def large(folder):
    t = Terminal(folder, 50, 110)
    t.read(9)
    rows = t.frame()
    text = "\n".join(rows)
    check("nodes", find(rows, r"^  attic +up +held +\(keeper\)"), text)
    check("containers", find(rows, r"^  meter +hall +\d+ +running +\d+ +hall "),
          text)
    rate = find(rows, r"/room/thermometer-1/temperature +[\d.]+ +([\d.]+)/s")
    check("a rate is that of the world", rate and 8 < float(rate[1]) < 12, text)
    check("events", find(rows, r"^  \d\d:\d\d:\d\d\.\d{3}  hall +meter goes on"),
          text)
    check("what to do", re.match(r"Now you: .*tomte kill hall ", rows[-1]), text)
    check("colours on a terminal", "\x1b[2m" in t.written)
    subprocess.run([TOMTE, "kill", "hall", "--dir", f"{folder}/home"],
                   check=True)
    t.read(5)
    rows = t.frame()
    text = "\n".join(rows)
    check("a dead node", find(rows, r"^  hall +DOWN"), text)
    check("what ran there", find(rows, r"^  meter +(attic|cellar) +\d+ +runn"),
          text)
    check("its events", find(rows, r"meter goes on, epoch"), text)
    check("another victim", "kill cellar" in rows[-1], text)
    check("it ends well", t.end() == 0)


def small(folder):
    t = Terminal(folder, 24, 60, NO_COLOR="1")
    t.read(6)
    rows = t.frame()
    check("it fits 24 rows", len(rows) <= 24, len(rows))
    wide = [r for r in rows[:-1] if len(r) > 60]
    check("it fits 60 columns", not wide, wide)
    check("events have their place", find(rows, "^  EVENTS"), rows)
    check("no colours where none are wanted", "\x1b[2m" not in t.written)
    check("it ends well", t.end() == 0)


with tempfile.TemporaryDirectory() as where:
    shutil.copytree("examples/winter", f"{where}/winter")
    large(where)
    small(where)
print(f"{counts[True]} passed, {counts[False]} failed, 0 skipped")
sys.exit(counts[False] > 0)
