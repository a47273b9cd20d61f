#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: fuzz-one.sh TARGET SECONDS
#
# One fuzz target of build/fuzz: replays its committed corpus, then looks for
# new inputs for so many seconds, with the words of tests/fuzz/TARGET.dict where
# there is one. Prints one line about each and closes with "N passed, N failed,
# 0 skipped". Used by ./dev fuzz and ./dev test fuzz. With TOMTE_PROGRESS set
# the fuzzer's last line is shown on a terminal while it runs.
. "$(dirname "$0")/lib.sh"

target=$1 seconds=$2
program=$BUILD/fuzz/fuzz_$target
seeds=tests/fuzz/corpus/$target
found=$BUILD/fuzz-found/$target
log=$BUILD/log/fuzz-$target.log
mkdir -p "$found"

main() {
    local replayed=0 fuzzed=0
    local -a corpora=("$found") words=()
    [ ! -e "tests/fuzz/$target.dict" ] || words=("-dict=tests/fuzz/$target.dict")
    if compgen -G "$seeds/*" >/dev/null; then
        corpora+=("$seeds")
        fuzzer -runs=0 "$seeds" && replayed=1
    else
        echo "$target: no seeds in $seeds"
    fi
    fuzzer -max_total_time="$seconds" "${words[@]}" "${corpora[@]}" && fuzzed=1
    [ $fuzzed = 0 ] || report
    echo "$((replayed + fuzzed)) passed, $((2 - replayed - fuzzed)) failed," \
        "0 skipped"
    [ $((replayed + fuzzed)) = 2 ]
}

fuzzer() {
    "$program" -artifact_prefix="$found/" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 "$@" 2>&1 | tee "$log" | watch || {
        tail -n 40 "$log"
        what_now "$(sed -n 's/^.*Test unit written to //p' "$log" | tail -n 1)"
        return 1
    }
}

watch() {
    if [ -n "${TOMTE_PROGRESS:-}" ]; then
        grep --line-buffered '^#' | progress
    else
        cat >/dev/null
    fi
}

# After a finding: the input is in the file $1, when there is one.
what_now() {
    echo "$target: failed"
    [ -n "$1" ] || return 0
    echo "  again:   $program $1"
    echo "  smaller: $program -minimize_crash=1 -max_total_time=60" \
        "-exact_artifact_path=$found/small $1"
    echo "  then mend the cause, and add the small input to $seeds/ and a" \
        "unit test"
}

report() {
    awk -v target="$target" -v seconds="$seconds" '
        /number_of_executed_units/ { runs = $2 }
        /INITED|DONE/ { if (match($0, /cov: [0-9]+/))
                            cov = substr($0, RSTART + 5, RLENGTH - 5) }
        END { printf "%-24s %9d inputs in %d s, %d edges reached, no finding\n",
                     target, runs, seconds, cov }' "$log"
}

main
