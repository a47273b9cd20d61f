/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of mcu/port.h over lwIP without threads: frames are taken in when
 * the loop asks for a datagram, in the loop's own turn.
 *
 * The address is a setting (ip, of a network of 24 bits). Under an emulator the
 * others are processes on the host's loopback, which is seen from inside at one
 * address, the setting `host`: 127.0.0.1:5701 is sent to host:5701, and what
 * comes from there is from 127.0.0.1:5701. */
#include "mcu/eth.h"
#include "mcu/lwip/lwipopts.h"
#include "mcu/port.h"
#include "mcu/settings.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>

#include <string.h>

static struct netif netif;
static struct udp_pcb *pcb;
static ip4_addr_t host; /* any: none */

/* What came last, until it is fetched. */
static struct pbuf *waiting;
static struct tomte_addr waiting_from;

uint32_t sys_now(void)
{
    return (uint32_t)tomte_port_now_ms();
}

/* ---- addresses ---- */

static bool to_wire(const struct tomte_addr *to, ip_addr_t *ip)
{
    if (tomte_addr_is_loopback(to) && !ip4_addr_isany_val(host)) {
        ip_addr_copy_from_ip4(*ip, host);
        return true;
    }
    IP_ADDR4(ip, to->ip[12], to->ip[13], to->ip[14], to->ip[15]);
    return true;
}

static struct tomte_addr from_wire(const ip_addr_t *ip, uint16_t port)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    uint8_t bytes[4];
    memcpy(bytes, &ip_2_ip4(ip)->addr, sizeof bytes); /* network order */
    bool is_host =
        !ip4_addr_isany_val(host) && ip4_addr_cmp(ip_2_ip4(ip), &host);
    return tomte_addr_ipv4(is_host ? loopback : bytes, port);
}

/* ---- frames ---- */

static err_t send_frame(struct netif *n, struct pbuf *p)
{
    static uint8_t frame[TOMTE_ETH_FRAME_MAX];
    (void)n;
    if (p->tot_len > sizeof frame)
        return ERR_BUF;
    pbuf_copy_partial(p, frame, p->tot_len, 0);
    return tomte_eth_send(TOMTE_SPAN(frame, p->tot_len)) ? ERR_OK : ERR_IF;
}

static void take_frames(void)
{
    static uint8_t frame[TOMTE_ETH_FRAME_MAX];
    size_t len;
    while (waiting == NULL &&
           (len = tomte_eth_receive(TOMTE_BUF_ARRAY(frame))) > 0) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);
        if (p == NULL)
            return; /* no room: lost, as on the way */
        pbuf_take(p, frame, (u16_t)len);
        if (netif.input(p, &netif) != ERR_OK)
            pbuf_free(p);
    }
}

static void on_datagram(void *arg, struct udp_pcb *u, struct pbuf *p,
                        const ip_addr_t *from, u16_t port)
{
    (void)arg;
    (void)u;
    if (waiting != NULL) {
        pbuf_free(p);
        return;
    }
    waiting = p;
    waiting_from = from_wire(from, port);
}

static err_t open_netif(struct netif *n)
{
    n->name[0] = 'e';
    n->name[1] = 'n';
    n->mtu = 1500;
    n->hwaddr_len = 6;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    n->output = etharp_output;
    n->linkoutput = send_frame;
    return tomte_eth_init(n->hwaddr) == TOMTE_OK ? ERR_OK : ERR_IF;
}

static bool setting(const char *key, ip4_addr_t *out)
{
    char text[16];
    return tomte_port_setting(key, text, sizeof text) &&
           ip4addr_aton(text, out) != 0;
}

/* ---- the port's part ---- */

enum tomte_err tomte_port_network(uint16_t port)
{
    ip4_addr_t ip, mask, gateway;
    if (!setting(TOMTE_SETTING_IP, &ip))
        return TOMTE_ERR_NOT_FOUND;
    IP4_ADDR(&mask, 255, 255, 255, 0);
    if (!setting(TOMTE_SETTING_HOST, &host))
        ip4_addr_set_zero(&host);
    ip4_addr_copy(gateway, host);
    lwip_init();
    if (netif_add(&netif, &ip, &mask, &gateway, NULL, open_netif,
                  ethernet_input) == NULL)
        return TOMTE_ERR_IO;
    netif_set_default(&netif);
    netif_set_up(&netif);
    pcb = udp_new();
    if (pcb == NULL || udp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK)
        return TOMTE_ERR_FULL;
    udp_recv(pcb, on_datagram, NULL);
    return TOMTE_OK;
}

void tomte_port_send(const struct tomte_addr *to, struct tomte_span bytes)
{
    ip_addr_t ip;
    if (!to_wire(to, &ip))
        return;
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes.len, PBUF_RAM);
    if (p == NULL)
        return;
    pbuf_take(p, bytes.data, (u16_t)bytes.len);
    (void)udp_sendto(pcb, p, &ip, to->port);
    pbuf_free(p);
}

size_t tomte_port_receive(struct tomte_addr *from, struct tomte_buf out)
{
    sys_check_timeouts();
    take_frames();
    if (waiting == NULL)
        return 0;
    size_t len = waiting->tot_len <= out.cap ? waiting->tot_len : 0;
    pbuf_copy_partial(waiting, out.data, (u16_t)len, 0);
    *from = waiting_from;
    pbuf_free(waiting);
    waiting = NULL;
    return len;
}
