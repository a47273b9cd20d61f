/* SPDX-License-Identifier: Apache-2.0 */
/* base/assert.h: assertions, kept in release.
 *
 * An assertion is for a fault of our own code. Bytes from a peer, a file, a
 * user or a flash page must never reach one: those get an enum tomte_err. */
#pragma once

/* Provided by the port: say where, then reset (a microcontroller) or abort (a
 * process). The storage is power-safe, so this loses nothing committed. */
_Noreturn void tomte_panic(const char *file, int line, const char *what);

#define TOMTE_ASSERT(cond)                                                     \
    ((cond) ? (void)0 : tomte_panic(__FILE__, __LINE__, #cond))
