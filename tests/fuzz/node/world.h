/* SPDX-License-Identifier: Apache-2.0 */
/* One node, whole, on a small disk, in virtual time; the rest of its home is
 * whatever the input says. Used by the targets node_*.c.
 *
 *   world.c   the node: steps, effects, crashes; what must hold whatever comes
 *   image.c   a container that reads, puts, traps and names channels
 *   piece.c   payloads as honest nodes send them, with bytes changed
 *   answer.c  answers to what the node asked for
 *   seal.c    the keys of all of them: sealing and opening
 *   script.c  an input, command by command
 *
 * The addresses: 0 is the node, 1 and 2 its peers "p" and "q" (1 is the keeper
 * where the node is none), 3 a person. */
#pragma once

#include "base/base.h"
#include "cbor/cbor.h"
#include "coap/message.h"
#include "container/container.h"
#include "home/command.h"
#include "home/home.h"
#include "home/lease.h"
#include "home/view.h"
#include "node/node.h"
#include "ace/association.h"
#include "oscore/oscore.h"
#include "sim/disk.h"

#define WORLD_SENT     8
#define WORLD_LOOP     32 /* datagrams from the node to itself */
#define WORLD_NODES    4
#define WORLD_CONTENTS 65536u

/* ---- the input ---- */

uint64_t take(unsigned bytes); /* big-endian; zeros behind the end */
struct tomte_span take_span(size_t len);
bool taken_all(void);

/* Changes up to 7 bytes of what is in `out` as the input says. */
void take_patches(struct tomte_buf out, size_t len);

/* ---- the node ---- */

/* A request of the node, as it left; may be answered. */
struct sent {
    struct tomte_addr to;
    struct tomte_coap_msg msg; /* spans into `bytes` */
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
    uint8_t inside[2 * TOMTE_LIMIT_DATAGRAM_BYTES];
    char path[128];
    bool sealed;
    struct tomte_oscore_exchange x;
};

struct world {
    bool keeper;
    uint64_t now_ms, store;
    struct tomte_node *node;
    struct sent sent[WORLD_SENT];
    unsigned sent_at;
    uint16_t mid;
    uint8_t answered;       /* code of the last response to others; 0: none */
    struct tomte_home home; /* as the keeper sees it, where the node is none */
};

extern struct world world;

void world_begin(struct tomte_span input, bool keeper);
void world_end(void);

/* Stopped, or the power was cut: it starts from what the disk has. */
void world_restart(bool cut);

/* What it holds as a standby: the sequences of all histories together. */
uint64_t world_held(void);

/* One event, and all that follows from it until the node has nothing to do. */
void world_datagram(unsigned from, struct tomte_span bytes);
void world_reading(size_t resource, struct tomte_span bytes);
void world_pass(uint64_t ms);

/* Encodes and sends it to the node, as it is; or under the sender's key. */
void world_send_sealed(unsigned from, const struct tomte_coap_msg *msg);
void world_send(unsigned from, const struct tomte_coap_msg *msg);

struct tomte_addr world_addr(unsigned node);
struct tomte_name world_name(unsigned node); /* "n", "p", "q", "x" */

/* ---- image.c ---- */

extern const char *const world_channels[]; /* up to a NULL */
extern const unsigned world_channels_len;

struct tomte_name world_identity(unsigned i); /* "t", "u" */
/* The image; `variant` changes its manifest. Static memory. */
struct tomte_span world_image(unsigned variant);
struct tomte_span world_manifest(unsigned variant);
/* The list with the one author of those images. */
struct tomte_span world_authors(void);

void world_digest(unsigned variant, uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES]);

/* ---- piece.c ---- */

/* A command as people and the keeper give them, as the input says. */
struct tomte_span piece_command(struct tomte_buf out);
/* Of the plan: applied to world.home, where it may be refused. */
void piece_plan(void);
/* A payload of a kind that the input chooses. */
struct tomte_span piece_any(struct tomte_buf out);
struct tomte_span piece_senml(struct tomte_buf out);
/* A checkpoint that holds in itself, of this container. */
struct tomte_span piece_checkpoint(unsigned identity, struct tomte_buf out);

/* ---- seal.c ---- */

void seal_begin(void);
struct tomte_key_pair seal_pair(unsigned who);
struct tomte_span seal_charter(const struct tomte_name *keeper,
                               const uint8_t open[TOMTE_P256_PUBLIC_BYTES]);
struct tomte_span seal_view(struct tomte_span view, struct tomte_buf out);
/* A request of `who`; false: it does not fit. Then the node's answer to it: the
 * code inside. It may be a challenge, and the next request brings the Echo. */
bool seal_request(unsigned who, const struct tomte_coap_msg *msg,
                  struct tomte_coap_msg *out);
uint8_t seal_answered(unsigned who, const struct tomte_coap_msg *msg);
bool seal_challenged(void);
/* A request of the node to `who`: false when it is not sealed; and its answer.
 */
bool seal_open(unsigned who, struct tomte_coap_msg *msg, struct tomte_buf out,
               struct tomte_oscore_exchange *x);
bool seal_answer(unsigned who, struct tomte_oscore_exchange *x,
                 const struct tomte_coap_msg *msg, struct tomte_coap_msg *out);

/* ---- answer.c, script.c ---- */

/* Answers one of the last requests of the node, as the input says. */
void answer_one(void);
/* The path of a resource of the node; NULL terminated, static. */
const char *script_path(unsigned i);
void script_run(struct tomte_span input, bool keeper);
