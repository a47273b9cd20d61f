/* SPDX-License-Identifier: Apache-2.0 */
/* A client's transfer against answers written by hand. What it asks is a line
 * of text, "GET 2:1/0/64 [0, 10]": method, Block1 and Block2 as number/more/
 * size, Size1, tag, echo, and which part of its body goes along. */
#pragma once

#include "test.h"

#include "base/base.h"
#include "coap/transfer.h"

struct rig {
    struct tomte_coap_transfer transfer;
    uint8_t memory[256], options[64];
    uint8_t received[4096], pattern[4096];
    uint32_t received_len, size; /* Size2 of the last piece */
    unsigned restarts;
    char asked[128]; /* last */
    struct tomte_coap_transfer_effect end;
};

extern struct rig rig;

/* An answer; Block1 and Block2 below 0 are not there, nor an ETag of 0. */
struct rig_parts {
    uint8_t code;
    long block1, block2;
    uint8_t etag, echo;
    uint32_t size2, at, len;
};

#define BLOCK(num, more, szx) ((long)(num) << 4 | (more) << 3 | (szx))
#define NONE                  (-1L)

/* Of a request to /a; szx 6, two restarts. */
struct tomte_coap_transfer_config rig_config(uint8_t code, uint32_t body_len);
void rig_start(const struct tomte_coap_transfer_config *c);

/* All effects: pieces are put together, the rest is noted. */
void rig_drain(void);

struct tomte_coap_msg rig_build(const struct rig_parts *a);
void rig_answer(struct rig_parts a);
void rig_upload_acked(uint8_t code, long block1);
void rig_block2(long block, uint8_t etag, uint32_t at, uint32_t len);

/* It ended with this code, and with so much of the pattern. */
void rig_ended(uint8_t code, uint32_t len);
void rig_ended_with(enum tomte_err err);

/* What it asks now. */
void rig_check(const char *file, int line, const char *text);
#define ASKED(text) rig_check(__FILE__, __LINE__, (text))
