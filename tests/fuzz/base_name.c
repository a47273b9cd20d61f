/* SPDX-License-Identifier: Apache-2.0 */
/* A name that parses is the text it came from, of the characters that names
 * have; what does not is empty. A channel's name is one of names. */
#include "base/base.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_characters(struct tomte_span text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        TOMTE_ASSERT((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     strchr(more, c) != NULL);
    }
}

/* "/a/b": its parts are names. */
static unsigned count_parts(struct tomte_span text)
{
    unsigned parts = 0;
    while (text.len > 0) {
        struct tomte_name part;
        size_t end = 1;
        while (end < text.len && text.data[end] != '/')
            end++;
        TOMTE_ASSERT(text.data[0] == '/');
        TOMTE_ASSERT(tomte_name_parse(tomte_span_slice(text, 1, end - 1),
                                      &part) == TOMTE_OK);
        text = tomte_span_slice(text, end, text.len);
        parts++;
    }
    return parts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    struct tomte_name name;
    struct tomte_channel_name channel;
    if (tomte_name_parse(in, &name) == TOMTE_OK) {
        TOMTE_ASSERT(size >= 1 && size <= TOMTE_NAME_MAX);
        TOMTE_ASSERT(tomte_span_equal(tomte_name_span(&name), in));
        check_characters(in, "-_.");
    } else {
        TOMTE_ASSERT(name.len == 0);
    }
    if (tomte_channel_name_parse(in, &channel) == TOMTE_OK) {
        TOMTE_ASSERT(size <= TOMTE_CHANNEL_MAX);
        TOMTE_ASSERT(tomte_span_equal(tomte_channel_name_span(&channel), in));
        check_characters(in, "-_./");
        unsigned parts = count_parts(in);
        TOMTE_ASSERT(parts >= 1 && parts <= 4);
    } else {
        TOMTE_ASSERT(channel.len == 0);
    }
    return 0;
}
