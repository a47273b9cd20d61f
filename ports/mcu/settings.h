/* SPDX-License-Identifier: Apache-2.0 */
/* mcu/settings.h: what a device is told, by key (tomte_port_setting).
 *
 *   name     of the node in its home
 *   place    where it stands; may be missing
 *   addr     where others reach it: "127.0.0.1:5704"
 *   keeper   where the keeper is: "127.0.0.1:5701"
 *   ip       address on the wire, of a network of 24 bits: "10.0.2.15"
 *   port     UDP port on the wire; missing: that of addr
 *   host     under an emulator: where the host's loopback is seen: "10.0.2.2"
 *   charter  of its home (ace/charter.h), in hexadecimal digits: until it has
 *            one the device belongs to nobody. It keeps the newest
 *
 * An invitation will stand here too, once homes are joined by one. */
#pragma once

#include "node/node.h"

#define TOMTE_SETTING_NAME    "name"
#define TOMTE_SETTING_PLACE   "place"
#define TOMTE_SETTING_ADDR    "addr"
#define TOMTE_SETTING_KEEPER  "keeper"
#define TOMTE_SETTING_IP      "ip"
#define TOMTE_SETTING_PORT    "port"
#define TOMTE_SETTING_HOST    "host"
#define TOMTE_SETTING_CHARTER "charter"
#define TOMTE_SETTING_AUTHORS "authors"

/* Those of the node, into its config; charter and authors
 * (container/authors.h), both in hexadecimal, lie in static memory. On an error
 * `wrong` names the key. */
TOMTE_MUST_CHECK enum tomte_err
tomte_settings_read(struct tomte_node_config *config, uint16_t *port,
                    const char **wrong);

/* "127.0.0.1:5701". */
bool tomte_settings_addr(const char *text, struct tomte_addr *out);

/* The value of `key` in words "key=value key=value ...". */
bool tomte_settings_find(const char *words, const char *key, char *out,
                         size_t cap);
