/* SPDX-License-Identifier: Apache-2.0 */
#include "container/image.h"

#include "base/text.h"
#include "cbor/cbor.h"
#include "container/authors.h"
#include "container/manifest.h"
#include "cose/signed.h"
#include "crypto/crypto.h"

#include <string.h>

_Static_assert(TOMTE_IMAGE_DIGEST_BYTES == TOMTE_SHA256_BYTES,
               "an image is named by its SHA-256");
_Static_assert(TOMTE_IMAGE_HEAD_BYTES ==
                   TOMTE_MANIFEST_BYTES_MAX + TOMTE_IMAGE_OVERHEAD,
               "a head is a manifest and what is around it");

#define UNSIGNED_VERSION 1

/* ---- reading ----------------------------------------------------------- */

/* [digest of the module, manifest]; the manifest stays encoded. */
static enum tomte_err read_content(struct tomte_span content,
                                   struct tomte_image *image)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, content, 0);
    if (tomte_cbor_enter_array(&d) != 2)
        tomte_cbor_fail(&d, TOMTE_ERR_MALFORMED);
    image->module_digest = tomte_cbor_get_bytes(&d);
    if (image->module_digest.len != TOMTE_SHA256_BYTES)
        tomte_cbor_fail(&d, TOMTE_ERR_RANGE);
    image->manifest = tomte_cbor_get_raw(&d);
    if (image->manifest.len > TOMTE_MANIFEST_BYTES_MAX)
        tomte_cbor_fail(&d, TOMTE_ERR_TOO_LARGE);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

static enum tomte_err read_statement(struct tomte_image *image)
{
    struct tomte_signed s;
    enum tomte_err err =
        tomte_signed_decode(&s, TOMTE_IMAGE_TYPE, image->statement);
    if (err != TOMTE_OK)
        return err;
    image->key_id = s.message.header.kid;
    return read_content(s.payload, image);
}

static void read_version(struct tomte_cbor_dec *d)
{
    uint64_t version = tomte_cbor_get_uint(d);
    if (version == UNSIGNED_VERSION)
        tomte_cbor_fail(d, TOMTE_ERR_DENIED);
    if (version != TOMTE_IMAGE_VERSION)
        tomte_cbor_fail(d, TOMTE_ERR_VERSION);
}

enum tomte_err tomte_image_open(struct tomte_span bytes,
                                struct tomte_image *image)
{
    struct tomte_cbor_dec d;
    *image = (struct tomte_image){.bytes = bytes};
    if (bytes.len > TOMTE_IMAGE_BYTES_MAX)
        return TOMTE_ERR_TOO_LARGE;
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    read_version(&d);
    image->statement = tomte_cbor_get_bytes(&d);
    image->module = tomte_cbor_get_bytes(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    return err != TOMTE_OK ? err : read_statement(image);
}

/* The head of the byte string that the module is, at `*at`; in the shortest
 * form, as everywhere. */
static enum tomte_err read_module_head(struct tomte_span head, size_t *at,
                                       size_t *len)
{
    static const uint8_t bytes[] = {1, 2, 4};
    static const uint32_t least[] = {24, 256, 65536};
    if (*at >= head.len || head.data[*at] >> 5 != 2)
        return TOMTE_ERR_TYPE;
    unsigned info = head.data[(*at)++] & 31u;
    *len = info;
    if (info < 24)
        return TOMTE_OK;
    info -= 24;
    if (info >= sizeof bytes)
        return TOMTE_ERR_TOO_LARGE;
    if (head.len - *at < bytes[info])
        return TOMTE_ERR_TRUNCATED;
    *len = 0;
    for (size_t i = 0; i < bytes[info]; i++)
        *len = *len << 8 | head.data[(*at)++];
    return *len < least[info] ? TOMTE_ERR_NOT_CANONICAL : TOMTE_OK;
}

enum tomte_err tomte_image_open_head(struct tomte_span head, size_t size,
                                     struct tomte_image *image,
                                     size_t *module_at)
{
    struct tomte_cbor_dec d;
    size_t len = 0;
    if (head.len == size) {
        enum tomte_err err = tomte_image_open(head, image);
        *module_at =
            err == TOMTE_OK ? (size_t)(image->module.data - head.data) : 0;
        return err;
    }
    *image = (struct tomte_image){.bytes = head};
    *module_at = 0;
    tomte_cbor_decode_init(&d, head, 0);
    if (tomte_cbor_enter_array(&d) != 3)
        tomte_cbor_fail(&d, TOMTE_ERR_MALFORMED);
    read_version(&d);
    image->statement = tomte_cbor_get_bytes(&d);
    if (!tomte_cbor_ok(&d))
        return d.err;
    *module_at =
        (size_t)(image->statement.data - head.data) + image->statement.len;
    enum tomte_err err = read_module_head(head, module_at, &len);
    if (err == TOMTE_OK && (len > size || *module_at != size - len))
        err = TOMTE_ERR_MALFORMED;
    image->module.len = len;
    return err != TOMTE_OK ? err : read_statement(image);
}

/* ---- writing ----------------------------------------------------------- */

static enum tomte_err encode_content(const struct tomte_crypto *crypto,
                                     struct tomte_span manifest,
                                     struct tomte_span module,
                                     struct tomte_buf out,
                                     struct tomte_span *content)
{
    uint8_t digest[TOMTE_SHA256_BYTES];
    struct tomte_cbor_enc e;
    tomte_sha256(crypto, module, digest);
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_ARRAY(digest));
    tomte_cbor_put_raw(&e, manifest);
    return tomte_cbor_encode_done(&e, content);
}

static enum tomte_err encode_image(struct tomte_span statement,
                                   struct tomte_span module,
                                   struct tomte_buf out,
                                   struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, TOMTE_IMAGE_VERSION);
    tomte_cbor_put_bytes(&e, statement);
    tomte_cbor_put_bytes(&e, module);
    enum tomte_err err = tomte_cbor_encode_done(&e, bytes);
    if (err == TOMTE_OK && bytes->len > TOMTE_IMAGE_BYTES_MAX)
        err = TOMTE_ERR_TOO_LARGE;
    return err;
}

/* `out` is cut in three: the image, what the author signed, and of what. */
enum tomte_err tomte_image_build(const struct tomte_crypto *crypto,
                                 struct tomte_span manifest,
                                 struct tomte_span module,
                                 const struct tomte_key_pair *author,
                                 struct tomte_buf out, struct tomte_span *bytes)
{
    size_t part = manifest.len + TOMTE_IMAGE_OVERHEAD;
    struct tomte_signed_draft draft = {.type = TOMTE_IMAGE_TYPE};
    struct tomte_span statement;
    *bytes = TOMTE_SPAN_NONE;
    if (module.len > TOMTE_IMAGE_BYTES_MAX)
        return TOMTE_ERR_TOO_LARGE;
    if (out.cap < TOMTE_IMAGE_ROOM(manifest.len, module.len))
        return TOMTE_ERR_FULL;
    uint8_t *signed_at = out.data + module.len + part;
    enum tomte_err err =
        encode_content(crypto, manifest, module,
                       TOMTE_BUF(signed_at + part, part), &draft.payload);
    if (err == TOMTE_OK)
        err = tomte_signed_encode(crypto, &draft, author,
                                  TOMTE_BUF(signed_at, part), &statement);
    if (err != TOMTE_OK)
        return err;
    return encode_image(statement, module,
                        TOMTE_BUF(out.data, module.len + part), bytes);
}

void tomte_image_digest(const struct tomte_crypto *crypto,
                        struct tomte_span bytes,
                        uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    tomte_sha256(crypto, bytes, digest);
}

/* ---- judging ----------------------------------------------------------- */

static void say(struct tomte_text *t, const char *before,
                struct tomte_span name, const char *after)
{
    tomte_text_str(t, before);
    tomte_text_span(t, name);
    tomte_text_str(t, after);
}

static bool module_differs(const struct tomte_crypto *crypto,
                           const struct tomte_image *image)
{
    uint8_t digest[TOMTE_SHA256_BYTES];
    if (image->module.data == NULL)
        return false;
    tomte_sha256(crypto, image->module, digest);
    return !tomte_span_equal(image->module_digest, TOMTE_SPAN_ARRAY(digest));
}

static enum tomte_err verify(const struct tomte_crypto *crypto,
                             const struct tomte_image *image,
                             const struct tomte_author *author)
{
    struct tomte_signed s;
    enum tomte_err err =
        tomte_signed_decode(&s, TOMTE_IMAGE_TYPE, image->statement);
    return err != TOMTE_OK
               ? err
               : tomte_signed_verify(crypto, &s, author->open, TOMTE_SPAN_NONE);
}

/* True when something is said. */
static bool objects(const struct tomte_crypto *crypto,
                    const struct tomte_image *image, struct tomte_span authors,
                    const struct tomte_name *identity, struct tomte_text *t)
{
    struct tomte_author author;
    struct tomte_span name = TOMTE_SPAN_NONE;
    if (image->key_id.len != TOMTE_KEY_ID_BYTES ||
        tomte_authors_by_key(crypto, authors, image->key_id.data, &author) !=
            TOMTE_OK) {
        tomte_text_str(t, "signed by the key ");
        tomte_text_hex(t, image->key_id);
        tomte_text_str(t, ", which is no author's of this home");
        return true;
    }
    name = tomte_name_span(&author.name);
    if (verify(crypto, image, &author) != TOMTE_OK)
        say(t, "the signature is not that of author ", name, "");
    else if (module_differs(crypto, image))
        say(t, "the module is not the one that author ", name, " signed");
    else if (!tomte_author_may(&author, identity)) {
        say(t, "author ", name, " may not name the identity ");
        tomte_text_span(t, tomte_name_span(identity));
    }
    return t->len > 0;
}

enum tomte_err tomte_image_judge(const struct tomte_crypto *crypto,
                                 const struct tomte_image *image,
                                 struct tomte_span authors,
                                 const struct tomte_name *identity,
                                 struct tomte_image_report *report)
{
    struct tomte_image_report unread;
    struct tomte_text t;
    if (report == NULL)
        report = &unread;
    tomte_text_init(&t, report->text, sizeof report->text);
    return objects(crypto, image, authors, identity, &t) ? TOMTE_ERR_DENIED
                                                         : TOMTE_OK;
}
