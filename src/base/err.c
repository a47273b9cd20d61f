/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdint.h>

struct row {
    const char *name;
    const char *text;
    uint8_t coap;
    uint8_t status;
};

static const struct row table[TOMTE_ERR_COUNT] = {
#define E(name, text, coap, status) {#name, text, (uint8_t)(coap), status},
    TOMTE_ERR_TABLE(E)
#undef E
};

static const struct row unknown = {"?", "unknown error", 0xa0, 1};

static const struct row *row(enum tomte_err err)
{
    return (unsigned)err < TOMTE_ERR_COUNT ? &table[err] : &unknown;
}

const char *tomte_err_name(enum tomte_err err)
{
    return row(err)->name;
}

const char *tomte_err_text(enum tomte_err err)
{
    return row(err)->text;
}

unsigned tomte_err_coap_code(enum tomte_err err)
{
    return row(err)->coap;
}

int tomte_err_exit_status(enum tomte_err err)
{
    return row(err)->status;
}

enum tomte_err tomte_err_from_coap_code(unsigned code)
{
    if (code >> 5 == 2)
        return TOMTE_OK;
    for (unsigned i = 0; i < TOMTE_ERR_COUNT; i++)
        if (table[i].coap == code)
            return (enum tomte_err)i;
    return code >> 5 == 5 ? TOMTE_ERR_IO : TOMTE_ERR_INVALID;
}
