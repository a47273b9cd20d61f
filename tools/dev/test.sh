#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev test [SUITE...]
#
# Builds what the suites need and runs them, all of them when none is named:
#
#   tools    the rules that a program checks: layers, tidy, format
#   unit     each room by itself, with gcc's sanitizers and with clang
#   spec     the official WebAssembly specification tests
#   vectors  published test vectors and independent peers of the codecs
#   fuzz     each fuzz target: its corpus, then a few seconds of fuzzing
#   targets  the core compiled for RV32 and Cortex-M3, its symbols and stack
#   sim      homes in virtual time, with faults
#   interop  independent CoAP peers
#   e2e      real processes on loopback, killed, paused and cut off
#
# Each suite closes with "N passed, N failed, N skipped" alone on a line; the
# last such line is the sum. A test whose data is not there is skipped by name,
# but fails when CI is set. TOMTE_VECTORS names the folder of published data
# (else ../shared/vectors, when there). What the programs said is kept in
# build/log/.
#
# example: ./dev test unit targets
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

all=(tools unit spec vectors fuzz targets sim interop e2e)

main() {
    local suite
    local -a packages
    for suite in "$@"; do
        [[ " ${all[*]} " = *" $suite "* ]] ||
            bad_usage "no suite '$suite', but these: ${all[*]}"
    done
    [ $# -gt 0 ] || set -- "${all[@]}"
    mapfile -t packages < <(for suite in "$@"; do debs "$suite"; done)
    need "${packages[@]}"
    totals=$BUILD/log/totals
    : >"$totals"
    for suite in "$@"; do
        run_suite "$suite"
        [ $# -eq 1 ] || sum "$BUILD/log/counts" || true
    done
    [ $# -eq 1 ] || say "all suites took $SECONDS s"
    sum "$totals"
}

# The Debian packages that a suite needs, one a line.
debs() {
    local -a more=()
    case $1 in
    tools) more=(clang-format) ;;
    unit) more=("${DEBS_WASM[@]}") ;;
    spec) more=(wabt libcjson-dev) ;;
    vectors) more=(python3-cbor2) ;;
    fuzz) more=("${DEBS_FUZZ[@]}") ;;
    targets) more=("${DEBS_CROSS[@]}") ;;
    sim | e2e) more=("${DEBS_WASM[@]}") ;;
    interop) more=("${DEBS_WASM[@]}" libcoap3-bin) ;;
    esac
    printf '%s\n' "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_PYTHON[@]}" \
        "${more[@]}"
}

run_suite() {
    local suite=$1 start=$SECONDS
    say "$suite"
    : >"$BUILD/log/counts"
    ("suite_$suite") ||
        echo "0 passed, 1 failed, 0 skipped" >>"$BUILD/log/counts"
    say "$suite took $((SECONDS - start)) s"
    cat "$BUILD/log/counts" >>"$totals"
}

# A tree is built whole before its tests run, so that what nobody tests still
# compiles.
suite_tools() { configure test && tests test tools; }
suite_unit() { build test && tests test unit && build clang && tests clang unit; }
suite_spec() { build test && tests test spec; }
suite_vectors() { build test && tests test vectors; }
suite_fuzz() { build fuzz && tests fuzz fuzz; }
suite_targets() { build rv32 && build cm3 && configure test && tests test targets; }
suite_interop() { build release && tests release interop; }
suite_e2e() { build release && tests release e2e; }
suite_sim() {
    build release && build_sims && tests release sim
}

# The same seed gives the same trace, whichever compiler made the simulator.
build_sims() {
    local tree
    for tree in clang gcc-O0 clang-O0; do
        build "$tree" tomte-sim || return
    done
}

# tests TREE LABEL: the tests of build/TREE that carry the label. A failure is
# counted, it does not end the run.
tests() {
    local log=$BUILD/log/$2-$1.log
    { ctest --test-dir "$BUILD/$1" -L "^$2\$" -V -j 2 --timeout 900 2>&1 || true; } |
        tee "$log" |
        awk -v title="$1" -v counts="$BUILD/log/counts" -f tools/dev/count.awk
}

# The sum of counting lines, as one such line; fails when a test failed or when
# nothing passed.
sum() {
    awk '{ p += $1; f += $3; s += $5 }
         END { printf "%d passed, %d failed, %d skipped\n", p, f, s
               exit f > 0 || p == 0 }' "$1"
}

main "$@"
