/* SPDX-License-Identifier: Apache-2.0 */
/* Everybody in this world has keys: the owner (3), and the peers, which are a
 * stolen keeper or stolen nodes. What they say under their keys is sealed here,
 * and what the node says to them is opened. */
#include "node/world.h"

#include "node/person.h"

#include <string.h>

static const uint8_t home[TOMTE_HOME_ID_BYTES] = "a home of fuzz";

static struct {
    bool used;
    struct tomte_oscore o;
    struct tomte_oscore_exchange x; /* of the last request */
} asking[WORLD_NODES], asked[WORLD_NODES];

static uint8_t message[TOMTE_CHARTER_BYTES_MAX];
static struct tomte_charter charter;
static uint8_t echo[TOMTE_OSCORE_ECHO_BYTES];
static bool challenged;

struct tomte_key_pair seal_pair(unsigned who)
{
    struct tomte_key_pair pair;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    memset(random, (int)(who + 1), sizeof random);
    TOMTE_ASSERT(tomte_key_pair_init(&pair, &tomte_crypto_fake, random) ==
                 TOMTE_OK);
    return pair;
}

void seal_begin(void)
{
    memset(asking, 0, sizeof asking);
    memset(asked, 0, sizeof asked);
    charter = (struct tomte_charter){.number = 1, .keepers_len = 1};
    challenged = false;
}

struct tomte_span seal_charter(const struct tomte_name *keeper,
                               const uint8_t open[TOMTE_P256_PUBLIC_BYTES])
{
    struct tomte_key_pair owner = seal_pair(3);
    struct tomte_span bytes;
    memcpy(charter.home, home, sizeof home);
    memcpy(charter.owner, owner.open, sizeof charter.owner);
    charter.keepers[0].name = *keeper;
    memcpy(charter.keepers[0].open, open, sizeof charter.keepers[0].open);
    TOMTE_ASSERT(tomte_charter_encode(&tomte_crypto_fake, &charter, &owner,
                                      TOMTE_BUF_ARRAY(message),
                                      &bytes) == TOMTE_OK);
    return bytes;
}

struct tomte_span seal_view(struct tomte_span view, struct tomte_buf out)
{
    struct tomte_key_pair keeper = seal_pair(1);
    struct tomte_span bytes;
    TOMTE_ASSERT(tomte_charter_say(&tomte_crypto_fake, &charter,
                                   TOMTE_CHARTER_VIEW_TYPE, 0, view, &keeper,
                                   out, &bytes) == TOMTE_OK);
    return bytes;
}

/* ---- contexts ---- */

static void associate(struct tomte_oscore *o, unsigned who, bool client)
{
    struct tomte_association a;
    struct tomte_key_pair pair = seal_pair(who);
    uint8_t node[TOMTE_P256_PUBLIC_BYTES];
    size_t asks = TOMTE_ASSOCIATION_CLIENT_ID_BYTES;
    size_t is_asked = TOMTE_ASSOCIATION_SERVER_ID_BYTES;
    tomte_node_key(world.node, node);
    TOMTE_ASSERT(tomte_association_agree(&a, &tomte_crypto_fake, home, &pair,
                                         node) == TOMTE_OK);
    struct tomte_oscore_config config = {
        .master_secret = TOMTE_SPAN_ARRAY(a.secret),
        .sender_id = TOMTE_SPAN(pair.open, client ? asks : is_asked),
        .recipient_id = TOMTE_SPAN(node, client ? is_asked : asks),
        .volatile_keys = true};
    TOMTE_ASSERT(tomte_oscore_init(o, &tomte_crypto_fake, &config) == TOMTE_OK);
}

static struct tomte_oscore *to_node(unsigned who)
{
    static const uint8_t program[TOMTE_PERSON_PROGRAM_BYTES] = "fuzz";
    if (asking[who].used)
        return &asking[who].o;
    asking[who].used = true;
    if (who != 3) {
        associate(&asking[who].o, who, true);
        return &asking[who].o;
    }
    struct tomte_key_pair owner = seal_pair(3);
    uint8_t node[TOMTE_P256_PUBLIC_BYTES];
    tomte_node_key(world.node, node);
    TOMTE_ASSERT(tomte_person_ask(&asking[3].o, &tomte_crypto_fake, home,
                                  &owner, node, program) == TOMTE_OK);
    return &asking[3].o;
}

static struct tomte_coap_parts parts_of(const struct tomte_coap_msg *msg)
{
    return (struct tomte_coap_parts){
        .code = msg->code, .options = msg->options, .payload = msg->payload};
}

static struct tomte_coap_msg with(const struct tomte_coap_msg *msg,
                                  const struct tomte_coap_parts *parts)
{
    struct tomte_coap_msg out = *msg;
    out.code = parts->code;
    out.options = parts->options;
    out.payload = parts->payload;
    return out;
}

/* ---- what they ask ---- */

bool seal_request(unsigned who, const struct tomte_coap_msg *msg,
                  struct tomte_coap_msg *out)
{
    static uint8_t memory[8192], options[2048];
    struct tomte_coap_parts plain = parts_of(msg), sealed;
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(options));
    tomte_coap_put_all(&o, msg->options);
    if (challenged)
        tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN_ARRAY(echo));
    challenged = false;
    if (tomte_coap_options_end(&o, &plain.options) != TOMTE_OK ||
        tomte_oscore_protect_request(to_node(who), &plain,
                                     TOMTE_BUF_ARRAY(memory), &asking[who].x,
                                     &sealed) != TOMTE_OK)
        return false;
    *out = with(msg, &sealed);
    return true;
}

uint8_t seal_answered(unsigned who, const struct tomte_coap_msg *msg)
{
    static uint8_t memory[4096];
    struct tomte_coap_parts plain, outer = parts_of(msg);
    struct tomte_span value;
    struct tomte_oscore_exchange x = asking[who].x;
    if (!asking[who].used || tomte_oscore_unprotect_response(
                                 &asking[who].o, &x, &outer,
                                 TOMTE_BUF_ARRAY(memory), &plain) != TOMTE_OK)
        return msg->code;
    if (plain.code == TOMTE_COAP_UNAUTHORIZED &&
        tomte_coap_find(plain.options, TOMTE_COAP_OPT_ECHO, &value) &&
        value.len == sizeof echo) {
        memcpy(echo, value.data, sizeof echo);
        challenged = true;
    }
    return plain.code;
}

bool seal_challenged(void)
{
    return challenged;
}

/* ---- what they are asked ---- */

bool seal_open(unsigned who, struct tomte_coap_msg *msg, struct tomte_buf out,
               struct tomte_oscore_exchange *x)
{
    struct tomte_oscore_option option;
    struct tomte_coap_parts plain, outer = parts_of(msg);
    if (tomte_oscore_find(msg->options, &option) != TOMTE_OK)
        return false;
    if (!asked[who].used)
        associate(&asked[who].o, who, false);
    asked[who].used = true;
    enum tomte_err err =
        tomte_oscore_unprotect_request(&asked[who].o, &outer, out, x, &plain);
    bool anothers = err == TOMTE_ERR_NOT_FOUND;
    bool again = err == TOMTE_ERR_STALE;
    /* a view says that somebody is where the node itself is */
    bool at_home = err == TOMTE_ERR_DENIED && who == 0;
    TOMTE_ASSERT(err == TOMTE_OK || anothers || again || at_home);
    if (err != TOMTE_OK)
        return false;
    *msg = with(msg, &plain);
    return true;
}

bool seal_answer(unsigned who, struct tomte_oscore_exchange *x,
                 const struct tomte_coap_msg *msg, struct tomte_coap_msg *out)
{
    static uint8_t memory[8192];
    struct tomte_coap_parts sealed, plain = parts_of(msg);
    if (tomte_oscore_protect_response(&asked[who].o, x, &plain,
                                      TOMTE_BUF_ARRAY(memory),
                                      &sealed) != TOMTE_OK)
        return false;
    *out = with(msg, &sealed);
    return true;
}
