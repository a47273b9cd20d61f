/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.h: the one error table.
 *
 * Every function that can fail for a reason outside its own code returns an
 * enum tomte_err; 0 is success. A fault of our own is an assertion instead
 * (base/assert.h). The table below is the only place where an error's name,
 * its text, the CoAP response code it becomes (RFC 7252 section 12.1.2) and the
 * exit status of a command that fails with it are written down.
 *
 * Exit statuses: 1 refused or failed, 2 not found, 3 bad input,
 * 4 no room, 5 not authorised, 100 usage, 111 try again later.
 *
 *   E(name, text, CoAP code, exit status)
 */
#pragma once

#define TOMTE_COAP_CODE(class, detail) (((class) << 5) | (detail))

#define TOMTE_ERR_TABLE(E)                                                     \
    E(OK, "success", TOMTE_COAP_CODE(2, 4), 0)                                 \
    E(AGAIN, "not now, try again later", TOMTE_COAP_CODE(5, 3), 111)           \
    E(TRUNCATED, "input ends too early", TOMTE_COAP_CODE(4, 0), 3)             \
    E(TRAILING, "bytes left over after the end", TOMTE_COAP_CODE(4, 0), 3)     \
    E(MALFORMED, "malformed input", TOMTE_COAP_CODE(4, 0), 3)                  \
    E(NOT_CANONICAL, "not in deterministic form", TOMTE_COAP_CODE(4, 0), 3)    \
    E(TYPE, "a value of another type was expected", TOMTE_COAP_CODE(4, 0), 3)  \
    E(RANGE, "value out of range", TOMTE_COAP_CODE(4, 0), 3)                   \
    E(DUPLICATE, "named twice", TOMTE_COAP_CODE(4, 0), 3)                      \
    E(UNKNOWN, "unknown name or key", TOMTE_COAP_CODE(4, 0), 3)                \
    E(MISSING, "a required part is missing", TOMTE_COAP_CODE(4, 0), 3)         \
    E(VERSION, "version not supported", TOMTE_COAP_CODE(4, 0), 3)              \
    E(CORRUPT, "checksum does not match", TOMTE_COAP_CODE(5, 0), 1)            \
    E(INVALID, "not valid", TOMTE_COAP_CODE(4, 0), 3)                          \
    E(UNSUPPORTED, "not supported", TOMTE_COAP_CODE(5, 1), 1)                  \
    E(FULL, "full", TOMTE_COAP_CODE(4, 13), 4)                                 \
    E(NO_SPACE, "no space on the storage", TOMTE_COAP_CODE(5, 0), 4)           \
    E(NO_MEMORY, "not enough memory", TOMTE_COAP_CODE(5, 0), 4)                \
    E(TOO_LARGE, "larger than the limit", TOMTE_COAP_CODE(4, 13), 3)           \
    E(NOT_FOUND, "not found", TOMTE_COAP_CODE(4, 4), 2)                        \
    E(EXISTS, "exists already", TOMTE_COAP_CODE(4, 9), 1)                      \
    E(UNAUTHORIZED, "not authorised", TOMTE_COAP_CODE(4, 1), 5)                \
    E(DENIED, "not granted", TOMTE_COAP_CODE(4, 3), 5)                         \
    E(FENCED, "a newer epoch is known", TOMTE_COAP_CODE(4, 12), 5)             \
    E(STALE, "older than what is known", TOMTE_COAP_CODE(4, 9), 1)             \
    E(METHOD, "method not allowed here", TOMTE_COAP_CODE(4, 5), 1)             \
    E(FORMAT, "content format not supported", TOMTE_COAP_CODE(4, 15), 3)       \
    E(OPTION, "critical option not understood", TOMTE_COAP_CODE(4, 2), 1)      \
    E(STATE, "not possible in this state", TOMTE_COAP_CODE(4, 9), 1)           \
    E(TIMEOUT, "no answer in time", TOMTE_COAP_CODE(5, 4), 111)                \
    E(RESET, "refused by the peer", TOMTE_COAP_CODE(5, 2), 1)                  \
    E(IO, "storage or device failed", TOMTE_COAP_CODE(5, 0), 1)                \
    E(TRAP, "the container trapped", TOMTE_COAP_CODE(5, 0), 1)                 \
    E(FUEL, "the event used up its fuel", TOMTE_COAP_CODE(5, 0), 1)            \
    E(USAGE, "wrong usage", TOMTE_COAP_CODE(4, 0), 100)

enum tomte_err {
#define E(name, text, coap, status) TOMTE_ERR_##name,
    TOMTE_ERR_TABLE(E)
#undef E
        TOMTE_ERR_COUNT
};

#define TOMTE_OK TOMTE_ERR_OK

#define TOMTE_MUST_CHECK __attribute__((warn_unused_result))

/* "FULL": the name as written above; "?" for a value outside the table. */
const char *tomte_err_name(enum tomte_err err);

/* "full": a phrase that completes "cannot ...: ". */
const char *tomte_err_text(enum tomte_err err);

/* The CoAP response code, class << 5 | detail. */
unsigned tomte_err_coap_code(enum tomte_err err);

/* The exit status of a command that ends with this error. */
int tomte_err_exit_status(enum tomte_err err);

/* The error a CoAP error response stands for on the side that receives it;
 * success codes give OK. Several errors share a code: the first in the table
 * that has it is returned. */
enum tomte_err tomte_err_from_coap_code(unsigned code);
