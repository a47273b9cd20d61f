/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in blocks: rig.h. */
#include "rig.h"

TEST(upload_in_blocks)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 300);
    c.szx = 3;
    rig_start(&c);
    ASKED("PUT 1:0/1/128 size 300 [0, 128]");
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 3));
    ASKED("PUT 1:1/1/128 [128, 256]");
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(1, 1, 3));
    ASKED("PUT 1:2/0/128 [256, 300]");
    rig_upload_acked(TOMTE_COAP_CHANGED, BLOCK(2, 0, 3));
    rig_ended(TOMTE_COAP_CHANGED, 0);
}

TEST(upload_in_blocks_that_the_server_wants_smaller)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 200);
    c.szx = 3;
    rig_start(&c);
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 1));
    ASKED("PUT 1:4/1/32 [128, 160]");                      /* figure 8 */
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(4, 1, 6)); /* never larger */
    ASKED("PUT 1:5/1/32 [160, 192]");
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(5, 1, 1));
    ASKED("PUT 1:6/0/32 [192, 200]");
    rig_upload_acked(TOMTE_COAP_CHANGED, BLOCK(6, 0, 1));
    rig_ended(TOMTE_COAP_CHANGED, 0);
}

TEST(upload_to_a_server_that_takes_each_block_by_itself)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    rig_start(&c);
    rig_upload_acked(TOMTE_COAP_CHANGED, BLOCK(0, 0, 2));
    ASKED("PUT 1:1/0/64 [64, 100]");
    rig_upload_acked(TOMTE_COAP_CHANGED, BLOCK(1, 0, 2));
    rig_ended(TOMTE_COAP_CHANGED, 0);
    rig_start(&c); /* one that needs no more */
    rig_upload_acked(TOMTE_COAP_CHANGED, NONE);
    rig_ended(TOMTE_COAP_CHANGED, 0);
}

TEST(upload_that_the_server_lost)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    c.tag = 41;
    rig_start(&c);
    ASKED("PUT 1:0/1/64 size 100 tag 41 [0, 64]");
    for (unsigned i = 0; i < 2; i++) {
        rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 2));
        rig_upload_acked(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, NONE);
    }
    ASKED("PUT 1:0/1/64 size 100 tag 43 [0, 64]");
    rig_upload_acked(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, NONE);
    CHECK_EQ(TOMTE_COAP_TRANSFER_DONE, rig.end.kind);
    CHECK_EQ(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, rig.end.code);
}

TEST(upload_that_is_too_large)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 100);
    rig_start(&c);
    ASKED("PUT [0, 100]");
    /* it would take it in blocks of 32 (section 2.9.3) */
    rig_upload_acked(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, BLOCK(0, 0, 1));
    ASKED("PUT 1:0/1/32 size 100 [0, 32]");
    rig_upload_acked(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, NONE);
    CHECK_EQ(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, rig.end.code);
}

TEST(upload_answered_with_nonsense)
{
    static const struct {
        uint8_t code;
        long block1;
    } bad[] = {
        {TOMTE_COAP_CONTINUE, NONE},
        {TOMTE_COAP_CONTINUE, BLOCK(1, 1, 2)},
        {TOMTE_COAP_CONTINUE, BLOCK(0, 1, 7)},
        {TOMTE_COAP_CHANGED, BLOCK(1, 0, 2)},
    };
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_PUT, 100);
    c.szx = 2;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_start(&c);
        rig_upload_acked(bad[i].code, bad[i].block1);
        rig_ended_with(TOMTE_ERR_MALFORMED);
    }
    rig_start(&c); /* Continue behind the last block */
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 2));
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(1, 1, 2));
    rig_ended_with(TOMTE_ERR_MALFORMED);
}

TEST(upload_then_download)
{
    struct tomte_coap_transfer_config c = rig_config(TOMTE_COAP_POST, 200);
    c.szx = 3;
    c.early = true;
    c.tag = 5;
    rig_start(&c);
    ASKED("POST 1:0/1/128 size 200 tag 5 [0, 128]");
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 3));
    ASKED("POST 1:1/0/128 2:0/0/128 tag 5 [128, 200]");
    rig_answer((struct rig_parts){.code = TOMTE_COAP_CHANGED,
                                  .block1 = BLOCK(1, 0, 3),
                                  .block2 = BLOCK(0, 1, 2),
                                  .len = 64});
    ASKED("POST 2:1/0/64 tag 5");
    rig_answer((struct rig_parts){.code = TOMTE_COAP_CHANGED,
                                  .block1 = NONE,
                                  .block2 = BLOCK(1, 0, 2),
                                  .at = 64,
                                  .len = 20});
    rig_ended(TOMTE_COAP_CHANGED, 84);
    /* what a POST did is not done again */
    rig_start(&c);
    rig_upload_acked(TOMTE_COAP_CONTINUE, BLOCK(0, 1, 3));
    rig_answer((struct rig_parts){.code = TOMTE_COAP_CHANGED,
                                  .block1 = BLOCK(1, 0, 3),
                                  .block2 = BLOCK(0, 1, 3),
                                  .len = 128});
    rig_upload_acked(TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, NONE);
    rig_ended_with(TOMTE_ERR_AGAIN);
}
