#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev size [--json]
#
# Compiles the core for RV32IMC and Cortex-M3 (-Os) and prints what each room
# costs, in bytes: code (text), constants (rodata), initialised (data) and zeroed
# (bss) static memory, and the largest stack frame of one function. These are
# whole rooms. `linked` is the flash of an image that has all functions of that
# room and, of the rooms below it, what these call (--gc-sections): for `node`
# everything that a device needs but its port. The memory that a room works in
# is its caller's, sized by its configuration, and not counted here.
#
# exit: 0, 1 the core does not build, 100 usage
# example: ./dev size --json
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

for argument in "$@"; do
    [ "$argument" = --json ] || bad_usage "no option '$argument', but --json"
done

need "${DEBS_BUILD[@]}" "${DEBS_CROSS[@]}" "${DEBS_PYTHON[@]}"
build rv32
build cm3
tools/dev/size.py "$BUILD" "$@"
