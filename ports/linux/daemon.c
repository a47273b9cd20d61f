/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/daemon.h"

#include "cbor/senml.h"
#include "ace/charter.h"
#include "linux/author_file.h"
#include "linux/block_file.h"
#include "linux/crypto_hub.h"
#include "linux/driver.h"
#include "linux/key_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define STORAGE_SECTORS 256u /* of 64 KiB */
#define STORAGE_RING    64u  /* a quarter, as node/node.c formats it */
#define DATAGRAMS_MAX   32   /* taken from the socket at one time */
#define YEAR_2024       1704067200

struct daemon {
    const struct daemon_config *config;
    uv_loop_t loop;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_signal_t signals[2];
    int fd;
    FILE *log;
    struct tomte_block_file file;
    struct tomte_block block;
    struct tomte_node_resource resources[TOMTE_LIMIT_RESOURCES];
    uint8_t authors[TOMTE_AUTHORS_BYTES_MAX];
    struct tomte_arena arena;
    struct tomte_node *node;
    struct drivers drivers;
    bool told_full; /* that there is no space on the disk */
    int status;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- lines ---- */

static void echo(const struct daemon *d, const char *stamp, char level,
                 const char *text)
{
    const struct tomte_name *n = &d->config->node->name;
    if (!d->config->json) {
        printf("%s %.*s %c %s\n", stamp, (int)n->len, n->text, level, text);
        return;
    }
    printf("{\"time\":\"%s\",\"node\":\"%.*s\",\"level\":\"%c\",\"text\":\"",
           stamp, (int)n->len, n->text, level);
    for (; *text != 0; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : "%c",
               (unsigned char)*text < 0x20 ? ' ' : *text);
    puts("\"}");
}

static void line(struct daemon *d, char level, const char *text)
{
    struct timespec t;
    struct tm tm;
    char day[24], stamp[40];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(stamp, sizeof stamp, "%s.%03ldZ", day, t.tv_nsec / 1000000);
    if (d->log != NULL) {
        fprintf(d->log, "%s %c %s\n", stamp, level, text);
        fflush(d->log);
    }
    if (d->config->echo)
        echo(d, stamp, level, text);
}

static void driver_line(void *ctx, const char *text)
{
    line(ctx, 'w', text);
}

__attribute__((format(printf, 2, 3))) static int fail(struct daemon *d,
                                                      const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "tomte: node %.*s: %s\n", (int)d->config->node->name.len,
            d->config->node->name.text, text);
    line(d, 'e', text);
    return 1;
}

/* ---- effects ---- */

/* What a node sends to itself never leaves the machine. */
static void send_datagram(struct daemon *d, const struct tomte_addr *to,
                          struct tomte_span bytes)
{
    const struct home_node *me = d->config->node;
    if (tomte_addr_equal(to, &me->addr))
        to = &me->listen;
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons(to->port)};
    memcpy(&in.sin_addr, to->ip + 12, 4);
    if (!tomte_addr_is_loopback(to))
        return; /* until channels are secured */
    /* One that does not leave is as one that is lost: it will be repeated. */
    (void)!sendto(d->fd, bytes.data, bytes.len, MSG_DONTWAIT,
                  (struct sockaddr *)&in, sizeof in);
}

static void drive(struct daemon *d, size_t resource, struct tomte_span senml)
{
    struct tomte_senml record;
    double value = 0;
    if (tomte_senml_decode(senml, TOMTE_CBOR_LENIENT, &record) != TOMTE_OK)
        return;
    if (record.value.type == TOMTE_SENML_BOOL)
        value = record.value.b;
    else if (tomte_senml_number(&record.value, &value) != TOMTE_OK)
        return;
    drivers_set(&d->drivers, resource, value);
}

static void drain(struct daemon *d)
{
    static const char levels[] = {'i', 'w', 'e'};
    struct tomte_node_effect e;
    while (tomte_node_poll(d->node, &e)) {
        if (e.kind == TOMTE_NODE_SEND)
            send_datagram(d, &e.to, e.bytes);
        else if (e.kind == TOMTE_NODE_DRIVE)
            drive(d, e.resource, e.bytes);
        else
            line(d, levels[e.level], e.text);
    }
}

static void on_timer(uv_timer_t *timer);

static void plan(struct daemon *d)
{
    uint64_t at = tomte_node_deadline(d->node), now = now_ms();
    if (at == UINT64_MAX)
        uv_timer_stop(&d->timer);
    else
        uv_timer_start(&d->timer, on_timer, at > now ? at - now : 0, 0);
}

/* What the node says of it does not name the place. */
static void tell_full(struct daemon *d)
{
    char text[600];
    if (d->file.full == d->told_full)
        return;
    d->told_full = d->file.full;
    snprintf(text, sizeof text, "%s/storage: %s", d->config->dir,
             d->file.full ? "no space left on its disk; until there is, this "
                            "node takes on nothing new"
                          : "there is space again");
    line(d, d->file.full ? 'e' : 'i', text);
}

static void step(struct daemon *d, struct tomte_node_event *event)
{
    event->now_ms = now_ms();
    tomte_node_step(d->node, event);
    drain(d);
    tell_full(d);
    if (tomte_node_broken(d->node)) {
        d->status = fail(d, "stops: its storage failed; start it again when "
                            "that is mended");
        uv_stop(&d->loop);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    struct tomte_node_event e = {.kind = TOMTE_NODE_TIMER};
    step(d, &e);
    plan(d);
}

/* A node knows itself by the address that others know it by. */
static struct tomte_addr sender(const struct daemon *d,
                                const struct sockaddr_in *from)
{
    uint8_t ip[4];
    memcpy(ip, &from->sin_addr, sizeof ip);
    struct tomte_addr addr = tomte_addr_ipv4(ip, ntohs(from->sin_port));
    return tomte_addr_equal(&addr, &d->config->node->listen)
               ? d->config->node->addr
               : addr;
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
    struct daemon *d = poll->data;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES + 1];
    struct sockaddr_in from;
    (void)events;
    for (int i = 0; status == 0 && i < DATAGRAMS_MAX; i++) {
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(d->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &len);
        if (n < 0)
            break;
        struct tomte_node_event e = {.kind = TOMTE_NODE_DATAGRAM,
                                     .from = sender(d, &from),
                                     .bytes = TOMTE_SPAN(bytes, (size_t)n)};
        step(d, &e);
    }
    plan(d);
}

static void on_reading(void *ctx, size_t index, double value)
{
    struct daemon *d = ctx;
    uint8_t memory[32];
    struct tomte_span bytes;
    struct tomte_senml record = {.value = tomte_senml_double(value)};
    if (tomte_senml_encode(&record, TOMTE_BUF_ARRAY(memory), &bytes) !=
        TOMTE_OK)
        return;
    struct tomte_node_event e = {
        .kind = TOMTE_NODE_READING, .resource = index, .bytes = bytes};
    step(d, &e);
    plan(d);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;
    (void)number;
    line(d, 'i', "ends");
    uv_stop(&d->loop);
}

/* ---- set-up ---- */

static int open_log(struct daemon *d)
{
    char path[512];
    if (mkdir(d->config->dir, 0700) != 0 && errno != EEXIST)
        return fail(d, "%s: %s", d->config->dir, strerror(errno));
    snprintf(path, sizeof path, "%s/log", d->config->dir);
    d->log = fopen(path, "ae");
    return d->log != NULL ? 0 : fail(d, "%s: %s", path, strerror(errno));
}

static int open_storage(struct daemon *d)
{
    char path[512];
    snprintf(path, sizeof path, "%s/storage", d->config->dir);
    enum tomte_err err =
        tomte_block_file_open(&d->file, path, STORAGE_SECTORS, STORAGE_RING);
    if (err != TOMTE_OK) {
        fail(d, "%s: %s", path,
             d->file.reason[0] != 0 ? d->file.reason : tomte_err_text(err));
        return tomte_err_exit_status(err);
    }
    d->block = tomte_block_file_block(&d->file);
    return 0;
}

static int open_socket(struct daemon *d)
{
    const struct tomte_addr *a = &d->config->node->listen;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    if (!tomte_addr_is_loopback(a) ||
        !tomte_addr_is_loopback(&d->config->node->addr)) {
        fail(d, "channels are not secured yet, so only loopback addresses "
                "(127.0.0.0/8) may be used");
        return 5;
    }
    memcpy(&in.sin_addr, a->ip + 12, 4);
    d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->fd < 0 || bind(d->fd, (struct sockaddr *)&in, sizeof in) != 0)
        return fail(d, "port %u: %s%s", a->port, strerror(errno),
                    errno == EADDRINUSE
                        ? "; another node, or another program, has it"
                        : "");
    int size = 1 << 20;
    setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return 0;
}

static int write_key(struct daemon *d)
{
    char path[512], error[256];
    uint8_t open[TOMTE_P256_PUBLIC_BYTES], there[TOMTE_P256_PUBLIC_BYTES];
    tomte_node_key(d->node, open);
    snprintf(path, sizeof path, "%s/key.pub", d->config->dir);
    if (key_file_read(path, TOMTE_BUF_ARRAY(there), false, error) &&
        memcmp(open, there, sizeof open) == 0)
        return 0;
    return key_file_write(path, TOMTE_SPAN_ARRAY(open), false, error)
               ? 0
               : fail(d, "%s", error);
}

static bool read_authors(struct daemon *d, struct tomte_span *list)
{
    char program[AUTHOR_PATH_MAX], error[256] = "no path to this program";
    if (author_program(program) &&
        authors_of_home(d->config->home, program, TOMTE_BUF_ARRAY(d->authors),
                        list, error))
        return true;
    fail(d, "%s", error);
    return false;
}

static int open_node(struct daemon *d)
{
    const struct daemon_config *c = d->config;
    uint8_t charter[TOMTE_CHARTER_BYTES_MAX];
    char path[512];
    struct tomte_node_config config = {.name = c->node->name,
                                       .place = c->node->place,
                                       .addr = c->node->addr,
                                       .keeper = homefile_keeper(c->home)->addr,
                                       .keeper_name =
                                           homefile_keeper(c->home)->name,
                                       .is_keeper = c->node->keeper,
                                       .sizes = tomte_node_sizes_default(),
                                       .power = c->node->power,
                                       .without = c->without,
                                       .resources = d->resources,
                                       .resource_count = c->node->resources_len,
                                       .block = &d->block,
                                       .crypto = tomte_crypto_hub(),
                                       .replica = c->replica};
    snprintf(path, sizeof path, "%s/charter", c->dir);
    config.charter =
        TOMTE_SPAN(charter, bytes_file_read(path, TOMTE_BUF_ARRAY(charter)));
    for (size_t i = 0; i < c->node->resources_len; i++)
        d->resources[i] = c->node->resources[i].is;
    if (time(NULL) > YEAR_2024)
        config.first_boot = (uint32_t)((time(NULL) - YEAR_2024) / 60);
    if (!config.is_keeper && config.replica == NULL)
        config.sizes.home_nodes = config.sizes.home_containers = 0;
    if (getrandom(&config.seed, sizeof config.seed, 0) != sizeof config.seed ||
        getrandom(config.entropy, sizeof config.entropy, 0) !=
            sizeof config.entropy)
        return fail(d, "no random numbers from the system");
    if (!read_authors(d, &config.authors))
        return 1;
    size_t size = tomte_node_memory(&config);
    tomte_arena_init(&d->arena, calloc(1, size), size);
    if (d->arena.base == NULL)
        return fail(d, "not enough memory: %zu bytes", size);
    enum tomte_err err =
        tomte_node_init(&d->node, &config, &d->arena, now_ms());
    tomte_wipe(config.entropy, sizeof config.entropy);
    if (err != TOMTE_OK) {
        fail(d, "%s/storage: %s", c->dir, tomte_err_text(err));
        return tomte_err_exit_status(err);
    }
    return write_key(d);
}

static void start_loop(struct daemon *d)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    uv_poll_init(&d->loop, &d->poll, d->fd);
    uv_timer_init(&d->loop, &d->timer);
    d->poll.data = d->timer.data = d;
    uv_poll_start(&d->poll, UV_READABLE, on_datagrams);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
        uv_signal_start(&d->signals[i], on_signal, numbers[i]);
    }
    d->drivers = (struct drivers){.loop = &d->loop,
                                  .home = d->config->home,
                                  .node = d->config->node,
                                  .reading = on_reading,
                                  .line = driver_line,
                                  .ctx = d};
    drivers_start(&d->drivers);
    drain(d);
    plan(d);
}

int daemon_run(const struct daemon_config *config)
{
    static struct daemon d;
    d = (struct daemon){.config = config, .fd = -1};
    if (config->die_with_parent)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    int status = open_log(&d);
    if (status == 0 && !config->key_only)
        status = open_socket(&d);
    if (status == 0)
        status = open_storage(&d);
    if (status == 0)
        status = open_node(&d);
    if (status != 0 || config->key_only)
        return status;
    uv_loop_init(&d.loop);
    start_loop(&d);
    line(&d, 'i', "starts");
    uv_run(&d.loop, UV_RUN_DEFAULT);
    drivers_stop(&d.drivers);
    tomte_node_wipe(d.node);
    tomte_block_file_close(&d.file);
    fclose(d.log);
    return d.status;
}
