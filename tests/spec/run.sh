#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: run.sh RUNNER FOLDER [OPTION...]
#
# Converts the published specification tests into FOLDER, which is emptied, and
# runs them. TOMTE_VECTORS names the folder of published data (else
# ../shared/vectors, when there). What is missing skips the test, but fails it
# when CI is set.
set -euo pipefail

runner=$1
folder=$2
shift 2

missing() {
    if [ -n "${CI:-}" ]; then
        echo "failed: $1"
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

core=${TOMTE_VECTORS:-../shared/vectors}/wasm-spec/core
[ -d "$core" ] || missing "no specification tests: TOMTE_VECTORS/wasm-spec/core"
[ -n "$(type -P wast2json)" ] || missing "no wast2json (Debian's wabt)"
[ -x "$runner" ] || missing "no runner: built only with cJSON (libcjson-dev)"

rm -rf "$folder"
for wast in "$core"/*.wast; do
    name=$(basename "$wast" .wast)
    mkdir -p "$folder/$name"
    wast2json "$wast" -o "$folder/$name/$name.json"
done
exec "$runner" "$@" "$folder"/*/*.json
