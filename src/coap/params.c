/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/params.h"

/* All attempts together, the first timeout stretched to its longest. */
static uint64_t attempts(const struct tomte_coap_params *p, unsigned timeouts)
{
    uint64_t units = ((uint64_t)1 << timeouts) - 1;
    return p->ack_timeout_ms * units * p->random_permille / 1000;
}

uint64_t tomte_coap_max_transmit_span(const struct tomte_coap_params *p)
{
    return attempts(p, p->max_retransmit);
}

uint64_t tomte_coap_max_transmit_wait(const struct tomte_coap_params *p)
{
    return attempts(p, p->max_retransmit + 1u);
}

/* PROCESSING_DELAY is set to ACK_TIMEOUT, as in section 4.8.2. */
uint64_t tomte_coap_max_rtt(const struct tomte_coap_params *p)
{
    return (uint64_t)2 * p->max_latency_ms + p->ack_timeout_ms;
}

uint64_t tomte_coap_exchange_lifetime(const struct tomte_coap_params *p)
{
    return tomte_coap_max_transmit_span(p) + tomte_coap_max_rtt(p);
}

uint64_t tomte_coap_non_lifetime(const struct tomte_coap_params *p)
{
    return tomte_coap_max_transmit_span(p) + p->max_latency_ms;
}
