/* SPDX-License-Identifier: Apache-2.0 */
/* cose/internal.h: what the files of this room share; not for other rooms. */
#pragma once

#include "cbor/cbor.h"
#include "cose/cose.h"

/* Major types of CBOR (RFC 8949 section 3.1). */
enum {
    COSE_BYTES = 2,
    COSE_ARRAY = 4,
    COSE_MAP = 5,
    COSE_TAG = 6,
};

/* The longest head of an item: its major type and an argument. */
#define COSE_HEAD_BYTES 9

/* The head, in the shortest form, into `out`; its length. */
size_t cose_head(uint8_t out[COSE_HEAD_BYTES], unsigned major, uint64_t n);

/* Sig_structure, MAC_structure and Enc_structure (RFC 9052 sections 4.4, 6.3,
 * 5.3) up to the payload, as spans that are taken as if they were joined. */
#define COSE_PARTS 6
struct cose_structure {
    uint8_t heads[3][COSE_HEAD_BYTES];
    struct tomte_span parts[COSE_PARTS];
};

/* The last part is the head of a payload of `payload_len` bytes; Encrypt0 has
 * none. Returns the number of parts. */
size_t cose_structure_init(struct cose_structure *s, enum tomte_cose_kind kind,
                           struct tomte_span protected_map,
                           struct tomte_span external_aad, size_t payload_len);

/* The payload: in the message, or in the context when it is detached; MISSING.
 * A message with one and a context with another is INVALID. */
enum tomte_err cose_payload(const struct tomte_cose *m,
                            const struct tomte_cose_context *context,
                            struct tomte_span *payload);

/* The label of the map's next entry, whose value is to be read or skipped;
 * false at the end and after an error. Labels are integers or texts; of texts
 * none is understood here, their entries are passed over. */
bool cose_next_label(struct tomte_cbor_dec *d, int64_t *label);

/* An entry; nothing when its value is absent (data is NULL). */
void cose_put_text(struct tomte_cbor_enc *e, int64_t label,
                   struct tomte_span text);
void cose_put_bytes(struct tomte_cbor_enc *e, int64_t label,
                    struct tomte_span bytes);
void cose_put_raw(struct tomte_cbor_enc *e, int64_t label,
                  struct tomte_span item);

/* Both maps of a draft are what they say they are; what is in them. */
enum tomte_err cose_header_decode(struct tomte_cose_header *h,
                                  struct tomte_span protected_map,
                                  struct tomte_span unprotected_map);

/* The nonce of an AEAD, `len` bytes (section 3.1, IV and Partial IV). */
enum tomte_err cose_nonce(const struct tomte_cose_header *h,
                          const struct tomte_cose_key *key, size_t len,
                          uint8_t *nonce);

/* A message as it is written: `at` counts what would have been written too. */
struct cose_writer {
    struct tomte_buf out;
    size_t at;
};

void cose_write(struct cose_writer *w, struct tomte_span bytes);
void cose_write_head(struct cose_writer *w, unsigned major, uint64_t n);
void cose_write_bytes(struct cose_writer *w, struct tomte_span bytes);

/* What all kinds begin with: tag, array, both buckets. */
void cose_write_begin(struct cose_writer *w, enum tomte_cose_kind kind,
                      const struct tomte_cose_draft *draft);
void cose_write_payload(struct cose_writer *w,
                        const struct tomte_cose_draft *draft);
enum tomte_err cose_write_done(const struct cose_writer *w,
                               struct tomte_span *message);
