#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The switch between nodes, with this test as both nodes and as a stranger.

usage: switch_test.py SWITCH
"""
import select
import socket
import subprocess
import sys
import time

ADDRESS = {"a": ("127.0.0.1", 5901), "b": ("127.0.0.1", 5902)}
LISTEN = {"a": ("127.0.0.1", 6901), "b": ("127.0.0.1", 6902)}
counts = {True: 0, False: 0}


def check(name, good, more=""):
    counts[bool(good)] += 1
    if not good:
        print(f"FAIL {name}: {more}")


class Switch:
    def __init__(self, seed):
        names = [f"{n}={':'.join(map(str, ADDRESS[n]))}="
                 f"{':'.join(map(str, LISTEN[n]))}" for n in ADDRESS]
        self.child = subprocess.Popen(
            [sys.argv[1], "--seed", str(seed), *names], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.tell("stats")

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        return self.child.stdout.readline().strip()

    def end(self):
        self.child.stdin.close()
        return self.child.wait(timeout=5)


def node(name):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(LISTEN[name])
    return s


def received(s, seconds=0.15):
    """What comes until nothing has for a while: [(seconds, bytes, from)]."""
    out, began = [], time.monotonic()
    while select.select([s], [], [], seconds)[0]:
        data, sender = s.recvfrom(2048)
        out.append((time.monotonic() - began, data, sender))
    return out


def send(s, to, count=1, first=0):
    for i in range(first, first + count):
        s.sendto(b"%d" % i, ADDRESS[to])


def numbers(got):
    return [int(data) for _, data, _ in got]


def plain(w, a, b):
    send(a, "b", 20)
    got = received(b)
    check("all arrive, in order", numbers(got) == list(range(20)), numbers(got))
    check("from the address of the home",
          {sender for _, _, sender in got} == {ADDRESS["a"]})
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.sendto(b"1", ADDRESS["b"])
    _, _, sender = received(b)[0]
    check("a stranger has a port of its own", sender not in ADDRESS.values())
    b.sendto(b"2", sender)
    got = received(stranger)
    check("and hears back", numbers(got) == [2], got)
    check("from the node's address", got[0][2] == ADDRESS["b"], got)
    w.tell("silence people")
    stranger.sendto(b"3", ADDRESS["b"])
    check("unless people are silent", received(b) == [])
    w.tell("join")


def lost(w, a, b):
    """Which of 200 the seed lets through."""
    w.tell("loss 40")
    send(a, "b", 200)
    got = numbers(received(b))
    w.tell("heal")
    return got


def harm(w, a, b):
    got = lost(w, a, b)
    check("two fifths are lost", 90 < len(got) < 150, len(got))
    w.tell("double 100")
    send(a, "b", 10)
    got = sorted(numbers(received(b)))
    check("each comes twice", got == sorted([*range(10)] * 2), got)
    w.tell("heal")
    w.tell("delay 100 20")
    send(a, "b")
    got = received(b, 0.3)
    check("late by so much", got and 0.09 < got[0][0] < 0.2, got)
    w.tell("heal")
    w.tell("reorder 30")
    send(a, "b", 50)
    got = numbers(received(b))
    check("none is lost by being overtaken", sorted(got) == list(range(50)), got)
    check("some are overtaken", got != sorted(got))
    w.tell("heal")


def cuts(w, a, b):
    w.tell("silence a")
    send(a, "b")
    send(b, "a")
    check("silence is both ways", received(a) == [] and received(b) == [])
    w.tell("join")
    w.tell("cut a b")
    send(a, "b")
    send(b, "a")
    check("a cut is one way", len(received(a)) == 1 and received(b) == [])
    w.tell("join")
    w.tell("split a")
    send(a, "b")
    check("a split", received(b) == [])
    w.tell("heal")
    send(a, "b")
    check("healed", len(received(b)) == 1)


def commands(w):
    check("of nobody", w.tell("silence c").startswith("error"))
    check("not understood", w.tell("explode").startswith("error"))
    check("no percentage", w.tell("loss 101").startswith("error"))
    check("it counts", w.tell("stats").startswith("ok passed "))


def main():
    a, b = node("a"), node("b")
    for part in plain, harm, cuts:
        w = Switch(1)
        part(w, a, b)
        commands(w)
        check("it ends with its input", w.end() == 0)
    runs = []
    for seed in 5, 5, 6:
        w = Switch(seed)
        runs.append(lost(w, a, b))
        w.end()
    check("the same seed does the same harm", runs[0] == runs[1])
    check("another does another", runs[0] != runs[2])
    print(f"{counts[True]} passed, {counts[False]} failed, 0 skipped")
    return counts[False] > 0


sys.exit(main())
