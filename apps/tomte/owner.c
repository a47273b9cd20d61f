/* SPDX-License-Identifier: Apache-2.0 */
#include "owner.h"

#include "client.h"
#include "coap/message.h"
#include "linux/crypto_hub.h"
#include "linux/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES (RUN_DIR_MAX + 64)

static void path_of(const struct home_run *run, const struct tomte_name *node,
                    const char *file, char out[PATH_BYTES])
{
    if (node == NULL)
        snprintf(out, PATH_BYTES, "%s/%s", run->dir, file);
    else
        snprintf(out, PATH_BYTES, "%s/%.*s/%s", run->dir, (int)node->len,
                 node->text, file);
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* ---- the owner's key ---- */

static bool read_pair(const struct home_run *run, struct tomte_key_pair *pair,
                      char error[256])
{
    char path[PATH_BYTES];
    uint8_t secret[TOMTE_P256_PRIVATE_BYTES];
    path_of(run, NULL, "owner.key", path);
    if (!key_file_read(path, TOMTE_BUF_ARRAY(secret), true, error))
        return false;
    enum tomte_err err = tomte_key_pair_init(pair, tomte_crypto_hub(), secret);
    tomte_wipe(secret, sizeof secret);
    if (err != TOMTE_OK)
        snprintf(error, 256, "%.180s: is no key", path);
    return err == TOMTE_OK;
}

static bool make_pair(const struct home_run *run, char error[256])
{
    char path[PATH_BYTES];
    struct tomte_key_pair pair;
    uint8_t secret[TOMTE_P256_PRIVATE_BYTES];
    path_of(run, NULL, "owner.key", path);
    if (exists(path))
        return true;
    do {
        if (getrandom(secret, sizeof secret, 0) != sizeof secret) {
            snprintf(error, 256, "no random numbers from the system");
            return false;
        }
    } while (tomte_key_pair_init(&pair, tomte_crypto_hub(), secret) !=
             TOMTE_OK);
    bool ok = key_file_write(path, TOMTE_SPAN_ARRAY(secret), true, error);
    tomte_wipe(secret, sizeof secret);
    tomte_wipe(&pair, sizeof pair);
    return ok;
}

/* ---- the nodes' keys ---- */

static bool read_open(const struct home_run *run, const struct tomte_name *node,
                      uint8_t open[TOMTE_P256_PUBLIC_BYTES], char error[256])
{
    char path[PATH_BYTES];
    path_of(run, node, "key.pub", path);
    return key_file_read(path, TOMTE_BUF(open, TOMTE_P256_PUBLIC_BYTES), false,
                         error);
}

/* A node whose storage is gone has no key any more, whatever the file says. */
static bool make_open(const struct home_run *run, const struct home_node *node,
                      char error[256])
{
    char path[PATH_BYTES], storage[PATH_BYTES];
    path_of(run, &node->name, "key.pub", path);
    path_of(run, &node->name, "storage", storage);
    if (exists(path) && exists(storage))
        return true;
    pid_t pid = home_run_make_key(run, node);
    int status = -1;
    if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    snprintf(error, 256, "node %.*s cannot make its key; see %.160s/%.*s/log",
             (int)node->name.len, node->name.text, run->dir,
             (int)node->name.len, node->name.text);
    return false;
}

/* ---- the charter ---- */

/* Keepers by name, as a charter wants them. */
static bool add_keeper(const struct home_run *run, struct tomte_charter *c,
                       const struct home_node *node, char error[256])
{
    struct tomte_charter_keeper k = {.name = node->name};
    if (c->keepers_len == TOMTE_CHARTER_KEEPERS_MAX) {
        snprintf(error, 256, "a home has at most %d keepers",
                 TOMTE_CHARTER_KEEPERS_MAX);
        return false;
    }
    if (!read_open(run, &node->name, k.open, error))
        return false;
    uint8_t at = c->keepers_len++;
    for (;
         at > 0 && tomte_span_compare(tomte_name_span(&c->keepers[at - 1].name),
                                      tomte_name_span(&k.name)) > 0;
         at--)
        c->keepers[at] = c->keepers[at - 1];
    c->keepers[at] = k;
    return true;
}

static bool same_keepers(const struct tomte_charter *a,
                         const struct tomte_charter *b)
{
    bool same = a->keepers_len == b->keepers_len;
    for (unsigned i = 0; same && i < a->keepers_len; i++)
        same = tomte_name_equal(&a->keepers[i].name, &b->keepers[i].name) &&
               memcmp(a->keepers[i].open, b->keepers[i].open,
                      sizeof a->keepers[i].open) == 0;
    return same;
}

static bool read_charter(const struct home_run *run,
                         const struct tomte_key_pair *pair,
                         struct tomte_charter *out)
{
    char path[PATH_BYTES];
    uint8_t bytes[TOMTE_CHARTER_BYTES_MAX];
    path_of(run, NULL, "charter", path);
    size_t len = bytes_file_read(path, TOMTE_BUF_ARRAY(bytes));
    return len > 0 &&
           tomte_charter_open(tomte_crypto_hub(), TOMTE_SPAN(bytes, len),
                              out) == TOMTE_OK &&
           memcmp(out->owner, pair->open, sizeof out->owner) == 0;
}

static bool hand_out(const struct home_run *run, struct tomte_span message,
                     char error[256])
{
    char path[PATH_BYTES];
    for (size_t i = 0; i < run->home.nodes_len; i++) {
        path_of(run, &run->home.nodes[i].name, "charter", path);
        if (!bytes_file_write(path, message, error))
            return false;
    }
    path_of(run, NULL, "charter", path);
    return bytes_file_write(path, message, error);
}

/* Signed when it says something new; handed to each node all the same, which
 * may be a new one. */
static bool sign(const struct home_run *run, const struct tomte_key_pair *pair,
                 struct tomte_charter *c, char error[256])
{
    struct tomte_charter last;
    uint8_t bytes[TOMTE_CHARTER_BYTES_MAX];
    struct tomte_span message;
    c->number = 1;
    memcpy(c->owner, pair->open, sizeof c->owner);
    if (read_charter(run, pair, &last)) {
        memcpy(c->home, last.home, sizeof c->home);
        c->number = last.number + !same_keepers(&last, c);
    } else if (getrandom(c->home, sizeof c->home, 0) != sizeof c->home) {
        snprintf(error, 256, "no random numbers from the system");
        return false;
    }
    enum tomte_err err = tomte_charter_encode(tomte_crypto_hub(), c, pair,
                                              TOMTE_BUF_ARRAY(bytes), &message);
    if (err != TOMTE_OK) {
        snprintf(error, 256, "the charter: %s", tomte_err_text(err));
        return false;
    }
    return hand_out(run, message, error);
}

/* One that was made a keeper while the home ran still is. */
static bool was_keeper(const struct home_run *run,
                       const struct tomte_key_pair *pair,
                       const struct tomte_name *name)
{
    struct tomte_charter last;
    return read_charter(run, pair, &last) &&
           tomte_charter_keeper(&last, name) != NULL;
}

bool owner_prepare(const struct home_run *run, char error[256])
{
    struct tomte_key_pair pair;
    struct tomte_charter c = {.number = 0};
    if (!make_pair(run, error) || !read_pair(run, &pair, error))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < run->home.nodes_len; i++) {
        const struct home_node *node = &run->home.nodes[i];
        bool keeper = node->keeper || was_keeper(run, &pair, &node->name);
        ok = make_open(run, node, error) &&
             (!keeper || add_keeper(run, &c, node, error));
    }
    ok = ok && sign(run, &pair, &c, error);
    tomte_wipe(&pair, sizeof pair);
    return ok;
}

static void tell_all(const struct home_run *run, struct client *c)
{
    char path[PATH_BYTES];
    uint8_t bytes[TOMTE_CHARTER_BYTES_MAX];
    path_of(run, NULL, "charter", path);
    size_t len = bytes_file_read(path, TOMTE_BUF_ARRAY(bytes));
    client_set_timeout(c, 1000);
    for (size_t i = 0; i < run->home.nodes_len; i++)
        (void)client_send(c, &run->home.nodes[i].addr, TOMTE_COAP_POST,
                          "/.tomte/charter", NULL, -1, TOMTE_SPAN(bytes, len));
    client_set_timeout(c, 5000);
}

bool owner_name_keepers(const struct home_run *run, struct client *c,
                        const struct tomte_name *names, size_t len,
                        char error[256])
{
    struct tomte_key_pair pair;
    struct tomte_charter charter = {.number = 0};
    bool ok = read_pair(run, &pair, error);
    for (size_t i = 0; ok && i < len; i++) {
        const struct home_node *node = homefile_node(&run->home, &names[i]);
        if (node != NULL)
            ok = add_keeper(run, &charter, node, error);
    }
    ok = ok && sign(run, &pair, &charter, error);
    tomte_wipe(&pair, sizeof pair);
    if (ok)
        tell_all(run, c);
    return ok;
}

/* ---- for asking ---- */

bool owner_load(const struct home_run *run, struct owner *owner,
                char error[256])
{
    struct tomte_charter c;
    char unused[256];
    memset(owner, 0, sizeof *owner);
    owner->crypto = tomte_crypto_hub();
    if (!read_pair(run, &owner->pair, error))
        return false;
    if (!read_charter(run, &owner->pair, &c)) {
        snprintf(error, 256, "%.180s/charter: is none of this owner", run->dir);
        return false;
    }
    memcpy(owner->home, c.home, sizeof owner->home);
    owner->nodes_len = run->home.nodes_len;
    for (size_t i = 0; i < owner->nodes_len; i++) {
        struct owner_node *n = &owner->nodes[i];
        n->addr = run->home.nodes[i].addr;
        n->known = read_open(run, &run->home.nodes[i].name, n->open, unused);
    }
    return true;
}

void owner_wipe(struct owner *owner)
{
    tomte_wipe(owner, sizeof *owner);
}
