/* SPDX-License-Identifier: Apache-2.0 */
/* Who may what: strangers, the owner, nodes, and a node whose key is stolen. */
#include "rig.h"

static struct tomte_node *node(unsigned i)
{
    return rig.nodes[i].node;
}

/* What a thief has who took hall's disk. */
static struct tomte_key_pair stolen(void)
{
    return node(HALL)->keys.own;
}

static void settled(void)
{
    rig_begin();
    rig_admit();
    rig_pass(3000);
    CHECK(tomte_node_leased(node(HALL), rig.now_ms));
    CHECK(node(HALL)->has_view);
}

/* ---- strangers ---- */

TEST(stranger_sees_what_there_is_and_nothing_else)
{
    static const struct {
        uint8_t code;
        const char *path;
    } rows[] = {
        {TOMTE_COAP_GET, "/.tomte/status"},
        {TOMTE_COAP_GET, "/.tomte/logs"},
        {TOMTE_COAP_GET, "/.tomte/why/lamp"},
        {TOMTE_COAP_GET, "/.tomte/view"},
        {TOMTE_COAP_POST, "/.tomte/lease"},
        {TOMTE_COAP_POST, "/.tomte/command"},
        {TOMTE_COAP_POST, "/.tomte/plan"},
        {TOMTE_COAP_PUT, "/.tomte/blob/00"},
        {TOMTE_COAP_GET, "/.tomte/nothing"},
        {TOMTE_COAP_GET, "/.tomte"},
        {TOMTE_COAP_PUT, "/attic/lamp/on"}, /* a person's */
        {TOMTE_COAP_DELETE, "/attic/lamp/on"},
        {TOMTE_COAP_POST, "/attic/lamp/on"},
    };
    settled();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_EQ(TOMTE_COAP_UNAUTHORIZED,
                 rig_plain(ATTIC, rows[i].code, rows[i].path));
    CHECK_EQ(TOMTE_COAP_CONTENT,
             rig_plain(ATTIC, TOMTE_COAP_GET, "/.well-known/core"));
}

TEST(node_without_a_charter_serves_nobody)
{
    rig_begin();
    tomte_disk_free(rig.nodes[HALL].disk);
    struct tomte_disk_config disk = {.sector_bytes = 16384,
                                     .sector_count = 64,
                                     .program_unit = 4,
                                     .strict = true};
    rig.nodes[HALL].disk = tomte_disk_new(&disk);
    rig.nodes[HALL].block = tomte_disk_block(rig.nodes[HALL].disk);
    size_t len = rig.message_len;
    rig.message_len = 0;
    uint8_t before[TOMTE_P256_PUBLIC_BYTES];
    memcpy(before, rig.nodes[HALL].open, sizeof before);
    rig.nodes[HALL].config.charter = TOMTE_SPAN_NONE;
    memset(rig.nodes[HALL].config.entropy, 0xee, TOMTE_SEED_BYTES);
    tomte_arena_init(&rig.nodes[HALL].arena, rig.nodes[HALL].memory,
                     sizeof rig.nodes[HALL].memory);
    CHECK_OK(tomte_node_init(&rig.nodes[HALL].node, &rig.nodes[HALL].config,
                             &rig.nodes[HALL].arena, rig.now_ms));
    rig.message_len = len;
    tomte_node_key(node(HALL), rig.nodes[HALL].open);
    CHECK(memcmp(before, rig.nodes[HALL].open, sizeof before) != 0);
    struct tomte_oscore o = rig_person(&rig.owner, HALL);
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED,
             rig_sealed(HALL, &o, TOMTE_COAP_GET, "/.tomte/status", NULL,
                        TOMTE_SPAN_NONE));
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED,
             rig_plain(HALL, TOMTE_COAP_GET, "/hall/lamp/on"));
    rig_pass(5000);
    CHECK(!tomte_node_leased(node(HALL), rig.now_ms));
}

TEST(stranger_with_a_key_of_its_own_is_a_stranger)
{
    settled();
    struct tomte_key_pair thief = rig_pair(3);
    struct tomte_oscore o = rig_person(&thief, ATTIC);
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED,
             rig_sealed(ATTIC, &o, TOMTE_COAP_GET, "/.tomte/status", NULL,
                        TOMTE_SPAN_NONE));
    /* Under the owner's name: it does not open. */
    memcpy(o.sender_id, rig.owner.open, o.sender_id_len);
    CHECK_EQ(TOMTE_COAP_BAD_REQUEST,
             rig_sealed(ATTIC, &o, TOMTE_COAP_GET, "/.tomte/status", NULL,
                        TOMTE_SPAN_NONE));
}

/* Whoever makes up programs takes no place from who has one. */
TEST(strangers_take_no_place)
{
    settled();
    struct tomte_key_pair thief = rig_pair(3);
    uint32_t last = node(ATTIC)->bonds.last;
    for (unsigned i = 0; i < 200; i++) {
        struct tomte_oscore o = rig_person(&thief, ATTIC);
        memcpy(o.sender_id, rig.owner.open, o.sender_id_len);
        CHECK_EQ(TOMTE_COAP_BAD_REQUEST,
                 rig_sealed(ATTIC, &o, TOMTE_COAP_GET, "/.tomte/status", NULL,
                            TOMTE_SPAN_NONE));
    }
    CHECK_EQ(last, node(ATTIC)->bonds.last);
}

/* ---- the owner ---- */

TEST(owner_may_do_everything_after_a_challenge)
{
    settled();
    /* more programs than are remembered, or have numbers in one reserve */
    for (unsigned i = 0; i < 1200; i++) {
        struct tomte_oscore o = rig_person(&rig.owner, i % 2);
        CHECK_EQ(TOMTE_COAP_CONTENT,
                 rig_sealed(i % 2, &o, TOMTE_COAP_GET, "/.tomte/status", NULL,
                            TOMTE_SPAN_NONE));
        rig_pass(5);
    }
    rig_pass(3000);
    CHECK(tomte_node_leased(node(HALL), rig.now_ms));
}

TEST(what_was_said_once_is_not_heard_again)
{
    settled();
    uint8_t room[2 * TOMTE_LIMIT_DATAGRAM_BYTES], memory[64];
    struct tomte_oscore o = rig_person(&rig.owner, ATTIC);
    CHECK_EQ(TOMTE_COAP_CONTENT,
             rig_sealed(ATTIC, &o, TOMTE_COAP_GET, "/.tomte/status", NULL,
                        TOMTE_SPAN_NONE));
    struct tomte_coap_options list;
    struct tomte_coap_parts message, plain = {.code = TOMTE_COAP_GET};
    struct tomte_oscore_exchange x;
    tomte_coap_options_init(&list, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&list, TOMTE_SPAN_LIT("/.tomte/status"));
    CHECK_OK(tomte_coap_options_end(&list, &plain.options));
    CHECK_OK(tomte_oscore_protect_request(&o, &plain, TOMTE_BUF_ARRAY(room), &x,
                                          &message));
    CHECK_EQ(TOMTE_COAP_CHANGED, rig_say(ATTIC, &message));
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED, rig_say(ATTIC, &message));
    /* Nor after a restart: there it is not known whether it is a replay. */
    rig_start(ATTIC);
    CHECK_EQ(TOMTE_COAP_CHANGED, rig_say(ATTIC, &message)); /* sealed: 4.01 */
    struct tomte_coap_parts inside, outer = {.code = rig.answer.code,
                                             .options = rig.answer.options,
                                             .payload = rig.answer.payload};
    CHECK_OK(tomte_oscore_unprotect_response(&o, &x, &outer,
                                             TOMTE_BUF_ARRAY(room), &inside));
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED, inside.code);
}

/* ---- nodes ---- */

TEST(node_is_known_when_the_owner_says_so)
{
    rig_begin();
    rig_pass(5000);
    CHECK(tomte_node_leased(node(ATTIC), rig.now_ms));
    CHECK(!tomte_node_leased(node(HALL), rig.now_ms));
    rig_admit();
    rig_pass(3000);
    CHECK(tomte_node_leased(node(HALL), rig.now_ms));
}

TEST(node_speaks_for_itself_alone)
{
    settled();
    struct tomte_key_pair hall = stolen();
    struct tomte_oscore o = rig_asker(&hall, ATTIC);
    CHECK_EQ(TOMTE_COAP_FORBIDDEN,
             rig_sealed(ATTIC, &o, TOMTE_COAP_GET, "/.tomte/view", "node=attic",
                        TOMTE_SPAN_NONE));
    CHECK_EQ(TOMTE_COAP_CONTENT,
             rig_sealed(ATTIC, &o, TOMTE_COAP_GET, "/.tomte/view", "node=hall",
                        TOMTE_SPAN_NONE));
    struct tomte_lease_request r = {.name = node(ATTIC)->config.name,
                                    .boot = 1000,
                                    .sequence = 1,
                                    .store = node(ATTIC)->store_id};
    uint8_t memory[256];
    uint16_t next = 0;
    struct tomte_span bytes;
    CHECK_OK(tomte_lease_request_encode(&r, NULL, 0, &next,
                                        TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK_EQ(TOMTE_COAP_FORBIDDEN, rig_sealed(ATTIC, &o, TOMTE_COAP_POST,
                                              "/.tomte/lease", NULL, bytes));
    static const char *const denied[] = {"/.tomte/status", "/.tomte/logs",
                                         "/.tomte/why/lamp"};
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(TOMTE_COAP_FORBIDDEN,
                 rig_sealed(ATTIC, &o, TOMTE_COAP_GET, denied[i], NULL,
                            TOMTE_SPAN_NONE));
    CHECK_EQ(TOMTE_COAP_FORBIDDEN,
             rig_sealed(ATTIC, &o, TOMTE_COAP_POST, "/.tomte/command", NULL,
                        TOMTE_SPAN_LIT("\x80")));
}

TEST(node_whose_key_is_taken_away_is_a_stranger)
{
    settled();
    struct tomte_command c;
    uint8_t memory[256];
    struct tomte_span bytes;
    struct tomte_oscore o = rig_person(&rig.owner, ATTIC);
    tomte_command_init(&c, TOMTE_COMMAND_NODE_REMOVE, node(HALL)->config.name);
    CHECK_OK(tomte_command_encode(&c, TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK_EQ(TOMTE_COAP_CHANGED, rig_sealed(ATTIC, &o, TOMTE_COAP_POST,
                                            "/.tomte/command", NULL, bytes));
    rig_pass(10000);
    CHECK(!tomte_node_leased(node(HALL), rig.now_ms));
}

/* Numbers are not used again, and what was open goes on. */
TEST(starts_go_on_above_what_was_stored)
{
    settled();
    for (unsigned i = 0; i < 5; i++) {
        uint64_t reserve = node(ATTIC)->bonds.reserve;
        rig_start(ATTIC);
        CHECK_EQ(reserve, node(ATTIC)->bonds.begin);
        CHECK(node(ATTIC)->bonds.reserve > reserve);
        rig_pass(5000);
        CHECK(tomte_node_leased(node(HALL), rig.now_ms));
        reserve = node(HALL)->bonds.reserve;
        rig_start(HALL);
        CHECK_EQ(reserve, node(HALL)->bonds.begin);
        rig_pass(5000);
        CHECK(tomte_node_leased(node(HALL), rig.now_ms));
    }
}

/* Thousands of requests: each number is stored before it is used. */
TEST(numbers_are_stored_before_they_are_used)
{
    settled();
    uint64_t first = node(HALL)->bonds.reserve;
    for (unsigned i = 0; i < 400; i++) {
        rig_pass(10000);
        for (unsigned k = 0; k < node(HALL)->bonds.len; k++) {
            const struct bond *b = &node(HALL)->bonds.list[k];
            CHECK(!b->used || b->o.limit <= node(HALL)->bonds.reserve);
        }
    }
    CHECK(node(HALL)->bonds.reserve > first);
}

/* ---- a stolen node ---- */

static void arrive(struct tomte_span message)
{
    struct tomte_node *n = node(HALL);
    memcpy(n->view_bytes[1 - n->view_at], message.data, message.len);
    node_view_arrived(n, message.len);
}

/* Hall's view with another version, signed by this key as this kind of thing
 * for this home. */
static void arrive_signed(const struct tomte_key_pair *by, uint8_t home,
                          uint64_t version)
{
    static uint8_t view[4096], message[8192];
    struct tomte_span bytes;
    struct tomte_home *h = &node(ATTIC)->keeper->home;
    uint16_t at = tomte_home_find_node(h, &node(HALL)->config.name);
    struct tomte_charter charter = rig.charter;
    uint64_t kept = h->nodes[at].view;
    h->nodes[at].view = version;
    CHECK_OK(tomte_view_encode(h, at, TOMTE_BUF_ARRAY(view), &bytes));
    h->nodes[at].view = kept;
    memset(charter.home, home, sizeof charter.home);
    CHECK_OK(tomte_charter_say(fake, &charter, TOMTE_CHARTER_VIEW_TYPE, 0,
                               bytes, by, TOMTE_BUF_ARRAY(message), &bytes));
    arrive(bytes);
}

TEST(view_counts_from_a_keeper_of_this_home_alone)
{
    settled();
    struct tomte_key_pair hall = stolen(), keeper = node(ATTIC)->keys.own;
    uint64_t version = node(HALL)->view.version;
    arrive_signed(&hall, 5, version + 7);
    CHECK_EQ(version, node(HALL)->view.version);
    arrive_signed(&rig.owner, 5, version + 7); /* not its office */
    CHECK_EQ(version, node(HALL)->view.version);
    arrive_signed(&keeper, 6, version + 7);
    CHECK_EQ(version, node(HALL)->view.version);
    arrive_signed(&keeper, 5, version + 7);
    CHECK_EQ(version + 7, node(HALL)->view.version);
}

TEST(view_with_a_changed_byte_is_none)
{
    settled();
    struct tomte_node *n = node(HALL);
    uint64_t version = n->view.version;
    static uint8_t message[4096];
    size_t len = n->view_len;
    memcpy(message, n->view_bytes[n->view_at], len);
    for (size_t i = 0; i < len; i++) {
        message[i] ^= 1;
        arrive(TOMTE_SPAN(message, len));
        message[i] ^= 1;
        CHECK_EQ(version, n->view.version);
    }
    /* Nor is one that lies on the disk: it is verified at each start. */
    struct tomte_key_pair other = rig_pair(4);
    struct tomte_span view, bad;
    uint8_t memory[4096];
    struct tomte_charter_said said;
    CHECK_OK(tomte_charter_heard(fake, &rig.charter, TOMTE_CHARTER_VIEW_TYPE,
                                 TOMTE_SPAN(message, len), &said));
    view = said.payload;
    CHECK_OK(tomte_charter_say(fake, &rig.charter, TOMTE_CHARTER_VIEW_TYPE, 0,
                               view, &other, TOMTE_BUF_ARRAY(memory), &bad));
    struct tomte_store_writer w;
    CHECK_OK(tomte_store_blob_begin(&n->store, &w, TOMTE_SPAN_LIT("view"),
                                    (uint32_t)bad.len));
    CHECK_OK(tomte_store_blob_write(&n->store, &w, bad));
    CHECK_OK(tomte_store_blob_commit(&n->store, &w));
    CHECK_OK(tomte_store_sync(&n->store));
    rig_start(HALL);
    CHECK(!node(HALL)->has_view);
    rig_pass(5000); /* and another is fetched */
    CHECK(node(HALL)->has_view);
}

/* A write that claims an epoch nobody gave: refused, and no fence moves. */
TEST(epoch_that_is_claimed_raises_no_fence)
{
    settled();
    uint8_t memory[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    static const uint8_t on[] = {0x81, 0xa1, 0x02, 0x01};
    const struct tomte_actuator *a = &node(ATTIC)->resources[0].actuator;
    for (uint64_t epoch = 1; epoch < 1u << 20; epoch *= 3) {
        struct tomte_channel_request r = {
            .op = TOMTE_CHANNEL_WRITE,
            .channel = rig.nodes[ATTIC].lamp.channel,
            .has_origin = true,
            .origin = {.identity = node(HALL)->config.name,
                       .epoch = epoch,
                       .stream = 1,
                       .sequence = 1},
            .format = TOMTE_FORMAT_SENML_CBOR,
            .payload = TOMTE_SPAN_ARRAY(on)};
        CHECK_OK(
            tomte_channel_request_encode(&r, TOMTE_BUF_ARRAY(memory), &parts));
        uint8_t code = rig_say(ATTIC, &parts);
        CHECK(tomte_coap_class(code) == 4);
        CHECK_EQ(0, a->fences.len);
        rig_pass(20);
    }
}

/* ---- the charter ---- */

static void with_charter(uint64_t number, const struct tomte_key_pair *signer)
{
    struct tomte_span message;
    struct tomte_charter c = rig.charter;
    c.number = number;
    memcpy(c.owner, signer->open, sizeof c.owner);
    CHECK_OK(tomte_charter_encode(fake, &c, signer,
                                  TOMTE_BUF_ARRAY(rig.message), &message));
    rig.message_len = message.len;
    rig_start(HALL);
}

TEST(charter_never_goes_back_and_follows_on_its_owner)
{
    settled();
    struct tomte_key_pair thief = rig_pair(3);
    with_charter(3, &rig.owner);
    CHECK_EQ(3, node(HALL)->keys.charter.number);
    with_charter(2, &rig.owner);
    CHECK_EQ(3, node(HALL)->keys.charter.number);
    with_charter(4, &thief);
    CHECK_EQ(3, node(HALL)->keys.charter.number);
    rig.message_len = 0;
    rig.nodes[HALL].config.charter = TOMTE_SPAN_NONE;
    tomte_arena_init(&rig.nodes[HALL].arena, rig.nodes[HALL].memory,
                     sizeof rig.nodes[HALL].memory);
    CHECK_OK(tomte_node_init(&rig.nodes[HALL].node, &rig.nodes[HALL].config,
                             &rig.nodes[HALL].arena, rig.now_ms));
    CHECK_EQ(3, node(HALL)->keys.charter.number);
}

/* Silent for a while, and then another start of it. */
TEST(keeper_that_was_away_is_asked_again)
{
    settled();
    for (unsigned i = 0; i < 6; i++) {
        rig.nodes[ATTIC].node = NULL;
        rig_pass(1000 + 3000 * i);
        rig_start(ATTIC);
        rig_pass(4000);
        CHECK(tomte_node_leased(node(HALL), rig.now_ms));
    }
}
