/* SPDX-License-Identifier: Apache-2.0 */
#include "mcu/loop.h"

#include "base/text.h"
#include "cbor/senml.h"
#include "mcu/port.h"

#include <string.h>

#define DATAGRAMS_A_TURN 16u
#define WAIT_MAX_MS      1000u
#define STACK_LOOK_MS    1000u
#define STACK_STEP       256u

enum tomte_err tomte_mcu_start(struct tomte_mcu *m,
                               const struct tomte_node_config *config,
                               struct tomte_buf memory)
{
    memset(m, 0, sizeof *m);
    m->config = *config;
    while (tomte_node_memory(&m->config) > memory.cap)
        if (--m->config.sizes.slots == 0)
            return TOMTE_ERR_NO_MEMORY;
    tomte_arena_init(&m->arena, memory.data, memory.cap);
    enum tomte_err err =
        tomte_node_init(&m->node, &m->config, &m->arena, tomte_port_now_ms());
    tomte_wipe(m->config.entropy, sizeof m->config.entropy);
    return err;
}

/* ---- to itself ---- */

static void self_put(struct tomte_mcu *m, struct tomte_span bytes)
{
    uint8_t head[2];
    if (sizeof m->self - m->self_used < bytes.len + sizeof head) {
        m->self_lost++;
        return;
    }
    tomte_put_le16(head, (uint16_t)bytes.len);
    struct tomte_span parts[2] = {TOMTE_SPAN_ARRAY(head), bytes};
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < parts[i].len; j++)
            m->self[(m->self_first + m->self_used++) % sizeof m->self] =
                parts[i].data[j];
}

static uint8_t self_byte(struct tomte_mcu *m)
{
    uint8_t b = m->self[m->self_first];
    m->self_first = (m->self_first + 1) % sizeof m->self;
    m->self_used--;
    return b;
}

static size_t self_get(struct tomte_mcu *m, struct tomte_buf out)
{
    uint8_t head[2];
    if (m->self_used == 0)
        return 0;
    for (size_t i = 0; i < sizeof head; i++)
        head[i] = self_byte(m);
    size_t len = tomte_get_le16(head);
    TOMTE_ASSERT(len <= out.cap);
    for (size_t i = 0; i < len; i++)
        out.data[i] = self_byte(m);
    return len;
}

/* ---- effects ---- */

static void send_datagram(struct tomte_mcu *m,
                          const struct tomte_node_effect *e)
{
    if (tomte_addr_equal(&e->to, &m->config.addr))
        self_put(m, e->bytes);
    else if (tomte_addr_is_loopback(&e->to))
        tomte_port_send(&e->to, e->bytes);
    else
        m->dropped++; /* until channels are secured, as on Linux */
}

/* Thousandths, since no board here has a floating-point unit. */
static void drive(const struct tomte_node_effect *e)
{
    struct tomte_senml record;
    int64_t value = 0;
    if (tomte_senml_decode(e->bytes, TOMTE_CBOR_LENIENT, &record) != TOMTE_OK)
        return;
    double number = 0;
    if (record.value.type == TOMTE_SENML_BOOL)
        value = record.value.b ? 1000 : 0;
    else if (tomte_senml_number(&record.value, &number) != TOMTE_OK)
        return;
    else if (number > 1e12 || number < -1e12)
        return;
    else
        value = (int64_t)(number * 1000);
    tomte_port_drive(e->resource, value);
}

static void drain(struct tomte_mcu *m)
{
    static const char levels[] = {'i', 'w', 'e'};
    struct tomte_node_effect e;
    while (tomte_node_poll(m->node, &e)) {
        if (e.kind == TOMTE_NODE_SEND)
            send_datagram(m, &e);
        else if (e.kind == TOMTE_NODE_DRIVE)
            drive(&e);
        else
            tomte_port_log(levels[e.level], e.text);
    }
}

static void step(struct tomte_mcu *m, struct tomte_node_event *event)
{
    event->now_ms = tomte_port_now_ms();
    tomte_node_step(m->node, event);
    drain(m);
    if (!tomte_node_broken(m->node))
        return;
    tomte_port_log('e', "its storage failed: the device starts anew");
    tomte_port_end(TOMTE_PORT_RESET);
}

/* ---- a turn ---- */

static bool take_datagram(struct tomte_mcu *m)
{
    static uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES + 1];
    struct tomte_node_event e = {.kind = TOMTE_NODE_DATAGRAM,
                                 .from = m->config.addr};
    size_t len = self_get(m, TOMTE_BUF_ARRAY(bytes));
    if (len == 0)
        len = tomte_port_receive(&e.from, TOMTE_BUF_ARRAY(bytes));
    if (len == 0)
        return false;
    e.bytes = TOMTE_SPAN(bytes, len);
    step(m, &e);
    return true;
}

/* A mark that grew is told: that is how deep the stack must be. */
static void tell_stack(struct tomte_mcu *m)
{
    uint64_t now = tomte_port_now_ms();
    if (now - m->told_ms < STACK_LOOK_MS)
        return;
    m->told_ms = now;
    size_t of, used = tomte_port_stack_used(&of);
    if (used < m->stack_told + STACK_STEP)
        return;
    m->stack_told = used;
    char line[80];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_str(&t, "stack: ");
    tomte_text_u64(&t, used);
    tomte_text_str(&t, " bytes used of ");
    tomte_text_u64(&t, of);
    tomte_port_log('i', line);
}

void tomte_mcu_turn(struct tomte_mcu *m)
{
    unsigned taken = 0;
    tomte_port_watchdog();
    while (taken < DATAGRAMS_A_TURN && take_datagram(m))
        taken++;
    uint64_t at = tomte_node_deadline(m->node), now = tomte_port_now_ms();
    if (at <= now) {
        struct tomte_node_event e = {.kind = TOMTE_NODE_TIMER};
        step(m, &e);
        return;
    }
    tell_stack(m);
    if (taken == 0)
        tomte_port_wait(at - now < WAIT_MAX_MS ? (uint32_t)(at - now)
                                               : WAIT_MAX_MS);
}
