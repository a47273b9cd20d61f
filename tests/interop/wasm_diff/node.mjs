// SPDX-License-Identifier: Apache-2.0
// usage: node --expose-gc node.mjs SCRIPT [REFUSED...]
//
// Carries out a script in the JSON of wabt's wast2json with node's engine, as
// far as wasm_diff writes it. A line "LINE: what differs" for each assertion
// that does not hold; a line "NAME: accepted" for each REFUSED file that node
// takes for a module. Closes with "N of N hold".
//
// The bits of a NaN cannot be seen from here: any NaN is as good as another. Of
// a trap its kind is compared, where node has one text for two kinds either.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [script, ...refused] = process.argv.slice(2);
const folder = dirname(script);
const { commands } = JSON.parse(readFileSync(script, 'utf8'));

// ours -> theirs
const traps = {
  'unreachable': /^unreachable$/,
  'integer divide by zero': /^(divide|remainder) by zero$/,
  'integer overflow':
    /^(divide result unrepresentable|float unrepresentable in integer range)$/,
  'invalid conversion to integer':
    /^float unrepresentable in integer range$/,
  'out of bounds memory access': /^memory access out of bounds$/,
  'out of bounds table access':
    /^table (index is out of bounds|access out of bounds)$|^table index is/,
  'undefined element': /^table index is out of bounds$/,
  'uninitialized element': /^null function or function signature mismatch/,
  'indirect call type mismatch':
    /^null function or function signature mismatch/,
  'call stack exhausted': /^Maximum call stack size exceeded$/,
};

const bits = new DataView(new ArrayBuffer(8));
const compiled = new Map();
const named = {}, registered = {};
let held = 0, all = 0;

function compile(file) {
  const keep = !file.endsWith('.x.wasm');
  const module = compiled.get(file) ??
    new WebAssembly.Module(readFileSync(join(folder, file)));
  if (keep) compiled.set(file, module);
  return module;
}

function argument({ type, value }) {
  switch (type) {
    case 'i32': return Number(value) | 0;
    case 'i64': return BigInt.asIntN(64, BigInt(value));
    case 'f32':
      bits.setUint32(0, Number(value));
      return bits.getFloat32(0);
    case 'f64':
      bits.setBigUint64(0, BigInt(value));
      return bits.getFloat64(0);
    default: return null;
  }
}

const same = (got, expected) => Object.is(got, argument(expected));

function act(action) {
  const exports = named[action.module].exports;
  const field = exports[action.field];
  if (action.type === 'get') return [field.value];
  const result = field(...action.args.map(argument));
  return Array.isArray(result) ? result : result === undefined ? [] : [result];
}

// What differs, or nothing.
function carryOut(c) {
  switch (c.type) {
    case 'module':
      named[c.name] = new WebAssembly.Instance(compile(c.filename), registered);
      return;
    case 'register':
      registered[c.as] = named[c.name].exports;
      return;
    case 'action':
      act(c.action);
      return;
    case 'assert_return': {
      const got = act(c.action);
      return got.length === c.expected.length &&
        got.every((v, i) => same(v, c.expected[i]))
        ? undefined : `gives ${got}`;
    }
    case 'assert_trap':
      try {
        act(c.action);
      } catch (e) {
        return traps[c.text]?.test(e.message)
          ? undefined : `traps with "${e.message}", not "${c.text}"`;
      }
      return 'does not trap';
    case 'assert_uninstantiable':
      try {
        new WebAssembly.Instance(compile(c.filename), registered);
      } catch (e) {
        return e instanceof WebAssembly.RuntimeError ? undefined : e.message;
      }
      return 'can be instantiated';
    default:
      return `no such command: ${c.type}`;
  }
}

let modules = 0;
for (const c of commands) {
  let differs;
  all++;
  if (c.type === 'module' && ++modules % 100 === 0) globalThis.gc?.();
  try {
    differs = carryOut(c);
  } catch (e) {
    differs = `ends with "${e.message}"`;
  }
  if (differs === undefined) held++;
  else console.log(`${c.line}: ${differs}`);
}
for (const file of refused)
  if (WebAssembly.validate(readFileSync(join(folder, file))))
    console.log(`${file}: accepted`);
console.log(`${held} of ${all} hold`);
