#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: test_runner.sh VECTORS_COSE
#
# The program that runs published messages sees when one is not what it says: of
# five made for this test three say what is not so. Closes with "N passed,
# N failed, N skipped".
set -uo pipefail

output=$(env -u CI "$1" "$(dirname "$0")/wrong")
status=$?
wrong=$(grep -c '^FAIL .*/wrong-0[123]\.json: ' <<<"$output")
last=$(tail -n 1 <<<"$output")

if [ $status = 1 ] && [ "$wrong" = 3 ] && [[ $last = "2 passed, 3 failed, "* ]]; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "$output"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
