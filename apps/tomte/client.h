/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/client.h: asking a node, one request at a time.
 *
 * A blocking CoAP client over coap/endpoint.h: what the commands use. Answers
 * longer than a datagram come in blocks (RFC 7959), and what is sent may be.
 *
 * It speaks as the owner (node/person.h): every request to a node whose key is
 * known is sealed for it, and only what that node sealed is an answer. */
#pragma once

#include "base/base.h"
#include "owner.h"

#include <stdio.h>

struct client;

/* The owner is copied, and wiped at the end. NULL with errno set when there is
 * no socket. */
struct client *client_open(const struct owner *owner);
void client_close(struct client *c);

struct client_answer {
    enum tomte_err err; /* OK for 2.xx; TIMEOUT when nobody answered */
    uint8_t code;
    size_t len;
    uint8_t *data; /* the client's, until its next request */
};

/* A whole representation. `query` may be NULL. */
struct client_answer client_get(struct client *c, const struct tomte_addr *to,
                                const char *path, const char *query);

/* PUT, POST or DELETE, in blocks when `payload` is long; `format` is its
 * content format, -1: none. */
struct client_answer client_send(struct client *c, const struct tomte_addr *to,
                                 uint8_t code, const char *path,
                                 const char *query, int format,
                                 struct tomte_span payload);

/* Observes; calls `news` with each representation until it gives false, or the
 * observation ends (then the error says why). TIMEOUT: there was none for
 * `idle_ms`, which may be because nothing changed. */
typedef bool (*client_news_fn)(void *ctx, struct tomte_span payload);
enum tomte_err client_observe(struct client *c, const struct tomte_addr *to,
                              const char *path, uint32_t idle_ms,
                              client_news_fn news, void *ctx);

/* How long the next requests wait for an answer; 5 s at first. */
void client_set_timeout(struct client *c, uint32_t timeout_ms);
