/* SPDX-License-Identifier: Apache-2.0 */
/* An actuator against a naive one: maps without bounds, no change flags, all
 * recomputed from a log of what happened. Restarts lose what was not stored. */
#include "channel/actuator.h"
#include "help.h"

#define SEEDS      200
#define STEPS      300
#define IDENTITIES 3
#define TIMEOUT_MS 5000

static const char *const identities[IDENTITIES] = {"a", "b", "c"};

/* What must survive. */
struct durable {
    uint64_t fence[IDENTITIES]; /* 0: not granted */
    bool override;
    uint8_t override_value;
    uint64_t override_left_ms; /* when stored */
};

struct naive {
    struct durable stored, next; /* next: as it would be stored now */
    uint64_t override_until_ms;
    bool override_counts; /* it was stored */
    uint64_t last[IDENTITIES];
    bool wants;
    uint8_t wants_value;
    uint64_t wants_until_ms;
    uint8_t driven; /* before an override waited to be stored */
};

struct world {
    struct tomte_random random;
    struct tomte_actuator real;
    struct naive naive;
    uint8_t flash[TOMTE_ACTUATOR_BYTES_MAX];
    size_t flash_len;
    uint64_t now_ms;
    uint32_t boot;
    unsigned verdicts[TOMTE_WRITE_STALE + 1];
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return tomte_random_below(&w->random, bound);
}

static struct tomte_value value_of(uint8_t v)
{
    struct tomte_value value = {.len = 0};
    CHECK_OK(tomte_value_set(&value, 112, TOMTE_SPAN(&v, 1)));
    return value;
}

static void boot(struct world *w)
{
    struct tomte_actuator_config config = {
        .safe = value_of(0), .timeout_ms = TIMEOUT_MS, .boot = ++w->boot};
    tomte_actuator_init(&w->real, &config);
}

static void naive_time(struct naive *n, uint64_t now_ms)
{
    if (n->next.override && now_ms >= n->override_until_ms)
        n->next.override = n->override_counts = false;
    if (n->wants && now_ms >= n->wants_until_ms)
        n->wants = false;
}

static uint8_t naive_drive(struct naive *n)
{
    if (n->next.override && n->override_counts)
        n->driven = n->next.override_value;
    else if (!n->next.override)
        n->driven = n->wants ? n->wants_value : 0;
    return n->driven;
}

/* ---- what may happen ---- */

static void new_view(struct world *w)
{
    struct tomte_fence grants[IDENTITIES];
    size_t count = 0;
    for (size_t i = 0; i < IDENTITIES; i++) {
        uint64_t *fence = &w->naive.next.fence[i];
        if (below(w, 4) == 0) {
            *fence = 0;
            continue;
        }
        uint64_t epoch = 1 + below(w, 12);
        if (epoch > *fence)
            *fence = epoch;
        grants[count++] = (struct tomte_fence){name(identities[i]), epoch};
    }
    CHECK_OK(tomte_actuator_view(&w->real, grants, count));
}

static void store(struct world *w)
{
    struct tomte_span bytes;
    CHECK_OK(tomte_actuator_encode(&w->real, w->now_ms,
                                   TOMTE_BUF_ARRAY(w->flash), &bytes));
    w->flash_len = bytes.len;
    tomte_actuator_stored(&w->real, w->now_ms);
    struct naive *n = &w->naive;
    for (size_t i = 0; i < IDENTITIES; i++)
        if (n->next.fence[i] != n->stored.fence[i])
            n->last[i] = 0;
    n->next.override_left_ms = n->override_until_ms - w->now_ms;
    n->override_counts = n->next.override;
    n->stored = n->next;
}

static void restart(struct world *w)
{
    w->now_ms = below(w, 10);
    boot(w);
    CHECK_OK(tomte_actuator_decode(&w->real, TOMTE_SPAN(w->flash, w->flash_len),
                                   w->now_ms));
    struct durable stored = w->naive.stored;
    w->naive = (struct naive){.stored = stored,
                              .next = stored,
                              .override_counts = stored.override,
                              .override_until_ms =
                                  w->now_ms + stored.override_left_ms};
}

static enum tomte_write_verdict naive_write(struct world *w, size_t who,
                                            uint64_t epoch, uint64_t sequence,
                                            uint64_t not_after, uint8_t value)
{
    struct naive *n = &w->naive;
    uint64_t fence = n->stored.fence[who];
    uint64_t tick = ((uint64_t)w->boot << 40) + w->now_ms;
    if (fence == 0)
        return TOMTE_WRITE_DENIED;
    if (epoch != fence)
        return epoch < fence ? TOMTE_WRITE_FENCED : TOMTE_WRITE_UNKNOWN_EPOCH;
    if (not_after != 0 && tick > not_after)
        return TOMTE_WRITE_EXPIRED;
    if (sequence < n->last[who])
        return TOMTE_WRITE_STALE;
    if (sequence > n->last[who]) {
        n->last[who] = sequence;
        n->wants = true;
        n->wants_value = value;
        n->wants_until_ms = w->now_ms + TIMEOUT_MS;
    }
    return n->next.override ? TOMTE_WRITE_OVERRIDDEN : TOMTE_WRITE_ACCEPTED;
}

static void write(struct world *w)
{
    size_t who = below(w, IDENTITIES);
    uint64_t fence = w->naive.stored.fence[who];
    uint64_t epoch = below(w, 3) ? fence : 1 + below(w, 12);
    if (epoch == 0)
        epoch = 1;
    struct tomte_origin o = origin(identities[who], epoch, 1, 1 + below(w, 40));
    if (below(w, 3) == 0)
        o.not_after = ((uint64_t)w->boot << 40) + w->now_ms + below(w, 20) - 10;
    uint8_t v = (uint8_t)(1 + below(w, 3));
    struct tomte_value value = value_of(v);
    struct tomte_write_report r =
        tomte_actuator_write(&w->real, &o, &value, w->now_ms);
    CHECK_EQ(naive_write(w, who, epoch, o.sequence, o.not_after, v), r.verdict);
    CHECK_EQ(fence, r.held);
    w->verdicts[r.verdict]++;
}

static void override(struct world *w)
{
    struct naive *n = &w->naive;
    if (below(w, 3) == 0) {
        tomte_actuator_release(&w->real);
        n->next.override = n->override_counts = false;
        return;
    }
    uint64_t for_ms = 1 + below(w, 2 * TOMTE_OVERRIDE_STORE_MS);
    uint8_t v = (uint8_t)(100 + below(w, 3));
    struct tomte_value value = value_of(v);
    CHECK_OK(tomte_actuator_override(&w->real, &value, for_ms, w->now_ms));
    n->next.override = true;
    n->next.override_value = v;
    n->override_counts = false;
    n->override_until_ms = w->now_ms + for_ms;
}

/* ---- and after each of it ---- */

static void compare(struct world *w)
{
    struct tomte_drive d;
    bool news = tomte_actuator_poll(&w->real, &d);
    CHECK(!tomte_actuator_poll(&w->real, &d) || !news);
    CHECK_EQ(naive_drive(&w->naive), w->real.driven.value.data[0]);
    CHECK(tomte_actuator_deadline(&w->real) > w->now_ms);
}

static void one_step(struct world *w)
{
    uint64_t deadline = tomte_actuator_deadline(&w->real);
    w->now_ms += below(w, below(w, 20) ? 500 : 2 * TOMTE_OVERRIDE_STORE_MS);
    if (below(w, 4) == 0 && deadline != UINT64_MAX && deadline > w->now_ms)
        w->now_ms = deadline;
    tomte_actuator_step(&w->real, w->now_ms);
    naive_time(&w->naive, w->now_ms);
    compare(w);
    uint64_t what = below(w, 20);
    if (what < 2)
        new_view(w);
    else if (what < 12)
        write(w);
    else if (what < 14)
        override(w);
    compare(w);
    if (tomte_actuator_unstored(&w->real) && below(w, 3))
        store(w);
    compare(w);
    if (below(w, 40) == 0)
        restart(w);
    compare(w);
}

TEST(actuator_does_what_a_naive_one_does)
{
    static struct world w;
    unsigned seen[TOMTE_WRITE_STALE + 1] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        memset(&w, 0, sizeof w);
        tomte_random_init(&w.random, seed);
        boot(&w);
        store(&w);
        for (int i = 0; i < STEPS; i++)
            one_step(&w);
        for (size_t v = 0; v <= TOMTE_WRITE_STALE; v++)
            seen[v] += w.verdicts[v];
    }
    for (size_t v = 0; v <= TOMTE_WRITE_STALE; v++)
        CHECK(seen[v] > SEEDS / 4);
}
