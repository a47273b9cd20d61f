/* SPDX-License-Identifier: Apache-2.0 */
/* base/crc.h: CRC-32C (Castagnoli, RFC 3720 appendix B.4), against accidents
 * of storage; it proves nothing against an attacker. */
#pragma once

#include "base/span.h"

/* Start with `crc` 0; feed the last result to go on. Check value over the
 * ASCII digits "123456789": 0xe3069283. */
uint32_t tomte_crc32c(uint32_t crc, struct tomte_span data);
