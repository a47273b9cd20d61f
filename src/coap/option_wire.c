/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/option_wire.h"

#include "base/bytes.h"

static bool extended(struct tomte_span in, uint8_t *at, uint8_t nibble,
                     uint32_t *out);
static uint8_t nibble_of(uint32_t v);
static uint8_t *extension(uint8_t *at, uint32_t v);

bool tomte_coap_head_read(struct tomte_span in, struct tomte_coap_head *out)
{
    if (in.len == 0)
        return false;
    out->size = 1;
    if (!extended(in, &out->size, in.data[0] >> 4, &out->delta) ||
        !extended(in, &out->size, in.data[0] & 15, &out->len))
        return false;
    return out->len <= in.len - out->size;
}

uint8_t tomte_coap_head_size(uint32_t delta, uint32_t len)
{
    int size = 1 + (delta >= 13) + (delta >= 269) + (len >= 13) + (len >= 269);
    return (uint8_t)size;
}

void tomte_coap_head_write(uint8_t *at, uint32_t delta, uint32_t len)
{
    *at = (uint8_t)(nibble_of(delta) << 4 | nibble_of(len));
    extension(extension(at + 1, delta), len);
}

static bool extended(struct tomte_span in, uint8_t *at, uint8_t nibble,
                     uint32_t *out)
{
    uint8_t bytes = nibble < 13 ? 0 : (uint8_t)(nibble - 12);
    if (nibble == 15 || bytes > in.len - *at)
        return false;
    const uint8_t *p = in.data + *at;
    *at = (uint8_t)(*at + bytes);
    if (bytes == 0)
        *out = nibble;
    else
        *out = bytes == 1 ? p[0] + 13u : tomte_get_be16(p) + 269u;
    return true;
}

static uint8_t nibble_of(uint32_t v)
{
    if (v < 13)
        return (uint8_t)v;
    return v < 269 ? 13 : 14;
}

static uint8_t *extension(uint8_t *at, uint32_t v)
{
    if (v < 13)
        return at;
    if (v < 269) {
        *at = (uint8_t)(v - 13);
        return at + 1;
    }
    tomte_put_be16(at, (uint16_t)(v - 269));
    return at + 2;
}
