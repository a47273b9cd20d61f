/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as home.yaml: what is read can be run as it stands, what is not is
 * refused by a line that names the file; reading depends on nothing else. */
#define _GNU_SOURCE
#include "linux/homefile.h"
#include "linux_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const struct tomte_name *n, bool may_be_empty)
{
    struct tomte_name again;
    if (n->len == 0 && may_be_empty)
        return;
    TOMTE_ASSERT(tomte_name_parse(tomte_name_span(n), &again) == TOMTE_OK);
    TOMTE_ASSERT(tomte_name_equal(n, &again));
}

static void check_channel(const struct tomte_channel_name *c)
{
    struct tomte_channel_name again;
    TOMTE_ASSERT(tomte_channel_name_parse(tomte_channel_name_span(c), &again) ==
                 TOMTE_OK);
}

static void check_node(const struct home_node *n)
{
    check_name(&n->name, false);
    check_name(&n->place, true);
    TOMTE_ASSERT(n->addr.port != 0 && n->listen.port != 0);
    TOMTE_ASSERT(n->resources_len <= TOMTE_LIMIT_RESOURCES);
    for (size_t i = 0; i < n->resources_len; i++) {
        const struct home_resource *r = &n->resources[i];
        check_channel(&r->is.channel);
        check_name(&r->is.type, false);
        check_name(&r->is.role, true);
        check_name(&r->is.place, true);
        TOMTE_ASSERT(r->is.safe_len > 0 && r->is.safe_len <= 32);
        TOMTE_ASSERT(memchr(r->target, 0, sizeof r->target) != NULL);
        TOMTE_ASSERT(r->every_ms >= 100);
    }
}

static void check_container(const struct home_file *h,
                            const struct home_container *c)
{
    char path[2 * HOME_PATH_MAX];
    check_name(&c->identity, false);
    TOMTE_ASSERT(c->prefer.len == 0 || homefile_node(h, &c->prefer) != NULL);
    TOMTE_ASSERT(c->binds_len <= HOME_BINDS_MAX);
    for (size_t i = 0; i < c->binds_len; i++) {
        check_name(&c->binds[i].port, false);
        check_name(&c->binds[i].place, true);
        if (c->binds[i].channel.len > 0)
            check_channel(&c->binds[i].channel);
    }
    homefile_resolve(h, c->image, path);
    TOMTE_ASSERT(strlen(path) < sizeof path);
}

static void check_author(const struct home_author *a)
{
    check_name(&a->name, false);
    TOMTE_ASSERT(memchr(a->key, 0, sizeof a->key) != NULL);
    TOMTE_ASSERT(a->may_len <= TOMTE_AUTHOR_PATTERNS_MAX);
    for (size_t i = 0; i < a->may_len; i++)
        TOMTE_ASSERT(memchr(a->may[i], 0, sizeof a->may[i]) != NULL);
}

static void check_home(const struct home_file *h)
{
    check_name(&h->name, false);
    TOMTE_ASSERT(homefile_keeper(h) != NULL);
    TOMTE_ASSERT(h->nodes_len <= HOME_NODES_MAX);
    TOMTE_ASSERT(h->containers_len <= HOME_CONTAINERS_MAX);
    for (size_t i = 0; i < h->nodes_len; i++) {
        check_node(&h->nodes[i]);
        TOMTE_ASSERT(homefile_node(h, &h->nodes[i].name) == &h->nodes[i]);
    }
    TOMTE_ASSERT(h->containers_len == 0 || h->authors_len > 0);
    for (size_t i = 0; i < h->authors_len; i++)
        check_author(&h->authors[i]);
    for (size_t i = 0; i < h->containers_len; i++)
        check_container(h, &h->containers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct home_file home, again;
    char error[256], error_again[256];
    const char *path = fuzz_file(data, size);
    bool good = homefile_load(path, &home, error);
    TOMTE_ASSERT(memchr(error, 0, sizeof error) != NULL);
    TOMTE_ASSERT(good == (error[0] == 0));
    TOMTE_ASSERT(good || strncmp(error, path, strlen(path)) == 0);
    if (good)
        check_home(&home);
    TOMTE_ASSERT(homefile_load(path, &again, error_again) == good);
    TOMTE_ASSERT(memcmp(&home, &again, sizeof home) == 0);
    TOMTE_ASSERT(strcmp(error, error_again) == 0);
    return 0;
}
