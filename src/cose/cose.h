/* SPDX-License-Identifier: Apache-2.0 */
/* cose/cose.h: signed, authenticated and encrypted messages (RFC 9052) for one
 * recipient: COSE_Sign1, COSE_Mac0, COSE_Encrypt0.
 *
 * Plain functions, spans in, spans out: nothing is kept, nothing is allocated.
 * What is hashed or authenticated is fed to the crypto backend piece by piece
 * (sections 4.4, 5.3, 6.3), so a message needs no second copy of itself.
 *
 * A message is read in two steps. tomte_cose_decode takes it apart and believes
 * nothing: whoever looks at a field then looks at a claim, good for finding a
 * key. verify or decrypt comes next, and only after its OK do the fields count.
 * Some rules are stricter than the standard's:
 *
 * - All of it is deterministic CBOR, the protected bucket too (cbor/cbor.h).
 * - alg, content type, typ and CWT claims are read from the protected bucket
 *   only; in the other they are not looked at. A message without a protected
 *   alg verifies only where the application names the algorithm itself
 *   (tomte_cose_context), as OSCORE does.
 * - A label is in one bucket only, once (section 3).
 * - One recipient: COSE_Sign, COSE_Mac and COSE_Encrypt are not read.
 *
 * Errors of decoding: those of cbor/cbor.h; INVALID (a rule above or of section
 * 3.1 is broken), TYPE, RANGE, UNSUPPORTED (an algorithm named by a text).
 * Errors of verifying: DENIED (not authentic, or not a key for this), MISSING
 * (no algorithm, no payload, no nonce), UNSUPPORTED (algorithm, or a critical
 * label that nobody understands), INVALID (lengths of key or nonce; the context
 * and the message disagree about the algorithm). */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "cose/key.h"
#include "crypto/crypto.h"

/* The kinds of messages; the values are their CBOR tags. */
enum tomte_cose_kind {
    TOMTE_COSE_ENCRYPT0 = 16,
    TOMTE_COSE_MAC0 = 17,
    TOMTE_COSE_SIGN1 = 18,
};

/* Labels of header parameters (IANA COSE Header Parameters). */
enum tomte_cose_label {
    TOMTE_COSE_ALG = 1,
    TOMTE_COSE_CRIT = 2,
    TOMTE_COSE_CONTENT_TYPE = 3,
    TOMTE_COSE_KID = 4,
    TOMTE_COSE_IV = 5,
    TOMTE_COSE_PARTIAL_IV = 6,
    TOMTE_COSE_KID_CONTEXT = 10, /* RFC 8613 section 5.1 */
    TOMTE_COSE_CWT_CLAIMS = 15,  /* RFC 9597 section 2 */
    TOMTE_COSE_TYP = 16,         /* RFC 9596 section 2 */
};

/* A media type: a CoAP Content-Format, or a text when text.data is not NULL. */
struct tomte_cose_type {
    bool given;
    uint16_t number;
    struct tomte_span text;
};

/* The parameters that are understood here. What is not there is zero, a byte
 * string with a NULL pointer (an empty one has another). */
struct tomte_cose_header {
    int64_t alg;
    struct tomte_span crit; /* an encoded array of labels, not empty */
    struct tomte_cose_type content_type;
    struct tomte_span kid;
    struct tomte_span iv; /* not together with partial_iv */
    struct tomte_span partial_iv;
    struct tomte_span kid_context;
    struct tomte_span claims; /* an encoded map: cose/cwt.h */
    struct tomte_cose_type typ;
};

/* A message taken apart. All borrowed from it. */
struct tomte_cose {
    enum tomte_cose_kind kind;
    bool tagged;                     /* the kind's tag was there */
    bool detached;                   /* payload or ciphertext is elsewhere */
    struct tomte_cose_header header; /* of both buckets */
    struct tomte_span protected_map; /* encoded; empty when there is nothing */
    struct tomte_span unprotected_map;
    struct tomte_span payload;   /* or ciphertext, which ends with its tag */
    struct tomte_span signature; /* or tag; of Encrypt0 none */
};

/* What an application knows beside the message. */
struct tomte_cose_context {
    int64_t alg; /* 0: the message says; else it says the same or nothing */
    struct tomte_span external_aad;
    struct tomte_span detached; /* the payload of a detached message */
    const int64_t *understood;  /* critical labels that the caller heeds */
    size_t understood_count;
};

/* `in` is one message of this kind, with its tag or without; the header's
 * parameters of both buckets are in m->header. On an error *m is zero. */
TOMTE_MUST_CHECK enum tomte_err tomte_cose_decode(struct tomte_cose *m,
                                                  enum tomte_cose_kind kind,
                                                  struct tomte_span in);

/* The value of a label in an encoded map, a bucket or claims, as it is encoded;
 * NOT_FOUND when it is not there. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_find(struct tomte_span map, int64_t label, struct tomte_span *value);

/* ---- verify and decrypt ------------------------------------------------ */

/* `context` may be NULL. The key is of the algorithm's type and curve, and when
 * it says what it is for (alg, key_ops) it is for this; its kid is not compared
 * with the message's. */
TOMTE_MUST_CHECK enum tomte_err tomte_cose_sign1_verify(
    const struct tomte_crypto *c, const struct tomte_cose *m,
    const struct tomte_cose_key *key, const struct tomte_cose_context *context);
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_mac0_verify(const struct tomte_crypto *c, const struct tomte_cose *m,
                       const struct tomte_cose_key *key,
                       const struct tomte_cose_context *context);

/* The plaintext into `out`, which needs tag's bytes less than the ciphertext
 * and may be the memory of the message (m->payload.data), which is then gone.
 * The nonce is IV, or Partial IV with the key's Base IV (section 3.1). */
TOMTE_MUST_CHECK enum tomte_err tomte_cose_encrypt0_decrypt(
    const struct tomte_crypto *c, const struct tomte_cose *m,
    const struct tomte_cose_key *key, const struct tomte_cose_context *context,
    struct tomte_buf out, struct tomte_span *plain);

/* ---- encode ------------------------------------------------------------ */

/* A further header parameter: its value is one encoded item. */
struct tomte_cose_entry {
    int64_t label;
    struct tomte_span value;
};

/* A bucket's encoding. `more` comes after what `h` holds, so its labels are
 * greater than 16, or negative, and sorted (1, 2, ... then -1, -2, ...). */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_header_encode(const struct tomte_cose_header *h,
                         const struct tomte_cose_entry *more, size_t more_count,
                         struct tomte_buf out, struct tomte_span *map);

/* A message to be made. */
struct tomte_cose_draft {
    struct tomte_span protected_map;   /* encoded, names the algorithm */
    struct tomte_span unprotected_map; /* encoded; NONE: empty */
    struct tomte_span payload;         /* or plaintext */
    struct tomte_span external_aad;
    bool untagged; /* leave the kind's tag away */
    bool detached; /* leave the payload away (not for Encrypt0) */
};

/* Bytes that a message has more than its maps and payload, at most. */
#define TOMTE_COSE_OVERHEAD_BYTES 128

/* The whole message into `out`, which overlaps nothing of the draft; FULL when
 * it does not fit. The key holds its private part. For Encrypt0 the header
 * names IV or Partial IV, and the caller sees to it that none comes twice. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_sign1_encode(const struct tomte_crypto *c,
                        const struct tomte_cose_draft *draft,
                        const struct tomte_cose_key *key, struct tomte_buf out,
                        struct tomte_span *message);
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_mac0_encode(const struct tomte_crypto *c,
                       const struct tomte_cose_draft *draft,
                       const struct tomte_cose_key *key, struct tomte_buf out,
                       struct tomte_span *message);
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_encrypt0_encode(const struct tomte_crypto *c,
                           const struct tomte_cose_draft *draft,
                           const struct tomte_cose_key *key,
                           struct tomte_buf out, struct tomte_span *message);

/* ---- in steps ---------------------------------------------------------- */

/* A signature over a payload that is nowhere whole: an image that is read from
 * flash. Life: begin -> update* -> sign or verify; the updates together are
 * `payload_len` bytes (asserted). begin: UNSUPPORTED. */
struct tomte_cose_stream {
    struct tomte_hash hash;
    const struct tomte_crypto *crypto;
    int64_t alg;
    size_t left; /* bytes of the payload to come */
};

TOMTE_MUST_CHECK enum tomte_err
tomte_cose_stream_begin(struct tomte_cose_stream *s,
                        const struct tomte_crypto *c, int64_t alg,
                        struct tomte_span protected_map,
                        struct tomte_span external_aad, size_t payload_len);
void tomte_cose_stream_update(struct tomte_cose_stream *s,
                              struct tomte_span part);

/* The signature, tomte_alg_size(alg) bytes, into `out`. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_stream_sign(struct tomte_cose_stream *s,
                       const struct tomte_cose_key *key, struct tomte_buf out);

/* Of a detached message: begin with its protected map and the algorithm that
 * tomte_cose_accept gives. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_stream_verify(struct tomte_cose_stream *s,
                         const struct tomte_cose_key *key,
                         struct tomte_span signature);

/* The algorithm that the message and the context (which may be NULL) agree on,
 * once all that the message calls critical is understood here or by the caller
 * (section 3.1): MISSING, INVALID, UNSUPPORTED. verify and decrypt do this
 * themselves. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_accept(const struct tomte_cose *m,
                  const struct tomte_cose_context *context, int64_t *alg);
