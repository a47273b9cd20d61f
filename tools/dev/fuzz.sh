#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev fuzz [TARGET] [--seconds N]
#
# Builds the libFuzzer targets of tests/fuzz/ with the sanitizers and runs each,
# or the one named, for N seconds (10 when not said): first the committed corpus
# in tests/fuzz/corpus/TARGET/, then new inputs. What is found new stays in
# build/fuzz-found/TARGET/; an input that breaks something is left there too, as
# crash-..., with the command that runs it again. To commit new inputs:
#
#   build/fuzz/fuzz_TARGET -set_cover_merge=1 tests/fuzz/corpus/TARGET build/fuzz-found/TARGET
#
# example: ./dev fuzz cbor_decode --seconds 600
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

seconds=10
target=
while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        seconds=${2:-}
        [[ $seconds =~ ^[1-9][0-9]*$ ]] || bad_usage "--seconds wants a number"
        shift
        ;;
    -*) bad_usage "no option '$1'" ;;
    *) target=$1 ;;
    esac
    shift
done

need "${DEBS_BUILD[@]}" "${DEBS_FUZZ[@]}" "${DEBS_LIBS[@]}"
build fuzz

mapfile -t targets < <(find "$BUILD/fuzz" -maxdepth 1 -name 'fuzz_*' \
    -printf '%f\n' | sed 's/^fuzz_//' | sort)
if [ -n "$target" ]; then
    [[ " ${targets[*]} " = *" $target "* ]] ||
        bad_usage "no target '$target', but these: ${targets[*]}"
    targets=("$target")
fi

# As many at a time as there are processors.
printf '%s\n' "${targets[@]}" |
    xargs -P "$(nproc)" -I{} tools/dev/fuzz-one.sh {} "$seconds" \
        >"$BUILD/log/fuzz" || true
grep -v ' skipped$' "$BUILD/log/fuzz" || true
awk '/ skipped$/ { p += $1; f += $3 }
     END { printf "%d passed, %d failed, 0 skipped\n", p, f
           exit f > 0 || p == 0 }' "$BUILD/log/fuzz"
