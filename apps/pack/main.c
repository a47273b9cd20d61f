/* SPDX-License-Identifier: Apache-2.0 */
/* tomte-pack: puts a manifest and a module together to an image, signed.
 *
 *   tomte-pack --new-key author.key
 *   tomte-pack author.key containers/lamp/lamp.yaml lamp.wasm lamp.image
 *
 * `tomte pack` does the same; this one is what the build itself uses, with a
 * key that it makes once for each tree. */
#include "linux/author_file.h"
#include "linux/manifest_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* One that is there stays. */
static int new_key(const char *path)
{
    char error[256];
    if (access(path, F_OK) == 0 || author_file_make(path, error))
        return 0;
    fprintf(stderr, "tomte-pack: %s\n", error);
    return 1;
}

int main(int argc, char **argv)
{
    struct tomte_buf image;
    char error[256];
    struct tomte_key_pair author;
    if (argc == 3 && strcmp(argv[1], "--new-key") == 0)
        return new_key(argv[2]);
    if (argc != 5) {
        fprintf(stderr,
                "usage: tomte-pack KEY MANIFEST.yaml MODULE.wasm IMAGE\n"
                "       tomte-pack --new-key KEY\n");
        return 100;
    }
    if (!author_file_load(argv[1], &author, error) ||
        !image_file_build(argv[2], argv[3], &author, &image, error)) {
        fprintf(stderr, "tomte-pack: %s\n", error);
        return 3;
    }
    tomte_wipe(&author, sizeof author);
    int status = write_file(argv[4], image);
    free(image.data);
    return status;
}
