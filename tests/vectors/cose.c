/* SPDX-License-Identifier: Apache-2.0 */
/* Published COSE and CWT messages, on the real backend.
 *
 * usage: vectors_cose [FOLDER]
 *
 * FOLDER holds cose/ and cwt/ (TOMTE_VECTORS when not given). Each file is one
 * test. A message that is to verify does so, gives the text it was made of, and
 * made again with the same key it is the same (a signature need only verify).
 * A message that is to fail is refused. The examples often name the algorithm
 * in the unprotected bucket: such a message must be refused as it is; then this
 * program, and nothing in src/, reads it there and names it as the context.
 *
 * What is not supported must be refused, and is skipped by name. */
#include "crypto/bearssl.h"
#include "vector.h"

#include "cbor/cbor.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tomte_crypto *const bear = &tomte_crypto_bearssl;

static unsigned passed, failed, skipped;

static enum tomte_cose_kind kind_of(const struct vector *v)
{
    if (strcmp(v->kind, "sign0") == 0)
        return TOMTE_COSE_SIGN1;
    return strcmp(v->kind, "mac0") == 0 ? TOMTE_COSE_MAC0 : TOMTE_COSE_ENCRYPT0;
}

/* Several signers or recipients: no kind of ours takes it. */
static const char *refuse_others(const struct vector *v)
{
    struct tomte_cose m;
    for (int kind = TOMTE_COSE_ENCRYPT0; kind <= TOMTE_COSE_SIGN1; kind++)
        if (tomte_cose_decode(&m, (enum tomte_cose_kind)kind, v->message) ==
            TOMTE_OK)
            return "taken for another kind of message";
    return NULL;
}

/* `plain` is what the message holds once it is authentic. */
static enum tomte_err judge(const struct vector *v, const struct tomte_cose *m,
                            const struct tomte_cose_context *context,
                            struct tomte_span *plain)
{
    static uint8_t memory[VECTOR_BYTES_MAX];
    *plain = m->payload;
    switch (m->kind) {
    case TOMTE_COSE_SIGN1:
        return tomte_cose_sign1_verify(bear, m, &v->key, context);
    case TOMTE_COSE_MAC0:
        return tomte_cose_mac0_verify(bear, m, &v->key, context);
    default:
        return tomte_cose_encrypt0_decrypt(bear, m, &v->key, context,
                                           TOMTE_BUF_ARRAY(memory), plain);
    }
}

/* The algorithm that nothing protects; 0 when there is none, or a text. */
static int64_t unprotected_alg(const struct tomte_cose *m)
{
    struct tomte_span value;
    struct tomte_cbor_dec d;
    if (tomte_cose_find(m->unprotected_map, TOMTE_COSE_ALG, &value) != TOMTE_OK)
        return 0;
    tomte_cbor_decode_init(&d, value, 0);
    return tomte_cbor_get_int(&d);
}

/* Made again of what was in it. */
static const char *remake(const struct vector *v, const struct tomte_cose *m)
{
    uint8_t memory[VECTOR_BYTES_MAX];
    struct tomte_cose_draft draft = {.protected_map = m->protected_map,
                                     .unprotected_map = m->unprotected_map,
                                     .payload = v->plain,
                                     .external_aad = v->external_aad,
                                     .untagged = !m->tagged};
    struct tomte_cose_context context = {.external_aad = v->external_aad};
    struct tomte_buf out = TOMTE_BUF_ARRAY(memory);
    struct tomte_span again;
    struct tomte_cose n;
    enum tomte_err err;
    if (m->header.alg == 0 || tomte_alg_curve(m->header.alg) == 2)
        return NULL; /* made without a protected algorithm; P-384 signs not */
    if (m->kind == TOMTE_COSE_SIGN1)
        err = tomte_cose_sign1_encode(bear, &draft, &v->key, out, &again);
    else if (m->kind == TOMTE_COSE_MAC0)
        err = tomte_cose_mac0_encode(bear, &draft, &v->key, out, &again);
    else
        err = tomte_cose_encrypt0_encode(bear, &draft, &v->key, out, &again);
    if (err != TOMTE_OK)
        return "cannot be made again";
    if (m->kind != TOMTE_COSE_SIGN1)
        return tomte_span_equal(again, v->message) ? NULL : "made differently";
    if (again.len != v->message.len ||
        tomte_cose_decode(&n, m->kind, again) != TOMTE_OK ||
        tomte_cose_sign1_verify(bear, &n, &v->key, &context) != TOMTE_OK)
        return "our own signature does not verify";
    return NULL;
}

/* NULL: as it should be; else what is not. */
static const char *check(const struct vector *v, struct tomte_span *plain)
{
    struct tomte_cose m;
    struct tomte_cose_context context = {.external_aad = v->external_aad};
    enum tomte_err err = tomte_cose_decode(&m, kind_of(v), v->message);
    if (err != TOMTE_OK)
        return v->fails ? NULL : tomte_err_name(err);
    err = judge(v, &m, &context, plain);
    if (m.header.alg == 0) {
        if (err != TOMTE_ERR_MISSING)
            return "an algorithm that nothing protects was believed";
        context.alg = unprotected_alg(&m);
        err = judge(v, &m, &context, plain);
    }
    if (vector_foreign(v) != NULL)
        return err == TOMTE_ERR_UNSUPPORTED ? NULL : "should be UNSUPPORTED";
    if (v->fails)
        return err != TOMTE_OK ? NULL : "was to be refused";
    if (err != TOMTE_OK)
        return tomte_err_name(err);
    if (!tomte_span_equal(*plain, v->plain))
        return "another content";
    return remake(v, &m);
}

/* ---- claims ------------------------------------------------------------ */

/* The claims set, written again; of A.7 with a fraction, which we do not. */
static const char *check_claims(struct tomte_span plain)
{
    uint8_t memory[VECTOR_BYTES_MAX];
    struct tomte_cwt c;
    struct tomte_span again;
    if (tomte_cwt_decode(&c, plain) != TOMTE_OK)
        return "claims are not read";
    if (c.iat.seconds != 1443944944 || c.unknown != 0)
        return "other claims";
    if (c.iat.fraction)
        return tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &again) ==
                       TOMTE_ERR_INVALID
                   ? NULL
                   : "a fraction was written";
    if (c.exp.seconds != 1444064944 ||
        !tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("coap://light.example.com")))
        return "other claims";
    if (tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &again) != TOMTE_OK ||
        !tomte_span_equal(plain, again))
        return "claims written differently";
    return NULL;
}

/* A.6 is a signed token inside of an encrypted one; A.3's key has signed. */
static const char *check_token(const struct vector *v, struct tomte_span plain)
{
    static const uint8_t open[] = {
        0x14, 0x33, 0x29, 0xcc, 0xe7, 0x86, 0x8e, 0x41, 0x69, 0x27, 0x59,
        0x9c, 0xf6, 0x5a, 0x34, 0xf3, 0xce, 0x2f, 0xfd, 0xa5, 0x5a, 0x7e,
        0xca, 0x69, 0xed, 0x89, 0x19, 0xa3, 0x94, 0xd4, 0x2f, 0x0f, 0x60,
        0xf7, 0xf1, 0xa7, 0x80, 0xd8, 0xa7, 0x83, 0xbf, 0xb7, 0xa2, 0xdd,
        0x6b, 0x27, 0x96, 0xe8, 0x12, 0x8d, 0xbb, 0xce, 0xf9, 0xd3, 0xd1,
        0x68, 0xdb, 0x95, 0x29, 0x97, 0x1a, 0x36, 0xe7, 0xb9};
    struct tomte_cose_key key = tomte_cose_key_p256(open, TOMTE_SPAN_NONE);
    struct tomte_cose m;
    if (tomte_cwt_open(&m, v->message, 0) != TOMTE_OK)
        return "is no token";
    if (tomte_cwt_open(&m, plain, 0) != TOMTE_OK)
        return check_claims(plain);
    if (tomte_cose_sign1_verify(bear, &m, &key, NULL) != TOMTE_OK)
        return "the inner token does not verify";
    return check_claims(m.payload);
}

/* ---- files ------------------------------------------------------------- */

static void report(const char *path, const char *wrong, const char *skip)
{
    if (wrong != NULL)
        printf("FAIL %s: %s\n", path, wrong);
    else if (skip != NULL)
        printf("SKIP %s: %s\n", path, skip);
    failed += wrong != NULL;
    skipped += wrong == NULL && skip != NULL;
    passed += wrong == NULL && skip == NULL;
}

/* Refused, as check() has seen, since the algorithm is not supported. */
static const char *foreign(const struct vector *v)
{
    static char text[64];
    const char *name = vector_foreign(v);
    if (name == NULL)
        return NULL;
    snprintf(text, sizeof text, "%s: not supported, and refused", name);
    return text;
}

static void run_file(const char *path, bool token)
{
    static struct vector v;
    const char *wrong = NULL, *skip = NULL;
    struct tomte_span plain = TOMTE_SPAN_NONE;
    if (!vector_read(&v, path, &wrong)) {
        report(path, wrong, NULL);
    } else if (strcmp(v.kind, "sign") == 0 || strcmp(v.kind, "mac") == 0 ||
               strcmp(v.kind, "enveloped") == 0) {
        report(path, refuse_others(&v),
               "several signers or recipients: not supported, and refused");
    } else {
        skip = foreign(&v);
        wrong = check(&v, &plain);
        if (wrong == NULL && token)
            wrong = check_token(&v, plain);
        report(path, wrong, skip);
    }
    cJSON_Delete(v.json);
}

static int is_json(const struct dirent *e)
{
    const char *end = strrchr(e->d_name, '.');
    return end != NULL && strcmp(end, ".json") == 0;
}

static void run_folder(const char *root, const char *name)
{
    char path[1024];
    struct dirent **entries;
    snprintf(path, sizeof path, "%s/%s", root, name);
    int n = scandir(path, &entries, is_json, alphasort);
    if (n <= 0) {
        report(path, getenv("CI") != NULL ? "no such data" : NULL,
               "no such data");
        return;
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", root, name, entries[i]->d_name);
        run_file(path, strcmp(name, "cwt") == 0);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    static const char *const folders[] = {"cose/sign1-tests",
                                          "cose/ecdsa-examples",
                                          "cose/mac0-tests",
                                          "cose/hmac-examples",
                                          "cose/encrypted-tests",
                                          "cose/aes-ccm-examples",
                                          "cwt"};
    const char *root = argc > 1 ? argv[1] : getenv("TOMTE_VECTORS");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        run_folder(root == NULL ? "vectors" : root, folders[i]);
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed > 0 || passed + skipped == 0;
}
