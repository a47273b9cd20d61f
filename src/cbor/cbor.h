/* SPDX-License-Identifier: Apache-2.0 */
/* cbor/cbor.h: CBOR in its deterministic form (RFC 8949 section 4.2).
 *
 * One value has one encoding: shortest lengths, integers and floats, definite
 * lengths, map keys sorted by their bytes and unique. The encoder produces
 * nothing else and the decoder takes nothing else, so equal values are equal
 * bytes and whatever was signed or hashed can be decoded and encoded again.
 * For messages of others, which need not be deterministic, the decoder has a
 * lenient mode.
 *
 * Both keep their first error and then do nothing: write straight on, check
 * once at the end. Neither takes memory of its own nor recurses; containers
 * nest TOMTE_LIMIT_CBOR_DEPTH deep (tags do not count). One encoding has at
 * most TOMTE_CBOR_BYTES_MAX bytes. Not thread-safe.
 *
 *   struct tomte_cbor_enc e;
 *   tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
 *   tomte_cbor_put_map(&e, 2);
 *   tomte_cbor_put_int(&e, KEY_NAME), tomte_cbor_put_text(&e, name);
 *   tomte_cbor_put_int(&e, KEY_PORTS), tomte_cbor_put_array(&e, n);
 *   for (size_t i = 0; i < n; i++)
 *       tomte_cbor_put_uint(&e, port[i]);
 *   return tomte_cbor_encode_done(&e, &out);
 *
 *   struct tomte_cbor_dec d;
 *   tomte_cbor_decode_init(&d, in, 0);
 *   tomte_cbor_enter_map(&d);
 *   tomte_cbor_need_key(&d, KEY_NAME);
 *   name = tomte_cbor_get_text(&d);
 *   if (tomte_cbor_has_key(&d, KEY_PORTS)) {
 *       tomte_cbor_enter_array(&d);
 *       while (n < PORTS_MAX && tomte_cbor_more(&d))
 *           port[n++] = tomte_cbor_get_u32(&d, 1, UINT16_MAX);
 *       tomte_cbor_leave(&d);
 *   }
 *   tomte_cbor_leave(&d);
 *   return tomte_cbor_decode_done(&d);
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"
#include "base/text.h"

#define TOMTE_CBOR_BYTES_MAX 0x7fffffffu

/* An open array or map; private to the room. */
struct tomte_cbor_frame {
    uint32_t left;    /* items to come, keys and values counted apart */
    uint32_t item_at; /* where the item begins that is now written or read */
    uint32_t key_at;  /* a map's last key */
    uint32_t key_len; /* 0: none before */
    bool map;
    bool indefinite; /* decoder only: ends with a break */
};

/* Frame 0 is what is around the outermost item. */
#define TOMTE_CBOR_FRAMES (TOMTE_LIMIT_CBOR_DEPTH + 1)

/* ---- encoder ----------------------------------------------------------- */

/* Life: init -> put* -> done. An array or map is closed by its last item.
 *
 * Errors, reported by done: FULL when the buffer is too small. The others mean
 * that the calls do not make up one deterministic item; they are errors and
 * not assertions because texts, keys and raw items often come from elsewhere:
 * MISSING (fewer items than were announced, or none), TRAILING (an item after
 * the end), NOT_CANONICAL (a key smaller than the one before it), DUPLICATE
 * (the same key twice), TOO_LARGE (nested too deep, or too long), MALFORMED (a
 * text that is not UTF-8), and for raw items those of the decoder. */
struct tomte_cbor_enc {
    uint8_t *data; /* NULL: the size is counted only */
    uint32_t cap;
    uint32_t len;
    enum tomte_err err;
    unsigned depth;
    struct tomte_cbor_frame frames[TOMTE_CBOR_FRAMES];
};

/* Writes into `out`, which stays the caller's. When out.data is NULL the size
 * is calculated: out.cap is ignored, done gives a span of NULL and the length,
 * and the order of map keys is not checked (the bytes are not there). */
void tomte_cbor_encode_init(struct tomte_cbor_enc *e, struct tomte_buf out);

/* Exactly one item was put: `*item` is its encoding, borrowed from the buffer.
 * On an error `*item` is empty and the buffer's content is unspecified. */
TOMTE_MUST_CHECK enum tomte_err tomte_cbor_encode_done(struct tomte_cbor_enc *e,
                                                       struct tomte_span *item);

/* The same for a sequence of any number of items (RFC 8742). */
TOMTE_MUST_CHECK enum tomte_err
tomte_cbor_encode_done_sequence(struct tomte_cbor_enc *e,
                                struct tomte_span *items);

void tomte_cbor_put_uint(struct tomte_cbor_enc *e, uint64_t v);
void tomte_cbor_put_int(struct tomte_cbor_enc *e, int64_t v);

/* The integer -1 - n: reaches below INT64_MIN (major type 1). */
void tomte_cbor_put_negative(struct tomte_cbor_enc *e, uint64_t n);

void tomte_cbor_put_bytes(struct tomte_cbor_enc *e, struct tomte_span bytes);
void tomte_cbor_put_text(struct tomte_cbor_enc *e, struct tomte_span utf8);
void tomte_cbor_put_str(struct tomte_cbor_enc *e, const char *utf8);

/* The next `items` items, or `pairs` keys each followed by its value, are the
 * content. Keys must come sorted by the bytes of their encoding: 0, 1, ... 23,
 * 24, ..., -1, -2, ..., byte strings, then texts, shorter before longer. */
void tomte_cbor_put_array(struct tomte_cbor_enc *e, size_t items);
void tomte_cbor_put_map(struct tomte_cbor_enc *e, size_t pairs);

/* Stands before the item that it tags. */
void tomte_cbor_put_tag(struct tomte_cbor_enc *e, uint64_t tag);

void tomte_cbor_put_bool(struct tomte_cbor_enc *e, bool v);
void tomte_cbor_put_null(struct tomte_cbor_enc *e);
void tomte_cbor_put_undefined(struct tomte_cbor_enc *e);

/* Any simple value; RANGE for 24 to 31, which do not exist (section 3.3). */
void tomte_cbor_put_simple(struct tomte_cbor_enc *e, uint8_t v);

/* In the shortest of half, single and double that keeps the value. Every NaN
 * becomes the one NaN 0x7e00 (section 4.2.2); no float becomes an integer. */
void tomte_cbor_put_double(struct tomte_cbor_enc *e, double v);

/* One item that is encoded already. It is checked as the decoder would. */
void tomte_cbor_put_raw(struct tomte_cbor_enc *e, struct tomte_span item);

/* ---- decoder ----------------------------------------------------------- */

/* Accept what is well-formed and valid though not deterministic: indefinite
 * lengths, longer forms of integers and floats, any NaN, keys in any order. A
 * key may then come twice unnoticed: the caller looks out for that. */
#define TOMTE_CBOR_LENIENT 1u

/* Any number of items, one after the other (RFC 8742), not exactly one. */
#define TOMTE_CBOR_SEQUENCE 2u

enum tomte_cbor_type {
    TOMTE_CBOR_END, /* no further item here, or an error came before */
    TOMTE_CBOR_UINT,
    TOMTE_CBOR_NEGATIVE,
    TOMTE_CBOR_BYTES,
    TOMTE_CBOR_TEXT,
    TOMTE_CBOR_ARRAY,
    TOMTE_CBOR_MAP,
    TOMTE_CBOR_TAG,
    TOMTE_CBOR_BOOL,
    TOMTE_CBOR_NULL,
    TOMTE_CBOR_UNDEFINED,
    TOMTE_CBOR_SIMPLE, /* a simple value without a name */
    TOMTE_CBOR_FLOAT,
};

/* Life: init -> (get | enter | leave | skip)* -> done.
 *
 * A getter takes the next item: of the open array or map, keys and values in
 * turn, or the outermost one. After an error all getters give zero or an empty
 * span, more() and the key functions give false, so that loops end.
 *
 * Errors: TRUNCATED (the input ends inside an item, or is empty), MALFORMED
 * (not CBOR, or a text is not UTF-8), NOT_CANONICAL and DUPLICATE (strict mode
 * only), TYPE (another type was asked for), RANGE, MISSING (no further item in
 * the array or map, or not the key that was needed), UNKNOWN (a key that
 * nobody asked for), TRAILING (items or bytes left over), TOO_LARGE (nested
 * too deep, or too long), UNSUPPORTED (a string in chunks was asked for as one
 * span), and what the caller raises with tomte_cbor_fail. */
struct tomte_cbor_dec {
    struct tomte_span in;
    uint32_t at;
    uint32_t last_at; /* where the item that was read last begins */
    uint32_t err_at;  /* offset of the item that the error is about */
    enum tomte_err err;
    unsigned flags;
    unsigned depth;
    struct tomte_cbor_frame frames[TOMTE_CBOR_FRAMES];
};

/* `in` is borrowed until done, and longer by the spans got from it. */
void tomte_cbor_decode_init(struct tomte_cbor_dec *d, struct tomte_span in,
                            unsigned flags);

/* The first error; else MISSING when the item was not read or a container was
 * not left, TRAILING when bytes follow it. In strict mode OK means that all of
 * `in` is deterministic, also what was skipped. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cbor_decode_done(struct tomte_cbor_dec *d);

/* No error so far. */
bool tomte_cbor_ok(const struct tomte_cbor_dec *d);

/* The caller does not accept what it read last. Kept like an error of the
 * decoder's own; nothing when there is one already or `err` is OK. */
void tomte_cbor_fail(struct tomte_cbor_dec *d, enum tomte_err err);

/* What the next item is; reads nothing. */
enum tomte_cbor_type tomte_cbor_peek(struct tomte_cbor_dec *d);

/* The open array or map, or the sequence, has a further item. */
bool tomte_cbor_more(struct tomte_cbor_dec *d);

/* The number of items, or of pairs; SIZE_MAX when the length is indefinite
 * (lenient mode). Never more than the input has bytes. */
size_t tomte_cbor_enter_array(struct tomte_cbor_dec *d);
size_t tomte_cbor_enter_map(struct tomte_cbor_dec *d);

/* Closes the innermost array or map. All of it must have been read: TRAILING
 * for an array, UNKNOWN for a map (with the next key's offset) otherwise. */
void tomte_cbor_leave(struct tomte_cbor_dec *d);

/* Maps with integer keys, in two ways.
 *
 * By name, in the order of the encoding (strict mode only, there the order is
 * known): need_key takes the next key or fails with MISSING; has_key takes it
 * only if it is this one. A key that nobody names ends in UNKNOWN, at latest
 * when the map is left.
 *
 * In any order, for lenient input or when unknown keys are to be skipped:
 *
 *   while (tomte_cbor_next_key(&d, &key))
 *       switch (key) {
 *       case KEY_UNIT: unit = tomte_cbor_get_text(&d); break;
 *       default: tomte_cbor_skip(&d);
 *       }
 *
 * A value that was not read before the next key is asked for is an unknown
 * key: UNKNOWN. So a switch without default refuses what it does not know. */
void tomte_cbor_need_key(struct tomte_cbor_dec *d, int64_t key);
bool tomte_cbor_has_key(struct tomte_cbor_dec *d, int64_t key);
bool tomte_cbor_next_key(struct tomte_cbor_dec *d, int64_t *key);

uint64_t tomte_cbor_get_uint(struct tomte_cbor_dec *d);
int64_t tomte_cbor_get_int(struct tomte_cbor_dec *d);

/* n of the negative integer -1 - n, as tomte_cbor_put_negative takes it. */
uint64_t tomte_cbor_get_negative(struct tomte_cbor_dec *d);

/* Unsigned and in [min, max], else RANGE and 0. */
uint32_t tomte_cbor_get_u32(struct tomte_cbor_dec *d, uint32_t min,
                            uint32_t max);

/* Borrowed from the input. Texts are valid UTF-8. */
struct tomte_span tomte_cbor_get_bytes(struct tomte_cbor_dec *d);
struct tomte_span tomte_cbor_get_text(struct tomte_cbor_dec *d);

/* Exactly `len` bytes copied to `out`, else RANGE and `out` zeroed: digests,
 * keys, identifiers. */
void tomte_cbor_get_bytes_exact(struct tomte_cbor_dec *d, uint8_t *out,
                                size_t len);

/* Copied into `out`, which also takes strings in chunks (section 3.2.3, lenient
 * mode); TOO_LARGE when it has no room. */
struct tomte_span tomte_cbor_get_bytes_copy(struct tomte_cbor_dec *d,
                                            struct tomte_buf out);
struct tomte_span tomte_cbor_get_text_copy(struct tomte_cbor_dec *d,
                                           struct tomte_buf out);

/* A text that is a name, with the errors of base/name.h. */
struct tomte_name tomte_cbor_get_name(struct tomte_cbor_dec *d);
struct tomte_channel_name tomte_cbor_get_channel_name(struct tomte_cbor_dec *d);

bool tomte_cbor_get_bool(struct tomte_cbor_dec *d);
void tomte_cbor_get_null(struct tomte_cbor_dec *d);

/* Any simple value, also false (20), true (21), null (22), undefined (23). */
uint8_t tomte_cbor_get_simple(struct tomte_cbor_dec *d);

/* A float of any width. Integers are TYPE: see senml.h for numbers. */
double tomte_cbor_get_double(struct tomte_cbor_dec *d);

/* The tag before an item; the item itself is read next. */
uint64_t tomte_cbor_get_tag(struct tomte_cbor_dec *d);

/* Takes a null, or this tag, if it comes next. */
bool tomte_cbor_has_null(struct tomte_cbor_dec *d);
bool tomte_cbor_has_tag(struct tomte_cbor_dec *d, uint64_t tag);

/* Passes over the next item with all that is in it. */
void tomte_cbor_skip(struct tomte_cbor_dec *d);

/* Passes over what is left of the open array or map. */
void tomte_cbor_skip_rest(struct tomte_cbor_dec *d);

/* The whole next item as it is encoded, tags included; it is checked. */
struct tomte_span tomte_cbor_get_raw(struct tomte_cbor_dec *d);

/* ---- diagnostics ------------------------------------------------------- */

/* The items of `in` in diagnostic notation (section 8), for people. Takes any
 * input: where it is not CBOR the text goes on with "!ERROR at OFFSET". Only
 * printable ASCII comes out, other characters as \u escapes. */
void tomte_cbor_diag(struct tomte_text *out, struct tomte_span in);

/* A double in the fewest decimal digits that give it back: "21.5", "1.0e+300",
 * "-Infinity". */
void tomte_cbor_diag_double(struct tomte_text *out, double v);
