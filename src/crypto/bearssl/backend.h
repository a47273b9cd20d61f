/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the BearSSL backend share. */
#pragma once

#include "crypto/bearssl.h"

#include <bearssl.h>

#ifndef TOMTE_MCU
struct sha512 {
    br_sha512_context context; /* SHA-384 has the same */
    size_t size;
};
#endif

enum tomte_err bearssl_encrypt(const struct tomte_aead *how,
                               struct tomte_buf data, uint8_t *tag);
enum tomte_err bearssl_decrypt(const struct tomte_aead *how,
                               struct tomte_buf data, const uint8_t *tag);

/* With the processor's AES instructions, which must be there. */
enum tomte_err bearssl_encrypt_ni(const struct tomte_aead *how,
                                  struct tomte_buf data, uint8_t *tag);
enum tomte_err bearssl_decrypt_ni(const struct tomte_aead *how,
                                  struct tomte_buf data, const uint8_t *tag);

enum tomte_err bearssl_public_key(enum tomte_curve curve,
                                  const uint8_t *private_key,
                                  uint8_t *public_key);
enum tomte_err bearssl_agree(enum tomte_curve curve, const uint8_t *private_key,
                             const uint8_t *public_key, uint8_t *secret);
enum tomte_err bearssl_sign(enum tomte_curve curve, const uint8_t *private_key,
                            struct tomte_span digest, uint8_t *signature);
enum tomte_err bearssl_verify(enum tomte_curve curve, const uint8_t *public_key,
                              struct tomte_span digest,
                              const uint8_t *signature);
