#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: test_runner.sh RUNNER FOLDER
#
# The runner can fail: it refuses every assertion of wrong.wast, plain and with
# snapshots, a file that is not there and a number that does not match. Those of
# right.wast it must pass.
set -euo pipefail

runner=$1
folder=$2
here=$(dirname "$0")
passed=0
failed=0

close() {
    echo "$passed passed, $failed failed, $1 skipped"
    exit $((failed > 0))
}

check() {
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        echo "failed: $1"
        failed=$((failed + 1))
    fi
}

# refuses N OPTION...: just N assertions, each of them refused by its place.
refuses() {
    local said status=0
    said=$("$runner" "${@:2}" "$folder/wrong.json") || status=$?
    echo "$said" >"$folder/said"
    [ "$status" -eq 1 ] &&
        [ "$(tail -n 1 <<<"$said")" = "0 passed, $1 failed, 0 skipped" ] &&
        [ "$(grep -c '^failed: wrong.wast:[0-9]*: assert' <<<"$said")" = "$1" ]
}

# ends STATUS ARG...
ends() {
    local status=0
    "$runner" "${@:2}" >"$folder/said" || status=$?
    [ "$status" -eq "$1" ]
}

if [ ! -x "$runner" ] || [ -z "$(type -P wast2json)" ]; then
    echo "skipped: needs libcjson-dev and wabt"
    [ -z "${CI:-}" ] || failed=1
    close $((1 - failed))
fi

rm -rf "$folder"
mkdir -p "$folder"
wast2json "$here/wrong.wast" -o "$folder/wrong.json"
wrong=$(grep -c '^(assert' "$here/wrong.wast")
check "a wrong assertion passes" refuses "$wrong"
check "a wrong assertion passes with snapshots" refuses "$wrong" --snapshot
check "a file that is not there passes" ends 1 "$folder/absent.json"
check "no assertions pass" ends 1

sed -e 's/"assert_return"/"action"/' "$folder/wrong.json" >"$folder/other.json"
check "an action that is refused passes" \
    grep -q '^failed: wrong.wast:[0-9]*: no assertion' \
    <("$runner" "$folder/other.json")

wast2json "$here/right.wast" -o "$folder/right.json"
right=$(grep -c '^(assert' "$here/right.wast")
check "a right assertion does not pass" \
    ends 0 --expect "$right" "$folder/right.json"
check "a right assertion does not pass with snapshots" \
    ends 0 --snapshot --expect "$right" "$folder/right.json"
check "another number of assertions passes" \
    ends 1 --expect $((right + 1)) "$folder/right.json"
close 0
