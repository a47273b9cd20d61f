/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/container/make.h"

#include "test.h"

struct tomte_name make_name(const char *text)
{
    struct tomte_name name;
    CHECK_OK(tomte_name_parse(tomte_span_str(text), &name));
    return name;
}

struct tomte_channel_name make_channel(const char *text)
{
    struct tomte_channel_name name;
    CHECK_OK(tomte_channel_name_parse(tomte_span_str(text), &name));
    return name;
}

struct tomte_manifest make_manifest(const char *name)
{
    struct tomte_manifest m;
    tomte_manifest_init(&m);
    m.name = make_name(name);
    m.version = 1;
    m.author_len = 4;
    memcpy(m.author, "test", 4);
    m.memory_bytes = 65536;
    m.stack_bytes = 4096;
    m.fuel_per_event = 100000;
    return m;
}

void make_port(struct tomte_manifest *m, const char *name, unsigned direction,
               unsigned kind)
{
    CHECK(m->ports_len < TOMTE_LIMIT_PORTS);
    struct tomte_port *p = &m->ports[m->ports_len++];
    p->name = make_name(name);
    p->type = make_name("t");
    p->direction = (uint8_t)direction;
    p->kind = (uint8_t)kind;
}

static size_t append(struct tomte_buf out, size_t at, struct tomte_span part)
{
    CHECK(part.len <= out.cap - at);
    memcpy(out.data + at, part.data, part.len);
    return at + part.len;
}

static size_t append_string(struct tomte_buf out, size_t at,
                            struct tomte_span part)
{
    uint8_t head[5];
    at =
        append(out, at, tomte_checkpoint_string_head((uint32_t)part.len, head));
    return append(out, at, part);
}

struct tomte_span make_checkpoint(const char *identity, uint64_t epoch,
                                  uint64_t sequence, const char *node_part,
                                  struct tomte_buf out)
{
    uint8_t part[TOMTE_CHECKPOINT_BODY_BYTES];
    struct tomte_checkpoint_head head = {.identity = make_name(identity),
                                         .image = {[7] = 7},
                                         .epoch = epoch,
                                         .sequence = sequence};
    struct tomte_checkpoint_body body = {
        .time_ms = 123456, .started = true, .ports_len = 2};
    for (int i = 0; i < TOMTE_LIMIT_TIMERS; i++)
        body.timers[i] = i == 7 ? 200000 : UINT64_MAX;
    body.bound[1] = make_channel("/hall/lamp/on");
    size_t n = append(
        out, 0, tomte_checkpoint_head_encode(&head, TOMTE_BUF_ARRAY(part)));
    n = append(out, n,
               tomte_checkpoint_body_encode(&body, TOMTE_BUF_ARRAY(part)));
    n = append_string(out, n, tomte_span_str(node_part));
    n = append_string(out, n, TOMTE_SPAN_LIT("snapshot"));
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(out.data, n));
    n = append(out, n, tomte_checkpoint_tail_encode(crc, part));
    return TOMTE_SPAN(out.data, n);
}

const struct tomte_key_pair *make_author(uint8_t number)
{
    static struct tomte_key_pair pairs[256];
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    memset(random, number, sizeof random);
    CHECK_OK(tomte_key_pair_init(&pairs[number], &tomte_crypto_fake, random));
    return &pairs[number];
}
