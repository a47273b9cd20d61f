#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: lease.sh MODEL DIR [safe|hold|leaders|bugs]...
# Checks docs/spec/lease.pml in the folder DIR, which it makes: all states of
# both kinds of container, and that each rule left out is found. One line a
# check; the last one counts them.
set -u
model=$(readlink -f "$1")
dir=$2
shift 2
[ $# -gt 0 ] || set -- safe hold leaders bugs
mkdir -p "$dir" && cd "$dir" || exit 1
passed=0 failed=0

# explore NAME OPTION...: prints the verifier's report.
explore() {
    local name=$1
    shift
    mkdir -p "$name" && cd "$name" || return 1
    spin -o3 -a "$@" "$model" &&
        gcc -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=4000 -o pan pan.c &&
        ./pan -m2000000 -n
    cd ..
}

# check NAME ERRORS OPTION...: the verifier visits all and finds that many.
check() {
    local name=$1 want=$2 report
    shift 2
    report=$(explore "$name" "$@" 2>&1)
    if [[ $report == *"errors: $want"* && $report != *"Search not completed"* ||
        $want = 1 && $report == *"errors: 1"* ]]; then
        passed=$((passed + 1))
        echo "ok   $name:$(grep "states, stored" <<<"$report")"
    else
        failed=$((failed + 1))
        echo "FAIL $name: wanted $want errors"
        grep -E "error|violated|reached|max search" <<<"$report"
    fi
}

for part in "$@"; do
    case $part in
    safe) check safe 0 -DEPOCHS=2 -DTERMS=1 ;;
    hold) check hold 0 -DEPOCHS=2 -DTERMS=1 -DHOLD ;;
    # Two leaders; a lease of one tick keeps it small.
    leaders) check leaders 0 -DEPOCHS=2 -DTERMS=2 -DLEASE=1 ;;
    bugs)
        for bug in $(grep -o 'ifdef BUG_[A-Z_]*' "$model" | cut -d' ' -f2); do
            check "$bug" 1 -DEPOCHS=2 -DTERMS=2 "-D$bug"
        done
        ;;
    esac
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
