/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_hub.h: the backend that a process on Linux uses.
 *
 * The faster of both for each job: OpenSSL's digests, signatures and agreement,
 * and for messages BearSSL's AES-CCM where the processor has AES instructions,
 * because OpenSSL's takes longer to begin than to do the work. Figures: `./dev
 * bench crypto`. */
#pragma once

#include "crypto/crypto.h"

/* The same table with each call; the first fills it, so call it once before
 * there are threads. */
const struct tomte_crypto *tomte_crypto_hub(void);
