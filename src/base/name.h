/* SPDX-License-Identifier: Apache-2.0 */
/* base/name.h: names of bounded length, held by value.
 *
 * A plain name (a node, a container's identity, a port, a role, a place):
 * 1 to 31 of  a-z 0-9 - _ .  beginning with a letter or digit.
 *
 * A channel name does not move when containers do: '/room/thing/aspect',
 * '/' followed by 1 to 4 plain parts joined by '/', at most 63 bytes in all. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define TOMTE_NAME_MAX    31
#define TOMTE_CHANNEL_MAX 63

struct tomte_name {
    uint8_t len;
    char text[TOMTE_NAME_MAX]; /* not NUL-terminated; zero behind `len` */
};

struct tomte_channel_name {
    uint8_t len;
    char text[TOMTE_CHANNEL_MAX]; /* not NUL-terminated; zero behind `len` */
};

/* MALFORMED when a character is not allowed, TOO_LARGE, or MISSING when
 * empty. `out` is then left empty. */
TOMTE_MUST_CHECK enum tomte_err tomte_name_parse(struct tomte_span text,
                                                 struct tomte_name *out);
TOMTE_MUST_CHECK enum tomte_err
tomte_channel_name_parse(struct tomte_span text,
                         struct tomte_channel_name *out);

bool tomte_name_equal(const struct tomte_name *a, const struct tomte_name *b);
bool tomte_channel_name_equal(const struct tomte_channel_name *a,
                              const struct tomte_channel_name *b);

/* The text, borrowed from the name. */
struct tomte_span tomte_name_span(const struct tomte_name *n);
struct tomte_span tomte_channel_name_span(const struct tomte_channel_name *n);
