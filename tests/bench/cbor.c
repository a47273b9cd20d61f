/* SPDX-License-Identifier: Apache-2.0 */
/* A message of the size and shape of a placement: encode it, decode it.
 *
 * The peer is libcbor, which builds a tree on the heap and checks neither
 * order nor shortest form: a common way to use CBOR on a small machine, not the
 * same work. */
#include "bench.h"

#include "cbor/cbor.h"

#ifdef HAVE_PEER
#include <cbor.h>
#endif
#include <stdlib.h>

#define PORTS 8

static uint8_t memory[512];
static struct tomte_span message;

static void encode(void)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_map(&e, 4);
    tomte_cbor_put_int(&e, 0), tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_int(&e, 1), tomte_cbor_put_str(&e, "thermostat");
    tomte_cbor_put_int(&e, 2), tomte_cbor_put_uint(&e, 70000);
    tomte_cbor_put_int(&e, 3), tomte_cbor_put_array(&e, PORTS);
    for (unsigned i = 0; i < PORTS; i++) {
        tomte_cbor_put_map(&e, 2);
        tomte_cbor_put_int(&e, 0), tomte_cbor_put_str(&e, "/hall/lamp/level");
        tomte_cbor_put_int(&e, 1), tomte_cbor_put_uint(&e, i * 100);
    }
    if (tomte_cbor_encode_done(&e, &message) != TOMTE_OK)
        abort();
}

static void decode(void)
{
    struct tomte_cbor_dec d;
    uint64_t sum = 0;
    tomte_cbor_decode_init(&d, message, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, 0), sum += tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, 1), sum += tomte_cbor_get_text(&d).len;
    tomte_cbor_need_key(&d, 2), sum += tomte_cbor_get_uint(&d);
    tomte_cbor_need_key(&d, 3), tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d)) {
        tomte_cbor_enter_map(&d);
        tomte_cbor_need_key(&d, 0), sum += tomte_cbor_get_text(&d).len;
        tomte_cbor_need_key(&d, 1), sum += tomte_cbor_get_uint(&d);
        tomte_cbor_leave(&d);
    }
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    if (tomte_cbor_decode_done(&d) != TOMTE_OK)
        abort();
    bench_use(sum);
}

#ifdef HAVE_PEER
static const char *const peer = "libcbor";

static void put(cbor_item_t *map, uint8_t key, cbor_item_t *value)
{
    if (!cbor_map_add(map, (struct cbor_pair){
                               .key = cbor_move(cbor_build_uint8(key)),
                               .value = cbor_move(value),
                           }))
        abort();
}

static void peer_encode(void)
{
    cbor_item_t *map = cbor_new_definite_map(4);
    cbor_item_t *ports = cbor_new_definite_array(PORTS);
    put(map, 0, cbor_build_uint8(1));
    put(map, 1, cbor_build_string("thermostat"));
    put(map, 2, cbor_build_uint32(70000));
    for (unsigned i = 0; i < PORTS; i++) {
        cbor_item_t *port = cbor_new_definite_map(2);
        put(port, 0, cbor_build_string("/hall/lamp/level"));
        put(port, 1, cbor_build_uint16((uint16_t)(i * 100)));
        if (!cbor_array_push(ports, cbor_move(port)))
            abort();
    }
    put(map, 3, ports);
    static uint8_t out[sizeof memory];
    bench_use(cbor_serialize(map, out, sizeof out));
    cbor_decref(&map);
}

static void peer_decode(void)
{
    struct cbor_load_result result;
    cbor_item_t *map = cbor_load(message.data, message.len, &result);
    if (map == NULL)
        abort();
    uint64_t sum = 0;
    cbor_item_t *ports = cbor_map_handle(map)[3].value;
    for (size_t i = 0; i < cbor_array_size(ports); i++) {
        struct cbor_pair *pairs = cbor_map_handle(cbor_array_handle(ports)[i]);
        sum += cbor_string_length(pairs[0].value);
        sum += cbor_get_int(pairs[1].value);
    }
    bench_use(sum);
    cbor_decref(&map);
}
#else
static const char *const peer = NULL;
static void peer_encode(void)
{
}
static void peer_decode(void)
{
}
#endif

int main(void)
{
    encode();
    bench_time("cbor/encode", encode, peer, peer_encode);
    bench_time("cbor/decode", decode, peer, peer_decode);
    return 0;
}
