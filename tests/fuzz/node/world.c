/* SPDX-License-Identifier: Apache-2.0 */
#include "node/world.h"

#include "crypto/crypto.h"

#include <string.h>

#define SECTOR  4096u
#define SECTORS 40u
#define STEPS   4000 /* to have nothing to do any more */
#define EFFECTS 4000 /* of one step */
#define LOOPED  100  /* datagrams to itself; those behind are lost */
#define HIGHEST 8

struct world world;

static struct tomte_span input;
static struct tomte_disk *disk;
static struct tomte_block block;
static struct tomte_node_config config;
static struct tomte_node_resource resources[3];
static uint8_t memory[8 << 20], home_memory[1 << 16];
static struct tomte_arena arena;

/* Datagrams from the node to itself: a socket hands them back. */
static struct {
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    size_t len;
} loop[WORLD_LOOP];
static unsigned loop_at, loop_len;

/* The highest epoch of each identity that the actuator accepted. */
static struct {
    struct tomte_name identity;
    uint64_t epoch;
} highest[HIGHEST];

/* ---- the input ---- */

uint64_t take(unsigned bytes)
{
    uint64_t v = 0;
    for (; bytes > 0 && input.len > 0; bytes--) {
        v = v << 8 | input.data[0];
        input = tomte_span_slice(input, 1, input.len);
    }
    return v;
}

struct tomte_span take_span(size_t len)
{
    struct tomte_span s = tomte_span_slice(input, 0, len);
    input = tomte_span_slice(input, s.len, input.len);
    return s;
}

bool taken_all(void)
{
    return input.len == 0;
}

void take_patches(struct tomte_buf out, size_t len)
{
    for (uint64_t n = take(1) % 8; n > 0; n--) {
        uint64_t at = take(2);
        uint8_t byte = (uint8_t)take(1);
        if (len > 0)
            out.data[at % len] = byte;
    }
}

/* ---- what must hold ---- */

/* A fence never falls, whatever views, writes and restarts come: what is
 * accepted of one identity has an epoch that is never lower. */
static void saw_write(void *ctx, size_t resource,
                      const struct tomte_name *identity, uint64_t epoch,
                      enum tomte_err verdict)
{
    (void)ctx;
    TOMTE_ASSERT(resource == 1);
    if (verdict != TOMTE_OK)
        return;
    for (unsigned i = 0; i < HIGHEST; i++) {
        if (highest[i].identity.len == 0)
            highest[i].identity = *identity;
        if (!tomte_name_equal(&highest[i].identity, identity))
            continue;
        TOMTE_ASSERT(epoch >= highest[i].epoch);
        highest[i].epoch = epoch;
        return;
    }
}

static void check_request(const struct sent *s)
{
    struct tomte_lease_request r;
    if (strcmp(s->path, "/.tomte/lease") != 0)
        return;
    TOMTE_ASSERT(tomte_lease_request_decode(s->msg.payload, &r) == TOMTE_OK);
    struct tomte_name self = world_name(0);
    TOMTE_ASSERT(tomte_name_equal(&r.name, &self) && r.boot > 0);
    world.store = r.store;
}

static bool is_kept(const struct tomte_coap_msg *m)
{
    for (unsigned i = 0; i < WORLD_SENT; i++)
        if (world.sent[i].path[0] != 0 && world.sent[i].msg.mid == m->mid)
            return true;
    return false;
}

static void keep_request(const struct tomte_addr *to, struct tomte_span bytes)
{
    struct sent *s = &world.sent[world.sent_at++ % WORLD_SENT];
    struct tomte_span path;
    memset(s, 0, sizeof *s);
    memcpy(s->bytes, bytes.data, bytes.len);
    s->to = *to;
    TOMTE_ASSERT(tomte_coap_decode(TOMTE_SPAN(s->bytes, bytes.len), &s->msg) ==
                 TOMTE_OK);
    struct tomte_oscore_option option;
    bool is_sealed =
        tomte_oscore_find(s->msg.options, &option) != TOMTE_ERR_NOT_FOUND;
    s->sealed =
        seal_open(to->ip[15] - 1u, &s->msg, TOMTE_BUF_ARRAY(s->inside), &s->x);
    if (is_sealed && !s->sealed)
        return; /* nobody can read it here */
    TOMTE_ASSERT(
        tomte_coap_get_path(s->msg.options,
                            TOMTE_BUF((uint8_t *)s->path, sizeof s->path - 1),
                            &path) == TOMTE_OK);
    check_request(s);
}

static void on_send(const struct tomte_node_effect *e)
{
    struct tomte_coap_msg m;
    struct tomte_addr self = world_addr(0);
    TOMTE_ASSERT(e->bytes.len <= TOMTE_LIMIT_DATAGRAM_BYTES);
    TOMTE_ASSERT(tomte_coap_decode(e->bytes, &m) == TOMTE_OK);
    if (tomte_coap_is_response(m.code) && !tomte_addr_equal(&e->to, &self))
        world.answered = seal_answered(e->to.ip[15] - 1u, &m);
    if (tomte_addr_equal(&e->to, &self)) {
        if (loop_len == WORLD_LOOP)
            return; /* lost */
        unsigned at = (loop_at + loop_len++) % WORLD_LOOP;
        memcpy(loop[at].bytes, e->bytes.data, e->bytes.len);
        loop[at].len = e->bytes.len;
    } else if (tomte_coap_is_request(m.code) && !is_kept(&m)) {
        keep_request(&e->to, e->bytes);
    }
}

/* A line for people says something. */
static void check_line(const char *text)
{
    TOMTE_ASSERT(text[0] != 0 && strlen(text) < 200);
    TOMTE_ASSERT(strstr(text, ": : ") == NULL);
}

static void check_slots(void)
{
    struct tomte_slot_report r;
    for (size_t i = 0; tomte_node_slot(world.node, i, &r); i++)
        TOMTE_ASSERT(strcmp(r.state, "failed") != 0 || r.reason[0] != 0);
}

uint64_t world_held(void)
{
    struct tomte_slot_report r;
    uint64_t held = 0;
    for (size_t i = 0; tomte_node_slot(world.node, i, &r); i++)
        held += r.role == TOMTE_SLOT_STANDBY ? r.sequence : 0;
    return held;
}

/* ---- steps ---- */

static void drain(void)
{
    struct tomte_node_effect e;
    unsigned effects = 0;
    while (tomte_node_poll(world.node, &e)) {
        TOMTE_ASSERT(++effects <= EFFECTS);
        if (e.kind == TOMTE_NODE_SEND)
            on_send(&e);
        else if (e.kind == TOMTE_NODE_DRIVE)
            TOMTE_ASSERT(e.resource == 1 && e.bytes.len > 0);
        else
            check_line(e.text);
    }
}

static void step(struct tomte_node_event event)
{
    event.now_ms = world.now_ms;
    tomte_node_step(world.node, &event);
    drain();
    TOMTE_ASSERT(!tomte_node_broken(world.node)); /* its disk is well */
    check_slots();
}

static bool step_loop(void)
{
    static uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    if (loop_len == 0)
        return false;
    size_t len = loop[loop_at].len;
    memcpy(bytes, loop[loop_at].bytes, len);
    loop_at = (loop_at + 1) % WORLD_LOOP;
    loop_len--;
    step((struct tomte_node_event){.kind = TOMTE_NODE_DATAGRAM,
                                   .from = world_addr(0),
                                   .bytes = TOMTE_SPAN(bytes, len)});
    return true;
}

/* It comes to an end: nothing a peer sends keeps a node busy for ever. What it
 * sends to itself may go in a circle: from some number on that is lost. */
static void settle(void)
{
    unsigned looped = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        if (looped == LOOPED)
            loop_len = 0;
        if (step_loop()) {
            looped++;
            continue;
        }
        if (tomte_node_deadline(world.node) > world.now_ms)
            return;
        step((struct tomte_node_event){.kind = TOMTE_NODE_TIMER});
    }
    tomte_panic(__FILE__, __LINE__, "the node always has something to do");
}

void world_datagram(unsigned from, struct tomte_span bytes)
{
    step((struct tomte_node_event){
        .kind = TOMTE_NODE_DATAGRAM, .from = world_addr(from), .bytes = bytes});
    settle();
}

void world_reading(size_t resource, struct tomte_span bytes)
{
    step((struct tomte_node_event){
        .kind = TOMTE_NODE_READING, .resource = resource, .bytes = bytes});
    settle();
}

/* From deadline to deadline, but not more than a few: then at once. */
void world_pass(uint64_t ms)
{
    uint64_t until = world.now_ms + ms;
    for (unsigned i = 0; i < 20; i++) {
        uint64_t at = tomte_node_deadline(world.node);
        if (at >= until)
            break;
        world.now_ms = at > world.now_ms ? at : world.now_ms;
        settle();
    }
    world.now_ms = until;
    step((struct tomte_node_event){.kind = TOMTE_NODE_TIMER});
    settle();
}

void world_send(unsigned from, const struct tomte_coap_msg *msg)
{
    static uint8_t bytes[4096];
    struct tomte_span datagram;
    if (tomte_coap_encode(msg, TOMTE_BUF_ARRAY(bytes), &datagram) == TOMTE_OK)
        world_datagram(from, datagram);
}

/* A node that does not know whether it is fresh asks, and is told. */
void world_send_sealed(unsigned from, const struct tomte_coap_msg *msg)
{
    struct tomte_coap_msg sealed;
    if (seal_request(from, msg, &sealed))
        world_send(from, &sealed);
    struct tomte_coap_msg again = *msg;
    again.mid = world.mid++;
    if (seal_challenged() && seal_request(from, &again, &sealed))
        world_send(from, &sealed);
}

/* ---- life ---- */

struct tomte_addr world_addr(unsigned node)
{
    const uint8_t ip[4] = {127, 0, 0, (uint8_t)(1 + node % WORLD_NODES)};
    return tomte_addr_ipv4(ip, 5683);
}

static void set_resource(unsigned i, enum tomte_node_resource_kind kind,
                         const char *channel)
{
    static const uint8_t off[] = {0x81, 0xa1, 0x02, 0x00}; /* [{2: 0}] */
    struct tomte_node_resource *r = &resources[i];
    *r = (struct tomte_node_resource){.kind = kind, .timeout_ms = 20000};
    enum tomte_err err =
        tomte_channel_name_parse(tomte_span_str(channel), &r->channel);
    TOMTE_ASSERT(err == TOMTE_OK);
    r->type = (struct tomte_name){.len = 1, .text = "y"};
    memcpy(r->safe, off, sizeof off);
    r->safe_len = sizeof off;
}

static void configure(void)
{
    set_resource(0, TOMTE_NODE_SENSOR, "/r/t");
    set_resource(1, TOMTE_NODE_ACTUATOR, "/r/h");
    set_resource(2, TOMTE_NODE_BUTTON, "/r/b");
    config =
        (struct tomte_node_config){.name = world_name(0),
                                   .addr = world_addr(0),
                                   .keeper = world_addr(world.keeper ? 0 : 1),
                                   .is_keeper = world.keeper,
                                   .seed = 7,
                                   .sizes = {.slots = 3,
                                             .slot_bytes = 96u << 10,
                                             .cells = 8,
                                             .log_lines = 16,
                                             .store_index_entries = 48,
                                             .home_nodes = 4,
                                             .home_containers = 3},
                                   .resources = resources,
                                   .resource_count = 3,
                                   .authors = world_authors(),
                                   .block = &block,
                                   .crypto = &tomte_crypto_fake};
    struct tomte_key_pair keeper = seal_pair(1);
    struct tomte_name name = world_name(1);
    if (!world.keeper)
        config.charter = seal_charter(&name, keeper.open);
}

/* The keeper's key is in its storage. */
static void charter_of_keeper(void)
{
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
    struct tomte_name name = world_name(0);
    tomte_node_key(world.node, open);
    config.charter = seal_charter(&name, open);
}

static void start(void)
{
    static const struct tomte_node_witness witness = {.write = saw_write};
    loop_len = 0;
    memset(config.entropy, (int)config.seed, sizeof config.entropy);
    memset(world.sent, 0, sizeof world.sent);
    tomte_arena_init(&arena, memory, sizeof memory);
    enum tomte_err err =
        tomte_node_init(&world.node, &config, &arena, world.now_ms);
    TOMTE_ASSERT(err == TOMTE_OK);
    if (config.charter.len == 0) {
        charter_of_keeper();
        start();
        return;
    }
    tomte_node_set_witness(world.node, &witness);
    drain();
    settle();
}

void world_restart(bool cut)
{
    if (cut)
        tomte_disk_crash(disk);
    config.seed++;
    world.now_ms = take(1) * 100;
    start();
}

void world_begin(struct tomte_span in, bool keeper)
{
    struct tomte_disk_config d = {.sector_bytes = SECTOR,
                                  .sector_count = SECTORS,
                                  .program_unit = 4,
                                  .strict = true};
    struct tomte_arena home;
    input = in;
    memset(&world, 0, sizeof world);
    memset(highest, 0, sizeof highest);
    world.keeper = keeper;
    seal_begin();
    tomte_arena_init(&home, home_memory, sizeof home_memory);
    enum tomte_err err = tomte_home_init(
        &world.home, &home, (struct tomte_home_limits){4, 8, 4, 24});
    TOMTE_ASSERT(err == TOMTE_OK);
    disk = tomte_disk_new(&d);
    block = tomte_disk_block(disk);
    configure();
    start();
}

/* Whatever came, half an hour later the node answers. */
void world_end(void)
{
    struct tomte_coap_msg msg = {
        .type = TOMTE_COAP_NON, .code = TOMTE_COAP_GET, .mid = 0xffff};
    static const uint8_t status[] = {0xb6, '.', 't', 'o', 'm', 't', 'e',
                                     0x06, 's', 't', 'a', 't', 'u', 's'};
    msg.options = TOMTE_SPAN_ARRAY(status);
    world_pass(1800000);
    world.answered = 0;
    world_send_sealed(3, &msg);
    TOMTE_ASSERT(world.answered == TOMTE_COAP_CONTENT);
    tomte_disk_free(disk);
}
