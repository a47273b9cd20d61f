/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/option.h"

#include "coap/option_wire.h"

#include <string.h>

struct format {
    uint16_t number;
    uint16_t shortest;
    uint16_t longest;
    bool repeatable;
};

static const struct format formats[] = {
#define O(name, number, shortest, longest, repeat)                             \
    {(number), (shortest), (longest), (repeat)},
    TOMTE_COAP_OPTION_TABLE(O)
#undef O
};

static const struct format *format_of(uint16_t number);
static bool length_ok(const struct tomte_coap_option *o);
static bool contains(const uint16_t *set, size_t count, uint16_t number);

void tomte_coap_iter_init(struct tomte_coap_iter *it, struct tomte_span options)
{
    *it = (struct tomte_coap_iter){.rest = options};
}

bool tomte_coap_iter_next(struct tomte_coap_iter *it,
                          struct tomte_coap_option *out)
{
    struct tomte_coap_head head;
    if (!tomte_coap_head_read(it->rest, &head) ||
        it->number + head.delta > UINT16_MAX) {
        it->rest = TOMTE_SPAN_NONE;
        return false;
    }
    it->number += head.delta;
    out->number = (uint16_t)it->number;
    out->value = TOMTE_SPAN(it->rest.data + head.size, head.len);
    size_t used = head.size + head.len;
    it->rest = TOMTE_SPAN(it->rest.data + used, it->rest.len - used);
    return true;
}

bool tomte_coap_find(struct tomte_span options, uint16_t number,
                     struct tomte_span *value)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &o) && o.number <= number)
        if (o.number == number && length_ok(&o)) {
            *value = o.value;
            return true;
        }
    return false;
}

bool tomte_coap_find_uint(struct tomte_span options, uint16_t number,
                          uint32_t *value)
{
    struct tomte_span bytes;
    if (!tomte_coap_find(options, number, &bytes) || bytes.len > 4)
        return false;
    uint32_t v = 0;
    for (size_t i = 0; i < bytes.len; i++)
        v = v << 8 | bytes.data[i];
    *value = v;
    return true;
}

enum tomte_err tomte_coap_options_check(struct tomte_span options,
                                        const uint16_t *known,
                                        size_t known_count, uint16_t *bad)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    uint32_t before = 0; /* no option has this number */
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &o)) {
        const struct format *f = format_of(o.number);
        bool once_too_often = f != NULL && !f->repeatable && o.number == before;
        before = o.number;
        if (!tomte_coap_is_critical(o.number))
            continue;
        if (contains(known, known_count, o.number) && length_ok(&o) &&
            !once_too_often)
            continue;
        if (bad != NULL)
            *bad = o.number;
        return TOMTE_ERR_OPTION;
    }
    return TOMTE_OK;
}

enum tomte_err tomte_coap_find_block(struct tomte_span options, uint16_t number,
                                     struct tomte_coap_block *out)
{
    uint32_t v;
    if (!tomte_coap_find_uint(options, number, &v))
        return TOMTE_ERR_NOT_FOUND;
    if ((v & 7) == 7)
        return TOMTE_ERR_MALFORMED;
    *out = (struct tomte_coap_block){
        .num = v >> 4, .more = (v & 8) != 0, .szx = (uint8_t)(v & 7)};
    return TOMTE_OK;
}

static const struct format *format_of(uint16_t number)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].number == number)
            return &formats[i];
    return NULL;
}

static bool length_ok(const struct tomte_coap_option *o)
{
    const struct format *f = format_of(o->number);
    return f == NULL ||
           (o->value.len >= f->shortest && o->value.len <= f->longest);
}

static bool contains(const uint16_t *set, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++)
        if (set[i] == number)
            return true;
    return false;
}
