#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: counts.sh FOLDER
#
# The engine's instructions on RV32IMAC, per kernel and form of code, are no more
# than those recorded in tests/bench/wasm/rv32.txt by 2 %. They are exact, so one
# run tells; another compiler makes others, so only that of the record is asked.
set -euo pipefail

folder=$1
here=$(dirname "$0")
compiler=riscv64-unknown-elf-gcc
version=12.2

missing() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

for tool in "$compiler" qemu-system-riscv32 clang wasm-ld; do
    [ -n "$(type -P "$tool")" ] || missing "no $tool"
done
[[ "$("$compiler" -dumpfullversion)" = "$version".* ]] ||
    missing "$compiler is not $version, of which the record is"
"$compiler" --specs=picolibc.specs -x c -c -o /dev/null /dev/null 2>/dev/null ||
    missing "no picolibc for RV32"

mkdir -p "$folder"
if ! WASM_ONLY=rv32 TOMTE_BUILD=$folder WASM_COREMARK='' \
    "$here/../bench/wasm.sh" >"$folder/figures"; then
    echo "failed: more instructions than recorded, or another result"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
counted=$(grep '^rv32\.[a-z0-9]*\.tier' "$folder/figures" | grep -vc mean)
if [ "$counted" -ne 22 ]; then
    echo "failed: $counted figures, expected 11 kernels in two forms"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
echo "$counted passed, 0 failed, 0 skipped"
