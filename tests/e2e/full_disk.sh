#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: full_disk.sh TOMTE
# The disk of one node fills up while the home runs: the node says which disk,
# what ran there goes on elsewhere, the button works, no counter goes back; and
# when there is space again the node is one of the home again. The disk is a
# small tmpfs in a mount namespace of this test's own.
if [ "${2:-}" != inside ]; then
    unshare -m true 2>/dev/null && exec unshare -m "$0" "$1" inside
    unshare -rm true 2>/dev/null && exec unshare -rm "$0" "$1" inside
    echo "SKIP full_disk: no mount namespace to be had here"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
tomte=$1
. "$(dirname "$0")/lib.sh"
disk=$dir/home/hall
trap 'umount -l "$disk" 2>/dev/null; end' EXIT

runs_elsewhere() {
    t why "$1" | grep -q "is at [^h].* running"
}

starts() {
    t channel get /room/meter/starts
}

says() {
    grep -q "$1" "$disk/log" "$dir/out"
}

mkdir -p "$disk"
mount -t tmpfs -o size=6m tmpfs "$disk"
start_home
check "the thermostat is in the hall" 0 "is at hall" t why thermostat
before=$(starts)
dd if=/dev/zero of="$disk/filler" bs=4k 2>/dev/null
[ "$(df --output=avail "$disk" | tail -n 1)" -eq 0 ] && pass ||
    fail "the disk is not full"
check "the home still takes commands" 0 "" t move meter cellar
check "of every kind" 0 "" t move meter hall
eventually "the line names the disk" 5 \
    says "$disk/storage: no space left on its disk"
check "the logs say what for" 0 "no space on the storage" t logs hall
check "the button works, though it is there" 0 "" \
    t channel put /hall/button/pressed 1
for container in thermostat meter lamp; do
    eventually "$container does not run elsewhere" 30 runs_elsewhere $container
done
after=$(starts)
[ "${after:-0}" -ge "${before:-1}" ] && pass ||
    fail "starts went from $before to $after"
check "the room is heated" 0 "" t channel get /room/heater/power
rm "$disk/filler"
eventually "the node is not back" 20 \
    bash -c "'$tomte' status --dir '$dir/home' | grep -q 'node hall *here'"
check "and takes on what it is given" 0 "" t move meter hall
eventually "the meter does not come back" 20 \
    bash -c "'$tomte' why meter --dir '$dir/home' | grep -q 'is at hall'"
eventually "it says that there is space" 10 says "there is space again"
sum
