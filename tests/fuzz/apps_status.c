/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile node says of itself, as the command line reads it: every text
 * ends, every table stays in its bounds, names are names, and values can be
 * shown. */
#include "tomte/status.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct status status;

static void check_name(const struct tomte_name *n)
{
    struct tomte_name again;
    TOMTE_ASSERT(n->len == 0 ||
                 tomte_name_parse(tomte_name_span(n), &again) == TOMTE_OK);
}

static void check_channel(const struct tomte_channel_name *c)
{
    struct tomte_channel_name again;
    TOMTE_ASSERT(tomte_channel_name_parse(tomte_channel_name_span(c), &again) ==
                 TOMTE_OK);
}

static void check_text(const char *text, size_t cap)
{
    TOMTE_ASSERT(memchr(text, 0, cap) != NULL);
    for (; *text != 0; text++) /* it cannot rewrite a terminal */
        TOMTE_ASSERT(*text >= 0x20 && *text < 0x7f);
}

static void check_value(struct tomte_span payload)
{
    char text[64];
    double number;
    status_value(payload, text);
    check_text(text, sizeof text);
    (void)status_number(payload, &number);
}

static void check_node(const struct status *s)
{
    for (size_t i = 0; i < s->slots_len; i++) {
        check_name(&s->slots[i].identity);
        check_text(s->slots[i].phase, sizeof s->slots[i].phase);
        check_text(s->slots[i].reason, sizeof s->slots[i].reason);
    }
    for (size_t i = 0; i < s->cells_len; i++) {
        const struct status_cell *c = &s->cells[i];
        check_channel(&c->channel);
        check_name(&c->writer);
        TOMTE_ASSERT(c->len <= sizeof c->payload);
        check_value(TOMTE_SPAN(c->payload, c->len));
        TOMTE_ASSERT(status_cell(s, &c->channel) != NULL);
    }
    for (size_t i = 0; i < s->resources_len; i++)
        check_channel(&s->resources[i].channel);
}

static void check_home(const struct status *s)
{
    for (size_t i = 0; i < s->nodes_len; i++)
        check_name(&s->nodes[i].name);
    for (size_t i = 0; i < s->containers_len; i++) {
        const struct status_container *c = &s->containers[i];
        check_name(&c->identity);
        check_name(&c->owner);
        TOMTE_ASSERT(c->standbys_len <= 8 && c->insync_len <= 8);
        for (unsigned j = 0; j < c->standbys_len; j++)
            check_name(&c->standbys[j]);
        for (unsigned j = 0; j < c->insync_len; j++)
            check_name(&c->insync[j]);
    }
}

static void check_lines(struct tomte_span in)
{
    struct status_lines it;
    struct status_line line;
    status_lines_init(&it, in);
    while (status_lines_next(&it, &line))
        check_text(line.text, sizeof line.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    check_value(in);
    check_lines(in);
    enum tomte_err err = status_decode(in, &status);
    TOMTE_ASSERT((err == TOMTE_OK) == status.here);
    TOMTE_ASSERT(status.slots_len <= STATUS_SLOTS);
    TOMTE_ASSERT(status.cells_len <= STATUS_CELLS);
    TOMTE_ASSERT(status.resources_len <= STATUS_RESOURCES);
    TOMTE_ASSERT(status.nodes_len <= STATUS_NODES);
    TOMTE_ASSERT(status.containers_len <= STATUS_HOME);
    if (err != TOMTE_OK)
        return 0;
    check_name(&status.name);
    check_node(&status);
    check_home(&status);
    return 0;
}
