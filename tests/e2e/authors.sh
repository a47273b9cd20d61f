#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: authors.sh TOMTE
# Whose code runs as what: at the command line, at the keeper, at each node.
tomte=$1
. "$(dirname "$0")/lib.sh"
module=$images/lodger.wasm
manifest=containers/lodger/lodger.yaml

check "a key of a stranger" 0 "stranger.key" \
    "$tomte" author new --key "$dir/stranger.key"
check "is for its owner's eyes" 0 "600" stat -c %a "$dir/stranger.key"
check "is not made twice" 3 "exists" \
    "$tomte" author new --key "$dir/stranger.key"
check "is shown without its secret" 0 "may: ['*']" \
    "$tomte" author show --key "$dir/stranger.key"
"$tomte" author show --key "$dir/stranger.key" >"$dir/shown"
grep -q "$(sed -n 's/private: //p' "$dir/stranger.key")" "$dir/shown" &&
    fail "the secret is shown" || pass
check "an image by the stranger" 0 "spy.image" \
    "$tomte" pack --key "$dir/stranger.key" "$manifest" "$module" "$dir/spy.image"
cp "$dir/stranger.key" "$dir/open.key"
chmod 644 "$dir/open.key"
check "a key that others may read" 3 "others may read" \
    "$tomte" pack --key "$dir/open.key" "$manifest" "$module" "$dir/x.image"
printf '\203\1\100\100' >"$dir/unsigned.image"

sed '/^authors:/,/^containers:/{/^containers:/!d}' "$home" >"$dir/none.yaml"
check "a home without authors" 3 "authors:" \
    "$tomte" up "$dir/none.yaml" --dir "$dir/none"
sed 's/may: \[thermostat, meter/may: [meter/' "$home" >"$dir/less.yaml"
sed -i 's/weather: /&winter\//' "$dir/less.yaml"
check "an author that may not name a container" 1 \
    "author tomte may not name the identity thermostat" \
    "$tomte" up "$dir/less.yaml" --dir "$dir/less" --plain

start_home
deploy() {
    t deploy "$@" --bind button=hall --bind "answer=/hall/$1/answer"
}
check "an image that nobody signed" 5 "is not signed" \
    deploy spy "$dir/unsigned.image"
check "an author who is not known" 5 "no author's of this home" \
    deploy spy "$dir/spy.image"
check "an identity that is another's" 5 \
    "author tomte may not name the identity second" deploy second lodger
check "an identity that is the author's" 0 "deployed" deploy lodger lodger

# A home file of somebody's own, with the addresses of this home.
cp -r "$dir/home" "$dir/forged"
rm -f "$dir/forged/home.yaml"
sed "/^authors:/r /dev/stdin" "$home" >"$dir/forged/home.yaml" <<END
  stranger:
    key: $dir/stranger.pub
    may: ['*']
END
forged() {
    "$tomte" deploy spy "$dir/spy.image" --on hall --dir "$dir/forged" \
        --bind button=hall --bind answer=/hall/spy/answer
}
check "the keeper has its own list" 5 "no author's of this home" forged

# A keeper that takes anything: the nodes do not.
cp "$dir/forged/home.yaml" "$home"
check "the keeper dies" 0 "" t kill attic
check "and comes back with another list" 0 "" t kill attic --start
eventually "the keeper is back" 15 forged
said() {
    t logs hall | grep -q "spy: signed by the key .* no author's of this home"
}
eventually "hall does not refuse it by name" 10 said
t why spy | grep -q running && fail "spy runs" || pass
check "the lamp runs on" 0 "running" t why lamp
sum
