#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: [LEASE_MS=N] story.sh TOMTE --once | --story NAME
# Tells a story of the home of examples/winter, with its leases or others, and
# counts its promises, kept and broken.
tomte=$1
. "$(dirname "$0")/lib.sh"
shift
sed -i "s/^lease_ms: .*/lease_ms: ${LEASE_MS:-1500}/" "$home"
"$tomte" up "$home" --dir "$dir/home" "$@" 2>&1 | tee "$dir/out"
status=${PIPESTATUS[0]}
passed=$(grep -c ' kept: ' "$dir/out")
failed=$(grep -c ' BROKEN: ' "$dir/out")
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || fail "exit status $status"
check "no process outlives the home" 1 "" pgrep -af "$dir"
sum
