#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: run.sh core|proposals RUNNER FOLDER [OPTION...]
#
# Converts the published tests of the specification, or of the proposals that the
# engine has, into FOLDER, which is emptied, and runs them. TOMTE_VECTORS names
# the folder of published data (else ../shared/vectors, when there). What is
# missing skips the test, but fails it when CI is set.
set -euo pipefail

part=$1
runner=$2
folder=$3
shift 3
here=$(dirname "$0")

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

# convert FOLDER OPTION...: its tests, each in a folder of its own.
convert() {
    local wast name
    [ -d "$tests/$1" ] ||
        missing "no specification tests: TOMTE_VECTORS/wasm-spec/$1"
    for wast in "$tests/$1"/*.wast; do
        name=$1-$(basename "$wast" .wast)
        mkdir -p "$folder/$name"
        wast2json "$wast" "${@:2}" -o "$folder/$name/$name.json"
    done
}

# Those that need more than one memory, or a definition, stay out.
convert_pages() {
    local name
    [ -n "$(type -P python3)" ] || missing "no python3"
    for name in custom-page-sizes custom-page-sizes-invalid; do
        mkdir -p "$folder/$name"
        "$here/pages.py" "$tests/custom-page-sizes/$name.wast" "$folder/$name"
    done
}

tests=${TOMTE_VECTORS:-../shared/vectors}/wasm-spec
[ -n "$(type -P wast2json)" ] || missing "no wast2json (Debian's wabt)"
[ -x "$runner" ] || missing "no runner: built only with cJSON (libcjson-dev)"
rm -rf "$folder"
if [ "$part" = core ]; then
    convert core
else
    convert tail-call --enable-tail-call
    convert extended-const --enable-extended-const
    convert_pages
fi
exec "$runner" "$@" "$folder"/*/*.json
