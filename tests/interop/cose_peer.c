/* SPDX-License-Identifier: Apache-2.0 */
/* The COSE room on a pipe, for cose_test.py and cose_test.mjs. A line asks, a
 * line answers. All parts are hexadecimal, "-" for nothing; KIND is the tag,
 * KEY an encoded COSE_Key, the maps are encoded:
 *
 *   make KIND KEY PROTECTED UNPROTECTED PAYLOAD AAD   the message
 *   judge KIND KEY MESSAGE AAD    the payload of an authentic message
 *   thumbprint KEY                its SHA-256 thumbprint
 *   key KEY                       the key, encoded again
 *   claims MAP                    claims, encoded again
 *
 * An error is answered by "!" and its name. */
#include "crypto/bearssl.h"

#include "base/assert.h"
#include "cose/cwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 8192
#define PARTS_MAX 8

static const struct tomte_crypto *const bear = &tomte_crypto_bearssl;

static char line[PARTS_MAX * 2 * BYTES_MAX];
static uint8_t memory[PARTS_MAX][BYTES_MAX], output[2 * BYTES_MAX];

_Noreturn void tomte_panic(const char *file, int at, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, at, what);
    abort();
}

/* The words after the verb, as bytes. */
static void read_parts(struct tomte_span part[PARTS_MAX])
{
    char *word = strtok(NULL, " \n");
    for (size_t i = 0; i < PARTS_MAX; i++) {
        size_t n = 0;
        unsigned byte;
        while (word != NULL && n < BYTES_MAX &&
               sscanf(word + 2 * n, "%2x", &byte) == 1)
            memory[i][n++] = (uint8_t)byte;
        part[i] = TOMTE_SPAN(memory[i], n);
        word = strtok(NULL, " \n");
    }
}

/* The kind's number is the first part: one byte, in hexadecimal. */
static enum tomte_cose_kind kind_of(struct tomte_span part)
{
    return (enum tomte_cose_kind)(part.len == 1 ? part.data[0] : 0);
}

static enum tomte_err make(const struct tomte_span *part,
                           struct tomte_span *out)
{
    struct tomte_cose_key key;
    struct tomte_cose_draft draft = {.protected_map = part[2],
                                     .unprotected_map = part[3],
                                     .payload = part[4],
                                     .external_aad = part[5]};
    struct tomte_buf to = TOMTE_BUF_ARRAY(output);
    enum tomte_err err = tomte_cose_key_decode(&key, part[1]);
    if (err != TOMTE_OK)
        return err;
    switch (kind_of(part[0])) {
    case TOMTE_COSE_SIGN1:
        return tomte_cose_sign1_encode(bear, &draft, &key, to, out);
    case TOMTE_COSE_MAC0:
        return tomte_cose_mac0_encode(bear, &draft, &key, to, out);
    default:
        return tomte_cose_encrypt0_encode(bear, &draft, &key, to, out);
    }
}

static enum tomte_err judge(const struct tomte_span *part,
                            struct tomte_span *out)
{
    struct tomte_cose m;
    struct tomte_cose_key key;
    struct tomte_cose_context context = {.external_aad = part[3]};
    enum tomte_err err = tomte_cose_key_decode(&key, part[1]);
    if (err == TOMTE_OK)
        err = tomte_cose_decode(&m, kind_of(part[0]), part[2]);
    if (err != TOMTE_OK)
        return err;
    *out = m.payload;
    switch (m.kind) {
    case TOMTE_COSE_SIGN1:
        return tomte_cose_sign1_verify(bear, &m, &key, &context);
    case TOMTE_COSE_MAC0:
        return tomte_cose_mac0_verify(bear, &m, &key, &context);
    default:
        return tomte_cose_encrypt0_decrypt(bear, &m, &key, &context,
                                           TOMTE_BUF_ARRAY(output), out);
    }
}

static enum tomte_err print_key(const char *verb, struct tomte_span in,
                                struct tomte_span *out)
{
    struct tomte_cose_key key;
    enum tomte_err err = tomte_cose_key_decode(&key, in);
    if (err != TOMTE_OK)
        return err;
    if (strcmp(verb, "key") == 0)
        return tomte_cose_key_encode(&key, TOMTE_BUF_ARRAY(output), out);
    *out = TOMTE_SPAN(output, TOMTE_SHA256_BYTES);
    return tomte_cose_key_thumbprint(bear, &key, output);
}

static enum tomte_err print_claims(struct tomte_span in, struct tomte_span *out)
{
    struct tomte_cwt claims;
    enum tomte_err err = tomte_cwt_decode(&claims, in);
    if (err != TOMTE_OK)
        return err;
    return tomte_cwt_encode(&claims, TOMTE_BUF_ARRAY(output), out);
}

static void answer(void)
{
    struct tomte_span part[PARTS_MAX], out = TOMTE_SPAN_NONE;
    const char *verb = strtok(line, " \n");
    enum tomte_err err = TOMTE_ERR_USAGE;
    if (verb == NULL)
        return;
    read_parts(part);
    if (strcmp(verb, "make") == 0)
        err = make(part, &out);
    else if (strcmp(verb, "judge") == 0)
        err = judge(part, &out);
    else if (strcmp(verb, "thumbprint") == 0 || strcmp(verb, "key") == 0)
        err = print_key(verb, part[0], &out);
    else if (strcmp(verb, "claims") == 0)
        err = print_claims(part[0], &out);
    if (err != TOMTE_OK)
        printf("!%s", tomte_err_name(err));
    for (size_t i = 0; err == TOMTE_OK && i < out.len; i++)
        printf("%02x", out.data[i]);
    printf("\n");
    fflush(stdout);
}

int main(void)
{
    while (fgets(line, sizeof line, stdin) != NULL)
        answer();
    return 0;
}
