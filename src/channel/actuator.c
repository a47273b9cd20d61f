/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/actuator.h"

#include <string.h>

/* 34 years of milliseconds, 4 million boots. */
#define TICK_MS_BITS 40
#define BOOT_MASK    ((1u << 22) - 1)

static bool add_fence(struct tomte_fences *list, const struct tomte_fence *f);
static int find_fence(const struct tomte_fences *list,
                      const struct tomte_name *identity);
static bool fences_equal(const struct tomte_fences *a,
                         const struct tomte_fences *b);
static void use_fences(struct tomte_actuator *a);
static enum tomte_write_verdict judge(const struct tomte_actuator *a, int fence,
                                      const struct tomte_origin *o,
                                      uint64_t tick);
static bool is_repeat(const struct tomte_actuator *a, int fence,
                      const struct tomte_origin *o);
static void change(struct tomte_actuator *a);
static bool wanted(const struct tomte_actuator *a, struct tomte_drive *drive);

void tomte_actuator_init(struct tomte_actuator *a,
                         const struct tomte_actuator_config *config)
{
    memset(a, 0, sizeof *a);
    a->config = *config;
}

uint64_t tomte_actuator_tick(const struct tomte_actuator *a, uint64_t now_ms)
{
    return ((uint64_t)(a->config.boot & BOOT_MASK) << TICK_MS_BITS) + now_ms;
}

enum tomte_err tomte_actuator_view(struct tomte_actuator *a,
                                   const struct tomte_fence *grants,
                                   size_t count)
{
    if (count > TOMTE_ACTUATOR_GRANTS_MAX)
        return TOMTE_ERR_FULL;
    struct tomte_fences next = {.len = 0};
    for (size_t i = 0; i < count; i++) {
        struct tomte_fence f = grants[i];
        int known = find_fence(&a->pending, &f.identity);
        if (known >= 0 && a->pending.list[known].epoch > f.epoch)
            f.epoch = a->pending.list[known].epoch;
        if (!add_fence(&next, &f))
            return TOMTE_ERR_DUPLICATE;
    }
    if (!fences_equal(&next, &a->pending)) {
        a->pending = next;
        change(a);
    }
    return TOMTE_OK;
}

struct tomte_write_report tomte_actuator_write(struct tomte_actuator *a,
                                               const struct tomte_origin *o,
                                               const struct tomte_value *value,
                                               uint64_t now_ms)
{
    tomte_actuator_step(a, now_ms);
    int fence = find_fence(&a->fences, &o->identity);
    struct tomte_write_report report = {
        .identity = o->identity,
        .epoch = o->epoch,
        .held = fence < 0 ? 0 : a->fences.list[fence].epoch,
        .tick = tomte_actuator_tick(a, now_ms),
    };
    report.verdict = judge(a, fence, o, report.tick);
    if (report.verdict != TOMTE_WRITE_ACCEPTED)
        return report;
    if (a->override)
        report.verdict = TOMTE_WRITE_OVERRIDDEN;
    if (is_repeat(a, fence, o))
        return report;
    a->last[fence].stream = o->stream;
    a->last[fence].sequence = o->sequence;
    a->wants = true;
    a->wants_identity = o->identity;
    a->wants_value = *value;
    a->wants_until_ms =
        a->config.timeout_ms ? now_ms + a->config.timeout_ms : UINT64_MAX;
    return report;
}

enum tomte_err tomte_actuator_override(struct tomte_actuator *a,
                                       const struct tomte_value *value,
                                       uint64_t for_ms, uint64_t now_ms)
{
    if (for_ms == 0)
        for_ms = TOMTE_OVERRIDE_MS;
    if (for_ms > TOMTE_OVERRIDE_MS_MAX)
        return TOMTE_ERR_RANGE;
    a->override = true;
    a->override_stored = false;
    a->override_value = *value;
    a->override_until_ms = now_ms + for_ms;
    a->store_ms = now_ms + TOMTE_OVERRIDE_STORE_MS;
    change(a);
    return TOMTE_OK;
}

void tomte_actuator_release(struct tomte_actuator *a)
{
    if (!a->override)
        return;
    a->override = false;
    change(a);
}

uint64_t tomte_actuator_override_left_ms(const struct tomte_actuator *a,
                                         uint64_t now_ms)
{
    if (!a->override || now_ms >= a->override_until_ms)
        return 0;
    return a->override_until_ms - now_ms;
}

void tomte_actuator_step(struct tomte_actuator *a, uint64_t now_ms)
{
    if (a->override && now_ms >= a->override_until_ms)
        tomte_actuator_release(a);
    if (a->wants && now_ms >= a->wants_until_ms)
        a->wants = false;
    if (a->override && now_ms >= a->store_ms) {
        a->store_ms = now_ms + TOMTE_OVERRIDE_STORE_MS;
        change(a);
    }
}

uint64_t tomte_actuator_deadline(const struct tomte_actuator *a)
{
    uint64_t deadline = UINT64_MAX;
    if (a->wants)
        deadline = a->wants_until_ms;
    if (a->override && a->override_until_ms < deadline)
        deadline = a->override_until_ms;
    if (a->override && a->store_ms < deadline)
        deadline = a->store_ms;
    return deadline;
}

bool tomte_actuator_poll(struct tomte_actuator *a, struct tomte_drive *drive)
{
    struct tomte_drive now;
    if (!wanted(a, &now))
        return false;
    if (a->polled && now.source == a->driven.source &&
        tomte_value_equal(&now.value, &a->driven.value))
        return false;
    a->polled = true;
    a->revision++;
    a->driven = now;
    *drive = now;
    return true;
}

bool tomte_actuator_unstored(const struct tomte_actuator *a)
{
    return a->unstored;
}

void tomte_actuator_stored(struct tomte_actuator *a, uint64_t now_ms)
{
    TOMTE_ASSERT(a->encoded);
    use_fences(a);
    a->override_stored = a->override;
    a->store_ms = now_ms + TOMTE_OVERRIDE_STORE_MS;
    a->unstored = false;
}

static bool add_fence(struct tomte_fences *list, const struct tomte_fence *f)
{
    size_t at = list->len;
    while (at > 0) {
        int order =
            tomte_span_compare(tomte_name_span(&list->list[at - 1].identity),
                               tomte_name_span(&f->identity));
        if (order == 0)
            return false;
        if (order < 0)
            break;
        list->list[at] = list->list[at - 1];
        at--;
    }
    list->list[at] = *f;
    list->len++;
    return true;
}

static int find_fence(const struct tomte_fences *list,
                      const struct tomte_name *identity)
{
    for (int i = 0; i < list->len; i++)
        if (tomte_name_equal(&list->list[i].identity, identity))
            return i;
    return -1;
}

static bool fences_equal(const struct tomte_fences *a,
                         const struct tomte_fences *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (a->list[i].epoch != b->list[i].epoch ||
            !tomte_name_equal(&a->list[i].identity, &b->list[i].identity))
            return false;
    return true;
}

/* What a writer did last is remembered within its epoch. */
static void use_fences(struct tomte_actuator *a)
{
    struct tomte_write_position last[TOMTE_ACTUATOR_GRANTS_MAX] = {{0, 0}};
    for (size_t i = 0; i < a->pending.len; i++) {
        const struct tomte_fence *f = &a->pending.list[i];
        int known = find_fence(&a->fences, &f->identity);
        if (known >= 0 && a->fences.list[known].epoch == f->epoch)
            last[i] = a->last[known];
    }
    memcpy(a->last, last, sizeof last);
    a->fences = a->pending;
}

static enum tomte_write_verdict judge(const struct tomte_actuator *a, int fence,
                                      const struct tomte_origin *o,
                                      uint64_t tick)
{
    if (fence < 0)
        return TOMTE_WRITE_DENIED;
    if (o->epoch < a->fences.list[fence].epoch)
        return TOMTE_WRITE_FENCED;
    if (o->epoch > a->fences.list[fence].epoch)
        return TOMTE_WRITE_UNKNOWN_EPOCH;
    if (o->not_after != 0 &&
        (o->not_after == TOMTE_NOT_AFTER_PROBE || tick > o->not_after))
        return TOMTE_WRITE_EXPIRED;
    const struct tomte_write_position *last = &a->last[fence];
    if (o->stream < last->stream ||
        (o->stream == last->stream && o->sequence < last->sequence))
        return TOMTE_WRITE_STALE;
    return TOMTE_WRITE_ACCEPTED;
}

static bool is_repeat(const struct tomte_actuator *a, int fence,
                      const struct tomte_origin *o)
{
    return o->stream == a->last[fence].stream &&
           o->sequence == a->last[fence].sequence;
}

static void change(struct tomte_actuator *a)
{
    a->unstored = true;
    a->encoded = false;
}

/* False while an override waits to be stored: what was driven goes on. */
static bool wanted(const struct tomte_actuator *a, struct tomte_drive *drive)
{
    if (a->override && !a->override_stored && a->polled)
        return false;
    if (a->override && a->override_stored)
        *drive = (struct tomte_drive){TOMTE_DRIVE_PERSON, a->override_value};
    else if (a->wants)
        *drive = (struct tomte_drive){TOMTE_DRIVE_CONTAINER, a->wants_value};
    else
        *drive = (struct tomte_drive){TOMTE_DRIVE_SAFE, a->config.safe};
    return true;
}
