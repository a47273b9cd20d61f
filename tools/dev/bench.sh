#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev bench [NAME...] [--json] [--coremark=FOLDER]
#
# Builds an optimised tree and runs the benchmarks of tests/bench/, or those
# named. A row is a figure: its name, value and unit, the peer that did the same
# work beside it and the peer's value, the ratio of ours to the peer's (of times
# and sizes, below 1 is better; of things a second, above 1), and how many runs
# the medians are of. --json prints one array of all figures instead. FOLDER has
# the files of EEMBC's CoreMark, which is no part of this tree; then `wasm` has it
# among its kernels.
#
# NAME.c, or what NAME/bench.cmake says, is a program of its own; NAME.py and
# NAME.sh are run as they are, with the build tree as argument. Each writes a
# line a figure, as tests/bench/lib/bench.h has it; what they say beside that
# goes to stderr.
#
# exit: 0, 1 a benchmark failed (the others still run), 100 usage
# example: ./dev bench cbor --json
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

main() {
    local -a names=() all packages
    local argument name json=no
    mapfile -t all < <(benches)
    for argument in "$@"; do
        case $argument in
        --json) json=yes ;;
        --coremark=*) take_coremark "${argument#*=}" ;;
        -*) bad_usage "no option '$argument', but --json and --coremark=" ;;
        *)
            [[ " ${all[*]} " = *" $argument "* ]] ||
                bad_usage "no benchmark '$argument', but these: ${all[*]}"
            names+=("$argument")
            ;;
        esac
    done
    [ ${#names[@]} -gt 0 ] || names=("${all[@]}")
    mapfile -t packages < <(for name in "${names[@]}"; do debs "$name"; done)
    need "${packages[@]}"
    build release
    figures "${names[@]}" | awk -v json=$json -f tools/dev/figures.awk
}

take_coremark() {
    [ -e "$1/core_main.c" ] || bad_usage "no core_main.c in '$1'"
    WASM_COREMARK=$(cd "$1" && pwd)
    export WASM_COREMARK
}

# The Debian packages that a benchmark needs, one a line.
debs() {
    local -a more=()
    case $1 in
    cbor) more=(libcbor-dev) ;;
    coap) more=(libcoap3-dev libcoap3-bin) ;;
    channel) more=(libcoap3-dev libmosquitto-dev mosquitto nats-server
        procps) ;;
    store) more=(libsqlite3-dev) ;;
    wasm) more=("${DEBS_WASI[@]}" "${DEBS_DIFF[@]}" qemu-system-misc
        picolibc-riscv64-unknown-elf gcc-riscv64-unknown-elf) ;;
    esac
    printf '%s\n' "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_WASM[@]}" \
        "${DEBS_PYTHON[@]}" "${more[@]}"
}

benches() {
    {
        find tests/bench -maxdepth 1 -regex '.*\.\(c\|py\|sh\)'
        find tests/bench -mindepth 2 -maxdepth 2 -name bench.cmake \
            -printf '%h\n'
    } | sed 's|.*/||; s|\..*||' | sort -u
}

figures() {
    local bench status=0
    for bench in "$@"; do
        say "$bench"
        run_one "$bench" || {
            complain "the benchmark $bench failed"
            status=1
        }
    done
    return $status
}

run_one() {
    local script
    [ "$1" != wasm ] || need_npm wasi
    for script in "tests/bench/$1.py" "tests/bench/$1.sh"; do
        if [ -e "$script" ]; then
            "$script" "$BUILD/release"
            return
        fi
    done
    "$BUILD/release/bench_$1"
}

main "$@"
