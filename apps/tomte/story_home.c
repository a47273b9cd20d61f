/* SPDX-License-Identifier: Apache-2.0 */
#include "story_home.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void story_home_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Addresses with other ports; the weather by its whole path. */
static void copy_line(FILE *out, const char *line, const char *folder,
                      unsigned ports)
{
    static const char host[] = "127.0.0.1:";
    const char *weather = strstr(line, "weather: ");
    const char *at = strstr(line, host);
    if (weather != NULL && weather[9] != '/') {
        fprintf(out, "%.*sweather: %s/%s", (int)(weather - line), line, folder,
                weather + 9);
    } else if (at != NULL) {
        char *end;
        unsigned long port = strtoul(at + strlen(host), &end, 10);
        fprintf(out, "%.*s%s%lu%s", (int)(at - line), line, host, port + ports,
                end);
    } else {
        fputs(line, out);
    }
}

static bool copy_home(const char *from, const char *to, unsigned ports)
{
    char line[512], folder[PATH_MAX];
    if (realpath(from, folder) == NULL) {
        fprintf(stderr, "tomte: %s: %s\n", from, strerror(errno));
        return false;
    }
    *strrchr(folder, '/') = 0;
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    bool ok = in != NULL && out != NULL;
    while (ok && fgets(line, sizeof line, in) != NULL)
        copy_line(out, line, folder, ports);
    if (!ok)
        fprintf(stderr, "tomte: %s: %s\n", in == NULL ? from : to,
                strerror(errno));
    if (in != NULL)
        fclose(in);
    if (out != NULL)
        fclose(out);
    return ok;
}

bool story_home_make(struct scene *s, const char *home_file, const char *dir,
                     const char *name, unsigned ports, const char *without)
{
    char base[RUN_DIR_MAX], mine[RUN_DIR_MAX], file[RUN_DIR_MAX + 16];
    char error[256];
    if (dir != NULL)
        snprintf(base, sizeof base, "%s", dir);
    else
        snprintf(base, sizeof base, "/tmp/tomte-stories-%u", getuid());
    mkdir(base, 0700);
    snprintf(mine, sizeof mine, "%.480s/%s", base, name);
    story_home_remove(mine);
    if (mkdir(mine, 0700) != 0) {
        fprintf(stderr, "tomte: %s: %s\n", mine, strerror(errno));
        return false;
    }
    snprintf(file, sizeof file, "%s/told.yaml", mine);
    if (!copy_home(home_file, file, ports))
        return false;
    if (!home_run_make(&s->run, mine, file, error)) {
        fprintf(stderr, "tomte: %s\n", error);
        return false;
    }
    s->run.without = without;
    return true;
}
