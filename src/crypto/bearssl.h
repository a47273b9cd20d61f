/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/bearssl.h: the backend that ships on microcontrollers and in nodes.
 *
 * BearSSL 0.6: constant time, no heap. In the library tomte_crypto_bearssl,
 * apart from the room's own, so that what needs no real cryptography (the
 * simulator, most tests) links without BearSSL. */
#pragma once

#include "crypto/crypto.h"

extern const struct tomte_crypto tomte_crypto_bearssl;

#ifndef TOMTE_MCU
/* That one, or where the processor has AES instructions (x86) a table that uses
 * them and is the same otherwise. Ask once: it asks the processor. */
const struct tomte_crypto *tomte_crypto_bearssl_fastest(void);
#endif
