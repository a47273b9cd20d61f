#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bad_input.sh TOMTE
# Garbage in: each gets an error that names the thing, and the home goes on.
tomte=$1
. "$(dirname "$0")/lib.sh"

sed 's/^lease_ms/leese_ms/' "$home" >"$dir/key.yaml"
check "a home file with an unknown key" 3 "unknown key leese_ms" \
    "$tomte" up "$dir/key.yaml" --dir "$dir/none"
sed 's/127.0.0.1:5702/192.0.2.1:5702/' "$home" >"$dir/far.yaml"
check "an address that is not loopback" 5 "only loopback" \
    "$tomte" node --home "$dir/far.yaml" --name hall --dir "$dir/far"
check "a node that is not there" 2 "has no node garage" \
    "$tomte" node --home "$home" --name garage --dir "$dir/x"
check "no home at all" 2 "no home runs in" "$tomte" status --dir "$dir/nothing"

sed -i "s/may: \[thermostat.*/may: ['*']/" "$home"
start_home
check "the home is up" 0 "thermostat" t status
check "a port in use" 1 "port 5702" \
    "$tomte" node --home "$home" --name hall --dir "$dir/twin"
check "a home that is up already" 1 "is up already" \
    "$tomte" up "$home" --dir "$dir/home"
check "which did it no harm" 0 "" t kill hall --pause
check "nor this" 0 "" t kill hall --resume
mkdir "$dir/second"
check "its ports, for another home" 1 "port 5702" \
    "$tomte" up "$home" --dir "$dir/second"
head -c 700 "$images/thermostat.image" >"$dir/cut.image"
check "a truncated image" 3 "ends too early" t deploy cut "$dir/cut.image"
head -c 5000 /dev/urandom >"$dir/noise.image"
check "an image of noise" 3 "cannot deploy" t deploy noise "$dir/noise.image"
check "a channel that is not there" 2 "not found" t channel get /no/such/thing
check "a container that is not there" 2 "not found" t why nobody
check "a port bound to a channel of another kind" 1 "/hall/button/pressed" \
    t deploy wrong thermostat --bind heat=/hall/button/pressed
check "a manifest that asks for what is not there" 0 "deployed" \
    t deploy lost lamp --bind button=garage --bind lamp=garage
check "is told why it runs nowhere" 0 "button" t why lost
check "one writer a channel" 1 "/room/heater/power" \
    t deploy second thermostat --bind heat=/room/heater/power
# A module that is no module, in an image that is one.
printf 'name: bad\nversion: 1\nauthor: x\nmemory_bytes: 65536\nstack_bytes: 4096\nfuel_per_event: 1000\n' >"$dir/bad.yaml"
printf '\0asm\1\0\0\0\1\5\1\140\0\1\177\3\2\1\0\12\4\1\2\0\13' >"$dir/bad.wasm"
check "a module with a type error is packed" 0 "bad.image" \
    "$tomte" pack "$dir/bad.yaml" "$dir/bad.wasm" "$dir/bad.image"
check "and accepted by the keeper" 0 "deployed" t deploy bad "$dir/bad.image"
sleep 2
check "but refused by the nodes, with the reason" 0 "type mismatch" t logs
check "a datagram of noise" 0 "" bash -c \
    'for p in 5701 5702 5703; do for i in $(seq 50); do head -c 200 /dev/urandom >/dev/udp/127.0.0.1/$p; done; done'
check "the button still works" 0 "" t channel put /hall/button/pressed 1
check "the thermostat still runs" 0 "running" t why thermostat
check "an override" 0 "" t channel put /room/heater/power 0 --for 60
check "is shown" 0 "override on /room/heater/power" t status
check "and released" 0 "" t channel release /room/heater/power
sum
