/* SPDX-License-Identifier: Apache-2.0 */
/* home/view_form.h: the form of an encoded view (docs/spec/home.md). Private to
 * the room. */
#pragma once

#include "home/codec.h"

enum {
    VIEW_FORMAT = 0,
    VIEW_NODE = 1,
    VIEW_STORE = 2,
    VIEW_VERSION = 3,
    VIEW_LEASE = 4,
    VIEW_KEEPERS = 5,
    VIEW_PLACEMENTS = 6,
    VIEW_RESOURCES = 7,
};

#define VIEW_PLACEMENT_ITEMS 14

/* Histories may for a while be kept of more containers than a node can run. */
#define VIEW_PLACEMENTS_MAX (2 * TOMTE_LIMIT_CONTAINERS)
