#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: generated.sh RUNNER FOLDER [COUNT [FIRST]]
#
# Lets binaryen's wasm-opt make COUNT (40) valid modules from the numbers FIRST
# (1) on, and runs all they export in both forms of code: results, traps, fuel and
# snapshots must not differ. The same number makes the same module.
set -euo pipefail

runner=$1
folder=$2
count=${3:-40}
first=${4:-1}

missing() {
    echo "skipped: $1"
    if [ -n "${CI:-}" ]; then
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

[ -n "$(type -P wasm-opt)" ] || missing "no wasm-opt (Debian's binaryen)"
[ -n "$(type -P python3)" ] || missing "no python3"
[ -x "$runner" ] || missing "no runner: built only with cJSON (libcjson-dev)"

rm -rf "$folder"
mkdir -p "$folder"
for ((i = first; i < first + count; i++)); do
    python3 -c "import random, sys
r = random.Random($i)
sys.stdout.buffer.write(r.randbytes(r.randrange(200, 8000)))" >"$folder/seed"
    optimise=-O0
    [ $((i % 2)) -eq 0 ] || optimise=-O2
    wasm-opt -ttf "$folder/seed" "$optimise" --mvp-features \
        --enable-mutable-globals --enable-nontrapping-float-to-int \
        --enable-sign-ext --enable-bulk-memory --enable-multivalue \
        -o "$folder/$i.wasm" 2>"$folder/said"
done
exec "$runner" --snapshot --generated "$folder"/*.wasm
