/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RATE_MS    3000u
#define EVENTS_MIN 6 /* rows that channels leave to events */

#define PLAIN  ""
#define BOLD   "1"
#define GREY   "2"
#define RED    "1;31"
#define YELLOW "33"

/* What is drawn: rows up to the height of the screen, each cut to its width. */
struct frame {
    FILE *out;
    bool colour;
    int width, height, row;
};

static struct frame frame_begin(FILE *out, bool colour)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    fputs("\033[H", out);
    return (struct frame){.out = out,
                          .colour = colour,
                          .width = size.ws_col > 0 ? size.ws_col : 80,
                          .height = size.ws_row > 0 ? size.ws_row : 24};
}

static int rows_left(const struct frame *f)
{
    return f->height - f->row - 2; /* the last two are the footer's */
}

__attribute__((format(printf, 3, 4))) static void
row(struct frame *f, const char *style, const char *format, ...)
{
    char text[512];
    va_list args;
    if (rows_left(f) <= 0)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (f->colour && style[0] != 0)
        fprintf(f->out, "\033[%sm%.*s\033[0m\033[K\n", style, f->width, text);
    else
        fprintf(f->out, "%.*s\033[K\n", f->width, text);
    f->row++;
}

/* ---- nodes ---- */

static void names_running(const struct status *s, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < s->slots_len && at < cap; i++) {
        if (strcmp(s->slots[i].phase, "running") != 0)
            continue;
        int n =
            snprintf(out + at, cap - at, "%s%.*s", at == 0 ? "" : " ",
                     (int)s->slots[i].identity.len, s->slots[i].identity.text);
        at += n > 0 ? (size_t)n : 0;
    }
}

static void draw_nodes(struct frame *f, const struct scene *s)
{
    row(f, GREY, "  NODE        STATE   LEASE   RUNS");
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        const struct home_node *n = &s->run.home.nodes[i];
        const struct status *st = &s->status[i];
        char runs[256];
        names_running(st, runs, sizeof runs);
        row(f, st->here ? st->leased ? PLAIN : YELLOW : RED,
            "  %-11.*s %-7s %-7s %s%s%s", (int)n->name.len, n->name.text,
            st->here ? "up" : "DOWN",
            !st->here    ? "-"
            : st->leased ? "held"
                         : "none",
            n->keeper ? "(keeper)" : "", n->keeper && runs[0] != 0 ? " " : "",
            runs);
    }
}

/* ---- containers ---- */

static const struct status_container *known(const struct scene *s,
                                            const struct tomte_name *id)
{
    const struct status *k = &s->status[scene_keeper(s)];
    for (size_t i = 0; i < k->containers_len; i++)
        if (tomte_name_equal(&k->containers[i].identity, id))
            return &k->containers[i];
    return NULL;
}

/* Where it runs in its youngest epoch; NULL: nowhere. */
static const struct status_slot *owner(const struct scene *s,
                                       const struct tomte_name *id, size_t *at)
{
    const struct status_slot *best = NULL;
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t k = 0; k < s->status[i].slots_len; k++) {
            const struct status_slot *slot = &s->status[i].slots[k];
            if (slot->part != 0 || !tomte_name_equal(&slot->identity, id) ||
                (best != NULL && best->epoch >= slot->epoch))
                continue;
            best = slot;
            *at = i;
        }
    return best;
}

static void draw_container(struct frame *f, const struct scene *s,
                           const struct tomte_name *id)
{
    size_t at = 0, len = 0;
    char insync[256] = "";
    const struct status_slot *slot = owner(s, id, &at);
    const struct status_container *c = known(s, id);
    for (unsigned i = 0; c != NULL && i < c->insync_len; i++)
        len += (size_t)snprintf(insync + len, sizeof insync - len, "%s%.*s",
                                i == 0 ? "" : " ", (int)c->insync[i].len,
                                c->insync[i].text);
    if (slot == NULL) {
        row(f, RED, "  %-11.*s nowhere", (int)id->len, id->text);
        return;
    }
    const struct tomte_name *node = &s->run.home.nodes[at].name;
    row(f, strcmp(slot->phase, "running") == 0 ? PLAIN : YELLOW,
        "  %-11.*s %-10.*s %5llu   %-11s %8llu   %s%s%s", (int)id->len,
        id->text, (int)node->len, node->text, (unsigned long long)slot->epoch,
        slot->phase, (unsigned long long)slot->sequence, insync,
        slot->reason[0] != 0 ? "  " : "", slot->reason);
}

static bool in_home_file(const struct scene *s, const struct tomte_name *id)
{
    for (size_t i = 0; i < s->run.home.containers_len; i++)
        if (tomte_name_equal(&s->run.home.containers[i].identity, id))
            return true;
    return false;
}

/* Those of the home file, then those that were deployed since. */
static void draw_containers(struct frame *f, const struct scene *s)
{
    const struct status *k = &s->status[scene_keeper(s)];
    row(f, PLAIN, " ");
    row(f, GREY,
        "  CONTAINER   NODE       EPOCH   STATE         EVENTS   IN SYNC");
    for (size_t i = 0; i < s->run.home.containers_len; i++)
        draw_container(f, s, &s->run.home.containers[i].identity);
    for (size_t i = 0; i < k->containers_len; i++)
        if (!in_home_file(s, &k->containers[i].identity))
            draw_container(f, s, &k->containers[i].identity);
}

/* ---- channels ---- */

static double rate_of(struct table *t, const struct status_cell *c,
                      uint64_t now)
{
    struct table_rate *r = t->rates;
    while (r < t->rates + t->rates_len &&
           !tomte_channel_name_equal(&r->channel, &c->channel))
        r++;
    if (r == t->rates + TABLE_RATES)
        return -1;
    bool fresh = r == t->rates + t->rates_len;
    t->rates_len += fresh;
    if (fresh || c->revision < r->revision) /* or another node serves it now */
        *r = (struct table_rate){.channel = c->channel,
                                 .revision = c->revision,
                                 .since_ms = now,
                                 .per_second = -1};
    if (now - r->since_ms >= RATE_MS) {
        r->per_second = (double)(c->revision - r->revision) * 1000.0 /
                        (double)(now - r->since_ms);
        r->revision = c->revision;
        r->since_ms = now;
    }
    return r->per_second;
}

static void draw_cell(struct table *t, struct frame *f,
                      const struct status_cell *c, uint64_t now)
{
    char value[64], rate[16] = "", age[16] = "";
    double per_second = rate_of(t, c, now);
    status_value(TOMTE_SPAN(c->payload, c->len), value);
    if (per_second >= 0)
        snprintf(rate, sizeof rate, "%.1f/s", per_second);
    if (c->len > 0)
        snprintf(age, sizeof age, "%.1f s", (double)c->age_ms / 1000.0);
    row(f, PLAIN, "  %-36.*s %12.12s %8s %9s   %.*s", (int)c->channel.len,
        c->channel.text, value, rate, age, (int)c->writer.len, c->writer.text);
}

static const struct status_resource *overridden(const struct status *s,
                                                const struct status_cell *c)
{
    for (size_t i = 0; i < s->resources_len; i++)
        if (s->resources[i].override_ms > 0 &&
            tomte_channel_name_equal(&s->resources[i].channel, &c->channel))
            return &s->resources[i];
    return NULL;
}

static void draw_channels(struct table *t, struct frame *f,
                          const struct scene *s)
{
    uint64_t now = scene_now_ms();
    row(f, PLAIN, " ");
    row(f, GREY,
        "  CHANNEL                                     VALUE     RATE       "
        "AGE   WRITER");
    for (size_t i = 0; i < s->run.home.nodes_len; i++)
        for (size_t k = 0; k < s->status[i].cells_len; k++) {
            const struct status_cell *c = &s->status[i].cells[k];
            const struct status_resource *r = overridden(&s->status[i], c);
            if (rows_left(f) <= EVENTS_MIN)
                return;
            draw_cell(t, f, c, now);
            if (r != NULL)
                row(f, YELLOW, "    a person's value, for %llu s more",
                    (unsigned long long)r->override_ms / 1000);
        }
}

/* ---- events ---- */

static void draw_events(struct table *t, struct frame *f, const struct scene *s)
{
    char text[256];
    row(f, PLAIN, " ");
    row(f, GREY, "  EVENTS");
    size_t room = rows_left(f) > 0 ? (size_t)rows_left(f) : 0;
    size_t first = t->events->len > room ? t->events->len - room : 0;
    for (size_t i = first; i < t->events->len; i++) {
        const struct event_line *line = &t->events->lines[i];
        event_text(line, &s->run, text, sizeof text);
        row(f,
            line->level == 'i'   ? PLAIN
            : line->level == 'w' ? YELLOW
                                 : RED,
            "  %s", text);
    }
}

/* ---- all of it ---- */

void table_init(struct table *t, struct events *events)
{
    const char *no = getenv("NO_COLOR");
    memset(t, 0, sizeof *t);
    t->colour = isatty(STDOUT_FILENO) && (no == NULL || no[0] == 0);
    t->events = events;
    t->began_ms = scene_now_ms();
}

const struct tomte_name *table_victim(const struct scene *s)
{
    size_t best = 0, most = 0;
    for (size_t i = 0; i < s->run.home.nodes_len; i++) {
        size_t runs = 1;
        for (size_t k = 0; k < s->status[i].slots_len; k++)
            runs += strcmp(s->status[i].slots[k].phase, "running") == 0;
        if (!s->run.home.nodes[i].keeper && runs > most) {
            best = i;
            most = runs;
        }
    }
    return &s->run.home.nodes[best].name;
}

const char *table_program(const struct scene *s)
{
    char here[RUN_DIR_MAX];
    size_t len;
    if (getcwd(here, sizeof here) == NULL)
        return s->run.program;
    len = strlen(here);
    bool below =
        strncmp(s->run.program, here, len) == 0 && s->run.program[len] == '/';
    return below ? s->run.program + len + 1 : s->run.program;
}

void table_draw(struct table *t, const struct scene *s)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bytes, &len);
    if (out == NULL)
        return;
    struct frame f = frame_begin(out, t->colour);
    uint64_t up = (scene_now_ms() - t->began_ms) / 1000;
    const struct status *k = &s->status[scene_keeper(s)];
    const struct tomte_name *victim = table_victim(s);
    (void)events_read(t->events, &s->run);
    row(&f, BOLD, "home %.*s   plan %llu   leases of %.1f s   up %02llu:%02llu",
        (int)s->run.home.name.len, s->run.home.name.text,
        (unsigned long long)k->version, (double)s->run.home.lease_ms / 1000.0,
        (unsigned long long)up / 60, (unsigned long long)up % 60);
    draw_nodes(&f, s);
    draw_containers(&f, s);
    draw_channels(t, &f, s);
    draw_events(t, &f, s);
    fprintf(out, "\033[J\n%sNow you: %s kill %.*s%s   (Ctrl-C ends it)",
            t->colour ? "\033[1m" : "", table_program(s), (int)victim->len,
            victim->text, t->colour ? "\033[0m" : "");
    fclose(out);
    fwrite(bytes, 1, len, stdout);
    fflush(stdout);
    free(bytes);
}
