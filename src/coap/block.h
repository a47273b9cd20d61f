/* SPDX-License-Identifier: Apache-2.0 */
/* coap/block.h: what both ends of a block-wise transfer compute (RFC 7959).
 *
 * Plain functions and a cursor; no bytes of a body pass through here. Built on
 * it: coap/transfer.h, a client's transfer; coap/blocks.h, a server's memory
 * for bodies. A server that has its representation at hand, or that streams an
 * upload to where it is stored, needs no more than this file.
 *
 * Sizes and offsets are in bytes. A block number is below 2^20, so a body is
 * below 2^20 blocks: 1 GiB with blocks of 1024 bytes. */
#pragma once

#include "coap/message.h"

#define TOMTE_COAP_SZX_MAX  6 /* 1024 bytes; 7 is for reliable transports */
#define TOMTE_COAP_ETAG_MAX 8

/* ---- Block2, a server's side (section 2.4) ---- */

/* The part of a representation that a request asked for. */
struct tomte_coap_slice {
    uint32_t at, len; /* of the representation */
    uint32_t size;    /* the representation's */
    struct tomte_coap_block block;
    bool blockwise; /* the answer has a Block2 option */
    bool tell_size; /* and a Size2 option (section 4) */
};

/* Which part of `size` bytes answers a request with these options: at most
 * 16 << szx bytes, fewer when the client asked for smaller blocks. Without a
 * Block2 option it is the first part; a notification (section 2.6) is cut like
 * the answer to its registration was.
 *
 *   MALFORMED  the reserved size exponent 7: 4.00
 *   RANGE      a block behind the end: 4.00 */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_slice(struct tomte_span options,
                                                 uint32_t size, uint8_t szx,
                                                 struct tomte_coap_slice *out);

/* Block2 and Size2, as far as the slice has them. An ETag is the caller's to
 * put, and needed as soon as the representation may change: it is how a client
 * knows that two blocks are of one. */
void tomte_coap_put_slice(struct tomte_coap_options *o,
                          const struct tomte_coap_slice *slice);

/* ---- Block1, a server's side (section 2.5) ---- */

/* How far a body has come. Zero is a body of which nothing is there. */
struct tomte_coap_cursor {
    uint32_t at;
    bool open; /* block 0 came, the last did not */
};

/* What is to be done with a block. */
enum tomte_coap_block1 {
    TOMTE_COAP_BLOCK1_TAKE = 1,   /* its payload goes to `at`; acknowledge */
    TOMTE_COAP_BLOCK1_REPEATED,   /* the last one again: acknowledge only */
    TOMTE_COAP_BLOCK1_INCOMPLETE, /* 4.08: an earlier block is not here */
    TOMTE_COAP_BLOCK1_TOO_LARGE,  /* 4.13 */
    TOMTE_COAP_BLOCK1_BAD,        /* 4.00: its size is not what it says */
};

struct tomte_coap_arrival {
    enum tomte_coap_block1 what;
    struct tomte_coap_block block; /* as in the request */
    uint32_t at;                   /* TAKE */
    bool more;                     /* TAKE, REPEATED: it was not the last */
};

/* The next block of a request; `limit` is the longest body that is taken. Block
 * 0 begins anew, whatever was there (section 2.5). Only an accepted block moves
 * the cursor. NOT_FOUND when the request has no Block1, MALFORMED for size
 * exponent 7. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_cursor_take(struct tomte_coap_cursor *c,
                       const struct tomte_coap_msg *msg, uint32_t limit,
                       struct tomte_coap_arrival *out);

/* The Block1 option that acknowledges an arrival, with our size when that is
 * smaller (section 2.3): the client goes on with that one. `more`: as in the
 * answer, true only with 2.31 Continue. */
void tomte_coap_put_arrival(struct tomte_coap_options *o,
                            const struct tomte_coap_arrival *arrival,
                            uint8_t szx, bool more);

/* ---- both ---- */

/* What tells transfers of one peer apart (section 2.4; RFC 9175 section 3.3):
 * the method and all options but the Block options, Observe and those that are
 * no cache key (Size1, Size2, Echo). Request-Tag is among them. A peer can
 * make collisions, but only with itself: compare peers in full. */
uint64_t tomte_coap_operation(uint8_t code, struct tomte_span options);

/* 16 << szx. */
static inline uint32_t tomte_coap_szx_bytes(uint8_t szx)
{
    return (uint32_t)16 << szx;
}
