/* SPDX-License-Identifier: Apache-2.0 */
/* ace/association.h: what two who know each other's static keys share, without
 * having said a word: a node (or a person) and a keeper (RFC 9200's association
 * of client and resource server with their authorization server).
 *
 *   PRK  = HKDF-Extract(home, ECDH(own secret, peer's public))
 *   each = HKDF-Expand(PRK, ["tomte association 1", label, low, high])
 *
 * `home` is the charter's identifier, `low` and `high` are the two public keys,
 * sorted, so that both ends come to the same; the labels are "oscore" (a Master
 * Secret, RFC 8613 section 3.2) and "token" (a key for AES-CCM-16-64-128, under
 * which a keeper seals what only this node may read).
 *
 * Each direction of asking is a security context of its own: the client's
 * Sender ID is the first seven bytes of its public key, the server's the first
 * six of its own, so the two differ whoever they are, even where both are the
 * same node. IDs find a key, without a digest, and prove nothing.
 *
 * There is no forward secrecy: who learns one of the static keys reads what was
 * said before. What is derived is the same after each start, so sequence
 * numbers must outlive a start (oscore/oscore.h, `stored`). */
#pragma once

#include "ace/charter.h"

#define TOMTE_ASSOCIATION_SECRET_BYTES    32
#define TOMTE_ASSOCIATION_SEAL_BYTES      16
#define TOMTE_ASSOCIATION_CLIENT_ID_BYTES 7
#define TOMTE_ASSOCIATION_SERVER_ID_BYTES 6

/* Secret: who has it wipes it. */
struct tomte_association {
    uint8_t secret[TOMTE_ASSOCIATION_SECRET_BYTES]; /* for OSCORE */
    uint8_t seal[TOMTE_ASSOCIATION_SEAL_BYTES];     /* for tokens */
};

/* INVALID when `peer` is no point of the curve or `own` is no key; *out is then
 * zero. */
TOMTE_MUST_CHECK enum tomte_err tomte_association_agree(
    struct tomte_association *out, const struct tomte_crypto *c,
    const uint8_t home[TOMTE_HOME_ID_BYTES], const struct tomte_key_pair *own,
    const uint8_t peer[TOMTE_P256_PUBLIC_BYTES]);

void tomte_association_wipe(struct tomte_association *a);
