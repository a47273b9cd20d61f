/* SPDX-License-Identifier: Apache-2.0 */
/* A home in static memory, and commands in one line each. */
#pragma once

#include "home/home.h"
#include "home/keeper.h"
#include "home/view.h"

#include "test.h"

#define NONE TOMTE_HOME_NONE

struct rig {
    struct tomte_home home;
    struct tomte_arena arena;
    struct tomte_home_report report; /* of the last command */
    uint8_t memory[4 << 20];
};

/* An empty home of these limits. */
void rig_init(struct rig *r, struct tomte_home_limits limits);
struct tomte_home_limits rig_limits(uint16_t nodes, uint16_t containers);

struct tomte_name rig_name(const char *text);
struct tomte_channel_name rig_channel(const char *text);

/* The slot; a test fails when there is none. */
uint16_t rig_node(const struct rig *r, const char *name);
uint16_t rig_container(const struct rig *r, const char *identity);
const struct tomte_placement *rig_placement(const struct rig *r,
                                            const char *identity);

/* Encodes, decodes, checks and applies; check and apply must agree. */
enum tomte_err rig_apply(struct rig *r, const struct tomte_command *c);

/* "channel type state|event|actuator role place", '-' for none. */
struct tomte_resource rig_resource(const char *text);

/* An offer of up to 8 resources; `offer` NULL-terminated texts as above. */
struct tomte_span rig_offer(const char *place, uint16_t containers,
                            uint32_t memory_kib, const char *const *resources,
                            struct tomte_buf out);

/* The offer of a node as `o` says, without resources. */
enum tomte_err rig_offers(struct rig *r, const char *name,
                          const struct tomte_offer *o);

/* NODE with address (port 5000 + a number of the name), store 1 and offer. */
enum tomte_err rig_add_node(struct rig *r, const char *name, bool keeper,
                            const char *place, uint16_t containers,
                            const char *const *resources);

/* A manifest to be changed before it is deployed: 64 KiB, no ports. */
struct tomte_manifest rig_manifest(const char *name);

/* "name in|out state|event type role channel", '-' for none. */
void rig_port(struct tomte_manifest *m, const char *text);

/* CONTAINER with `binds` ("port channel place"), NULL-terminated or NULL. */
enum tomte_err rig_deploy(struct rig *r, const char *identity, uint8_t image,
                          const struct tomte_manifest *m,
                          const char *const *binds);

/* Commands that name only a container or a node. */
enum tomte_err rig_simple(struct rig *r, enum tomte_command_op op,
                          const char *name);
enum tomte_err rig_pin(struct rig *r, const char *identity, const char *node);
enum tomte_err rig_bind(struct rig *r, const char *identity, const char *port,
                        const char *channel);

/* Standbys and sets as "a b c". */
enum tomte_err rig_place(struct rig *r, const char *identity, uint64_t epoch,
                         const char *owner, const char *standbys, bool anew);
enum tomte_err rig_activate(struct rig *r, const char *identity,
                            uint64_t epoch);
enum tomte_err rig_insync(struct rig *r, const char *identity, uint64_t epoch,
                          const char *nodes);
enum tomte_err rig_standbys(struct rig *r, const char *identity, uint64_t epoch,
                            const char *nodes);

/* The snapshot in static memory until the next call. */
struct tomte_span rig_snapshot(const struct tomte_home *home);

/* The home decoded from its snapshot is encoded to the same bytes. */
void rig_check_snapshot(const struct rig *r);

/* The view of a node, opened; in static memory until the next call. */
struct tomte_view rig_view(const struct rig *r, const char *node);
