/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: what was acknowledged is in the books of its consumer, once.
 *
 * A source makes numbers without a gap, a ledger books them; both are `sync`,
 * so at the end the book has each exactly once, whatever happened between.
 * A person's press that was answered with success is in the book at least once;
 * it is there at most once, but for one of which the button's node died before
 * it answered: its memory of the request is gone, and a client that repeats it
 * presses again. While faults happen the books are looked at in turn, where
 * they are kept just then: no account ever goes back. */
#include "check.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define BOOKS_MAX    64
#define HEAD         6 /* tests/sim/containers/ledger */
#define NUMBERS      16
#define PRESSES      1024
#define BOOK         (NUMBERS + PRESSES / 4)
#define LOOK_EVERY_S 5

struct book {
    uint64_t epoch;
    uint8_t bytes[BOOK];
};

struct accounts {
    struct sim *w;
    const struct home_book *home;
    unsigned len, at; /* books; the one that is looked at ... */
    bool asked;       /* ... when it runs anywhere */
    struct book books[BOOKS_MAX];
};

static void *make(struct sim *w)
{
    struct accounts *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    c->home = home_books(&c->len);
    TOMTE_ASSERT(c->len <= BOOKS_MAX);
    return c;
}

static unsigned times(const uint8_t *book, unsigned press)
{
    return book[NUMBERS + press / 4] >> (press % 4 * 2) & 3;
}

/* ---- while it goes on ---- */

static const char *went_back(const uint8_t *old, const uint8_t *now)
{
    if (tomte_get_le32(now) < tomte_get_le32(old) ||
        tomte_get_le32(now + 4) < tomte_get_le32(old + 4))
        return "numbers";
    for (unsigned p = 0; p < PRESSES; p++)
        if (times(now, p) < times(old, p))
            return "presses";
    return NULL;
}

static void compare(struct accounts *c, unsigned i, const struct look *seen)
{
    struct book *b = &c->books[i];
    const uint8_t *now = seen->bytes + HEAD;
    if (seen->len != HEAD + BOOK) {
        sim_fail(c->w, "accounts: the book of %s has %u bytes",
                 c->home[i].ledger, seen->len);
        return;
    }
    const char *what = went_back(b->bytes, now);
    if (what != NULL && seen->epoch >= b->epoch)
        sim_fail(c->w,
                 "accounts: the book of %s: %s in epoch %llu (%u, %u) are "
                 "behind those of epoch %llu (%u, %u)",
                 c->home[i].ledger, what, (unsigned long long)seen->epoch,
                 tomte_get_le32(now), tomte_get_le32(now + 4),
                 (unsigned long long)b->epoch, tomte_get_le32(b->bytes),
                 tomte_get_le32(b->bytes + 4));
    if (seen->epoch < b->epoch)
        return;
    b->epoch = seen->epoch;
    memcpy(b->bytes, now, BOOK);
}

/* One look at a time: an answer is always younger than the one before. */
static void second(void *ctx)
{
    struct accounts *c = ctx;
    const struct look *seen = person_seen(c->w->person);
    uint64_t epoch;
    if (c->len == 0 || seen->open || c->w->now_us / 1000000 % LOOK_EVERY_S != 0)
        return;
    if (c->asked && seen->found)
        compare(c, c->at, seen);
    c->at = (c->at + 1) % c->len;
    struct sim_node *n = sim_runner(c->w, c->home[c->at].ledger, &epoch);
    c->asked = n != NULL;
    if (n != NULL)
        person_look(c->w->person, sim_index(c->w, n), c->home[c->at].book);
}

/* ---- at the end ---- */

static const struct look *look(struct accounts *c, const char *identity,
                               const char *channel)
{
    const struct look *seen = person_seen(c->w->person);
    uint64_t epoch;
    for (int i = 0; i < 30 && seen->open; i++)
        (void)sim_run(c->w, c->w->now_us + 1000000);
    struct sim_node *n = sim_runner(c->w, identity, &epoch);
    if (n == NULL)
        return NULL;
    person_look(c->w->person, sim_index(c->w, n), channel);
    for (int i = 0; i < 30 && seen->open; i++)
        (void)sim_run(c->w, c->w->now_us + 1000000);
    return seen->found ? seen : NULL;
}

static void settle_numbers(struct accounts *c, unsigned i, uint32_t made)
{
    const uint8_t *book = c->books[i].bytes;
    uint32_t count = tomte_get_le32(book), last = tomte_get_le32(book + 4);
    uint32_t sum = tomte_get_le32(book + 8), jumps = tomte_get_le32(book + 12);
    c->w->counts.made += last;
    if (count != last || jumps != 0 ||
        sum != (uint32_t)((uint64_t)last * (last + 1) / 2))
        sim_fail(c->w, "accounts: %s has %u numbers, the last is %u, %u jumps",
                 c->home[i].ledger, count, last, jumps);
    if (last < made)
        sim_fail(c->w, "accounts: %s made %u numbers, %s has %u of them",
                 c->home[i].source, made, c->home[i].ledger, last);
}

static void settle_press(struct accounts *c, unsigned i,
                         const struct press *press)
{
    unsigned n = times(c->books[i].bytes, press->number);
    bool again = press->open || press->boot != press->boot_end;
    if (press->acknowledged && n == 0)
        sim_fail(c->w, "accounts: press %u of %s was acknowledged, not booked",
                 press->number, c->home[i].ledger);
    if (n > 1 && !again)
        sim_fail(c->w, "accounts: press %u of %s was booked %u times",
                 press->number, c->home[i].ledger, n);
}

/* The last number of a source, in SenML. */
static bool number_of(const struct look *seen, uint32_t *out)
{
    const uint8_t *p = seen->bytes + 3; /* [{2: */
    if (seen->len < 4)
        return false;
    uint8_t head = *p;
    *out = head < 24      ? head
           : head == 0x18 ? p[1]
           : head == 0x19 ? (uint32_t)(p[1] << 8 | p[2])
                          : 0;
    return head <= 0x19;
}

static void end(void *ctx)
{
    struct accounts *c = ctx;
    unsigned count;
    const struct press *presses = person_presses(c->w->person, &count);
    for (unsigned i = 0; i < c->len && !c->w->failed; i++) {
        uint32_t made = 0;
        const struct look *seen = look(c, c->home[i].source, c->home[i].count);
        if (seen == NULL || !number_of(seen, &made))
            sim_fail(c->w, "accounts: %s does not answer", c->home[i].source);
        (void)sim_run(c->w, c->w->now_us + 2000000);
        seen = look(c, c->home[i].ledger, c->home[i].book);
        if (seen == NULL) {
            sim_fail(c->w, "accounts: %s does not answer", c->home[i].ledger);
            return;
        }
        compare(c, i, seen);
        settle_numbers(c, i, made);
        for (unsigned p = 0; p < count; p++)
            if (presses[p].node == c->home[i].button &&
                presses[p].number < PRESSES)
                settle_press(c, i, &presses[p]);
    }
}

const struct sim_check check_accounts = {
    .name = "accounts", .make = make, .second = second, .end = end};
