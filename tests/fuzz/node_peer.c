/* SPDX-License-Identifier: Apache-2.0 */
/* A node among hostile ones: keeper, owners, standbys and consumers that say
 * anything. See node/world.h for what must hold. */
#include "node/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script_run(TOMTE_SPAN(data, size), false);
    return 0;
}
