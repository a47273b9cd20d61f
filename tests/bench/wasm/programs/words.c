/* SPDX-License-Identifier: Apache-2.0 */
/* A program as people write them, with a library's strings, memory, sorting and
 * formatting: makes a text, counts its words, and prints them by their number
 * into a report, whose FNV-1a is the checksum. words.rs and words.ts do the
 * same in their languages' own way; all give the same checksum. */
#include "../kernels/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS   1500
#define BUCKETS 256

struct word {
    struct word *next;
    u32 count;
    char text[];
};

static struct word *buckets[BUCKETS];
static char text[WORDS * 8];

/* One to three syllables a word, and a space behind each. */
static void write_text(void)
{
    static const char consonants[] = "bdfgklmnprst", vowels[] = "aeiou";
    u32 x = 1;
    char *to = text;
    for (u32 i = 0; i < WORDS; i++) {
        x = x * 1664525 + 1013904223;
        for (u32 k = 1 + (x >> 28) % 3; k > 0; k--) {
            x = x * 1664525 + 1013904223;
            *to++ = consonants[(x >> 16) % 12];
            *to++ = vowels[(x >> 24) % 5];
        }
        *to++ = ' ';
    }
    *to = 0;
}

static u32 hash(const char *s, size_t len, u32 h)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ (u8)s[i]) * 0x01000193;
    return h;
}

static u32 count_word(const char *s, size_t len)
{
    struct word **at = &buckets[hash(s, len, 0x811c9dc5) % BUCKETS];
    for (; *at != NULL; at = &(*at)->next)
        if (strlen((*at)->text) == len && memcmp((*at)->text, s, len) == 0) {
            (*at)->count++;
            return 0;
        }
    *at = malloc(sizeof **at + len + 1);
    if (*at == NULL)
        abort();
    (*at)->next = NULL;
    (*at)->count = 1;
    memcpy((*at)->text, s, len);
    (*at)->text[len] = 0;
    return 1;
}

static int by_count(const void *a, const void *b)
{
    const struct word *x = *(struct word *const *)a;
    const struct word *y = *(struct word *const *)b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->text, y->text);
}

static u32 report(struct word **list, u32 count)
{
    u32 sum = 0x811c9dc5;
    char line[64];
    qsort(list, count, sizeof(struct word *), by_count);
    for (u32 i = 0; i < count; i++) {
        int len = snprintf(line, sizeof line, "%5u %s\n", list[i]->count,
                           list[i]->text);
        sum = hash(line, (size_t)len, sum);
        free(list[i]);
    }
    return sum;
}

static u32 count_all(void)
{
    u32 different = 0, sum;
    write_text();
    for (const char *s = text; *s != 0;) {
        size_t len = strcspn(s, " ");
        different += count_word(s, len);
        s += len + 1;
    }
    struct word **list = malloc(different * sizeof *list);
    if (list == NULL)
        abort();
    u32 n = 0;
    for (u32 i = 0; i < BUCKETS; i++) {
        for (struct word *w = buckets[i]; w != NULL; w = w->next)
            list[n++] = w;
        buckets[i] = NULL;
    }
    sum = report(list, n);
    free(list);
    return sum;
}

u32 run(u32 n)
{
    u32 sum = 0;
    for (u32 i = 0; i < n; i++)
        sum = sum * 31 + count_all();
    return sum;
}
