/* SPDX-License-Identifier: Apache-2.0 */
/* tests/vectors/vector.h: one file of the COSE working group's examples.
 *
 * Each is a JSON object: `input` says what was made and of what, `output.cbor`
 * is the message, `fail` that it must be refused. Strings are texts, "..._hex"
 * hexadecimal, keys base64url. */
#pragma once

#include "cose/cwt.h"

#include <cjson/cJSON.h>

#define VECTOR_BYTES_MAX 1024

struct vector {
    cJSON *json;      /* the whole file; cJSON_Delete when done */
    const char *kind; /* "sign0", "mac0", "encrypted"; others are not ours */
    bool fails;
    struct tomte_span message;
    struct tomte_span plain;
    struct tomte_span external_aad;
    struct tomte_cose_key key;
    uint8_t memory[8][VECTOR_BYTES_MAX]; /* of the spans */
    size_t used;
};

/* False when it is no such file: `why` says what is missing. */
bool vector_read(struct vector *v, const char *path, const char **why);

/* The name of an algorithm that is not supported, somewhere in the input; NULL
 * when there is none. */
const char *vector_foreign(const struct vector *v);
