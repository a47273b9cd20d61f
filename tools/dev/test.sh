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
#   model    models of the protocols: all their states, and planted bugs
#   fuzz     each fuzz target: its corpus, then a few seconds of fuzzing
#   targets  the core compiled for RV32 and Cortex-M3, its symbols and stack
#   sim      homes in virtual time, with faults
#   interop  independent peers of CoAP, COSE and WebAssembly
#   e2e      real processes on loopback, killed, paused and cut off; twelve times
#            here, a hundred times with: build/release/e2e_kills --kills 100
#
# Each suite closes with "N passed, N failed, N skipped" alone on a line; the
# last such line is the sum, and before it stands what failed and why. A test
# whose data is not there is skipped by name, but fails when CI is set.
# TOMTE_VECTORS names the folder of published data (else ../shared/vectors, when
# there). What the programs said is kept in build/log/.
#
# exit: 0 when all passed, 1 when a test failed or none ran, 100 usage
# example: ./dev test unit targets
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

# The quick ones first, those that take the machine for themselves last.
all=(tools unit vectors spec targets model fuzz interop sim e2e)

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
    export BUILD
    totals=$BUILD/log/totals failures=$BUILD/log/failures times=
    : >"$totals"
    : >"$failures"
    for suite in "$@"; do
        run_suite "$suite"
        [ $# -eq 1 ] || sum "$BUILD/log/counts" || true
    done
    [ $# -eq 1 ] || say "all suites took $SECONDS s:${times%,}"
    list_failures
    sum "$totals"
}

# What failed, once more, where it is found.
list_failures() {
    [ -s "$failures" ] || return 0
    echo
    echo "What failed (all that was said is above, and in $BUILD/log):"
    cat "$failures"
}

# The Debian packages that a suite needs, one a line.
debs() {
    local -a more=()
    case $1 in
    tools) more=(clang-format libcjson-dev) ;; # headers are compiled alone
    unit) more=("${DEBS_WASM[@]}") ;;
    spec) more=(wabt binaryen libcjson-dev "${DEBS_WASM[@]}" "${DEBS_CROSS[@]}"
        qemu-system-misc picolibc-riscv64-unknown-elf) ;;
    vectors) more=(python3-cbor2 libcjson-dev) ;;
    model) more=(spin) ;;
    fuzz) more=("${DEBS_FUZZ[@]}") ;;
    targets) more=("${DEBS_CROSS[@]}") ;;
    sim) more=("${DEBS_WASM[@]}" patch) ;;
    e2e) more=("${DEBS_WASM[@]}" procps) ;;
    interop) more=("${DEBS_WASM[@]}" "${DEBS_DIFF[@]}" "${DEBS_WASI[@]}"
        libcoap3-bin iproute2 python3-cbor2 python3-cryptography) ;;
    esac
    printf '%s\n' "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_PYTHON[@]}" \
        "${more[@]}"
}

run_suite() {
    local suite=$1 start=$SECONDS
    say "$suite"
    : >"$BUILD/log/counts"
    ("suite_$suite") || {
        echo "0 passed, 1 failed, 0 skipped" >>"$BUILD/log/counts"
        echo "$suite did not come to all its tests: see above" >>"$failures"
    }
    say "$suite took $((SECONDS - start)) s"
    times+=" $suite $((SECONDS - start)),"
    cat "$BUILD/log/counts" >>"$totals"
}

# A tree is built whole before its tests run, so that what nobody tests still
# compiles; build.ninja: only its list of tests.
suite_tools() { build test build.ninja && tests test tools; }
suite_unit() { build test && tests test unit && build clang && tests clang unit; }
suite_spec() { build test && tests test spec; }
suite_vectors() { build test && tests test vectors; }
suite_model() { build release build.ninja && tests release model; }
suite_fuzz() { build fuzz && tests fuzz fuzz; }
suite_targets() { build rv32 && build cm3 && build test build.ninja && tests test targets; }
suite_interop() { build release && need_npm cose_node && need_npm coap_node && need_npm wasi && tests release interop; }
suite_e2e() { build release && tests_apart release e2e; }
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
    { run_ctest "$1" -L "^$2\$" -j 2 || true; } | count "$1" "$2"
}

# tests_apart TREE LABEL: the same for those that take known ports and mostly
# wait: each with a loopback of its own, where that may be made (by root), and
# then several at a time. So it does not matter what else runs on this machine.
tests_apart() {
    local -a names
    mapfile -t names < <(ctest --test-dir "$BUILD/$1" -L "^$2\$" -N |
        sed -n 's/^ *Test *#[0-9]*: //p')
    if unshare --net true 2>/dev/null; then
        export -f run_ctest run_apart
        printf '%s\n' "${names[@]}" |
            xargs -P 3 -I{} bash -c 'run_apart "$@"' bash "$1" {}
    else
        run_ctest "$1" -L "^$2\$" || true
    fi | count "$1" "$2"
}

run_apart() {
    local log=$BUILD/log/$2.log
    unshare --net tools/dev/loopback.py \
        bash -c 'run_ctest "$@"' bash "$1" -R "^$2\$" >"$log" 2>&1 || true
    flock "$BUILD/log" cat "$log"
}

run_ctest() {
    ctest --test-dir "$BUILD/$1" -V --timeout 900 "${@:2}" 2>&1
}

count() {
    tee "$BUILD/log/$2-$1.log" |
        awk -v title="$1" -v counts="$BUILD/log/counts" \
            -v failures="$failures" -f tools/dev/count.awk
}

# The sum of counting lines, as one such line; fails when a test failed or when
# nothing passed.
sum() {
    awk '{ p += $1; f += $3; s += $5 }
         END { printf "%d passed, %d failed, %d skipped\n", p, f, s
               exit f > 0 || p == 0 }' "$1"
}

main "$@"
