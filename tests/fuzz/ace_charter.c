/* SPDX-License-Identifier: Apache-2.0 */
/* Charters and what keepers say. The input is a message, and a payload in a
 * message that is well signed, so that what lies behind the signature is
 * reached too. A charter that is taken is encoded again to the same bytes, and
 * follows only one with a lower number. */
#include "ace/charter.h"
#include "base/base.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FAKE (&tomte_crypto_fake)

static uint8_t memory[65536], again[65536];

static struct tomte_key_pair player(uint8_t number)
{
    struct tomte_key_pair k;
    uint8_t random[32];
    memset(random, number, sizeof random);
    enum tomte_err err = tomte_key_pair_init(&k, FAKE, random);
    TOMTE_ASSERT(err == TOMTE_OK);
    return k;
}

static void check_follows(const struct tomte_charter *c, struct tomte_span in)
{
    struct tomte_charter before = *c, out;
    enum tomte_err err = tomte_charter_follow(FAKE, in, &before, &out);
    TOMTE_ASSERT(err == TOMTE_ERR_STALE);
    before.number--;
    err = tomte_charter_follow(FAKE, in, &before, &out);
    TOMTE_ASSERT(err == TOMTE_OK && out.number == c->number);
    before.home[3] ^= 1;
    err = tomte_charter_follow(FAKE, in, &before, &out);
    TOMTE_ASSERT(err == TOMTE_ERR_DENIED);
}

static void check_charter(struct tomte_span in)
{
    struct tomte_charter c;
    struct tomte_signed s, t;
    struct tomte_span m;
    struct tomte_key_pair k = player(1);
    if (tomte_charter_open(FAKE, in, &c) != TOMTE_OK) {
        TOMTE_ASSERT(c.number == 0 && c.keepers_len == 0);
        return;
    }
    TOMTE_ASSERT(in.len <= TOMTE_CHARTER_BYTES_MAX);
    enum tomte_err err =
        tomte_charter_encode(FAKE, &c, &k, TOMTE_BUF_ARRAY(again), &m);
    TOMTE_ASSERT(err == TOMTE_OK);
    err = tomte_signed_decode(&s, TOMTE_CHARTER_TYPE, in);
    TOMTE_ASSERT(err == TOMTE_OK);
    err = tomte_signed_decode(&t, TOMTE_CHARTER_TYPE, m);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(s.payload, t.payload));
    check_follows(&c, in);
}

static void check_said(struct tomte_span in)
{
    struct tomte_charter c = {.keepers_len = 1};
    struct tomte_charter_said said;
    memcpy(c.keepers[0].open, player(2).open, sizeof c.keepers[0].open);
    enum tomte_err err =
        tomte_charter_heard(FAKE, &c, TOMTE_CHARTER_VIEW_TYPE, in, &said);
    TOMTE_ASSERT((err == TOMTE_OK) == (said.keeper != NULL));
}

/* The payload as the owner 1 would sign it. */
static void check_signed(struct tomte_span payload)
{
    struct tomte_span m;
    struct tomte_key_pair k = player(1);
    struct tomte_signed_draft draft = {.type = TOMTE_CHARTER_TYPE,
                                       .payload = payload};
    enum tomte_err err =
        tomte_signed_encode(FAKE, &draft, &k, TOMTE_BUF_ARRAY(memory), &m);
    TOMTE_ASSERT(err == TOMTE_OK);
    check_charter(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size > sizeof memory / 2)
        return 0;
    check_charter(in);
    check_said(in);
    check_signed(in);
    return 0;
}
