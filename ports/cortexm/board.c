/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/port.h for qemu's mps2-an385: reset, clock, watchdog, entropy, console.
 * Unaligned accesses trap, as on cores that cannot do them. */
#include "board.h"

#include "mcu/port.h"
#include "mcu/settings.h"

#include <string.h>

#define CPU_HZ 25000000u

#define SYSTICK_CONTROL 0xe000e010u
#define SYSTICK_RELOAD  0xe000e014u
#define SYSTICK_VALUE   0xe000e018u
#define SYSTICK_ON      7u /* with its interrupt, from the core's clock */
#define SCB_AIRCR       0xe000ed0cu
#define SCB_CCR         0xe000ed14u
#define SCB_CFSR        0xe000ed28u
#define SCB_BFAR        0xe000ed38u
#define AIRCR_RESET     0x05fa0004u
#define CCR_UNALIGNED   (1u << 3)

#define WATCHDOG_LOAD    0x000u
#define WATCHDOG_CONTROL 0x008u
#define WATCHDOG_CLEAR   0x00cu
#define WATCHDOG_LOCK    0xc00u
#define WATCHDOG_KEY     0x1acce551u
#define WATCHDOG_ON      3u /* an NMI, and a reset where that did not help */

#define UART_STATE   0x04u
#define UART_CONTROL 0x08u
#define UART_DIVIDER 0x10u
#define UART_FULL    1u

#define EXIT_OK 0x20026u /* ADP_Stopped_ApplicationExit */
#define PAINT   0xa5a5a5a5u

extern uint32_t __data_load[], __data_start[], __data_end[];
extern uint32_t __bss_start[], __bss_end[];
extern uint32_t __stack_bottom[], __stack_top[];
extern uint8_t __heap_start[], __heap_end[];

static volatile uint32_t tick_low, tick_high; /* milliseconds */

/* ---- reset and faults ---- */

static void tick(void)
{
    if (++tick_low == 0)
        tick_high++;
}

static void hex(struct tomte_text *t, const char *what, uint32_t value)
{
    uint8_t bytes[4];
    tomte_put_be32(bytes, value);
    tomte_text_str(t, what);
    tomte_text_hex(t, TOMTE_SPAN_ARRAY(bytes));
}

static void fault(void)
{
    char line[80];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    hex(&t, "fault: status ", REG32(SCB_CFSR));
    hex(&t, ", address ", REG32(SCB_BFAR));
    tomte_port_log('e', line);
    tomte_port_end(TOMTE_PORT_RESET);
}

static void bite(void)
{
    tomte_port_log('e', "watchdog: a step did not end");
    tomte_port_end(TOMTE_PORT_RESET);
}

static void memory_init(void)
{
    uint32_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    for (uint32_t *p = __stack_bottom; p < sp - 32; p++)
        *p = PAINT;
    for (uint32_t *to = __data_start, *from = __data_load; to < __data_end;)
        *to++ = *from++;
    for (uint32_t *p = __bss_start; p < __bss_end; p++)
        *p = 0;
}

_Noreturn void board_reset(void);

_Noreturn void board_reset(void)
{
    memory_init();
    REG32(BOARD_UART + UART_DIVIDER) = 16;
    REG32(BOARD_UART + UART_CONTROL) = 1;
    REG32(SCB_CCR) |= CCR_UNALIGNED;
    REG32(SYSTICK_RELOAD) = CPU_HZ / 1000 - 1;
    REG32(SYSTICK_VALUE) = 0;
    REG32(SYSTICK_CONTROL) = SYSTICK_ON;
    tomte_port_main();
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    (vector)__stack_top,
    board_reset,
    bite,
    fault,
    fault,
    fault,
    fault,
    NULL,
    NULL,
    NULL,
    NULL,
    fault,
    fault,
    NULL,
    fault,
    tick};

/* ---- time ---- */

uint64_t tomte_port_now_ms(void)
{
    uint32_t low, high;
    do {
        high = tick_high;
        low = tick_low;
    } while (high != tick_high || low > tick_low);
    return (uint64_t)high << 32 | low;
}

/* A tick a millisecond ends each sleep; the loop looks for datagrams then. */
void tomte_port_wait(uint32_t ms)
{
    if (ms > 0)
        __asm__ volatile("wfi");
}

void tomte_port_watchdog(void)
{
    static bool on;
    REG32(BOARD_WATCHDOG + WATCHDOG_LOCK) = WATCHDOG_KEY;
    if (!on) {
        REG32(BOARD_WATCHDOG + WATCHDOG_LOAD) =
            CPU_HZ / 1000 * TOMTE_PORT_WATCHDOG_MS;
        REG32(BOARD_WATCHDOG + WATCHDOG_CONTROL) = WATCHDOG_ON;
        on = true;
    }
    REG32(BOARD_WATCHDOG + WATCHDOG_CLEAR) = 1; /* counts from the top again */
}

/* ---- randomness ---- */

enum tomte_err tomte_port_random(struct tomte_buf out)
{
    static uint32_t file;
    if (file == 0)
        file = board_file_open("/dev/urandom", BOARD_FILE_READ);
    return file != 0 && board_file_read(file, out) ? TOMTE_OK : TOMTE_ERR_IO;
}

/* ---- storage and memory ---- */

const struct tomte_block *tomte_port_block(void)
{
    static struct tomte_nor nor;
    static struct tomte_block block;
    if (block.ctx == NULL) {
        const struct tomte_nor_chip *chip = board_flash();
        if (chip == NULL)
            return NULL;
        tomte_nor_init(&nor, chip);
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
    while ((REG32(BOARD_UART + UART_STATE) & UART_FULL) != 0)
        ;
    REG32(BOARD_UART) = (uint8_t)c;
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

/* ---- the end ---- */

_Noreturn void tomte_port_end(enum tomte_port_end how)
{
    uint32_t exit[2] = {EXIT_OK, 0};
    if (how == TOMTE_PORT_RESET)
        REG32(SCB_AIRCR) = AIRCR_RESET;
    else
        (void)board_semihost(SEMIHOST_EXIT, exit);
    for (;;)
        ;
}
