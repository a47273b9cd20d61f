/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a manifest in YAML: what is read is a manifest, or the encoder
 * says what it is not; what is not read is refused by a line that names the
 * file. */
#define _GNU_SOURCE
#include "linux/manifest_file.h"
#include "linux_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encoded(const struct tomte_manifest *m)
{
    static uint8_t memory[2][TOMTE_MANIFEST_BYTES_MAX];
    static struct tomte_manifest back;
    struct tomte_manifest_report report = {.err = TOMTE_OK};
    struct tomte_span bytes, again;
    enum tomte_err err =
        tomte_manifest_encode(m, TOMTE_BUF_ARRAY(memory[0]), &bytes, &report);
    TOMTE_ASSERT((err == TOMTE_OK) == (report.text[0] == 0));
    if (err != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_manifest_decode(bytes, &back, NULL) == TOMTE_OK);
    TOMTE_ASSERT(tomte_manifest_encode(&back, TOMTE_BUF_ARRAY(memory[1]),
                                       &again, NULL) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tomte_manifest m;
    char error[256];
    const char *path = fuzz_file(data, size);
    bool good = manifest_file_load(path, &m, error);
    TOMTE_ASSERT(memchr(error, 0, sizeof error) != NULL);
    TOMTE_ASSERT(good == (error[0] == 0));
    TOMTE_ASSERT(good || strncmp(error, path, strlen(path)) == 0);
    TOMTE_ASSERT(m.ports_len <= TOMTE_LIMIT_PORTS);
    TOMTE_ASSERT(m.away_from_len <= TOMTE_AWAY_FROM_MAX);
    if (good)
        check_encoded(&m);
    return 0;
}
