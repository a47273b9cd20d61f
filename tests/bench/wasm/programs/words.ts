// SPDX-License-Identifier: Apache-2.0
// What words.c says, in AssemblyScript.
const WORDS = 1500;
const CONSONANTS = "bdfgklmnprst";
const VOWELS = "aeiou";

let x: u32 = 1;

function next(): u32 {
  x = x * 1664525 + 1013904223;
  return x;
}

function text(): string {
  const words = new Array<string>();
  x = 1;
  for (let i = 0; i < WORDS; i++) {
    let word = "";
    for (let k: u32 = 1 + (next() >> 28) % 3; k > 0; k--) {
      next();
      word += CONSONANTS.charAt((x >> 16) % 12);
      word += VOWELS.charAt((x >> 24) % 5);
    }
    words.push(word);
  }
  return words.join(" ");
}

class Count {
  constructor(public word: string, public count: u32) {}
}

function countAll(): u32 {
  const counts = new Map<string, u32>();
  const words = text().split(" ");
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    counts.set(word, counts.has(word) ? counts.get(word) + 1 : 1);
  }
  const list = new Array<Count>();
  const keys = counts.keys();
  for (let i = 0; i < keys.length; i++)
    list.push(new Count(keys[i], counts.get(keys[i])));
  list.sort((a, b) => a.count != b.count ? i32(b.count) - i32(a.count)
    : a.word < b.word ? -1 : 1);
  let sum: u32 = 0x811c9dc5;
  for (let i = 0; i < list.length; i++) {
    const line = list[i].count.toString().padStart(5) + " " + list[i].word +
      "\n";
    for (let k = 0; k < line.length; k++)
      sum = (sum ^ line.charCodeAt(k)) * 0x01000193;
  }
  return sum;
}

export function run(n: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < n; i++) sum = sum * 31 + countAll();
  return sum;
}

// For engines that cannot pass an argument.
export function main(): u32 {
  return run(KERNEL_N);
}
