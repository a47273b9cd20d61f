/* SPDX-License-Identifier: Apache-2.0 */
/* What wasi-libc's streams would import: words.c prints nowhere, and without
 * imports any engine takes it as it is. All fail with errno 52, nosys. */
#include <wasi/api.h>

#define NOSYS 52

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd)
{
    (void)fd;
    return NOSYS;
}

__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t offset,
                              __wasi_whence_t whence, __wasi_filesize_t *at)
{
    (void)fd;
    (void)offset;
    (void)whence;
    (void)at;
    return NOSYS;
}

__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iovs,
                               size_t count, __wasi_size_t *written)
{
    (void)fd;
    (void)iovs;
    (void)count;
    (void)written;
    return NOSYS;
}
