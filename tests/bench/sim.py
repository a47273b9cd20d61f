#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the simulator is: node-hours of virtual time in a second of one
processor, in a home of 30 nodes with all faults, checkers on.

Each run is the same seed with few and with more virtual hours; the difference
leaves out the start, the deployment and the healing at the end.
"""
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from figures import figure  # noqa: E402, found by the line above

RUNS = 5
NODES = 30
FEW_H, MORE_H = 0.05, 0.3


def processor_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(simulator, seed, hours):
    start = processor_s()
    subprocess.run([simulator, "--nodes", str(NODES), "--seed", str(seed),
                    "--hours", str(hours)], stdout=subprocess.DEVNULL,
                   check=True)
    return processor_s() - start


def main(tree):
    simulator = os.path.join(tree, "tomte-sim")
    speeds = []
    for seed in range(1, RUNS + 1):
        few = seconds(simulator, seed, FEW_H)
        more = seconds(simulator, seed, MORE_H)
        speeds.append(NODES * (MORE_H - FEW_H) / (more - few))
    figure("sim/thirty_nodes", speeds, "node-hours/s")


if __name__ == "__main__":
    main(sys.argv[1])
