#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long a home is without its thermostat when the node that runs it dies.

The home of examples/winter as real processes on loopback, with its leases of
1.5 s. When its histories are in sync the node that runs thermostat and meter is
killed (SIGKILL). The nodes' own logs then say, to the millisecond, when

  detect  the keeper counted the node as gone: its lease was over for certain.
          That is what was left of the lease, between two thirds and all of it,
          and 1 in 1,000 for the clocks
  resume  thermostat and meter ran elsewhere, from their last committed event

There is no peer: without fail-over it is never.
"""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from figures import figure, say  # noqa: E402, found by the line above

RUNS = 5
HOME = "examples/winter/home.yaml"
VICTIM = "hall"
WATCHED = ("thermostat", "meter")
PATIENCE_S = 30


class Home:
    """A home that ends with the block."""

    def __init__(self, tomte):
        self.tomte = tomte
        self.dir = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.process = subprocess.Popen(
            [tomte, "up", HOME, "--plain", "--dir", self.dir.name],
            stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        for line in self.process.stdout:
            if line.startswith("Now you"):
                return self
        sys.exit("failover: the home did not come up")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.dir.cleanup()

    def containers(self):
        """{identity: what the keeper says of it}; empty when nobody answers."""
        run = subprocess.run(
            [self.tomte, "status", "--json", "--dir", self.dir.name],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if run.returncode != 0:
            return {}
        return {c["identity"]: c for c in json.loads(run.stdout)["containers"]}

    def wait_for(self, what, condition):
        """What it gives, once that is true of something."""
        start = time.monotonic()
        while time.monotonic() - start < PATIENCE_S:
            found = condition()
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"failover: waited in vain until {what}")

    def settled(self):
        """Both run on the victim, and another node has their histories."""
        now = self.containers()
        return all(name in now and now[name]["owner"] == VICTIM
                   and now[name]["report"] == "running"
                   and now[name]["insync"] >= 2 for name in WATCHED)

    def kill(self, node):
        """The moment, in seconds of the clock that the logs have."""
        with open(f"{self.dir.name}/{node}.pid", encoding="ascii") as f:
            pid = int(f.read())
        now = time.time()
        os.kill(pid, signal.SIGKILL)
        return now

    def logged(self, pattern, after):
        """When a node first wrote such a line after that moment, or None."""
        for path in glob.glob(self.dir.name + "/*/log"):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    stamp, _, text = line.partition("Z ")
                    if re.search(pattern, text) and seconds(stamp) >= after:
                        return seconds(stamp)
        return None


def seconds(stamp):
    return datetime.fromisoformat(stamp).replace(
        tzinfo=timezone.utc).timestamp()


def one_run(tomte):
    """(milliseconds to detect, to resume)"""
    with Home(tomte) as home:
        home.wait_for("all is in sync", home.settled)
        killed = home.kill(VICTIM)
        detected = home.wait_for(
            "the keeper knows", lambda: home.logged(
                f"node {VICTIM}: no lease", killed))
        resumed = [home.wait_for(
            f"{name} runs elsewhere", lambda name=name: home.logged(
                f"{name} goes on, epoch", killed)) for name in WATCHED]
        return (detected - killed) * 1e3, (max(resumed) - killed) * 1e3


def main(tree):
    runs = []
    for i in range(RUNS):
        runs.append(one_run(os.path.join(tree, "tomte")))
        say(f"   run {i + 1}: detected after {runs[-1][0]:.0f} ms, resumed "
            f"after {runs[-1][1]:.0f} ms")
    figure("failover/detect", [detected for detected, _ in runs], "ms")
    figure("failover/resume", [resumed for _, resumed in runs], "ms")


if __name__ == "__main__":
    main(sys.argv[1])
