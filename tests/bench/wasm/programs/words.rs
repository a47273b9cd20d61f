// SPDX-License-Identifier: Apache-2.0
// What words.c says, in Rust.
use std::collections::HashMap;
use std::fmt::Write;

const WORDS: u32 = 1500;
const START: u32 = 0x811c9dc5;

fn text() -> String {
    let mut x: u32 = 1;
    let mut next = || {
        x = x.wrapping_mul(1664525).wrapping_add(1013904223);
        x
    };
    let mut text = String::new();
    for _ in 0..WORDS {
        for _ in 0..1 + (next() >> 28) % 3 {
            let x = next();
            text.push(b"bdfgklmnprst"[(x >> 16) as usize % 12] as char);
            text.push(b"aeiou"[(x >> 24) as usize % 5] as char);
        }
        text.push(' ');
    }
    text
}

fn count_all() -> u32 {
    let text = text();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in text.split_ascii_whitespace() {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut list: Vec<_> = counts.into_iter().collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut report = String::new();
    for (word, count) in list {
        writeln!(report, "{:5} {}", count, word).unwrap();
    }
    let fold = |h: u32, b: u8| (h ^ b as u32).wrapping_mul(0x01000193);
    report.bytes().fold(START, fold)
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let mut sum: u32 = 0;
    for _ in 0..n {
        sum = sum.wrapping_mul(31).wrapping_add(count_all());
    }
    sum
}

// For engines that cannot pass an argument.
#[cfg(main)]
#[export_name = "kernel_main"]
pub extern "C" fn kernel_main() -> u32 {
    run(env!("KERNEL_N").parse().unwrap())
}
