/* SPDX-License-Identifier: Apache-2.0 */
/* tally: how often it was told each number, for tests that send numbered events
 * while nodes die. A press of the value n counts n; a press of -1 - q asks for
 * the counts of 256 numbers, those of page q modulo 64: they are put on `page`
 * as the text "q:" and a digit each, so that an old answer is known as one. */
#include "tomte.h"

#define NUMBERS 16384
#define PAGE    256
#define PAGES   (NUMBERS / PAGE)

static int seen_out, page_out;
static uint8_t counts[NUMBERS];
static unsigned seen;

static uint8_t *put_digits(uint8_t *p, unsigned v)
{
    if (v >= 10)
        p = put_digits(p, v / 10);
    *p++ = (uint8_t)('0' + v % 10);
    return p;
}

/* [{3: "q:0110..."}]: SenML in CBOR, a string value. */
static void put_page(unsigned question)
{
    uint8_t text[PAGE + 12], bytes[PAGE + 18], *p = put_digits(text, question);
    *p++ = ':';
    for (unsigned i = 0; i < PAGE; i++) {
        uint8_t n = counts[question % PAGES * PAGE + i];
        *p++ = (uint8_t)('0' + (n < 9 ? n : 9));
    }
    size_t len = (size_t)(p - text);
    bytes[0] = 0x81;
    bytes[1] = 0xa1;
    bytes[2] = 0x03;
    bytes[3] = 0x79;
    bytes[4] = (uint8_t)(len >> 8);
    bytes[5] = (uint8_t)len;
    for (size_t i = 0; i < len; i++)
        bytes[6 + i] = text[i];
    tomte_put(page_out, bytes, len + 6);
}

TOMTE_ON_EVENT(event)
{
    double v;
    if (event->kind == TOMTE_START) {
        seen_out = tomte_port("seen");
        page_out = tomte_port("page");
    }
    if (event->kind != TOMTE_MESSAGE || tomte_read_number(&v) != 0)
        return;
    if (v >= 0 && v < NUMBERS) {
        counts[(int)v] += counts[(int)v] < 255;
        tomte_put_number(seen_out, ++seen);
    } else if (v < 0 && v > -1e9) {
        put_page((unsigned)(-1 - v));
    }
}
