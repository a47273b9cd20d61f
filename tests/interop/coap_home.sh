#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: coap_home.sh TOMTE
# A home's nodes, asked by libcoap's client: what there is, with filters, and
# what it says.
tomte=$1
. "$(dirname "$0")/../e2e/lib.sh"

if ! command -v coap-client-notls >/dev/null; then
    echo "skipped: libcoap3-bin is not installed"
    echo "0 passed, 0 failed, 1 skipped"
    exit "${CI:+1}"
fi

ask() {
    coap-client-notls -B 5 "coap://127.0.0.1:$1" 2>/dev/null
}

# The links of a node that a query matches, counted.
count() {
    ask "$port/.well-known/core$1" | tr ',' '\n' | grep -c '^<'
}

start_home
# That of the first node; the world's own is indented less.
port=$(sed -n 's/^    address: 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$home" | head -1)
all=$(count '')
[ "$all" -ge 1 ] && pass || fail "a node says what there is"
[ "$(count '?rt=tomte.state')" -eq "$all" ] && pass || fail "filter by type"
[ "$(count '?rt=tomte.*')" -eq "$all" ] && pass || fail "filter by a prefix"
[ "$(count '?rt=tomte')" -eq 0 ] && pass || fail "a prefix without a star"
path=$(ask "$port/.well-known/core" | sed 's/^<\([^>]*\)>.*/\1/')
[ "$(count "?href=$path")" -eq 1 ] && pass || fail "filter by path $path"
# Everything else is for who can prove who it is.
for path in .tomte/status .tomte/logs .tomte/view; do
    said=$(coap-client-notls -B 5 "coap://127.0.0.1:$port/$path" 2>&1)
    [[ $said == *4.01* ]] && pass || fail "a stranger asks for $path: $said"
done
check "the format is that of links" 0 "Content-Format:application/link-format" \
    coap-client-notls -v 7 -B 5 "coap://127.0.0.1:$port/.well-known/core"
sum
