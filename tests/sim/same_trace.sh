#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: same_trace.sh FOLDER SEED...
#
# Runs the simulators that gcc and clang made, with and without optimisation, in
# the build trees under FOLDER: a seed must give the same trace in all of them.
set -u
trees=$1
shift
passed=0 failed=0

# The trace's hash and the counts of one run.
trace() {
    "$trees/$1/tomte-sim" --seed "$2" --nodes 12 --hours 0.1 \
        --containers "$trees/release/containers" | grep "^seed $2 "
}

for seed in "$@"; do
    wanted=$(trace release "$seed")
    for tree in clang gcc-O0 clang-O0; do
        got=$(trace "$tree" "$seed")
        if [ -n "$wanted" ] && [ "$got" = "$wanted" ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "seed $seed: release says: $wanted"
            echo "seed $seed: $tree says: $got"
        fi
    done
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
