/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include "test.h"

#include "base/bytes.h"

struct tomte_span model_bytes(uint32_t tag, uint32_t len)
{
    static uint8_t bytes[MODEL_LONGEST];
    CHECK(len <= sizeof bytes);
    struct tomte_random r;
    tomte_random_init(&r, tag);
    tomte_random_fill(&r, TOMTE_BUF(bytes, len));
    for (uint32_t i = 0; i < 4 && i < len; i++)
        bytes[i] = (uint8_t)(tag >> 8 * i);
    return TOMTE_SPAN(bytes, len);
}

static struct model_value new_value(struct rig *r, uint32_t longest)
{
    struct model_value v = {.there = 1, .tag = r->tag++};
    uint64_t kind = tomte_random_below(&r->random, 4);
    bool full = kind == 0 || r->crowded;
    v.len = (uint32_t)tomte_random_below(&r->random, full ? longest + 1 : 60);
    if (v.len > longest)
        v.len = longest;
    if (v.len < 4)
        v.tag &= (1u << 8 * v.len) - 1;
    return v;
}

/* The value that bytes were made from; they must be just those. */
static struct model_value value_of(struct tomte_span bytes)
{
    struct model_value v = {.there = 1, .len = (uint32_t)bytes.len};
    for (uint32_t i = 0; i < 4 && i < bytes.len; i++)
        v.tag |= (uint32_t)bytes.data[i] << 8 * i;
    CHECK_BYTES(model_bytes(v.tag, v.len), bytes);
    return v;
}

/* Keys of several lengths, among them the longest. */
static struct tomte_span record_key(uint32_t i)
{
    static uint8_t key[TOMTE_STORE_KEY_MAX];
    memset(key, 'r', sizeof key);
    key[0] = (uint8_t)('a' + i);
    return TOMTE_SPAN(key, i == 0 ? sizeof key : 1 + i * 3);
}

static struct tomte_span log_name(uint32_t i)
{
    static const char *const names[MODEL_LOGS] = {"e/heating", "e/light", "x"};
    return tomte_span_str(names[i]);
}

static struct tomte_span blob_name(uint32_t i)
{
    static const char *const names[MODEL_BLOBS] = {"image", "point/heating",
                                                   "b"};
    return tomte_span_str(names[i]);
}

/* ---- the rig ---------------------------------------------------------- */

void rig_init(struct rig *r, uint32_t ring, uint32_t blobs, uint32_t unit,
              uint64_t seed)
{
    tomte_disk_free(r->disk); /* of a test that failed */
    memset(r, 0, sizeof *r);
    r->tag = 0x1000;
    tomte_random_init(&r->random, seed);
    r->disk =
        tomte_disk_new(&(struct tomte_disk_config){.sector_bytes = 4096,
                                                   .sector_count = ring + blobs,
                                                   .program_unit = unit,
                                                   .strict = true,
                                                   .mappable = true,
                                                   .seed = seed});
    CHECK(r->disk != NULL);
    struct tomte_block block = tomte_disk_block(r->disk);
    CHECK_OK(tomte_store_format(&block, ring));
    CHECK_OK(rig_mount(r));
    r->since_count = 1; /* empty */
}

void rig_free(struct rig *r)
{
    tomte_disk_free(r->disk);
    r->disk = NULL;
}

enum tomte_err rig_mount(struct rig *r)
{
    struct tomte_arena arena;
    tomte_arena_init(&arena, r->memory, sizeof r->memory);
    struct tomte_store_config config = {.block = tomte_disk_block(r->disk),
                                        .arena = &arena,
                                        .records_max = MODEL_RECORDS,
                                        .logs_max = MODEL_LOGS,
                                        .blobs_max = MODEL_BLOBS};
    CHECK(tomte_store_memory(&config) <= sizeof r->memory);
    memset(&r->store, 0xdb, sizeof r->store);
    memset(r->memory, 0xdb, sizeof r->memory);
    return tomte_store_mount(&r->store, &config, &r->report);
}

/* ---- reading back ----------------------------------------------------- */

static void read_records(struct tomte_store *s, struct model *m)
{
    uint8_t bytes[4096], key[TOMTE_STORE_KEY_MAX];
    uint32_t count = 0, cursor = 0;
    size_t len;
    for (uint32_t i = 0; i < MODEL_RECORDS; i++) {
        enum tomte_err err =
            tomte_store_get(s, record_key(i), TOMTE_BUF_ARRAY(bytes), &len);
        if (err == TOMTE_ERR_NOT_FOUND)
            continue;
        CHECK_OK(err);
        m->records[i] = value_of(TOMTE_SPAN(bytes, len));
        count++;
    }
    while (tomte_store_next(s, TOMTE_SPAN_NONE, &cursor, key, &len) == TOMTE_OK)
        count--;
    CHECK_EQ(0, count);
}

static void read_log(struct tomte_store *s, uint32_t i, struct model_log *m)
{
    struct tomte_store_log_range range;
    struct tomte_store_cursor c;
    uint8_t bytes[4096];
    uint64_t sequence;
    uint32_t log;
    size_t len;
    CHECK_OK(tomte_store_log_open(s, log_name(i), 0, &log));
    CHECK_OK(tomte_store_log_range(s, log, &range));
    CHECK_OK(tomte_store_log_seek(s, log, 0, &c));
    CHECK(range.next - range.first <= MODEL_ENTRIES);
    m->there = 1;
    m->first = range.first;
    m->next = range.next;
    for (uint64_t n = range.first; n < range.next; n++) {
        CHECK_OK(tomte_store_log_next(s, &c, TOMTE_BUF_ARRAY(bytes), &len,
                                      &sequence));
        CHECK_EQ(n, sequence);
        m->kept[n - range.first] = value_of(TOMTE_SPAN(bytes, len));
    }
    CHECK_EQ(
        TOMTE_ERR_NOT_FOUND,
        tomte_store_log_next(s, &c, TOMTE_BUF_ARRAY(bytes), &len, &sequence));
}

/* To open it would make it. */
static bool has_log(struct tomte_store *s, uint32_t i)
{
    uint8_t name[TOMTE_STORE_KEY_MAX];
    uint32_t cursor = 0;
    size_t len;
    return tomte_store_log_name_next(s, log_name(i), &cursor, name, &len) ==
           TOMTE_OK;
}

static void read_blob(struct tomte_store *s, uint32_t i, struct model_value *m)
{
    struct tomte_store_blob_info info;
    struct tomte_span mapped;
    enum tomte_err err = tomte_store_blob_find(s, blob_name(i), &info);
    if (err == TOMTE_ERR_NOT_FOUND)
        return;
    CHECK_OK(err);
    CHECK_OK(tomte_store_blob_check(s, &info));
    CHECK_OK(tomte_store_blob_map(s, &info, &mapped));
    *m = value_of(mapped);
}

void rig_read_back(struct rig *r, struct model *out)
{
    memset(out, 0, sizeof *out);
    read_records(&r->store, out);
    for (uint32_t i = 0; i < MODEL_LOGS; i++)
        if (has_log(&r->store, i))
            read_log(&r->store, i, &out->logs[i]);
    for (uint32_t i = 0; i < MODEL_BLOBS; i++)
        read_blob(&r->store, i, &out->blobs[i]);
}

/* ---- operations ------------------------------------------------------- */

/* The model moved on to r->now. */
static void advance(struct rig *r)
{
    CHECK(r->since_count < sizeof r->since / sizeof r->since[0]);
    r->since[r->since_count++] = r->now;
}

static void settled(struct rig *r, const struct model *state)
{
    r->now = *state;
    r->since[0] = r->now;
    r->since_count = 1;
}

static uint32_t draw(struct rig *r, uint32_t bound)
{
    return (uint32_t)tomte_random_below(&r->random, bound);
}

static enum tomte_err put(struct rig *r)
{
    uint32_t i = draw(r, MODEL_RECORDS);
    struct tomte_span key = record_key(i);
    struct model_value v =
        new_value(r, tomte_store_value_max(&r->store, key.len));
    r->now.records[i] = v;
    return tomte_store_put(&r->store, key, model_bytes(v.tag, v.len));
}

static enum tomte_err remove_record(struct rig *r)
{
    uint32_t i = draw(r, MODEL_RECORDS);
    if (r->crowded && draw(r, 8) != 0)
        return put(r);
    bool there = r->now.records[i].there != 0;
    memset(&r->now.records[i], 0, sizeof r->now.records[i]);
    enum tomte_err err = tomte_store_remove(&r->store, record_key(i));
    if (there)
        return err;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, err);
    return TOMTE_OK;
}

static void drop_entries(struct model_log *m, uint64_t count)
{
    uint64_t kept = m->next - m->first - count;
    memmove(m->kept, m->kept + count, kept * sizeof m->kept[0]);
    memset(m->kept + kept, 0, (MODEL_ENTRIES - kept) * sizeof m->kept[0]);
    m->first += count;
}

/* Append, or trim when the model has no place; now and then trim some, or drop
 * the log. */
static enum tomte_err use_log(struct rig *r)
{
    uint32_t i = draw(r, MODEL_LOGS), choice = draw(r, 20), log;
    struct model_log *m = &r->now.logs[i];
    struct tomte_store *s = &r->store;
    bool there = m->there != 0;
    m->there = 1;
    enum tomte_err err = tomte_store_log_open(s, log_name(i), 60000, &log);
    if (err != TOMTE_OK || !there)
        return err;
    if (r->crowded && draw(r, 4) != 0)
        choice = 3;
    if (choice == 0) {
        memset(m, 0, sizeof *m);
        return tomte_store_log_remove(s, log_name(i));
    }
    uint64_t kept = m->next - m->first;
    if (choice <= 2 || kept == MODEL_ENTRIES) {
        drop_entries(m, choice == 1 ? kept : draw(r, (uint32_t)kept + 1));
        return tomte_store_log_trim(s, log, m->first);
    }
    struct model_value v = new_value(r, tomte_store_value_max(s, 0) / 4);
    m->kept[kept] = v;
    m->next++;
    uint64_t sequence = m->next - 1;
    err = tomte_store_log_append(s, log, model_bytes(v.tag, v.len), &sequence);
    CHECK_EQ(m->next - 1, sequence);
    return err;
}

static enum tomte_err write_blob(struct rig *r)
{
    uint32_t i = draw(r, MODEL_BLOBS);
    struct tomte_store *s = &r->store;
    struct tomte_store_writer w;
    struct model_value v = {
        .there = 1, .tag = r->tag++, .len = 4 + draw(r, MODEL_LONGEST - 3)};
    struct tomte_span rest = model_bytes(v.tag, v.len);
    enum tomte_err err = tomte_store_blob_begin(s, &w, blob_name(i), v.len);
    if (err != TOMTE_OK)
        return err;
    while (rest.len > 0 && err == TOMTE_OK) {
        size_t n = 1 + draw(r, draw(r, 2) ? 40 : MODEL_LONGEST);
        err = tomte_store_blob_write(s, &w, tomte_span_slice(rest, 0, n));
        rest = tomte_span_slice(rest, n, rest.len);
    }
    if (err == TOMTE_OK && draw(r, 8) != 0) {
        r->now.blobs[i] = v;
        err = tomte_store_blob_commit(s, &w);
    }
    tomte_store_blob_abort(s, &w);
    return err;
}

static enum tomte_err remove_blob(struct rig *r)
{
    uint32_t i = draw(r, MODEL_BLOBS);
    bool there = r->now.blobs[i].there != 0;
    memset(&r->now.blobs[i], 0, sizeof r->now.blobs[i]);
    enum tomte_err err = tomte_store_blob_remove(&r->store, blob_name(i));
    if (there)
        return err;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, err);
    return TOMTE_OK;
}

static enum tomte_err sync_all(struct rig *r)
{
    enum tomte_err err = tomte_store_sync(&r->store);
    if (err == TOMTE_OK)
        settled(r, &r->now);
    return err;
}

enum tomte_err rig_step(struct rig *r, unsigned sync_permille)
{
    struct model before = r->now;
    uint32_t room = sizeof r->since / sizeof r->since[0] - r->since_count;
    if (tomte_random_chance(&r->random, sync_permille) || room < 2)
        return sync_all(r);
    uint32_t choice = draw(r, 100);
    enum tomte_err err = choice < 40   ? put(r)
                         : choice < 48 ? remove_record(r)
                         : choice < 88 ? use_log(r)
                         : choice < 94 ? write_blob(r)
                         : choice < 96 ? remove_blob(r)
                                       : tomte_store_clean(&r->store, 4096);
    advance(r);
    if (err == TOMTE_ERR_NO_SPACE) { /* and nothing was changed */
        r->since_count--;
        r->now = before;
    }
    return err;
}

void rig_settle(struct rig *r)
{
    struct model found;
    rig_read_back(r, &found);
    for (uint32_t i = 0; i < r->since_count; i++)
        if (memcmp(&found, &r->since[i], sizeof found) == 0) {
            settled(r, &found);
            return;
        }
    test_fail(__FILE__, __LINE__,
              "the store holds none of the states since the last sync");
}

void rig_check(struct rig *r)
{
    struct model found;
    rig_read_back(r, &found);
    CHECK(memcmp(&found, &r->now, sizeof found) == 0);
}
