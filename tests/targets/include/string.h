/* SPDX-License-Identifier: Apache-2.0 */
/* All that the core may ask of a C library; what it links against on a
 * microcontroller is picolibc's, or four loops. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);
