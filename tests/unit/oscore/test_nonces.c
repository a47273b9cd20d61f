/* SPDX-License-Identifier: Apache-2.0 */
/* No key meets a nonce twice, and no request is taken twice, whatever crashes
 * when: two nodes, each client and server of the other with one context for
 * good, crash at any instant, stores that take their time, an attacker who
 * keeps and repeats all that was ever sent.
 *
 * The crypto backend is the fake one with a memory: of each encryption it keeps
 * key and nonce. Two mutants, in which a node breaks the rules of oscore.h,
 * show that the memory would tell. */
#include "pair.h"

#define SEEDS    60
#define STEPS    2500
#define USED_MAX (1u << 16)
#define KEPT     128
#define OPEN     16

/* ---- a backend that remembers ---- */

struct pairing {
    uint8_t bytes[TOMTE_OSCORE_KEY_MAX + TOMTE_OSCORE_NONCE_MAX];
    bool used;
};

static struct pairing memory[USED_MAX];
static unsigned memory_len, repeated;

static enum tomte_err remember(const struct tomte_aead *how,
                               struct tomte_buf data, uint8_t *tag)
{
    struct pairing p = {.used = true};
    uint32_t hash = 2166136261u;
    memcpy(p.bytes, how->key.data, how->key.len);
    memcpy(p.bytes + how->key.len, how->nonce.data, how->nonce.len);
    for (size_t i = 0; i < sizeof p.bytes; i++)
        hash = (hash ^ p.bytes[i]) * 16777619u;
    uint32_t at = hash % USED_MAX;
    while (memory[at].used && memcmp(&memory[at], &p, sizeof p) != 0)
        at = (at + 1) % USED_MAX;
    if (memory[at].used)
        repeated++;
    else
        memory_len++;
    CHECK(memory_len < USED_MAX / 2);
    memory[at] = p;
    return tomte_crypto_fake.encrypt(how, data, tag);
}

/* ---- the world ---- */

enum mutant {
    NO_MUTANT,
    STORES_TOO_LATE, /* says stored, and only then stores */
    FORGETS_RESTARTS /* does not say that its window is lost */
};

struct exchange {
    bool open;
    unsigned asked; /* server: the client's place for it */
    struct tomte_oscore_exchange x;
};

struct node {
    struct tomte_oscore o;
    uint64_t flash;   /* what a restart finds */
    uint64_t storing; /* on its way there; 0: nothing */
    struct exchange asked[OPEN], serving[OPEN];
    uint8_t echo[TOMTE_OSCORE_ECHO_BYTES];
    bool has_echo; /* to bring back with the next request */
    uint64_t taken[4096];
    unsigned taken_len, restarts;
};

/* A message on the wire: options, then payload. */
struct kept {
    uint8_t code, bytes[128];
    size_t options, payload;
    unsigned to, exchange; /* of a response: which of the asked it answers */
    bool request;
};

static struct world {
    struct tomte_random random;
    struct tomte_crypto crypto;
    enum mutant mutant;
    struct node nodes[2];
    struct kept kept[KEPT]; /* all that was sent, the newest 128 */
    unsigned kept_len;
    unsigned taken_twice, heard, challenged;
} w;

static uint64_t below(uint64_t bound)
{
    return tomte_random_below(&w.random, bound);
}

static void start(unsigned who)
{
    struct node *n = &w.nodes[who];
    struct tomte_oscore_config c = pair_config(who == 0);
    c.volatile_keys = false;
    c.stored = n->flash;
    c.step = 1 + (uint32_t)below(20);
    c.restarted = n->restarts++ > 0 && w.mutant != FORGETS_RESTARTS;
    tomte_random_fill(&w.random, TOMTE_BUF_ARRAY(c.echo));
    CHECK_OK(tomte_oscore_init(&n->o, &w.crypto, &c));
    memset(n->asked, 0, sizeof n->asked);
    memset(n->serving, 0, sizeof n->serving);
    n->has_echo = false;
    n->storing = 0;
}

/* What was on its way to the flash may have arrived, or not. */
static void crash(unsigned who)
{
    struct node *n = &w.nodes[who];
    if (n->storing != 0 && below(2) == 0)
        n->flash = n->storing;
    start(who);
}

static void store(struct node *n)
{
    struct tomte_oscore_effect e;
    if (n->storing != 0) {
        n->flash = n->storing;
        n->storing = 0;
        if (w.mutant != STORES_TOO_LATE)
            tomte_oscore_stored(&n->o, n->flash);
    } else if (tomte_oscore_poll(&n->o, &e)) {
        CHECK(e.sequence > n->flash);
        n->storing = e.sequence;
        if (w.mutant == STORES_TOO_LATE)
            tomte_oscore_stored(&n->o, e.sequence);
    }
}

static void keep(unsigned to, bool request, unsigned exchange,
                 const struct note *n)
{
    struct kept *k = &w.kept[w.kept_len++ % KEPT];
    *k = (struct kept){.code = n->parts.code,
                       .options = n->parts.options.len,
                       .payload = n->parts.payload.len,
                       .to = to,
                       .exchange = exchange,
                       .request = request};
    CHECK(k->options + k->payload <= sizeof k->bytes);
    memcpy(k->bytes, n->bytes, k->options + k->payload);
}

static void send_request(unsigned who)
{
    struct node *n = &w.nodes[who];
    struct list list;
    struct note out;
    unsigned slot = (unsigned)below(OPEN);
    struct tomte_coap_parts plain = get(&list, below(3) == 0 ? 0 : -1);
    if (n->has_echo) {
        tomte_coap_put(&list.o, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN_ARRAY(n->echo));
        plain.options = list_end(&list);
    }
    enum tomte_err err = ask(&n->o, &plain, &out);
    if (err == TOMTE_ERR_AGAIN)
        return;
    CHECK_OK(err);
    n->has_echo = false;
    n->asked[slot] = (struct exchange){.open = true, .x = out.x};
    keep(1 - who, true, slot, &out);
}

/* An answer, one more, or a notification. */
static void respond(unsigned who, struct exchange *e)
{
    struct list list;
    struct note out;
    struct tomte_coap_parts reply =
        content(&list, "text", e->x.observe ? 1 : -1);
    enum tomte_err err = answer(&w.nodes[who].o, &e->x, &reply, &out);
    if (err == TOMTE_ERR_AGAIN)
        return;
    CHECK_OK(err);
    keep(1 - who, false, e->asked, &out);
}

static void challenge(unsigned who, struct tomte_oscore_exchange *x,
                      unsigned exchange)
{
    struct note out;
    enum tomte_err err = tomte_oscore_challenge(
        &w.nodes[who].o, x, TOMTE_BUF_ARRAY(out.bytes), &out.parts);
    CHECK(err == TOMTE_OK || err == TOMTE_ERR_AGAIN);
    if (err == TOMTE_OK)
        keep(1 - who, false, exchange, &out);
    w.challenged += err == TOMTE_OK;
}

static void take(struct node *n, uint64_t piv)
{
    for (unsigned i = 0; i < n->taken_len; i++)
        w.taken_twice += n->taken[i] == piv;
    CHECK(n->taken_len < sizeof n->taken / sizeof n->taken[0]);
    n->taken[n->taken_len++] = piv;
}

static void hear_request(unsigned who, const struct kept *k,
                         const struct note *in)
{
    struct node *n = &w.nodes[who];
    struct note out;
    enum tomte_err err = serve(&n->o, in, &out);
    if (err == TOMTE_ERR_AGAIN)
        challenge(who, &out.x, k->exchange);
    if (err != TOMTE_OK) {
        CHECK(err == TOMTE_ERR_AGAIN || err == TOMTE_ERR_STALE);
        return;
    }
    take(n, out.x.piv);
    struct exchange *e = &n->serving[below(OPEN)];
    *e = (struct exchange){.open = true, .asked = k->exchange, .x = out.x};
    respond(who, e);
}

static void hear_response(unsigned who, const struct kept *k,
                          const struct note *in)
{
    struct node *n = &w.nodes[who];
    struct exchange *e = &n->asked[k->exchange];
    struct note out;
    struct tomte_span echo;
    if (!e->open)
        return;
    enum tomte_err err = hear(&n->o, &e->x, in, &out);
    if (err != TOMTE_OK) { /* of an earlier exchange in this place, or old */
        CHECK(err == TOMTE_ERR_DENIED || err == TOMTE_ERR_STALE);
        return;
    }
    w.heard++;
    if (tomte_coap_find(out.parts.options, TOMTE_COAP_OPT_ECHO, &echo)) {
        CHECK_EQ(sizeof n->echo, echo.len);
        memcpy(n->echo, echo.data, echo.len);
        n->has_echo = true;
    }
}

/* The newest mostly, else anything that the attacker has kept. */
static void deliver(void)
{
    unsigned n = w.kept_len < KEPT ? w.kept_len : KEPT;
    if (n == 0)
        return;
    unsigned back = (unsigned)below(below(3) == 0 ? n : n < 4 ? n : 4);
    const struct kept *k = &w.kept[(w.kept_len - 1 - back) % KEPT];
    struct kept m = *k; /* its place may be taken meanwhile */
    struct note in = {
        .parts = {.code = m.code,
                  .options = TOMTE_SPAN(m.bytes, m.options),
                  .payload = TOMTE_SPAN(m.bytes + m.options, m.payload)}};
    if (m.request)
        hear_request(m.to, &m, &in);
    else
        hear_response(m.to, &m, &in);
}

static void step(void)
{
    unsigned who = (unsigned)below(2);
    uint64_t choice = below(100);
    struct exchange *e = &w.nodes[who].serving[below(OPEN)];
    if (choice < 30)
        send_request(who);
    else if (choice < 70)
        deliver();
    else if (choice < 85)
        store(&w.nodes[who]);
    else if (choice < 98 && e->open)
        respond(who, e);
    else if (choice >= 98)
        crash(who);
}

struct outcome {
    unsigned repeated, taken, taken_twice, heard, challenged, encrypted;
};

static struct outcome run(enum mutant mutant)
{
    struct outcome all = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        memset(&w, 0, sizeof w);
        memset(memory, 0, sizeof memory);
        memory_len = repeated = 0;
        w.mutant = mutant;
        w.crypto = tomte_crypto_fake;
        w.crypto.encrypt = remember;
        tomte_random_init(&w.random, seed);
        start(0);
        start(1);
        for (int i = 0; i < STEPS; i++)
            step();
        all.repeated += repeated;
        all.taken += w.nodes[0].taken_len + w.nodes[1].taken_len;
        all.taken_twice += w.taken_twice;
        all.heard += w.heard;
        all.challenged += w.challenged;
        all.encrypted += memory_len;
    }
    return all;
}

TEST(no_nonce_twice_and_no_request_twice)
{
    struct outcome all = run(NO_MUTANT);
    CHECK_EQ(0, all.repeated);
    CHECK_EQ(0, all.taken_twice);
    /* and the histories are not empty */
    CHECK(all.encrypted > SEEDS * 300 && all.heard > SEEDS * 50);
    CHECK(all.taken > SEEDS * 50 && all.challenged > SEEDS * 50);
}

TEST(who_stores_too_late_is_found_out)
{
    CHECK(run(STORES_TOO_LATE).repeated > 0);
}

TEST(who_forgets_that_the_window_is_lost_is_found_out)
{
    struct outcome all = run(FORGETS_RESTARTS);
    CHECK(all.repeated > 0);
    CHECK(all.taken_twice > 0);
}
