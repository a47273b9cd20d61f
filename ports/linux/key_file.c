/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MAX  64u
#define TEXT_MAX (2 * KEY_MAX + 1)

static bool say(char error[256], const char *path, const char *text)
{
    snprintf(error, 256, "%.180s: %s", path, text);
    return false;
}

static bool write_all(int fd, struct tomte_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n <= 0)
            return false;
        bytes = tomte_span_slice(bytes, (size_t)n, bytes.len);
    }
    return fsync(fd) == 0;
}

/* The name, too, is on the disk. */
static void sync_folder(const char *path)
{
    char folder[600];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s",
             slash == NULL ? 1 : (int)(slash - path),
             slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!fsync(fd);
    close(fd);
}

static bool write_file(const char *path, struct tomte_span bytes, mode_t mode,
                       char error[256])
{
    char beside[600];
    snprintf(beside, sizeof beside, "%.580s.new", path);
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return say(error, path, strerror(errno));
    bool ok = write_all(fd, bytes);
    ok = close(fd) == 0 && ok;
    if (!ok || rename(beside, path) != 0) {
        say(error, path, strerror(errno));
        unlink(beside);
        return false;
    }
    sync_folder(path);
    return true;
}

bool key_file_write(const char *path, struct tomte_span bytes, bool secret,
                    char error[256])
{
    char text[TEXT_MAX + 1];
    if (bytes.len > KEY_MAX)
        return say(error, path, "too long for a key");
    for (size_t i = 0; i < bytes.len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
    text[2 * bytes.len] = '\n';
    bool ok =
        write_file(path, TOMTE_SPAN((const uint8_t *)text, 2 * bytes.len + 1),
                   secret ? 0600 : 0644, error);
    tomte_wipe(text, sizeof text);
    return ok;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse(const char *text, size_t len, struct tomte_buf out)
{
    if (len < 2 * out.cap)
        return false;
    for (size_t i = 0; i < out.cap; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out.data[i] = (uint8_t)(high << 4 | low);
    }
    return len == 2 * out.cap ||
           (len == 2 * out.cap + 1 && text[len - 1] == '\n');
}

bool key_file_read(const char *path, struct tomte_buf out, bool secret,
                   char error[256])
{
    char text[TEXT_MAX + 2];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return say(error, path, strerror(errno));
    if (secret && (fstat(fd, &st) != 0 || (st.st_mode & 077) != 0)) {
        close(fd);
        return say(error, path, "others may read it; see: chmod 600");
    }
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    bool ok = n > 0 && parse(text, (size_t)n, out);
    tomte_wipe(text, sizeof text);
    return ok || say(error, path, "is no key");
}

bool bytes_file_write(const char *path, struct tomte_span bytes,
                      char error[256])
{
    return write_file(path, bytes, 0644, error);
}

size_t bytes_file_read(const char *path, struct tomte_buf out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, out.data, out.cap);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}
