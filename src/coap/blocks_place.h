/* SPDX-License-Identifier: Apache-2.0 */
/* coap/blocks_place.h: the places of coap/blocks.h, for the room's own files.
 *
 *          block 0          last block         answer longer than a block
 *   FREE ----------> COMING ----------> WHOLE ---------------------------+
 *    ^                  |                 | short answer                 v
 *    +------------------+-----------------+                           GOING
 *    |   expired                                                         |
 *    +----------------------------- FETCHED <----------------------------+
 *      expired, or the place is needed          its last block was asked for
 */
#pragma once

#include "coap/blocks.h"

enum tomte_coap_place_state {
    TOMTE_COAP_PLACE_FREE,
    TOMTE_COAP_PLACE_COMING,
    TOMTE_COAP_PLACE_WHOLE,
    TOMTE_COAP_PLACE_GOING,
    TOMTE_COAP_PLACE_FETCHED,
};

struct tomte_coap_blocks_place {
    struct tomte_coap_from from;
    uint64_t operation;
    uint64_t until_ms;
    struct tomte_coap_cursor cursor; /* COMING */
    uint32_t len;                    /* WHOLE: the body; later the answer */
    uint8_t state;
    uint8_t code; /* of the answer, and its options */
    uint8_t options_len;
    uint8_t options[TOMTE_COAP_BLOCKS_OPTIONS_MAX];
};

/* Time goes on, and what has expired goes. */
void tomte_coap_place_tick(struct tomte_coap_blocks *b, uint64_t now_ms);

struct tomte_coap_blocks_place *
tomte_coap_place_find(struct tomte_coap_blocks *b,
                      const struct tomte_coap_from *from, uint64_t operation);

/* One for a new operation, FREE; NULL when nothing may give way to it. */
struct tomte_coap_blocks_place *
tomte_coap_place_claim(struct tomte_coap_blocks *b,
                       const struct tomte_coap_from *from, uint64_t operation);

/* Its config.body_bytes. */
uint8_t *tomte_coap_place_bytes(struct tomte_coap_blocks *b,
                                const struct tomte_coap_blocks_place *p);

/* Overwrites it. */
void tomte_coap_place_free(struct tomte_coap_blocks *b,
                           struct tomte_coap_blocks_place *p);
