/* SPDX-License-Identifier: Apache-2.0 */
/* The CBOR room on a pipe, for cbor_test.py. A line asks, a line answers:
 *
 *   E token...   the deterministic encoding, in hexadecimal
 *   D hex        the tokens of what is strictly decoded
 *   L hex        the tokens of what is leniently decoded
 *
 * An error is answered by "!" and its name. Tokens: u5 the integer 5, n5 the
 * integer -1 - 5, b and t a byte string and a text by their bytes, a3 an array
 * and m2 a map by their counts, g24 a tag, s20 a simple value, f and 16 digits
 * a float by the bits of the double. In answers "a" and "m" have no count and
 * end with ".". */
#include "base/assert.h"
#include "base/bytes.h"
#include "cbor/cbor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (1 << 20)

static char line[LINE_MAX_BYTES];
static uint8_t input[LINE_MAX_BYTES / 2], output[LINE_MAX_BYTES / 2];

_Noreturn void tomte_panic(const char *file, int at, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, at, what);
    abort();
}

/* Bytes from hexadecimal digits up to the first other character. */
static struct tomte_span read_hex(const char *text)
{
    size_t n = 0;
    unsigned byte;
    while (sscanf(text + 2 * n, "%2x", &byte) == 1 && text[2 * n] > ' ')
        input[n++] = (uint8_t)byte;
    return TOMTE_SPAN(input, n);
}

static void print_hex(struct tomte_span s)
{
    for (size_t i = 0; i < s.len; i++)
        printf("%02x", s.data[i]);
}

/* ---- encode ------------------------------------------------------------ */

static void put_float(struct tomte_cbor_enc *e, const char *hex)
{
    uint64_t bits = strtoull(hex, NULL, 16);
    double v;
    memcpy(&v, &bits, sizeof v);
    tomte_cbor_put_double(e, v);
}

static void put_token(struct tomte_cbor_enc *e, const char *token)
{
    const char *rest = token + 1;
    unsigned long long number = strtoull(rest, NULL, 10);
    switch (token[0]) {
    case 'u':
        tomte_cbor_put_uint(e, number);
        break;
    case 'n':
        tomte_cbor_put_negative(e, number);
        break;
    case 'b':
        tomte_cbor_put_bytes(e, read_hex(rest));
        break;
    case 't':
        tomte_cbor_put_text(e, read_hex(rest));
        break;
    case 'a':
        tomte_cbor_put_array(e, (size_t)number);
        break;
    case 'm':
        tomte_cbor_put_map(e, (size_t)number);
        break;
    case 'g':
        tomte_cbor_put_tag(e, number);
        break;
    case 's':
        tomte_cbor_put_simple(e, (uint8_t)number);
        break;
    default:
        put_float(e, rest);
    }
}

static void answer_encode(char *tokens)
{
    struct tomte_cbor_enc e;
    struct tomte_span item;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(output));
    for (char *t = strtok(tokens, " \n"); t != NULL; t = strtok(NULL, " \n"))
        put_token(&e, t);
    enum tomte_err err = tomte_cbor_encode_done(&e, &item);
    if (err == TOMTE_OK)
        print_hex(item);
    else
        printf("!%s", tomte_err_name(err));
}

/* ---- decode ------------------------------------------------------------ */

static void print_string(char kind, struct tomte_span s)
{
    printf("%c", kind);
    print_hex(s);
    printf(" ");
}

static void print_float(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    printf("f%016llx ", (unsigned long long)bits);
}

static void print_number(char kind, uint64_t v)
{
    printf("%c%llu ", kind, (unsigned long long)v);
}

static void print_token(struct tomte_cbor_dec *d)
{
    struct tomte_buf room = TOMTE_BUF_ARRAY(output);
    switch (tomte_cbor_peek(d)) {
    case TOMTE_CBOR_UINT:
        print_number('u', tomte_cbor_get_uint(d));
        break;
    case TOMTE_CBOR_NEGATIVE:
        print_number('n', tomte_cbor_get_negative(d));
        break;
    case TOMTE_CBOR_BYTES:
        print_string('b', tomte_cbor_get_bytes_copy(d, room));
        break;
    case TOMTE_CBOR_TEXT:
        print_string('t', tomte_cbor_get_text_copy(d, room));
        break;
    case TOMTE_CBOR_ARRAY:
        tomte_cbor_enter_array(d);
        printf("a ");
        break;
    case TOMTE_CBOR_MAP:
        tomte_cbor_enter_map(d);
        printf("m ");
        break;
    case TOMTE_CBOR_TAG:
        print_number('g', tomte_cbor_get_tag(d));
        break;
    case TOMTE_CBOR_FLOAT:
        print_float(tomte_cbor_get_double(d));
        break;
    case TOMTE_CBOR_END: /* of a container, or an error */
        tomte_cbor_leave(d);
        printf(". ");
        break;
    default:
        print_number('s', tomte_cbor_get_simple(d));
    }
}

static void answer_decode(const char *hex, unsigned flags)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, read_hex(hex), flags);
    do
        print_token(&d);
    while (tomte_cbor_ok(&d) && (d.depth > 0 || tomte_cbor_more(&d)));
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        printf("!%s", tomte_err_name(err));
}

int main(void)
{
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (line[0] == 'E')
            answer_encode(line + 2);
        else
            answer_decode(line + 2, line[0] == 'L' ? TOMTE_CBOR_LENIENT : 0);
        printf("\n");
    }
    return 0;
}
