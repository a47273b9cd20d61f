#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds src/cbor against Debian's python3-cbor2, an independent codec.

usage: cbor_test.py PEER [COUNT [SEED]]

PEER is the program cbor_peer, COUNT the number of random values (2000), SEED
where they start (1). For each value:

  encode   our encoding is the deterministic one of cbor2. That library sorts
           map keys as RFC 7049 did (shorter first), so containers are put
           together here, in the order of RFC 8949 section 4.2.1, from the
           leaves and heads that it encodes
  decode   both decode it to the value
  foreign  what cbor2 writes by default (long floats, keys as they come) is
           read leniently as the value, and strictly not, if it is different
  damage   a damaged copy that we accept, cbor2 accepts as the same value;
           if we accept it strictly, its deterministic encoding is that copy

Closes with "N passed, N failed, N skipped"; exits 1 when something failed. A
failure says the seed of its value.
"""
import os
import random
import struct
import subprocess
import sys
from collections.abc import Mapping

try:
    import cbor2
except ImportError:
    cbor2 = None

TAG_FREE = (23, 24, 32, 61, 1000000, 2**32, 2**64 - 1)  # no meaning to cbor2
TEXTS = ("", "a", "kitchen", "\u00fc", "\u6c34", "\U00010151", "x" * 30)
DEPTH_MAX = 4


# ---- values ----------------------------------------------------------------

def any_int(r):
    n = r.getrandbits(r.choice((4, 5, 8, 9, 16, 17, 32, 33, 63, 64)))
    return n if r.random() < 0.5 else -1 - n


def any_float(r):
    kind = r.random()
    if kind < 0.3:
        return r.choice((0.0, -0.0, 1.5, 21.5, 0.1, 65504.0, 65505.0, 1e300,
                         float("inf"), float("-inf"), float("nan"),
                         5.960464477539063e-08, 1.401298464324817e-45))
    if kind < 0.5:
        return struct.unpack(">e", r.randbytes(2))[0]
    if kind < 0.7:
        return struct.unpack(">f", r.randbytes(4))[0]
    return struct.unpack(">d", r.randbytes(8))[0]


def any_bytes(r):
    return r.randbytes(r.choice((0, 1, 3, 23, 24, 255, 256)))


def any_key(r):
    kind = r.randrange(4)
    if kind < 2:
        return any_int(r)
    if kind == 2:
        return r.choice(TEXTS)
    return r.choice((any_bytes(r), (any_int(r), r.choice(TEXTS))))


def any_value(r, depth=DEPTH_MAX):
    kind = r.randrange(10 if depth else 6)
    if kind == 0:
        return any_int(r)
    if kind == 1:
        return any_bytes(r)
    if kind == 2:
        return r.choice(TEXTS)
    if kind == 3:
        return any_float(r)
    if kind == 4:
        return r.choice((True, False, None, cbor2.undefined))
    if kind == 5:
        return cbor2.CBORSimpleValue(r.choice((0, 16, 19, 32, 255)))
    if kind == 6:
        return cbor2.CBORTag(r.choice(TAG_FREE), any_value(r, depth - 1))
    size = r.choice((0, 1, 2, 3, 5, 24 if depth < 3 else 4))
    if kind < 8:
        return [any_value(r, depth - 1) for _ in range(size)]
    return {any_key(r): any_value(r, depth - 1) for _ in range(size)}


# ---- what must come out ----------------------------------------------------

def is_array(v):
    # cbor2's simple values are tuples too
    return (isinstance(v, (list, tuple)) and
            not isinstance(v, cbor2.CBORSimpleValue))



def head(major, n):
    """A head as cbor2 writes it for an integer, for another major type."""
    plain = cbor2.dumps(n)
    return bytes([plain[0] | major << 5]) + plain[1:]


def large_half(v):
    """Whether a half has the value, in its upper half: cbor2 5.4.6 takes a
    single from 32768 on, which is not the shortest form."""
    return (isinstance(v, float) and 32768 <= abs(v) <= 65504 and
            struct.unpack(">e", struct.pack(">e", v))[0] == v)


def canonical(v):
    if isinstance(v, Mapping):
        pairs = sorted((canonical(k), canonical(x)) for k, x in v.items())
        return head(5, len(v)) + b"".join(k + x for k, x in pairs)
    if is_array(v):
        return head(4, len(v)) + b"".join(canonical(x) for x in v)
    if isinstance(v, cbor2.CBORTag):
        return head(6, v.tag) + canonical(v.value)
    if large_half(v):
        return b"\xf9" + struct.pack(">e", v)
    return cbor2.dumps(v, canonical=True)


def leaf(v):
    if v is False or v is True:
        return "s21" if v else "s20"
    if v is None:
        return "s22"
    if v is cbor2.undefined:
        return "s23"
    if isinstance(v, cbor2.CBORSimpleValue):
        return f"s{v.value}"
    if isinstance(v, int):
        return f"u{v}" if v >= 0 else f"n{-1 - v}"
    if isinstance(v, bytes):
        return "b" + v.hex()
    if isinstance(v, str):
        return "t" + v.encode().hex()
    bits = struct.pack(">d", v)
    return "f" + ("7ff8" + "0" * 12 if v != v else bits.hex())


def tokens(v, counts, ordered):
    """As cbor_peer takes them (counts) or prints them."""
    if is_array(v):
        out = [f"a{len(v)}" if counts else "a"]
        for x in v:
            out += tokens(x, counts, ordered)
    elif isinstance(v, Mapping):
        out = [f"m{len(v)}" if counts else "m"]
        pairs = v.items()
        if ordered:
            pairs = sorted(pairs, key=lambda pair: canonical(pair[0]))
        for k, x in pairs:
            out += tokens(k, counts, ordered) + tokens(x, counts, ordered)
    elif isinstance(v, cbor2.CBORTag):
        return [f"g{v.tag}"] + tokens(v.value, counts, ordered)
    else:
        return [leaf(v)]
    return out if counts else out + ["."]


def same_nan(words):
    """Every NaN as the same one: a lenient decoder keeps their bits."""
    def one(word):
        if word[0] != "f":
            return word
        v = struct.unpack(">d", bytes.fromhex(word[1:]))[0]
        return leaf(v)
    return [one(word) for word in words]


# ---- the checks ------------------------------------------------------------

class Peer:
    """Asks many questions in one run of the program."""

    def __init__(self, program):
        self.program = program

    def ask(self, lines):
        done = subprocess.run([self.program], input="\n".join(lines) + "\n",
                              stdout=subprocess.PIPE, text=True, check=True)
        answers = done.stdout.split("\n")[:-1]
        assert len(answers) == len(lines), "the peer lost a line"
        return answers


def damage(r, item):
    item = bytearray(item)
    for _ in range(r.choice((1, 1, 2))):
        item[r.randrange(len(item))] = r.randrange(256)
    return bytes(item)


def check_damaged(item, strict, lenient):
    """None when this says nothing, else whether it agrees with cbor2."""
    if "!" in lenient:
        return "!" in strict
    words = same_nan(lenient.split())
    tags = [int(w[1:]) for w in words if w[0] == "g"]
    if any(tag not in TAG_FREE for tag in tags):
        return None  # cbor2 gives it a meaning
    try:
        value = cbor2.loads(item)
        seen = tokens(value, False, False)
    except (TypeError, AttributeError):
        return None  # a key that Python cannot have
    except Exception:
        return False
    if len(seen) != len(words) and "m" in words:
        return None  # a key that came twice, or 1 and 1.0
    if "!" not in strict and "m" not in words and canonical(value) != item:
        return False
    return "m" in words or seen == words


def checks_of(seed):
    """[(name, question or questions, judge)] for one value."""
    r = random.Random(seed)
    value = any_value(r)
    best = canonical(value)
    plain = cbor2.dumps(value)
    bad = damage(r, best)
    answer = " ".join(tokens(value, False, True))
    foreign = " ".join(tokens(value, False, False))

    def decoded(a):
        ours = a[0].strip() == answer
        back = tokens(cbor2.loads(best), False, True)
        return ours and " ".join(back) == answer

    def read_foreign(a):
        return (" ".join(same_nan(a[0].split())) == foreign and
                ("!" in a[1]) == (plain != best))

    return [
        ("encode", ["E " + " ".join(tokens(value, True, True))],
         lambda a: a[0] == best.hex()),
        ("decode", ["D " + best.hex()], decoded),
        ("foreign", ["L " + plain.hex(), "D " + plain.hex()], read_foreign),
        ("damage", ["D " + bad.hex(), "L " + bad.hex()],
         lambda a: check_damaged(bad, a[0], a[1])),
    ]


def main(program, count=2000, seed=1):
    if cbor2 is None:
        print("skipped: python3-cbor2 is not installed")
        failed = "CI" in os.environ
        print(f"0 passed, {int(failed)} failed, {int(not failed)} skipped")
        return failed
    checks = [(s, *c) for s in range(seed, seed + count) for c in checks_of(s)]
    answers = iter(Peer(program).ask([q for c in checks for q in c[2]]))
    passed = failed = undecided = 0
    for s, name, questions, judge in checks:
        got = [next(answers) for _ in questions]
        verdict = judge(got)
        passed += verdict is True
        failed += verdict is False
        undecided += verdict is None
        if verdict is False:
            print(f"FAIL {name} of seed {s}")
            for q, a in zip(questions, got):
                print(f"  {q[:300]}\n  {a[:300]}")
    if undecided:
        print(f"{undecided} damaged items that cbor2 cannot judge")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
