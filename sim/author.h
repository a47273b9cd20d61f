/* SPDX-License-Identifier: Apache-2.0 */
/* sim/author.h: one author whom every simulated home trusts. */
#pragma once

#include "base/span.h"
#include "crypto/crypto.h"

/* The home's list of authors; lasts as long as the program. */
struct tomte_span sim_authors(const struct tomte_crypto *c);

/* The image, signed by that author: malloc'ed, the caller's. */
uint8_t *sim_author_sign(const struct tomte_crypto *c, struct tomte_span image,
                         size_t *len);
