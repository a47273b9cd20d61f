/* SPDX-License-Identifier: Apache-2.0 */
/* tomte-pack: puts a manifest and a module together to an image.
 *
 *   tomte-pack containers/lamp/lamp.yaml lamp.wasm lamp.image
 *
 * `tomte pack` does the same; this one is what the build itself uses. */
#include "linux/manifest_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

_Noreturn void tomte_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}

static int write_file(const char *path, struct tomte_buf image)
{
    FILE *f = fopen(path, "we");
    if (f == NULL || fwrite(image.data, 1, image.cap, f) != image.cap ||
        fclose(f) != 0) {
        fprintf(stderr, "tomte-pack: %s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct tomte_buf image;
    char error[256];
    if (argc != 4) {
        fprintf(stderr, "usage: tomte-pack MANIFEST.yaml MODULE.wasm IMAGE\n");
        return 100;
    }
    if (!image_file_build(argv[1], argv[2], &image, error)) {
        fprintf(stderr, "tomte-pack: %s\n", error);
        return 3;
    }
    int status = write_file(argv[3], image);
    free(image.data);
    return status;
}
