/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "base/text.h"

#include <stdio.h>

void stage_init(struct stage *s)
{
    memset(s, 0, sizeof(*s));
    rig_init(&s->rig, rig_limits(8, 8));
    s->seen = (struct tomte_observed){
        .now_ms = 100000,
        .start_ms = 0,
        .nodes = s->nodes,
        .containers = s->containers,
    };
    s->confirm = true;
}

static void set(struct stage *s, const char *nodes, unsigned standing)
{
    char text[128];
    CHECK(strlen(nodes) < sizeof(text));
    memcpy(text, nodes, strlen(nodes) + 1);
    for (char *at = strtok(text, " "); at != NULL; at = strtok(NULL, " ")) {
        struct tomte_node_seen *n = &s->nodes[rig_node(&s->rig, at)];
        n->standing = (uint8_t)standing;
        n->over_ms = s->seen.now_ms;
        n->renewed_ms = s->seen.now_ms;
        n->heard = standing != TOMTE_STANDING_UNSURE;
    }
    tomte_plan_restart(&s->plan);
}

void stage_held(struct stage *s, const char *nodes)
{
    set(s, nodes, TOMTE_STANDING_HELD);
}

void stage_over(struct stage *s, const char *nodes)
{
    set(s, nodes, TOMTE_STANDING_OVER);
}

void stage_unsure(struct stage *s, const char *nodes)
{
    set(s, nodes, TOMTE_STANDING_UNSURE);
}

static void confirm(struct stage *s)
{
    for (unsigned i = 0; i < s->rig.home.nodes_len; i++) {
        uint16_t node = s->rig.home.node_order[i];
        struct tomte_node_seen *n = &s->nodes[node];
        uint64_t view = s->rig.home.nodes[node].view;
        if (n->standing != TOMTE_STANDING_HELD || n->confirmed == view)
            continue;
        n->confirmed = view;
        n->confirmed_ms = s->seen.now_ms;
    }
}

void stage_run(struct stage *s)
{
    struct tomte_command c;
    s->steps = 0;
    tomte_plan_restart(&s->plan);
    while (!tomte_plan_idle(&s->plan, &s->rig.home)) {
        if (s->confirm)
            confirm(s);
        if (!tomte_plan_next(&s->plan, &s->rig.home, &s->seen, &c))
            continue;
        if (rig_apply(&s->rig, &c) != TOMTE_OK)
            test_fail(__FILE__, __LINE__, s->rig.report.text);
        CHECK(++s->steps <= 100);
        tomte_plan_again(&s->plan);
    }
    rig_check_snapshot(&s->rig);
}

void stage_propose(struct stage *s, const char *identity, const char *nodes)
{
    uint16_t slot = rig_container(&s->rig, identity);
    const struct tomte_placement *p = &s->rig.home.containers[slot].placement;
    struct tomte_container_seen *c = &s->containers[slot];
    char text[128];
    CHECK(strlen(nodes) < sizeof(text));
    memcpy(text, nodes, strlen(nodes) + 1);
    c->epoch = p->epoch;
    c->proposes = true;
    c->proposed_at = s->rig.home.version;
    c->proposed_len = 0;
    for (char *at = strtok(text, " "); at != NULL; at = strtok(NULL, " "))
        c->proposed[c->proposed_len++] = rig_node(&s->rig, at);
}

bool stage_is(const struct stage *s, const char *identity, const char *expected)
{
    static const char *const states[] = {"none", "pending", "active"};
    const struct tomte_placement *p = rig_placement(&s->rig, identity);
    char text[64];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof(text));
    if (p->owner == NONE)
        tomte_text_str(&t, "-");
    else
        tomte_text_span(&t, tomte_name_span(&s->rig.home.nodes[p->owner].name));
    tomte_text_char(&t, ' ');
    tomte_text_u64(&t, p->epoch);
    tomte_text_char(&t, ' ');
    tomte_text_str(&t, states[p->state]);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "%s is: %s\n", identity, text);
    return strcmp(text, expected) == 0;
}

bool stage_standbys(const struct stage *s, const char *identity,
                    const char *expected)
{
    const struct tomte_placement *p = rig_placement(&s->rig, identity);
    char text[128];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof(text));
    for (unsigned i = 0; i < p->standbys_len; i++) {
        if (i > 0)
            tomte_text_char(&t, ' ');
        tomte_text_span(
            &t, tomte_name_span(&s->rig.home.nodes[p->standbys[i]].name));
    }
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "%s has standbys: %s\n", identity, text);
    return strcmp(text, expected) == 0;
}

bool stage_says_not(const struct stage *s, const char *identity,
                    const char *node, const char *expected)
{
    char text[1024];
    struct tomte_text t;
    struct tomte_name name = rig_name(identity), at = rig_name(node);
    tomte_text_init(&t, text, sizeof(text));
    CHECK_OK(tomte_plan_why_not(&s->rig.home, &s->seen, &name, &at, &t));
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "why not says: %s\n", text);
    return strcmp(text, expected) == 0;
}

bool stage_says(const struct stage *s, const char *identity,
                const char *expected)
{
    char text[1024];
    struct tomte_text t;
    struct tomte_name name = rig_name(identity);
    tomte_text_init(&t, text, sizeof(text));
    CHECK_OK(tomte_plan_why(&s->rig.home, &s->seen, &name, &t));
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "why says: %s\n", text);
    return strcmp(text, expected) == 0;
}
