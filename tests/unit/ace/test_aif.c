/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/aif.h"
#include "ace/revocation.h"
#include "base/base.h"
#include "test.h"

static struct tomte_span hex(const char *text)
{
    static uint8_t memory[8][256];
    static size_t next;
    return test_hex(text, TOMTE_BUF_ARRAY(memory[next++ % 8]));
}

/* RFC 9237 section 3: [["/s/temp", 1], ["/a/led", 5], ["/dtls", 2]]. */
static const char example[] =
    "8382672f732f74656d700182662f612f6c65640582652f64746c7302";

TEST(aif_example)
{
    uint8_t memory[64];
    struct tomte_aif_entry entries[3];
    struct tomte_aif_iter it;
    struct tomte_span out;
    size_t n = 0;
    tomte_aif_iter_init(&it, hex(example));
    while (n < 3 && tomte_aif_next(&it, &entries[n]))
        n++;
    CHECK_OK(tomte_aif_done(&it));
    CHECK_EQ(3, n);
    CHECK_BYTES(TOMTE_SPAN_LIT("/a/led"), entries[1].path);
    CHECK_EQ(TOMTE_AIF_GET | TOMTE_AIF_PUT, entries[1].methods);
    CHECK_OK(tomte_aif_encode(entries, 3, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex(example), out);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_aif_encode(entries, 3, TOMTE_BUF(memory, 27), &out));
}

/* `path` split at "/", then at "?" and "&", as a URI would be. */
static enum tomte_err allows(struct tomte_span scope, const char *path,
                             uint64_t method)
{
    struct tomte_span segments[8], queries[8];
    struct tomte_aif_request r = {
        .segments = segments, .queries = queries, .method = method};
    char text[64];
    CHECK(strlen(path) < sizeof text);
    strcpy(text, path);
    char *query = strchr(text, '?');
    if (query != NULL)
        *query++ = 0;
    for (char *at = text; *at == '/';) {
        char *end = at + 1;
        while (*end != 0 && *end != '/')
            end++;
        segments[r.segment_count++] =
            TOMTE_SPAN(at + 1, (size_t)(end - at - 1));
        at = end;
    }
    if (strcmp(text, "/") == 0)
        r.segment_count = 0;
    for (char *at = query; at != NULL;) {
        char *end = strchr(at, '&');
        queries[r.query_count++] =
            TOMTE_SPAN(at, end == NULL ? strlen(at) : (size_t)(end - at));
        at = end == NULL ? NULL : end + 1;
    }
    return tomte_aif_allows(scope, &r);
}

TEST(aif_allows_what_it_lists)
{
    struct tomte_span s = hex(example);
    CHECK_OK(allows(s, "/s/temp", TOMTE_AIF_GET));
    CHECK_OK(allows(s, "/a/led", TOMTE_AIF_GET));
    CHECK_OK(allows(s, "/a/led", TOMTE_AIF_PUT));
    CHECK_OK(allows(s, "/dtls", TOMTE_AIF_POST));
    CHECK_EQ(TOMTE_ERR_METHOD, allows(s, "/s/temp", TOMTE_AIF_PUT));
    CHECK_EQ(TOMTE_ERR_METHOD, allows(s, "/a/led", TOMTE_AIF_DELETE));
    CHECK_EQ(TOMTE_ERR_METHOD,
             allows(s, "/a/led", TOMTE_AIF_GET | TOMTE_AIF_DELETE));
    CHECK_EQ(TOMTE_ERR_METHOD, allows(s, "/a/led", 0));
}

TEST(aif_denies_the_rest)
{
    static const char *const paths[] = {
        "/",      "/s",        "/s/temp/", "/s//temp", "//s/temp",
        "/s/tem", "/s/temp2",  "/S/temp",  "/s/temp?", "/s/temp?x=1",
        "/a",     "/a/led/on", "/dtls/",   "/%64tls",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_EQ(TOMTE_ERR_DENIED,
                 allows(hex(example), paths[i], TOMTE_AIF_GET));
    CHECK_EQ(TOMTE_ERR_DENIED, allows(hex("80"), "/a", TOMTE_AIF_GET));
}

/* [["/", 1], ["/a?x=1&y", 1], ["/b/", 1], ["/b/", 4], ["/c", 2^33]] */
TEST(aif_paths_at_the_edges)
{
    struct tomte_span s = hex("85"
                              "82612f01"
                              "82682f613f783d31267901"
                              "82632f622f01"
                              "82632f622f04"
                              "82622f631b0000000200000000");
    CHECK_OK(allows(s, "/", TOMTE_AIF_GET));
    CHECK_OK(allows(s, "/a?x=1&y", TOMTE_AIF_GET));
    CHECK_EQ(TOMTE_ERR_DENIED, allows(s, "/a", TOMTE_AIF_GET));
    CHECK_EQ(TOMTE_ERR_DENIED, allows(s, "/a?x=1", TOMTE_AIF_GET));
    CHECK_EQ(TOMTE_ERR_DENIED, allows(s, "/a?y&x=1", TOMTE_AIF_GET));
    CHECK_OK(allows(s, "/b/", TOMTE_AIF_GET)); /* the entries add up */
    CHECK_OK(allows(s, "/b/", TOMTE_AIF_PUT));
    CHECK_EQ(TOMTE_ERR_DENIED, allows(s, "/b", TOMTE_AIF_GET));
    /* Dynamic-POST is no POST */
    CHECK_EQ(TOMTE_ERR_METHOD, allows(s, "/c", TOMTE_AIF_POST));
}

/* Options whose bytes would read as another path. */
TEST(aif_options_that_hide_a_separator)
{
    static const char *const texts[] = {"s/temp", "", "dtls?", "%73"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tomte_span one = tomte_span_str(texts[i]);
        struct tomte_aif_request r = {
            .segments = &one, .segment_count = 1, .method = TOMTE_AIF_GET};
        struct tomte_span s = hex("84"
                                  "82672f732f74656d7001"
                                  "82612f01"
                                  "82662f64746c733f01"
                                  "82642f25373301");
        CHECK_EQ(TOMTE_ERR_DENIED, tomte_aif_allows(s, &r));
    }
    struct tomte_span a = TOMTE_SPAN_LIT("a"), two = TOMTE_SPAN_LIT("x&y");
    struct tomte_aif_request r = {.segments = &a,
                                  .segment_count = 1,
                                  .queries = &two,
                                  .query_count = 1,
                                  .method = TOMTE_AIF_GET};
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_aif_allows(hex("8182662f613f7826 7901"), &r));
}

TEST(aif_malformed)
{
    static const struct {
        enum tomte_err err;
        const char *text;
    } rows[] = {
        {TOMTE_ERR_TYPE, "a0"},
        {TOMTE_ERR_TYPE, "8101"},
        {TOMTE_ERR_TYPE, "8182412f01"},
        {TOMTE_ERR_TYPE, "8182612f20"},
        {TOMTE_ERR_INVALID, "8182616101"},
        {TOMTE_ERR_INVALID, "81826001"},
        {TOMTE_ERR_MISSING, "8181612f"},
        {TOMTE_ERR_TRAILING, "8183612f0101"},
        {TOMTE_ERR_TRAILING, "8182612f0100"},
        {TOMTE_ERR_TRUNCATED, "8182612f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_EQ(rows[i].err, allows(hex(rows[i].text), "/", TOMTE_AIF_GET));
}

TEST(aif_methods_of_codes)
{
    CHECK_EQ(0, tomte_aif_method_of(0));
    CHECK_EQ(TOMTE_AIF_GET, tomte_aif_method_of(1));
    CHECK_EQ(TOMTE_AIF_IPATCH, tomte_aif_method_of(7));
    CHECK_EQ(0, tomte_aif_method_of(8));
    CHECK_EQ(0, tomte_aif_method_of(69));
}

/* ---- revocation -------------------------------------------------------- */

/* The digest is of the base64url text, whatever is left of a group of three. */
TEST(token_hashes)
{
    static const struct {
        const char *token, *text;
    } rows[] = {
        {"", ""},           {"66", "Zg"},           {"666f", "Zm8"},
        {"666f6f", "Zm9v"}, {"666f6f62", "Zm9vYg"}, {"fbefff", "--__"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES], digest[32];
        tomte_ace_token_hash(&tomte_crypto_fake, hex(rows[i].token), hash);
        tomte_sha256(&tomte_crypto_fake, tomte_span_str(rows[i].text), digest);
        CHECK_EQ(1, hash[0]);
        CHECK_BYTES(TOMTE_SPAN_ARRAY(digest), TOMTE_SPAN(hash + 1, 32));
    }
}

TEST(revocation_lists)
{
    uint8_t hashes[3][TOMTE_ACE_TOKEN_HASH_BYTES] = {{1, 10}, {1, 20}, {1, 30}};
    uint8_t got[3][TOMTE_ACE_TOKEN_HASH_BYTES], memory[128];
    struct tomte_span out;
    size_t count;
    for (size_t n = 0; n <= 3; n++) {
        CHECK_OK(tomte_ace_trl_encode(
            (const uint8_t(*)[TOMTE_ACE_TOKEN_HASH_BYTES])hashes, n,
            TOMTE_BUF_ARRAY(memory), &out));
        CHECK_OK(tomte_ace_trl_decode(out, got, 3, &count));
        CHECK_EQ(n, count);
        CHECK(memcmp(got, hashes, n * sizeof *hashes) == 0);
        CHECK_EQ(n > 1 ? TOMTE_ERR_FULL : TOMTE_OK,
                 tomte_ace_trl_decode(out, got, 1, &count));
        CHECK_EQ(n, count); /* how many there would have been */
    }
    memory[5] = 2; /* the first hash's function */
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_ace_trl_decode(out, got, 3, &count));
    CHECK_EQ(0, count);
    CHECK_EQ(TOMTE_ERR_MISSING,
             tomte_ace_trl_decode(hex("a0"), got, 3, &count));
    CHECK_OK(tomte_ace_trl_decode(hex("a2008002f6"), got, 3, &count));
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_ace_trl_decode(hex("a100814101"), got, 3, &count));
    CHECK_EQ(TOMTE_ERR_TYPE,
             tomte_ace_trl_decode(hex("a10001"), got, 3, &count));
}
