/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "channel/message.h"
#include "coap/message.h"
#include "container/image.h"
#include "home/command.h"
#include "linux/author_file.h"
#include "linux/crypto_hub.h"
#include "linux/manifest_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int usage(const char *text)
{
    fputs(text, stdout);
    return 0;
}

int misused(int argc, char **argv, const char *text)
{
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-') {
            fprintf(stderr, "tomte: no option '%s' here\n", argv[i]);
            break;
        }
    fputs(text, stderr);
    return 100;
}

int failed(enum tomte_err err, const char *what, const char *detail)
{
    fprintf(stderr, "tomte: cannot %s: %s%s%s\n", what, tomte_err_text(err),
            detail != NULL && detail[0] != 0 ? ": " : "",
            detail != NULL ? detail : "");
    if (err == TOMTE_ERR_TIMEOUT)
        fprintf(stderr, "tomte: is the node up? see: tomte status\n");
    return tomte_err_exit_status(err);
}

bool open_home(struct home_run *run, struct client **c, const char *dir,
               int *status)
{
    char error[256];
    if (!home_run_open(run, dir, error)) {
        fprintf(stderr, "tomte: %s\n", error);
        *status = 2;
        return false;
    }
    static struct owner owner;
    if (!owner_load(run, &owner, error)) {
        fprintf(stderr, "tomte: %s\n", error);
        *status = 5;
        return false;
    }
    *c = client_open(&owner);
    owner_wipe(&owner);
    if (*c != NULL)
        return true;
    fprintf(stderr, "tomte: no socket: %s\n", strerror(errno));
    *status = 1;
    return false;
}

static void drop_args(int *argc, char **argv, int at, int count)
{
    for (int i = at; i + count <= *argc; i++)
        argv[i] = argv[i + count];
    *argc -= count;
}

const char *take_option(int *argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], name) != 0)
            continue;
        const char *value = argv[i + 1];
        drop_args(argc, argv, i, 2);
        return value;
    }
    return NULL;
}

bool take_flag(int *argc, char **argv, const char *name)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], name) != 0)
            continue;
        drop_args(argc, argv, i, 1);
        return true;
    }
    return false;
}

enum tomte_err find_channel(struct home_run *run, struct client *c,
                            const struct tomte_channel_name *name,
                            struct tomte_addr *addr, unsigned *kind)
{
    static struct status s;
    *kind = 0;
    for (size_t i = 0; i < run->home.nodes_len; i++) {
        const struct home_node *n = &run->home.nodes[i];
        for (size_t r = 0; r < n->resources_len; r++) {
            if (!tomte_channel_name_equal(&n->resources[r].is.channel, name))
                continue;
            *addr = n->addr;
            *kind = n->resources[r].is.kind;
            return TOMTE_OK;
        }
    }
    client_set_timeout(c, 1000);
    for (size_t i = 0; i < run->home.nodes_len; i++) {
        if (status_get(c, &run->home.nodes[i].addr, &s) != TOMTE_OK ||
            status_cell(&s, name) == NULL)
            continue;
        *addr = run->home.nodes[i].addr;
        return TOMTE_OK;
    }
    return TOMTE_ERR_NOT_FOUND;
}

static void copy_detail(const struct client_answer *a, char detail[256])
{
    struct tomte_text t;
    tomte_text_init(&t, detail, 256);
    if (a->data != NULL && a->err != TOMTE_OK)
        tomte_text_span(&t, TOMTE_SPAN(a->data, a->len));
}

enum tomte_err send_command(struct home_run *run, struct client *c,
                            const struct tomte_command *command,
                            char detail[256])
{
    static uint8_t memory[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_span bytes;
    detail[0] = 0;
    enum tomte_err err =
        tomte_command_encode(command, TOMTE_BUF_ARRAY(memory), &bytes);
    if (err != TOMTE_OK)
        return err;
    struct tomte_addr keeper = leading_keeper(run, c);
    struct client_answer a =
        client_send(c, &keeper, TOMTE_COAP_POST, "/.tomte/command", NULL,
                    TOMTE_FORMAT_CBOR, bytes);
    copy_detail(&a, detail);
    return a.err;
}

/* A path, or the name of a container that is shipped beside the program. */
static struct tomte_buf read_image(const struct home_run *run, const char *name)
{
    char path[RUN_DIR_MAX + HOME_PATH_MAX + 32];
    const char *slash = strrchr(run->program, '/');
    struct tomte_buf image = file_read(name, TOMTE_IMAGE_BYTES_MAX);
    if (image.data != NULL)
        return image;
    snprintf(path, sizeof path, "%.*s/containers/%s.image",
             (int)(slash == NULL ? 0 : slash - run->program), run->program,
             name);
    return file_read(path, TOMTE_IMAGE_BYTES_MAX);
}

static enum tomte_err put_image(struct home_run *run, struct client *c,
                                struct tomte_span image,
                                const uint8_t digest[32], char detail[256])
{
    char path[128];
    struct tomte_text t;
    tomte_text_init(&t, path, sizeof path);
    tomte_text_str(&t, "/.tomte/blob/");
    tomte_text_hex(&t, TOMTE_SPAN(digest, 32));
    struct tomte_addr keeper = leading_keeper(run, c);
    struct client_answer a =
        client_send(c, &keeper, TOMTE_COAP_PUT, path, NULL, -1, image);
    copy_detail(&a, detail);
    return a.err;
}

static enum tomte_err container_command(const struct home_container *container,
                                        const struct tomte_image *image,
                                        struct tomte_command *command)
{
    tomte_command_init(command, TOMTE_COMMAND_CONTAINER, container->identity);
    tomte_image_digest(tomte_crypto_hub(), image->bytes, command->digest);
    command->manifest = image->manifest;
    command->afresh = container->afresh;
    for (size_t i = 0; i < container->binds_len; i++) {
        const struct home_bind *b = &container->binds[i];
        command->binds[command->binds_len++] = (struct tomte_bind){
            .port = b->port, .channel = b->channel, .place = b->place};
    }
    return TOMTE_OK;
}

/* A new version is where it may run before the old one makes room for it, so
 * that nothing waits for it. Who cannot be reached fetches it later. */
static void stage_image(struct home_run *run, struct client *c,
                        const struct home_container *container,
                        struct tomte_span image, const uint8_t digest[32])
{
    char path[128];
    struct tomte_text t;
    struct tomte_addr keeper = leading_keeper(run, c);
    snprintf(path, sizeof path, "/.tomte/why/%.*s",
             (int)container->identity.len, container->identity.text);
    if (client_get(c, &keeper, path, NULL).err != TOMTE_OK)
        return; /* there is no old one */
    tomte_text_init(&t, path, sizeof path);
    tomte_text_str(&t, "/.tomte/blob/");
    tomte_text_hex(&t, TOMTE_SPAN(digest, 32));
    for (size_t i = 0; i < run->home.nodes_len; i++)
        if (!tomte_addr_equal(&run->home.nodes[i].addr, &keeper))
            (void)client_send(c, &run->home.nodes[i].addr, TOMTE_COAP_PUT, path,
                              NULL, -1, image);
}

/* Before anything is sent; the keeper and the nodes judge by themselves. */
static enum tomte_err judge_image(const struct home_run *run,
                                  const struct tomte_image *image,
                                  const struct tomte_name *identity,
                                  char detail[256])
{
    static uint8_t memory[TOMTE_AUTHORS_BYTES_MAX];
    struct tomte_image_report report;
    struct tomte_span authors;
    if (!authors_of_home(&run->home, run->program, TOMTE_BUF_ARRAY(memory),
                         &authors, detail))
        return TOMTE_ERR_INVALID;
    enum tomte_err err = tomte_image_judge(tomte_crypto_hub(), image, authors,
                                           identity, &report);
    snprintf(detail, 256, "%s", report.text);
    return err;
}

enum tomte_err deploy_image(struct home_run *run, struct client *c,
                            const struct home_container *container,
                            char detail[256])
{
    static struct tomte_command command;
    struct tomte_image image;
    struct tomte_buf bytes = read_image(run, container->image);
    detail[0] = 0;
    if (bytes.data == NULL) {
        snprintf(detail, 256, "%.200s: " NO_IMAGE, container->image);
        return TOMTE_ERR_NOT_FOUND;
    }
    enum tomte_err err =
        tomte_image_open(TOMTE_SPAN(bytes.data, bytes.cap), &image);
    if (err == TOMTE_ERR_DENIED)
        snprintf(detail, 256, "%.200s is not signed; pack it again",
                 container->image);
    if (err == TOMTE_OK)
        err = judge_image(run, &image, &container->identity, detail);
    if (err == TOMTE_OK)
        err = container_command(container, &image, &command);
    if (err == TOMTE_OK)
        err = put_image(run, c, image.bytes, command.digest, detail);
    if (err == TOMTE_OK)
        stage_image(run, c, container, image.bytes, command.digest);
    if (err == TOMTE_OK)
        err = send_command(run, c, &command, detail);
    if (err == TOMTE_OK && container->prefer.len > 0) {
        struct tomte_command pin;
        tomte_command_init(&pin, TOMTE_COMMAND_PIN, container->identity);
        pin.node = container->prefer;
        err = send_command(run, c, &pin, detail);
    }
    free(bytes.data);
    return err;
}

void json_text(struct tomte_span text)
{
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t ch = text.data[i];
        if (ch == '"' || ch == '\\')
            printf("\\%c", ch);
        else if (ch < 0x20)
            printf("\\u%04x", ch);
        else
            putchar(ch);
    }
    putchar('"');
}

void done(bool json, const char *verb, const char *name, const char *text)
{
    if (!json) {
        if (text != NULL)
            puts(text);
        return;
    }
    printf("{\"done\":");
    json_text(tomte_span_str(verb));
    printf(",\"name\":");
    json_text(tomte_span_str(name));
    puts("}");
}
