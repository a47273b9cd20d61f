// SPDX-License-Identifier: Apache-2.0
// src/cose against npm's @auth0/cose, an independent implementation: what one
// makes the other verifies, and refuses once a bit of it is changed.
//
// usage: node cose_test.mjs PEER PACKAGES [COUNT]
//
// PEER is the program cose_peer, PACKAGES the folder of node_modules, COUNT the
// number of messages of each kind and direction (100). Closes with "N passed,
// N failed, N skipped"; exits 1 when something failed.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { randomBytes, randomInt } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [peer, packages, count = '100'] = process.argv.slice(2);

let cose;
try {
  const require = createRequire(pathToFileURL(packages + '/'));
  cose = require('@auth0/cose');
} catch {
  console.log(`skipped: @auth0/cose is not installed in ${packages}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(process.env.CI ? 1 : 0);
}
const { Sign1, Mac0, Encrypt0, COSEKey, Headers } = cose;

// ---- our side, on a pipe

const child = spawn(peer, { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex') || '-';

async function ask(...words) {
  child.stdin.write(words.join(' ') + '\n');
  const { value, done } = await answers.next();
  if (done) throw new Error('the peer has ended');
  return value;
}

// ---- both sides of each kind
//
// `make` and `judge` are theirs. Their Sign1 and Mac0 take no external data when
// they make a message.

const text = (n) => randomBytes(n);
const es256 = await COSEKey.generate(-7);
const shared = (bytes) => new COSEKey([[1, 4], [-1, bytes]]);
const symmetric = (n) => {
  const bytes = randomBytes(n);
  return { cose: hex(Buffer.concat([Buffer.from([0xa2, 1, 4, 0x20, 0x40 + (n < 24 ? n : 24)]),
    n < 24 ? Buffer.alloc(0) : Buffer.from([n]), bytes])), bytes };
};

// Our order is the deterministic one; theirs is that of insertion.
const order = [1, 2, 3, 4, 5, -1, -2, -3, -4];
const sorted = (key) =>
  hex(new COSEKey([...key].filter(([k]) => order.includes(k) && k !== 3)
    .sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]))).encode());

const ecKeys = {
  private: sorted(es256.privateKey),
  public: sorted(es256.publicKey),
  sign: await es256.privateKey.toKeyLike(),
  verify: await es256.publicKey.toKeyLike(),
};

const kinds = {
  'Sign1, ES256': {
    tag: '12',
    keys: () => ({ make: ecKeys.private, judge: ecKeys.public }),
    ours: () => ({ map: 'a10126', open: 'a104423131', aad: text(randomInt(40)) }),
    make: async (payload) =>
      [(await Sign1.sign([[1, -7]], [[4, Buffer.from('11')]], payload, ecKeys.sign)).encode(), null],
    judge: async (message, aad) => {
      const m = Sign1.decode(message);
      await m.verify(ecKeys.verify, { externalAAD: aad });
      return m.payload;
    },
  },
  'Mac0, HMAC 256/256': {
    tag: '11',
    keys: () => { const k = symmetric(32); return { make: k.cose, judge: k.cose, k: k.bytes }; },
    ours: () => ({ map: 'a10105', open: '-', aad: text(randomInt(40)) }),
    make: async (payload, keys) =>
      [(await Mac0.create([[1, 5]], [], payload, keys.k)).encode(), null],
    judge: async (message, aad, keys) => {
      const m = Mac0.decode(message);
      await m.verify(keys.k, { externalAAD: aad });
      return m.payload;
    },
  },
};

for (const [alg, size] of [[1, 16], [3, 32]]) {
  kinds[`Encrypt0, A${8 * size}GCM`] = {
    tag: '10',
    keys: () => { const k = symmetric(size); return { make: k.cose, judge: k.cose, k: k.bytes }; },
    ours: () => ({ map: 'a1010' + alg, open: 'a1054c' + hex(text(12)), aad: text(randomInt(40)) }),
    make: async (payload, keys) => {
      const aad = text(randomInt(40));
      const m = await Encrypt0.encrypt([[1, alg]], undefined, payload, keys.k, aad);
      return [m.encode(), aad];
    },
    judge: async (message, aad, keys) =>
      Encrypt0.decode(message).decrypt(keys.k, { externalAAD: aad }),
  };
}

// ---- the test

let passed = 0;
let failed = 0;

function check(good, what) {
  if (good) {
    passed++;
  } else {
    failed++;
    console.log('FAIL ' + what);
  }
}

// The last byte is of the signature, the tag or the ciphertext's tag.
function damaged(message) {
  const copy = Buffer.from(message);
  copy[copy.length - 1 - randomInt(7)] ^= 1 << randomInt(8);
  return copy;
}

const refuses = async (promise) => promise.then(() => false, () => true);

for (const [name, kind] of Object.entries(kinds)) {
  for (let i = 0; i < Number(count); i++) {
    const keys = kind.keys();
    const payload = text(1 + randomInt(300));
    const { map, open, aad } = kind.ours();
    const made = await ask('make', kind.tag, keys.make, map, open, hex(payload), hex(aad));
    const message = Buffer.from(made, 'hex');
    try {
      const back = await kind.judge(message, aad, keys);
      check(hex(back) === hex(payload), `${name}: they read ours`);
      check(await refuses(kind.judge(damaged(message), aad, keys)),
        `${name}: they refuse ours, damaged`);
    } catch (error) {
      check(false, `${name}: they verify ours: ${error}: ${made}`);
    }
    const [theirs, theirAad] = await kind.make(payload, keys);
    const answer = await ask('judge', kind.tag, keys.judge, hex(theirs), hex(theirAad));
    check(answer === hex(payload), `${name}: we read theirs: ${answer}`);
    const bad = await ask('judge', kind.tag, keys.judge, hex(damaged(theirs)), hex(theirAad));
    check(bad === '!DENIED', `${name}: we refuse theirs, damaged: ${bad}`);
  }
}

check(Headers.Algorithm === 1, 'their labels');
child.stdin.end();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed > 0 ? 1 : 0);
