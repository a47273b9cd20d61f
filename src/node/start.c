/* SPDX-License-Identifier: Apache-2.0 */
/* From an image's digest to a running container: the image is fetched, its
 * history opened, the module loaded, the state started anew or recovered. */
#include "node/internal.h"

#include <string.h>

#define RETRY_MS 1000u

/* ---- the image ---- */

static void image_path(const struct slot *s, char path[NODE_PATH_BYTES])
{
    struct tomte_text t;
    tomte_text_init(&t, path, NODE_PATH_BYTES);
    tomte_text_str(&t, "/.tomte/blob/");
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(s->digest));
}

/* The keeper has every image; when it is silent, who runs or keeps it does. */
static const struct tomte_addr *image_source(const struct tomte_node *n,
                                             const struct slot *s)
{
    unsigned others = (unsigned)s->has_owner + s->peers_len;
    unsigned at = s->tries % (1 + others);
    if (at == 0)
        return &n->keeper_addr;
    if (s->has_owner && at == 1)
        return &s->owner.addr;
    return &s->peers[at - 1 - (unsigned)s->has_owner].addr;
}

/* Committed events may be missing at its end. */
static bool may_lack_events(const struct tomte_node *n,
                            const struct tomte_history *h)
{
    return tomte_history_damaged(h) ||
           (n->names_lost && tomte_history_has_checkpoint(h));
}

/* What is damaged a standby gets anew. An owner keeps it: see may_go_on. */
static enum tomte_err open_history(struct tomte_node *n, struct slot *s)
{
    struct tomte_history_config config = {.store = &n->store,
                                          .identity = s->identity,
                                          .log_bytes_max = s->log_bytes_max};
    if (s->durability == TOMTE_DURABILITY_NONE) {
        s->ring = tomte_arena_take(&s->arena, s->log_bytes_max, 8);
        if (s->ring == NULL)
            return TOMTE_ERR_NO_MEMORY;
        config.ring = TOMTE_BUF(s->ring, s->log_bytes_max);
    }
    enum tomte_err err = tomte_history_open(&s->history, &config);
    bool gone = err == TOMTE_ERR_CORRUPT ||
                (err == TOMTE_OK && may_lack_events(n, &s->history));
    bool owner =
        s->part == TOMTE_VIEW_OWNER && s->durability != TOMTE_DURABILITY_NONE;
    if (gone && !owner) {
        node_slot_say(n, s, TOMTE_LOG_WARN,
                      "its history here is damaged, another is fetched");
        err = tomte_history_remove(&s->history);
    }
    s->damaged = gone && owner;
    s->history_open = err == TOMTE_OK;
    return err;
}

/* Of another life of this identity, or not wanted in this experiment. */
static enum tomte_err drop_foreign_history(struct tomte_node *n, struct slot *s)
{
    if (!tomte_history_has_checkpoint(&s->history))
        return TOMTE_OK;
    bool foreign = tomte_history_epoch(&s->history) < s->born;
    if (!foreign && !n->config.without.history)
        return TOMTE_OK;
    return tomte_history_remove(&s->history);
}

/* A microcontroller reads code where it lies in flash: it stays there as long
 * as a slot needs it, see node_image_sweep. A hub has the memory for a copy,
 * which a disk that goes bad does not change. */
static enum tomte_err image_bytes(struct tomte_node *n, struct slot *s,
                                  const struct tomte_store_blob_info *info)
{
#ifdef TOMTE_MCU
    enum tomte_err err = tomte_store_blob_map(&n->store, info, &s->image);
    if (err != TOMTE_ERR_UNSUPPORTED)
        return err;
#endif
    uint8_t *data = tomte_arena_take(&s->arena, info->size, 16);
    if (data == NULL)
        return TOMTE_ERR_NO_MEMORY;
    s->image = TOMTE_SPAN(data, info->size);
    return tomte_store_blob_read(&n->store, info, 0,
                                 TOMTE_BUF(data, info->size));
}

static enum tomte_err load_image(struct tomte_node *n, struct slot *s,
                                 const struct tomte_store_blob_info *info)
{
    struct tomte_image image;
    struct tomte_manifest *m;
    size_t mark = tomte_arena_mark(&n->scratch);
    m = tomte_arena_take(&n->scratch, sizeof *m, 16);
    if (m == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = image_bytes(n, s, info);
    if (err == TOMTE_OK)
        err = tomte_image_open(s->image, &image);
    if (err == TOMTE_OK)
        err = tomte_manifest_decode(image.manifest, m, NULL);
    if (err == TOMTE_OK)
        s->log_bytes_max = m->log_bytes_max;
    tomte_arena_release(&n->scratch, mark);
    if (err == TOMTE_OK)
        err = open_history(n, s);
    s->arena_image_mark = tomte_arena_mark(&s->arena);
    return err != TOMTE_OK ? err : drop_foreign_history(n, s);
}

/* Here, and as it was stored; else it is fetched, anew. */
static bool image_whole(struct tomte_node *n, struct slot *s,
                        struct tomte_store_blob_info *info)
{
    uint8_t key[NODE_IMAGE_KEY_LEN];
    if (!node_image_here(n, s->digest, info))
        return false;
    if (tomte_store_blob_check(&n->store, info) != TOMTE_ERR_CORRUPT)
        return true;
    node_slot_say(n, s, TOMTE_LOG_WARN,
                  "its image here is damaged, another is fetched");
    node_image_key(s->digest, key);
    node_image_remove(n, TOMTE_SPAN_ARRAY(key));
    return false;
}

void node_start_image(struct tomte_node *n, struct slot *s)
{
    struct tomte_store_blob_info info;
    char path[NODE_PATH_BYTES];
    if (!image_whole(n, s, &info)) {
        if (s->fetch != NODE_FETCHES || s->retry_ms > n->now_ms)
            return;
        image_path(s, path);
        s->fetch = node_fetch_begin(n, FETCH_IMAGE, s->index,
                                    image_source(n, s), path, NULL);
        s->retry_ms = n->now_ms + RETRY_MS;
        return;
    }
    struct tomte_image_report report;
    enum tomte_err err =
        node_author_judge(n, &info, &s->identity, TOMTE_SPAN_NONE, &report);
    if (err != TOMTE_OK) {
        node_slot_reason(n, s, report.text, err);
        s->refused = err != TOMTE_ERR_IO && err != TOMTE_ERR_NO_MEMORY;
        return;
    }
    tomte_arena_release(&s->arena, 0);
    err = load_image(n, s, &info);
    if (err != TOMTE_OK) {
        node_slot_reason(n, s,
                         s->damaged ? "its history is damaged here"
                                    : "its image cannot be used here",
                         err);
        s->refused = err != TOMTE_ERR_NO_SPACE && err != TOMTE_ERR_IO;
        return;
    }
    s->phase = s->part == TOMTE_VIEW_OWNER ? SLOT_PENDING : SLOT_STANDBY;
    n->again = true;
}

void node_start_fetched(struct tomte_node *n, struct slot *s,
                        enum fetch_kind kind, enum tomte_err err)
{
    s->fetch = NODE_FETCHES;
    if (err == TOMTE_OK)
        return;
    s->tries++;
    s->retry_ms = n->now_ms + RETRY_MS;
    node_log_err(n, tomte_name_span(&s->identity),
                 kind == FETCH_IMAGE ? "its image does not come"
                                     : "its checkpoint does not come",
                 err);
}

/* ---- starting ---- */

/* This image cannot run on this node, whenever it is tried. */
static void refuse(struct tomte_node *n, struct slot *s, enum tomte_err err)
{
    char text[TOMTE_REASON_MAX];
    memcpy(text, s->container.reason, sizeof text);
    node_slot_reason(n, s, text[0] != 0 ? text : "cannot be loaded", err);
    s->refused = true;
}

static int32_t get_state(void *ctx, unsigned port, struct tomte_buf out)
{
    const struct slot *s = ctx;
    const struct slot_port *p = &s->ports[port];
    struct tomte_span payload;
    if (p->cell == NODE_CELL_NONE ||
        !tomte_state_get(&s->node->cells[p->cell].state, &payload))
        return TOMTE_ABI_NOT_FOUND;
    TOMTE_ASSERT(payload.len <= out.cap);
    memcpy(out.data, payload.data, payload.len);
    return (int32_t)payload.len;
}

static enum tomte_err load(struct tomte_node *n, struct slot *s)
{
    struct tomte_container_config config = {.identity = s->identity,
                                            .epoch = s->epoch,
                                            .trial = s->trial,
                                            .crypto = n->config.crypto,
#ifdef TOMTE_MCU
                                            .wasm_limits =
                                                &tomte_wasm_limits_mcu,
#else
                                            .wasm_limits =
                                                &tomte_wasm_limits_hub,
#endif
                                            .arena = &s->arena,
                                            .scratch = &n->scratch,
                                            .history = &s->history,
                                            .get_state = get_state,
                                            .get_ctx = s};
    tomte_container_init(&s->container, &config);
    s->loaded = true;
    return tomte_container_load(&s->container, s->image);
}

static enum tomte_err recover(struct tomte_node *n, struct slot *s)
{
    size_t mark = tomte_arena_mark(&n->scratch);
    size_t cap = n->scratch.size / 2;
    uint8_t *memory = tomte_arena_take(&n->scratch, cap, 1);
    struct tomte_span part;
    enum tomte_err err = memory == NULL ? TOMTE_ERR_NO_MEMORY : TOMTE_OK;
    if (err == TOMTE_OK)
        err = tomte_container_node_part(&s->container, TOMTE_BUF(memory, cap),
                                        &part);
    if (err == TOMTE_OK)
        err = node_part_decode(n, s, part, NULL);
    tomte_arena_release(&n->scratch, mark);
    if (err != TOMTE_OK)
        return err;
    node_part_bind(n, s);
    uint64_t elapsed =
        tomte_history_epoch(&s->history) == s->epoch ? 0 : s->elapsed_ms;
    return tomte_container_recover(&s->container, n->now_ms, elapsed);
}

/* Streams that were opened are stored before anything is sent on them: after a
 * crash they must not be opened again for other messages. */
static void running(struct tomte_node *n, struct slot *s, bool fresh)
{
    node_part_open_streams(s, fresh);
    if (!node_part_checkpoint(n, s)) {
        node_slot_reason(n, s, "no checkpoint to begin with",
                         TOMTE_ERR_NO_SPACE);
        return;
    }
    s->phase = SLOT_RUNNING;
    s->recovered = fresh ? 0 : s->container.sequence;
    node_part_show_states(n, s);
    node_trial_begin(n, s);
    s->damaged = false; /* the checkpoint that was taken now is whole */
    s->reason[0] = 0;
    s->retry_ms = 0;
    node_slot_say(n, s, TOMTE_LOG_INFO, fresh ? "starts" : "goes on");
    n->lease_now = true;
    n->again = true;
}

static bool held_elsewhere(const struct slot *s)
{
    for (unsigned i = 0; i < s->peers_len; i++)
        if (s->peers[i].insync)
            return true;
    return false;
}

/* An owner that lacks committed events must not go on as if nothing were: who
 * has them all shall, and the keeper is told to place it there. Where nobody
 * has, what is left is the best there is, and that is said. */
static bool may_go_on(struct tomte_node *n, struct slot *s)
{
    if (!s->damaged)
        return true;
    if (held_elsewhere(s)) {
        node_slot_reason(n, s, "its history is damaged here, not elsewhere",
                         TOMTE_ERR_CORRUPT);
        s->refused = true;
        return false;
    }
    node_slot_say(n, s, TOMTE_LOG_ERROR,
                  "its last events may be lost, and nobody else has them");
    return true;
}

/* ---- from one version to another ---- */

static bool is_digest(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, TOMTE_IMAGE_DIGEST_BYTES) == 0;
}

/* What goes from the old version to the new, in the node's scratch. */
struct crossing {
    struct tomte_carry carry;
    struct tomte_manifest manifest; /* of the old */
    struct tomte_span part;
    uint8_t map[TOMTE_LIMIT_PORTS];
    char lacks[TOMTE_REASON_MAX]; /* why save gave nothing */
    enum tomte_err saved;
};

/* The old version's state is whole in its history, under this epoch; from here
 * on one checkpoint more makes it the new version's. */
static enum tomte_err leave(struct tomte_node *n, struct slot *s,
                            struct crossing *x)
{
    size_t cap = n->scratch.size / 8;
    uint8_t *part = tomte_arena_take(&n->scratch, cap, 1);
    uint8_t *saved = tomte_arena_take(&n->scratch, cap, 1);
    if (part == NULL || saved == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = node_part_encode(n, s, TOMTE_BUF(part, cap), &x->part);
    if (err != TOMTE_OK)
        return err;
    x->manifest = *tomte_container_manifest(&s->container);
    tomte_container_carry(&s->container, &x->carry);
    x->saved = tomte_container_save(&s->container, TOMTE_BUF(saved, cap),
                                    &x->carry.saved);
    memcpy(x->lacks, s->container.reason, sizeof x->lacks);
    node_slot_unload(n, s);
    s->history_open = false;
    tomte_arena_release(&s->arena, 0);
    return TOMTE_OK;
}

/* The new version is here, with its ports and what was on their way. */
static enum tomte_err arrive(struct tomte_node *n, struct slot *s,
                             struct crossing *x)
{
    struct tomte_store_blob_info info;
    memcpy(s->digest, s->target, sizeof s->digest);
    if (!node_image_here(n, s->digest, &info))
        return TOMTE_ERR_NOT_FOUND;
    struct tomte_image_report report;
    enum tomte_err err =
        node_author_judge(n, &info, &s->identity, TOMTE_SPAN_NONE, &report);
    if (err != TOMTE_OK)
        node_slot_say(n, s, TOMTE_LOG_ERROR, report.text);
    if (err == TOMTE_OK)
        err = load_image(n, s, &info);
    if (err == TOMTE_OK)
        err = load(n, s);
    if (err == TOMTE_OK)
        err = node_part_ports(n, s);
    if (err != TOMTE_OK)
        return err;
    tomte_container_map_ports(&x->manifest,
                              tomte_container_manifest(&s->container), x->map);
    err = node_part_decode(n, s, x->part, x->map);
    if (err == TOMTE_OK)
        node_part_bind(n, s);
    return err;
}

static void take_over(struct tomte_node *n, struct slot *s, struct crossing *x)
{
    struct tomte_container *c = &s->container;
    enum tomte_hand_over how = tomte_container_how(tomte_container_manifest(c),
                                                   x->carry.version, s->afresh);
    if (how == TOMTE_HAND_OVER_STATE && x->saved != TOMTE_OK) {
        node_trial_spoil(n, s, x->lacks);
        return;
    }
    if (tomte_container_take(c, how, &x->carry) != TOMTE_OK) {
        node_trial_spoil(n, s, c->reason);
        return;
    }
    node_part_bind_container(s);
    running(n, s, false);
}

/* Forward, or back when the version that has the state was given up. */
static void hand_over(struct tomte_node *n, struct slot *s)
{
    bool back = !s->trial && tomte_history_has_fallback(&s->history);
    struct tomte_store_blob_info info;
    if (!node_image_here(n, s->target, &info)) {
        memcpy(s->digest, s->target, sizeof s->digest);
        node_slot_clear_image(n, s); /* it went meanwhile: fetch it again */
        return;
    }
    s->container.config.trial = back; /* the trial's events go along */
    node_part_open_streams(s, false);
    if (!node_part_checkpoint(n, s)) {
        node_slot_reason(n, s, "no checkpoint to begin with",
                         TOMTE_ERR_NO_SPACE);
        return;
    }
    size_t mark = tomte_arena_mark(&n->scratch);
    struct crossing *x = tomte_arena_take(&n->scratch, sizeof *x, 16);
    enum tomte_err err = x == NULL ? TOMTE_ERR_NO_MEMORY : leave(n, s, x);
    if (err == TOMTE_OK)
        err = arrive(n, s, x);
    if (err == TOMTE_OK && back)
        err = tomte_container_fall_back(&s->container, x->carry.time_base,
                                        x->map);
    if (err == TOMTE_OK && !back)
        take_over(n, s, x);
    tomte_arena_release(&n->scratch, mark);
    if (err != TOMTE_OK && s->trial)
        node_trial_spoil(n, s,
                         s->loaded && s->container.reason[0] != 0
                             ? s->container.reason
                             : tomte_err_text(err));
    else if (err != TOMTE_OK)
        node_slot_reason(n, s, "cannot go back to the version before", err);
    n->again = true;
}

void node_start_owner(struct tomte_node *n, struct slot *s)
{
    bool fresh = !tomte_history_has_checkpoint(&s->history);
    if (!may_go_on(n, s))
        return;
    if (fresh && s->born != 0 && s->born != s->epoch &&
        !n->config.without.history) {
        node_slot_reason(n, s, "its history is not here", TOMTE_ERR_NOT_FOUND);
        return;
    }
    if (!fresh && !is_digest(tomte_history_image(&s->history), s->digest)) {
        memcpy(s->digest, tomte_history_image(&s->history), sizeof s->digest);
        node_slot_clear_image(n, s); /* the version that has the state first */
        n->again = true;
        return;
    }
    enum tomte_err err = load(n, s);
    if (err != TOMTE_OK) {
        refuse(n, s, err);
        return;
    }
    err = node_part_ports(n, s);
    if (err == TOMTE_OK && !fresh)
        err = recover(n, s);
    if (err == TOMTE_OK && fresh)
        err = tomte_container_start(&s->container, n->now_ms);
    if (err != TOMTE_OK) {
        node_slot_reason(n, s, fresh ? "cannot start" : "cannot recover", err);
        return;
    }
    if (!fresh) {
        s->phase = SLOT_RECOVERING;
        n->again = true;
        return;
    }
    node_part_bind(n, s);
    running(n, s, true);
}

void node_start_recover(struct tomte_node *n, struct slot *s)
{
    n->again = true;
    switch (tomte_container_replay(&s->container, NODE_SLICE_FUEL)) {
    case TOMTE_RUN_REPLAYED:
        node_part_replayed(n, s);
        break;
    case TOMTE_RUN_RECOVERED:
        if (is_digest(s->digest, s->target))
            running(n, s, false);
        else
            hand_over(n, s);
        break;
    case TOMTE_RUN_FAILED:
        node_slot_reason(n, s, s->container.reason, TOMTE_ERR_CORRUPT);
        break;
    default:
        break;
    }
}
