#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: fuzz-one.sh TARGET SECONDS
#
# One fuzz target of build/fuzz: replays its committed corpus, then looks for
# new inputs for so many seconds. Prints one line about each and closes with
# "N passed, N failed, 0 skipped". Used by ./dev fuzz and ./dev test fuzz.
. "$(dirname "$0")/lib.sh"

target=$1 seconds=$2
program=$BUILD/fuzz/fuzz_$target
seeds=tests/fuzz/corpus/$target
found=$BUILD/fuzz-found/$target
log=$BUILD/log/fuzz-$target.log
mkdir -p "$found"

main() {
    local replayed=0 fuzzed=0
    local -a corpora=("$found")
    if compgen -G "$seeds/*" >/dev/null; then
        corpora+=("$seeds")
        fuzzer -runs=0 "$seeds" && replayed=1
    else
        echo "$target: no seeds in $seeds"
    fi
    fuzzer -max_total_time="$seconds" "${corpora[@]}" && fuzzed=1
    [ $fuzzed = 0 ] || report
    echo "$((replayed + fuzzed)) passed, $((2 - replayed - fuzzed)) failed," \
        "0 skipped"
    [ $((replayed + fuzzed)) = 2 ]
}

fuzzer() {
    "$program" -artifact_prefix="$found/" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 "$@" >"$log" 2>&1 || {
        tail -n 40 "$log"
        echo "$target: failed; again with:" \
            "$program $(sed -n 's/^.*Test unit written to //p' "$log")"
        return 1
    }
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
