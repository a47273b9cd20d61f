/* SPDX-License-Identifier: Apache-2.0 */
/* linux/manifest_file.h: a manifest as its author writes it (NAME.yaml) into
 * the CBOR that is shipped, and an image out of both. The keys are those of
 * docs/spec/manifest.md by name; what is left out has its defaults. */
#pragma once

#include "container/manifest.h"

/* True; else `error` says file, line and what. */
bool manifest_file_load(const char *path, struct tomte_manifest *m,
                        char error[256]);

struct tomte_key_pair;

/* Puts manifest and module together in *image, signed by their author
 * (malloc'ed by this function, freed by the caller). */
bool image_file_build(const char *manifest_path, const char *module_path,
                      const struct tomte_key_pair *author,
                      struct tomte_buf *image, char error[256]);

/* A whole file, malloc'ed; data NULL with errno set when that fails. An empty
 * file has a data that is not NULL. */
struct tomte_buf file_read(const char *path, size_t max);
