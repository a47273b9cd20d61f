/* SPDX-License-Identifier: Apache-2.0 */
/* tomte.h: all that a container in C needs (docs/spec/abi.md is the contract).
 *
 * A container is a WebAssembly module that reacts to events. It is either a
 * reactor, called once per event:
 *
 *     #include "tomte.h"
 *
 *     static int lamp;
 *     static bool on;
 *
 *     TOMTE_ON_EVENT(event)
 *     {
 *         if (event->kind == TOMTE_START)
 *             lamp = tomte_port("lamp");
 *         if (event->kind == TOMTE_MESSAGE) {
 *             on = !on;
 *             tomte_put_bool(lamp, on);
 *         }
 *     }
 *
 * or a plain loop, which waits for events:
 *
 *     TOMTE_LOOP
 *     {
 *         struct tomte_event event;
 *         int lamp = tomte_port("lamp");
 *         for (bool on = true;; on = !on) {
 *             tomte_wait(&event);
 *             tomte_put_bool(lamp, on);
 *         }
 *     }
 *
 * Either way all its memory (and a loop's local variables) survives the node it
 * runs on. For that it must do nothing but what follows from its events; it has
 * no other input anyway. Whatever it puts leaves only when its event has come
 * to its end and is as durable as the manifest asks. An event that traps, or
 * uses up its fuel, leaves no trace at all.
 *
 * One header, no libc, for one source file of a container:
 *
 *     clang --target=wasm32 -O2 -mbulk-memory -I sdk/c -c light.c
 *     wasm-ld --no-entry --stack-first -z stack-size=4096 -o light.wasm light.o
 *
 * Functions return TOMTE_E... (below zero) on failure. */
#ifndef TOMTE_H
#define TOMTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOMTE_EDENIED = -1, /* the manifest does not grant it */
    TOMTE_ENOTFOUND = -2,
    TOMTE_EFULL = -3, /* too much in one event */
    TOMTE_ETOOLARGE = -4,
    TOMTE_EBADARG = -5,
    TOMTE_ECLOSED = -6, /* only while an event is at hand */
};

enum {
    TOMTE_START = 1,   /* the first event of all, once */
    TOMTE_MESSAGE = 2, /* on an event port; tomte_read has the payload */
    TOMTE_STATE = 3,   /* a state port has a new value; the same */
    TOMTE_TIMER = 4,   /* `port` is the timer's id */
};

struct tomte_event {
    uint32_t kind;
    uint32_t port; /* as tomte_port gives it */
    uint32_t len;  /* of the payload, in bytes */
    uint32_t zero;
    uint64_t time_ms; /* never goes back, goes on through outages */
};

struct tomte_time {
    uint64_t time_ms;    /* as in the event */
    uint64_t unix_lo_ms; /* milliseconds since 1970 are within [lo, hi]; */
    uint64_t unix_hi_ms; /* 0 and UINT64_MAX when nothing is known */
};

#define TOMTE_PAYLOAD_MAX 512
#define TOMTE_TIMERS      8

/* ---- what the host offers ---------------------------------------------- */

#define TOMTE_IMPORT(name)                                                     \
    __attribute__((import_module("tomte"), import_name(name)))

TOMTE_IMPORT("port") int tomte_port_n(const char *name, size_t len);

/* A message on an out port. It leaves when the event has been committed. */
TOMTE_IMPORT("put") int tomte_put(int port, const void *data, size_t len);

/* The latest value on an in state port: its length, TOMTE_ENOTFOUND before the
 * first. The same within one event, however often it is asked. */
TOMTE_IMPORT("get") int tomte_get(int port, void *data, size_t cap);

/* The payload of the event at hand: its length. */
TOMTE_IMPORT("read") int tomte_read(void *data, size_t cap);

/* One TOMTE_TIMER event after `delay_ms`; below 0: none any more. */
TOMTE_IMPORT("timer") int tomte_timer(int id, int64_t delay_ms);

TOMTE_IMPORT("time") int tomte_time(struct tomte_time *out);

/* Up to 256 bytes; not for keys. */
TOMTE_IMPORT("random") int tomte_random(void *data, size_t len);

TOMTE_IMPORT("log") int tomte_log_n(const char *text, size_t len);

/* Plain loops only: ends this event, returns with the next. */
TOMTE_IMPORT("wait") int tomte_wait(struct tomte_event *out);

static inline size_t tomte_strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != 0)
        n++;
    return n;
}

/* The port of that name in the manifest, or the one that is bound to the
 * channel of that name; TOMTE_EDENIED when there is none. */
static inline int tomte_port(const char *name)
{
    return tomte_port_n(name, tomte_strlen(name));
}

/* A line for people. */
static inline int tomte_log(const char *text)
{
    return tomte_log_n(text, tomte_strlen(text));
}

/* ---- the container's entry --------------------------------------------- */

#define TOMTE_ON_EVENT(event)                                                  \
    static void tomte_on_event(const struct tomte_event *event);               \
    __attribute__((export_name("tomte_event"))) void tomte_event_entry(        \
        uint32_t kind, uint32_t port, uint32_t len, uint64_t time_ms);         \
    void tomte_event_entry(uint32_t kind, uint32_t port, uint32_t len,         \
                           uint64_t time_ms)                                   \
    {                                                                          \
        struct tomte_event e_ = {kind, port, len, 0, time_ms};                 \
        tomte_on_event(&e_);                                                   \
    }                                                                          \
    static void tomte_on_event(const struct tomte_event *event)

/* ---- another version ---------------------------------------------------- */

/* What this version hands to the next: bytes that stay where they are. No
 * event is at hand: neither tomte_put nor tomte_get. At most 64 KiB.
 *
 *     TOMTE_SAVE
 *     {
 *         return TOMTE_SAVED(state);
 *     } */
struct tomte_saved {
    const void *data;
    size_t len;
};

#define TOMTE_SAVED(object) ((struct tomte_saved){&(object), sizeof(object)})

#define TOMTE_SAVE                                                             \
    static struct tomte_saved tomte_on_save(void);                             \
    __attribute__((export_name("tomte_save"))) uint64_t tomte_save_entry(      \
        void);                                                                 \
    uint64_t tomte_save_entry(void)                                            \
    {                                                                          \
        struct tomte_saved s_ = tomte_on_save();                               \
        return (uint64_t)(uintptr_t)s_.data << 32 | s_.len;                    \
    }                                                                          \
    static struct tomte_saved tomte_on_save(void)

/* Called once, before the first event, when this version takes over from
 * `version`: tomte_read gives the `len` bytes that it saved. Timers are those
 * that it had set, and may be changed. There is no start event then, unless it
 * is a plain loop. A trap, or an event that traps in the first time, brings the
 * old version back. */
#define TOMTE_LOAD(version, len)                                               \
    static void tomte_on_load(uint32_t version, size_t len);                   \
    __attribute__((export_name("tomte_load"))) void tomte_load_entry(          \
        uint32_t from, uint32_t bytes);                                        \
    void tomte_load_entry(uint32_t from, uint32_t bytes)                       \
    {                                                                          \
        tomte_on_load(from, bytes);                                            \
    }                                                                          \
    static void tomte_on_load(uint32_t version, size_t len)

#define TOMTE_LOOP                                                             \
    __attribute__((export_name("_start"))) void _start(void);                  \
    void _start(void)

/* ---- numbers and switches in SenML (RFC 8428), as CBOR ------------------ */

/* A value in its shortest form takes no more. */
#define TOMTE_SENML_MAX 16

static inline uint8_t *tomte_cbor_uint(uint8_t *p, uint8_t major, uint64_t v)
{
    int bytes = v < 24 ? 0 : v < 0x100 ? 1 : v < 0x10000 ? 2 : 4;
    if (v > UINT32_MAX)
        bytes = 8;
    *p++ = (uint8_t)(major | (bytes == 0   ? (uint8_t)v
                              : bytes == 1 ? 24
                              : bytes == 2 ? 25
                              : bytes == 4 ? 26
                                           : 27));
    while (bytes-- > 0)
        *p++ = (uint8_t)(v >> (8 * bytes));
    return p;
}

/* The half of the same value as the single with these bits; -1: there is
 * none. (Zero, infinity and NaN do not come here.) */
static inline int tomte_half(uint32_t bits)
{
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t exponent = bits >> 23 & 0xff;
    uint32_t fraction = bits & 0x7fffff;
    if (exponent >= 113 && exponent <= 142 && (fraction & 0x1fff) == 0)
        return (int)(sign | (exponent - 112) << 10 | fraction >> 13);
    if (exponent < 103 || exponent > 112)
        return -1;
    uint32_t whole = fraction | 0x800000; /* a subnormal half */
    uint32_t shift = 126 - exponent;
    if ((whole & ((1u << shift) - 1)) != 0)
        return -1;
    return (int)(sign | whole >> shift);
}

static inline uint8_t *tomte_cbor_double(uint8_t *p, double v)
{
    union {
        double d;
        uint64_t bits;
    } d = {v};
    union {
        float f;
        uint32_t bits;
    } f = {(float)v};
    int bytes = 8;
    uint64_t bits = d.bits;
    if ((double)f.f == v) {
        int half = tomte_half(f.bits);
        bytes = half < 0 ? 4 : 2;
        bits = half < 0 ? f.bits : (uint32_t)half;
    }
    *p++ = bytes == 8 ? 0xfb : bytes == 4 ? 0xfa : 0xf9;
    while (bytes-- > 0)
        *p++ = (uint8_t)(bits >> (8 * bytes));
    return p;
}

/* [{2: v}] into `out`, its length; whole numbers as integers. 0 for infinity
 * and NaN, which SenML does not have. */
static inline size_t tomte_senml_number(uint8_t out[TOMTE_SENML_MAX], double v)
{
    uint8_t *p = out;
    if (v - v != 0)
        return 0;
    *p++ = 0x81;
    *p++ = 0xa1;
    *p++ = 0x02;
    if (v > -9e15 && v < 9e15 && (double)(int64_t)v == v) {
        int64_t whole = (int64_t)v;
        p = whole < 0 ? tomte_cbor_uint(p, 0x20, (uint64_t)(-1 - whole))
                      : tomte_cbor_uint(p, 0x00, (uint64_t)whole);
    } else {
        p = tomte_cbor_double(p, v);
    }
    return (size_t)(p - out);
}

static inline int tomte_put_number(int port, double v)
{
    uint8_t bytes[TOMTE_SENML_MAX];
    size_t len = tomte_senml_number(bytes, v);
    return len == 0 ? TOMTE_EBADARG : tomte_put(port, bytes, len);
}

static inline int tomte_put_bool(int port, bool v)
{
    uint8_t bytes[] = {0x81, 0xa1, 0x04, v ? 0xf5 : 0xf4};
    return tomte_put(port, bytes, sizeof(bytes));
}

/* One item of CBOR, as far as SenML needs it. */
struct tomte_item {
    uint8_t major; /* 0 to 7 */
    uint8_t info;
    uint64_t value; /* argument: number, length, or bits of a float */
};

/* The head of the next item, -1 when there is none. */
static inline int tomte_cbor_item(const uint8_t **p, const uint8_t *end,
                                  struct tomte_item *item)
{
    if (*p == end)
        return -1;
    item->major = (uint8_t)(**p >> 5);
    item->info = (uint8_t)(*(*p)++ & 31);
    item->value = item->info;
    if (item->info < 24)
        return 0;
    if (item->info > 27)
        return -1;
    int bytes = 1 << (item->info - 24);
    if (end - *p < bytes)
        return -1;
    for (item->value = 0; bytes > 0; bytes--)
        item->value = item->value << 8 | *(*p)++;
    return 0;
}

/* Passes over what the item with this head contains. */
static inline int tomte_cbor_skip(const uint8_t **p, const uint8_t *end,
                                  struct tomte_item item)
{
    uint64_t left = 0; /* items to come, at any depth */
    for (;;) {
        if (item.major == 2 || item.major == 3) {
            if (item.value > (uint64_t)(end - *p))
                return -1;
            *p += item.value;
        }
        if (item.major >= 4 && item.major <= 6) {
            if (item.value > (uint64_t)(end - *p))
                return -1;
            left += item.major == 6   ? 1
                    : item.major == 5 ? 2 * item.value
                                      : item.value;
        }
        if (left == 0)
            return 0;
        left--;
        if (tomte_cbor_item(p, end, &item) < 0)
            return -1;
    }
}

static inline double tomte_half_value(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double v = bits & 0x3ff;
    if (exponent > 0) {
        v += 0x400;
        exponent--;
    }
    for (v /= 16777216.0; exponent > 0; exponent--)
        v *= 2;
    return (bits & 0x8000) != 0 ? -v : v;
}

/* A number, or a boolean as 1 or 0. */
static inline int tomte_item_value(struct tomte_item item, double *out)
{
    union {
        uint64_t bits;
        double d;
    } d = {item.value};
    union {
        uint32_t bits;
        float f;
    } f = {(uint32_t)item.value};
    if (item.major == 0)
        *out = (double)item.value;
    else if (item.major == 1)
        *out = -1 - (double)item.value;
    else if (item.major == 7 && (item.info == 20 || item.info == 21))
        *out = item.info == 21;
    else if (item.major == 7 && item.info == 25)
        *out = tomte_half_value((uint16_t)item.value);
    else if (item.major == 7 && item.info == 26)
        *out = f.f;
    else if (item.major == 7 && item.info == 27)
        *out = d.d;
    else
        return -1;
    return 0;
}

/* The first value in a pack that is a number or a boolean, with the base value
 * in force added. 0, or TOMTE_ENOTFOUND. */
static inline int tomte_senml_parse(const uint8_t *p, size_t len, double *out)
{
    const uint8_t *end = p + len;
    struct tomte_item item;
    double base = 0;
    if (tomte_cbor_item(&p, end, &item) < 0 || item.major != 4)
        return TOMTE_ENOTFOUND;
    for (uint64_t records = item.value; records > 0; records--) {
        bool found = false;
        double v = 0;
        if (tomte_cbor_item(&p, end, &item) < 0 || item.major != 5)
            return TOMTE_ENOTFOUND;
        for (uint64_t pairs = item.value; pairs > 0; pairs--) {
            struct tomte_item key;
            if (tomte_cbor_item(&p, end, &key) < 0 ||
                tomte_cbor_skip(&p, end, key) < 0 ||
                tomte_cbor_item(&p, end, &item) < 0)
                return TOMTE_ENOTFOUND;
            if (key.major == 0 && (key.value == 2 || key.value == 4))
                found = tomte_item_value(item, &v) == 0 || found;
            if (key.major == 1 && key.value == 4) /* label -5 */
                (void)tomte_item_value(item, &base);
            if (tomte_cbor_skip(&p, end, item) < 0)
                return TOMTE_ENOTFOUND;
        }
        if (found) {
            *out = v + base;
            return 0;
        }
    }
    return TOMTE_ENOTFOUND;
}

/* The latest number (or boolean: 1 or 0) on a state port. 0 when `*out` is
 * set; it is left alone otherwise. */
static inline int tomte_get_number(int port, double *out)
{
    uint8_t bytes[TOMTE_PAYLOAD_MAX];
    int len = tomte_get(port, bytes, sizeof(bytes));
    return len < 0 ? len : tomte_senml_parse(bytes, (size_t)len, out);
}

/* The number in the payload of the event at hand; the same. */
static inline int tomte_read_number(double *out)
{
    uint8_t bytes[TOMTE_PAYLOAD_MAX];
    int len = tomte_read(bytes, sizeof(bytes));
    return len < 0 ? len : tomte_senml_parse(bytes, (size_t)len, out);
}

/* ---- what the compiler may call ---------------------------------------- */

/* clang turns loops and assignments into calls of these, unless -mbulk-memory
 * lets it use instructions. */
#define TOMTE_LIBC(name) __attribute__((weak, no_builtin(name)))

void *memcpy(void *to, const void *from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

TOMTE_LIBC("memcpy") void *memcpy(void *to, const void *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

TOMTE_LIBC("memmove") void *memmove(void *to, const void *from, size_t len)
{
    if ((uintptr_t)to <= (uintptr_t)from)
        for (size_t i = 0; i < len; i++)
            ((char *)to)[i] = ((const char *)from)[i];
    else
        for (size_t i = len; i > 0; i--)
            ((char *)to)[i - 1] = ((const char *)from)[i - 1];
    return to;
}

TOMTE_LIBC("memset") void *memset(void *to, int byte, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((char *)to)[i] = (char)byte;
    return to;
}

TOMTE_LIBC("memcmp") int memcmp(const void *a, const void *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int d = ((const uint8_t *)a)[i] - ((const uint8_t *)b)[i];
        if (d != 0)
            return d;
    }
    return 0;
}

#endif
