/* SPDX-License-Identifier: Apache-2.0 */
/* node/internal.h: what the files of the node room share.
 *
 * One step, one way through (ARCHITECTURE.md has the hops by name):
 *
 *   node.c      step: coap in -> work -> sync -> poll: coap out
 *   route.c     a request's path -> one serve function
 *   reply.c     answers, whole and in blocks (RFC 7959)
 *   fetch.c     the client's side of blocks: views, images, checkpoints
 *   upload.c    the server's side of Block1: images and commands
 *
 *   control.c   the node's side of leases: when to ask, what to say
 *   view.c      a new view put into force
 *   keeper.c    the keeper: home, log, answers to leases and commands
 *   status.c    what `tomte status` and `tomte logs` show
 *   log.c       lines for people
 *
 *   cell.c      state channels: the latest of each, observers, observations
 *   resource.c  sensors and buttons in, actuators out
 *   actuator.c  writes to actuators: fences, overrides
 *   deliver.c   events and actuator writes on their way out
 *   receive.c   events on their way in
 *
 *   slot.c      a container's life on this node, from view to running
 *   run.c       one event: begin, run, commit, release
 *   part.c      the node's part of a checkpoint; recovery of ports
 *   replicate.c owner: records to standbys, in-sync proposals
 *   standby.c   standby: records and checkpoints from the owner
 *
 * Functions shared between files are node_<file>_<verb>. Everything returns
 * nothing or an error that its caller handles; nothing here calls upward. */
#pragma once

#include "channel/actuator.h"
#include "channel/cursor.h"
#include "channel/message.h"
#include "channel/outbox.h"
#include "channel/state.h"
#include "channel/writer.h"
#include "coap/endpoint.h"
#include "container/container.h"
#include "crypto/crypto.h"
#include "home/keeper.h"
#include "home/lease.h"
#include "home/view.h"
#include "node/node.h"
#include "store/store.h"
#include "wasm/wasm.h"

/* ---- bounds ---- */

#define NODE_FETCHES        12 /* block-wise transfers at one time */
#define NODE_SENDS          64 /* events in flight to consumers */
#define NODE_PRESS_WAITS    8  /* people's presses that wait for consumers */
#define NODE_VIEW_BYTES     65536
#define NODE_SCRATCH_BYTES  (512u << 10)
#define NODE_OUTBOX_BYTES   4096 /* of one out event port */
#define NODE_SLICE_FUEL     200000u
#define NODE_RENEW_MS       5000u /* of what a container wants of an actuator */
#define NODE_SENDS_A_STEP   16
#define NODE_STANDBY_WAIT_MS 1000u /* without an ack: propose to count it out */
#define NODE_PATH_BYTES     128
#define NODE_COMMANDS       10

/* ---- requests made: what a cookie says ---- */

enum cookie_kind {
    COOKIE_LEASE = 1, /* index: none; `extra` low bits of the time sent */
    COOKIE_FETCH,     /* fetch index, generation */
    COOKIE_OBSERVE,   /* cell index */
    COOKIE_WRITE,     /* slot, port */
    COOKIE_SEND,      /* index in `sends` */
    COOKIE_RECORDS,   /* slot, standby */
    COOKIE_POKE,
};

static inline uint64_t cookie(enum cookie_kind kind, unsigned a, uint32_t b)
{
    return (uint64_t)kind << 56 | (uint64_t)(a & 0xffffff) << 32 | b;
}

static inline enum cookie_kind cookie_kind(uint64_t c)
{
    return (enum cookie_kind)(c >> 56);
}

static inline unsigned cookie_a(uint64_t c)
{
    return (unsigned)(c >> 32 & 0xffffff);
}

static inline uint32_t cookie_b(uint64_t c)
{
    return (uint32_t)c;
}

/* ---- cells: state channels known here ---- */

enum cell_source {
    CELL_FREE,
    CELL_RESOURCE, /* a sensor's reading, or what an actuator does: `index` */
    CELL_PORT,     /* an out state port of a container owned here */
    CELL_REMOTE,   /* observed at `addr` */
};

#define NODE_CELL_NONE 0xffffu

struct cell {
    uint8_t source; /* enum cell_source */
    struct tomte_channel_name channel;
    struct tomte_state state;
    uint64_t told_revision; /* what observers were told last */
    uint16_t index;         /* RESOURCE: which; PORT: slot */
    /* REMOTE */
    struct tomte_addr addr;
    uint32_t handle;   /* of the observation; 0: none */
    uint64_t retry_ms; /* when there is none: register then */
    bool wanted;       /* by a port, in the view that is in force */
    bool served;       /* by an out port of a slot, likewise */
    uint8_t memory[TOMTE_LIMIT_MESSAGE_BYTES];
};

/* ---- resources ---- */

struct node_resource {
    struct tomte_node_resource is;
    uint16_t cell; /* SENSOR, ACTUATOR */
    struct tomte_actuator actuator;
    bool storing;          /* encoded and written, not synced yet */
    uint64_t stale_writes; /* accepted from an old epoch (without.fencing) */
    struct tomte_outbox *outbox; /* BUTTON */
    struct node_target *targets; /* BUTTON: TOMTE_LIMIT_CONSUMERS */
    uint8_t targets_len;
    uint64_t sequence; /* of readings, and of what was driven */
};

/* A consumer of an event channel, and where it is. */
struct node_target {
    struct tomte_name identity;
    uint64_t epoch;
    struct tomte_addr addr;
};

/* An event on its way to a consumer. */
struct send {
    bool used;
    uint32_t handle; /* of the request */
    uint32_t generation;
    bool press; /* of resource `from`, else of slot `from`, port `port` */
    uint16_t from;
    uint8_t port;
    struct tomte_name consumer;
    uint64_t epoch;
    uint64_t sequence;
    uint64_t slot_epoch; /* the sender's: an answer to an old life is dropped */
};

/* A person's press that is answered when all consumers have it. */
struct press_wait {
    uint32_t request; /* handle; 0: free */
    uint16_t resource;
    uint64_t sequence;
    uint64_t until_ms;
};

/* ---- slots: containers here ---- */

enum slot_phase {
    SLOT_FREE,
    SLOT_FETCH_IMAGE, /* the image is on its way */
    SLOT_STANDBY,     /* keeps image and history, runs nothing */
    SLOT_PENDING,     /* owner of an epoch that is not active yet */
    SLOT_NO_LEASE,    /* `safe` and without a lease */
    SLOT_RECOVERING,
    SLOT_RUNNING,
    SLOT_FENCED, /* saw a higher epoch: stopped until the view says more */
    SLOT_FAILED, /* cannot run here; the reason says why */
};

struct inbox_entry {
    uint8_t port;
    bool has_origin;       /* else a person's message */
    uint32_t request;      /* CoAP handle to answer after the commit */
    uint16_t len;
    uint16_t format;
    struct tomte_origin origin;
    uint8_t payload[TOMTE_LIMIT_MESSAGE_BYTES];
};

struct slot_port {
    struct tomte_channel_name channel; /* empty: bound to nothing */
    uint8_t direction, kind;
    bool actuator; /* an out state port bound to one */

    uint16_t cell;          /* in state, out state not actuator; or NONE */
    uint64_t seen_revision; /* in state: delivered up to here */
    struct tomte_stream numbers; /* out state: of its representations */
    uint8_t *last;               /* out state: what was put last */
    uint16_t last_len;           /* TOMTE_LIMIT_MESSAGE_BYTES at most */
    bool has_last;

    struct tomte_outbox *outbox; /* out event, in the slot's arena */
    struct node_target targets[TOMTE_LIMIT_CONSUMERS]; /* out event */
    uint8_t targets_len;

    struct tomte_writer writer; /* actuator */
    uint32_t write_handle;      /* of the write in flight */
    struct tomte_addr addr;     /* of the actuator's node; in event: unused */
    bool has_addr;
};

struct standby_peer {
    struct tomte_name name;
    struct tomte_addr addr;
    bool insync;    /* in the confirmed set: commits wait for it */
    bool proposed;  /* in the set as this owner would have it */
    bool out;       /* silent: proposed out, not confirmed yet */
    bool failing;   /* the last request was not answered well */
    bool known;     /* `held` is what it said in this epoch */
    bool wants_checkpoint;
    bool in_flight;
    uint64_t held;      /* sequence that it acknowledged */
    uint64_t out_at;    /* lease request that first left it out */
    uint64_t waits_ms;  /* since when it owes an answer; 0: it does not */
    uint64_t retry_ms;
};

struct slot {
    struct tomte_node *node;
    uint8_t phase; /* enum slot_phase */
    uint16_t index;
    bool seen;   /* in the view that is being put into force */
    bool rebind; /* ports are to be bound when the container is ready */
    bool collecting; /* a recovery after which ports must be rebuilt */
    bool refused;    /* FAILED: for good with this image on this node */
    uint8_t tries;   /* of fetching */
    char reason[TOMTE_REASON_MAX]; /* for people, when it does not run */

    /* as the view in force says */
    struct tomte_name identity;
    uint8_t part; /* enum tomte_view_part */
    bool active;
    uint8_t durability, without_keeper;
    uint64_t epoch, born, elapsed_ms;
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_view_node owner;
    bool has_owner;
    uint64_t peers_epoch;
    uint8_t peers_len;
    struct standby_peer peers[TOMTE_HOME_STANDBYS_MAX];

    /* what is here */
    struct tomte_arena arena; /* all of the slot's memory */
    size_t arena_image_mark;  /* behind the image */
    struct tomte_span image;
    struct tomte_history history;
    bool history_open;
    uint8_t *ring; /* records of durability none */
    uint64_t retry_ms;

    /* owner, from loading on */
    struct tomte_container container;
    bool loaded;
    uint8_t ports_len;
    struct slot_port *ports;
    struct tomte_cursors cursors;
    struct inbox_entry *inbox;
    uint16_t inbox_cap, inbox_head, inbox_len;
    bool running_entry;  /* the event at hand is the first of the inbox */
    uint64_t waiting;    /* committed, not released: its sequence */
    bool waiting_trapped; /* it trapped: there are no outputs */
    uint8_t next_port;   /* fairness among state ports */
    uint32_t log_bytes_max; /* of the manifest */
    uint16_t fetch;      /* of image or checkpoint; NODE_FETCHES: none */
};

/* ---- block-wise fetches ---- */

enum fetch_kind {
    FETCH_FREE,
    FETCH_VIEW,
    FETCH_IMAGE,      /* owner: slot */
    FETCH_CHECKPOINT, /* owner: slot */
};

struct fetch {
    uint8_t kind; /* enum fetch_kind */
    uint16_t slot;
    struct tomte_addr addr;
    char path[NODE_PATH_BYTES];
    char query[48];
    uint32_t handle;
    uint32_t generation;
    uint32_t at;      /* bytes received */
    uint32_t size;    /* Size2 of the first block; 0: not told */
    uint8_t etag[8];
    uint8_t etag_len;
    uint8_t failures;
    bool writing;      /* the blob writer is open */
    uint64_t retry_ms; /* nothing in flight: ask then */
    struct tomte_store_writer writer; /* IMAGE */
};

/* ---- block-wise answers: what later blocks are cut from ---- */

struct page {
    struct tomte_addr peer;
    uint8_t kind; /* 0: empty */
    uint64_t used_ms;
    uint32_t len, cap;
    uint32_t etag;
    uint8_t *data;
};

#define NODE_PAGES      2
#define NODE_PAGE_BYTES 65536

/* ---- Block1 ---- */

struct upload {
    struct tomte_addr peer;
    uint64_t used_ms;
    uint32_t at;
    bool blob; /* else a command, in `data` */
    bool open;
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_store_writer writer;
    uint8_t *data; /* TOMTE_COMMAND_BYTES_MAX */
};

/* ---- log lines ---- */

struct log_line {
    uint64_t number; /* 0: empty */
    uint64_t at_ms;
    uint32_t repeats;
    uint8_t level;
    char text[160];
};

/* ---- the keeper's part; NULL on other nodes ---- */

struct keeper_part {
    struct tomte_home home;
    struct tomte_keeper keeper;
    uint32_t log;             /* of the store: commands since the snapshot */
    uint32_t request;         /* CoAP handle of the request at hand */
    uint32_t commands[NODE_COMMANDS]; /* by token: CoAP handle, 0: free */
    uint8_t *bytes; /* 8 + TOMTE_COMMAND_BYTES_MAX */
};

/* ---- the node ---- */

struct tomte_node {
    struct tomte_node_config config;
    struct tomte_arena *arena;
    struct tomte_arena scratch;
    uint64_t now_ms;
    uint32_t boot; /* from 1 */
    bool broken;
    struct tomte_random random;
    struct tomte_coap coap;
    struct tomte_store store;
    struct tomte_node_witness witness;

    /* control */
    struct tomte_lease lease;
    uint64_t lease_sent_ms; /* of the request in flight */
    uint32_t lease_handle;  /* 0: none in flight */
    uint64_t lease_sequence; /* of the last request of this boot */
    uint64_t term;           /* of the answer that came last */
    uint64_t settled;   /* view version of the last answer that was settled */
    uint64_t settled_sequence; /* of the request that was answered so */
    uint64_t store_id;
    bool lease_now; /* something to tell: do not wait for the deadline */
    uint16_t lease_next;
    bool offer_wanted;
    uint8_t *offer; /* encoded */
    size_t offer_len;
    uint32_t offer_crc;
    bool was_leased; /* for a line when that changes */

    /* the view in force; bytes in view_bytes[view_at] */
    bool has_view;
    struct tomte_view view;
    uint8_t *view_bytes[2];
    uint8_t view_at;
    size_t view_len;
    uint64_t confirmed;    /* version stored and acted by */
    uint64_t to_confirm;   /* applied in this step, not synced yet */
    bool fences_stored;    /* those of the view in force */
    uint64_t view_wanted;  /* version that the keeper spoke of */

    struct cell *cells;
    struct node_resource *resources;
    struct send *sends;
    struct press_wait presses[NODE_PRESS_WAITS];
    struct slot *slots;
    struct fetch *fetches;
    struct page pages[NODE_PAGES];
    struct upload upload;
    struct keeper_part *keeper;

    /* lines: a ring; those from `log_told` on are still to be polled */
    struct log_line *lines;
    uint64_t line_next; /* number of the next line */
    uint64_t line_told;

    /* drives that wait to be polled: a bit for each resource */
    uint64_t drives;
    uint8_t drive_bytes[TOMTE_VALUE_BYTES_MAX];
    struct tomte_node_effect effect; /* memory of the last one polled */
    char effect_text[200];
    bool again; /* there is work left: step again at once */
};

/* ---- reply.c ---- */

/* The code of an error and, for a person, its text as diagnostic payload (RFC
 * 7252 section 5.5.2). */
void node_reply_error(struct tomte_node *n, uint32_t request,
                      enum tomte_err err, const char *text);

/* 2.04 or 2.05 with a CBOR payload that fits one datagram. */
void node_reply_cbor(struct tomte_node *n, uint32_t request, uint8_t code,
                     struct tomte_span payload);

/* Copies out.cap bytes (fewer only at the end) from `offset`. */
typedef enum tomte_err (*node_read_fn)(struct tomte_node *n, void *ctx,
                                       uint32_t offset, struct tomte_buf out,
                                       struct tomte_span *piece);

/* The block that `msg` asks for (the first when it asks for none) of a
 * representation of `size` bytes with this ETag. */
void node_reply_block(struct tomte_node *n, uint32_t request,
                      const struct tomte_coap_msg *msg, uint32_t size,
                      struct tomte_span etag, node_read_fn read, void *ctx);

/* The same for one that is made afresh for block 0 and kept for the later
 * ones: `make` writes it into `out`. `kind` tells them apart, from 1. */
typedef enum tomte_err (*node_make_fn)(struct tomte_node *n, void *ctx,
                                       struct tomte_buf out,
                                       struct tomte_span *bytes);
enum page_kind { PAGE_LINKS = 1, PAGE_VIEW, PAGE_STATUS, PAGE_LOGS, PAGE_WHY };
void node_reply_page(struct tomte_node *n, uint32_t request,
                     const struct tomte_addr *peer,
                     const struct tomte_coap_msg *msg, uint8_t kind,
                     node_make_fn make, void *ctx);

/* ---- route.c ---- */

/* One request, to the function that serves it: it responds or keeps the
 * handle. */
void node_route_request(struct tomte_node *n, const struct tomte_addr *from,
                        uint32_t request, const struct tomte_coap_msg *msg);

/* A request of ours: POST or GET on a path with perhaps a query and a CBOR
 * payload. */
struct node_ask {
    struct tomte_addr to;
    uint8_t code;
    bool confirmable;
    uint32_t timeout_ms; /* 0: the profile's */
    const char *path;
    const char *query; /* NULL: none */
    const struct tomte_coap_block *block2; /* NULL: none */
    struct tomte_span payload;
    uint64_t cookie;
};
TOMTE_MUST_CHECK enum tomte_err node_ask(struct tomte_node *n,
                                         const struct node_ask *ask,
                                         uint32_t *handle);

/* ---- fetch.c ---- */

/* Begins one; its index, or NODE_FETCHES when all are taken. An image is
 * stored as a blob under its digest and checked; a checkpoint goes into the
 * slot's history; a view into view_bytes. */
uint16_t node_fetch_begin(struct tomte_node *n, enum fetch_kind kind,
                          uint16_t slot, const struct tomte_addr *addr,
                          const char *path, const char *query);
void node_fetch_cancel(struct tomte_node *n, uint16_t fetch);
void node_fetch_work(struct tomte_node *n);
void node_fetch_answer(struct tomte_node *n, uint64_t cookie,
                       const struct tomte_coap_msg *msg);
void node_fetch_failed(struct tomte_node *n, uint64_t cookie);
uint64_t node_fetch_deadline(const struct tomte_node *n);

/* ---- upload.c: images and commands, in blocks ---- */

/* "image/" and the digest in hexadecimal; the key's length is 70. */
#define NODE_IMAGE_KEY_LEN 70
void node_image_key(const uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES],
                    uint8_t key[NODE_IMAGE_KEY_LEN]);
bool node_image_here(struct tomte_node *n,
                     const uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES],
                     struct tomte_store_blob_info *info);

/* An image that is not what its name says, or not needed, leaves the store. */
void node_image_remove(struct tomte_node *n, struct tomte_span key);
/* SHA-256 over a stored blob. */
TOMTE_MUST_CHECK enum tomte_err
node_image_digest(struct tomte_node *n,
                  const struct tomte_store_blob_info *info,
                  uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES]);

void node_upload_blob(struct tomte_node *n, const struct tomte_addr *from,
                      uint32_t request, const struct tomte_coap_msg *msg,
                      struct tomte_span hex);
void node_upload_command(struct tomte_node *n, const struct tomte_addr *from,
                         uint32_t request, const struct tomte_coap_msg *msg);
void node_blob_get(struct tomte_node *n, uint32_t request,
                   const struct tomte_coap_msg *msg, struct tomte_span hex);
/* Images that neither a slot nor the home needs leave the store. */
void node_image_sweep(struct tomte_node *n);

/* ---- control.c ---- */

void node_control_init(struct tomte_node *n);
void node_control_work(struct tomte_node *n);
void node_control_answer(struct tomte_node *n,
                         const struct tomte_coap_msg *msg);
void node_control_failed(struct tomte_node *n);
void node_control_poke(struct tomte_node *n, uint32_t request,
                       const struct tomte_coap_msg *msg);
uint64_t node_control_deadline(const struct tomte_node *n);
bool node_control_leased(const struct tomte_node *n);
/* A peer spoke of an epoch or version not known here: ask the keeper. */
void node_control_stale(struct tomte_node *n);

/* ---- view.c ---- */

/* The stored view at boot; nothing stored is not an error. */
void node_view_load(struct tomte_node *n);
/* A fetched one, whole, in view_bytes[1 - view_at]. Stores it and puts it into
 * force: slots, fences, cells. An error leaves the old one in force. */
void node_view_arrived(struct tomte_node *n, size_t len);
/* After a successful sync: fences count, the version may be confirmed. */
void node_view_synced(struct tomte_node *n);

/* ---- keeper.c ---- */

TOMTE_MUST_CHECK enum tomte_err node_keeper_init(struct tomte_node *n);
size_t node_keeper_memory(const struct tomte_node_config *config);
void node_keeper_lease(struct tomte_node *n, const struct tomte_addr *from,
                       uint32_t request, const struct tomte_coap_msg *msg);
void node_keeper_command(struct tomte_node *n, uint32_t request,
                         struct tomte_span command);
void node_keeper_view(struct tomte_node *n, const struct tomte_addr *from,
                      uint32_t request, const struct tomte_coap_msg *msg);
void node_keeper_why(struct tomte_node *n, uint32_t request,
                     struct tomte_span identity);
void node_keeper_work(struct tomte_node *n);
uint64_t node_keeper_deadline(const struct tomte_node *n);

/* ---- status.c ---- */

void node_status_get(struct tomte_node *n, const struct tomte_addr *from,
                     uint32_t request, const struct tomte_coap_msg *msg);
void node_logs_get(struct tomte_node *n, const struct tomte_addr *from,
                   uint32_t request, const struct tomte_coap_msg *msg);

/* ---- log.c ---- */

void node_log(struct tomte_node *n, enum tomte_log_level level,
              const char *text);
/* "subject: text: error". */
void node_log_err(struct tomte_node *n, struct tomte_span subject,
                  const char *text, enum tomte_err err);

/* ---- cell.c ---- */

void node_cell_init(struct tomte_node *n);
/* The cell of this channel; NODE_CELL_NONE when there is none. */
uint16_t node_cell_find(const struct tomte_node *n,
                        const struct tomte_channel_name *channel);
/* The same, made when there is none; NONE when the table is full (logged). */
uint16_t node_cell_make(struct tomte_node *n,
                        const struct tomte_channel_name *channel);
/* A new view: between begin and end, ports say what they want. */
void node_cell_view_begin(struct tomte_node *n);
uint16_t node_cell_want(struct tomte_node *n,
                        const struct tomte_channel_name *channel,
                        const struct tomte_view_peer *writer);
/* An out state port of a slot serves this channel from now on. */
uint16_t node_cell_serve(struct tomte_node *n,
                         const struct tomte_channel_name *channel,
                         const struct slot *slot);
void node_cell_view_end(struct tomte_node *n);
/* A port or a resource has a new representation. */
void node_cell_put(struct tomte_node *n, uint16_t cell,
                   const struct tomte_state_put *put);
/* GET, with and without Observe, on a state channel known here. */
void node_cell_get(struct tomte_node *n, const struct tomte_addr *from,
                   uint32_t request,
                   const struct tomte_channel_request *channel);
void node_cell_answer(struct tomte_node *n, uint64_t cookie,
                      const struct tomte_coap_msg *msg, bool last);
void node_cell_failed(struct tomte_node *n, uint64_t cookie);
void node_cell_stale(struct tomte_node *n, uint64_t cookie);
void node_cell_work(struct tomte_node *n);
uint64_t node_cell_deadline(const struct tomte_node *n);

/* ---- resource.c ---- */

TOMTE_MUST_CHECK enum tomte_err node_resource_init(struct tomte_node *n);
size_t node_resource_memory(const struct tomte_node_config *config);
void node_resource_reading(struct tomte_node *n, size_t index,
                           struct tomte_span senml);
/* A person's message to a button; answered when its consumers have it. */
void node_resource_press(struct tomte_node *n, size_t index, uint32_t request,
                         const struct tomte_channel_request *channel);
void node_resource_view_begin(struct tomte_node *n);
void node_resource_view(struct tomte_node *n,
                        const struct tomte_view_resource *resource);
void node_resource_view_end(struct tomte_node *n);
int node_resource_find(const struct tomte_node *n,
                       const struct tomte_channel_name *channel);
void node_resource_work(struct tomte_node *n);
uint64_t node_resource_deadline(const struct tomte_node *n);
/* A drive that was marked is polled: its value. */
struct tomte_span node_resource_drive(struct tomte_node *n, size_t index);

/* ---- actuator.c ---- */

/* PUT and DELETE on an actuator here. */
void node_actuator_write(struct tomte_node *n, size_t resource,
                         uint32_t request,
                         const struct tomte_channel_request *channel);
void node_actuator_release(struct tomte_node *n, size_t resource,
                           uint32_t request);
/* Before the sync of a step: what must survive is written to the store. */
void node_actuator_store(struct tomte_node *n);
/* After it: it counts. */
void node_actuator_synced(struct tomte_node *n);
void node_actuator_load(struct tomte_node *n, size_t resource);

/* ---- deliver.c ---- */

/* What an out state port serves: the last payload, under a new number. */
void node_deliver_state(struct tomte_node *n, struct slot *s,
                        struct slot_port *p);
/* One output of a released event. */
void node_deliver_output(struct tomte_node *n, struct slot *s, unsigned port,
                         struct tomte_span payload);
/* Messages and writes that are due leave, bounded. */
void node_deliver_work(struct tomte_node *n);
void node_deliver_send_answer(struct tomte_node *n, uint64_t cookie,
                              const struct tomte_coap_msg *msg);
void node_deliver_send_failed(struct tomte_node *n, uint64_t cookie);
void node_deliver_write_answer(struct tomte_node *n, uint64_t cookie,
                               const struct tomte_coap_msg *msg);
void node_deliver_write_failed(struct tomte_node *n, uint64_t cookie);
uint64_t node_deliver_deadline(const struct tomte_node *n);
/* Room for the outputs of one more event on every out event port. */
bool node_deliver_has_room(const struct slot *s);
/* The slot's ports go away: what is in flight is given up, not repeated. */
void node_deliver_forget(struct tomte_node *n, const struct slot *s);

/* ---- receive.c ---- */

/* POST on the channel of an in event port of a container here. */
void node_receive_message(struct tomte_node *n, struct slot *s, unsigned port,
                          uint32_t request,
                          const struct tomte_channel_request *channel);
/* The slot and port that take this event channel's messages; NULL: none. */
struct slot *node_receive_find(struct tomte_node *n,
                               const struct tomte_channel_name *channel,
                               unsigned *port);
/* The container committed (or dead-lettered) the entry: acknowledge. */
void node_receive_committed(struct tomte_node *n, struct slot *s,
                            struct inbox_entry *e);
/* The slot stops: whoever waits for an answer is told to come again. */
void node_receive_drop_all(struct tomte_node *n, struct slot *s);

/* ---- slot.c ---- */

TOMTE_MUST_CHECK enum tomte_err node_slot_init(struct tomte_node *n);
size_t node_slot_memory(const struct tomte_node_config *config);
struct slot *node_slot_find(struct tomte_node *n,
                            const struct tomte_name *identity);
void node_slot_view_begin(struct tomte_node *n);
void node_slot_view(struct tomte_node *n,
                    const struct tomte_view_placement *placement);
void node_slot_view_end(struct tomte_node *n);
void node_slot_fetched(struct tomte_node *n, struct slot *s,
                       enum fetch_kind kind, enum tomte_err err);
/* Somebody holds a higher epoch of this identity than this slot has. */
void node_slot_fenced(struct tomte_node *n, struct slot *s, uint64_t held);
void node_slot_work(struct tomte_node *n);
uint64_t node_slot_deadline(const struct tomte_node *n);
const char *node_slot_phase_name(const struct slot *s);
/* For a lease request. */
uint8_t node_slot_report_state(const struct slot *s);
/* The slot acts now: running, and its node may. */
bool node_slot_acts(const struct tomte_node *n, const struct slot *s);
/* To be said once, with the identity before it. */
void node_slot_reason(struct tomte_node *n, struct slot *s, const char *text,
                      enum tomte_err err);

/* ---- run.c ---- */

/* One slice, or one transition, of a RUNNING slot. */
void node_run_work(struct tomte_node *n, struct slot *s);
/* Whether there is something to do now, and when at the latest. */
uint64_t node_run_deadline(const struct tomte_node *n, const struct slot *s);
/* What a committed event put leaves, its message is acknowledged. */
void node_run_release(struct tomte_node *n, struct slot *s);

/* ---- part.c ---- */

/* Ports of a loaded container, from its manifest; not bound yet. */
TOMTE_MUST_CHECK enum tomte_err node_part_ports(struct tomte_node *n,
                                                struct slot *s);
/* The bindings of the view in force. */
void node_part_bind(struct tomte_node *n, struct slot *s);
/* The container hears of them; it must be ready. */
void node_part_bind_container(struct slot *s);
/* Takes a checkpoint; an error is logged and tried again later. */
bool node_part_checkpoint(struct tomte_node *n, struct slot *s);
TOMTE_MUST_CHECK enum tomte_err node_part_encode(struct tomte_node *n,
                                                 const struct slot *s,
                                                 struct tomte_buf out,
                                                 struct tomte_span *bytes);
TOMTE_MUST_CHECK enum tomte_err
node_part_decode(struct tomte_node *n, struct slot *s, struct tomte_span bytes);
/* An event was replayed: its message counts as taken, its outputs are put back
 * where they were. */
void node_part_replayed(struct tomte_node *n, struct slot *s);
/* Recovered: streams are opened anew where they must be. */
void node_part_open_streams(struct tomte_node *n, struct slot *s, bool fresh);

/* ---- replicate.c ---- */

void node_replicate_view(struct tomte_node *n, struct slot *s,
                         const struct tomte_view_placement *placement);
void node_replicate_work(struct tomte_node *n, struct slot *s);
void node_replicate_answer(struct tomte_node *n, uint64_t cookie,
                           const struct tomte_coap_msg *msg);
void node_replicate_failed(struct tomte_node *n, uint64_t cookie);
uint64_t node_replicate_deadline(const struct tomte_node *n,
                                 const struct slot *s);
/* Every standby that counts has this sequence. */
bool node_replicate_acknowledged(const struct slot *s, uint64_t sequence);
/* The in-sync set that this owner would have; false: as confirmed. */
bool node_replicate_proposal(const struct slot *s,
                             struct tomte_lease_container *report);

/* ---- standby.c ---- */

/* POST /.tomte/log/IDENTITY: records from the owner. */
void node_standby_records(struct tomte_node *n, const struct tomte_addr *from,
                          uint32_t request, const struct tomte_coap_msg *msg,
                          struct tomte_span identity);
/* GET /.tomte/checkpoint/IDENTITY. */
void node_standby_checkpoint_get(struct tomte_node *n, uint32_t request,
                                 const struct tomte_coap_msg *msg,
                                 struct tomte_span identity);
