#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Container to container across two node processes on loopback, beside what
others move the same bytes with.

Ours: pairs of the containers ping and pong (tests/bench/channel/containers) on
two nodes of a home, a third node its keeper. A value is put on a state channel,
observed by the other node, handled there by WebAssembly, put back. Each value
handled is one message. A peer's message is one that went its whole way: to an
echo and back, a request and its answer, or from a publisher through its broker
to a subscriber (tests/bench/channel/load.h).

  .../messages    messages a second, of 64 pairs with one message under way each
  .../per_core    the same, by the second of processor time that all processes
                  of the exchange took together: what counts on a small hub
  .../p50, p99    one pair: there and back, by the kernel's stamps

Rows of one kind alternate with the peer's, medians of all runs.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from figures import figure, say  # noqa: E402, found by the line above

RUNS = 3
SECONDS = 2
PAIRS = 64
PORTS = {"keeper": 5741, "left": 5742, "right": 5743}
PEERS = (("udp echo", ["udp"]), ("libcoap NON", ["coap", "non"]),
         ("libcoap CON", ["coap", "con"]), ("libcoap DTLS", ["dtls", "con"]),
         ("mosquitto QoS 0", ["mqtt", "qos0"]),
         ("mosquitto QoS 1", ["mqtt", "qos1"]),
         ("mosquitto QoS 0 TLS", ["mqtt", "tls0"]), ("nats", ["nats"]))


def home_text(tree, pairs, size_file):
    """A home of `pairs` pairs of containers."""
    lines = ["home: bench", "nodes:"]
    for node, port in PORTS.items():
        lines += [f"  {node}:", f"    address: 127.0.0.1:{port}"]
        if node == "keeper":
            lines += ["    keeper: true", "    resources:",
                      "      /bench/size/bytes: {kind: sensor, role: size,"
                      f" type: number, file: {size_file}, every_ms: 1000}}"]
    lines.append("authors:\n  tomte: {key: shipped, may: ['*']}")
    lines.append("containers:")
    for i in range(pairs):
        lines += [f"  ping-{i}:", f"    image: {tree}/containers/ping.image",
                  "    prefer: left",
                  f"    bind: {{back: /bench/p{i}/back, out: /bench/p{i}/out,"
                  f" size: /bench/size/bytes, count: /bench/p{i}/count}}",
                  f"  pong-{i}:", f"    image: {tree}/containers/pong.image",
                  "    prefer: right",
                  f"    bind: {{there: /bench/p{i}/out,"
                  f" back: /bench/p{i}/back}}"]
    return "\n".join(lines) + "\n"


class Home:
    """Ends with the block."""

    def __init__(self, tree, pairs, size):
        self.tomte = os.path.join(tree, "tomte")
        self.tmp = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.dir = os.path.join(self.tmp.name, "state")
        size_file = os.path.join(self.tmp.name, "size")
        self.file = os.path.join(self.tmp.name, "home.yaml")
        with open(size_file, "w", encoding="utf-8") as f:
            f.write(f"{size}\n")
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(home_text(os.path.abspath(tree), pairs, size_file))
        self.pairs = pairs

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.tomte, "up", self.file, "--plain", "--dir", self.dir],
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("Now you"):
                break
        time.sleep(4)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.tmp.cleanup()

    def status(self):
        text = subprocess.run(
            [self.tomte, "status", "--json", "--dir", self.dir],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        return json.loads(text)

    def counted(self):
        """How many values came back, of all pairs; None while some do not."""
        counts = [c.get("value") for c in self.status()["channels"]
                  if c["channel"].endswith("/count")]
        if len(counts) < self.pairs or not all(counts):
            return None
        return sum(float(value) for value in counts)

    def wait_for_all(self):
        for _ in range(120):
            if self.counted() is not None:
                return
            time.sleep(1)
        sys.exit(f"channel: {self.pairs} pairs do not come to run")

    def processor_ns(self):
        """Of the two nodes that talk; the keeper's is not counted."""
        total = 0
        for name in ("left", "right"):
            with open(f"/proc/{self.pid(name)}/schedstat",
                      encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total

    def pid(self, name):
        pattern = f"node .*--name {name} .*{self.dir}"
        found = subprocess.run(["pgrep", "-f", pattern], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.split()
        return found[0]

    def load(self):
        """Messages a second, and by the second of processor time."""
        counts, clocks, used = [], [], []
        for wait in (2 * SECONDS, 0):
            counts.append(self.counted())
            clocks.append(time.monotonic())
            used.append(self.processor_ns())
            time.sleep(wait)
        messages = 2 * (counts[1] - counts[0])
        return (messages / (clocks[1] - clocks[0]),
                messages / (used[1] - used[0]) * 1e9)


def ours(tree, size):
    with Home(tree, PAIRS, size) as home:
        home.wait_for_all()
        return home.load()


def ours_alone(tree, size):
    """p50 and p99 of one pair, there and back."""
    with Home(tree, 1, size) as home:
        home.wait_for_all()
        line = subprocess.run(
            [os.path.join(tree, "bench_channel_tap"), str(PORTS["left"]),
             str(PORTS["right"]), str(SECONDS)], check=True, text=True,
            stdout=subprocess.PIPE).stdout
        return [float(word) for word in line.split()[1:]]


def peer(tree, program, pairs, size, variant=""):
    """messages/s, messages by the processor second, p50, p99."""
    path = os.path.join(tree, "bench_channel_" + program)
    if not os.path.exists(path):
        return None
    run = subprocess.run([path, str(pairs), str(size), str(SECONDS), variant],
                         stdout=subprocess.PIPE, text=True, check=True)
    rate, p50, p99, client, server = map(float, run.stdout.split())
    return rate, 1e6 / (client + server), p50, p99


def rates(tree, size):
    """One row for each peer that is here."""
    mine, theirs = [], {name: [] for name, _ in PEERS}
    for run in range(RUNS):
        say(f"  {size} bytes, {PAIRS} pairs, run {run + 1} of {RUNS}")
        mine.append(ours(tree, size))
        for name, command in PEERS:
            got = peer(tree, command[0], PAIRS, size, *command[1:])
            if got:
                theirs[name].append(got)
    for name, runs in theirs.items():
        if not runs:
            say(f"  {name}: its library is not installed")
            continue
        figure(f"channel/state_{size}/messages", [m[0] for m in mine], "1/s",
               name, [r[0] for r in runs])
        figure(f"channel/state_{size}/per_core", [m[1] for m in mine], "1/s",
               name, [r[1] for r in runs])


def round_trips(tree, size):
    mine, echo = [], []
    for run in range(RUNS):
        say(f"  {size} bytes, one pair, run {run + 1} of {RUNS}")
        mine.append(ours_alone(tree, size))
        echo.append(peer(tree, "udp", 1, size))
    for i, name in enumerate(("p50", "p99")):
        figure(f"channel/state_{size}/{name}", [m[i] for m in mine], "us",
               "udp echo", [e[2 + i] for e in echo])


def main(tree):
    for size in (16, 64, 128):
        round_trips(tree, size)
    rates(tree, 64)


if __name__ == "__main__":
    main(sys.argv[1])
