#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: tools/bare-debian.sh [COMMAND...]
#
# Makes a bare Debian 12 (debootstrap's minimal variant and git, nothing else),
# clones this repository's HEAD into it and runs the command there, `./dev test`
# when none is given: that is how a step missing from ./dev shows. Needs root,
# debootstrap and a package mirror, which is taken from the apt configuration of
# this machine. The base system is made once and kept in build/bare/base;
# published test data is mounted read-only when TOMTE_VECTORS or
# ../shared/vectors is there.
#
# example: tools/bare-debian.sh ./dev run --once
. "$(dirname "$0")/dev/lib.sh"
maybe_help "$@"

base=$BUILD/bare/base
home=$BUILD/bare/run

main() {
    if [ "${1:-}" = --inside ]; then
        shift
        enter "$@"
    fi
    [ "$(id -u)" = 0 ] || fail "only root can make and enter a Debian"
    need debootstrap
    [ -e "$base/made" ] || make_base
    rm -rf --one-file-system "$home"
    cp -a "$base" "$home"
    git clone -q "$ROOT" "$home/srv/tomte"
    [ $# -gt 0 ] || set -- ./dev test
    say "in a bare Debian: $*"
    # Mounts and processes of its own: nothing can stay behind.
    unshare --mount --pid --fork --kill-child "$0" --inside "$@"
}

make_base() {
    local mirror
    # shellcheck disable=SC2016 # apt-get's own variable
    mirror=$(apt-get indextargets --format '$(SITE)' \
        'Identifier: Packages' 'Codename: bookworm' | head -n 1)
    [ -n "$mirror" ] || fail "apt knows no mirror of Debian 12 (bookworm)"
    say "making a bare Debian 12"
    rm -rf "$base"
    mkdir -p "$base"
    debootstrap --variant=minbase --include=git bookworm "$base" "$mirror" \
        2>&1 | tee "$BUILD/log/debootstrap.log" | progress ||
        fail "debootstrap failed (see $BUILD/log/debootstrap.log)"
    rm -f "$base"/etc/apt/sources.list
    cp /etc/apt/sources.list.d/debian.sources "$base/etc/apt/sources.list.d/" \
        2>/dev/null || cp /etc/apt/sources.list "$base/etc/apt/"
    cp /etc/resolv.conf "$base/etc/resolv.conf"
    touch "$base/made"
}

enter() {
    # A root that is a mount: tests make mount namespaces of their own in it.
    mount --bind "$home" "$home"
    mount -t proc proc "$home/proc"
    mount -t sysfs -o ro sysfs "$home/sys"
    mount --rbind /dev "$home/dev"
    if [ -n "${TOMTE_VECTORS:-}" ]; then
        mkdir -p "$home/srv/shared/vectors"
        mount --bind "$TOMTE_VECTORS" "$home/srv/shared/vectors"
        mount -o remount,bind,ro "$home/srv/shared/vectors"
    fi
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/srv LANG=C.UTF-8 \
        TERM="${TERM:-dumb}" ${CI:+CI="$CI"} \
        ${http_proxy:+http_proxy="$http_proxy"} \
        chroot "$home" sh -c 'cd /srv/tomte && exec "$@"' sh "$@"
}

main "$@"
