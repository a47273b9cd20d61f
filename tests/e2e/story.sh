#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: [LEASE_MS=N] story.sh TOMTE --once | --story NAME
# Tells a story of the home of examples/winter, with its leases or others, and
# counts its promises, kept and broken.
set -u
tomte=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sed "s/^lease_ms: .*/lease_ms: ${LEASE_MS:-1500}/
     s|weather: |&$PWD/examples/winter/|" examples/winter/home.yaml >"$dir/home.yaml"
"$tomte" up "$dir/home.yaml" --dir "$dir" "$@" 2>&1 | tee "$dir/out"
status=${PIPESTATUS[0]}
kept=$(grep -c ' kept: ' "$dir/out")
broken=$(grep -c ' BROKEN: ' "$dir/out")
[ "$status" -eq 0 ] || [ "$broken" -gt 0 ] || broken=1
# Nothing may be left behind.
if pgrep -f "$dir" >/dev/null; then
    echo "a process outlived its home:"
    pgrep -af "$dir"
    broken=$((broken + 1))
fi
echo "$kept passed, $broken failed, 0 skipped"
[ "$broken" -eq 0 ]
