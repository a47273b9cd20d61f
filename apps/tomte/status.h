/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/status.h: what a node says of itself and, if it is the keeper, of the
 * home (GET /.tomte/status; the form is in docs/spec/links.md). */
#pragma once

#include "client.h"

#include "base/base.h"
#include "cbor/cbor.h"
#include "channel/value.h"
#include "container/container.h"
#include "home/home.h"

#define STATUS_SLOTS     64
#define STATUS_CELLS     128
#define STATUS_RESOURCES 64
#define STATUS_NODES     64
#define STATUS_HOME      128

struct status_slot {
    struct tomte_name identity;
    uint64_t epoch, sequence;
    unsigned part; /* enum tomte_view_part */
    char phase[24], reason[TOMTE_REASON_MAX];
    uint64_t denied, traps;
};

struct status_cell {
    struct tomte_channel_name channel;
    struct tomte_name writer;
    uint64_t epoch, revision, age_ms;
    uint8_t payload[64];
    size_t len;
};

struct status_resource {
    struct tomte_channel_name channel;
    unsigned kind, driven_by;
    uint64_t override_ms, stale_writes;
    unsigned fences_len; /* who may write: one, in a settled home */
    uint64_t fence;      /* highest epoch of them */
};

struct status_node {
    struct tomte_name name;
    struct tomte_addr addr;
    unsigned standing;
    uint64_t confirmed;
    bool keeper;
};

struct status_container {
    struct tomte_name identity;
    unsigned state, report;
    uint64_t epoch;
    struct tomte_name owner; /* empty: none */
    unsigned standbys_len, insync_len;
    struct tomte_name standbys[8], insync[8];
    bool stopped;
};

struct status {
    bool here; /* it answered */
    struct tomte_name name;
    uint64_t boot, now_ms, confirmed;
    bool leased;
    size_t slots_len, cells_len, resources_len;
    struct status_slot slots[STATUS_SLOTS];
    struct status_cell cells[STATUS_CELLS];
    struct status_resource resources[STATUS_RESOURCES];
    bool has_home;
    uint64_t version;
    uint32_t lease_ms;
    size_t nodes_len, containers_len;
    struct status_node nodes[STATUS_NODES];
    struct status_container containers[STATUS_HOME];
};

/* Asks a node. */
enum tomte_err status_get(struct client *c, const struct tomte_addr *addr,
                          struct status *out);

enum tomte_err status_decode(struct tomte_span bytes, struct status *out);

/* The lines of a node (GET /.tomte/logs): init, then next until false, at the
 * end or at the first that is none. */
struct status_lines {
    struct tomte_cbor_dec dec;
};

struct status_line {
    uint64_t number, at_ms, repeats;
    unsigned level; /* enum tomte_log_level */
    char text[200];
};

void status_lines_init(struct status_lines *it, struct tomte_span bytes);
bool status_lines_next(struct status_lines *it, struct status_line *line);

const struct status_cell *status_cell(const struct status *s,
                                      const struct tomte_channel_name *name);

/* A payload as people read it: "21.5", "on", or hexadecimal. */
void status_value(struct tomte_span senml, char out[64]);

/* The number in a payload; false when it is none. */
bool status_number(struct tomte_span senml, double *out);
