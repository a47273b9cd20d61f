/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "node/internal.h"

#include <string.h>

#define LINES 16

static struct log_line lines[LINES];
static struct tomte_node node;

static void setup(void)
{
    memset(lines, 0, sizeof lines);
    memset(&node, 0, sizeof node);
    node.config.sizes.log_lines = LINES;
    node.lines = lines;
    node.line_next = node.line_told = 1;
}

static const char *last(void)
{
    return lines[(node.line_next - 1) % LINES].text;
}

TEST(a_line_that_repeats_is_counted)
{
    setup();
    for (int i = 0; i < 100; i++) {
        node.now_ms += 1000;
        node_log(&node, TOMTE_LOG_WARN, "it rains");
    }
    CHECK_EQ(2, node.line_next);
    CHECK_EQ(99, lines[1].repeats);
    CHECK(strcmp("it rains", last()) == 0);
}

TEST(other_lines_between_do_not_matter)
{
    setup();
    for (int i = 0; i < 100; i++) {
        node.now_ms += 1000;
        node_log(&node, TOMTE_LOG_WARN, i % 2 == 0 ? "it rains" : "it pours");
    }
    CHECK_EQ(3, node.line_next);
}

/* What repeats in every second of an hour is said six times, not more. */
TEST(an_hour_of_rain_is_six_lines)
{
    setup();
    for (int i = 0; i < 3600; i++) {
        node.now_ms += 1000;
        node_log(&node, TOMTE_LOG_WARN, "it rains");
    }
    CHECK_EQ(6, node.line_next - 1);
    CHECK(strcmp("it rains (599 more times before)", last()) == 0);
}

TEST(a_line_that_is_too_long_is_cut_and_known_again)
{
    char text[400];
    setup();
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    node_log(&node, TOMTE_LOG_INFO, text);
    node_log(&node, TOMTE_LOG_INFO, text);
    CHECK_EQ(2, node.line_next);
    CHECK_EQ(sizeof lines->text - 1, strlen(last()));
}
