/* SPDX-License-Identifier: Apache-2.0 */
/* What a node needs of lwIP: UDP over IPv4, no threads, no heap beyond these
 * bytes. A datagram fits a frame, so nothing is fragmented. */
#pragma once

#include "arch/cc.h"

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SINGLE_NETIF    1
#define LWIP_SOCKET          0
#define LWIP_NETCONN         0
#define LWIP_TCP             0
#define LWIP_UDP             1
#define LWIP_IPV4            1
#define LWIP_IPV6            0
#define LWIP_ICMP            1
#define LWIP_IGMP            0
#define LWIP_DHCP            0
#define LWIP_DNS             0
#define LWIP_ARP             1
#define ARP_TABLE_SIZE       16
#define ARP_QUEUEING         1
#define IP_REASSEMBLY        0
#define IP_FRAG              0
#define LWIP_STATS           0
#define LWIP_NETIF_LOOPBACK  0
#define LWIP_RAW             0

#define MEM_ALIGNMENT      4
#define MEM_SIZE           6144
#define PBUF_POOL_SIZE     4
#define PBUF_POOL_BUFSIZE  1536
#define MEMP_NUM_PBUF      4
#define MEMP_NUM_UDP_PCB   1
#define MEMP_NUM_ARP_QUEUE 4
