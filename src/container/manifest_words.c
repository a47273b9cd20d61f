/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the home file, of manifests as people write them, and of
 * messages. */
#include "container/manifest.h"

const char *tomte_port_direction_name(unsigned direction)
{
    static const char *const names[] = {"in", "out"};
    return direction < 2 ? names[direction] : "?";
}

const char *tomte_port_kind_name(unsigned kind)
{
    static const char *const names[] = {"state", "event"};
    return kind < 2 ? names[kind] : "?";
}

const char *tomte_durability_name(unsigned durability)
{
    static const char *const names[] = {"none", "async", "sync"};
    return durability < 3 ? names[durability] : "?";
}

const char *tomte_without_keeper_name(unsigned without_keeper)
{
    static const char *const names[] = {"hold", "safe"};
    return without_keeper < 2 ? names[without_keeper] : "?";
}
