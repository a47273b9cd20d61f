/* SPDX-License-Identifier: Apache-2.0 */
#include "mcu/settings.h"

#include "ace/charter.h"
#include "container/authors.h"
#include "mcu/port.h"

#include <string.h>

#define VALUE_MAX 64

/* Digits are read in place: each pair of them becomes a byte in front of it. */
static char charter[2 * TOMTE_CHARTER_BYTES_MAX + 1];

/* A few authors are enough for one home. */
static char authors[2 * 512 + 1];

static bool number(const char **text, uint32_t max, uint32_t *out)
{
    const char *p = *text;
    uint32_t n = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (uint32_t)(*p - '0');
        if (n > max)
            return false;
    }
    *text = p;
    *out = n;
    return true;
}

bool tomte_settings_addr(const char *text, struct tomte_addr *out)
{
    uint8_t ip[4];
    uint32_t n = 0;
    for (int i = 0; i < 4; i++) {
        if (!number(&text, 255, &n) || *text++ != (i < 3 ? '.' : ':'))
            return false;
        ip[i] = (uint8_t)n;
    }
    if (!number(&text, 65535, &n) || *text != 0 || n == 0)
        return false;
    *out = tomte_addr_ipv4(ip, (uint16_t)n);
    return true;
}

bool tomte_settings_find(const char *words, const char *key, char *out,
                         size_t cap)
{
    size_t key_len = strlen(key);
    for (const char *p = words; *p != 0;) {
        size_t len = 0;
        while (p[len] != 0 && p[len] != ' ')
            len++;
        if (len > key_len && memcmp(p, key, key_len) == 0 &&
            p[key_len] == '=') {
            size_t value = len - key_len - 1;
            if (value >= cap)
                return false;
            memcpy(out, p + key_len + 1, value);
            out[value] = 0;
            return true;
        }
        p += len;
        while (*p == ' ')
            p++;
    }
    return false;
}

static bool read_name(const char *key, struct tomte_name *out)
{
    char text[VALUE_MAX];
    return tomte_port_setting(key, text, sizeof text) &&
           tomte_name_parse(tomte_span_str(text), out) == TOMTE_OK;
}

static bool read_addr(const char *key, struct tomte_addr *out)
{
    char text[VALUE_MAX];
    return tomte_port_setting(key, text, sizeof text) &&
           tomte_settings_addr(text, out);
}

static bool read_port(uint16_t *port)
{
    char text[VALUE_MAX];
    const char *p = text;
    uint32_t n = *port;
    if (!tomte_port_setting(TOMTE_SETTING_PORT, text, sizeof text))
        return true;
    if (!number(&p, 65535, &n) || *p != 0 || n == 0)
        return false;
    *port = (uint16_t)n;
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal, turned into bytes where it stands. */
static bool read_bytes(const char *setting, char *text, size_t cap,
                       struct tomte_span *out)
{
    *out = TOMTE_SPAN_NONE;
    if (!tomte_port_setting(setting, text, cap))
        return true;
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += 2) {
        int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        text[i / 2] = (char)(high << 4 | low);
    }
    *out = TOMTE_SPAN((const uint8_t *)text, len / 2);
    return true;
}

enum tomte_err tomte_settings_read(struct tomte_node_config *config,
                                   uint16_t *port, const char **wrong)
{
    char text[VALUE_MAX];
    *wrong = TOMTE_SETTING_NAME;
    if (!read_name(*wrong, &config->name))
        return TOMTE_ERR_INVALID;
    *wrong = TOMTE_SETTING_PLACE;
    if (tomte_port_setting(*wrong, text, sizeof text) &&
        !read_name(*wrong, &config->place))
        return TOMTE_ERR_INVALID;
    *wrong = TOMTE_SETTING_ADDR;
    if (!read_addr(*wrong, &config->addr))
        return TOMTE_ERR_INVALID;
    *wrong = TOMTE_SETTING_KEEPER;
    if (!read_addr(*wrong, &config->keeper))
        return TOMTE_ERR_INVALID;
    *wrong = TOMTE_SETTING_CHARTER;
    if (!read_bytes(*wrong, charter, sizeof charter, &config->charter))
        return TOMTE_ERR_INVALID;
    *wrong = TOMTE_SETTING_AUTHORS;
    if (!read_bytes(*wrong, authors, sizeof authors, &config->authors) ||
        tomte_authors_check(config->authors) != TOMTE_OK)
        return TOMTE_ERR_INVALID;
    *port = config->addr.port;
    *wrong = TOMTE_SETTING_PORT;
    return read_port(port) ? TOMTE_OK : TOMTE_ERR_INVALID;
}
