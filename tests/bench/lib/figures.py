# SPDX-License-Identifier: Apache-2.0
"""What the Python benchmarks share; tests/bench/lib/bench.h says what a figure
is. A benchmark is run with the build tree of the release as its argument."""
import statistics
import sys


def say(text):
    """To the person who waits."""
    print(text, file=sys.stderr, flush=True)


def figure(name, values, unit, peer=None, peer_values=()):
    """One row: the medians of the runs."""
    theirs = statistics.median(peer_values) if peer else None
    print(name, f"{statistics.median(values):.6g}", unit, peer or "-",
          f"{theirs:.6g}" if peer else "-", len(values), sep="\t", flush=True)
