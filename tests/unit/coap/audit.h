/* SPDX-License-Identifier: Apache-2.0 */
/* The books of an endpoint, kept a second time: every count is recounted from
 * the entries, every block of the pool is in exactly one chain or free. */
#pragma once

#include "coap/endpoint.h"

void audit(const struct tomte_coap *ep);
