/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshot of a keeper's state: see disk.h. */
#include "keepers/disk.h"

#include "base/bytes.h"
#include "keepers/message.h"

#include <string.h>

#define SNAPSHOT TOMTE_SPAN_LIT("raft/snapshot")
#define MAGIC    "tomteraf"
#define VERSION  1u
#define HEAD     40u
#define CONF_MAX 1024u

enum tomte_err keepers_disk_snapshot_begin(struct keepers_disk *d,
                                           const struct raft_snapshot *s,
                                           size_t state_bytes)
{
    uint8_t head[HEAD] = MAGIC, conf[CONF_MAX];
    struct tomte_span bytes;
    enum tomte_err err =
        keepers_conf_encode(&s->configuration, TOMTE_BUF_ARRAY(conf), &bytes);
    if (err == TOMTE_OK && state_bytes > KEEPERS_MESSAGE_MAX - CONF_MAX)
        err = TOMTE_ERR_TOO_LARGE;
    if (err != TOMTE_OK)
        return err;
    tomte_put_le32(head + 8, VERSION);
    tomte_put_le32(head + 12, (uint32_t)bytes.len);
    tomte_put_le64(head + 16, s->index);
    tomte_put_le64(head + 24, s->term);
    tomte_put_le64(head + 32, s->configuration_index);
    err = tomte_store_blob_begin(d->store, &d->writer, SNAPSHOT,
                                 (uint32_t)(HEAD + bytes.len + state_bytes));
    if (err != TOMTE_OK)
        return err;
    d->writing = true;
    err = keepers_disk_snapshot_write(d, TOMTE_SPAN_ARRAY(head));
    return err == TOMTE_OK ? keepers_disk_snapshot_write(d, bytes) : err;
}

enum tomte_err keepers_disk_snapshot_write(struct keepers_disk *d,
                                           struct tomte_span piece)
{
    d->writes++;
    return tomte_store_blob_write(d->store, &d->writer, piece);
}

enum tomte_err keepers_disk_snapshot_commit(struct keepers_disk *d,
                                            const struct raft_snapshot *s)
{
    d->writes++;
    enum tomte_err err = tomte_store_blob_commit(d->store, &d->writer);
    if (err != TOMTE_OK)
        return err;
    d->writing = false;
    d->snapshot_index = s->index;
    d->snapshot_term = s->term;
    return TOMTE_OK;
}

void keepers_disk_snapshot_abort(struct keepers_disk *d)
{
    if (d->writing)
        tomte_store_blob_abort(d->store, &d->writer);
    d->writing = false;
}

/* Where the configuration and the state lie in the blob. */
struct parts {
    struct tomte_store_blob_info blob;
    uint32_t conf;
    uint32_t state;
};

static enum tomte_err find(struct keepers_disk *d, struct raft_snapshot *s,
                           struct parts *parts)
{
    uint8_t head[HEAD];
    memset(s, 0, sizeof *s);
    enum tomte_err err =
        tomte_store_blob_find(d->store, SNAPSHOT, &parts->blob);
    if (err == TOMTE_OK)
        err = parts->blob.size < HEAD
                  ? TOMTE_ERR_CORRUPT
                  : tomte_store_blob_check(d->store, &parts->blob);
    if (err == TOMTE_OK)
        err = tomte_store_blob_read(d->store, &parts->blob, 0,
                                    TOMTE_BUF_ARRAY(head));
    if (err != TOMTE_OK)
        return err;
    if (memcmp(head, MAGIC, 8) != 0)
        return TOMTE_ERR_CORRUPT;
    if (tomte_get_le32(head + 8) != VERSION)
        return TOMTE_ERR_VERSION;
    parts->conf = tomte_get_le32(head + 12);
    if (parts->conf > CONF_MAX || parts->conf >= parts->blob.size - HEAD)
        return TOMTE_ERR_CORRUPT;
    parts->state = parts->blob.size - HEAD - parts->conf;
    s->index = tomte_get_le64(head + 16);
    s->term = tomte_get_le64(head + 24);
    s->configuration_index = tomte_get_le64(head + 32);
    return s->index == 0 || s->term == 0 ? TOMTE_ERR_CORRUPT : TOMTE_OK;
}

enum tomte_err keepers_disk_snapshot_find(struct keepers_disk *d)
{
    struct raft_snapshot s;
    struct parts parts;
    enum tomte_err err = find(d, &s, &parts);
    if (err == TOMTE_ERR_NOT_FOUND)
        return TOMTE_OK;
    d->snapshot_index = s.index;
    d->snapshot_term = s.term;
    return err;
}

static enum tomte_err load(struct keepers_disk *d, struct raft_snapshot *s,
                           const struct parts *parts)
{
    uint8_t conf[CONF_MAX];
    enum tomte_err err = tomte_store_blob_read(d->store, &parts->blob, HEAD,
                                               TOMTE_BUF(conf, parts->conf));
    if (err == TOMTE_OK)
        err = keepers_conf_decode(TOMTE_SPAN(conf, parts->conf),
                                  &s->configuration);
    if (err != TOMTE_OK)
        return err;
    s->bufs = raft_calloc(1, sizeof *s->bufs);
    if (s->bufs != NULL)
        s->bufs[0].base = raft_malloc(parts->state);
    if (s->bufs == NULL || s->bufs[0].base == NULL)
        return TOMTE_ERR_NO_MEMORY;
    s->n_bufs = 1;
    s->bufs[0].len = parts->state;
    return tomte_store_blob_read(d->store, &parts->blob, HEAD + parts->conf,
                                 TOMTE_BUF(s->bufs[0].base, parts->state));
}

/* On an error what was allocated is the heap's to drop: the core does not
 * start then (core.c), or a send fails and the core is started anew. */
enum tomte_err keepers_disk_snapshot_load(struct keepers_disk *d,
                                          struct raft_snapshot **out)
{
    struct parts parts;
    *out = NULL;
    struct raft_snapshot *s = raft_malloc(sizeof *s);
    if (s == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = find(d, s, &parts);
    if (err == TOMTE_OK)
        err = load(d, s, &parts);
    if (err == TOMTE_OK) {
        *out = s;
        return TOMTE_OK;
    }
    raft_configuration_close(&s->configuration);
    if (s->bufs != NULL)
        raft_free(s->bufs[0].base);
    raft_free(s->bufs);
    raft_free(s);
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}
