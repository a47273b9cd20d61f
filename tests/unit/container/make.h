/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this room are made of. */
#pragma once

#include "base/base.h"
#include "container/checkpoint.h"
#include "container/manifest.h"
#include "cose/signed.h"

struct tomte_name make_name(const char *text);
struct tomte_channel_name make_channel(const char *text);

/* No ports, 64 KiB of memory, 4 KiB of stack, 100,000 fuel. */
struct tomte_manifest make_manifest(const char *name);

/* The key pair of the author of this number. */
const struct tomte_key_pair *make_author(uint8_t number);

/* One more port, of type "t". */
void make_port(struct tomte_manifest *m, const char *name, unsigned direction,
               unsigned kind);

/* A checkpoint with some of everything; its snapshot is no engine's. */
struct tomte_span make_checkpoint(const char *identity, uint64_t epoch,
                                  uint64_t sequence, const char *node_part,
                                  struct tomte_buf out);
