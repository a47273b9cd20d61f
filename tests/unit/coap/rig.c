/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdio.h>

struct rig rig;
static uint8_t answer_memory[128];

static void append(const char *format, unsigned a, unsigned b, unsigned c)
{
    size_t at = strlen(rig.asked);
    (void)snprintf(rig.asked + at, sizeof rig.asked - at, format, a, b, c);
}

static void append_block(struct tomte_span list, uint16_t number, unsigned name)
{
    struct tomte_coap_block b;
    if (tomte_coap_find_block(list, number, &b) != TOMTE_OK)
        return;
    append(" %u:%u/%u", name, b.num, b.more);
    append("/%u", (unsigned)tomte_coap_block_size(&b), 0, 0);
}

static void note(const struct tomte_coap_transfer_effect *e)
{
    uint32_t v;
    struct tomte_span s;
    (void)snprintf(rig.asked, sizeof rig.asked, "%s",
                   tomte_coap_code_name(e->code));
    if (tomte_coap_find_uint(e->options, TOMTE_COAP_OPT_OBSERVE, &v))
        append(" observe %u", v, 0, 0);
    append_block(e->options, TOMTE_COAP_OPT_BLOCK1, 1);
    append_block(e->options, TOMTE_COAP_OPT_BLOCK2, 2);
    if (tomte_coap_find_uint(e->options, TOMTE_COAP_OPT_SIZE1, &v))
        append(" size %u", v, 0, 0);
    if (tomte_coap_find_uint(e->options, TOMTE_COAP_OPT_REQUEST_TAG, &v) &&
        tomte_coap_find(e->options, TOMTE_COAP_OPT_REQUEST_TAG, &s)) {
        append(" tag %u", v, 0, 0);
        CHECK(s.len != 0 && s.data[0] != 0); /* as short as can be */
    }
    if (tomte_coap_find(e->options, TOMTE_COAP_OPT_ECHO, &s))
        append(" echo %u", s.data[0], 0, 0);
    if (e->body_len != 0)
        append(" [%u, %u]", e->body_at, e->body_at + e->body_len, 0);
}

void rig_drain(void)
{
    struct tomte_coap_transfer_effect e;
    rig.asked[0] = 0;
    while (tomte_coap_transfer_poll(&rig.transfer, &e)) {
        switch (e.kind) {
        case TOMTE_COAP_TRANSFER_ASK:
            note(&e);
            break;
        case TOMTE_COAP_TRANSFER_PIECE:
            CHECK(e.at + e.bytes.len <= sizeof rig.received);
            if (e.at == 0)
                rig.received_len = 0;
            CHECK_EQ(rig.received_len, e.at);
            memcpy(rig.received + e.at, e.bytes.data, e.bytes.len);
            rig.received_len += (uint32_t)e.bytes.len;
            rig.size = e.size;
            break;
        case TOMTE_COAP_TRANSFER_RESTART:
            rig.received_len = 0;
            rig.restarts++;
            break;
        default:
            CHECK_EQ(0, rig.end.kind);
            rig.end = e;
        }
    }
}

struct tomte_coap_transfer_config rig_config(uint8_t code, uint32_t body_len)
{
    struct tomte_coap_options o;
    struct tomte_coap_transfer_config c = {.code = code,
                                           .body_len = body_len,
                                           .answer_max = sizeof rig.received,
                                           .szx = 6,
                                           .restarts = 2};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(rig.options));
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/a"));
    CHECK_OK(tomte_coap_options_end(&o, &c.options));
    return c;
}

void rig_start(const struct tomte_coap_transfer_config *c)
{
    rig.received_len = rig.restarts = 0;
    rig.end = (struct tomte_coap_transfer_effect){0};
    for (size_t i = 0; i < sizeof rig.pattern; i++)
        rig.pattern[i] = (uint8_t)(i * 7 + i / 256);
    tomte_coap_transfer_init(&rig.transfer, c, TOMTE_BUF_ARRAY(rig.memory));
    rig_drain();
}

struct tomte_coap_msg rig_build(const struct rig_parts *a)
{
    struct tomte_coap_options o;
    struct tomte_coap_msg m = {
        .code = a->code, .payload = TOMTE_SPAN(rig.pattern + a->at, a->len)};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(answer_memory));
    if (a->block1 >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_BLOCK1, (uint32_t)a->block1);
    if (a->block2 >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_BLOCK2, (uint32_t)a->block2);
    if (a->etag != 0)
        tomte_coap_put(&o, TOMTE_COAP_OPT_ETAG, TOMTE_SPAN(&a->etag, 1));
    if (a->echo != 0)
        tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN(&a->echo, 1));
    if (a->size2 != 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE2, a->size2);
    CHECK_OK(tomte_coap_options_end(&o, &m.options));
    return m;
}

void rig_answer(struct rig_parts a)
{
    struct tomte_coap_msg m = rig_build(&a);
    tomte_coap_transfer_step(&rig.transfer, &m);
    rig_drain();
}

void rig_upload_acked(uint8_t code, long block1)
{
    rig_answer(
        (struct rig_parts){.code = code, .block1 = block1, .block2 = NONE});
}

void rig_block2(long block, uint8_t etag, uint32_t at, uint32_t len)
{
    rig_answer((struct rig_parts){.code = TOMTE_COAP_CONTENT,
                                  .block1 = NONE,
                                  .block2 = block,
                                  .etag = etag,
                                  .at = at,
                                  .len = len});
}

void rig_ended(uint8_t code, uint32_t len)
{
    CHECK_EQ(TOMTE_COAP_TRANSFER_DONE, rig.end.kind);
    CHECK_EQ(code, rig.end.code);
    CHECK_EQ(len, rig.end.at);
    CHECK_BYTES(TOMTE_SPAN(rig.pattern, len),
                TOMTE_SPAN(rig.received, rig.received_len));
}

void rig_ended_with(enum tomte_err err)
{
    CHECK_EQ(TOMTE_COAP_TRANSFER_FAILED, rig.end.kind);
    CHECK_EQ(err, rig.end.err);
}

void rig_check(const char *file, int line, const char *text)
{
    if (strcmp(text, rig.asked) == 0)
        return;
    printf("  asked: %s\n", rig.asked);
    test_fail(file, line, text);
}
