#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: keepers.sh TOMTE
# One keeper grows to two and three while the home runs, the one that leads is
# killed, another one leads, the home re-places and takes commands; the dead one
# comes back; keepers are removed again. Real processes on loopback.
tomte=$1
. tests/e2e/lib.sh

leader() {
    t keeper list --json | sed -n 's/.*"name":"\([a-z-]*\)",[^}]*"leads":true.*/\1/p'
}

leads_other_than() {
    local now
    now=$(leader)
    [ -n "$now" ] && [ "$now" != "$1" ]
}

# As the keeper that leads says.
runs_at() {
    [[ $(t why "$1") == "$1 is at $2 with epoch "*"it is running"* ]]
}

runs_elsewhere() {
    local why
    why=$(t why "$1")
    [[ $why == "$1 is at "*"it is running"* && $why != "$1 is at $2 "* ]]
}

other_than() {
    t keeper list | awk -v me="$1" '$3 == "votes," || $3 == "votes" { if ($1 != me) print $1 }' | head -1
}

votes() {
    [ "$(t keeper list --json | grep -o '"votes":true' | wc -l)" -eq "$1" ]
}

start_home
first=$(leader)
if [ "$first" = attic ]; then pass; else fail "leads: $first"; fi
check "one is said to be one" 0 "One keeper" t keeper list
check "a second one is added" 0 "Two keepers are worse than one" \
    t keeper add hall
check "a third one is added" 0 "3 keepers survive the loss of 1" \
    t keeper add cellar
check "three vote" 0 "" votes 3
check "twice is once" 1 "exists" t keeper add cellar
check "an unknown node" 2 "not found" t keeper add nowhere

# The one that leads dies, with a container on it.
old=$(leader)
check "a container goes to the keeper" 0 "" t move thermostat "$old"
eventually "it runs there" 20 runs_at thermostat "$old"
check "the keeper is killed" 0 "" t kill "$old"
eventually "another keeper leads" 20 leads_other_than "$old"
eventually "the container runs elsewhere" 30 runs_elsewhere thermostat "$old"
now=$(leader)
check "the home takes commands" 0 "" t move thermostat "$now"
check "a dead keeper is removed" 0 "Two keepers" t keeper remove "$old"
check "an only keeper is left" 0 "One keeper" t keeper remove "$(other_than "$now")"
check "that one stays" 1 "" t keeper remove "$now"
sum
