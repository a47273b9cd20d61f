/* SPDX-License-Identifier: Apache-2.0 */
/* node/state.h: the tables of a node: cells, resources, slots, transfers; all
 * of it in the node's arena, made at init. */
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
#include "home/replica.h"
#include "home/lease.h"
#include "home/view.h"
#include "node/bond.h"
#include "node/link.h"
#include "node/node.h"
#include "store/store.h"
#include "wasm/wasm.h"

/* ---- bounds ---- */

#ifdef TOMTE_MCU
#define NODE_FETCHES       6  /* block-wise transfers at one time */
#define NODE_SENDS         16 /* events in flight to consumers */
#define NODE_VIEW_BYTES    8192
#define NODE_PAGE_BYTES    8192
#define NODE_SCRATCH_BYTES (40u << 10) /* a checkpoint and its parts */
#else
#define NODE_FETCHES       12
#define NODE_SENDS         64
#define NODE_VIEW_BYTES    65536
#define NODE_PAGE_BYTES    65536
#define NODE_SCRATCH_BYTES (512u << 10)
#endif
#define NODE_PRESS_WAITS     8    /* people's presses that wait for consumers */
#define NODE_OUTBOX_BYTES    4096 /* of one out event port */
#define NODE_SLICE_FUEL      200000u
#define NODE_RENEW_MS        5000u /* of what an actuator should have */
#define NODE_SENDS_A_STEP    16
#define NODE_STANDBY_WAIT_MS 1000u /* without an ack: propose to count it out */
#define NODE_PATH_BYTES      128
#define NODE_COMMANDS        10
#define NODE_LINK_BYTES      (2 * TOMTE_LIMIT_DATAGRAM_BYTES) /* a buffer */
#define NODE_TIDY_BYTES      4096u /* of the store, in a step without work */

/* ---- requests made: what a cookie says ---- */

enum cookie_kind {
    COOKIE_LEASE = 1, /* index: none; `extra` low bits of the time sent */
    COOKIE_FETCH,     /* fetch index, generation */
    COOKIE_OBSERVE,   /* cell index */
    COOKIE_WRITE,     /* slot, port */
    COOKIE_SEND,      /* index in `sends` */
    COOKIE_RECORDS,   /* slot, number of the request */
    COOKIE_POKE,
    COOKIE_KEEPERS,
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
    bool has_origin;  /* else a person's message */
    uint32_t request; /* CoAP handle to answer after the commit */
    uint16_t len;
    uint16_t format;
    struct tomte_origin origin;
    uint8_t payload[TOMTE_LIMIT_MESSAGE_BYTES];
};

struct slot_port {
    struct tomte_channel_name channel; /* empty: bound to nothing */
    uint8_t direction, kind;
    bool actuator; /* an out state port bound to one */

    uint16_t cell;               /* in state, out state not actuator; or NONE */
    uint64_t seen_revision;      /* in state: delivered up to here */
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
    bool insync;   /* in the confirmed set: commits wait for it */
    bool proposed; /* in the set as this owner would have it */
    bool out;      /* silent: proposed out, not confirmed yet */
    bool failing;  /* the last request was not answered well */
    bool known;    /* `held` is what it said in this epoch */
    bool wants_checkpoint;
    bool in_flight;
    uint32_t asked;    /* number of the last request to it */
    uint64_t held;     /* sequence that it acknowledged */
    uint64_t out_at;   /* lease request that first left it out */
    uint64_t waits_ms; /* since when it owes an answer; 0: it does not */
    uint64_t retry_ms;
};

struct slot {
    struct tomte_node *node;
    uint8_t phase; /* enum slot_phase */
    uint16_t index;
    bool seen;       /* in the view that is being put into force */
    bool rebind;     /* ports are to be bound when the container is ready */
    bool collecting; /* a recovery after which ports must be rebuilt */
    bool refused;    /* FAILED: for good with this image on this node */
    bool spoilt;     /* FAILED: in its trial */
    bool passed;     /* its trial is over */
    bool damaged;    /* OWNER: the history here may lack committed events */
    uint8_t tries;   /* of fetching */
    char reason[TOMTE_REASON_MAX]; /* for people, when it does not run */

    /* as the view in force says */
    struct tomte_name identity;
    uint8_t part; /* enum tomte_view_part */
    bool active;
    uint8_t durability, without_keeper;
    uint64_t epoch, born, elapsed_ms;
    uint8_t target[TOMTE_IMAGE_DIGEST_BYTES]; /* the image that is wanted */
    bool trial;                               /* of that image; instead of: */
    bool afresh;
    uint8_t before[TOMTE_IMAGE_DIGEST_BYTES];
    /* the image that is here, or on its way: `target`, or the one that the
     * history is of, while it hands over */
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
    bool running_entry;   /* the event at hand is the first of the inbox */
    uint64_t waiting;     /* committed, not released: its sequence */
    uint64_t recovered;   /* last sequence that was replayed at the start: until
                               the standbys that count have it, nothing is said
                               that follows from it but states; 0: they have */
    bool waiting_trapped; /* it trapped: there are no outputs */
    uint8_t next_port;    /* fairness among state ports */
    uint32_t log_bytes_max;               /* of the manifest */
    uint64_t health_ms[TOMTE_HEALTH_MAX]; /* on trial: when what a rule asks for
                                             was put last */
    uint16_t fetch; /* of image or checkpoint; NODE_FETCHES: none */
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
    uint32_t at;   /* bytes received */
    uint32_t size; /* Size2 of the first block; 0: not told */
    uint8_t etag[8];
    uint8_t etag_len;
    uint8_t failures;
    bool writing;                     /* the blob writer is open */
    uint64_t retry_ms;                /* nothing in flight: ask then */
    struct tomte_store_writer writer; /* IMAGE */
};

/* ---- block-wise answers: what later blocks are cut from ---- */

struct page {
    struct tomte_addr peer;
    uint32_t bond; /* by which it was asked for; 0: none */
    uint8_t kind;  /* 0: empty */
    uint64_t used_ms;
    uint32_t len, cap;
    uint32_t etag;
    uint8_t *data;
};

#define NODE_PAGES 2

/* ---- Block1 ---- */

struct upload {
    struct tomte_addr peer;
    uint32_t bond; /* by which it comes */
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
    uint8_t said_len; /* of the text, without how often it was said before */
    char text[160];
};

/* ---- the keeper's part; NULL on other nodes ---- */

#define NODE_KEEPERS TOMTE_REPLICA_MEMBERS_MAX

struct keeper_part {
    struct tomte_home home;
    struct tomte_keeper keeper;
    uint32_t log;     /* of the store: commands since the snapshot */
    uint32_t request; /* CoAP handle of the request at hand */
    uint32_t commands[NODE_COMMANDS]; /* by token: CoAP handle, 0: free */
    uint8_t *bytes;                   /* 8 + TOMTE_COMMAND_BYTES_MAX */
    struct tomte_arena memory;        /* of `keeper` */
    bool leads;                       /* `keeper` is there; alone: always */

    /* one of several: group.c */
    const struct tomte_replica *replica; /* NULL: alone */
    struct tomte_replica_status status;  /* as it was last looked at */
    uint64_t led;                        /* term */
    uint32_t unsent;                     /* frames that had no room */
    uint32_t proposal;                   /* number of the last one */
    bool decided;                        /* and not yet told to `keeper` */
    enum tomte_err decided_err;
    struct tomte_home_report report; /* of the command applied last */
    uint64_t newcomer;               /* to be added when it leads; 0: none */
    struct tomte_addr newcomer_addr;
};

/* ---- the node ---- */

struct tomte_node {
    struct tomte_node_config config;
    struct tomte_arena *arena;
    struct tomte_arena scratch;
    uint64_t now_ms;
    uint32_t boot; /* from 1 */
    bool broken;
    bool names_lost; /* the storage may show what was true once */
    struct tomte_random random;
    struct tomte_drbg drbg;
    struct node_keys keys;
    struct node_bonds bonds;
    struct node_link link;
    struct tomte_coap coap;
    struct tomte_store store;
    struct tomte_node_witness witness;

    /* control */
    struct tomte_lease lease;
    uint64_t lease_sent_ms;        /* of the request in flight */
    uint32_t lease_handle;         /* 0: none in flight */
    uint64_t lease_sequence;       /* of the last request of this boot */
    uint64_t term;                 /* of the answer that came last */
    struct tomte_addr keeper_addr; /* who is asked now */
    struct tomte_addr keepers[NODE_KEEPERS];
    uint8_t keepers_len, keeper_at;
    unsigned unanswered;   /* requests for a lease, since the last answer */
    uint64_t keepers_term; /* of the answer after which they were asked for */
    uint64_t settled; /* view version of the last answer that was settled */
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
    uint64_t confirmed;   /* version stored and acted by */
    uint64_t to_confirm;  /* applied in this step, not synced yet */
    bool fences_stored;   /* those of the view in force */
    uint64_t view_wanted; /* version that the keeper spoke of */

    struct cell *cells;
    struct node_resource *resources;
    struct send *sends;
    uint32_t asked; /* requests to standbys, numbered */
    struct press_wait presses[NODE_PRESS_WAITS];
    struct slot *slots;
    struct fetch *fetches;
    struct page pages[NODE_PAGES];
    struct upload upload;
    struct keeper_part *keeper;
    struct keeper_part *spare; /* what a node that may become one has ready */

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
