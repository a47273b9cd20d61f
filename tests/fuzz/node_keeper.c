/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper among hostile nodes and people: lease requests, commands, images,
 * questions. It also runs what is deployed, so its own links are in it. See
 * node/world.h for what must hold. */
#include "node/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script_run(TOMTE_SPAN(data, size), true);
    return 0;
}
