#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: ./dev fuzz [TARGET] [--seconds N] [--list]
#
# Builds the libFuzzer targets of tests/fuzz/ with the sanitizers and runs each,
# or the one named, for N seconds (10 when not said): first the committed corpus
# in tests/fuzz/corpus/TARGET/, then new inputs. With --list it only says which
# targets there are and what each asserts.
#
# New inputs that reach something new stay in build/fuzz-found/TARGET/. An input
# that breaks something is there too, as crash-..., slow-unit-..., oom-... or
# leak-...; the command that runs it again and the one that makes it smaller are
# printed. To end a finding: mend the cause, add the small input to the corpus
# under a name that says what it was, and a unit test. To commit inputs that
# reach more than the corpus does:
#
#   build/fuzz/fuzz_TARGET -set_cover_merge=1 tests/fuzz/corpus/TARGET build/fuzz-found/TARGET
#
# example: ./dev fuzz cbor_decode --seconds 600
. "$(dirname "$0")/lib.sh"
maybe_help "$@"

seconds=10
target=
list=
while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        seconds=${2:-}
        [[ $seconds =~ ^[1-9][0-9]*$ ]] || bad_usage "--seconds wants a number"
        shift
        ;;
    --list) list=1 ;;
    -*) bad_usage "no option '$1'" ;;
    *) target=$1 ;;
    esac
    shift
done

# A target is a source of its name; what it asserts is its first comment.
mapfile -t targets < <(grep -l '^int LLVMFuzzerTestOneInput' tests/fuzz/*.c |
    sed 's,.*/,,; s/\.c$//' | sort)

# The first sentence of that comment, on one line.
about() {
    sed -n '2,/\*\//{s,^/\* *,,;s,^ \* \?,,;s, *\*/$,,;p}' "tests/fuzz/$1.c" |
        tr '\n' ' ' | sed 's/\. .*/./; s/ *$/\n/'
}

if [ -n "$list" ]; then
    for target in "${targets[@]}"; do
        printf '%s (%d seeds)\n' "$target" \
            "$(find "tests/fuzz/corpus/$target" -type f 2>/dev/null | wc -l)"
        about "$target" | fold -s -w 72 | sed 's/^/    /'
    done
    exit 0
fi

if [ -n "$target" ]; then
    [[ " ${targets[*]} " = *" $target "* ]] ||
        bad_usage "no target '$target', but these: ${targets[*]}"
    targets=("$target")
fi

need "${DEBS_BUILD[@]}" "${DEBS_FUZZ[@]}" "${DEBS_LIBS[@]}"
build fuzz "${targets[@]/#/fuzz_}"

# One shows its progress; of all there run as many at a time as there are
# processors.
rm -f "$BUILD/log/fuzz"
if [ ${#targets[@]} = 1 ]; then
    say "$(about "${targets[0]}")"
    TOMTE_PROGRESS=1 tools/dev/fuzz-one.sh "${targets[0]}" "$seconds" \
        >"$BUILD/log/fuzz" || true
else
    printf '%s\n' "${targets[@]}" |
        xargs -P "$(nproc)" -I{} tools/dev/fuzz-one.sh {} "$seconds" \
            >"$BUILD/log/fuzz" || true
fi
grep -v ' skipped$' "$BUILD/log/fuzz" || true
awk '/ skipped$/ { p += $1; f += $3 }
     END { printf "%d passed, %d failed, 0 skipped\n", p, f
           exit f > 0 || p == 0 }' "$BUILD/log/fuzz"
