#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: story.sh TOMTE --once | --story NAME
# Tells a story and counts its promises, kept and broken.
set -u
tomte=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$tomte" up examples/winter/home.yaml --dir "$dir" "$@" 2>&1 | tee "$dir/out"
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
