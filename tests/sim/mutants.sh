#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: mutants.sh FOLDER
#
# Do the checkers see what they are for? Each patch of tests/sim/mutants plants
# one bug in a copy of the sources under FOLDER; its simulator is run, seed after
# seed, until a checker fires. A bug that none of 20 seeds shows is a failure, as
# is a patch that does not apply any more.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
tree=$folder/tree
passed=0 failed=0

# What did not change keeps its age, so that it is not compiled again.
copy() {
    mkdir -p "$tree"
    (cd "$root" && find . \( -path ./build -o -path ./.git \) -prune -o -type f \
        -print0 | tar -c --null -T -) | tar -x -C "$tree"
    cmake -S "$tree" -B "$folder/build" -G Ninja -DCMAKE_C_COMPILER=gcc \
        >"$folder/cmake.log" || { cat "$folder/cmake.log" && exit 1; }
}

# One seed after the other, until one fails; that one's seed and what was said.
run_seeds() {
    local seed said
    for seed in $(seq 1 20); do
        said=$("$folder/build/tomte-sim" --seed "$seed" --nodes 12 --hours 0.5) ||
            { echo "seed $seed: $(echo "$said" | sed -n 3p | sed 's/^ *//')" &&
                return 0; }
    done
    return 1
}

plant() {
    local name caught
    name=$(basename "$1" .patch)
    if ! patch -d "$tree" -p1 -s --no-backup-if-mismatch <"$1" ||
        ! ninja -C "$folder/build" tomte-sim >"$folder/$name.log" 2>&1; then
        echo "$name: does not apply or does not build"
        failed=$((failed + 1))
    elif caught=$(run_seeds); then
        echo "$name: caught: $caught"
        passed=$((passed + 1))
    else
        echo "$name: NOT caught by 20 seeds"
        failed=$((failed + 1))
    fi
    patch -d "$tree" -p1 -s -R --no-backup-if-mismatch <"$1"
}

rm -rf "$tree"
copy
for each in "$root"/tests/sim/mutants/*.patch; do
    plant "$each"
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
