/* SPDX-License-Identifier: Apache-2.0 */
/* A stored ray of any content: what decodes can be used, stored again, and
 * after that no bound of the past is lower and no exi token lives longer. */
#include "ace/ray.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void start(struct tomte_ray *r)
{
    struct tomte_ray_config c = tomte_ray_config_default(1700000000);
    tomte_ray_init(r, &c, 5);
}

static void use(struct tomte_ray *r, const uint8_t *id)
{
    struct tomte_ray_token t = {
        .has_exp = true, .has_exi = true, .exp_s = 1800000000};
    memcpy(t.id, id, sizeof t.id);
    for (uint8_t kind = 0; kind <= TOMTE_RAY_GRACE; kind++) {
        struct tomte_ray_policy p = {.kind = kind, .grace_s = 3600};
        struct tomte_ray_decision d = tomte_ray_admit(r, 1000, &t, p);
        TOMTE_ASSERT(!(d.admitted && d.challenge));
    }
    (void)tomte_ray_take_exi(r, 2000, id, 7, 9);
    struct tomte_ray_statement s = {.id = id,
                                    .authenticated = true,
                                    .at_s = 1750000000,
                                    .live = true,
                                    .asked_ms = 1000};
    (void)tomte_ray_learn(r, 3000, &s);
    struct tomte_ray_interval i = tomte_ray_get(r, 4000, id);
    TOMTE_ASSERT(i.lo_s <= i.hi_s);
}

static struct tomte_span encode(struct tomte_ray *r, uint8_t *memory)
{
    struct tomte_span bytes;
    TOMTE_ASSERT(tomte_ray_encode(r, 0, TOMTE_BUF(memory, TOMTE_RAY_BYTES_MAX),
                                  &bytes) == TOMTE_OK);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tomte_ray r, again;
    uint8_t first[TOMTE_RAY_BYTES_MAX], second[TOMTE_RAY_BYTES_MAX];
    start(&r);
    start(&again);
    if (tomte_ray_decode(&r, TOMTE_SPAN(data, size)) != TOMTE_OK) {
        TOMTE_ASSERT(r.servers_len == 0 && r.exi_len == 0 && r.resets == 0);
        return 0;
    }
    TOMTE_ASSERT(tomte_ray_unstored(&r, 5));
    struct tomte_span bytes = encode(&r, first);
    TOMTE_ASSERT(tomte_ray_decode(&again, bytes) == TOMTE_OK);
    TOMTE_ASSERT(again.servers_len == r.servers_len);
    TOMTE_ASSERT(again.exi_len == r.exi_len);
    for (size_t i = 0; i < r.servers_len; i++)
        TOMTE_ASSERT(again.servers[i].lo_ms == r.servers[i].lo_ms);
    for (size_t i = 0; i < r.exi_len; i++)
        TOMTE_ASSERT(again.exi[i].left_ms <= r.exi[i].left_ms);
    tomte_ray_stored(&r);
    TOMTE_ASSERT(tomte_span_equal(bytes, encode(&r, second)));
    for (size_t i = 0; i < r.servers_len; i++)
        use(&r, again.servers[i].id);
    return 0;
}
