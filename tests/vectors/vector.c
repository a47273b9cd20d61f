/* SPDX-License-Identifier: Apache-2.0 */
#include "vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *read_json(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);
    cJSON *json = NULL;
    if (f != NULL && text != NULL && fread(text, 1, (1 << 16) - 1, f) > 0)
        json = cJSON_Parse(text);
    if (f != NULL)
        fclose(f);
    free(text);
    return json;
}

static struct tomte_buf room(struct vector *v)
{
    return TOMTE_BUF(v->memory[v->used++], VECTOR_BYTES_MAX);
}

static int digit(char c, bool hex)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
                                  "nopqrstuvwxyz0123456789-_";
    static const char hexes[] = "0123456789abcdef0123456789ABCDEF";
    const char *set = hex ? hexes : letters;
    const char *at = c == 0 ? NULL : strchr(set, c);
    if (at == NULL)
        return -1;
    return (int)(at - set) % (hex ? 16 : 64);
}

/* Digits of 4 bits (hexadecimal) or of 6 (base64url), high bits first. */
static struct tomte_span from_digits(struct vector *v, const char *text,
                                     bool hex)
{
    struct tomte_buf out = room(v);
    size_t len = 0;
    uint32_t bits = 0, count = 0;
    for (; *text != 0 && len < out.cap; text++) {
        int d = digit(*text, hex);
        if (d < 0)
            continue;
        bits = bits << (hex ? 4 : 6) | (uint32_t)d;
        count += hex ? 4 : 6;
        if (count >= 8) {
            count -= 8;
            out.data[len++] = (uint8_t)(bits >> count);
        }
    }
    return TOMTE_SPAN(out.data, len);
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

/* A part of a key: base64url under its name, or name_hex. */
static struct tomte_span part(struct vector *v, const cJSON *key,
                              const char *name)
{
    char name_hex[16];
    const char *text = string_of(key, name);
    if (text != NULL)
        return from_digits(v, text, false);
    snprintf(name_hex, sizeof name_hex, "%s_hex", name);
    text = string_of(key, name_hex);
    return text == NULL ? TOMTE_SPAN_NONE : from_digits(v, text, true);
}

static const cJSON *find_key(const cJSON *made)
{
    const cJSON *key = cJSON_GetObjectItem(made, "key");
    if (key != NULL)
        return key;
    return cJSON_GetObjectItem(
        cJSON_GetArrayItem(cJSON_GetObjectItem(made, "recipients"), 0), "key");
}

static void read_key(struct vector *v, const cJSON *key)
{
    const char *curve = string_of(key, "crv");
    if (curve == NULL) {
        v->key = tomte_cose_key_symmetric(0, part(v, key, "k"));
        return;
    }
    v->key = (struct tomte_cose_key){.kty = TOMTE_COSE_EC2,
                                     .x = part(v, key, "x"),
                                     .y = part(v, key, "y"),
                                     .d = part(v, key, "d")};
    if (strcmp(curve, "P-256") == 0)
        v->key.curve = TOMTE_CURVE_P256;
    else if (strcmp(curve, "P-384") == 0)
        v->key.curve = TOMTE_CURVE_P384;
}

static const char *find_kind(const cJSON *input)
{
    static const char *const kinds[] = {"sign0", "mac0", "encrypted",
                                        "sign",  "mac",  "enveloped"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (cJSON_GetObjectItem(input, kinds[i]) != NULL)
            return kinds[i];
    return NULL;
}

bool vector_read(struct vector *v, const char *path, const char **why)
{
    memset(v, 0, sizeof *v);
    v->json = read_json(path);
    const cJSON *input = cJSON_GetObjectItem(v->json, "input");
    const char *message =
        string_of(cJSON_GetObjectItem(v->json, "output"), "cbor");
    const char *text = string_of(input, "plaintext");
    v->kind = find_kind(input);
    *why = v->json == NULL   ? "no JSON"
           : message == NULL ? "no output"
           : v->kind == NULL ? "no kind of message"
                             : NULL;
    if (*why != NULL)
        return false;
    const cJSON *made = cJSON_GetObjectItem(input, v->kind);
    const char *aad = string_of(made, "external");
    v->fails = cJSON_IsTrue(cJSON_GetObjectItem(v->json, "fail"));
    v->message = from_digits(v, message, true);
    v->plain = text != NULL ? TOMTE_SPAN(text, strlen(text))
                            : part(v, input, "plaintext");
    if (aad != NULL)
        v->external_aad = from_digits(v, aad, true);
    read_key(v, find_key(made));
    return true;
}

const char *vector_foreign(const struct vector *v)
{
    static const char *const names[] = {"ES512", "HS384", "HS512"};
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(v->json, "input"));
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && text != NULL; i++)
        if (strstr(text, names[i]) != NULL)
            found = names[i];
    free(text);
    return found;
}
