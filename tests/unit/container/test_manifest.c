/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "cbor/cbor.h"
#include "container/manifest.h"
#include "unit/container/make.h"

static uint8_t bytes[TOMTE_MANIFEST_BYTES_MAX];
static struct tomte_manifest m;
static struct tomte_manifest_report report;

static struct tomte_span encode(const struct tomte_manifest *manifest)
{
    struct tomte_span out;
    enum tomte_err err =
        tomte_manifest_encode(manifest, TOMTE_BUF_ARRAY(bytes), &out, &report);
    if (err != TOMTE_OK)
        test_fail(__FILE__, __LINE__, report.text);
    return out;
}

static struct tomte_manifest full(void)
{
    struct tomte_manifest f = make_manifest("hall-light");
    f.version = 7;
    make_port(&f, "button", TOMTE_PORT_IN, TOMTE_PORT_EVENT);
    make_port(&f, "lamp", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    f.ports[1].role = make_name("hall-lamp");
    f.ports[1].channel = make_channel("/hall/lamp/on");
    f.near = make_name("hall");
    f.away_from[f.away_from_len++] = make_name("hall-light-2");
    f.apart_from[f.apart_from_len++] = make_name("hall-guard");
    f.standbys = 2;
    f.priority = 200;
    f.fuel_per_second = 50000;
    f.trial_ms = 60000;
    f.memory_from = 6;
    f.health[f.health_len++] = (struct tomte_health){
        .port = 1, .within_ms = 5000, .has_min = true, .min_milli = -1500};
    f.durability = TOMTE_DURABILITY_SYNC;
    f.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    return f;
}

TEST(manifest_comes_back_as_it_was)
{
    struct tomte_manifest f = full();
    struct tomte_span out = encode(&f);
    CHECK_OK(tomte_manifest_decode(out, &m, &report));
    CHECK_EQ(0, memcmp(&f, &m, sizeof(m)));
    CHECK_EQ(TOMTE_OK, report.err);
    CHECK_BYTES(TOMTE_SPAN_LIT(""), tomte_span_str(report.text));
}

/* The bytes of docs/spec/manifest.md. */
TEST(manifest_bytes_are_those_of_the_specification)
{
    struct tomte_manifest f = make_manifest("min");
    uint8_t expected[128];
    CHECK_BYTES(test_hex("ac 00 01 01 636d696e 02 01 03 6474657374"
                         "04 1a00010000 05 191000 06 1a000186a0 07 80"
                         "08 a2 0200 0300 09 01 0a 00"
                         "0b a2 00 194000 01 1a000927c0",
                         TOMTE_BUF_ARRAY(expected)),
                encode(&f));
}

TEST(manifest_defaults)
{
    tomte_manifest_init(&m);
    CHECK_EQ(TOMTE_DURABILITY_ASYNC, m.durability);
    CHECK_EQ(TOMTE_WITHOUT_KEEPER_HOLD, m.without_keeper);
    CHECK_EQ(16384, m.log_bytes_max);
    CHECK_EQ(600000, m.age_ms_max);
}

/* What encode refuses, and by which words. */
static void refused(const struct tomte_manifest *f, enum tomte_err err,
                    const char *text)
{
    struct tomte_span out;
    CHECK_EQ(err,
             tomte_manifest_encode(f, TOMTE_BUF_ARRAY(bytes), &out, &report));
    CHECK_EQ(err, report.err);
    CHECK_BYTES(tomte_span_str(text), tomte_span_str(report.text));
}

static void decode_refused(const char *hex, enum tomte_err err,
                           const char *text)
{
    struct tomte_span in = test_hex(hex, TOMTE_BUF_ARRAY(bytes));
    CHECK_EQ(err, tomte_manifest_decode(in, &m, &report));
    CHECK_BYTES(tomte_span_str(text), tomte_span_str(report.text));
}

/* A manifest without its map's head: before the ports, and after them. */
#define BEFORE "00 01 01 636d696e 02 01 03 6474657374 04 00 05 191000 06 01"
#define AFTER  "08 a2 0200 0300 09 01 0a 00 0b a2 00 194000 01 1a000927c0"
#define PORT   "a4 00 6161 01 00 02 00 03 6174"

TEST(manifest_errors_name_the_key)
{
    struct tomte_manifest f = full();
    f.stack_bytes = 100;
    refused(&f, TOMTE_ERR_RANGE, "stack_bytes: value out of range");
    f = full();
    f.version = 0;
    refused(&f, TOMTE_ERR_RANGE, "version: value out of range");
    f = full();
    f.fuel_per_event = 0;
    refused(&f, TOMTE_ERR_RANGE, "fuel_per_event: value out of range");
    f = full();
    f.memory_bytes = TOMTE_MEMORY_BYTES_MAX + 1;
    refused(&f, TOMTE_ERR_RANGE, "memory_bytes: value out of range");
    f = full();
    f.ports[1].name = f.ports[0].name;
    refused(&f, TOMTE_ERR_DUPLICATE, "ports[1].name: named twice");
    f = full();
    f.ports[0].kind = 2;
    refused(&f, TOMTE_ERR_RANGE, "ports[0].kind: value out of range");
    f = full();
    f.away_from[f.away_from_len++] = f.away_from[0];
    refused(&f, TOMTE_ERR_DUPLICATE, "needs.away_from: named twice");
    f = full();
    f.standbys = TOMTE_STANDBYS_MAX + 1;
    refused(&f, TOMTE_ERR_RANGE, "needs.standbys: value out of range");
    f = full();
    f.durability = 3;
    refused(&f, TOMTE_ERR_RANGE, "durability: value out of range");
    f = full();
    f.without_keeper = 2;
    refused(&f, TOMTE_ERR_RANGE, "without_keeper: value out of range");
    f = full();
    f.log_bytes_max = TOMTE_LOG_BYTES_MIN - 1;
    refused(&f, TOMTE_ERR_RANGE,
            "checkpoint.log_bytes_max: value out of range");
    f = full();
    f.age_ms_max = 0;
    refused(&f, TOMTE_ERR_RANGE, "checkpoint.age_ms_max: value out of range");
    f = full();
    f.author[0] = '\n';
    refused(&f, TOMTE_ERR_MALFORMED, "author: malformed input");
    f.author_len = 0;
    refused(&f, TOMTE_ERR_MISSING, "author: a required part is missing");
    f = full();
    f.name.text[0] = 'A';
    refused(&f, TOMTE_ERR_MALFORMED, "name: malformed input");
    f = full();
    f.ports[1].channel.text[0] = '.';
    refused(&f, TOMTE_ERR_MALFORMED, "ports[1].channel: malformed input");
    f = full();
    f.ports[0].type.len = 0;
    refused(&f, TOMTE_ERR_MISSING, "ports[0].type: a required part is missing");
    f = full();
    f.away_from[0].text[0] = '/';
    refused(&f, TOMTE_ERR_MALFORMED, "needs.away_from: malformed input");
}

TEST(manifest_apart_from_and_fuel_are_bounded)
{
    struct tomte_manifest f = full();
    f.apart_from[f.apart_from_len++] = f.apart_from[0];
    refused(&f, TOMTE_ERR_DUPLICATE, "needs.apart_from: named twice");
    decode_refused("ac" BEFORE "07 80"
                   "08 a3 0200 0300 05 00 09 01 0a 00"
                   "0b a2 00 194000 01 1a000927c0",
                   TOMTE_ERR_RANGE,
                   "needs.fuel_per_second: value out of range");
}

TEST(manifest_update_says_only_what_is_not_the_default)
{
    struct tomte_manifest f = full();
    f.health[0].port = 0; /* an in port */
    refused(&f, TOMTE_ERR_RANGE, "update: value out of range");
    f = full();
    f.health[0] = (struct tomte_health){.port = 1};
    refused(&f, TOMTE_ERR_INVALID, "update: not valid");
    f = full();
    f.health[f.health_len++] = f.health[0];
    refused(&f, TOMTE_ERR_DUPLICATE, "update: named twice");
    f = full();
    f.trial_ms = TOMTE_TRIAL_MS_MAX + 1;
    refused(&f, TOMTE_ERR_RANGE, "update: value out of range");
    decode_refused("ad" BEFORE "07 80" AFTER "0c a0", TOMTE_ERR_NOT_CANONICAL,
                   "update: not in deterministic form");
    decode_refused("ad" BEFORE "07 80" AFTER "0c a1 00 197530",
                   TOMTE_ERR_NOT_CANONICAL,
                   "update: not in deterministic form");
    decode_refused("ad" BEFORE "07 80" AFTER "0c a1 01 00", TOMTE_ERR_RANGE,
                   "update: value out of range");
    decode_refused("ad" BEFORE "07 80" AFTER "0c a1 02 80", TOMTE_ERR_MISSING,
                   "update: a required part is missing");
}

TEST(manifest_takes_as_many_ports_as_the_limit)
{
    struct tomte_manifest f = make_manifest("many");
    char name[] = "port-aa";
    for (int i = 0; i < TOMTE_LIMIT_PORTS; i++) {
        name[6] = (char)('a' + i);
        make_port(&f, name, TOMTE_PORT_OUT, TOMTE_PORT_STATE);
        f.ports[i].role = make_name("a-role-of-thirty-one-characters");
        f.ports[i].type = make_name("a-type-of-thirty-one-characters");
        f.ports[i].channel = make_channel(
            "/a-channel-name/of-four-parts-w/ith-sixty-three/characters-all1");
    }
    struct tomte_span out = encode(&f);
    CHECK(out.len <= TOMTE_MANIFEST_BYTES_MAX);
    CHECK_OK(tomte_manifest_decode(out, &m, NULL));
    CHECK_EQ(TOMTE_LIMIT_PORTS, m.ports_len);
    CHECK_EQ(3, tomte_manifest_port(&m, TOMTE_SPAN_LIT("port-ad")));
    CHECK_EQ(-1, tomte_manifest_port(&m, TOMTE_SPAN_LIT("port-aq")));
}

TEST(manifest_refuses_what_it_does_not_know)
{
    decode_refused("a1 00 02", TOMTE_ERR_VERSION,
                   "format: version not supported");
    decode_refused("", TOMTE_ERR_TRUNCATED, "manifest: input ends too early");
    decode_refused("a2 00 01 02 01", TOMTE_ERR_MISSING,
                   "name: a required part is missing");
    decode_refused("ad" BEFORE "07 80" AFTER "0d 00", TOMTE_ERR_UNKNOWN,
                   "manifest: unknown name or key");
    decode_refused("ac" BEFORE "07 81 a5 00 6161 01 00 02 00 03 6174"
                   "06 00" AFTER,
                   TOMTE_ERR_UNKNOWN, "ports[0]: unknown name or key");
    decode_refused("ac" BEFORE "07 80" AFTER "00", TOMTE_ERR_TRAILING,
                   "manifest: bytes left over after the end");
}

TEST(manifest_has_one_form)
{
    decode_refused("ac" BEFORE "07 80"
                   "08 a3 01 80 0200 0300 09 01 0a 00"
                   "0b a2 00 194000 01 1a000927c0",
                   TOMTE_ERR_MISSING,
                   "needs.away_from: a required part is missing");
    decode_refused("ac" BEFORE "07 80"
                   "08 a2 0200 031800 09 01 0a 00"
                   "0b a2 00 194000 01 1a000927c0",
                   TOMTE_ERR_NOT_CANONICAL,
                   "needs.priority: not in deterministic form");
}

TEST(manifest_report_has_the_offset)
{
    struct tomte_span in =
        test_hex("ac" BEFORE "07 82" PORT PORT AFTER, TOMTE_BUF_ARRAY(bytes));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, tomte_manifest_decode(in, &m, &report));
    CHECK_BYTES(TOMTE_SPAN_LIT("a"), TOMTE_SPAN(bytes + report.offset + 1, 1));
    CHECK_BYTES(TOMTE_SPAN_LIT("ports[1].name: named twice"),
                tomte_span_str(report.text));
}

TEST(manifest_refuses_one_port_too_many)
{
    char hex[2048] = "ac" BEFORE "07 91";
    char port[] = PORT;
    for (int i = 0; i <= TOMTE_LIMIT_PORTS; i++) {
        port[8] = i < 15 ? '6' : '7'; /* the name: a, b, c ... */
        port[9] = "123456789abcdef01"[i];
        strcat(hex, port);
    }
    strcat(hex, AFTER);
    decode_refused(hex, TOMTE_ERR_FULL, "ports: full");
}

/* Cut anywhere: an error each time, never a read outside (the sanitizer). */
TEST(manifest_cut_anywhere_is_refused)
{
    struct tomte_manifest f = full();
    struct tomte_span out = encode(&f);
    for (size_t n = 0; n < out.len; n++) {
        uint8_t exact[TOMTE_MANIFEST_BYTES_MAX];
        memcpy(exact, out.data, n);
        CHECK(tomte_manifest_decode(TOMTE_SPAN(exact, n), &m, &report) !=
              TOMTE_OK);
    }
}

TEST(manifest_words)
{
    CHECK_BYTES(TOMTE_SPAN_LIT("in"),
                tomte_span_str(tomte_port_direction_name(TOMTE_PORT_IN)));
    CHECK_BYTES(TOMTE_SPAN_LIT("event"),
                tomte_span_str(tomte_port_kind_name(TOMTE_PORT_EVENT)));
    CHECK_BYTES(TOMTE_SPAN_LIT("sync"),
                tomte_span_str(tomte_durability_name(TOMTE_DURABILITY_SYNC)));
    CHECK_BYTES(
        TOMTE_SPAN_LIT("safe"),
        tomte_span_str(tomte_without_keeper_name(TOMTE_WITHOUT_KEEPER_SAFE)));
    CHECK_BYTES(TOMTE_SPAN_LIT("?"), tomte_span_str(tomte_durability_name(3)));
}
