#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev sim [ARGUMENT...]
#
# Builds and runs the simulator: a whole home in one process and in virtual
# time, with faults drawn from a seed. The arguments are the simulator's; it
# explains them itself with `build/release/tomte-sim --help`.
#
# example: ./dev sim --seed 7 --nodes 30 --hours 1
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

need "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_WASM[@]}"
build release tomte-sim
exec "$BUILD/release/tomte-sim" "$@"
