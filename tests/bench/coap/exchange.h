/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of bench_coap. */
#pragma once

void bench_exchange(void);
