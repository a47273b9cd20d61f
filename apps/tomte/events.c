/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

/* "2026-11-24T11:21:32.012Z i text"; false when it is no whole line. */
static bool parse(const char *text, struct event_line *line)
{
    size_t len = strlen(text);
    if (len < 28 || text[len - 1] != '\n' || text[23] != 'Z' ||
        text[24] != ' ' || text[26] != ' ')
        return false;
    memcpy(line->time, text, 23);
    line->time[23] = 0;
    line->level = text[25];
    snprintf(line->text, sizeof line->text, "%.*s", (int)(len - 28), text + 27);
    for (char *p = line->text; *p != 0; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?'; /* what a node says may not rewrite a terminal */
    return true;
}

/* Keeps it at its place in time; the oldest makes room. True when it was kept:
 * one that is older than all the others of a full list is not. */
static bool keep(struct events *e, const struct event_line *line)
{
    size_t at = e->len;
    while (at > 0 && strcmp(e->lines[at - 1].time, line->time) > 0)
        at--;
    if (e->len == EVENTS_KEPT) {
        if (at == 0)
            return false;
        at--;
        memmove(e->lines, e->lines + 1, at * sizeof *e->lines);
    } else {
        memmove(e->lines + at + 1, e->lines + at,
                (e->len - at) * sizeof *e->lines);
        e->len++;
    }
    e->lines[at] = *line;
    return true;
}

static FILE *open_log(const struct home_run *run, size_t node)
{
    char path[RUN_DIR_MAX + 64];
    snprintf(path, sizeof path, "%s/%.*s/log", run->dir,
             (int)run->home.nodes[node].name.len,
             run->home.nodes[node].name.text);
    return fopen(path, "re");
}

static size_t read_node(struct events *e, const struct home_run *run,
                        uint8_t node)
{
    char text[512];
    struct event_line line = {.node = node};
    size_t kept = 0;
    FILE *f = open_log(run, node);
    if (f == NULL)
        return 0;
    if (fseek(f, e->at[node], SEEK_SET) == 0)
        while (fgets(text, sizeof text, f) != NULL && parse(text, &line)) {
            kept += keep(e, &line);
            e->at[node] = ftell(f);
        }
    fclose(f);
    return kept;
}

void events_skip(struct events *e, const struct home_run *run)
{
    for (size_t i = 0; i < run->home.nodes_len; i++) {
        FILE *f = open_log(run, i);
        if (f == NULL)
            continue;
        if (fseek(f, 0, SEEK_END) == 0)
            e->at[i] = ftell(f);
        fclose(f);
    }
}

size_t events_read(struct events *e, const struct home_run *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->home.nodes_len; i++)
        kept += read_node(e, run, (uint8_t)i);
    return kept < e->len ? kept : e->len;
}

void event_text(const struct event_line *line, const struct home_run *run,
                char *out, size_t cap)
{
    const struct tomte_name *n = &run->home.nodes[line->node].name;
    snprintf(out, cap, "%s  %-8.*s %s%s", line->time + 11, (int)n->len, n->text,
             line->level == 'e' ? "ERROR " : "", line->text);
}

void event_json(const struct event_line *line, const struct home_run *run)
{
    const struct tomte_name *n = &run->home.nodes[line->node].name;
    printf("{\"time\":\"%sZ\",\"node\":\"%.*s\",\"level\":\"%c\",\"text\":",
           line->time, (int)n->len, n->text, line->level);
    json_text(tomte_span_str(line->text));
    puts("}");
}
