/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

struct rig rig;

static struct {
    unsigned to, from;
    size_t len;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
} queue[64];
static unsigned queued;

struct tomte_addr rig_addr(unsigned node)
{
    const uint8_t ip[4] = {10, 0, 0, (uint8_t)(1 + node)};
    return tomte_addr_ipv4(ip, 5683);
}

struct tomte_key_pair rig_pair(uint8_t seed)
{
    struct tomte_key_pair pair;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    memset(random, seed, sizeof random);
    CHECK_OK(tomte_key_pair_init(&pair, fake, random));
    return pair;
}

static struct tomte_name name(const char *text)
{
    struct tomte_name n;
    CHECK_OK(tomte_name_parse(tomte_span_str(text), &n));
    return n;
}

/* ---- datagrams ---- */

static void hear(struct tomte_span bytes)
{
    memcpy(rig.bytes, bytes.data, bytes.len);
    CHECK_OK(tomte_coap_decode(TOMTE_SPAN(rig.bytes, bytes.len), &rig.answer));
    rig.heard = rig.answer.code != 0;
}

static void drain(unsigned from)
{
    struct tomte_node_effect e;
    while (tomte_node_poll(rig.nodes[from].node, &e)) {
        if (e.kind != TOMTE_NODE_SEND)
            continue;
        unsigned to = e.to.ip[15] - 1u;
        if (to == STRANGER) {
            hear(e.bytes);
            continue;
        }
        CHECK(queued < 64);
        queue[queued].to = to;
        queue[queued].from = from;
        queue[queued].len = e.bytes.len;
        memcpy(queue[queued++].bytes, e.bytes.data, e.bytes.len);
    }
}

static void step(unsigned node, unsigned from, struct tomte_span bytes)
{
    struct tomte_node_event e = {.kind = bytes.len > 0 ? TOMTE_NODE_DATAGRAM
                                                       : TOMTE_NODE_TIMER,
                                 .now_ms = rig.now_ms,
                                 .from = rig_addr(from),
                                 .bytes = bytes};
    if (rig.nodes[node].node == NULL)
        return;
    tomte_node_step(rig.nodes[node].node, &e);
    drain(node);
}

static void deliver(void)
{
    static uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    while (queued > 0) {
        unsigned to = queue[0].to, from = queue[0].from;
        size_t len = queue[0].len;
        memcpy(bytes, queue[0].bytes, len);
        memmove(queue, queue + 1, --queued * sizeof queue[0]);
        step(to, from, TOMTE_SPAN(bytes, len));
    }
}

void rig_pass(uint64_t ms)
{
    for (uint64_t until = rig.now_ms + ms; rig.now_ms < until;
         rig.now_ms += 10) {
        for (unsigned i = 0; i < RIG_NODES; i++)
            if (rig.nodes[i].node != NULL &&
                tomte_node_deadline(rig.nodes[i].node) <= rig.now_ms)
                step(i, i, TOMTE_SPAN_NONE);
        deliver();
    }
}

/* ---- the home ---- */

static void sign_charter(void)
{
    struct tomte_charter *c = &rig.charter;
    struct tomte_span message;
    *c = (struct tomte_charter){.number = 1, .keepers_len = 1};
    memcpy(c->home, rig.home, sizeof c->home);
    memcpy(c->owner, rig.owner.open, sizeof c->owner);
    c->keepers[0].name = name("attic");
    memcpy(c->keepers[0].open, rig.nodes[ATTIC].open, sizeof c->owner);
    CHECK_OK(tomte_charter_encode(fake, c, &rig.owner,
                                  TOMTE_BUF_ARRAY(rig.message), &message));
    rig.message_len = message.len;
}

static void init(unsigned node)
{
    static uint8_t boots;
    struct rig_node *n = &rig.nodes[node];
    n->config.seed = ++boots;
    memset(n->config.entropy, boots, sizeof n->config.entropy);
    n->config.charter = TOMTE_SPAN(rig.message, rig.message_len);
    tomte_arena_init(&n->arena, n->memory, sizeof n->memory);
    CHECK_OK(tomte_node_init(&n->node, &n->config, &n->arena, rig.now_ms));
    tomte_node_key(n->node, n->open);
}

void rig_start(unsigned node)
{
    init(node);
    if (rig.message_len == 0) {
        sign_charter();
        init(node);
    }
    drain(node);
}

static void configure(unsigned node)
{
    static const uint8_t off[] = {0x81, 0xa1, 0x02, 0x00}; /* [{2: 0}] */
    static const char *const names[] = {"attic", "hall"};
    static const char *const lamps[] = {"/attic/lamp/on", "/hall/lamp/on"};
    struct rig_node *n = &rig.nodes[node];
    struct tomte_disk_config disk = {.sector_bytes = 16384,
                                     .sector_count = 64,
                                     .program_unit = 4,
                                     .strict = true};
    n->disk = tomte_disk_new(&disk);
    n->block = tomte_disk_block(n->disk);
    n->lamp = (struct tomte_node_resource){.kind = TOMTE_NODE_ACTUATOR,
                                           .type = name("switch"),
                                           .safe_len = sizeof off};
    memcpy(n->lamp.safe, off, sizeof off);
    CHECK_OK(tomte_channel_name_parse(tomte_span_str(lamps[node]),
                                      &n->lamp.channel));
    n->config = (struct tomte_node_config){.name = name(names[node]),
                                           .addr = rig_addr(node),
                                           .keeper = rig_addr(ATTIC),
                                           .keeper_name = name("attic"),
                                           .is_keeper = node == ATTIC,
                                           .sizes = {.slots = 2,
                                                     .slot_bytes = 65536,
                                                     .cells = 8,
                                                     .log_lines = 32,
                                                     .store_index_entries = 64,
                                                     .home_nodes = 4,
                                                     .home_containers = 4},
                                           .resources = &n->lamp,
                                           .resource_count = 1,
                                           .block = &n->block,
                                           .crypto = fake};
}

void rig_begin(void)
{
    for (unsigned i = 0; i < RIG_NODES; i++)
        if (rig.nodes[i].disk != NULL)
            tomte_disk_free(rig.nodes[i].disk);
    memset(&rig, 0, sizeof rig);
    queued = 0;
    rig.now_ms = 1000;
    memset(rig.home, 5, sizeof rig.home);
    rig.owner = rig_pair(99);
    for (unsigned i = 0; i < RIG_NODES; i++) {
        configure(i);
        rig_start(i);
    }
    rig_pass(100);
}

/* ---- asking ---- */

uint8_t rig_say(unsigned to, const struct tomte_coap_parts *parts)
{
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    struct tomte_span datagram;
    struct tomte_coap_msg m = {.type = TOMTE_COAP_NON,
                               .code = parts->code,
                               .mid = ++rig.mid,
                               .token_len = 2,
                               .token = {(uint8_t)rig.mid, 7},
                               .options = parts->options,
                               .payload = parts->payload};
    rig.heard = false;
    CHECK_OK(tomte_coap_encode(&m, TOMTE_BUF_ARRAY(bytes), &datagram));
    step(to, STRANGER, datagram);
    deliver();
    return rig.heard ? rig.answer.code : 0;
}

static struct tomte_coap_parts request(uint8_t code, const char *path,
                                       const char *query,
                                       struct tomte_span payload,
                                       struct tomte_span echo,
                                       struct tomte_buf memory)
{
    struct tomte_coap_parts parts = {.code = code, .payload = payload};
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, memory);
    tomte_coap_put_path(&o, tomte_span_str(path));
    if (query != NULL)
        tomte_coap_put_query(&o, tomte_span_str(query));
    if (echo.len > 0)
        tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, echo);
    CHECK_OK(tomte_coap_options_end(&o, &parts.options));
    return parts;
}

uint8_t rig_plain(unsigned to, uint8_t code, const char *path)
{
    uint8_t memory[128];
    struct tomte_coap_parts parts =
        request(code, path, NULL, TOMTE_SPAN_NONE, TOMTE_SPAN_NONE,
                TOMTE_BUF_ARRAY(memory));
    return rig_say(to, &parts);
}

static uint8_t sealed_once(unsigned to, struct tomte_oscore *o,
                           const struct tomte_coap_parts *plain,
                           struct tomte_coap_parts *inside)
{
    static uint8_t room[2 * TOMTE_LIMIT_DATAGRAM_BYTES];
    struct tomte_oscore_exchange x;
    struct tomte_coap_parts message;
    CHECK_OK(tomte_oscore_protect_request(o, plain, TOMTE_BUF_ARRAY(room), &x,
                                          &message));
    uint8_t code = rig_say(to, &message);
    struct tomte_coap_parts outer = {.code = rig.answer.code,
                                     .options = rig.answer.options,
                                     .payload = rig.answer.payload};
    *inside = (struct tomte_coap_parts){.code = 0};
    if (code == 0 ||
        tomte_oscore_unprotect_response(o, &x, &outer, TOMTE_BUF_ARRAY(room),
                                        inside) != TOMTE_OK)
        return code;
    return inside->code;
}

uint8_t rig_sealed(unsigned to, struct tomte_oscore *o, uint8_t code,
                   const char *path, const char *query,
                   struct tomte_span payload)
{
    uint8_t memory[160], kept[TOMTE_OSCORE_ECHO_BYTES];
    struct tomte_coap_parts inside,
        plain = request(code, path, query, payload, TOMTE_SPAN_NONE,
                        TOMTE_BUF_ARRAY(memory));
    struct tomte_span echo;
    uint8_t said = sealed_once(to, o, &plain, &inside);
    if (said != TOMTE_COAP_UNAUTHORIZED ||
        !tomte_coap_find(inside.options, TOMTE_COAP_OPT_ECHO, &echo))
        return said;
    CHECK_EQ(sizeof kept, echo.len);
    memcpy(kept, echo.data, sizeof kept);
    plain = request(code, path, query, payload, TOMTE_SPAN_ARRAY(kept),
                    TOMTE_BUF_ARRAY(memory));
    return sealed_once(to, o, &plain, &inside);
}

struct tomte_oscore rig_person(const struct tomte_key_pair *pair, unsigned node)
{
    static uint32_t programs;
    struct tomte_oscore o;
    uint8_t program[TOMTE_PERSON_PROGRAM_BYTES] = {0};
    tomte_put_le32(program, ++programs);
    CHECK_OK(tomte_person_ask(&o, fake, rig.home, pair, rig.nodes[node].open,
                              program));
    return o;
}

struct tomte_oscore rig_asker(const struct tomte_key_pair *pair, unsigned node)
{
    struct tomte_oscore o;
    struct tomte_association a;
    const uint8_t *open = rig.nodes[node].open;
    CHECK_OK(tomte_association_agree(&a, fake, rig.home, pair, open));
    struct tomte_oscore_config config = {
        .master_secret = TOMTE_SPAN_ARRAY(a.secret),
        .sender_id = TOMTE_SPAN(pair->open, TOMTE_ASSOCIATION_CLIENT_ID_BYTES),
        .recipient_id = TOMTE_SPAN(open, TOMTE_ASSOCIATION_SERVER_ID_BYTES),
        .volatile_keys = true};
    CHECK_OK(tomte_oscore_init(&o, fake, &config));
    o.next = 1u << 20; /* above what the node itself has used */
    return o;
}

void rig_admit(void)
{
    struct tomte_command c;
    uint8_t memory[256];
    struct tomte_span bytes;
    struct tomte_oscore o = rig_person(&rig.owner, ATTIC);
    tomte_command_init(&c, TOMTE_COMMAND_NODE, name("hall"));
    c.has_key = true;
    memcpy(c.key, rig.nodes[HALL].open, sizeof c.key);
    CHECK_OK(tomte_command_encode(&c, TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK_EQ(TOMTE_COAP_CHANGED, rig_sealed(ATTIC, &o, TOMTE_COAP_POST,
                                            "/.tomte/command", NULL, bytes));
}
