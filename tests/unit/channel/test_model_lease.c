/* SPDX-License-Identifier: Apache-2.0 */
/* No write is accepted after its life, and none of a `safe` container after its
 * writer's lease ended, on whatever clock one looks: the writer's and the
 * actuator's clocks run wrong by up to 1 in 1,000 and start anywhere, datagrams
 * take any time and any order, the actuator's node restarts. True time is in
 * microseconds. */
#include "channel/actuator.h"
#include "channel/writer.h"
#include "help.h"

#define SEEDS      300
#define STEPS      400
#define DATAGRAMS  32
#define US         1000u
#define LEASE_MS   4000u /* shorter than a write's life: both are tried */
#define RENEWAL_MS 300u

struct datagram {
    bool used, is_answer;
    uint64_t at_us;
    uint64_t end_us; /* of its life and of the lease that it was sent under */
    struct tomte_writer_send write;
    struct tomte_write_report report;
};

struct clock {
    uint64_t start_us;
    uint64_t offset_ms;
    int64_t wrong_ppm;
};

struct world {
    bool hold; /* the container is not bound to the lease */
    struct tomte_random random;
    uint64_t now_us;
    struct clock writer_clock, actuator_clock;
    uint64_t lease_end_ms; /* on the writer's clock */
    struct tomte_writer writer;
    struct tomte_actuator actuator;
    uint32_t boot;
    struct datagram datagrams[DATAGRAMS];
    unsigned accepted, expired, late;
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return tomte_random_below(&w->random, bound);
}

static uint64_t read_clock(const struct world *w, const struct clock *c)
{
    uint64_t us = w->now_us - c->start_us;
    int64_t wrong = (int64_t)us / 1000000 * c->wrong_ppm +
                    (int64_t)us % 1000000 * c->wrong_ppm / 1000000;
    return c->offset_ms + (us + (uint64_t)wrong) / US;
}

/* The true time at which a clock will show this; rounded up. */
static uint64_t true_time(const struct clock *c, uint64_t shown_ms)
{
    uint64_t us = (shown_ms - c->offset_ms) * US;
    uint64_t rate = (uint64_t)(1000000 + c->wrong_ppm);
    return c->start_us + (us * 1000000 + rate - 1) / rate;
}

static struct clock some_clock(struct world *w)
{
    static const int64_t wrong[] = {-1000, -1000, 1000, 1000, 0, 137};
    return (struct clock){.start_us = w->now_us,
                          .offset_ms = below(w, 1000000),
                          .wrong_ppm = wrong[below(w, 6)]};
}

static void transmit(struct world *w, struct datagram d)
{
    static const uint64_t longest_ms[] = {1, 20, 500, 3 * LEASE_MS};
    for (size_t i = 0; i < DATAGRAMS; i++) {
        if (w->datagrams[i].used)
            continue;
        d.used = true;
        d.at_us = w->now_us + below(w, longest_ms[below(w, 4)] * US);
        w->datagrams[i] = d;
        return;
    }
}

static void boot_actuator(struct world *w)
{
    uint8_t bytes[TOMTE_ACTUATOR_BYTES_MAX];
    struct tomte_span encoded;
    struct tomte_fence grant = {name("heating"), 3};
    struct tomte_actuator_config config = {.boot = ++w->boot};
    w->actuator_clock = some_clock(w);
    tomte_actuator_init(&w->actuator, &config);
    CHECK_OK(tomte_actuator_view(&w->actuator, &grant, 1));
    CHECK_OK(tomte_actuator_encode(&w->actuator, 0, TOMTE_BUF_ARRAY(bytes),
                                   &encoded));
    tomte_actuator_stored(&w->actuator, 0);
}

static void receive_write(struct world *w, const struct datagram *d)
{
    struct tomte_origin o =
        origin("heating", 3, d->write.stream, d->write.sequence);
    struct tomte_value value = {.len = 0};
    o.not_after = d->write.not_after;
    struct datagram back = {.is_answer = true, .write = d->write};
    back.report = tomte_actuator_write(&w->actuator, &o, &value,
                                       read_clock(w, &w->actuator_clock));
    bool accepted = back.report.verdict == TOMTE_WRITE_ACCEPTED;
    CHECK(!accepted || w->now_us <= d->end_us);
    w->accepted += accepted;
    w->expired += back.report.verdict == TOMTE_WRITE_EXPIRED;
    w->late += w->now_us > d->end_us;
    transmit(w, back);
}

static void receive_answer(struct world *w, const struct datagram *d)
{
    uint64_t now_ms = read_clock(w, &w->writer_clock);
    struct tomte_writer_answer a = {
        .sequence = d->write.sequence,
        .err = tomte_write_verdict_err(d->report.verdict),
        .has_tick = true,
        .tick = d->report.tick};
    tomte_writer_answered(&w->writer, &a, now_ms);
}

static void deliver(struct world *w)
{
    for (size_t i = 0; i < DATAGRAMS; i++) {
        struct datagram d = w->datagrams[i];
        if (!d.used || d.at_us > w->now_us)
            continue;
        w->datagrams[i].used = false;
        if (below(w, 10) == 0)
            w->datagrams[i].used = true; /* it comes again */
        if (d.is_answer)
            receive_answer(w, &d);
        else
            receive_write(w, &d);
    }
}

/* A container that puts, under a lease that is renewed now and then. */
static void write_under_lease(struct world *w)
{
    uint64_t now_ms = read_clock(w, &w->writer_clock);
    if (below(w, 8) == 0)
        w->lease_end_ms = now_ms + LEASE_MS;
    if (!w->hold && now_ms >= w->lease_end_ms)
        return;
    if (below(w, 3) == 0)
        CHECK_OK(tomte_writer_put(&w->writer, 112, TOMTE_SPAN_NONE, now_ms));
    uint64_t left_ms = w->hold ? UINT64_MAX : w->lease_end_ms - now_ms;
    uint64_t life_ms =
        left_ms < TOMTE_WRITE_LIFE_MS ? left_ms : TOMTE_WRITE_LIFE_MS;
    struct datagram d = {.end_us =
                             true_time(&w->writer_clock, now_ms + life_ms)};
    if (tomte_writer_next(&w->writer, now_ms, left_ms, &d.write))
        transmit(w, d);
    else if (below(w, 10) == 0) /* the node gives up waiting */
        tomte_writer_answered(
            &w->writer,
            &(struct tomte_writer_answer){.sequence = w->writer.sent,
                                          .err = TOMTE_ERR_TIMEOUT},
            now_ms);
}

TEST(no_write_is_accepted_after_its_time)
{
    static struct world w;
    unsigned accepted = 0, expired = 0, late = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        memset(&w, 0, sizeof w);
        tomte_random_init(&w.random, seed);
        w.hold = seed % 2 == 0;
        w.writer_clock = some_clock(&w);
        boot_actuator(&w);
        tomte_writer_init(&w.writer, RENEWAL_MS, 1);
        for (int i = 0; i < STEPS; i++) {
            w.now_us += below(&w, below(&w, 5) ? 50 * US : 3000 * US);
            deliver(&w);
            write_under_lease(&w);
            if (below(&w, 100) == 0)
                boot_actuator(&w);
        }
        accepted += w.accepted;
        expired += w.expired;
        late += w.late;
    }
    CHECK(accepted > 10 * SEEDS && expired > SEEDS && late > SEEDS);
}

/* The limit: with clocks at their worst and no delay at all, a write is
 * accepted until shortly before the end, and not at it. */
TEST(a_grant_wastes_little_of_the_lease)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    tomte_random_init(&w.random, 1);
    w.writer_clock = (struct clock){.wrong_ppm = 1000};
    w.boot = 0;
    boot_actuator(&w);
    w.actuator_clock = (struct clock){.wrong_ppm = -1000};
    struct tomte_grant g;
    tomte_grant_init(&g);
    tomte_grant_answered(&g, tomte_actuator_tick(&w.actuator, 0), 0);
    uint64_t end_us = true_time(&w.writer_clock, LEASE_MS);
    struct tomte_value value = {.len = 0};
    struct tomte_origin o = origin("heating", 3, 1, 1);
    o.not_after = tomte_grant_not_after(&g, 0, LEASE_MS);
    uint64_t last_us = 0;
    for (w.now_us = 0; w.now_us < end_us + 1000 * US; w.now_us += 100) {
        o.sequence++;
        uint64_t now_ms = read_clock(&w, &w.actuator_clock);
        if (tomte_actuator_write(&w.actuator, &o, &value, now_ms).verdict ==
            TOMTE_WRITE_ACCEPTED)
            last_us = w.now_us;
    }
    CHECK(last_us < end_us);
    CHECK(last_us > end_us - 10 * US);
}
