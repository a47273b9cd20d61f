#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds src/cose against messages put together of Debian's python3-cbor2 and
python3-cryptography: what has no other peer, AES-CCM and thumbprints.

usage: cose_test.py PEER [COUNT [SEED]]

PEER is the program cose_peer, COUNT the number of messages of each algorithm
(100), SEED where they start (1). Closes with "N passed, N failed, N skipped";
exits 1 when something failed. A failure says the seed of its message.
"""
import hashlib
import random
import subprocess
import sys

try:
    import cbor2
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM
except ImportError as e:
    cbor2, missing = None, e

# RFC 9053 section 4.2: algorithm -> bytes of key, nonce, tag
CCM = {10: (16, 13, 8), 11: (32, 13, 8), 12: (16, 7, 8), 13: (32, 7, 8),
       30: (16, 13, 16), 31: (32, 13, 16), 32: (16, 7, 16), 33: (32, 7, 16)}


def head(major, n):
    """The head of a CBOR item, made of that of the integer n."""
    first, *rest = cbor2.dumps(n)
    return bytes([major << 5 | first, *rest])


def encode_map(pairs):
    """A map in the order given: cbor2 sorts as RFC 7049 did."""
    return head(5, len(pairs)) + b"".join(
        cbor2.dumps(k) + cbor2.dumps(v) for k, v in pairs)


class Peer:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, verb, *parts):
        words = [p.hex() or "-" for p in parts]
        self.process.stdin.write(" ".join([verb, *words]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        return answer if answer.startswith("!") else bytes.fromhex(answer)


def damaged(r, message):
    """One bit of the last eight bytes, which are of the tag."""
    copy = bytearray(message)
    copy[-1 - r.randrange(8)] ^= 1 << r.randrange(8)
    return bytes(copy)


def check_ccm(peer, r, alg):
    """A message of each side, read by the other; then a damaged one."""
    key_len, nonce_len, tag_len = CCM[alg]
    key, nonce = r.randbytes(key_len), r.randbytes(nonce_len)
    plain, aad = r.randbytes(r.randrange(400)), r.randbytes(r.randrange(60))
    protected = encode_map([(1, alg), (5, nonce)])
    cose_key = encode_map([(1, 4), (-1, key)])
    structure = cbor2.dumps(["Encrypt0", protected, aad])
    aes = AESCCM(key, tag_length=tag_len)
    theirs = cbor2.dumps(cbor2.CBORTag(
        16, [protected, {}, aes.encrypt(nonce, plain, structure)]))
    kind = bytes([16])
    ours = peer.ask("make", kind, cose_key, protected, b"\xa0", plain, aad)
    yield ours == theirs, "ours and theirs differ"
    yield peer.ask("judge", kind, cose_key, theirs, aad) == plain, \
        "we do not read theirs"
    yield peer.ask("judge", kind, cose_key, damaged(r, theirs), aad) == \
        "!DENIED", "we take a damaged one"
    try:
        cipher = cbor2.loads(damaged(r, theirs)).value[2]
        aes.decrypt(nonce, cipher, structure)
        yield False, "they take a damaged one"
    except InvalidTag:
        yield True, ""


def check_key(peer, r):
    """A key of P-256, in our order; its thumbprint by RFC 9679 section 3."""
    numbers = ec.derive_private_key(
        r.randrange(1, 2**255), ec.SECP256R1()).private_numbers()
    x, y, d = (n.to_bytes(32, "big") for n in (
        numbers.public_numbers.x, numbers.public_numbers.y,
        numbers.private_value))
    kid = r.randbytes(r.randrange(9))
    whole = encode_map([(1, 2), (2, kid), (-1, 1), (-2, x), (-3, y), (-4, d)])
    bare = encode_map([(1, 2), (-1, 1), (-2, x), (-3, y)])
    yield peer.ask("key", whole) == whole, "the key is written differently"
    yield peer.ask("thumbprint", whole) == hashlib.sha256(bare).digest(), \
        "another thumbprint"


def check_claims(peer, r):
    """Claims in our order; one as a float, which we write as an integer."""
    at = r.randrange(2**31)
    pairs = [(1, "as"), (3, ["a", "b"]), (4, at), (6, at - 5),
             (7, r.randbytes(3)), (9, r.randbytes(5)), (40, r.randrange(99))]
    claims = encode_map(pairs)
    yield peer.ask("claims", claims) == claims, "claims written differently"
    short = cbor2.dumps({4: float(at)}, canonical=True)
    yield peer.ask("claims", short) == encode_map([(4, at)]), \
        "a float of seconds is not the integer"


def check_example(peer):
    """RFC 9679 section 6."""
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a"
                      "10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3d"
                      "c9ba860af7e0ca7ca7e9eecd0084d19c")
    key = encode_map([(1, 2), (2, b"kid"), (-1, 1), (-2, x), (-3, y)])
    yield peer.ask("thumbprint", key).hex() == (
        "496bd8afadf307e5b08c64b0421bf9dc"
        "01528a344a43bda88fadd1669da253ec"), "RFC 9679's example"


def main(path, count=100, seed=1):
    if cbor2 is None:
        print(f"skipped: {missing}\n0 passed, 0 failed, 1 skipped")
        return 0
    peer, passed, failed = Peer(path), 0, 0
    tests = [(f"AES-CCM {alg}", lambda p, r, alg=alg: check_ccm(p, r, alg))
             for alg in CCM]
    tests += [("key", check_key), ("claims", check_claims)]
    runs = [("example", check_example(peer), 0)]
    runs += [(name, test(peer, random.Random(s)), s)
             for name, test in tests for s in range(seed, seed + count)]
    for name, results, s in runs:
        for good, what in results:
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"FAIL {name}: {what} (seed {s})")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
