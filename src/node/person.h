/* SPDX-License-Identifier: Apache-2.0 */
/* node/person.h: how a person's program speaks to a node: the security context
 * of the owner's key and the node's, with an ID context of its own.
 *
 * The program draws `program` at random when it starts, and its contexts die
 * with it: nothing of them is stored, and several programs may ask at one time.
 * A node that has not heard of this one asks it first to say that it is fresh
 * (4.01 with Echo): the same request again, with that Echo.
 *
 * The owner's key signs charters, too. What it signs and what it agrees on are
 * kept apart by what goes into each (ace/association.h, cose/signed.h). */
#pragma once

#include "ace/association.h"
#include "oscore/oscore.h"

#define TOMTE_PERSON_PROGRAM_BYTES 12

/* INVALID: the node's key is no point. */
TOMTE_MUST_CHECK enum tomte_err
tomte_person_ask(struct tomte_oscore *o, const struct tomte_crypto *c,
                 const uint8_t home[TOMTE_HOME_ID_BYTES],
                 const struct tomte_key_pair *owner,
                 const uint8_t node[TOMTE_P256_PUBLIC_BYTES],
                 const uint8_t program[TOMTE_PERSON_PROGRAM_BYTES]);
