/* SPDX-License-Identifier: Apache-2.0 */
/* A campus: 10,000 nodes, 20,000 containers with roles, wishes, standbys and
 * things they must not be beside. What a keeper decides and applies, on one
 * core: without its network, its log's disk, and who renews a lease. */
#pragma once

/* From no placement to all active; milliseconds. */
double large_come_up(void);

/* From the loss of one hub to its containers placed elsewhere. */
double large_loss(void);
