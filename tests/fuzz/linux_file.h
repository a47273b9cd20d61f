/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is an input, for what reads files by their path. */
#pragma once

#include "base/assert.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The path of a file in memory with these bytes; the same at each call. */
static const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[40];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("input", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    TOMTE_ASSERT(fd >= 0 && ftruncate(fd, 0) == 0);
    TOMTE_ASSERT(pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}
