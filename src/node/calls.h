/* SPDX-License-Identifier: Apache-2.0 */
/* node/calls.h: what the files of the node room call of each other; the tables
 * that they work on are in state.h, who does what in internal.h. */
#pragma once

#include "node/state.h"

/* ---- link.c ---- */

size_t node_link_memory(const struct tomte_node_config *config);
TOMTE_MUST_CHECK enum tomte_err node_link_init(struct tomte_node *n);
/* From now on a peer of the home: it keeps to the HOME profile and is never
 * forgotten to make room. */
TOMTE_MUST_CHECK enum tomte_err node_link_peer(struct tomte_node *n,
                                               const struct tomte_addr *peer);
/* One event, in; what came of it, up to route.c; what is to be sent, out. */
void node_link_step(struct tomte_node *n, const struct tomte_node_event *event);
void node_link_drain(struct tomte_node *n);
bool node_link_poll(struct tomte_node *n, struct tomte_node_effect *out);
uint64_t node_link_deadline(const struct tomte_node *n);

/* Of coap/endpoint.h, for this node's endpoint. By this bond; NULL: not
 * protected. AGAIN when there is no sequence number for it in this step. */
TOMTE_MUST_CHECK enum tomte_err
node_link_request(struct tomte_node *n, struct bond *b,
                  const struct tomte_coap_request *request, uint32_t *handle);
TOMTE_MUST_CHECK enum tomte_err
node_link_renew(struct tomte_node *n, uint32_t handle,
                const struct tomte_coap_parts *parts);
void node_link_cancel(struct tomte_node *n, uint32_t handle);

/* An answer, or none (drop, also of one without room: the client asks again);
 * numbered: as tomte_coap_numbered. */
void node_link_respond(struct tomte_node *n, uint32_t request,
                       const struct tomte_coap_parts *parts);
void node_link_drop(struct tomte_node *n, uint32_t request);
void node_link_numbered(struct tomte_node *n, uint32_t request);

/* Who made a request that is open here: NULL when it came unprotected; and the
 * number of its bond, or 0. */
const struct node_known *node_link_asker(struct tomte_node *n,
                                         uint32_t request);
uint32_t node_link_bond(struct tomte_node *n, uint32_t request);

/* Between link.c and link_answer.c. */
struct bond *node_link_bond_of(struct tomte_node *n, const struct kept *k);
void node_link_gone(struct tomte_node *n, uint32_t observer);
void node_link_end_observers(struct tomte_node *n);

/* The client of this request observes `resource`, a number of the caller's;
 * all of its observers hear `parts`, `last` ends their observations. */
TOMTE_MUST_CHECK enum tomte_err
node_link_observe(struct tomte_node *n, uint32_t request, uint32_t resource);
void node_link_notify(struct tomte_node *n, uint32_t resource,
                      const struct tomte_coap_parts *parts, bool last);

/* ---- gate.c ---- */

/* UNAUTHORIZED, DENIED, or a path that is none. `asker` NULL: nobody knows. */
TOMTE_MUST_CHECK enum tomte_err node_gate(const struct tomte_node *n,
                                          const struct node_known *asker,
                                          const struct tomte_coap_msg *msg);
/* A node speaks for itself alone, the owner for anybody. UNAUTHORIZED, DENIED.
 */
TOMTE_MUST_CHECK enum tomte_err node_gate_as(struct tomte_node *n,
                                             uint32_t request,
                                             const struct tomte_name *name);

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

/* What came of a request of ours, to whoever made it. */
void node_route_response(struct tomte_node *n, uint64_t c,
                         const struct tomte_coap_msg *msg, bool last);
void node_route_failed(struct tomte_node *n, uint64_t c);
/* It was not served: the peer wants to see that it is fresh, and the next one
 * to it says so. At once, where that is for the caller to say. */
void node_route_challenged(struct tomte_node *n, uint64_t c);

/* A request of ours: POST or GET on a path with perhaps a query and a CBOR
 * payload. */
struct node_ask {
    struct tomte_addr to;
    uint8_t code;
    bool confirmable;
    uint32_t timeout_ms; /* 0: the profile's */
    struct bond *bond;   /* NULL: not protected */
    const char *path;
    const char *query;                     /* NULL: none */
    const struct tomte_coap_block *block2; /* NULL: none */
    struct tomte_span payload;
    uint64_t cookie;
};
TOMTE_MUST_CHECK enum tomte_err
node_ask(struct tomte_node *n, const struct node_ask *ask, uint32_t *handle);

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
/* The identifier of this storage, which is drawn when there is none. */
void node_control_store(struct tomte_node *n);
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
/* Before anything else of a step; the one before it was at last_ms. */
void node_keeper_awake(struct tomte_node *n, uint64_t last_ms);
void node_keeper_work(struct tomte_node *n);
uint64_t node_keeper_deadline(const struct tomte_node *n);

/* One of several that does not lead does less of it. */
bool node_keeper_leads(const struct tomte_node *n);
/* What became of the last command that was to be appended. */
void node_keeper_applied(struct tomte_node *n, enum tomte_err err,
                         const char *text);
void node_keeper_answer_lease(struct tomte_node *n, uint32_t request,
                              const struct tomte_lease_answer *answer);
/* The log of a keeper that was alone. */
TOMTE_MUST_CHECK enum tomte_err node_keeper_forget_log(struct tomte_node *n);

/* ---- group.c: one keeper of several ---- */

TOMTE_MUST_CHECK enum tomte_err node_group_open(struct tomte_node *n,
                                                bool found);
bool node_group_is_member(const struct tomte_node *n);
void node_group_work(struct tomte_node *n);
void node_group_synced(struct tomte_node *n);
uint64_t node_group_deadline(const struct tomte_node *n);
void node_group_propose(struct tomte_node *n, struct tomte_span command);
uint32_t node_group_lease_ms(const struct tomte_node *n, uint32_t lease_ms);
void node_group_frame(struct tomte_node *n, const struct tomte_addr *from,
                      uint32_t request, const struct tomte_coap_msg *msg);
void node_group_get(struct tomte_node *n, uint32_t request);
void node_group_post(struct tomte_node *n, uint32_t request,
                     const struct tomte_coap_msg *msg);
void node_group_hint(struct tomte_node *n, uint32_t request);

/* ---- keepers.c: those that a node knows ---- */

void node_keepers_load(struct tomte_node *n);
void node_keepers_asking(struct tomte_node *n);
void node_keepers_answered(struct tomte_node *n);
void node_keepers_refused(struct tomte_node *n);
void node_keepers_leader(struct tomte_node *n, const struct tomte_addr *addr);
void node_keepers_ask(struct tomte_node *n);
void node_keepers_answer(struct tomte_node *n,
                         const struct tomte_coap_msg *msg);

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
/* The container here that listens to an event channel: this one, or the first
 * when `to` is empty (a person's message). */
struct slot *node_receive_find(struct tomte_node *n,
                               const struct tomte_name *to,
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
/* Somebody holds a higher epoch of this identity than this slot has. */
void node_slot_fenced(struct tomte_node *n, struct slot *s, uint64_t held);
void node_slot_work(struct tomte_node *n);
uint64_t node_slot_deadline(const struct tomte_node *n);
const char *node_slot_phase_name(const struct slot *s);
/* For a lease request. */
uint8_t node_slot_report_state(const struct slot *s);

/* The container leaves memory; image, history and what the view says stay. */
void node_slot_unload(struct tomte_node *n, struct slot *s);

/* The image leaves memory, too; that of s->digest comes next. */
void node_slot_clear_image(struct tomte_node *n, struct slot *s);

/* trial.c: the version on trial failed, for this reason: it stops, what it was
 * about to do is not done, and the keeper is told. */
void node_trial_spoil(struct tomte_node *n, struct slot *s, const char *reason);

/* An event was handled, but is not committed: false when a rule of health was
 * broken and the version was spoilt. */
bool node_trial_event(struct tomte_node *n, struct slot *s);

/* It begins to run, or its time goes on. False when it was spoilt. */
void node_trial_begin(const struct tomte_node *n, struct slot *s);
bool node_trial_work(struct tomte_node *n, struct slot *s);
uint64_t node_trial_deadline(const struct tomte_node *n, const struct slot *s);
/* The slot acts now: running, and its node may. */
bool node_slot_acts(const struct tomte_node *n, const struct slot *s);
/* To be said once, with the identity before it. */
void node_slot_reason(struct tomte_node *n, struct slot *s, const char *text,
                      enum tomte_err err);

/* A line: the identity, `text`, the epoch. */
void node_slot_say(struct tomte_node *n, const struct slot *s,
                   enum tomte_log_level level, const char *text);

/* ---- start.c ---- */

/* FETCH_IMAGE: one step towards having image and history. */
void node_start_image(struct tomte_node *n, struct slot *s);
void node_start_fetched(struct tomte_node *n, struct slot *s,
                        enum fetch_kind kind, enum tomte_err err);
/* Owner of an active epoch: from history, or from nothing without one. */
void node_start_owner(struct tomte_node *n, struct slot *s);
/* RECOVERING: one slice of the replay. */
void node_start_recover(struct tomte_node *n, struct slot *s);

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
/* `map`: of the ports of the version that wrote it; NULL: this one. */
TOMTE_MUST_CHECK enum tomte_err node_part_decode(struct tomte_node *n,
                                                 struct slot *s,
                                                 struct tomte_span bytes,
                                                 const uint8_t *map);
/* An event was replayed: its message counts as taken, its outputs are put back
 * where they were. */
void node_part_replayed(struct tomte_node *n, struct slot *s);
/* Recovered: streams are opened anew where they must be. */
void node_part_open_streams(struct slot *s, bool fresh);
/* What its out state ports had put last is served again. */
void node_part_show_states(struct tomte_node *n, struct slot *s);

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
