#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: leaves_nothing.sh TOMTE
# However `tomte up` ends, no process is left behind: no node, no world, not
# even one that is paused. What it becomes next time is what it was.
tomte=$1
. "$(dirname "$0")/lib.sh"

# `./dev run` is this very process in the end.
check "./dev run becomes tomte up" 0 "" \
    grep -q '^exec .*/tomte" up ' tools/dev/run.sh

nobody() {
    ! pgrep -f "$dir/"
}

processes() {
    pgrep -fc "$dir/"
}

# ends SIGNAL STATUS: four children, then none.
ends() {
    start_home
    [ "$(processes)" -eq 5 ] && pass || fail "not 1 + 4 processes: $(processes)"
    [ "$1" != KILL ] || t kill hall --pause
    kill "-$1" "$up"
    wait "$up" 2>/dev/null
    status=$?
    up=
    [ "$status" -eq "$2" ] && pass || fail "$1: exit status $status"
    eventually "a process outlives SIG$1" 2 nobody
}

ends INT 0
ends TERM 0
ends HUP 0
ends KILL 137
start_home
eventually "the thermostat is back" 5 bash -c \
    "'$tomte' why thermostat --dir '$dir/home' | grep -q running"
sum
