#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev run [--once] [ARGUMENT...]
#
# Builds Tomte and brings up the home of examples/winter on loopback: three
# nodes as three processes, and nature as a fourth. A live table shows what
# happens; Ctrl-C ends it all. With --once it tells its story by itself and
# exits. Further arguments are those of `tomte up`: --dir DIR, --plain, --story
# keeper, --story blackout.
#
# The first time on a fresh Debian 12 this takes a minute or two, most of it for
# packages; then seconds.
#
# exit: 0, 1 it does not build or a promise of the story was broken, 100 usage
# example: ./dev run --once
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

need "${DEBS_BUILD[@]}" "${DEBS_LIBS[@]}" "${DEBS_WASM[@]}"
build release tomte
[ $SECONDS -lt 3 ] || say "ready to start after $SECONDS s in all"
exec "$BUILD/release/tomte" up examples/winter/home.yaml "$@"
