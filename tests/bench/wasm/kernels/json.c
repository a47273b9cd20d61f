/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

static char txt[6000];
static u32 tl;
static u32 p;
static u32 nums, strs, objs;
static double acc;
static u8 strb[64];

static void put(const char *s)
{
    while (*s)
        txt[tl++] = *s++;
}

static void putu(u32 v)
{
    char t[12];
    int i = 0;
    do {
        t[i++] = '0' + v % 10;
        v /= 10;
    } while (v);
    while (i)
        txt[tl++] = t[--i];
}

static NI void ws(void)
{
    while (txt[p] == ' ' || txt[p] == '\n' || txt[p] == '\t')
        p++;
}

static NI void str(void)
{
    u32 k = 0;
    p++;
    while (txt[p] != '"') {
        char c = txt[p++];
        if (c == '\\') {
            c = txt[p++];
            switch (c) {
            case 'n':
                c = '\n';
                break;
            case 't':
                c = '\t';
                break;
            case 'r':
                c = '\r';
                break;
            }
        }
        if (k < 64)
            strb[k++] = c;
    }
    p++;
    strs++;
}

static NI void num(void)
{
    double v = 0, s = 1;
    int neg = 0;
    if (txt[p] == '-') {
        neg = 1;
        p++;
    }
    while (txt[p] >= '0' && txt[p] <= '9')
        v = v * 10 + (txt[p++] - '0');
    if (txt[p] == '.') {
        p++;
        while (txt[p] >= '0' && txt[p] <= '9') {
            s *= 0.1;
            v += (txt[p++] - '0') * s;
        }
    }
    acc += neg ? -v : v;
    nums++;
}

static NI int val(void);

static int object(void)
{
    p++;
    objs++;
    ws();
    if (txt[p] == '}') {
        p++;
        return 1;
    }
    for (;;) {
        ws();
        str();
        ws();
        if (txt[p] != ':')
            return 0;
        p++;
        if (!val())
            return 0;
        ws();
        if (txt[p] == '}') {
            p++;
            return 1;
        }
        if (txt[p++] != ',')
            return 0;
    }
}

static int array(void)
{
    p++;
    ws();
    if (txt[p] == ']') {
        p++;
        return 1;
    }
    for (;;) {
        if (!val())
            return 0;
        ws();
        if (txt[p] == ']') {
            p++;
            return 1;
        }
        if (txt[p++] != ',')
            return 0;
    }
}

static NI int val(void)
{
    ws();
    switch (txt[p]) {
    case '{':
        return object();
    case '[':
        return array();
    case '"':
        str();
        return 1;
    case 't':
    case 'n':
        p += 4;
        return 1;
    case 'f':
        p += 5;
        return 1;
    default:
        num();
        return 1;
    }
}

u32 run(u32 n)
{
    tl = 0;
    put("{\"devices\": [");
    for (u32 i = 0; i < 40; i++) {
        if (i)
            put(", ");
        put("{\"id\": ");
        putu(i * 7919);
        put(", \"name\": \"sensor\\n");
        putu(i);
        put("\", \"temp\": -");
        putu(i);
        put(".");
        putu(i * 37 % 100);
        put(", \"on\": true, \"tags\": [\"kitchen\",\"zigbee\", null, 1.5]}");
    }
    put("]}");
    txt[tl] = 0;
    u32 ok = 0;
    for (u32 r = 0; r < n; r++) {
        p = 0;
        acc = 0;
        nums = strs = objs = 0;
        ok += val();
    }
    return ok + nums * 3 + strs * 5 + objs * 7 + (u32)(i32)acc;
}
