/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "linux/block_file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum tomte_err err_of(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the process's file size limit */
        return TOMTE_ERR_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return TOMTE_ERR_DENIED;
    case ENOMEM:
        return TOMTE_ERR_NO_MEMORY;
    case ENOENT:
    case ENOTDIR:
        return TOMTE_ERR_NOT_FOUND;
    default:
        return TOMTE_ERR_IO;
    }
}

static enum tomte_err refuse(struct tomte_block_file *f, const char *what,
                             const char *path)
{
    int error = errno;
    struct tomte_text t;
    tomte_text_init(&t, f->reason, sizeof f->reason);
    tomte_text_str(&t, "cannot ");
    tomte_text_str(&t, what);
    tomte_text_str(&t, " ");
    tomte_text_str(&t, path);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, strerror(error));
    return err_of(error);
}

/* ---- reading ---------------------------------------------------------- */

/* The store reads headers and keys, a few bytes at a time; a system call for
 * each would make a mount slow. Page n is kept in place n modulo PAGES. */
#define PAGE  4096u
#define PAGES 16u

struct tomte_block_page {
    uint32_t number; /* UINT32_MAX: none */
    uint8_t bytes[PAGE];
};

static void forget_pages(struct tomte_block_file *f, off_t offset, size_t len)
{
    for (off_t n = offset / PAGE; n * (off_t)PAGE < offset + (off_t)len; n++)
        if (f->pages[n % PAGES].number == n)
            f->pages[n % PAGES].number = UINT32_MAX;
}

static enum tomte_err read_file(const struct tomte_block_file *f,
                                uint32_t offset, struct tomte_buf out)
{
    while (out.cap > 0) {
        ssize_t n = pread(f->fd, out.data, out.cap, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return TOMTE_ERR_IO;
        if (n == 0) { /* behind the end of the file */
            memset(out.data, 0xff, out.cap);
            return TOMTE_OK;
        }
        offset += (uint32_t)n;
        out = TOMTE_BUF(out.data + n, out.cap - (size_t)n);
    }
    return TOMTE_OK;
}

static enum tomte_err read_at(void *ctx, uint32_t offset, struct tomte_buf out)
{
    struct tomte_block_file *f = ctx;
    if (out.cap >= PAGE)
        return read_file(f, offset, out);
    while (out.cap > 0) {
        uint32_t n = offset / PAGE, skip = offset % PAGE;
        struct tomte_block_page *page = &f->pages[n % PAGES];
        if (page->number != n) {
            page->number = UINT32_MAX;
            enum tomte_err err =
                read_file(f, n * PAGE, TOMTE_BUF_ARRAY(page->bytes));
            if (err != TOMTE_OK)
                return err;
            page->number = n;
        }
        size_t len = PAGE - skip < out.cap ? PAGE - skip : out.cap;
        memcpy(out.data, page->bytes + skip, len);
        offset += (uint32_t)len;
        out = TOMTE_BUF(out.data + len, out.cap - len);
    }
    return TOMTE_OK;
}

/* ---- writing ---------------------------------------------------------- */

static enum tomte_err write_at(struct tomte_block_file *f, off_t offset,
                               struct tomte_span data)
{
    forget_pages(f, offset, data.len);
    while (data.len > 0) {
        ssize_t n = pwrite(f->fd, data.data, data.len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_of(errno) == TOMTE_ERR_NO_SPACE ? TOMTE_ERR_NO_SPACE
                                                       : TOMTE_ERR_IO;
        offset += n;
        data = tomte_span_slice(data, (size_t)n, data.len);
    }
    return TOMTE_OK;
}

static enum tomte_err program_at(void *ctx, uint32_t offset,
                                 struct tomte_span data)
{
    return write_at(ctx, offset, data);
}

/* Written out in full: that is what takes the space on the disk, and what keeps
 * the program calls that follow from running out of it. */
static enum tomte_err erase(void *ctx, uint32_t sector)
{
    struct tomte_block_file *f = ctx;
    static const uint8_t blank[4096] = {
#define X16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#define X256   X16(X16(0xff))
        X16(X256)
#undef X256
#undef X16
    };
    off_t at = (off_t)sector * TOMTE_BLOCK_FILE_SECTOR;
    enum tomte_err err = TOMTE_OK;
    for (uint32_t i = 0; i < TOMTE_BLOCK_FILE_SECTOR && err == TOMTE_OK;
         i += sizeof blank)
        err = write_at(ctx, at + i, TOMTE_SPAN_ARRAY(blank));
    f->full = err == TOMTE_ERR_NO_SPACE;
    return err;
}

static enum tomte_err sync_file(void *ctx)
{
    const struct tomte_block_file *f = ctx;
    return fdatasync(f->fd) == 0 ? TOMTE_OK : TOMTE_ERR_IO;
}

static const uint8_t *map_at(void *ctx, uint32_t offset, size_t len)
{
    const struct tomte_block_file *f = ctx;
    struct stat st;
    if (f->map == NULL || fstat(f->fd, &st) != 0 ||
        (off_t)offset + (off_t)len > st.st_size)
        return NULL;
    return f->map + offset;
}

struct tomte_block tomte_block_file_block(struct tomte_block_file *f)
{
    return (struct tomte_block){
        .ctx = f,
        .sector_bytes = TOMTE_BLOCK_FILE_SECTOR,
        .sector_count = f->sector_count,
        .program_unit = 1,
        .read = read_at,
        .program = program_at,
        .erase = erase,
        .sync = sync_file,
        .map = f->map == NULL ? NULL : map_at,
    };
}

/* ---- open ------------------------------------------------------------- */

static void read_holder(struct tomte_block_file *f, const char *path)
{
    char pid[24] = "";
    ssize_t n = pread(f->lock_fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = 0;
    pid[strspn(pid, "0123456789")] = 0;
    struct tomte_text t;
    tomte_text_init(&t, f->reason, sizeof f->reason);
    tomte_text_str(&t, path);
    tomte_text_str(&t, " is in use by process ");
    tomte_text_str(&t, pid[0] != 0 ? pid : "?");
}

static enum tomte_err lock(struct tomte_block_file *f, const char *path)
{
    char name[PATH_MAX], pid[24];
    int n = snprintf(name, sizeof name, "%s.lock", path);
    if (n < 0 || (size_t)n >= sizeof name) {
        errno = ENAMETOOLONG;
        return refuse(f, "lock", path);
    }
    f->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock_fd < 0)
        return refuse(f, "open", name);
    if (flock(f->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return refuse(f, "lock", name);
        read_holder(f, path);
        return TOMTE_ERR_AGAIN;
    }
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(f->lock_fd, 0) != 0 ||
        pwrite(f->lock_fd, pid, (size_t)n, 0) < 0)
        return refuse(f, "write", name);
    return TOMTE_OK;
}

/* A name in a directory is durable when the directory was synced. */
static int sync_directory(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    int result = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return result;
}

static enum tomte_err make(struct tomte_block_file *f, const char *path,
                           uint32_t reserved)
{
    f->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return refuse(f, "make", path);
    off_t size = (off_t)reserved * TOMTE_BLOCK_FILE_SECTOR;
    errno = size == 0 ? 0 : posix_fallocate(f->fd, 0, size);
    if (errno == 0 && fsync(f->fd) == 0 && sync_directory(path) == 0)
        return TOMTE_OK;
    enum tomte_err err = refuse(f, "make", path);
    unlink(path);
    return err;
}

/* A cut may have left a file without all its space; ask again, and do not mind:
 * what is in it must be readable on a full disk too. And what an earlier
 * fdatasync could not write must not be read back from the page cache as if it
 * were on the disk (such pages count as clean, so they can be dropped). */
static enum tomte_err reopen(struct tomte_block_file *f, const char *path,
                             uint32_t reserved)
{
    off_t size = (off_t)reserved * TOMTE_BLOCK_FILE_SECTOR;
    if (size > 0)
        (void)posix_fallocate(f->fd, 0, size);
    if (fdatasync(f->fd) != 0)
        return refuse(f, "sync", path);
    (void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
    return TOMTE_OK;
}

static enum tomte_err make_pages(struct tomte_block_file *f, const char *path)
{
    f->pages = malloc(PAGES * sizeof *f->pages);
    if (f->pages == NULL)
        return refuse(f, "open", path);
    for (uint32_t i = 0; i < PAGES; i++)
        f->pages[i].number = UINT32_MAX;
    return TOMTE_OK;
}

static void map_file(struct tomte_block_file *f)
{
    size_t size = (size_t)f->sector_count * TOMTE_BLOCK_FILE_SECTOR;
    void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, f->fd, 0);
    f->map = p == MAP_FAILED ? NULL : p;
}

enum tomte_err tomte_block_file_open(struct tomte_block_file *f,
                                     const char *path, uint32_t sector_count,
                                     uint32_t reserved)
{
    *f = (struct tomte_block_file){
        .fd = -1, .lock_fd = -1, .sector_count = sector_count};
    if (sector_count == 0 || reserved > sector_count ||
        sector_count > UINT32_MAX / TOMTE_BLOCK_FILE_SECTOR) {
        errno = EFBIG;
        (void)refuse(f, "open", path);
        return TOMTE_ERR_RANGE;
    }
    enum tomte_err err = lock(f, path);
    if (err == TOMTE_OK)
        err = make_pages(f, path);
    if (err == TOMTE_OK) {
        f->fd = open(path, O_RDWR | O_CLOEXEC);
        if (f->fd >= 0)
            err = reopen(f, path, reserved);
        else if (errno == ENOENT)
            err = make(f, path, reserved);
        else
            err = refuse(f, "open", path);
    }
    if (err != TOMTE_OK) {
        tomte_block_file_close(f);
        return err;
    }
    map_file(f);
    return TOMTE_OK;
}

void tomte_block_file_close(struct tomte_block_file *f)
{
    if (f->map != NULL)
        munmap((void *)(uintptr_t)f->map,
               (size_t)f->sector_count * TOMTE_BLOCK_FILE_SECTOR);
    if (f->fd >= 0)
        close(f->fd);
    if (f->lock_fd >= 0)
        close(f->lock_fd);
    free(f->pages);
    f->pages = NULL;
    f->map = NULL;
    f->fd = f->lock_fd = -1;
}
