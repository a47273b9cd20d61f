// SPDX-License-Identifier: Apache-2.0
// src/coap against npm's coap, in both directions, on 127.0.0.1.
//
// usage: node coap_test.mjs PEER PACKAGES [NAME...]
//
// PEER is the program coap_peer, PACKAGES the folder of node_modules, NAME picks
// tests. Closes with "N passed, N failed, N skipped"; exits 1 when something
// failed.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [peer, packages, ...names] = process.argv.slice(2);

let coap;
try {
  coap = createRequire(pathToFileURL(packages + '/'))('coap');
} catch {
  console.log(`skipped: coap is not installed in ${packages}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(process.env.CI ? 1 : 0);
}

const alphabet = (n) =>
  Array.from({ length: n }, (_, i) => 'abcdefghijklmnopqrstuvwxyz'[i % 26]).join('');

function check(what, expected, got) {
  if (expected === got) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected).slice(0, 200)}, ` +
    `got ${JSON.stringify(got).slice(0, 200)}`);
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function within(ms, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// ---- their client, our server

async function ours(run) {
  const child = spawn(peer, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const agent = new coap.Agent({ type: 'udp4' });
  try {
    const port = Number((await lines.next()).value);
    await run((pathname, more = {}) => ({ host: '127.0.0.1', port, pathname, agent, ...more }));
  } finally {
    const ended = new Promise((done) => child.on('exit', done));
    child.stdin.end();
    check('exit of the server', 0, await within(5000, ended));
    agent.close();
  }
}

function ask(options, payload) {
  return within(10000, new Promise((done, fail) => {
    const request = coap.request(options);
    for (const [name, value] of options.set ?? []) request.setOption(name, value);
    request.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => done(`${response.code} ${Buffer.concat(parts)}`));
    });
    request.on('error', fail);
    request.end(payload);
  }));
}

const tests = {
  async server_get_put() {
    await ours(async (to) => {
      check('get', '2.05 unset', await ask(to('/state')));
      check('put', '2.04 ', await ask(to('/state', { method: 'PUT' }), 'hello'));
      check('non', '2.05 hello', await ask(to('/state', { confirmable: false })));
      check('no such path', '4.04 ', await ask(to('/nothing')));
    });
  },

  async server_links() {
    await ours(async (to) => {
      const core = (query) => ask(to('/.well-known/core', { query }));
      check('rt', '2.05 </large>;rt="text long";ct=0;sz=3000', await core('rt=lo*'));
      check('if', '2.05 </counter>;if="core.s";obs', await core('if=core.s'));
    });
  },

  async server_blocks() {
    await ours(async (to) => {
      check('large', '2.05 ' + alphabet(3000), await ask(to('/large')));
      check('large, in small blocks', '2.05 ' + alphabet(3000),
        await ask(to('/large', { set: [['Block2', Buffer.from([0x02])]] })));
      check('huge', '2.05 ' + alphabet(20000), await ask(to('/huge')));
    });
  },

  async server_upload() {
    await ours(async (to) => {
      // this client sends blocks of the size that a Block1 option asks for
      const upload = to('/upload', { method: 'PUT', set: [['Block1', Buffer.from([0x05])]] });
      check('upload', '2.04 3000', await ask(upload, alphabet(3000)));
    });
  },

  async server_observed() {
    await ours(async (to) => {
      const got = [];
      const request = coap.request(to('/counter', { observe: true }));
      await within(10000, new Promise((done, fail) => {
        request.on('error', fail);
        request.on('response', (response) => {
          response.on('data', (part) => {
            got.push(Number(part));
            if (got.length < 6) return;
            response.close();
            done();
          });
        });
        request.end();
      }));
      check(`in order: ${got}`, true, got.every((n, i) => i === 0 || n > got[i - 1]));
      check('goes on serving', '2.05 unset', await ask(to('/state')));
    });
  },

  // ---- our client, their server

  async client_get_put() {
    await theirs(async (port) => {
      const got = await steps(port, 'get', '/small', 'nget', '/small', 'put', '/stored', 'x',
        'get', '/stored', 'get', '/nothing');
      check('lines', ['2.05 small', '2.05 small', '2.04', '2.05 x', '4.04'].join(),
        got.join());
    });
  },

  // Their server knows the blocks of one upload by their token (RFC 7959 section
  // 2.5 does not, and ours differ), and answers no ping: neither is asked of it.
  async client_blocks() {
    await theirs(async (port) => {
      for (const size of ['1024', '64']) {
        const got = await steps(port, '-b', size, 'get', '/large', 'put', '/stored', 'x',
          'get', '/stored');
        check('large', '2.05 ' + alphabet(3000), got[0]);
        check('put', '2.04', got[1]);
        check('and back', '2.05 x', got[2]);
      }
    });
  },

  async client_observes() {
    await theirs(async (port) => {
      const got = await steps(port, 'observe', '/ticks', '2');
      check('end', 'end', got.pop());
      got.pop(); // what answers the deregistration
      const numbers = got.map((line) => Number(line.slice(5)));
      check(`several: ${numbers}`, true, numbers.length >= 5);
      check(`in order: ${numbers}`, true, numbers.every((n, i) => i === 0 || n >= numbers[i - 1]));
    });
  },

  async client_separate_response() {
    await theirs(async (port) => {
      check('slow', '2.05 slow', (await steps(port, 'get', '/slow')).join());
    });
  },
};

async function theirs(run) {
  let stored = Buffer.alloc(0);
  const timers = new Set();
  const server = coap.createServer({ type: 'udp4' }, (req, res) => {
    const path = req.url.split('?')[0];
    if (path === '/small') res.end('small');
    else if (path === '/large') res.end(alphabet(3000));
    else if (path === '/slow') setTimeout(() => res.end('slow'), 1000);
    else if (path === '/stored' && req.method === 'PUT') {
      stored = req.payload;
      res.code = '2.04';
      res.end();
    } else if (path === '/stored') res.end(stored);
    else if (path === '/ticks' && req.headers.Observe === 0) {
      let n = 0;
      const timer = setInterval(() => res.write(String(n++)), 200);
      timers.add(timer);
      res.on('finish', () => clearInterval(timer));
      res.write(String(n++));
    } else if (path === '/ticks') res.end('0');
    else {
      res.code = '4.04';
      res.end();
    }
  });
  const port = await new Promise((done) => server.listen(0, '127.0.0.1', () => done(server._port)));
  try {
    await run(port || server._sock.address().port);
  } finally {
    timers.forEach(clearInterval);
    server.close();
    await sleep(50);
  }
}

async function steps(port, ...words) {
  const options = words[0] === '-b' ? words.splice(0, 2) : [];
  const child = spawn(peer, [...options, 'ask', String(port), ...words],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (part) => { out += part; });
  const status = new Promise((done) => child.on('close', done));
  try {
    check('exit of the client', 0, await within(20000, status));
  } catch (error) {
    child.kill();
    throw error;
  }
  return out.trimEnd().split('\n').map((line) => line.trimEnd());
}

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (names.length !== 0 && !names.includes(name)) continue;
  try {
    await test();
    passed++;
  } catch (error) {
    console.log(`FAIL ${name}: ${error.message}`);
    failed++;
  }
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed !== 0 || passed === 0 ? 1 : 0);
