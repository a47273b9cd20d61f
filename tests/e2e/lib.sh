# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the tests here: a folder of their own with a copy of the home of
# examples/winter in it, checks that count, and an end that leaves nothing.
# Set before: tomte, the program.
set -u
images=$(dirname "$tomte")/containers
dir=$(mktemp -d)
home=$dir/winter/home.yaml
passed=0 failed=0 up=

cp -r examples/winter "$dir"
export XDG_CONFIG_HOME=$dir/config
trap end EXIT

end() {
    [ -z "$up" ] || { kill "$up" 2>/dev/null; wait "$up" 2>/dev/null; }
    rm -rf "$dir"
}

pass() {
    passed=$((passed + 1))
}

fail() {
    failed=$((failed + 1))
    echo "FAIL $*"
}

# check NAME STATUS TEXT COMMAND...: it exits with STATUS and says TEXT.
check() {
    local name=$1 want=$2 text=$3 out status
    shift 3
    out=$("$@" 2>&1)
    status=$?
    if [ "$status" -eq "$want" ] && [[ $out == *"$text"* ]]; then
        pass
    else
        fail "$name: exit $status (wanted $want), said: $out"
    fi
}

# eventually NAME SECONDS COMMAND...: it succeeds before that.
eventually() {
    local name=$1 until=$((SECONDS + $2 + 1))
    shift 2
    while ! "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || { fail "$name" && return 1; }
        sleep 0.1
    done
    pass
}

# Brings the home up in $dir/home; what it says goes to $dir/out. Without one
# there is nothing more to test.
start_home() {
    rm -f "$dir/out"
    "$tomte" up "$home" --dir "$dir/home" --plain >"$dir/out" 2>&1 &
    up=$!
    for _ in $(seq 150); do
        grep -qs "Now you" "$dir/out" && return
        sleep 0.1
    done
    fail "the home does not come up: $(cat "$dir/out")"
    sum
    exit 1
}

# A command about that home.
t() {
    "$tomte" "$@" --dir "$dir/home"
}

sum() {
    echo "$passed passed, $failed failed, 0 skipped"
    [ "$failed" -eq 0 ]
}
