/* SPDX-License-Identifier: Apache-2.0 */
/* The charter: there and back, which follows which, and what is refused. */
#include "ace/charter.h"
#include "base/base.h"
#include "test.h"

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

static uint8_t memory[TOMTE_CHARTER_BYTES_MAX], other[TOMTE_CHARTER_BYTES_MAX];

/* Players: 1 the owner, 2 and 3 keepers, 4 a recovery key, 9 a stranger. */
static struct tomte_key_pair player(uint8_t number)
{
    struct tomte_key_pair k;
    uint8_t random[32];
    memset(random, number, sizeof random);
    CHECK_OK(tomte_key_pair_init(&k, fake, random));
    return k;
}

static struct tomte_name name(const char *text)
{
    struct tomte_name n;
    CHECK_OK(tomte_name_parse(tomte_span_str(text), &n));
    return n;
}

static void set_key(uint8_t open[TOMTE_P256_PUBLIC_BYTES], uint8_t number)
{
    struct tomte_key_pair k = player(number);
    memcpy(open, k.open, sizeof k.open);
}

static struct tomte_charter good(uint64_t number)
{
    struct tomte_charter c = {
        .number = number,
        .keepers_len = 2,
        .keepers = {{.name = name("attic")}, {.name = name("hub")}},
        .recovery_len = 1};
    memcpy(c.home, "home of sixteen.", sizeof c.home);
    c.has_authors = true;
    memset(c.authors, 7, sizeof c.authors);
    set_key(c.owner, 1);
    set_key(c.keepers[0].open, 2);
    set_key(c.keepers[1].open, 3);
    set_key(c.recovery[0], 4);
    return c;
}

static struct tomte_span sign_into(const struct tomte_charter *c,
                                   uint8_t signer, struct tomte_buf out)
{
    struct tomte_span m;
    struct tomte_key_pair k = player(signer);
    CHECK_OK(tomte_charter_encode(fake, c, &k, out, &m));
    return m;
}

static struct tomte_span sign(const struct tomte_charter *c, uint8_t signer)
{
    return sign_into(c, signer, TOMTE_BUF_ARRAY(memory));
}

static bool same(const struct tomte_charter *a, const struct tomte_charter *b)
{
    struct tomte_span x = sign_into(a, 1, TOMTE_BUF_ARRAY(memory));
    struct tomte_span y = sign_into(b, 1, TOMTE_BUF_ARRAY(other));
    return tomte_span_equal(x, y);
}

TEST(charter_goes_there_and_back)
{
    struct tomte_charter c = good(1), back;
    CHECK_OK(tomte_charter_open(fake, sign(&c, 1), &back));
    CHECK(same(&c, &back));
    CHECK_EQ(2, back.keepers_len);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(c.recovery[0]),
                TOMTE_SPAN_ARRAY(back.recovery[0]));
    struct tomte_name hub = name("hub"), hall = name("hall");
    CHECK(tomte_charter_keeper(&back, &hub) == &back.keepers[1]);
    CHECK(tomte_charter_keeper(&back, &hall) == NULL);
    CHECK(back.has_authors);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(c.authors), TOMTE_SPAN_ARRAY(back.authors));
    c.has_authors = false;
    CHECK_OK(tomte_charter_open(fake, sign(&c, 1), &back));
    CHECK(!back.has_authors);
}

TEST(charter_largest_fits)
{
    struct tomte_charter c = good(INT64_MAX), back;
    c.keepers_len = TOMTE_CHARTER_KEEPERS_MAX;
    c.recovery_len = TOMTE_CHARTER_RECOVERY_MAX;
    for (uint8_t i = 0; i < c.keepers_len; i++) {
        c.keepers[i].name = name("a-keeper-with-a-long-name-of-31");
        c.keepers[i].name.text[0] = (char)('a' + i);
        set_key(c.keepers[i].open, (uint8_t)(10 + i));
    }
    for (uint8_t i = 0; i < c.recovery_len; i++)
        set_key(c.recovery[i], (uint8_t)(20 + i));
    struct tomte_span m = sign(&c, 1);
    CHECK(m.len > TOMTE_CHARTER_BYTES_MAX - 64);
    CHECK_OK(tomte_charter_open(fake, m, &back));
    CHECK(same(&c, &back));
}

TEST(charter_is_opened_by_its_owner_only)
{
    struct tomte_charter c = good(1), back;
    for (uint8_t signer = 2; signer < 10; signer++)
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_charter_open(fake, sign(&c, signer), &back));
    CHECK_EQ(0, back.number);
}

TEST(charter_number_only_grows)
{
    struct tomte_charter known = good(7), next = good(8), out = known;
    CHECK_OK(tomte_charter_follow(fake, sign(&next, 1), &out, &out));
    CHECK_EQ(8, out.number);
    CHECK_EQ(TOMTE_ERR_STALE,
             tomte_charter_follow(fake, sign(&next, 1), &out, &out));
    CHECK_EQ(TOMTE_ERR_STALE,
             tomte_charter_follow(fake, sign(&known, 1), &out, &out));
    CHECK_EQ(8, out.number);
}

TEST(charter_of_another_home_or_signer_is_refused)
{
    struct tomte_charter known = good(7), next = good(8), out = known;
    for (uint8_t signer = 2; signer < 10; signer++)
        if (signer != 4)
            CHECK_EQ(
                TOMTE_ERR_DENIED,
                tomte_charter_follow(fake, sign(&next, signer), &known, &out));
    next.home[0] ^= 1;
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_charter_follow(fake, sign(&next, 1), &known, &out));
    CHECK_EQ(7, out.number);
}

/* The owner's key is lost: a recovery key names another owner, who goes on. */
TEST(charter_passes_to_another_owner)
{
    struct tomte_charter known = good(7), next = good(8), out;
    set_key(next.owner, 5);
    CHECK_OK(tomte_charter_follow(fake, sign(&next, 4), &known, &known));
    /* who joins now cannot know 4, and waits for the new owner's own */
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_charter_open(fake, sign(&next, 4), &out));
    next.number = 9;
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_charter_follow(fake, sign(&next, 1), &known, &out));
    CHECK_OK(tomte_charter_follow(fake, sign(&next, 5), &known, &out));
    CHECK_OK(tomte_charter_open(fake, sign(&next, 5), &out));
    /* a recovery key that is no longer named has no word */
    next.number = 10;
    next.recovery_len = 0;
    CHECK_OK(tomte_charter_follow(fake, sign(&next, 5), &known, &known));
    next.number = 11;
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_charter_follow(fake, sign(&next, 4), &known, &out));
}

static enum tomte_err encode(const struct tomte_charter *c)
{
    struct tomte_span m;
    struct tomte_key_pair k = player(1);
    return tomte_charter_encode(fake, c, &k, TOMTE_BUF_ARRAY(memory), &m);
}

TEST(charter_keeps_its_rules)
{
    struct tomte_charter c = good(0);
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good((uint64_t)INT64_MAX + 1);
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good(1), c.keepers_len = 0;
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good(1), c.keepers[1].name = name("attic");
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good(1), c.keepers[1].name = name("aaa");
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good(1), set_key(c.keepers[1].open, 2);
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good(1), set_key(c.keepers[1].open, 1);
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
    c = good(1), set_key(c.recovery[0], 1);
    CHECK_EQ(TOMTE_ERR_INVALID, encode(&c));
}

/* The same rules for what others signed: the payload is changed and signed
 * again by a signer that does not look. */
static enum tomte_err open_payload(struct tomte_span payload)
{
    struct tomte_charter c;
    struct tomte_span m;
    struct tomte_key_pair k = player(1);
    struct tomte_signed_draft draft = {.type = TOMTE_CHARTER_TYPE,
                                       .payload = payload};
    CHECK_OK(
        tomte_signed_encode(fake, &draft, &k, TOMTE_BUF_ARRAY(memory), &m));
    enum tomte_err err = tomte_charter_open(fake, m, &c);
    if (err != TOMTE_OK)
        CHECK_EQ(0, c.number);
    return err;
}

TEST(charter_is_bounded_and_canonical)
{
    struct tomte_charter c = good(1);
    struct tomte_signed s;
    uint8_t bytes[TOMTE_CHARTER_BYTES_MAX];
    CHECK_OK(tomte_signed_decode(&s, TOMTE_CHARTER_TYPE, sign(&c, 1)));
    size_t len = s.payload.len;
    memcpy(bytes, s.payload.data, len);
    CHECK_OK(open_payload(TOMTE_SPAN(bytes, len)));
    for (size_t n = 0; n < len; n++)
        CHECK(open_payload(TOMTE_SPAN(bytes, n)) != TOMTE_OK);
    CHECK_EQ(TOMTE_ERR_TRAILING, open_payload(TOMTE_SPAN(bytes, len + 1)));
    /* a6 01 50 home 02 01 03 a4 ...: number 0 */
    CHECK_EQ(1, bytes[20]);
    bytes[20] = 0;
    CHECK_EQ(TOMTE_ERR_INVALID, open_payload(TOMTE_SPAN(bytes, len)));
    bytes[20] = 1;
    /* the curve of the owner's key: P-384, whose keys have another length */
    CHECK_EQ(1, bytes[26]);
    bytes[26] = 2;
    CHECK_EQ(TOMTE_ERR_INVALID, open_payload(TOMTE_SPAN(bytes, len)));
    bytes[26] = 1;
    bytes[0] = 0xa7; /* a key that nobody knows, 7: 0 */
    bytes[len] = 7, bytes[len + 1] = 0;
    CHECK_EQ(TOMTE_ERR_UNKNOWN, open_payload(TOMTE_SPAN(bytes, len + 2)));
}

TEST(charter_hash_is_of_the_content)
{
    struct tomte_charter c = good(1);
    uint8_t one[TOMTE_SHA256_BYTES], two[TOMTE_SHA256_BYTES];
    struct tomte_span m = sign(&c, 1);
    CHECK_OK(tomte_charter_hash(fake, m, one));
    memory[m.len - 1] ^= 1; /* of the signature */
    CHECK_OK(tomte_charter_hash(fake, m, two));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(one), TOMTE_SPAN_ARRAY(two));
    memory[m.len - 80] ^= 1;
    if (tomte_charter_hash(fake, m, two) == TOMTE_OK)
        CHECK(memcmp(one, two, sizeof one) != 0);
    CHECK_EQ(TOMTE_ERR_TRUNCATED,
             tomte_charter_hash(fake, TOMTE_SPAN(m.data, m.len - 1), two));
}

/* ---- what keepers sign ------------------------------------------------- */

static struct tomte_span say(const struct tomte_charter *c, uint8_t signer)
{
    struct tomte_span m;
    struct tomte_key_pair k = player(signer);
    CHECK_OK(tomte_charter_say(fake, c, TOMTE_CHARTER_VIEW_TYPE, 1700000000,
                               TOMTE_SPAN_LIT("view"), &k,
                               TOMTE_BUF_ARRAY(other), &m));
    return m;
}

TEST(charter_names_who_may_speak)
{
    struct tomte_charter c = good(1);
    struct tomte_charter_said said;
    for (uint8_t signer = 1; signer < 10; signer++) {
        enum tomte_err err = tomte_charter_heard(
            fake, &c, TOMTE_CHARTER_VIEW_TYPE, say(&c, signer), &said);
        if (signer != 2 && signer != 3) {
            CHECK_EQ(TOMTE_ERR_DENIED, err);
            CHECK(said.payload.data == NULL);
            continue;
        }
        CHECK_OK(err);
        CHECK(said.keeper == &c.keepers[signer - 2]);
        CHECK_BYTES(TOMTE_SPAN_LIT("view"), said.payload);
        CHECK(said.has_iat);
        CHECK_EQ(1700000000, said.iat_s);
    }
}

TEST(charter_hears_no_other_home_and_no_other_type)
{
    struct tomte_charter c = good(1), elsewhere = good(1);
    struct tomte_charter_said said;
    struct tomte_span m = say(&c, 2);
    elsewhere.home[15] ^= 1;
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_charter_heard(fake, &elsewhere, TOMTE_CHARTER_VIEW_TYPE, m,
                                 &said));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_charter_heard(fake, &c, TOMTE_CHARTER_TYPE, m, &said));
    /* a keeper that the charter no longer names */
    c.keepers[0] = c.keepers[1], c.keepers_len = 1;
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_charter_heard(fake, &c, TOMTE_CHARTER_VIEW_TYPE, m, &said));
}
