/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a pack: what is read can be written, in deterministic form, and
 * is then read as the same. */
#include "base/base.h"
#include "cbor/senml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct tomte_senml_value *a,
                 const struct tomte_senml_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case TOMTE_SENML_INT:
        return a->i == b->i;
    case TOMTE_SENML_DOUBLE:
        return a->d == b->d;
    case TOMTE_SENML_BOOL:
        return a->b == b->b;
    case TOMTE_SENML_TEXT:
    case TOMTE_SENML_DATA:
        return tomte_span_equal(a->s, b->s);
    default:
        return true;
    }
}

static void check_again(const struct tomte_senml *r)
{
    static uint8_t bytes[5000], bytes2[5000];
    struct tomte_span pack, pack2;
    struct tomte_senml back;
    TOMTE_ASSERT(tomte_senml_encode(r, TOMTE_BUF_ARRAY(bytes), &pack) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_senml_decode(pack, 0, &back) == TOMTE_OK);
    TOMTE_ASSERT(same(&r->value, &back.value) && same(&r->time, &back.time));
    TOMTE_ASSERT(tomte_span_equal(r->name, back.name));
    TOMTE_ASSERT(tomte_span_equal(r->base_name, back.base_name));
    TOMTE_ASSERT(tomte_span_equal(r->unit, back.unit));
    TOMTE_ASSERT(tomte_senml_encode(&back, TOMTE_BUF_ARRAY(bytes2), &pack2) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(pack, pack2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_senml strict, lenient;
    struct tomte_span pack = TOMTE_SPAN(data, size);
    if (size > 4096)
        return 0;
    enum tomte_err err = tomte_senml_decode(pack, 0, &strict);
    if (err == TOMTE_OK)
        check_again(&strict);
    if (tomte_senml_decode(pack, TOMTE_CBOR_LENIENT, &lenient) == TOMTE_OK)
        check_again(&lenient);
    else
        TOMTE_ASSERT(err != TOMTE_OK);
    return 0;
}
