/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/author_file.h"

#include "crypto/bearssl.h"
#include "linux/yaml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHIPPED "shipped"
#define OWN     "own"

static bool fail(char error[256], const char *path, const char *what)
{
    snprintf(error, 256, "%.160s: %s", path, what);
    return false;
}

/* ---- hexadecimal ------------------------------------------------------- */

static bool parse_hex(const char *text, uint8_t *out, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(text) != 2 * len)
        return false;
    for (size_t i = 0; i < 2 * len; i++) {
        const char *d = strchr(digits, text[i]);
        if (d == NULL)
            return false;
        size_t value = (size_t)(d - digits);
        out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
    }
    return true;
}

/* ---- where ------------------------------------------------------------- */

bool author_own_path(char path[AUTHOR_PATH_MAX])
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n = 0;
    if (xdg != NULL && xdg[0] == '/')
        n = snprintf(path, AUTHOR_PATH_MAX, "%s/tomte/author.key", xdg);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, AUTHOR_PATH_MAX, "%s/.config/tomte/author.key",
                     home);
    return n > 0 && n < AUTHOR_PATH_MAX;
}

bool author_program(char path[AUTHOR_PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, AUTHOR_PATH_MAX - 1);
    path[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* author.key -> author.pub */
static bool public_path(const char *path, char out[AUTHOR_PATH_MAX])
{
    size_t len = strlen(path);
    if (len < 5 || len >= AUTHOR_PATH_MAX ||
        strcmp(path + len - 4, ".key") != 0)
        return false;
    snprintf(out, AUTHOR_PATH_MAX, "%.*s.pub", (int)(len - 4), path);
    return true;
}

static void make_folders(const char *path)
{
    char part[AUTHOR_PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p != 0; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        (void)mkdir(part, 0700); /* open says what is wrong */
        *p = '/';
    }
}

/* ---- private keys ------------------------------------------------------ */

/* Whole or not there at all: written beside it first. */
static bool write_new(const char *path, mode_t mode, const char *text,
                      char error[256])
{
    char beside[AUTHOR_PATH_MAX + 8];
    snprintf(beside, sizeof beside, "%s.new", path);
    (void)unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return fail(error, path, strerror(errno));
    size_t len = strlen(text);
    bool ok = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && link(beside, path) == 0; /* unlike rename, replaces nothing */
    int why = errno;
    (void)unlink(beside);
    return ok ? true : fail(error, path, strerror(why));
}

static bool draw(struct tomte_key_pair *pair)
{
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    enum tomte_err err = TOMTE_ERR_INVALID;
    while (err == TOMTE_ERR_INVALID) {
        if (getrandom(random, sizeof random, 0) != sizeof random)
            return false;
        err = tomte_key_pair_init(pair, &tomte_crypto_bearssl, random);
    }
    tomte_wipe(random, sizeof random);
    return err == TOMTE_OK;
}

bool author_file_make(const char *path, char error[256])
{
    struct tomte_key_pair pair;
    char beside[AUTHOR_PATH_MAX], hex[2 * sizeof pair.open + 1], text[512];
    struct tomte_text t;
    if (!public_path(path, beside))
        return fail(error, path, "the name of a key file ends in .key");
    if (!draw(&pair))
        return fail(error, path, "no randomness");
    make_folders(path);
    tomte_text_init(&t, hex, sizeof hex);
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(pair.secret));
    snprintf(text, sizeof text,
             "# An author's private key. Who has this file signs containers "
             "in its name.\nprivate: %s\n",
             hex);
    bool ok = write_new(path, 0600, text, error);
    tomte_text_init(&t, hex, sizeof hex);
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(pair.open));
    snprintf(text, sizeof text, "%s\n", hex);
    if (ok)
        (void)unlink(beside); /* of a key that is gone */
    ok = ok && write_new(beside, 0644, text, error);
    tomte_wipe(&pair, sizeof pair);
    tomte_wipe(text, sizeof text);
    return ok;
}

static bool read_private(const char *path, uint8_t random[32], char error[256])
{
    char hex[80] = {0};
    struct yaml_file f;
    yaml_open(&f, path);
    if (!f.failed) {
        struct yaml_map m = yaml_map(&f, yaml_root(&f), "author's key");
        if (!yaml_text(&m, "private", hex, sizeof hex) ||
            !parse_hex(hex, random, TOMTE_P256_PRIVATE_BYTES))
            yaml_fail(&f, m.node, "private: 64 hexadecimal digits expected");
        yaml_end(&m);
    }
    tomte_wipe(hex, sizeof hex);
    bool ok = !f.failed;
    memcpy(error, f.error, sizeof f.error);
    yaml_close(&f);
    return ok;
}

bool author_file_load(const char *path, struct tomte_key_pair *pair,
                      char error[256])
{
    struct stat st;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES];
    if (stat(path, &st) != 0)
        return fail(error, path, strerror(errno));
    if ((st.st_mode & 077) != 0)
        return fail(error, path,
                    "others may read this private key; chmod 600 it, or make "
                    "another one");
    if (!read_private(path, random, error))
        return false;
    enum tomte_err err =
        tomte_key_pair_init(pair, &tomte_crypto_bearssl, random);
    tomte_wipe(random, sizeof random);
    return err == TOMTE_OK ? true : fail(error, path, "not a private key");
}

bool author_own_load(struct tomte_key_pair *pair, char error[256])
{
    char path[AUTHOR_PATH_MAX];
    if (!author_own_path(path))
        return fail(error, "author.key", "neither HOME nor XDG_CONFIG_HOME");
    /* another process of the same home may make it at the same time */
    if (access(path, F_OK) != 0 && !author_file_make(path, error) &&
        access(path, F_OK) != 0)
        return false;
    return author_file_load(path, pair, error);
}

/* ---- public keys ------------------------------------------------------- */

static bool read_public(const char *path, uint8_t *open_key, char error[256])
{
    char text[2 * TOMTE_P256_PUBLIC_BYTES + 2] = {0};
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return fail(error, path, strerror(errno));
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    if (n > 0 && text[n - 1] == '\n')
        text[n - 1] = 0;
    if (!parse_hex(text, open_key, TOMTE_P256_PUBLIC_BYTES))
        return fail(error, path, "not a public key (128 hexadecimal digits)");
    return true;
}

/* Made when it is not there: who writes `own` means it. */
static bool read_own(uint8_t *open_key, char error[256])
{
    struct tomte_key_pair pair;
    bool ok = author_own_load(&pair, error);
    if (ok)
        memcpy(open_key, pair.open, sizeof pair.open);
    tomte_wipe(&pair, sizeof pair);
    return ok;
}

static bool read_key(const struct home_file *home, const char *key,
                     const char *program, uint8_t *open_key, char error[256])
{
    char path[2 * HOME_PATH_MAX];
    const char *slash = strrchr(program, '/');
    if (parse_hex(key, open_key, TOMTE_P256_PUBLIC_BYTES))
        return true;
    if (strcmp(key, OWN) == 0)
        return read_own(open_key, error);
    if (strcmp(key, SHIPPED) == 0)
        snprintf(path, sizeof path, "%.*s/containers/author.pub",
                 (int)(slash == NULL ? 0 : slash - program), program);
    else
        homefile_resolve(home, key, path);
    return read_public(path, open_key, error);
}

bool authors_of_home(const struct home_file *home, const char *program,
                     struct tomte_buf out, struct tomte_span *list,
                     char error[256])
{
    static struct tomte_author authors[TOMTE_AUTHORS_MAX];
    for (size_t i = 0; i < home->authors_len; i++) {
        const struct home_author *from = &home->authors[i];
        struct tomte_author *a = &authors[i];
        a->name = from->name;
        a->patterns_len = from->may_len;
        for (size_t k = 0; k < from->may_len; k++)
            a->patterns[k] = tomte_span_str(from->may[k]);
        if (!read_key(home, from->key, program, a->open, error))
            return false;
    }
    enum tomte_err err =
        tomte_authors_encode(authors, home->authors_len, out, list);
    if (err == TOMTE_OK)
        return true;
    return fail(error, home->path,
                err == TOMTE_ERR_DUPLICATE
                    ? "authors: two have the same key or name"
                    : "authors: what one may name is no identity or `begin*`");
}
