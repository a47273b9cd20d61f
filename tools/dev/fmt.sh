#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev fmt [--check]
#
# Formats every C file that git knows, or would add, by .clang-format. With
# --check changes nothing, names the files that would change and counts them.
#
# exit: 0, 1 with --check when a file would change, 100 usage
# example: ./dev fmt && git diff
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

for argument in "$@"; do
    [ "$argument" = --check ] || bad_usage "no option '$argument', but --check"
done

need clang-format
mapfile -t files < <(git ls-files -co --exclude-standard '*.[ch]' \
    ':!tests/fuzz/corpus')
if [ "${1:-}" = "" ]; then
    clang-format -i "${files[@]}"
    exit
fi

# "file:line:column: warning: code should be clang-formatted"
mapfile -t changed < <(clang-format --dry-run "${files[@]}" 2>&1 |
    sed -n 's/:[0-9]*:[0-9]*: warning: .*//p' | sort -u)
for file in "${changed[@]}"; do
    echo "$file: would change: ./dev fmt"
done
failed=${#changed[@]}
echo "$((${#files[@]} - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
