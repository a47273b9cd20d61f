/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct test_case *first, **last = &first;
static jmp_buf *current;
static unsigned passed, failed, skipped;
jmp_buf *test_panic_jump;

enum outcome { RAN, FAILED, SKIPPED };

void test_register(struct test_case *c)
{
    *last = c;
    last = &c->next;
}

void test_fail(const char *file, int line, const char *what)
{
    printf("%s:%d: failed: %s\n", file, line, what);
    longjmp(*current, FAILED);
}

void test_fail_eq(const char *file, int line, const char *what,
                  long long expected, long long actual)
{
    printf("%s:%d: failed: %s is %lld, expected %lld\n", file, line, what,
           actual, expected);
    longjmp(*current, FAILED);
}

static void print_bytes(const char *label, struct tomte_span s)
{
    printf("  %s (%zu bytes)", label, s.len);
    for (size_t i = 0; i < s.len && i < 256; i++)
        printf("%s%02x", i % 32 == 0 ? "\n    " : "", s.data[i]);
    printf("\n");
}

void test_fail_bytes(const char *file, int line, const char *what,
                     struct tomte_span expected, struct tomte_span actual)
{
    printf("%s:%d: failed: %s\n", file, line, what);
    print_bytes("expected", expected);
    print_bytes("actual", actual);
    longjmp(*current, FAILED);
}

void test_skip(const char *why)
{
    printf("skipped: %s\n", why);
    longjmp(*current, getenv("CI") != NULL ? FAILED : SKIPPED);
}

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    if (test_panic_jump != NULL)
        longjmp(*test_panic_jump, 1);
    printf("%s:%d: assertion failed: %s\n", file, line, what);
    if (current != NULL)
        longjmp(*current, FAILED);
    abort();
}

const char *test_vectors(void)
{
    const char *dir = getenv("TOMTE_VECTORS");
    struct stat st;
    return dir != NULL && stat(dir, &st) == 0 ? dir : NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

struct tomte_span test_hex(const char *hex, struct tomte_buf out)
{
    size_t digits = 0;
    for (; *hex != 0; hex++) {
        int d = hex_digit(*hex);
        if (d < 0)
            continue;
        CHECK(digits / 2 < out.cap);
        uint8_t *byte = &out.data[digits / 2];
        *byte = (uint8_t)(digits % 2 == 0 ? d << 4 : *byte | d);
        digits++;
    }
    CHECK(digits % 2 == 0);
    return TOMTE_SPAN(out.data, digits / 2);
}

struct tomte_span test_file(const char *path)
{
    static uint8_t *data;
    free(data);
    data = NULL;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        test_fail(path, 0, "cannot be opened");
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    data = malloc(size > 0 ? (size_t)size : 1);
    size_t got = data == NULL ? 0 : fread(data, 1, (size_t)size, f);
    fclose(f);
    CHECK_EQ(size, got);
    return TOMTE_SPAN(data, got);
}

static void run(struct test_case *c)
{
    jmp_buf jump;
    current = &jump;
    int outcome = setjmp(jump);
    if (outcome == RAN)
        c->run();
    current = NULL;
    test_panic_jump = NULL;
    if (outcome == FAILED)
        printf("FAIL %s\n", c->name);
    else if (outcome == SKIPPED)
        printf("SKIP %s\n", c->name);
    passed += outcome == RAN;
    failed += outcome == FAILED;
    skipped += outcome == SKIPPED;
}

static bool wanted(const struct test_case *c, int argc, char **argv)
{
    if (argc < 2)
        return true;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], c->name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct test_case *c = first; c != NULL; c = c->next)
        if (wanted(c, argc, argv))
            run(c);
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed != 0 || passed + skipped == 0;
}
