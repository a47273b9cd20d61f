/* SPDX-License-Identifier: Apache-2.0 */
/* linux/author_file.h: an author's keys as files, and the authors that a home
 * file names as the list that its nodes go by (container/authors.h).
 *
 *   NAME.key   a private key, YAML: `private: <64 hexadecimal digits>`; mode
 *              0600, another one is refused
 *   NAME.pub   the public key, 128 hexadecimal digits (x and y) and a newline
 *
 * Errors are texts that name the file. */
#pragma once

#include "container/authors.h"
#include "cose/signed.h"
#include "linux/homefile.h"

#define AUTHOR_PATH_MAX 512

/* The key of whoever uses this computer: $XDG_CONFIG_HOME/tomte/author.key,
 * else ~/.config/tomte/author.key. False when neither is known. */
bool author_own_path(char path[AUTHOR_PATH_MAX]);

/* A new key at `path`, which ends in .key and is not there, and its public part
 * beside it; folders are made. */
bool author_file_make(const char *path, char error[256]);

/* The caller wipes the pair. */
bool author_file_load(const char *path, struct tomte_key_pair *pair,
                      char error[256]);

/* The same; made first when it is not there. */
bool author_own_load(struct tomte_key_pair *pair, char error[256]);

/* The home's authors. A key is given as 128 digits, as the path of a .pub file
 * relative to the home file, as `shipped` (containers/author.pub in the folder
 * of `program`, which signed the images there), or as `own`. `*list` is
 * borrowed from `out`. */
bool authors_of_home(const struct home_file *home, const char *program,
                     struct tomte_buf out, struct tomte_span *list,
                     char error[256]);

/* The folder of the program that runs. */
bool author_program(char path[AUTHOR_PATH_MAX]);
