/* SPDX-License-Identifier: Apache-2.0 */
#include "kills.h"

#include "cbor/senml.h"
#include "channel/message.h"
#include "coap/message.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BUTTON "/hall/button/pressed"
#define PAGE   "/test/tally/page"
#define PAGES  64 /* of EVENT_PAGE numbers each */

/* A person in a hurry. */
#define PAUSE_MS 300

/* A press is repeated, as CoAP does, for so long. Shorter than any node stays
 * dead: a repetition that reached the node's next life would be a new press,
 * for what was remembered of the first one died with the process. */
#define PATIENCE_MS 2000

static bool press(struct client *c, const struct tomte_addr *hall, int64_t n)
{
    uint8_t memory[32];
    struct tomte_span payload;
    struct tomte_senml record = {.value = tomte_senml_int(n)};
    if (tomte_senml_encode(&record, TOMTE_BUF_ARRAY(memory), &payload) !=
        TOMTE_OK)
        return false;
    client_set_timeout(c, PATIENCE_MS);
    return client_send(c, hall, TOMTE_COAP_POST, BUTTON, NULL,
                       TOMTE_FORMAT_SENML_CBOR, payload)
               .err == TOMTE_OK;
}

static _Noreturn void go_on_pressing(struct person *p, const struct scene *s,
                                     struct tomte_addr hall)
{
    struct client *c = client_open(&s->owner);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (c != NULL && !__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE) &&
           p->sent < EVENTS_MAX) {
        uint32_t n = p->sent;
        p->state[n] = EVENT_SENT;
        __atomic_store_n(&p->sent, n + 1, __ATOMIC_RELEASE);
        if (press(c, &hall, n))
            __atomic_store_n(&p->state[n], EVENT_ACKNOWLEDGED,
                             __ATOMIC_RELEASE);
        scene_sleep_ms(PAUSE_MS);
    }
    _exit(0);
}

struct person *person_start(const struct scene *s)
{
    int hall = scene_node(s, "hall");
    struct person *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || hall < 0)
        return NULL;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        go_on_pressing(p, s, s->run.home.nodes[hall].addr);
    return pid > 0 ? p : NULL;
}

void person_stop(struct person *p)
{
    __atomic_store_n(&p->stop, true, __ATOMIC_RELEASE);
    scene_sleep_ms(PATIENCE_MS + 2 * PAUSE_MS);
}

/* ---- asking tally ---- */

/* The digits that answer a question; NULL: they are not there yet. */
static const char *read_page(struct scene *s, unsigned question, char text[512])
{
    struct tomte_senml record;
    uint64_t epoch;
    char want[20];
    int at = scene_runs_on(s, "tally", &epoch);
    if (at < 0)
        return NULL;
    client_set_timeout(s->client, 1000);
    struct client_answer a =
        client_get(s->client, &s->run.home.nodes[at].addr, PAGE, NULL);
    if (a.err != TOMTE_OK ||
        tomte_senml_decode(TOMTE_SPAN(a.data, a.len), TOMTE_CBOR_LENIENT,
                           &record) != TOMTE_OK ||
        record.value.type != TOMTE_SENML_TEXT || record.value.s.len >= 512)
        return NULL;
    memcpy(text, record.value.s.data, record.value.s.len);
    text[record.value.s.len] = 0;
    int skip = snprintf(want, sizeof want, "%u:", question);
    if (strncmp(text, want, (size_t)skip) != 0 ||
        strlen(text) != (size_t)skip + EVENT_PAGE)
        return NULL;
    return text + skip;
}

static const char *ask_page(struct scene *s, unsigned k, uint32_t timeout_ms,
                            char text[512])
{
    static unsigned asked;
    uint64_t until = scene_now_ms() + timeout_ms;
    int hall = scene_node(s, "hall");
    while (scene_now_ms() < until && !scene_stopped()) {
        unsigned question = ++asked * PAGES + k;
        scene_look(s, 300);
        if (press(s->client, &s->run.home.nodes[hall].addr,
                  -1 - (int64_t)question)) {
            const char *digits = read_page(s, question, text);
            if (digits != NULL)
                return digits;
        }
        scene_sleep_ms(200);
    }
    return NULL;
}

static void judge(const struct person *p, uint32_t n, unsigned count,
                  struct tally *t)
{
    uint8_t state = __atomic_load_n(&p->state[n], __ATOMIC_ACQUIRE);
    t->acknowledged += state == EVENT_ACKNOWLEDGED;
    t->unanswered += state == EVENT_SENT;
    t->lost += state == EVENT_ACKNOWLEDGED && count == 0;
    t->twice += count > 1;
    t->late += state == EVENT_SENT && count > 0;
    t->unasked += state == EVENT_NONE && count > 0;
}

/* Each fault is told once, not in every round. */
static void tell_faults(const struct tally *t)
{
    static struct tally told;
    if (t->lost > told.lost)
        wrong("%u events were acknowledged and are lost", t->lost);
    if (t->twice > told.twice)
        wrong("%u events were counted more than once", t->twice);
    if (t->unasked > told.unasked)
        wrong("%u events were counted that nobody sent", t->unasked);
    told = *t;
}

bool person_check(struct scene *s, const struct person *p, uint32_t timeout_ms,
                  struct tally *out)
{
    char text[512];
    /* What is acknowledged before tally is asked must be in its answer. */
    static struct person then;
    memcpy(&then, p, sizeof then);
    memset(out, 0, sizeof *out);
    for (unsigned k = 0; k * EVENT_PAGE < then.sent; k++) {
        const char *digits = ask_page(s, k, timeout_ms, text);
        if (digits == NULL)
            return false;
        for (unsigned i = 0; i < EVENT_PAGE; i++) {
            uint32_t n = k * EVENT_PAGE + i;
            unsigned count = (unsigned)(digits[i] - '0');
            if (n < then.sent)
                judge(&then, n, count, out);
            else if (n >= __atomic_load_n(&p->sent, __ATOMIC_ACQUIRE) &&
                     count > 0)
                out->unasked++;
        }
    }
    tell_faults(out);
    return true;
}
