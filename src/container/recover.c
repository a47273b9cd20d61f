/* SPDX-License-Identifier: Apache-2.0 */
/* Back to a checkpoint and on through the log: after a restart, a take-over, or
 * a trap. One mechanism for all three. */
#include "container/internal.h"

#include "base/assert.h"
#include "base/text.h"

#include <string.h>

static void note_trap(struct tomte_container *c, uint64_t now_ms);
static void add_letter(struct tomte_container *c);
static enum tomte_err to_checkpoint(struct tomte_container *c);

/* ---- ways in ----------------------------------------------------------- */

enum tomte_err tomte_container_recover(struct tomte_container *c,
                                       uint64_t now_ms, uint64_t elapsed_ms)
{
    if (c->state != TOMTE_CONTAINER_LOADED)
        return TOMTE_ERR_STATE;
    if (!tomte_history_has_checkpoint(c->config.history))
        return TOMTE_ERR_NOT_FOUND;
    c->work->moved = true;
    c->work->resume_base = elapsed_ms - now_ms;
    return to_checkpoint(c);
}

/* The record says that the event left no trace; what `get` answered is a trace
 * too. It always fits: see gets_room in event.c. */
static enum tomte_err append_trapped(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    w->record.trapped = true;
    w->record.gets_len = 0;
    memset(w->record.digest, 0, sizeof(w->record.digest));
    w->record.reason = tomte_span_str(c->reason);
    enum tomte_err err =
        tomte_record_encode(&w->record, TOMTE_BUF_ARRAY(w->bytes), &w->encoded);
    TOMTE_ASSERT(err == TOMTE_OK);
    return tomte_history_append(c->config.history, w->encoded);
}

enum tomte_err tomte_container_undo(struct tomte_container *c, uint64_t now_ms,
                                    const char *reason)
{
    TOMTE_ASSERT(c->state == TOMTE_CONTAINER_RUNNING);
    struct tomte_container_work *w = c->work;
    TOMTE_ASSERT(reason != NULL || w->result == TOMTE_RUN_TRAPPED);
    if (reason != NULL)
        container_reason(c, NULL, reason);
    w->event = false;
    w->outputs_len = 0;
    enum tomte_err err = append_trapped(c);
    if (err != TOMTE_OK)
        return container_fail(c, err, "cannot write down a trap",
                              tomte_err_text(err));
    c->traps++;
    note_trap(c, now_ms);
    w->moved = false;
    return to_checkpoint(c);
}

static enum tomte_err to_checkpoint(struct tomte_container *c)
{
    struct tomte_history *h = c->config.history;
    enum tomte_err err = container_restore(c);
    if (err == TOMTE_OK)
        err = tomte_history_seek(h, c->sequence, &c->work->cursor);
    if (err != TOMTE_OK)
        return container_fail(c, err, "cannot restore the checkpoint",
                              tomte_err_text(err));
    c->work->replay = true;
    c->work->result = TOMTE_RUN_DONE; /* no event is under way */
    c->state = TOMTE_CONTAINER_RECOVERING;
    return TOMTE_OK;
}

/* ---- replay ------------------------------------------------------------ */

static enum tomte_run fail_at(struct tomte_container *c, const char *what)
{
    struct tomte_text t;
    tomte_text_init(&t, c->reason, sizeof(c->reason));
    tomte_text_str(&t, "event ");
    tomte_text_u64(&t, c->sequence + 1);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, what);
    c->work->event = false;
    c->state = TOMTE_CONTAINER_FAILED;
    return TOMTE_RUN_FAILED;
}

enum tomte_run container_recovered(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    if (w->moved)
        c->time_base = c->time_ms + w->resume_base;
    w->replay = false;
    w->outputs_len = 0;
    c->state = c->ended ? TOMTE_CONTAINER_STOPPED : TOMTE_CONTAINER_READY;
    if (c->state == TOMTE_CONTAINER_READY && c->quarantine.until_ms != 0)
        c->state = TOMTE_CONTAINER_QUARANTINED;
    return TOMTE_RUN_RECOVERED;
}

/* An event that was taken out: time went on, and a timer that trapped is still
 * to fire. */
static void pass_over(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    const struct tomte_record *r = &w->record;
    c->sequence = r->sequence;
    c->time_ms = r->time_ms;
    if (r->kind == TOMTE_EVENT_TIMER)
        c->timers[r->port] = r->time_ms + TOMTE_TIMER_RETRY_MS;
    w->outputs_len = 0;
    add_letter(c);
}

/* Takes up the next record. DONE: it needs no running. */
static enum tomte_run next_record(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    enum tomte_err err = tomte_history_next(
        c->config.history, &w->cursor, TOMTE_BUF_ARRAY(w->bytes), &w->encoded);
    if (err == TOMTE_ERR_NOT_FOUND)
        return container_recovered(c);
    if (err == TOMTE_OK)
        err = tomte_record_decode(w->encoded, &w->record);
    if (err != TOMTE_OK)
        return fail_at(c, tomte_err_text(err));
    if (w->record.sequence != c->sequence + 1 || w->record.time_ms < c->time_ms)
        return fail_at(c, "the record does not fit the one before");
    if (w->record.trapped) {
        pass_over(c);
        return TOMTE_RUN_DONE;
    }
    container_event_start(c);
    return TOMTE_RUN_MORE;
}

/* The outputs and timers must come out as the record says. */
static enum tomte_run check_replayed(struct tomte_container *c)
{
    const struct tomte_record *r = &c->work->record;
    uint8_t digest[TOMTE_RECORD_DIGEST_BYTES];
    container_effects_digest(c, digest);
    if (c->work->diverged || memcmp(digest, r->digest, sizeof(digest)) != 0)
        return fail_at(c, "came out differently when it was replayed");
    c->sequence = r->sequence;
    return TOMTE_RUN_REPLAYED;
}

enum tomte_run tomte_container_replay(struct tomte_container *c, uint32_t fuel)
{
    TOMTE_ASSERT(c->state == TOMTE_CONTAINER_RECOVERING);
    if (c->work->rerun)
        return container_rerun(c, fuel);
    if (c->work->result != TOMTE_RUN_MORE) {
        enum tomte_run next = next_record(c);
        if (next == TOMTE_RUN_DONE)
            return TOMTE_RUN_REPLAYED;
        if (next != TOMTE_RUN_MORE)
            return next;
    }
    switch (container_event_run(c, fuel)) {
    case TOMTE_RUN_MORE:
        return TOMTE_RUN_MORE;
    case TOMTE_RUN_DONE:
        return check_replayed(c);
    default:
        return fail_at(c, "trapped when it was replayed");
    }
}

/* ---- dead letters and quarantine --------------------------------------- */

/* The letters outlive a restore; a replay meets them again. */
static bool has_letter(const struct tomte_container_work *w, uint64_t sequence)
{
    for (size_t i = 0; i < w->letters_len; i++)
        if (w->letters[i].sequence == sequence)
            return true;
    return false;
}

static void add_letter(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    const struct tomte_record *r = &w->record;
    if (has_letter(w, r->sequence))
        return;
    size_t at = (w->letters_first + w->letters_len) % TOMTE_DEAD_LETTERS;
    if (w->letters_len < TOMTE_DEAD_LETTERS)
        w->letters_len++;
    else
        w->letters_first =
            (uint8_t)((w->letters_first + 1) % TOMTE_DEAD_LETTERS);
    struct tomte_dead_letter *letter = &w->letters[at];
    *letter = (struct tomte_dead_letter){.sequence = r->sequence,
                                         .time_ms = r->time_ms,
                                         .kind = r->kind,
                                         .port = r->port};
    struct tomte_text t;
    tomte_text_init(&t, letter->reason, sizeof(letter->reason));
    tomte_text_span(&t, r->reason);
}

static uint32_t next_back_off(uint32_t back_off_ms)
{
    if (back_off_ms == 0)
        return TOMTE_QUARANTINE_MIN_MS;
    back_off_ms *= 2;
    return back_off_ms < TOMTE_QUARANTINE_MAX_MS ? back_off_ms
                                                 : TOMTE_QUARANTINE_MAX_MS;
}

static void note_trap(struct tomte_container *c, uint64_t now_ms)
{
    uint64_t *at = c->quarantine.at_ms;
    if (now_ms - c->quarantine.last_ms >
        c->quarantine.back_off_ms + TOMTE_QUARANTINE_RESET_MS)
        c->quarantine.back_off_ms = 0;
    c->quarantine.last_ms = now_ms;
    if (c->quarantine.count == TOMTE_TRAPS_MAX) {
        memmove(at, at + 1, (TOMTE_TRAPS_MAX - 1) * sizeof(*at));
        c->quarantine.count--;
    }
    at[c->quarantine.count++] = now_ms;
    if (c->quarantine.count < TOMTE_TRAPS_MAX ||
        now_ms - at[0] > TOMTE_TRAPS_WINDOW_MS)
        return;
    c->quarantine.back_off_ms = next_back_off(c->quarantine.back_off_ms);
    c->quarantine.until_ms = now_ms + c->quarantine.back_off_ms;
    c->quarantine.count = 0;
}

void tomte_container_release(struct tomte_container *c, uint64_t now_ms)
{
    if (c->state != TOMTE_CONTAINER_QUARANTINED ||
        now_ms < c->quarantine.until_ms)
        return;
    c->quarantine.until_ms = 0;
    c->state = TOMTE_CONTAINER_READY;
}
