#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: commands.sh TOMTE
# Every command explains itself, refuses what it does not understand, and speaks
# JSON; a watch goes on when its container moves; `tomte new` makes one that
# builds and runs.
tomte=$1
. "$(dirname "$0")/lib.sh"

json() {
    local out status
    out=$(t "$@" --json)
    status=$?
    echo "$out"
    echo "$out" | python3 -c '
import json, sys
for line in sys.stdin:
    json.loads(line)' || return 98
    return $status
}

mapfile -t commands < <("$tomte" help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
[ "${#commands[@]}" -ge 11 ] && pass || fail "commands: ${commands[*]}"
for command in "${commands[@]}"; do
    check "$command has help" 0 "usage: tomte $command" \
        "$tomte" "$command" --help
    check "$command has an example" 0 "e.g. tomte $command" \
        "$tomte" "$command" --help
    check "$command has --json" 0 "[--json" \
        bash -c "'$tomte' $command --help | sed 's/ | --json/ [--json/'"
    check "$command refuses what it does not know" 100 "usage: tomte $command" \
        "$tomte" "$command" --frobnicate a b c d e
done
check "exit statuses are explained" 0 "111 try again later" "$tomte" help
check "no command" 100 "no command dance" "$tomte" dance

start_home
check "status" 0 '"nodes":[' json status
check "why" 0 '"container":"lamp"' json why lamp
check "get" 0 '"value":' json channel get /room/heater/power
check "put" 0 '"done":"put"' json channel put /hall/button/pressed 1
check "an override" 0 '"done":"put"' json channel put /room/heater/power 0
check "release" 0 '"done":"release"' json channel release /room/heater/power
check "move" 0 '"done":"move"' json move lamp --anywhere
check "logs" 0 '"node":"attic"' json logs
check "logs of nobody" 2 "no node garage" t logs garage
check "deploy" 0 '"done":"deploy"' json deploy lamp lamp --bind button=hall \
    --bind lamp=hall

# One container, by its name.
check "stop" 0 '"done":"stop"' json stop lamp
check "one that is stopped" 0 "stopped" t why lamp
check "start again" 0 '"done":"start"' json start lamp
eventually "it runs again" 5 bash -c \
    "'$tomte' why lamp --dir '$dir/home' | grep -q running"
check "remove" 0 '"done":"remove"' json remove lamp
check "one that is removed" 2 "not found" t why lamp
check "stop nobody" 2 "not found" t stop nobody
check "and again, as new" 0 '"done":"deploy"' json deploy lamp lamp \
    --bind button=hall --bind lamp=hall

# A watch, while the container moves and then its node is killed.
watch() {
    exec "$tomte" channel watch "$@" --dir "$dir/home"
}
watch /room/meter/starts --json >"$dir/watched" &
watch=$!
watch /room/meter/energy >"$dir/energy" &
energy=$!
eventually "a watch shows the value at once" 3 grep -q '"value":' "$dir/watched"
check "kill" 0 '"done":"kill"' json kill hall
sleep 7
before=$(wc -l <"$dir/energy")
sleep 3
after=$(wc -l <"$dir/energy")
[ "$after" -gt "$before" ] && pass || fail "the watch ended with hall"
sort -g -c "$dir/energy" 2>/dev/null && pass || fail "the watch went back"
kill "$watch" "$energy"
check "start" 0 '"done":"start"' json kill hall --start

# One of your own.
cd "$dir" || exit 1
export TOMTE_DIR=$dir/home TOMTE_SDK=${TOMTE_SDK:-$OLDPWD/sdk/c}
check "new" 0 "counter/build.sh run" "$tomte" new counter
check "new, again" 1 "counter" "$tomte" new counter
eventually "hall is back" 10 bash -c "'$tomte' status | grep -q 'node hall *here'"
check "it builds and runs in one command" 0 "deployed" counter/build.sh run
eventually "counter does not run" 10 \
    bash -c "'$tomte' why counter | grep -q running"
check "a press" 0 "" "$tomte" channel put /hall/button/pressed 1
eventually "it does not count" 5 \
    bash -c "'$tomte' channel get /counter/it/count | grep -qx 1"
sum
