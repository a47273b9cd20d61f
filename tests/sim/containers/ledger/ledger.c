/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: keeps book of what reached it, for the simulator's checkers: of a
 * source's numbers and of a button's presses, how often each came.
 *
 * It tells what it knows and judges nothing. The book is a state: one SenML
 * record with a data value (RFC 8428 section 4.3), little-endian:
 *
 *   0    how many of the source's numbers came
 *   4    the last of them
 *   8    their sum
 *   12   how often one was not the last one's successor
 *   16   for each press from 0 on two bits: never, once, twice, more often */
#include "tomte.h"

#define HEAD    6 /* of the SenML record */
#define NUMBERS 16
#define PRESSES 1024
#define BOOK    (NUMBERS + PRESSES / 4)

static int made, pressed, book;
static uint32_t count, last, sum, jumps;
static uint8_t record[HEAD + BOOK];
static uint8_t *const times = record + HEAD + NUMBERS;

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static void take_made(uint32_t n)
{
    jumps += n != last + 1;
    count++;
    last = n;
    sum += n;
}

static void take_press(uint32_t n)
{
    if (n >= PRESSES)
        return;
    unsigned shift = n % 4 * 2;
    if ((times[n / 4] >> shift & 3) < 3)
        times[n / 4] = (uint8_t)(times[n / 4] + (1u << shift));
}

static void tell(void)
{
    static const uint8_t head[HEAD] = {
        0x81, 0xa1, 0x08, 0x59, BOOK >> 8, BOOK & 0xff}; /* [{8: h'...'}] */
    for (int i = 0; i < HEAD; i++)
        record[i] = head[i];
    put32(record + HEAD, count);
    put32(record + HEAD + 4, last);
    put32(record + HEAD + 8, sum);
    put32(record + HEAD + 12, jumps);
    tomte_put(book, record, sizeof(record));
}

TOMTE_ON_EVENT(event)
{
    double v;
    if (event->kind == TOMTE_START) {
        made = tomte_port("made");
        pressed = tomte_port("pressed");
        book = tomte_port("book");
    } else if (event->kind == TOMTE_MESSAGE && tomte_read_number(&v) == 0) {
        if ((int)event->port == made)
            take_made((uint32_t)v);
        else if ((int)event->port == pressed)
            take_press((uint32_t)v);
    }
    tell();
}
