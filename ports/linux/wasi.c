/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/wasi.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Numbers of the witx description: errno, filetype, rights, eventtype. */
enum {
    E_SUCCESS = 0,
    E_AGAIN = 6,
    E_BADF = 8,
    E_FAULT = 21,
    E_INTR = 27,
    E_INVAL = 28,
    E_IO = 29,
    E_NOSPC = 51,
    E_NOSYS = 52,
    E_PIPE = 64,
    E_SPIPE = 70,
};
enum { TYPE_UNKNOWN = 0, TYPE_CHARACTER_DEVICE = 2, TYPE_REGULAR = 4 };
enum { RIGHT_READ = 2, RIGHT_WRITE = 64 };
enum { EVENT_CLOCK = 0 };

#define STREAMS            3
#define SUBSCRIPTION_BYTES 48
#define EVENT_BYTES        32
#define SUBSCRIPTIONS_MAX  1024
#define IOVECS_MAX         1024
#define CLOCK_ABSOLUTE     1
#define NS_PER_S           UINT64_C(1000000000)

/* Answers with an errno. */
typedef unsigned (*wasi_fn)(struct wasi *wasi, struct tomte_wasm_call *call);

static uint8_t *at(struct tomte_wasm_call *call, uint32_t address, uint32_t len)
{
    return tomte_wasm_memory_at(call->instance, address, len);
}

static bool put32(struct tomte_wasm_call *call, uint32_t address, uint32_t v)
{
    uint8_t *p = at(call, address, 4);
    if (p != NULL)
        tomte_put_le32(p, v);
    return p != NULL;
}

static bool put64(struct tomte_wasm_call *call, uint32_t address, uint64_t v)
{
    uint8_t *p = at(call, address, 8);
    if (p != NULL)
        tomte_put_le64(p, v);
    return p != NULL;
}

static unsigned error_of(int err)
{
    switch (err) {
    case EAGAIN:
        return E_AGAIN;
    case EBADF:
        return E_BADF;
    case EINTR:
        return E_INTR;
    case EINVAL:
        return E_INVAL;
    case ENOSPC:
        return E_NOSPC;
    case EPIPE:
        return E_PIPE;
    case ESPIPE:
        return E_SPIPE;
    default:
        return E_IO;
    }
}

/* ---- arguments and environment: a list of texts ---- */

static unsigned sizes(struct tomte_wasm_call *call, const char *const *texts,
                      int count)
{
    uint32_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += (uint32_t)strlen(texts[i]) + 1;
    return put32(call, call->args[0], (uint32_t)count) &&
                   put32(call, call->args[1], bytes)
               ? E_SUCCESS
               : E_FAULT;
}

/* args[0]: an array of pointers; args[1]: the texts, one behind the other. */
static unsigned texts_get(struct tomte_wasm_call *call,
                          const char *const *texts, int count)
{
    uint32_t to = call->args[1];
    for (int i = 0; i < count; i++) {
        uint32_t len = (uint32_t)strlen(texts[i]) + 1;
        uint8_t *p = at(call, to, len);
        if (p == NULL || !put32(call, call->args[0] + 4 * (uint32_t)i, to))
            return E_FAULT;
        memcpy(p, texts[i], len);
        to += len;
    }
    return E_SUCCESS;
}

static unsigned args_sizes_get(struct wasi *w, struct tomte_wasm_call *call)
{
    return sizes(call, w->argv, w->argc);
}

static unsigned args_get(struct wasi *w, struct tomte_wasm_call *call)
{
    return texts_get(call, w->argv, w->argc);
}

static unsigned environ_sizes_get(struct wasi *w, struct tomte_wasm_call *call)
{
    return sizes(call, w->env, w->envc);
}

static unsigned environ_get(struct wasi *w, struct tomte_wasm_call *call)
{
    return texts_get(call, w->env, w->envc);
}

/* ---- clocks, chance, the end ---- */

/* The four clocks have the numbers of clockid: realtime, monotonic, and the
 * processor time of process and thread, which is that of all of us. */
static bool clock_of(uint32_t id, clockid_t *clock)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
                                       CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};
    if (id >= sizeof clocks / sizeof clocks[0])
        return false;
    *clock = clocks[id];
    return true;
}

static uint64_t in_ns(struct timespec t)
{
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static unsigned clock_get(struct tomte_wasm_call *call, uint32_t to,
                          int (*get)(clockid_t, struct timespec *))
{
    clockid_t clock;
    struct timespec t;
    if (!clock_of(call->args[0], &clock))
        return E_INVAL;
    if (get(clock, &t) != 0)
        return error_of(errno);
    return put64(call, to, in_ns(t)) ? E_SUCCESS : E_FAULT;
}

static unsigned clock_res_get(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    return clock_get(call, call->args[1], clock_getres);
}

static unsigned clock_time_get(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    return clock_get(call, call->args[3], clock_gettime);
}

static unsigned random_get(struct wasi *w, struct tomte_wasm_call *call)
{
    uint8_t *p = at(call, call->args[0], call->args[1]);
    (void)w;
    if (p == NULL)
        return E_FAULT;
    for (uint32_t got = 0; got < call->args[1];) {
        ssize_t n = getrandom(p + got, call->args[1] - got, 0);
        if (n < 0 && errno != EINTR)
            return E_IO;
        got += n > 0 ? (uint32_t)n : 0;
    }
    return E_SUCCESS;
}

static unsigned proc_exit(struct wasi *w, struct tomte_wasm_call *call)
{
    w->exited = true;
    w->status = (int)(call->args[0] & 0xff);
    return E_SUCCESS;
}

static unsigned do_nothing(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    (void)call;
    return E_SUCCESS;
}

/* ---- the three streams ---- */

/* Which are open is the process's own affair; ours are never closed. */
static bool is_stream(const struct tomte_wasm_call *call)
{
    return call->args[0] < STREAMS;
}

typedef ssize_t (*transfer_fn)(int fd, uint8_t *p, size_t len);

static ssize_t read_some(int fd, uint8_t *p, size_t len)
{
    return read(fd, p, len);
}

static ssize_t write_some(int fd, uint8_t *p, size_t len)
{
    return write(fd, p, len);
}

/* args: stream, array of pointer and length, its length, where to say how
 * many. It ends where less than asked for is moved. */
static unsigned transfer(struct tomte_wasm_call *call, transfer_fn some)
{
    uint32_t moved = 0;
    if (!is_stream(call))
        return E_BADF;
    if (call->args[2] > IOVECS_MAX)
        return E_INVAL;
    fflush(stdout);
    for (uint32_t i = 0; i < call->args[2]; i++) {
        const uint8_t *vec = at(call, call->args[1] + 8 * i, 8);
        if (vec == NULL)
            return E_FAULT;
        uint32_t len = tomte_get_le32(vec + 4);
        uint8_t *p = at(call, tomte_get_le32(vec), len);
        if (p == NULL)
            return E_FAULT;
        if (len == 0)
            continue;
        ssize_t n = some((int)call->args[0], p, len);
        if (n < 0 && moved == 0)
            return error_of(errno);
        moved += n > 0 ? (uint32_t)n : 0;
        if (n < (ssize_t)len)
            break;
    }
    return put32(call, call->args[3], moved) ? E_SUCCESS : E_FAULT;
}

static unsigned fd_read(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    return transfer(call, read_some);
}

static unsigned fd_write(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    return transfer(call, write_some);
}

static unsigned fd_close(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    return is_stream(call) ? E_SUCCESS : E_BADF;
}

static unsigned fd_seek(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    return is_stream(call) ? E_SPIPE : E_BADF;
}

static uint8_t type_of(int fd)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return TYPE_UNKNOWN;
    return S_ISCHR(s.st_mode)   ? TYPE_CHARACTER_DEVICE
           : S_ISREG(s.st_mode) ? TYPE_REGULAR
                                : TYPE_UNKNOWN;
}

/* fdstat: type (1 byte), flags (2, at 2), rights (8, at 8), and those of what
 * is opened from it (8, at 16). */
static unsigned fd_fdstat_get(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    uint8_t *p = at(call, call->args[1], 24);
    if (!is_stream(call))
        return E_BADF;
    if (p == NULL)
        return E_FAULT;
    memset(p, 0, 24);
    p[0] = type_of((int)call->args[0]);
    tomte_put_le64(p + 8, call->args[0] == 0 ? RIGHT_READ : RIGHT_WRITE);
    return E_SUCCESS;
}

/* filestat: device, node, type (1 byte, at 16), links, size, three times. */
static unsigned fd_filestat_get(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    uint8_t *p = at(call, call->args[1], 64);
    if (!is_stream(call))
        return E_BADF;
    if (p == NULL)
        return E_FAULT;
    memset(p, 0, 64);
    p[16] = type_of((int)call->args[0]);
    return E_SUCCESS;
}

/* No folder is open: libraries ask from 3 on until they are told so. */
static unsigned no_descriptor(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    (void)call;
    return E_BADF;
}

static unsigned no_function(struct wasi *w, struct tomte_wasm_call *call)
{
    (void)w;
    (void)call;
    return E_NOSYS;
}

/* ---- waiting ---- */

/* How long the subscription waits; 0 for a stream, which is always ready. */
static uint64_t wait_ns(const uint8_t *s)
{
    clockid_t clock;
    struct timespec now;
    uint64_t until = tomte_get_le64(s + 24);
    if (s[8] != EVENT_CLOCK || !clock_of(tomte_get_le32(s + 16), &clock) ||
        clock_gettime(clock, &now) != 0)
        return 0;
    if ((tomte_get_le16(s + 40) & CLOCK_ABSOLUTE) == 0)
        return until;
    return until > in_ns(now) ? until - in_ns(now) : 0;
}

/* args: subscriptions, where events go, how many there are, where to say how
 * many happened. It waits for what comes first. */
static unsigned poll_oneoff(struct wasi *w, struct tomte_wasm_call *call)
{
    uint32_t count = call->args[2], happened = 0;
    uint64_t least = UINT64_MAX;
    (void)w;
    if (count == 0 || count > SUBSCRIPTIONS_MAX)
        return E_INVAL;
    const uint8_t *in = at(call, call->args[0], count * SUBSCRIPTION_BYTES);
    uint8_t *out = at(call, call->args[1], count * EVENT_BYTES);
    if (in == NULL || out == NULL)
        return E_FAULT;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t ns = wait_ns(in + i * SUBSCRIPTION_BYTES);
        least = ns < least ? ns : least;
    }
    struct timespec t = {(time_t)(least / NS_PER_S), (long)(least % NS_PER_S)};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t event[EVENT_BYTES] = {0};
        const uint8_t *s = in + i * SUBSCRIPTION_BYTES;
        bool clock = s[8] == EVENT_CLOCK;
        if (clock ? wait_ns(s) > least : least != 0)
            continue;
        memcpy(event, s, 8);
        event[10] = s[8];
        memcpy(out + happened++ * EVENT_BYTES, event, sizeof event);
    }
    return put32(call, call->args[3], happened) ? E_SUCCESS : E_FAULT;
}

/* ---- the table ---- */

#define WASI_TABLE(F)                                                          \
    F(args_get, "ii:i", args_get)                                              \
    F(args_sizes_get, "ii:i", args_sizes_get)                                  \
    F(environ_get, "ii:i", environ_get)                                        \
    F(environ_sizes_get, "ii:i", environ_sizes_get)                            \
    F(clock_res_get, "ii:i", clock_res_get)                                    \
    F(clock_time_get, "iIi:i", clock_time_get)                                 \
    F(fd_advise, "iIIi:i", no_function)                                        \
    F(fd_allocate, "iII:i", no_function)                                       \
    F(fd_close, "i:i", fd_close)                                               \
    F(fd_datasync, "i:i", no_function)                                         \
    F(fd_fdstat_get, "ii:i", fd_fdstat_get)                                    \
    F(fd_fdstat_set_flags, "ii:i", no_function)                                \
    F(fd_fdstat_set_rights, "iII:i", no_function)                              \
    F(fd_filestat_get, "ii:i", fd_filestat_get)                                \
    F(fd_filestat_set_size, "iI:i", no_function)                               \
    F(fd_filestat_set_times, "iIIi:i", no_function)                            \
    F(fd_pread, "iiiIi:i", no_function)                                        \
    F(fd_prestat_get, "ii:i", no_descriptor)                                   \
    F(fd_prestat_dir_name, "iii:i", no_descriptor)                             \
    F(fd_pwrite, "iiiIi:i", no_function)                                       \
    F(fd_read, "iiii:i", fd_read)                                              \
    F(fd_readdir, "iiiIi:i", no_descriptor)                                    \
    F(fd_renumber, "ii:i", no_function)                                        \
    F(fd_seek, "iIii:i", fd_seek)                                              \
    F(fd_sync, "i:i", no_function)                                             \
    F(fd_tell, "ii:i", fd_seek)                                                \
    F(fd_write, "iiii:i", fd_write)                                            \
    F(path_create_directory, "iii:i", no_descriptor)                           \
    F(path_filestat_get, "iiiii:i", no_descriptor)                             \
    F(path_filestat_set_times, "iiiiIIi:i", no_descriptor)                     \
    F(path_link, "iiiiiii:i", no_descriptor)                                   \
    F(path_open, "iiiiiIIii:i", no_descriptor)                                 \
    F(path_readlink, "iiiiii:i", no_descriptor)                                \
    F(path_remove_directory, "iii:i", no_descriptor)                           \
    F(path_rename, "iiiiii:i", no_descriptor)                                  \
    F(path_symlink, "iiiii:i", no_descriptor)                                  \
    F(path_unlink_file, "iii:i", no_descriptor)                                \
    F(poll_oneoff, "iiii:i", poll_oneoff)                                      \
    F(proc_raise, "i:i", no_function)                                          \
    F(sched_yield, ":i", do_nothing)                                           \
    F(proc_exit, "i:", proc_exit)                                              \
    F(random_get, "ii:i", random_get)                                          \
    F(sock_accept, "iii:i", no_function)                                       \
    F(sock_recv, "iiiiii:i", no_function)                                      \
    F(sock_send, "iiiii:i", no_function)

enum {
#define F(name, type, fn) NUMBER_##name,
    WASI_TABLE(F)
#undef F
};

static const wasi_fn functions[WASI_FUNCTIONS] = {
#define F(name, type, fn) [NUMBER_##name] = fn,
    WASI_TABLE(F)
#undef F
};

static enum tomte_wasm_host_result answer(struct tomte_wasm_call *call)
{
    struct wasi *wasi = call->user;
    unsigned error = functions[call->func->tag](wasi, call);
    if (wasi->exited) {
        call->trap_text = "the program has ended";
        return TOMTE_WASM_HOST_TRAP;
    }
    call->results[0] = error;
    return TOMTE_WASM_HOST_DONE;
}

const struct tomte_wasm_host_func wasi_functions[WASI_FUNCTIONS] = {
#define F(name, type, fn)                                                      \
    [NUMBER_##name] = {WASI_MODULE, #name, type, answer, NUMBER_##name},
    WASI_TABLE(F)
#undef F
};
