#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: update.sh TOMTE
# Two authors' containers hear the same button; a third listens to both. One is
# updated with its state, the other gets a version that traps and makes room for
# the old one, while the button is pressed all the time: nobody misses a press,
# nobody counts one twice.
tomte=$1
. "$(dirname "$0")/lib.sh"

manifest() { # NAME VERSION MORE...
    local name=$1 version=$2
    shift 2
    cat <<EOF
name: $name
version: $version
author: $name
memory_bytes: 65536
stack_bytes: 4096
fuel_per_event: 100000
durability: sync
standbys: 1
trial_ms: 3000
ports:
  count: {direction: out, kind: state, type: number}
  said: {direction: out, kind: event, type: number}
EOF
    printf '  %s\n' "$@"
}

pack() { # FILE MODULE, the manifest on standard input; by the author NAME
    cat >"$dir/$1.yaml"
    check "$1" 0 "$1" "$tomte" pack "$dir/$1.yaml" "$images/$2.wasm" "$dir/$1" \
        --key "$dir/${1%[0-9]}.key"
}

for who in ann bob sum; do
    check "a key of $who" 0 "$who.key" "$tomte" author new --key "$dir/$who.key"
done

button="in: {direction: in, kind: event, type: press, role: button}"
manifest ann 1 "$button" | pack ann1 tally1
manifest ann 2 "$button" | pack ann2 tally2
manifest bob 1 "$button" | pack bob1 tally1
manifest bob 3 "$button" | pack bob3 trapper # takes nothing over
{
    manifest bob 2 "$button"
    echo "health: {count: {max: 1000000}}"
} | pack bob2 tally2
{
    manifest bob 4 "$button"
    echo "health: {count: {min: 1000000}}"
} | pack bob4 tally2 # its first press breaks the rule
manifest sum 1 "a: {direction: in, kind: event, type: number}" \
    "b: {direction: in, kind: event, type: number}" | pack sum1 tally1

home=$dir/home.yaml
cat >"$home" <<'EOF'
home: authors
lease_ms: 1000
authors:
  ann: {key: ann.pub, may: [ann]}
  bob: {key: bob.pub, may: [bob]}
  sum: {key: sum.pub, may: [sum]}
nodes:
  hub:
    address: 127.0.0.1:5811
    keeper: true
    resources:
      /hub/button/pressed: {kind: button, role: button, type: press}
  box: {address: 127.0.0.1:5812}
  shelf: {address: 127.0.0.1:5813}
EOF
start_home

check "ann" 0 "deployed" t deploy ann "$dir/ann1" --on box
check "bob" 0 "deployed" t deploy bob "$dir/bob1" --on shelf
check "sum" 0 "deployed" t deploy sum "$dir/sum1" --bind a=/ann/said \
    --bind b=/bob/said
for who in ann bob sum; do
    eventually "$who does not run" 15 \
        bash -c "'$tomte' why $who --dir '$dir/home' | grep -q running"
    eventually "$who has no standby in sync" 15 \
        bash -c "'$tomte' why $who --dir '$dir/home' | grep -q '(in sync)'"
done

# Each press is acknowledged when all who hear it have it.
press() {
    while [ ! -e "$dir/enough" ]; do
        "$tomte" channel put /hub/button/pressed 1 --dir "$dir/home" \
            >>"$dir/presses" 2>&1 && echo pressed >>"$dir/pressed"
    done
}
press &
pressing=$!
sleep 1
check "ann's new version" 0 "version 2 stays" t deploy ann "$dir/ann2"
check "bob's next takes nothing over" 1 "version 3 was given up: its state" \
    t deploy bob "$dir/bob3"
check "bob's next breaks its rule" 1 "given up: port count was given a value" \
    t deploy bob "$dir/bob4"
check "why tells it" 0 "Version 4 was given up" t why bob
check "bob goes on" 0 "running" t why bob
touch "$dir/enough"
wait "$pressing"
presses=$(wc -l <"$dir/pressed")
[ "$presses" -gt 10 ] && pass || fail "only $presses presses"

is() {
    [ "$(t channel get "$1" | head -n 1)" = "$2" ]
}
eventually "bob counted $(t channel get /bob/count), not $presses" 10 \
    is /bob/count "$presses"
eventually "sum heard $(t channel get /sum/count), not 2 x $presses" 10 \
    is /sum/count $((2 * presses))
# ann: one a press before the update, ten after it
ann=$(t channel get /ann/count | head -n 1)
[ "$(((ann - presses) % 9))" -eq 0 ] && [ "$ann" -gt "$presses" ] &&
    pass || fail "ann counted $ann of $presses"
sum
