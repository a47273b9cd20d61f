/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/reader.h"

#include "base/assert.h"
#include "base/bytes.h"

static int64_t read_signed(struct wasm_reader *r, unsigned bits);
static bool utf8_valid(struct tomte_span s);

struct wasm_reader wasm_reader_over(struct tomte_span module, size_t from,
                                    size_t to)
{
    static const uint8_t nothing;
    TOMTE_ASSERT(from <= to && to <= module.len);
    if (module.data == NULL)
        module.data = &nothing;
    return (struct wasm_reader){
        .start = module.data,
        .at = module.data + from,
        .end = module.data + to,
        .what = "no error",
    };
}

void wasm_fail(struct wasm_reader *r, enum tomte_err err, const char *what)
{
    wasm_fail_at(r, wasm_offset(r), err, what);
}

void wasm_fail_at(struct wasm_reader *r, uint32_t offset, enum tomte_err err,
                  const char *what)
{
    if (r->err != TOMTE_OK)
        return;
    r->err = err;
    r->err_offset = offset;
    r->what = what;
    r->at = r->end;
}

uint8_t wasm_read_u8(struct wasm_reader *r)
{
    if (r->at < r->end)
        return *r->at++;
    wasm_fail(r, TOMTE_ERR_MALFORMED, "unexpected end");
    return 0;
}

uint32_t wasm_read_fixed32(struct wasm_reader *r)
{
    struct tomte_span s = wasm_read_bytes(r, 4);
    return s.len == 4 ? tomte_get_le32(s.data) : 0;
}

uint64_t wasm_read_fixed64(struct wasm_reader *r)
{
    struct tomte_span s = wasm_read_bytes(r, 8);
    return s.len == 8 ? tomte_get_le64(s.data) : 0;
}

uint32_t wasm_read_u32(struct wasm_reader *r)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = wasm_read_u8(r);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (shift == 28 && (byte & 0x70) != 0) {
            wasm_fail(r, TOMTE_ERR_MALFORMED,
                      byte & 0x80 ? "integer representation too long"
                                  : "integer too large");
            return 0;
        }
        if ((byte & 0x80) == 0)
            return value;
    }
    wasm_fail(r, TOMTE_ERR_MALFORMED, "integer representation too long");
    return 0;
}

int32_t wasm_read_s32(struct wasm_reader *r)
{
    return (int32_t)read_signed(r, 32);
}

int64_t wasm_read_s33(struct wasm_reader *r)
{
    return read_signed(r, 33);
}

int64_t wasm_read_s64(struct wasm_reader *r)
{
    return read_signed(r, 64);
}

uint32_t wasm_read_count(struct wasm_reader *r, uint32_t limit,
                         const char *too_many)
{
    uint32_t count = wasm_read_u32(r);
    if (count > wasm_left(r))
        wasm_fail(r, TOMTE_ERR_MALFORMED, "unexpected end");
    else if (count > limit)
        wasm_fail(r, TOMTE_ERR_TOO_LARGE, too_many);
    return r->err == TOMTE_OK ? count : 0;
}

struct tomte_span wasm_read_bytes(struct wasm_reader *r, uint32_t len)
{
    if (len > wasm_left(r)) {
        wasm_fail(r, TOMTE_ERR_MALFORMED, "unexpected end");
        return TOMTE_SPAN_NONE;
    }
    struct tomte_span s = TOMTE_SPAN(r->at, len);
    r->at += len;
    return s;
}

struct tomte_span wasm_read_name(struct wasm_reader *r)
{
    struct tomte_span name = wasm_read_bytes(r, wasm_read_u32(r));
    if (!utf8_valid(name))
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed UTF-8 encoding");
    return name;
}

/* The last byte an N-bit number can have carries N % 7 of its bits; the ones
 * above those must repeat the sign. */
static int64_t read_signed(struct wasm_reader *r, unsigned bits)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        if (shift >= bits) {
            wasm_fail(r, TOMTE_ERR_MALFORMED,
                      "integer representation too long");
            return 0;
        }
        byte = wasm_read_u8(r);
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift > bits) {
        unsigned room = bits + 7 - shift;
        unsigned above = (byte & 0x7fu) >> (room - 1);
        if (above != 0 && above != 0x7fu >> (room - 1)) {
            wasm_fail(r, TOMTE_ERR_MALFORMED, "integer too large");
            return 0;
        }
    }
    if (shift < 64 && (byte & 0x40) != 0)
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

/* The least code point that needs 2, 3 and 4 bytes. */
static const uint32_t utf8_least[5] = {0, 0, 0x80, 0x800, 0x10000};

/* Unicode 15, table 3-7: no overlong forms, no surrogates. */
static bool utf8_valid(struct tomte_span s)
{
    for (size_t i = 0; i < s.len;) {
        uint8_t lead = s.data[i];
        size_t len = lead < 0x80   ? 1
                     : lead < 0xc0 ? 0
                     : lead < 0xe0 ? 2
                     : lead < 0xf0 ? 3
                     : lead < 0xf8 ? 4
                                   : 0;
        if (len == 0 || len > s.len - i)
            return false;
        uint32_t point = len == 1 ? lead : lead & (0x7fu >> len);
        for (size_t k = 1; k < len; k++) {
            if ((s.data[i + k] & 0xc0) != 0x80)
                return false;
            point = point << 6 | (s.data[i + k] & 0x3f);
        }
        if (point < utf8_least[len] || point > 0x10ffff ||
            (point >= 0xd800 && point < 0xe000))
            return false;
        i += len;
    }
    return true;
}
