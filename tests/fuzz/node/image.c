/* SPDX-License-Identifier: Apache-2.0 */
#include "node/world.h"

#include "container/authors.h"
#include "cose/signed.h"
#include "crypto/crypto.h"

#include <string.h>

/* On each event: counts; reads the payload, which makes it trap when it begins
 * with 'T', and name a channel and log a line when it begins with 'P'; asks for
 * port 1; puts the count on ports 2, 3 and 4; sets timer 0 to a second. */
/* clang-format off */
static const uint8_t module[] = {
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    /* types */
    1, 0x1e, 5, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1,
    0x7f, 0x60, 2, 0x7f, 0x7e, 1, 0x7f, 0x60, 0, 0, 0x60, 4, 0x7f, 0x7f, 0x7f,
    0x7e, 0,
    /* imports: put, get, read, timer, port, log */
    2, 0x4d, 6, 5, 0x74, 0x6f, 0x6d, 0x74, 0x65, 3, 0x70, 0x75, 0x74, 0, 0, 5,
    0x74, 0x6f, 0x6d, 0x74, 0x65, 3, 0x67, 0x65, 0x74, 0, 0, 5, 0x74, 0x6f,
    0x6d, 0x74, 0x65, 4, 0x72, 0x65, 0x61, 0x64, 0, 1, 5, 0x74, 0x6f, 0x6d,
    0x74, 0x65, 5, 0x74, 0x69, 0x6d, 0x65, 0x72, 0, 2, 5, 0x74, 0x6f, 0x6d,
    0x74, 0x65, 4, 0x70, 0x6f, 0x72, 0x74, 0, 1, 5, 0x74, 0x6f, 0x6d, 0x74,
    0x65, 3, 0x6c, 0x6f, 0x67, 0, 1,
    /* functions */
    3, 3, 2, 3, 4,
    /* memory of 1024 pages of one byte */
    5, 5, 1, 8, 0x80, 8, 0,
    /* the count */
    6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b,
    /* export tomte_event */
    7, 0x0f, 1, 0x0b, 0x74, 0x6f, 0x6d, 0x74, 0x65, 0x5f, 0x65, 0x76, 0x65,
    0x6e, 0x74, 0, 7,
    /* code */
    0x0a, 0x89, 1, 2, 3, 0, 0, 0x0b, 0x82, 1, 0, 0x23, 0, 0x41, 1, 0x6a, 0x24,
    0, 0x41, 4, 0x41, 0x18, 0x23, 0, 0x41, 0xe4, 0, 0x70, 0x6a, 0x3a, 0, 0,
    0x41, 0xc0, 0, 0x41, 0, 0x3a, 0, 0, 0x41, 0xc0, 0, 0x41, 0x80, 4, 0x10, 2,
    0x1a, 0x41, 0xc0, 0, 0x2d, 0, 0, 0x41, 0xd4, 0, 0x46, 4, 0x40, 0x10, 6,
    0x0b, 0x41, 0xc0, 0, 0x2d, 0, 0, 0x41, 0xd0, 0, 0x46, 4, 0x40, 0x41, 0xc0,
    0, 0x20, 2, 0x10, 4, 0x1a, 0x41, 0xc0, 0, 0x20, 2, 0x10, 5, 0x1a, 0x0b,
    0x41, 1, 0x41, 0xc0, 0, 0x41, 0x80, 4, 0x10, 1, 0x1a, 0x41, 2, 0x41, 0,
    0x41, 5, 0x10, 0, 0x1a, 0x41, 3, 0x41, 0, 0x41, 5, 0x10, 0, 0x1a, 0x41, 4,
    0x41, 0, 0x41, 5, 0x10, 0, 0x1a, 0x41, 0, 0x42, 0xe8, 7, 0x10, 3, 0x1a,
    0x0b,
    /* data: [{2: 24}] in SenML */
    0x0b, 0x0b, 1, 0, 0x41, 0, 0x0b, 5, 0x81, 0xa1, 2, 0x18, 0x18,
};
/* clang-format on */

const char *const world_channels[] = {"/r/t", "/r/h", "/r/b", "/c/e",
                                      "/c/s", "/q/e", "/q/s"};
const unsigned world_channels_len = 7;

static struct tomte_name name(const char *text)
{
    struct tomte_name n;
    enum tomte_err err = tomte_name_parse(tomte_span_str(text), &n);
    TOMTE_ASSERT(err == TOMTE_OK);
    return n;
}

struct tomte_name world_name(unsigned node)
{
    static const char *const names[] = {"n", "p", "q", "x"};
    return name(names[node % WORLD_NODES]);
}

struct tomte_name world_identity(unsigned i)
{
    return name(i % 2 == 0 ? "t" : "u");
}

static void add_port(struct tomte_manifest *m, const char *text,
                     unsigned direction, unsigned kind, const char *channel)
{
    struct tomte_port *p = &m->ports[m->ports_len++];
    p->name = name(text);
    p->type = name("y");
    p->direction = (uint8_t)direction;
    p->kind = (uint8_t)kind;
    enum tomte_err err =
        tomte_channel_name_parse(tomte_span_str(channel), &p->channel);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static void fill_manifest(struct tomte_manifest *m, unsigned variant)
{
    tomte_manifest_init(m);
    m->name = name("m");
    m->version = 1 + variant;
    m->author_len = 1;
    m->author[0] = 'a';
    m->memory_bytes = 1024;
    m->stack_bytes = 2048;
    m->fuel_per_event = 10000;
    m->log_bytes_max = 4096;
    m->durability = (uint8_t)(variant % 3);
    m->without_keeper = (uint8_t)(variant % 2);
    m->standbys = 1;
    /* the second three read what the first three write, and not the other way
     * round: what goes in a circle never ends */
    bool second = variant >= 3;
    add_port(m, "b", TOMTE_PORT_IN, TOMTE_PORT_EVENT, "/r/b");
    add_port(m, "t", TOMTE_PORT_IN, TOMTE_PORT_STATE, second ? "/c/s" : "/r/t");
    add_port(m, "h", TOMTE_PORT_OUT, TOMTE_PORT_STATE,
             second ? "/q/h" : "/r/h");
    add_port(m, "e", TOMTE_PORT_OUT, TOMTE_PORT_EVENT,
             second ? "/q/e" : "/c/e");
    add_port(m, "s", TOMTE_PORT_OUT, TOMTE_PORT_STATE,
             second ? "/q/s" : "/c/s");
    add_port(m, "i", TOMTE_PORT_IN, TOMTE_PORT_EVENT, second ? "/c/e" : "/q/i");
}

struct tomte_span world_manifest(unsigned variant)
{
    static uint8_t memory[TOMTE_MANIFEST_BYTES_MAX];
    static struct tomte_manifest m;
    struct tomte_span bytes;
    fill_manifest(&m, variant % 6);
    enum tomte_err err =
        tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(memory), &bytes, NULL);
    TOMTE_ASSERT(err == TOMTE_OK);
    return bytes;
}

/* The author of all images here. */
static const struct tomte_key_pair *author(void)
{
    static struct tomte_key_pair pair;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES] = {1};
    enum tomte_err err = tomte_key_pair_init(&pair, &tomte_crypto_fake, random);
    TOMTE_ASSERT(err == TOMTE_OK);
    return &pair;
}

struct tomte_span world_authors(void)
{
    static uint8_t memory[256];
    struct tomte_author a = {.name = {.len = 1, .text = "a"},
                             .patterns_len = 1,
                             .patterns = {TOMTE_SPAN_LIT("*")}};
    struct tomte_span list;
    memcpy(a.open, author()->open, sizeof a.open);
    enum tomte_err err =
        tomte_authors_encode(&a, 1, TOMTE_BUF_ARRAY(memory), &list);
    TOMTE_ASSERT(err == TOMTE_OK);
    return list;
}

struct tomte_span world_image(unsigned variant)
{
    static uint8_t
        memory[TOMTE_IMAGE_ROOM(TOMTE_MANIFEST_BYTES_MAX, sizeof module)];
    struct tomte_span bytes;
    enum tomte_err err = tomte_image_build(
        &tomte_crypto_fake, world_manifest(variant), TOMTE_SPAN_ARRAY(module),
        author(), TOMTE_BUF_ARRAY(memory), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    return bytes;
}

void world_digest(unsigned variant, uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    tomte_image_digest(&tomte_crypto_fake, world_image(variant), digest);
}
