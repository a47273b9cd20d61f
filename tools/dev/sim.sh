#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev sim [ARGUMENT...]
#
# Builds and runs the simulator: a whole home in one process and in virtual
# time, with faults drawn from a seed: loss, repetition, delay, partitions,
# crashes that tear what was not synced, pauses, wrong clocks, nodes that burn,
# bits that rot. Checkers hold what happens against the promises; one that fires
# prints the seed and the command that replays it.
#
#   --seed N    the first seed (1); --seeds N how many from there (1)
#   --nodes M   nodes of the home (30), 4 to 512
#   --hours H   virtual hours with faults (1); then all heals
#   --winter    the home of examples/winter instead
#   --calm      no faults
#   --trace     print what happens
#   --brief     a line a seed: seed, trace hash, takeovers, partitions, crashes,
#               commits, verdict
#
# That the checkers see what they are for: tests/sim/mutants.sh FOLDER plants
# three bugs in copies of the sources (also part of ./dev test sim).
#
# example: ./dev sim --seed 7 --nodes 30 --hours 1
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

need "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_WASM[@]}"
build release tomte-sim
exec "$BUILD/release/tomte-sim" "$@"
