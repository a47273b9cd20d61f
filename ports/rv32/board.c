/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/port.h for qemu's riscv32 virt: clock, watchdog, entropy, console. */
#include "board.h"

#include "mcu/port.h"
#include "mcu/settings.h"
#include "virtio.h"

#include <string.h>

#define TICKS_A_MS 10000u /* the clock has 10 MHz */
#define NEVER      UINT64_MAX

#define CAUSE_INTERRUPT 0x80000000u
#define CAUSE_TIMER     (CAUSE_INTERRUPT | 7u)
#define CAUSE_EXTERNAL  (CAUSE_INTERRUPT | 11u)
#define MIE_TIMER       (1u << 7)
#define MIE_EXTERNAL    (1u << 11)
#define MSTATUS_MIE     (1u << 3)

#define PLIC_ENABLE    (BOARD_PLIC + 0x2000u)
#define PLIC_THRESHOLD (BOARD_PLIC + 0x200000u)
#define PLIC_CLAIM     (BOARD_PLIC + 0x200004u)

#define FINISH_OK    0x5555u
#define FINISH_FAIL  0x3333u
#define FINISH_RESET 0x7777u

#define PAINT 0xa5a5a5a5u

#define SEMIHOST_COMMAND_LINE 0x15u

#define CSR_WRITE(name, value)                                                 \
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrw " name          \
                     ", %0\n.option pop" ::"r"(value)                          \
                     : "memory")
#define CSR_CLEAR(name, value)                                                 \
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrc " name          \
                     ", %0\n.option pop" ::"r"(value)                          \
                     : "memory")
#define CSR_SET(name, value)                                                   \
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrs " name          \
                     ", %0\n.option pop" ::"r"(value)                          \
                     : "memory")
#define CSR_READ(name, out)                                                    \
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrr %0, " name      \
                     "\n.option pop"                                           \
                     : "=r"(out))

extern uint32_t __stack_bottom[], __stack_top[];
extern uint8_t __heap_start[], __heap_end[];
bool board_frame_waits(void);

static volatile uint64_t dog_at = NEVER; /* when it bites */

/* ---- time ---- */

static uint64_t ticks(void)
{
    uint32_t high, low;
    do {
        high = REG32(BOARD_CLINT + 0xbffc);
        low = REG32(BOARD_CLINT + 0xbff8);
    } while (high != REG32(BOARD_CLINT + 0xbffc));
    return (uint64_t)high << 32 | low;
}

static void wake_at(uint64_t at)
{
    REG32(BOARD_CLINT + 0x4004) = UINT32_MAX; /* not in between */
    REG32(BOARD_CLINT + 0x4000) = (uint32_t)at;
    REG32(BOARD_CLINT + 0x4004) = (uint32_t)(at >> 32);
}

uint64_t tomte_port_now_ms(void)
{
    return ticks() / TICKS_A_MS;
}

/* Interrupts are off while it is looked whether something came, so that what
 * comes then still ends the wait. */
void tomte_port_wait(uint32_t ms)
{
    uint64_t at = ticks() + (uint64_t)ms * TICKS_A_MS;
    CSR_CLEAR("mstatus", MSTATUS_MIE);
    wake_at(at < dog_at ? at : dog_at);
    if (ms > 0 && !board_frame_waits())
        __asm__ volatile("wfi");
    CSR_SET("mstatus", MSTATUS_MIE);
}

void tomte_port_watchdog(void)
{
    CSR_CLEAR("mstatus", MSTATUS_MIE);
    dog_at = ticks() + (uint64_t)TOMTE_PORT_WATCHDOG_MS * TICKS_A_MS;
    wake_at(dog_at);
    CSR_SET("mstatus", MSTATUS_MIE);
}

/* ---- traps ---- */

void board_irq_enable(unsigned index)
{
    uint32_t irq = index + 1;
    REG32(BOARD_PLIC + 4 * irq) = 1;
    REG32(PLIC_ENABLE) |= 1u << irq;
    REG32(PLIC_THRESHOLD) = 0;
}

static void external(void)
{
    uint32_t irq = REG32(PLIC_CLAIM);
    if (irq == 0)
        return;
    virtio_acknowledge(irq - 1);
    REG32(PLIC_CLAIM) = irq;
}

static void hex(struct tomte_text *t, const char *what, uint32_t value)
{
    uint8_t bytes[4];
    tomte_put_be32(bytes, value);
    tomte_text_str(t, what);
    tomte_text_hex(t, TOMTE_SPAN_ARRAY(bytes));
}

static _Noreturn void fault(uint32_t cause)
{
    char line[80];
    struct tomte_text t;
    uint32_t pc, value;
    CSR_READ("mepc", pc);
    CSR_READ("mtval", value);
    tomte_text_init(&t, line, sizeof line);
    hex(&t, "trap: cause ", cause);
    hex(&t, ", at ", pc);
    hex(&t, ", value ", value);
    tomte_port_log('e', line);
    tomte_port_end(TOMTE_PORT_RESET);
}

void board_trap(void);

__attribute__((interrupt("machine"), aligned(4))) void board_trap(void)
{
    uint32_t cause;
    CSR_READ("mcause", cause);
    if (cause == CAUSE_EXTERNAL) {
        external();
    } else if (cause != CAUSE_TIMER) {
        fault(cause);
    } else if (ticks() >= dog_at) {
        tomte_port_log('e', "watchdog: a step did not end");
        tomte_port_end(TOMTE_PORT_RESET);
    } else {
        wake_at(dog_at);
    }
}

/* ---- randomness ---- */

enum tomte_err tomte_port_random(struct tomte_buf out)
{
    static struct virtio_queue q;
    static bool open;
    uint16_t id;
    uint32_t len;
    if (!open) {
        int place = virtio_find(VIRTIO_ID_ENTROPY);
        if (place < 0 || !virtio_open((unsigned)place, 0))
            return TOMTE_ERR_IO;
        virtio_queue_open(&q, (unsigned)place, 0);
        virtio_ready((unsigned)place);
        open = true;
    }
    for (size_t at = 0; at < out.cap; at += len) {
        virtio_describe(&q, 0, TOMTE_BUF(out.data + at, out.cap - at), true);
        virtio_give(&q, 0);
        uint64_t until = ticks() + 1000 * TICKS_A_MS;
        while (!virtio_take(&q, &id, &len))
            if (ticks() > until)
                return TOMTE_ERR_IO;
        if (len == 0 || len > out.cap - at)
            return TOMTE_ERR_IO;
    }
    return TOMTE_OK;
}

/* ---- storage and memory ---- */

const struct tomte_block *tomte_port_block(void)
{
    static struct tomte_nor nor;
    static struct tomte_block block;
    if (block.ctx == NULL) {
        tomte_nor_init(&nor, board_flash());
        block = tomte_nor_block(&nor);
    }
    return &block;
}

struct tomte_buf tomte_port_memory(void)
{
    return TOMTE_BUF(__heap_start, (size_t)(__heap_end - __heap_start));
}

size_t tomte_port_stack_used(size_t *of)
{
    const uint32_t *p = __stack_bottom;
    while (p < __stack_top && *p == PAINT)
        p++;
    *of = (size_t)((const uint8_t *)__stack_top -
                   (const uint8_t *)__stack_bottom);
    return (size_t)((const uint8_t *)__stack_top - (const uint8_t *)p);
}

/* ---- settings and people ---- */

bool tomte_port_setting(const char *key, char *out, size_t cap)
{
    static char words[1536];
    struct {
        char *text;
        uint32_t len;
    } arg = {words, sizeof words};
    if (words[0] == 0 && board_semihost(SEMIHOST_COMMAND_LINE, &arg) != 0)
        return false;
    return tomte_settings_find(words, key, out, cap);
}

static void put(char c)
{
    while ((REG8(BOARD_UART + 5) & 0x20) == 0)
        ;
    REG8(BOARD_UART) = (uint8_t)c;
}

void tomte_port_log(char level, const char *text)
{
    put(level);
    put(' ');
    for (; *text != 0; text++)
        put(*text);
    put('\n');
}

void tomte_port_drive(size_t resource, int64_t thousandths)
{
    char line[64];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_str(&t, "drives ");
    tomte_text_u64(&t, resource);
    tomte_text_str(&t, " to ");
    tomte_text_i64(&t, thousandths);
    tomte_text_str(&t, "/1000");
    tomte_port_log('i', line);
}

/* ---- beginning and end ---- */

_Noreturn void tomte_port_end(enum tomte_port_end how)
{
    REG32(BOARD_FINISHER) = how == TOMTE_PORT_RESET ? FINISH_RESET : FINISH_OK;
    for (;;)
        ;
}

_Noreturn void board_main(void)
{
    wake_at(NEVER);
    CSR_WRITE("mie", MIE_TIMER | MIE_EXTERNAL);
    CSR_SET("mstatus", MSTATUS_MIE);
    tomte_port_main();
}
