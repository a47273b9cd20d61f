/* SPDX-License-Identifier: Apache-2.0 */
/* Static keys to shared ones: the same for both ends, another for anybody
 * else. The figures are in tests/unit/ace_vectors. */
#include "ace/association.h"
#include "test.h"

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

static struct tomte_key_pair pair(uint8_t seed)
{
    struct tomte_key_pair pair;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    memset(random, seed, sizeof random);
    CHECK_OK(tomte_key_pair_init(&pair, fake, random));
    return pair;
}

static struct tomte_association agree(uint8_t home,
                                      const struct tomte_key_pair *own,
                                      const struct tomte_key_pair *peer)
{
    struct tomte_association a;
    uint8_t id[TOMTE_HOME_ID_BYTES];
    memset(id, home, sizeof id);
    CHECK_OK(tomte_association_agree(&a, fake, id, own, peer->open));
    return a;
}

static bool same(const struct tomte_association *a,
                 const struct tomte_association *b)
{
    bool secret = memcmp(a->secret, b->secret, sizeof a->secret) == 0;
    CHECK_EQ(secret, memcmp(a->seal, b->seal, sizeof a->seal) == 0);
    return secret;
}

TEST(association_is_the_same_at_both_ends)
{
    struct tomte_key_pair node = pair(1), keeper = pair(2);
    struct tomte_association a = agree(7, &node, &keeper);
    struct tomte_association b = agree(7, &keeper, &node);
    CHECK(same(&a, &b));
    CHECK(memcmp(a.secret, a.seal, sizeof a.seal) != 0);
}

TEST(association_is_of_one_home_and_one_pair)
{
    struct tomte_key_pair node = pair(1), keeper = pair(2), other = pair(3);
    struct tomte_association a = agree(7, &node, &keeper);
    struct tomte_association b = agree(8, &node, &keeper);
    CHECK(!same(&a, &b));
    b = agree(7, &node, &other);
    CHECK(!same(&a, &b));
    b = agree(7, &other, &keeper);
    CHECK(!same(&a, &b));
    b = agree(7, &node, &node);
    CHECK(!same(&a, &b));
}

TEST(association_needs_a_point)
{
    struct tomte_key_pair node = pair(1), bad = pair(2);
    struct tomte_association a, zero = {{0}, {0}};
    uint8_t home[TOMTE_HOME_ID_BYTES] = {0};
    bad.open[63] ^= 1;
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_association_agree(&a, fake, home, &node, bad.open));
    CHECK_EQ(0, memcmp(&a, &zero, sizeof a));
    memset(node.secret, 0, sizeof node.secret);
    bad = pair(2);
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_association_agree(&a, fake, home, &node, bad.open));
}

TEST(association_is_wiped)
{
    struct tomte_key_pair node = pair(1), keeper = pair(2);
    struct tomte_association a = agree(7, &node, &keeper), zero = {{0}, {0}};
    tomte_association_wipe(&a);
    CHECK_EQ(0, memcmp(&a, &zero, sizeof a));
}
