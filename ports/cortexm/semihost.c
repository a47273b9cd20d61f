/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <string.h>

uint32_t board_semihost(uint32_t operation, void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

uint32_t board_file_open(const char *path, uint32_t mode)
{
    struct {
        const char *path;
        uint32_t mode, len;
    } arg = {path, mode, (uint32_t)strlen(path)};
    uint32_t file = board_semihost(SEMIHOST_OPEN, &arg);
    return file == UINT32_MAX ? 0 : file;
}

bool board_file_read(uint32_t file, struct tomte_buf out)
{
    struct {
        uint32_t file;
        void *data;
        uint32_t len;
    } arg = {file, out.data, (uint32_t)out.cap};
    return board_semihost(SEMIHOST_READ, &arg) == 0; /* bytes not read */
}

bool board_file_write(uint32_t file, uint32_t at, struct tomte_span bytes)
{
    struct {
        uint32_t file;
        const void *data;
        uint32_t len;
    } arg = {file, bytes.data, (uint32_t)bytes.len};
    uint32_t seek[2] = {file, at};
    return board_semihost(SEMIHOST_SEEK, seek) == 0 &&
           board_semihost(SEMIHOST_WRITE, &arg) == 0;
}
