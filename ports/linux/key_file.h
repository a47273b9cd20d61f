/* SPDX-License-Identifier: Apache-2.0 */
/* linux/key_file.h: small files of bytes that people may look at: keys in
 * hexadecimal digits, one line; a charter as it is.
 *
 * Written beside and renamed, and on the disk when write returns: a file is
 * the old one or the new one. A secret one is made with mode 0600, and is not
 * read when others may read it. False with a text in `error`. */
#pragma once

#include "base/span.h"

#include <stdbool.h>

bool key_file_write(const char *path, struct tomte_span bytes, bool secret,
                    char error[256]);

/* out.cap bytes exactly. */
bool key_file_read(const char *path, struct tomte_buf out, bool secret,
                   char error[256]);

/* Any bytes, at most out.cap; how many, 0 when there is no such file. */
bool bytes_file_write(const char *path, struct tomte_span bytes,
                      char error[256]);
size_t bytes_file_read(const char *path, struct tomte_buf out);
