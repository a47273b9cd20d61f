#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev bench [NAME] [--json]
#
# Builds an optimised tree and runs the benchmarks of tests/bench/, or the one
# named: NAME.c is a program of its own, NAME.sh and NAME.py are run as they are.
# Each prints one line a figure: name, value, unit, peer, the peer's value, runs,
# separated by tabs, "-" where there is no peer. The table adds the ratio of value
# to peer's value; --json prints one array of all figures.
#
# example: ./dev bench wasm --json
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

json=no name=
for argument in "$@"; do
    case $argument in
    --json) json=yes ;;
    -*) bad_usage "no option '$argument'" ;;
    *) name=$argument ;;
    esac
done

mapfile -t all < <(find tests/bench -maxdepth 1 -regex '.*\.\(c\|sh\|py\)' \
    -printf '%f\n' 2>/dev/null | sed 's/\..*//' | sort)
[[ -z "$name" || " ${all[*]} " = *" $name "* ]] ||
    bad_usage "no benchmark '$name', but these: ${all[*]}"
[ -z "$name" ] || all=("$name")
[ ${#all[@]} -gt 0 ] || fail "there is no benchmark in tests/bench"

need "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_WASM[@]}" libcbor-dev
build release

figures() {
    local bench program
    for bench in "${all[@]}"; do
        program=$BUILD/release/bench_$bench
        [ -x "$program" ] || program=tests/bench/$bench.sh
        [ -x "$program" ] || program=tests/bench/$bench.py
        say "$bench"
        "$program" || fail "the benchmark $bench failed"
    done
}

table() {
    awk -F '\t' 'BEGIN { row("name", "value", "unit", "peer", "its value",
                             "ratio", "runs") }
        function row(a, b, c, d, e, f, g) {
            printf "%-32s %12s %-8s %-16s %12s %7s %5s\n", a, b, c, d, e, f, g }
        { row($1, $2, $3, $4, $5,
              $5 + 0 > 0 ? sprintf("%.2f", $2 / $5) : "-", $6); fflush() }'
}

as_json() {
    awk -F '\t' 'BEGIN { printf "[" }
        { printf "%s\n {\"name\": \"%s\", \"value\": %s, \"unit\": \"%s\", ",
                 (NR > 1 ? "," : ""), $1, $2, $3
          if ($5 + 0 > 0)
              printf "\"peer\": \"%s\", \"peer_value\": %s, \"ratio\": %.4g, ",
                     $4, $5, $2 / $5
          else
              printf "\"peer\": null, \"peer_value\": null, \"ratio\": null, "
          printf "\"runs\": %d}", $6 }
        END { print "\n]" }'
}

figures | if [ $json = yes ]; then as_json; else table; fi
