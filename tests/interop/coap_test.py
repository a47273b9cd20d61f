#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds src/coap against libcoap (Debian's libcoap3-bin), in both directions.

usage: coap_test.py PEER [NAME...]

PEER is the program coap_peer; NAME picks tests. All on 127.0.0.1, on ports that
the system chose. Closes with "N passed, N failed, N skipped"; exits 1 when
something failed.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

CLIENT = shutil.which("coap-client-notls")
SERVER = shutil.which("coap-server-notls")
STATE = '</state>;rt="text";ct=0;obs'
COUNTER = '</counter>;if="core.s";obs'
LONG = '</large>;rt="text long";ct=0;sz=3000'
peer = None  # the program


def alphabet(length):
    return "".join(chr(ord("a") + i % 26) for i in range(length))


def large_file():
    f = tempfile.NamedTemporaryFile("w")
    f.write(LARGE)
    f.flush()
    return f


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return f"{crc ^ 0xffffffff:08x}"


LARGE = alphabet(3000)


class Failure(Exception):
    pass


class Skipped(Exception):
    pass


def check(what, expected, got):
    if expected != got:
        raise Failure(f"{what}: expected {expected!r}, got {got!r}")


def run(command, timeout=30):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL)


# ---- their client, our server ----------------------------------------------

class Ours:
    """coap_peer as a server, and libcoap's client against it."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [peer, *options, "serve"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "hung"
        self.process.stdout.close()
        check("exit of the server", 0, status)

    def ask(self, path, *options):
        """What the client writes: a payload, or the code of an error."""
        done = run([CLIENT, "-B", "10", *options,
                    f"coap://127.0.0.1:{self.port}{path}"])
        code = re.match(r"\d\.\d\d", done.stderr)
        return done.stdout.rstrip("\n") or (code.group(0) if code else "")


def server_get_put():
    with Ours() as s:
        check("get", "unset", s.ask("/state"))
        check("put", "", s.ask("/state", "-m", "put", "-e", "hello"))
        check("get again", "hello", s.ask("/state"))
        check("non", "hello", s.ask("/state", "-N"))


def server_token_lengths():
    with Ours() as s:
        for token in ("", "a", "abcd", "abcdefgh"):
            check(f"token {token!r}", "unset", s.ask("/state", "-T", token))


def server_errors():
    with Ours() as s:
        check("no such path", "4.04", s.ask("/nothing"))
        check("wrong method", "4.05", s.ask("/state", "-m", "post"))
        check("unknown critical option", "4.02",
              s.ask("/state", "-O", "65001,x"))
        check("unknown elective option", "unset",
              s.ask("/state", "-O", "65000,x"))


def server_links():
    with Ours() as s:
        check("links", ",".join((STATE, COUNTER, LONG)),
              s.ask("/.well-known/core"))


def server_filters():
    with Ours() as s:
        for query, links in (("rt=text", (STATE, LONG)),
                             ("rt=lo*", (LONG,)),
                             ("rt=text%20long", ()),
                             ("href=/co*", (COUNTER,)),
                             ("if=core.s", (COUNTER,)),
                             ("ct=0", (STATE, LONG)),
                             ("obs&rt=text", (STATE,)),
                             ("rt=other", ())):
            check(query, ",".join(links), s.ask("/.well-known/core?" + query))


def server_query():
    with Ours() as s:
        check("query", "a=1&b=%26?body",
              s.ask("/echo?a=1&b=%26", "-m", "post", "-e", "body"))


def server_separate_response():
    with Ours() as s:
        start = time.monotonic()
        check("slow", "slow", s.ask("/slow"))
        check("waited for it", True, 0.9 < time.monotonic() - start < 5)
        check("slow, non", "slow", s.ask("/slow", "-N"))


def server_loses_requests():
    with Ours() as s:
        check("first request lost", "unset", s.ask("/state", "-l", "1"))
        check("put, first one lost", "",
              s.ask("/state", "-m", "put", "-e", "1", "-l", "1"))
        check("arrived", "1", s.ask("/state"))


def server_loses_answers():
    with Ours("-l", "1") as s:
        check("first answer lost", "unset", s.ask("/state"))
    with Ours("-l", "1", "-l", "2") as s:
        check("empty ACK and separate response lost", "slow", s.ask("/slow"))


def server_observed():
    with Ours() as s:
        got = s.ask("/counter", "-s", "2", "-w").split("\n")
        numbers = [int(n) for n in got if n]
        check("several", True, len(numbers) >= 7)
        first = numbers[0]
        # The last line answers the deregistration.
        check("each one once, in order",
              list(range(first, first + len(numbers) - 1)), numbers[:-1])
        check("goes on serving", "unset", s.ask("/state"))


def server_observed_state():
    """The last of many quick changes is the last that arrives."""
    with Ours() as s:
        observer = subprocess.Popen(
            [CLIENT, "-w", "-s", "3", f"coap://127.0.0.1:{s.port}/state"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        time.sleep(0.5)
        for i in range(5):
            s.ask("/state", "-m", "put", "-e", f"v{i}")
        got = [line for line in observer.communicate(timeout=20)[0].split("\n")
               if line]
        check("first", "unset", got[0])
        check(f"last of {got}", "v4", got[-1])
        check("in order", sorted(got[1:]), got[1:])


def server_blocks():
    for options in ((), ("-b", "128")):  # of ours
        with Ours(*options) as s, large_file() as f:
            check("large", LARGE, s.ask("/large"))
            check("large, in small blocks", LARGE, s.ask("/large", "-b", "64"))
            check("huge", alphabet(20000), s.ask("/huge"))
            check("upload", "3000", s.ask("/upload", "-m", "put", "-f", f.name,
                                          "-b", "256"))
            check("too long", "4.13", s.ask("/upload", "-m", "put", "-f",
                                            "/bin/sh", "-b", "1024"))
            check("both ways", "?" + LARGE,
                  s.ask("/echo", "-m", "post", "-f", f.name))


def server_loses_blocks():
    for lost in ("1", "2", "4"):
        with Ours("-l", lost) as s, large_file() as f:
            check(f"answer {lost} lost", LARGE, s.ask("/large"))
            check("upload after", "3000",
                  s.ask("/upload", "-m", "put", "-f", f.name))
        with Ours() as s, large_file() as f:
            check(f"request {lost} lost", "?" + LARGE,
                  s.ask("/echo", "-m", "post", "-f", f.name, "-l", lost))


def server_observed_in_blocks():
    """Each state whole, and none older than the one before."""
    with Ours() as s:
        lines = s.ask("/clock", "-s", "5", "-w").split("\n")
        states = [line for line in lines if line]
        check(f"several of {len(lines)}", True, len(states) >= 4)
        numbers = [int(state.split(":")[0]) for state in states]
        for number, state in zip(numbers, states):
            check("whole", f"{number}:" + str(number % 10) * 2000, state)
        check("in order", sorted(numbers), numbers)


def server_conditions():
    with Ours() as s:
        put = ("-m", "put", "-e", "x")
        etag = "0x" + crc32c(b"unset")
        check("if-match, another", "4.12", s.ask("/state", "-O", "1,0x01",
                                                 *put))
        check("if-none-match", "4.12", s.ask("/state", "-O", "5,", *put))
        check("not changed", "unset", s.ask("/state"))
        check("if-match", "", s.ask("/state", "-O", "1," + etag, *put))
        check("changed", "x", s.ask("/state"))
        s.ask("/state", "-m", "delete")
        check("gone", "4.04", s.ask("/state"))
        check("if-match, nothing there", "4.12",
              s.ask("/state", "-O", "1,", *put))
        check("if-none-match, nothing there", "",
              s.ask("/state", "-O", "5,", *put))
        check("there", "x", s.ask("/state"))


def server_challenges():
    with Ours() as s:
        check("fresh", "fresh", s.ask("/fresh"))


def server_keeps_quiet():
    with Ours() as s, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.connect(("127.0.0.1", s.port))
        u.settimeout(0.5)
        # PUT /state, No-Response 2.xx: an empty ACK, and for a NON nothing
        u.send(bytes.fromhex("40030001" "b57374617465" "d1ea02" "ff61"))
        check("ACK", "60000001", u.recv(99).hex())
        u.send(bytes.fromhex("50030002" "b57374617465" "d1ea02" "ff62"))
        try:
            check("silence", "", u.recv(99).hex())
        except socket.timeout:
            pass
        check("done", "b", s.ask("/state"))


def server_hears_rubbish():
    with Ours() as s, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.connect(("127.0.0.1", s.port))
        u.settimeout(2)
        u.send(bytes.fromhex("490100010102030405060708"))
        check("token of 9 bytes: reset", "70000001", u.recv(99).hex())
        u.send(bytes.fromhex("40000002"))
        check("ping: reset", "70000002", u.recv(99).hex())
        for hexed in ("", "40", "80010003", "600100ff", "50010004ff"):
            u.send(bytes.fromhex(hexed))
        check("goes on serving", "unset", s.ask("/state"))
        u.settimeout(0.2)
        try:
            check("silence", "", u.recv(99).hex())
        except socket.timeout:
            pass


# In a network of its own, where 224.0.1.187 is on the loopback.
GROUP = """
ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo || exit 9
sleep 8 | "$0" -g serve >/dev/null &
sleep 0.5
exec "$@"
"""


def to_group(path):
    done = run(["unshare", "-n", "sh", "-c", GROUP, peer, CLIENT, "-N", "-B",
                "7", "coap://224.0.1.187" + path])
    return done.returncode, done.stdout.strip()


def server_among_many():
    if run(["unshare", "-n", "ip", "link", "set", "lo", "up"]).returncode != 0:
        raise Skipped("no network namespaces")
    check("links", (0, LONG), to_group("/.well-known/core?rt=lo*"))
    check("nothing to say", (0, ""), to_group("/.well-known/core?rt=other"))
    check("an error", (0, ""), to_group("/nothing"))


# ---- our client, their server ----------------------------------------------

class Theirs:
    """libcoap's server, and coap_peer as a client against it."""

    def __init__(self, *options):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
            u.bind(("127.0.0.1", 0))
            self.port = u.getsockname()[1]
        self.process = subprocess.Popen(
            [SERVER, "-A", "127.0.0.1", "-p", str(self.port), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        """Waits until it answers a ping."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
            u.connect(("127.0.0.1", self.port))
            u.settimeout(0.1)
            for _ in range(100):
                try:
                    u.send(bytes.fromhex("40000001"))
                    if u.recv(9):
                        return self
                except OSError:
                    time.sleep(0.05)
        self.process.kill()
        self.process.wait()
        raise Failure("coap-server does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def ask(self, *steps, options=()):
        done = run([peer, *options, "ask", str(self.port), *steps], 60)
        check("exit of the client", (0, ""), (done.returncode, done.stderr))
        return done.stdout.rstrip("\n").split("\n")


def client_get():
    with Theirs() as s:
        got = s.ask("get", "/", "nget", "/", "get", "/nothing")
        check("con", True,
              got[0].startswith("2.05 This is a test server made with libcoap"))
        check("non", got[0], got[1])
        check("no such path", "4.04", got[2][:4])


def client_links():
    with Theirs() as s:
        got = s.ask("get", "/.well-known/core")[0]
        check("links", True, got.startswith("2.05 </>;title=")
              and "</time>" in got)


def client_put_delete():
    with Theirs("-d", "4") as s:
        got = s.ask("put", "/new", "one", "get", "/new", "put", "/new", "two",
                    "get", "/new", "delete", "/new", "get", "/new")
        check("answers", ["2.01", "2.05 one", "2.04", "2.05 two", "2.02"],
              [line.strip() for line in got[:5]])
        check("gone", "4.04", got[5][:4])


def client_separate_response():
    with Theirs() as s:
        check("async", ["2.05 done"], s.ask("get", "/async?1"))


def client_ping():
    with Theirs() as s:
        check("ping", ["pong"], s.ask("ping"))


def client_blocks():
    for options in ((), ("-b", "64")):
        with Theirs() as s:
            got = s.ask("put", "/example_data", "@3000", "get",
                        "/example_data", options=options)
            check("upload", "2.0", got[0][:3])
            check("download", "2.05 " + LARGE, got[1])


def client_loses_blocks():
    for lost in ("2", "3", "5"):
        with Theirs("-l", lost) as s:
            got = s.ask("put", "/example_data", "@3000", "get",
                        "/example_data", options=("-l", "3"))
            check(f"answer {lost} lost", "2.05 " + LARGE, got[1])


def client_observes_blocks():
    with Theirs() as s:
        s.ask("put", "/example_data", "@2000")
        watcher = subprocess.Popen(
            [peer, "ask", str(s.port), "observe", "/example_data", "4"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        s.ask("put", "/example_data", "@2600")
        time.sleep(1)
        s.ask("put", "/example_data", "@3000")
        got = watcher.communicate(timeout=20)[0].rstrip("\n").split("\n")
        states = [line[5:] for line in got if line.startswith("2.05 ")]
        check("first", alphabet(2000), states[0])
        check("last", LARGE, states[-1])
        check("all whole", True, set(states) <= {
            alphabet(2000), alphabet(2600), LARGE})


def client_loses_requests():
    with Theirs() as s:
        got = s.ask("get", "/", options=("-l", "1"))
        check("first request lost", "2.05", got[0][:4])


def client_loses_answers():
    # Its first datagram is the Reset of the ping that waits for the start.
    with Theirs("-l", "2") as s:
        check("first answer lost", "2.05", s.ask("get", "/")[0][:4])
    with Theirs("-l", "2-3") as s:
        check("empty ACK and separate response lost", ["2.05 done"],
              s.ask("get", "/async?1"))


def client_observes():
    for options in ((), ("-N",)):
        with Theirs(*options) as s:
            got = s.ask("observe", "/time", "3")
            check("ends", "end", got[-1])
            times = got[:-2]  # without what answers the deregistration
            check(f"several {got}", True, 3 <= len(times) <= 5)
            check("each one once", len(times), len(set(times)))
            check("in order", sorted(times), times)


def client_forgets():
    """A notification that nobody wants is reset, and no more come."""
    with Theirs() as s:
        got = s.ask("forget", "/time")
        check("one stray", "strays 1", got[-1])


TESTS = [f for name, f in list(globals().items())
         if name.startswith(("server_", "client_"))]


def main(names):
    passed = failed = skipped = 0
    if CLIENT is None or SERVER is None:
        print("skipped: libcoap3-bin is not installed")
        failed = int("CI" in os.environ)
        print(f"0 passed, {failed} failed, {1 - failed} skipped")
        return failed
    for test in TESTS:
        if names and test.__name__ not in names:
            continue
        try:
            test()
            passed += 1
        except (Failure, subprocess.TimeoutExpired) as e:
            print(f"FAIL {test.__name__}: {e}")
            failed += 1
        except Skipped as e:
            print(f"skipped: {test.__name__}: {e}")
            skipped += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed != 0 or passed == 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    peer = sys.argv[1]
    sys.exit(main(sys.argv[2:]))
