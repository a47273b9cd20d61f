/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the OpenSSL backend share. */
#pragma once

#include "linux/crypto_openssl.h"

/* OpenSSL refused what it never refuses: no memory, or a broken library. */
#define OPENSSL_MUST(call) TOMTE_ASSERT((call) > 0)

enum tomte_err openssl_public_key(enum tomte_curve curve,
                                  const uint8_t *private_key,
                                  uint8_t *public_key);
enum tomte_err openssl_agree(enum tomte_curve curve, const uint8_t *private_key,
                             const uint8_t *public_key, uint8_t *secret);
enum tomte_err openssl_sign(enum tomte_curve curve, const uint8_t *private_key,
                            struct tomte_span digest, uint8_t *signature);
enum tomte_err openssl_verify(enum tomte_curve curve, const uint8_t *public_key,
                              struct tomte_span digest,
                              const uint8_t *signature);
