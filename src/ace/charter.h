/* SPDX-License-Identifier: Apache-2.0 */
/* ace/charter.h: what the owner signs, and what keepers sign in its name.
 *
 * The charter is a node's only anchor: the home's identifier, a number that
 * only grows, the owner's key, the keepers' keys, and who may hand the home to
 * another owner when the owner's key is lost. Whatever else a node believes
 * comes from it: a keeper is one because the charter names it.
 *
 * Two ways to believe a charter:
 *
 * - the first one, when joining: the digest of its content came with the
 *   invitation (tomte_charter_hash), and it is signed by the owner it names
 *   (tomte_charter_open);
 * - every later one by the one before (tomte_charter_follow): same home, higher
 *   number, signed by the owner or a recovery key *of the one before*. Such a
 *   charter may name another owner: so the owner's key is changed, or replaced
 *   when it is lost. The next is the new owner's to sign, and does it at once:
 *   who joins then has one that its own owner signed.
 *
 * The higher number wins, and is stored before it is used: a node never goes
 * back, whoever asks. A recovery key can take over the home; it is as secret as
 * the owner's, kept elsewhere, and used once in a decade. Without any a lost
 * owner's key means a new home.
 *
 * On the wire: cose/signed.h, type TOMTE_CHARTER_TYPE, no scope; the payload is
 * deterministic CBOR (docs/spec/charter.md):
 *
 *   { 1: home (16 bytes), 2: number (1..), 3: owner (COSE_Key),
 *     4: [ [name, COSE_Key], ... ]  keepers, 1 to 7, by name,
 *   ? 5: [ COSE_Key, ... ]          recovery keys, 1 to 3
 *   ? 6: authors (32 bytes) }       SHA-256 of the list of authors
 *
 * Keys are public, EC2 on P-256, with nothing but kty, crv, x and y; no key
 * comes twice. The list of authors is container/authors.h's, and travels beside
 * the charter; without one nobody's code runs. Codec and judgement only:
 * nothing is kept here. */
#pragma once

#include "base/name.h"
#include "cose/signed.h"

#define TOMTE_CHARTER_TYPE "application/vnd.tomte.charter+cose"

#define TOMTE_HOME_ID_BYTES        16
#define TOMTE_CHARTER_KEEPERS_MAX  7
#define TOMTE_CHARTER_RECOVERY_MAX 3

/* The largest charter: 7 keepers with long names, 3 recovery keys. */
#define TOMTE_CHARTER_BYTES_MAX 1280

struct tomte_charter_keeper {
    struct tomte_name name; /* of its node */
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
};

struct tomte_charter {
    uint8_t home[TOMTE_HOME_ID_BYTES];
    uint64_t number; /* 1 to INT64_MAX */
    uint8_t owner[TOMTE_P256_PUBLIC_BYTES];
    uint8_t keepers_len;
    struct tomte_charter_keeper keepers[TOMTE_CHARTER_KEEPERS_MAX];
    uint8_t recovery_len;
    uint8_t recovery[TOMTE_CHARTER_RECOVERY_MAX][TOMTE_P256_PUBLIC_BYTES];
    bool has_authors;
    uint8_t authors[TOMTE_SHA256_BYTES];
};

/* Signed by the owner, or by whoever may follow. INVALID when a rule above is
 * broken (no keeper, names out of order, a key twice, number 0), FULL. */
TOMTE_MUST_CHECK enum tomte_err
tomte_charter_encode(const struct tomte_crypto *c,
                     const struct tomte_charter *charter,
                     const struct tomte_key_pair *signer, struct tomte_buf out,
                     struct tomte_span *message);

/* A first charter: DENIED unless the owner that it names signed it; that this
 * owner is the right one is for the caller to know, by the hash. Other errors
 * are those of decoding (cose/signed.h, cbor/cbor.h, INVALID). On an error
 * *charter is zero. */
TOMTE_MUST_CHECK enum tomte_err tomte_charter_open(const struct tomte_crypto *c,
                                                   struct tomte_span message,
                                                   struct tomte_charter *out);

/* A later one. DENIED for another home, or when nobody whom `known` allows to
 * signed it; STALE when its number is not higher; those of open. `out` may be
 * `known`, and is changed only when all is well. */
TOMTE_MUST_CHECK enum tomte_err
tomte_charter_follow(const struct tomte_crypto *c, struct tomte_span message,
                     const struct tomte_charter *known,
                     struct tomte_charter *out);

/* One that was believed before it was stored, by this node and where nobody
 * else writes: decoded, not verified, since who signed it may be known no more.
 * On an error *charter is zero. */
TOMTE_MUST_CHECK enum tomte_err tomte_charter_reopen(struct tomte_span message,
                                                     struct tomte_charter *out);

/* What an invitation says of a charter: the digest of its content, which does
 * not change with the signature. The message is decoded for it and not
 * verified. */
TOMTE_MUST_CHECK enum tomte_err
tomte_charter_hash(const struct tomte_crypto *c, struct tomte_span message,
                   uint8_t hash[TOMTE_SHA256_BYTES]);

/* NULL: not a keeper. */
const struct tomte_charter_keeper *
tomte_charter_keeper(const struct tomte_charter *charter,
                     const struct tomte_name *name);

/* ---- signed by a keeper ------------------------------------------------ */

/* The bytes of a view (home/view.h), which name the node that they are for and
 * their version: both are the reader's to check, before anything of it counts.
 */
#define TOMTE_CHARTER_VIEW_TYPE "application/vnd.tomte.view+cose"

/* `iat_s` is the keeper's time, 0 when it does not know; `type` one of those
 * above. Signed for this home alone (cose/signed.h, scope). */
TOMTE_MUST_CHECK enum tomte_err
tomte_charter_say(const struct tomte_crypto *c,
                  const struct tomte_charter *charter, const char *type,
                  uint64_t iat_s, struct tomte_span payload,
                  const struct tomte_key_pair *keeper, struct tomte_buf out,
                  struct tomte_span *message);

struct tomte_charter_said {
    const struct tomte_charter_keeper *keeper; /* borrowed from the charter */
    bool has_iat;
    uint64_t iat_s;
    struct tomte_span payload; /* borrowed from the message */
};

/* DENIED unless a keeper of this charter signed it, for this home and as this
 * type; other errors as of tomte_signed_decode. On an error *said is zero. */
TOMTE_MUST_CHECK enum tomte_err
tomte_charter_heard(const struct tomte_crypto *c,
                    const struct tomte_charter *charter, const char *type,
                    struct tomte_span message, struct tomte_charter_said *said);
