/* SPDX-License-Identifier: Apache-2.0 */
/* tomte node, pack and new: what needs no running home. */
#include "command.h"

#include "keepers/keepers.h"
#include "linux/author_file.h"
#include "linux/daemon.h"
#include "linux/manifest_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char node_help[] =
    "usage: tomte node --home FILE --name NODE --dir DIR [--echo] [--json]\n"
    "                  [--die-with-parent] [--without PART,PART]\n"
    "       tomte node --home FILE --name NODE --dir DIR --key\n"
    "Runs one node of a home file in this process, until SIGTERM. It belongs "
    "to\n"
    "the home whose charter lies in DIR, as tomte up puts it there.\n"
    "  --key      make its key, if it has none, write the public half to\n"
    "             DIR/key.pub and end\n"
    "  --echo     its lines go to standard output as well; with --json each\n"
    "             as an object\n"
    "  --without  leave out failover, fencing or history, to see what they do\n"
    "  e.g. tomte node --home examples/winter/home.yaml --name attic --dir "
    "/tmp/attic\n";

static bool parse_without(const char *list, struct tomte_node_without *out)
{
    char text[64], *save = NULL;
    if (list == NULL)
        return true;
    snprintf(text, sizeof text, "%s", list);
    for (char *p = strtok_r(text, ",", &save); p != NULL;
         p = strtok_r(NULL, ",", &save)) {
        if (strcmp(p, "failover") == 0)
            out->failover = true;
        else if (strcmp(p, "fencing") == 0)
            out->fencing = true;
        else if (strcmp(p, "history") == 0)
            out->history = true;
        else
            return false;
    }
    return true;
}

int command_node(int argc, char **argv)
{
    static struct home_file home;
    char error[256];
    struct tomte_name name;
    struct daemon_config config = {.home = &home};
    if (take_flag(&argc, argv, "--help"))
        return usage(node_help);
    const char *file = take_option(&argc, argv, "--home");
    const char *node = take_option(&argc, argv, "--name");
    config.dir = take_option(&argc, argv, "--dir");
    config.echo = take_flag(&argc, argv, "--echo");
    config.json = take_flag(&argc, argv, "--json");
    config.key_only = take_flag(&argc, argv, "--key");
    config.die_with_parent = take_flag(&argc, argv, "--die-with-parent");
    if (!parse_without(take_option(&argc, argv, "--without"),
                       &config.without) ||
        file == NULL || node == NULL || config.dir == NULL || argc != 1)
        return misused(argc, argv, node_help);
    if (!homefile_load(file, &home, error)) {
        fprintf(stderr, "tomte: %s\n", error);
        return 3;
    }
    if (tomte_name_parse(tomte_span_str(node), &name) == TOMTE_OK)
        config.node = homefile_node(&home, &name);
    if (config.node == NULL) {
        fprintf(stderr, "tomte: %s has no node %s\n", file, node);
        return 2;
    }
    struct keepers_options options = keepers_options_default();
    struct keepers *keepers = keepers_new(&options);
    if (keepers == NULL)
        return failed(TOMTE_ERR_NO_MEMORY, "run the node", node);
    config.replica = keepers_replica(keepers);
    int status = daemon_run(&config);
    keepers_free(keepers);
    return status;
}

/* ---- pack ---- */

static int write_image(const char *path, struct tomte_buf image, bool json)
{
    FILE *f = fopen(path, "we");
    if (f == NULL || fwrite(image.data, 1, image.cap, f) != image.cap ||
        fclose(f) != 0) {
        fprintf(stderr, "tomte: %s: %s\n", path, strerror(errno));
        return 1;
    }
    char text[128];
    snprintf(text, sizeof text, "%.90s: %zu bytes", path, image.cap);
    done(json, "pack", path, text);
    return 0;
}

int command_pack(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte pack MANIFEST.yaml MODULE.wasm IMAGE [--key FILE] "
        "[--json]\n"
        "Puts a manifest and a WebAssembly module together to an image, "
        "signed\n"
        "with your author's key, which is made when you have none.\n"
        "  e.g. tomte pack lamp.yaml lamp.wasm lamp.image\n";
    struct tomte_buf image;
    char error[256];
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    bool json = take_flag(&argc, argv, "--json");
    struct tomte_key_pair author;
    const char *key = take_option(&argc, argv, "--key");
    if (argc != 4 || argv[1][0] == '-')
        return misused(argc, argv, help);
    bool ok = key == NULL ? author_own_load(&author, error)
                          : author_file_load(key, &author, error);
    ok = ok && image_file_build(argv[1], argv[2], &author, &image, error);
    tomte_wipe(&author, sizeof author);
    if (!ok) {
        fprintf(stderr, "tomte: %s\n", error);
        return 3;
    }
    int status = write_image(argv[3], image, json);
    free(image.data);
    return status;
}

/* ---- new ---- */

static const char new_c[] =
    "#include \"tomte.h\"\n"
    "\n"
    "/* Counts what comes in, and says how much it was. */\n"
    "static int count_out;\n"
    "static unsigned count;\n"
    "\n"
    "TOMTE_ON_EVENT(event)\n"
    "{\n"
    "    if (event->kind == TOMTE_START)\n"
    "        count_out = tomte_port(\"count\");\n"
    "    if (event->kind == TOMTE_MESSAGE)\n"
    "        count++;\n"
    "    tomte_put_number(count_out, count);\n"
    "}\n";

static const char new_yaml[] =
    "name: %s\n"
    "version: 1\n"
    "author: you\n"
    "memory_bytes: 65536\n"
    "stack_bytes: 4096\n"
    "fuel_per_event: 50000\n"
    "ports:\n"
    "  in: {direction: in, kind: event, type: press, role: button}\n"
    "  count: {direction: out, kind: state, type: count}\n"
    "standbys: 1\n"
    "durability: async\n"
    "without_keeper: hold\n";

static const char new_build[] =
    "#!/bin/sh\n"
    "# Builds %s.image; with `run`, ships it into the running home too:\n"
    "#   ./build.sh run\n"
    "set -e\n"
    "cd \"$(dirname \"$0\")\"\n"
    ": \"${TOMTE_SDK:=%s}\" \"${TOMTE:=%s}\"\n"
    "clang --target=wasm32 -O2 -mbulk-memory -ffreestanding -I \"$TOMTE_SDK\" "
    "\\\n"
    "    -c -o %s.o %s.c\n"
    "wasm-ld --no-entry --stack-first -z stack-size=4096 -o %s.wasm %s.o\n"
    "\"$TOMTE\" pack %s.yaml %s.wasm %s.image\n"
    "[ \"$1\" != run ] || \"$TOMTE\" deploy %s %s.image --bind "
    "count=/%s/it/count\n";

static bool write_text(const char *dir, const char *file, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "wxe");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
        fprintf(stderr, "tomte: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static void sdk_dir(const struct home_run *run, char out[RUN_DIR_MAX + 32])
{
    const char *build = strstr(run->program, "/build/");
    snprintf(out, RUN_DIR_MAX + 32, "%.*s/sdk/c",
             (int)(build == NULL ? 0 : build - run->program), run->program);
}

static int write_all(const char *n, bool json)
{
    static struct home_run run;
    char error[256], text[2048], file[64], sdk[RUN_DIR_MAX + 32];
    (void)home_run_open(&run, "/nonexistent", error); /* finds the program */
    sdk_dir(&run, sdk);
    if (mkdir(n, 0755) != 0) {
        fprintf(stderr, "tomte: %s: %s\n", n, strerror(errno));
        return 1;
    }
    snprintf(file, sizeof file, "%s.c", n);
    bool ok = write_text(n, file, new_c);
    snprintf(file, sizeof file, "%s.yaml", n);
    snprintf(text, sizeof text, new_yaml, n);
    ok = ok && write_text(n, file, text);
    snprintf(text, sizeof text, new_build, n, sdk, run.program, n, n, n, n, n,
             n, n, n, n, n);
    ok = ok && write_text(n, "build.sh", text);
    snprintf(text, sizeof text, "%s/build.sh", n);
    if (!ok || chmod(text, 0755) != 0)
        return 1;
    snprintf(text, sizeof text,
             "%s: written; build and ship it with: %s/build.sh run", n, n);
    done(json, "new", n, text);
    return 0;
}

int command_new(int argc, char **argv)
{
    static const char help[] =
        "usage: tomte new NAME [--json]\n"
        "Writes a small container into the folder NAME: its source, its\n"
        "manifest, and build.sh, which builds it and ships it.\n"
        "  e.g. tomte new counter && counter/build.sh run\n";
    struct tomte_name name;
    if (take_flag(&argc, argv, "--help"))
        return usage(help);
    bool json = take_flag(&argc, argv, "--json");
    if (argc != 2)
        return misused(argc, argv, help);
    if (tomte_name_parse(tomte_span_str(argv[1]), &name) != TOMTE_OK) {
        fprintf(stderr, "tomte: %s is no name (1 to 31 of a-z 0-9 - _ .)\n",
                argv[1]);
        return 3;
    }
    return write_all(argv[1], json);
}
