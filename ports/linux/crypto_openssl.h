/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_openssl.h: the backend of src/crypto for hubs, over OpenSSL 3.
 *
 * The same functions as BearSSL's, by other people's code: each is held against
 * the other in tests. Faster by an order of magnitude in what takes BearSSL
 * milliseconds, signatures and agreement; takes memory from the heap while it
 * does them. ECDSA's k is that of RFC 6979 too. */
#pragma once

#include "crypto/crypto.h"

extern const struct tomte_crypto tomte_crypto_openssl;
