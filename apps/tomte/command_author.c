/* SPDX-License-Identifier: Apache-2.0 */
/* tomte author: the key that a person signs containers with. */
#include "command.h"

#include "crypto/bearssl.h"
#include "linux/author_file.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: tomte author new [--key FILE] [--json]\n"
    "       tomte author show [--key FILE] [--json]\n"
    "Makes the key that you sign containers with (FILE ends in .key; by "
    "default\n"
    "~/.config/tomte/author.key, readable by you alone), or shows what a home\n"
    "file says to let your containers run.\n"
    "  e.g. tomte author show >>home.yaml\n";

static void show_key(const struct tomte_key_pair *pair, bool json)
{
    char hex[2 * sizeof pair->open + 1], id[2 * TOMTE_KEY_ID_BYTES + 1];
    uint8_t key_id[TOMTE_KEY_ID_BYTES];
    struct tomte_text t;
    tomte_text_init(&t, hex, sizeof hex);
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(pair->open));
    tomte_key_id(&tomte_crypto_bearssl, pair->open, key_id);
    tomte_text_init(&t, id, sizeof id);
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(key_id));
    if (json)
        printf("{\"id\":\"%s\",\"key\":\"%s\"}\n", id, hex);
    else
        printf("authors:\n  me: # key %s\n    key: %s\n    may: ['*']\n", id,
               hex);
}

static int fail(const char *error)
{
    fprintf(stderr, "tomte: %s\n", error);
    return 3;
}

int command_author(int argc, char **argv)
{
    struct tomte_key_pair pair;
    char error[256], path[AUTHOR_PATH_MAX];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    const char *key = take_option(&argc, argv, "--key");
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 2 ||
        (strcmp(argv[1], "new") != 0 && strcmp(argv[1], "show") != 0))
        return misused(argc, argv, help);
    if (key != NULL)
        snprintf(path, sizeof path, "%s", key);
    else if (!author_own_path(path))
        return fail("neither HOME nor XDG_CONFIG_HOME is set");
    if (strcmp(argv[1], "new") == 0) {
        if (!author_file_make(path, error))
            return fail(error);
        done(json, "author new", path, path);
        return 0;
    }
    if (!author_file_load(path, &pair, error))
        return fail(error);
    show_key(&pair, json);
    tomte_wipe(&pair, sizeof pair);
    return 0;
}
