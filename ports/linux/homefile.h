/* SPDX-License-Identifier: Apache-2.0 */
/* linux/homefile.h: home.yaml, what an owner writes (docs/spec/homefile.md).
 *
 * Read once at start; everything is held by value. Errors name file, line and
 * the thing. */
#pragma once

#include "container/authors.h"
#include "node/node.h"

#define HOME_NODES_MAX      64
#define HOME_CONTAINERS_MAX 256
#define HOME_BINDS_MAX      16
#define HOME_PATH_MAX       256

enum home_driver { DRIVER_NONE, DRIVER_WORLD, DRIVER_FILE };

struct home_resource {
    struct tomte_node_resource is;
    enum home_driver driver;
    char target[HOME_PATH_MAX]; /* the world's name of it, or a path */
    uint32_t every_ms;          /* file sensors are read so often */
    double scale; /* file: what 1 in it means; 1: written as it is */
};

struct home_node {
    struct tomte_name name;
    struct tomte_name place;
    struct tomte_addr addr;   /* where others reach it */
    struct tomte_addr listen; /* its socket; the same, unless something that
                                 passes datagrams on stands in between */
    bool keeper;
    struct tomte_node_power power;
    size_t resources_len;
    struct home_resource resources[TOMTE_LIMIT_RESOURCES];
};

struct home_bind {
    struct tomte_name port;
    struct tomte_channel_name channel; /* empty: by role */
    struct tomte_name place;
};

struct home_container {
    struct tomte_name identity;
    char image[HOME_PATH_MAX]; /* a name, or a path to an image */
    struct tomte_name prefer;  /* node; empty: any */
    bool afresh; /* not of the file: a new version takes no state over */
    size_t binds_len;
    struct home_bind binds[HOME_BINDS_MAX];
};

/* Whose code may run, and as what. */
struct home_author {
    struct tomte_name name;
    char key[HOME_PATH_MAX]; /* see author_file.h */
    size_t may_len;
    char may[TOMTE_AUTHOR_PATTERNS_MAX][TOMTE_AUTHOR_PATTERN_BYTES + 1];
};

struct home_file {
    char path[HOME_PATH_MAX];
    struct tomte_name name;
    uint32_t lease_ms;
    bool has_world;
    struct tomte_addr world;
    char weather[HOME_PATH_MAX]; /* as written: relative to the home file */
    double hours_per_second;
    size_t authors_len;
    struct home_author authors[TOMTE_AUTHORS_MAX];
    size_t nodes_len;
    struct home_node nodes[HOME_NODES_MAX];
    size_t containers_len;
    struct home_container containers[HOME_CONTAINERS_MAX];
};

/* True; else `error` says what is wrong and where. */
bool homefile_load(const char *path, struct home_file *home, char error[256]);

/* "127.0.0.1:5701"; false when it is no IPv4 address with a port. */
bool homefile_parse_addr(const char *text, struct tomte_addr *out);

/* The keeper; NULL when no node is one. */
const struct home_node *homefile_keeper(const struct home_file *home);
const struct home_node *homefile_node(const struct home_file *home,
                                      const struct tomte_name *name);

/* `path` relative to the home file, when it is not absolute. */
void homefile_resolve(const struct home_file *home, const char *path,
                      char out[2 * HOME_PATH_MAX]);
