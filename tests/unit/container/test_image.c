/* SPDX-License-Identifier: Apache-2.0 */
/* An image: put together, taken apart, and who lets it run as what. */
#include "test.h"

#include "cbor/cbor.h"
#include "container/authors.h"
#include "container/image.h"
#include "cose/signed.h"
#include "unit/container/make.h"

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

static uint8_t manifest_bytes[TOMTE_MANIFEST_BYTES_MAX];
static uint8_t bytes[16384], list_bytes[2048];
static struct tomte_image image;

#define MODULE TOMTE_SPAN_LIT("\0asm\1\0\0\0")

static struct tomte_span a_manifest(void)
{
    struct tomte_manifest m = make_manifest("min");
    struct tomte_span out;
    CHECK_OK(
        tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(manifest_bytes), &out, NULL));
    return out;
}

static struct tomte_span built_by(const struct tomte_key_pair *author)
{
    struct tomte_span out;
    CHECK_OK(tomte_image_build(fake, a_manifest(), MODULE, author,
                               TOMTE_BUF_ARRAY(bytes), &out));
    return out;
}

/* The author 1, "acme", may name "lamp"; 2, "berg", "heater". */
static struct tomte_span a_list(void)
{
    struct tomte_author authors[2] = {{.name = make_name("acme"),
                                       .patterns_len = 1,
                                       .patterns = {TOMTE_SPAN_LIT("lamp")}},
                                      {.name = make_name("berg"),
                                       .patterns_len = 1,
                                       .patterns = {TOMTE_SPAN_LIT("heater")}}};
    struct tomte_span list;
    memcpy(authors[0].open, make_author(1)->open, sizeof authors[0].open);
    memcpy(authors[1].open, make_author(2)->open, sizeof authors[1].open);
    CHECK_OK(
        tomte_authors_encode(authors, 2, TOMTE_BUF_ARRAY(list_bytes), &list));
    return list;
}

TEST(image_opens_to_what_it_was_built_from)
{
    struct tomte_span manifest = a_manifest(), out = built_by(make_author(1));
    uint8_t digest[TOMTE_SHA256_BYTES], id[TOMTE_KEY_ID_BYTES];
    CHECK(out.len <= manifest.len + MODULE.len + TOMTE_IMAGE_OVERHEAD);
    CHECK_OK(tomte_image_open(out, &image));
    CHECK_BYTES(manifest, image.manifest);
    CHECK_BYTES(MODULE, image.module);
    CHECK_BYTES(out, image.bytes);
    tomte_sha256(fake, MODULE, digest);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(digest), image.module_digest);
    tomte_key_id(fake, make_author(1)->open, id);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(id), image.key_id);
    for (size_t n = 0; n < out.len; n++)
        CHECK(tomte_image_open(TOMTE_SPAN(out.data, n), &image) != TOMTE_OK);
}

TEST(image_needs_room)
{
    struct tomte_span out, manifest = a_manifest();
    size_t room = TOMTE_IMAGE_ROOM(manifest.len, 1);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_image_build(fake, manifest, TOMTE_SPAN_LIT("x"),
                               make_author(1), TOMTE_BUF(bytes, room - 1),
                               &out));
    CHECK_OK(tomte_image_build(fake, manifest, TOMTE_SPAN_LIT("x"),
                               make_author(1), TOMTE_BUF(bytes, room), &out));
}

static void refused(const char *hex, enum tomte_err err)
{
    CHECK_EQ(err,
             tomte_image_open(test_hex(hex, TOMTE_BUF_ARRAY(bytes)), &image));
}

TEST(image_refuses_what_is_none)
{
    refused("", TOMTE_ERR_TRUNCATED);
    refused("83 03 40 40", TOMTE_ERR_VERSION);
    refused("83 01 40 40", TOMTE_ERR_DENIED); /* as it was: not signed */
    refused("82 02 40", TOMTE_ERR_MISSING);
    refused("84 02 40 40 40", TOMTE_ERR_TRAILING);
    refused("83 02 40 40 00", TOMTE_ERR_TRAILING);
    refused("83 02 40 60", TOMTE_ERR_TYPE);
    refused("83 02 5800 40", TOMTE_ERR_NOT_CANONICAL);
    refused("83 02 591001", TOMTE_ERR_TRUNCATED);
    refused("83 02 40 40", TOMTE_ERR_TRUNCATED); /* nothing signed it */
    refused("83 02 41a0 40", TOMTE_ERR_TYPE);
}

/* What an author signed that is no [digest, manifest]. */
static enum tomte_err signed_content(struct tomte_span content)
{
    uint8_t memory[512];
    struct tomte_cbor_enc e;
    struct tomte_span statement, out;
    struct tomte_signed_draft draft = {.type = TOMTE_IMAGE_TYPE,
                                       .payload = content};
    CHECK_OK(tomte_signed_encode(fake, &draft, make_author(1),
                                 TOMTE_BUF_ARRAY(memory), &statement));
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(bytes));
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, TOMTE_IMAGE_VERSION);
    tomte_cbor_put_bytes(&e, statement);
    tomte_cbor_put_bytes(&e, MODULE);
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    return tomte_image_open(out, &image);
}

TEST(image_content_is_a_digest_and_a_manifest)
{
    static const uint8_t good[] = {
        0x82, 0x58, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0,    0,    0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0};
    CHECK_OK(signed_content(TOMTE_SPAN_ARRAY(good)));
    CHECK_EQ(1, image.manifest.len);
    CHECK_EQ(TOMTE_ERR_RANGE, signed_content(TOMTE_SPAN_LIT("\x82\x40\xa0")));
    CHECK_EQ(TOMTE_ERR_MALFORMED, signed_content(TOMTE_SPAN_LIT("\x81\x40")));
    CHECK_EQ(TOMTE_ERR_TYPE, signed_content(TOMTE_SPAN_LIT("\xa0")));
    CHECK_EQ(TOMTE_ERR_TRUNCATED, signed_content(TOMTE_SPAN_NONE));
}

TEST(image_digest_is_over_all_of_it)
{
    uint8_t a[TOMTE_IMAGE_DIGEST_BYTES];
    uint8_t b[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_span in = test_hex("83 02 40 41 00", TOMTE_BUF_ARRAY(bytes));
    tomte_image_digest(fake, in, a);
    tomte_sha256(fake, in, b);
    CHECK_EQ(0, memcmp(a, b, sizeof(a)));
    bytes[4] = 1;
    tomte_image_digest(fake, in, b);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}

/* ---- in pieces --------------------------------------------------------- */

TEST(image_head_says_where_the_module_is)
{
    static uint8_t module[70000];
    static uint8_t large[sizeof module + 16384];
    static const size_t sizes[] = {0, 23, 24, 255, 256, 65535, 65536, 70000};
    struct tomte_image head;
    struct tomte_span out;
    size_t at;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_OK(tomte_image_build(fake, a_manifest(),
                                   TOMTE_SPAN(module, sizes[i]), make_author(1),
                                   TOMTE_BUF_ARRAY(large), &out));
        CHECK_OK(tomte_image_open(out, &image));
        CHECK_OK(tomte_image_open_head(
            tomte_span_slice(out, 0, TOMTE_IMAGE_HEAD_BYTES), out.len, &head,
            &at));
        CHECK(large + at == image.module.data);
        CHECK_EQ(sizes[i], head.module.len);
        CHECK_BYTES(image.manifest, head.manifest);
        /* of another size than it says */
        CHECK(tomte_image_open_head(
                  tomte_span_slice(out, 0, TOMTE_IMAGE_HEAD_BYTES), out.len + 1,
                  &head, &at) != TOMTE_OK);
    }
}

TEST(image_head_is_read_as_strictly)
{
    struct tomte_span out = built_by(make_author(1));
    struct tomte_image head;
    size_t at;
    CHECK_OK(tomte_image_open(out, &image));
    size_t module_at = (size_t)(image.module.data - bytes);
    for (size_t n = 0; n < module_at; n++)
        CHECK(tomte_image_open_head(TOMTE_SPAN(bytes, n), out.len, &head,
                                    &at) != TOMTE_OK);
    for (size_t n = module_at; n < out.len; n++) {
        CHECK_OK(
            tomte_image_open_head(TOMTE_SPAN(bytes, n), out.len, &head, &at));
        CHECK(head.module.data == NULL);
    }
    bytes[module_at - 1] = 0x58; /* 8 as two bytes */
    bytes[module_at] = 7;
    CHECK_EQ(TOMTE_ERR_NOT_CANONICAL,
             tomte_image_open_head(TOMTE_SPAN(bytes, out.len - 1), out.len,
                                   &head, &at));
    bytes[module_at - 1] = 0x5b; /* 64 bits of length */
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_image_open_head(TOMTE_SPAN(bytes, out.len - 1), out.len,
                                   &head, &at));
}

/* ---- who lets it run --------------------------------------------------- */

static const char *judged(const char *identity)
{
    static struct tomte_image_report report;
    struct tomte_name name = make_name(identity);
    enum tomte_err err =
        tomte_image_judge(fake, &image, a_list(), &name, &report);
    CHECK_EQ(report.text[0] == 0 ? TOMTE_OK : TOMTE_ERR_DENIED, err);
    CHECK_EQ(err, tomte_image_judge(fake, &image, a_list(), &name, NULL));
    return report.text;
}

TEST(image_runs_as_what_its_author_may_name)
{
    CHECK_OK(tomte_image_open(built_by(make_author(1)), &image));
    CHECK_EQ(0, strcmp("", judged("lamp")));
    CHECK_EQ(0, strcmp("author acme may not name the identity heater",
                       judged("heater")));
    CHECK_OK(tomte_image_open(built_by(make_author(2)), &image));
    CHECK_EQ(0, strcmp("", judged("heater")));
    CHECK_EQ(0, strcmp("author berg may not name the identity lamp",
                       judged("lamp")));
}

TEST(image_of_a_stranger_is_refused)
{
    struct tomte_image_report report;
    struct tomte_name lamp = make_name("lamp");
    CHECK_OK(tomte_image_open(built_by(make_author(3)), &image));
    CHECK(strstr(judged("lamp"), "no author's of this home") != NULL);
    CHECK_OK(tomte_image_open(built_by(make_author(1)), &image));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_image_judge(fake, &image, TOMTE_SPAN_NONE, &lamp, &report));
}

TEST(image_with_another_module_is_refused)
{
    struct tomte_span out = built_by(make_author(1));
    bytes[out.len - 1] ^= 1;
    CHECK_OK(tomte_image_open(out, &image));
    CHECK_EQ(0, strcmp("the module is not the one that author acme signed",
                       judged("lamp")));
    image.module.data = NULL; /* not at hand: whoever has it compares */
    CHECK_EQ(0, strcmp("", judged("lamp")));
}

/* The kid of one author over the signature of another: every bit of the
 * statement counts. */
TEST(image_statement_bears_no_change)
{
    struct tomte_span out = built_by(make_author(1));
    size_t changed = 0;
    CHECK_OK(tomte_image_open(out, &image));
    size_t end = (size_t)(image.module.data - bytes);
    for (size_t i = 0; i < end * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        if (tomte_image_open(out, &image) == TOMTE_OK) {
            CHECK(judged("lamp")[0] != 0);
            changed++;
        }
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CHECK(changed > 64 * 8); /* at least all of the signature */
}
