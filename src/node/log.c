/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for people. A line that says again what the last one said is counted,
 * not written: an idle hour stays quiet whatever repeats in it. */
#include "node/internal.h"

/* A repeated line is shown again after this long, with how often. */
#define REPEAT_SHOWN_MS 600000u

static struct log_line *line_at(struct tomte_node *n, uint64_t number)
{
    return &n->lines[number % n->config.sizes.log_lines];
}

/* One of the last few lines that says the same. */
static struct log_line *same(struct tomte_node *n, struct tomte_span said)
{
    for (uint64_t back = 1;
         back <= 8 && back < n->line_next && back <= n->config.sizes.log_lines;
         back++) {
        struct log_line *line = line_at(n, n->line_next - back);
        if (line->number != 0 &&
            tomte_span_equal(TOMTE_SPAN(line->text, line->said_len), said))
            return line;
    }
    return NULL;
}

void node_log(struct tomte_node *n, enum tomte_log_level level,
              const char *text)
{
    struct tomte_span said =
        tomte_span_slice(tomte_span_str(text), 0, sizeof n->lines->text - 1);
    struct log_line *line = same(n, said);
    if (line != NULL && n->now_ms - line->at_ms < REPEAT_SHOWN_MS) {
        line->repeats++;
        return;
    }
    uint32_t repeats = line == NULL ? 0 : line->repeats;
    line = line_at(n, n->line_next);
    *line = (struct log_line){.number = n->line_next++,
                              .at_ms = n->now_ms,
                              .level = (uint8_t)level,
                              .said_len = (uint8_t)said.len};
    struct tomte_text t;
    tomte_text_init(&t, line->text, sizeof line->text);
    tomte_text_span(&t, said);
    if (repeats > 0) {
        tomte_text_str(&t, " (");
        tomte_text_u64(&t, repeats);
        tomte_text_str(&t, " more times before)");
    }
}

void node_log_err(struct tomte_node *n, struct tomte_span subject,
                  const char *text, enum tomte_err err)
{
    char line[160];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, subject);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, text);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, tomte_err_text(err));
    node_log(n, TOMTE_LOG_WARN, line);
}
