#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev size [--json]
#
# Compiles the core for RV32IMC and Cortex-M3 (-Os) and prints what each room
# costs: bytes of code and constants (text), of initialised (data) and of zeroed
# (bss) static memory, and the largest stack frame of one function. These are
# whole rooms; a linker drops the functions that an image does not call.
#
# example: ./dev size --json
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

json=no
case "${1:-}" in
--json) json=yes ;;
'') ;;
*) bad_usage "no option '$1'" ;;
esac

need "${DEBS_BUILD[@]}" "${DEBS_CROSS[@]}" "${DEBS_LIBS[@]}"
build rv32
build cm3

# rows TREE SIZE: "target room text data bss frame" of each archive.
rows() {
    local archive room
    for archive in "$BUILD/$1"/libtomte_*.a; do
        room=$(basename "$archive" .a)
        room=${room#libtomte_}
        "$2" -t "$archive" | awk -v target="$1" -v room="$room" \
            -v frame="$(frame "$BUILD/$1/CMakeFiles/tomte_$room.dir")" '
            END { print target, room, $1, $2, $3, frame }'
    done
}

# The largest frame in gcc's call graphs of one room.
frame() {
    find "$1" -name '*.ci' -exec sed -n 's/.*\\n\([0-9]*\) bytes.*/\1/p' {} + |
        sort -n | tail -n 1
}

table() {
    awk 'BEGIN { printf "%-6s %-18s %8s %6s %6s %6s\n", "target", "room",
                        "text", "data", "bss", "frame" }
         last != "" && last != $1 { total() }
         { last = $1; t += $3; d += $4; b += $5
           printf "%-6s %-18s %8d %6d %6d %6d\n", $1, $2, $3, $4, $5, $6 }
         function total() { printf "%-6s %-18s %8d %6d %6d\n", last, "all",
                                   t, d, b; t = d = b = 0 }
         END { total() }'
}

as_json() {
    awk 'BEGIN { printf "[" }
         { printf "%s\n {\"target\": \"%s\", \"room\": \"%s\", \"text\": %d, " \
                  "\"data\": %d, \"bss\": %d, \"frame\": %d}",
                  (NR > 1 ? "," : ""), $1, $2, $3, $4, $5, $6 }
         END { print "\n]" }'
}

{
    rows rv32 riscv64-unknown-elf-size
    rows cm3 arm-none-eabi-size
} | if [ $json = yes ]; then as_json; else table; fi
