/* SPDX-License-Identifier: Apache-2.0 */
/* A new version on trial: it must not trap, and must keep to its manifest's
 * rules of health. What breaks one is not committed and leaves no output: the
 * event comes again, to the version before. */
#include "node/internal.h"

#include "cbor/senml.h"

#include <string.h>

void node_trial_spoil(struct tomte_node *n, struct slot *s, const char *reason)
{
    char text[TOMTE_REASON_MAX], line[TOMTE_REASON_MAX + 48];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof text);
    tomte_text_str(&t, reason); /* which may be the container's own */
    tomte_text_init(&t, line, sizeof line);
    tomte_text_str(&t, "failed in its trial: ");
    tomte_text_str(&t, text);
    node_slot_say(n, s, TOMTE_LOG_WARN, line);
    node_slot_unload(n, s);
    memcpy(s->reason, text, sizeof s->reason);
    s->phase = SLOT_FAILED;
    s->refused = s->spoilt = true;
    n->lease_now = true;
    n->again = true;
}

void node_trial_begin(const struct tomte_node *n, struct slot *s)
{
    for (unsigned i = 0; i < TOMTE_HEALTH_MAX; i++)
        s->health_ms[i] = n->now_ms;
}

static void spoil_port(struct tomte_node *n, struct slot *s,
                       const struct tomte_health *h, const char *how)
{
    char text[TOMTE_REASON_MAX];
    struct tomte_text t;
    const struct tomte_manifest *m = tomte_container_manifest(&s->container);
    tomte_text_init(&t, text, sizeof text);
    tomte_text_str(&t, "port ");
    tomte_text_span(&t, tomte_name_span(&m->ports[h->port].name));
    tomte_text_str(&t, how);
    node_trial_spoil(n, s, text);
}

/* What is no number breaks no bound. */
static bool keeps_bounds(const struct tomte_health *h,
                         struct tomte_span payload)
{
    struct tomte_senml r;
    int64_t milli;
    if (tomte_senml_decode(payload, 0, &r) != TOMTE_OK ||
        tomte_senml_milli(&r.value, &milli) == TOMTE_ERR_TYPE)
        return true;
    return !(h->has_min && milli < h->min_milli) &&
           !(h->has_max && milli > h->max_milli);
}

bool node_trial_event(struct tomte_node *n, struct slot *s)
{
    if (!s->trial)
        return true;
    const struct tomte_manifest *m = tomte_container_manifest(&s->container);
    for (unsigned i = 0; i < m->health_len; i++) {
        const struct tomte_health *h = &m->health[i];
        for (size_t k = 0; k < tomte_container_outputs(&s->container); k++) {
            struct tomte_output o = tomte_container_output(&s->container, k);
            if (o.port != h->port)
                continue;
            s->health_ms[i] = n->now_ms;
            if (keeps_bounds(h, o.payload))
                continue;
            spoil_port(n, s, h, " was given a value out of its bounds");
            return false;
        }
    }
    return true;
}

bool node_trial_work(struct tomte_node *n, struct slot *s)
{
    if (!s->trial || s->passed)
        return true;
    const struct tomte_manifest *m = tomte_container_manifest(&s->container);
    for (unsigned i = 0; i < m->health_len; i++) {
        const struct tomte_health *h = &m->health[i];
        if (h->within_ms == 0 || n->now_ms - s->health_ms[i] <= h->within_ms)
            continue;
        spoil_port(n, s, h, " is silent");
        return false;
    }
    if (tomte_container_trial_ms(&s->container, n->now_ms) < m->trial_ms &&
        !s->container.trial_full)
        return true;
    s->passed = true;
    n->lease_now = true;
    n->again = true;
    return true;
}

uint64_t node_trial_deadline(const struct tomte_node *n, const struct slot *s)
{
    if (!s->trial || s->passed)
        return UINT64_MAX;
    const struct tomte_manifest *m = tomte_container_manifest(&s->container);
    uint64_t been_ms = tomte_container_trial_ms(&s->container, n->now_ms);
    uint64_t at = n->now_ms;
    if (been_ms < m->trial_ms)
        at += m->trial_ms - been_ms;
    for (unsigned i = 0; i < m->health_len; i++) {
        uint64_t due = s->health_ms[i] + m->health[i].within_ms + 1;
        if (m->health[i].within_ms != 0 && due < at)
            at = due;
    }
    return at;
}
