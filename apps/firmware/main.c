/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware: one node, driven by the port that it is linked with. */
#include "crypto/bearssl.h"
#include "mcu/loop.h"
#include "mcu/port.h"
#include "mcu/settings.h"

#define SLOTS_MAX  8
#define SLOT_BYTES (56u << 10)

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    char text[160];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof text);
    tomte_text_str(&t, "assertion failed: ");
    tomte_text_str(&t, file);
    tomte_text_char(&t, ':');
    tomte_text_i64(&t, line);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, what);
    tomte_port_log('e', text);
    tomte_port_end(TOMTE_PORT_RESET);
}

/* A device that cannot be a node says why, and is off: nobody would hear it
 * better the next time. */
static _Noreturn void give_up(const char *what, const char *why)
{
    char text[120];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof text);
    tomte_text_str(&t, "cannot start: ");
    tomte_text_str(&t, what);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, why);
    tomte_port_log('e', text);
    tomte_port_end(TOMTE_PORT_HALT_OK);
}

static void read_config(struct tomte_node_config *config, uint16_t *port)
{
    const char *wrong;
    uint8_t seed[8];
    config->sizes = tomte_node_sizes_default();
    config->sizes.slots = SLOTS_MAX;
    config->sizes.slot_bytes = SLOT_BYTES;
    config->crypto = &tomte_crypto_bearssl;
    config->block = tomte_port_block();
    if (config->block == NULL)
        give_up("storage", "there is none");
    enum tomte_err err = tomte_settings_read(config, port, &wrong);
    if (err != TOMTE_OK)
        give_up(wrong, tomte_err_text(err));
    err = tomte_port_random(TOMTE_BUF_ARRAY(seed));
    if (err != TOMTE_OK)
        give_up("randomness", tomte_err_text(err));
    config->seed = tomte_get_le64(seed);
    err = tomte_port_random(TOMTE_BUF_ARRAY(config->entropy));
    if (err != TOMTE_OK)
        give_up("randomness", tomte_err_text(err));
}

static void tell_started(const struct tomte_mcu *m)
{
    char text[120];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof text);
    tomte_text_str(&t, "node ");
    tomte_text_span(&t, tomte_name_span(&m->config.name));
    tomte_text_str(&t, " starts with ");
    tomte_text_u64(&t, m->config.sizes.slots);
    tomte_text_str(&t, " slots; ");
    tomte_text_u64(&t, m->arena.used);
    tomte_text_str(&t, " bytes of ");
    tomte_text_u64(&t, m->arena.size);
    tomte_port_log('i', text);
}

/* For `tomte admit`, by whoever looks at the console. */
static void tell_key(const struct tomte_mcu *m)
{
    char text[2 * TOMTE_P256_PUBLIC_BYTES + 8];
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
    struct tomte_text t;
    tomte_node_key(m->node, open);
    tomte_text_init(&t, text, sizeof text);
    tomte_text_str(&t, "key ");
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(open));
    tomte_port_log('i', text);
}

_Noreturn void tomte_port_main(void)
{
    static struct tomte_node_config config;
    static struct tomte_mcu mcu;
    uint16_t port = 0;
    read_config(&config, &port);
    enum tomte_err err = tomte_port_network(port);
    if (err != TOMTE_OK)
        give_up("network", tomte_err_text(err));
    err = tomte_mcu_start(&mcu, &config, tomte_port_memory());
    if (err != TOMTE_OK)
        give_up("node", tomte_err_text(err));
    tell_started(&mcu);
    tell_key(&mcu);
    tomte_wipe(config.entropy, sizeof config.entropy);
    for (;;)
        tomte_mcu_turn(&mcu);
}
