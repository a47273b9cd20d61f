/* SPDX-License-Identifier: Apache-2.0 */
/* ace/revocation.h: tokens that no longer count (RFC 9770): the hash that names
 * a token, and the list that a server publishes (/revoke/trl).
 *
 * The hash is of the token's bytes, so a token that has two encodings has two
 * hashes, and a revoked one comes back in the other. Hence only tokens that
 * tomte_cwt_open takes with TOMTE_CWT_WRAPPED and TOMTE_CWT_PROTECTED (section
 * 3) have one: whoever accepts tokens opens them so. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "crypto/crypto.h"

/* One byte for the hash function (1: SHA-256, RFC 6920 section 9.4), and its
 * value. */
#define TOMTE_ACE_TOKEN_HASH_BYTES 33

/* Of a CWT that was given to its client in an application/ace+cbor answer, as
 * all of ours are: SHA-256 of the base64url text of its bytes (section 4). */
void tomte_ace_token_hash(const struct tomte_crypto *c, struct tomte_span token,
                          uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES]);

/* The answer to a full query, {0: [hash, ...]} (section 7); hashes one after
 * the other, in the order given. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_trl_encode(const uint8_t (*hashes)[TOMTE_ACE_TOKEN_HASH_BYTES],
                     size_t count, struct tomte_buf out,
                     struct tomte_span *encoded);

/* Its hashes into `hashes`, which has room for `max`; *count is how many there
 * were. FULL when there are more: those that fit are there, and the list is not
 * known to the end. RANGE for a hash of another length, UNSUPPORTED of another
 * function; other errors of cbor/cbor.h. Other parameters are passed over. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_trl_decode(struct tomte_span in,
                     uint8_t (*hashes)[TOMTE_ACE_TOKEN_HASH_BYTES], size_t max,
                     size_t *count);
