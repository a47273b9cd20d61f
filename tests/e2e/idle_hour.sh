#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: idle_hour.sh TOMTE TOMTE-SIM
# In a home where nothing goes wrong a node writes at most ten lines an hour:
# once over a virtual hour, in which a person presses the button a hundred
# times, and once for half a minute of the real one, which may say nothing.
tomte=$1 sim=$2
. "$(dirname "$0")/lib.sh"

# Lines of nodes, not of persons and not the trace's own, from second $1 on.
lines() {
    awk -v from="$1" '$1 >= from && $2 ~ /^(attic|hall|cellar):$/ &&
        $3 != "drives" { n[$2]++; if (n[$2] > max) max = n[$2] }
        END { print max + 0 }'
}

trace=$dir/trace
"$sim" --winter --calm --seed 1 --hours 1 --trace >"$trace" 2>&1 && pass ||
    fail "the simulator: $(tail -n 2 "$trace")"
[ "$(lines 0 <"$trace")" -gt 5 ] && pass || fail "no line was counted at all"
most=$(lines 60 <"$trace")
[ "$most" -le 10 ] && pass || fail "a node wrote $most lines in an hour"

start_home
sleep 10
count() {
    cat "$dir"/home/*/log | wc -l
}
before=$(count)
[ "$before" -gt 0 ] && pass || fail "the real home wrote nothing at all"
sleep 30
after=$(count)
[ "$after" -eq "$before" ] && pass ||
    fail "in half a minute: $(tail -qn 3 "$dir"/home/*/log)"
sum
