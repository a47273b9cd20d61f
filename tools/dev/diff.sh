#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev diff [--modules N] [--seed S] [--first I]
#
# Runs N (1000) modules that Debian's wasm-opt generates from the seed S (1),
# the I-th (1) and those that follow, in this engine (from bytes, from slot code,
# and moving between the two as a snapshot), in wabt's interpreter and in node.
# All must agree on results, traps, memory and globals. The same seed and number
# make the same module; those that differ are kept in build/diff/found/.
#
# exit: 0 when none differs, 1 when one does, 100 usage
# example: ./dev diff --modules 20000 --seed 7
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

options=()
while [ $# -gt 0 ]; do
    case $1 in
    --modules | --seed | --first)
        [[ ${2:-} =~ ^[1-9][0-9]{0,8}$ ]] || bad_usage "$1 wants a number"
        options+=("$1" "$2")
        shift 2
        ;;
    *) bad_usage "no option '$1'" ;;
    esac
done
[[ " ${options[*]} " = *" --modules "* ]] || options+=(--modules 1000)

need "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_PYTHON[@]}" "${DEBS_DIFF[@]}"
build release wasm_diff
exec /usr/bin/python3 tests/interop/wasm_diff/diff.py "$BUILD/release/wasm_diff" \
    "$BUILD/diff" "${options[@]}"
