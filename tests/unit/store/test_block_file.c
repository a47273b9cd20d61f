/* SPDX-License-Identifier: Apache-2.0 */
/* The block device in a file, and a store on it. */
#define _GNU_SOURCE
#include "linux/block_file.h"
#include "store/store.h"

#include "test.h"

#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR TOMTE_BLOCK_FILE_SECTOR

static char dir[64], path[80], lock_path[90];
static struct tomte_block_file file;
static struct tomte_store s;
static uint8_t memory[16384];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/tomte-store-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/store", dir);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
}

static void teardown(void)
{
    tomte_block_file_close(&file);
    unlink(path);
    unlink(lock_path);
    rmdir(dir);
}

static enum tomte_err mount_store(void)
{
    struct tomte_store_report report;
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {.block = tomte_block_file_block(&file),
                                        .arena = &arena,
                                        .records_max = 100,
                                        .logs_max = 4,
                                        .blobs_max = 4};
    return tomte_store_mount(&s, &config, &report);
}

static void make_store(uint32_t sectors, uint32_t reserved)
{
    CHECK_OK(tomte_block_file_open(&file, path, sectors, reserved));
    struct tomte_block block = tomte_block_file_block(&file);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, mount_store());
    CHECK_OK(tomte_store_format(&block, 6));
    CHECK_OK(mount_store());
}

static struct tomte_span big(uint8_t value)
{
    static uint8_t bytes[3 * SECTOR];
    memset(bytes, value, sizeof bytes);
    return TOMTE_SPAN_ARRAY(bytes);
}

static enum tomte_err write_blob(const char *name, struct tomte_span content)
{
    struct tomte_store_writer w;
    enum tomte_err err = tomte_store_blob_begin(&s, &w, tomte_span_str(name),
                                                (uint32_t)content.len);
    if (err == TOMTE_OK)
        err = tomte_store_blob_write(&s, &w, content);
    if (err == TOMTE_OK)
        err = tomte_store_blob_commit(&s, &w);
    tomte_store_blob_abort(&s, &w);
    return err;
}

static off_t file_size(void)
{
    struct stat st;
    CHECK_EQ(0, stat(path, &st));
    return st.st_size;
}

TEST(a_file_holds_a_store_and_grows)
{
    struct tomte_store_blob_info info;
    struct tomte_span mapped;
    struct stat st;
    uint8_t bytes[10];
    size_t len;
    setup();
    make_store(1000, 0);
    CHECK(file_size() <= 2 * SECTOR);
    CHECK_EQ(0, stat(path, &st));
    CHECK_EQ(0600, st.st_mode & 0777);
    CHECK_OK(tomte_store_put(&s, TOMTE_SPAN_LIT("k"), TOMTE_SPAN_LIT("value")));
    CHECK_OK(write_blob("image", big(7)));
    CHECK_OK(tomte_store_sync(&s));
    CHECK_EQ(9 * SECTOR, file_size());
    tomte_block_file_close(&file);

    CHECK_OK(tomte_block_file_open(&file, path, 1000, 0));
    CHECK_EQ(0, file.reason[0]);
    CHECK_OK(mount_store());
    CHECK_OK(
        tomte_store_get(&s, TOMTE_SPAN_LIT("k"), TOMTE_BUF_ARRAY(bytes), &len));
    CHECK_BYTES(TOMTE_SPAN_LIT("value"), TOMTE_SPAN(bytes, len));
    CHECK_OK(tomte_store_blob_find(&s, TOMTE_SPAN_LIT("image"), &info));
    CHECK_OK(tomte_store_blob_check(&s, &info));
    CHECK_OK(tomte_store_blob_map(&s, &info, &mapped));
    CHECK_BYTES(big(7), mapped);
    info.offset = 500 * SECTOR; /* behind the end: never a SIGBUS */
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_store_blob_map(&s, &info, &mapped));
    CHECK_OK(tomte_block_file_block(&file).read(&file, 900 * SECTOR,
                                                TOMTE_BUF_ARRAY(bytes)));
    CHECK_EQ(0xff, bytes[9]);
    teardown();
}

/* Reads of all lengths, between writes: what is kept of the file in memory is
 * never older than the file. */
TEST(reads_show_what_was_written)
{
    static uint8_t expected[4 * SECTOR], bytes[20000];
    struct tomte_random r;
    setup();
    CHECK_OK(tomte_block_file_open(&file, path, 4, 0));
    struct tomte_block block = tomte_block_file_block(&file);
    memset(expected, 0xff, sizeof expected);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_OK(block.erase(&file, i));
    tomte_random_init(&r, 1);
    for (int i = 0; i < 4000; i++) {
        uint32_t at = (uint32_t)tomte_random_below(&r, sizeof expected);
        uint32_t kind = (uint32_t)tomte_random_below(&r, 20);
        size_t len = tomte_random_below(&r, kind < 10 ? 100 : sizeof bytes);
        if (len > SECTOR - at % SECTOR)
            len = SECTOR - at % SECTOR;
        if (kind == 0) {
            CHECK_OK(block.erase(&file, at / SECTOR));
            memset(expected + at / SECTOR * SECTOR, 0xff, SECTOR);
        } else if (kind < 8) {
            tomte_random_fill(&r, TOMTE_BUF(bytes, len));
            CHECK_OK(block.program(&file, at, TOMTE_SPAN(bytes, len)));
            memcpy(expected + at, bytes, len);
        } else {
            CHECK_OK(block.read(&file, at, TOMTE_BUF(bytes, len)));
            CHECK_BYTES(TOMTE_SPAN(expected + at, len), TOMTE_SPAN(bytes, len));
        }
    }
    teardown();
}

TEST(reserved_sectors_have_their_space_from_the_start)
{
    struct stat st;
    setup();
    make_store(100, 8);
    CHECK_EQ(8 * SECTOR, file_size());
    CHECK_EQ(0, stat(path, &st));
    CHECK(st.st_blocks * 512 >= 8 * SECTOR);
    teardown();
}

TEST(two_never_share_a_storage)
{
    struct tomte_block_file second;
    char expected[160];
    setup();
    make_store(100, 0);
    CHECK_EQ(TOMTE_ERR_AGAIN, tomte_block_file_open(&second, path, 100, 0));
    snprintf(expected, sizeof expected, "%s is in use by process %ld", path,
             (long)getpid());
    CHECK_BYTES(tomte_span_str(expected), tomte_span_str(second.reason));
    pid_t child = fork();
    if (child == 0)
        _exit(tomte_block_file_open(&second, path, 100, 0) == TOMTE_ERR_AGAIN
                  ? 0
                  : 1);
    int status;
    CHECK_EQ(child, waitpid(child, &status, 0));
    CHECK_EQ(0, status);
    tomte_block_file_close(&file);
    CHECK_OK(tomte_block_file_open(&file, path, 100, 0));
    teardown();
}

TEST(what_cannot_be_opened_says_why)
{
    setup();
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_block_file_open(&file, "/nowhere/at/all", 100, 0));
    CHECK(strstr(file.reason, "/nowhere/at/all") != NULL);
    CHECK(strstr(file.reason, "No such file") != NULL);
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_block_file_open(&file, path, 65536, 0));
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_block_file_open(&file, path, 10, 11));
    CHECK_EQ(0, mkdir(path, 0700));
    CHECK_EQ(TOMTE_ERR_IO, tomte_block_file_open(&file, path, 100, 0));
    CHECK(strstr(file.reason, "Is a directory") != NULL);
    rmdir(path);
    teardown();
}

/* A child writes and syncs until it is killed in the middle; all that it said
 * was synced is there. */
TEST(a_killed_process_leaves_its_synced_records)
{
    int ends[2];
    setup();
    make_store(20, 0);
    tomte_block_file_close(&file);
    CHECK_EQ(0, pipe(ends));
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        if (tomte_block_file_open(&file, path, 20, 0) != TOMTE_OK ||
            mount_store() != TOMTE_OK)
            _exit(1);
        for (uint32_t i = 1;; i++) {
            uint8_t key = (uint8_t)(i % 50);
            if (tomte_store_put(&s, TOMTE_SPAN(&key, 1), TOMTE_SPAN(&i, 4)) !=
                    TOMTE_OK ||
                tomte_store_sync(&s) != TOMTE_OK || write(ends[1], &i, 4) != 4)
                _exit(2);
        }
    }
    close(ends[1]);
    uint32_t last = 0, next;
    while (last < 500 && read(ends[0], &next, 4) == 4)
        last = next;
    kill(child, SIGKILL);
    while (read(ends[0], &next, 4) == 4)
        last = next;
    close(ends[0]);
    CHECK_EQ(child, waitpid(child, NULL, 0));
    CHECK(last >= 500);
    CHECK_OK(tomte_block_file_open(&file, path, 20, 0));
    CHECK_OK(mount_store());
    for (uint32_t i = last - 40; i <= last; i++) {
        uint8_t key = (uint8_t)(i % 50);
        uint32_t value = 0;
        size_t len;
        CHECK_OK(tomte_store_get(&s, TOMTE_SPAN(&key, 1),
                                 TOMTE_BUF((uint8_t *)&value, 4), &len));
        CHECK_EQ(i, value);
    }
    teardown();
}

/* ---- a disk that is full ---------------------------------------------- */

/* Blobs until there is no more space; the ring, whose space is reserved, goes
 * on. 0 when all is as it should be, else the line that was not. */
static int fill_disk(void)
{
#define MUST(cond)                                                             \
    if (!(cond))                                                               \
    return __LINE__
    char name[2] = "a";
    enum tomte_err err = TOMTE_OK;
    while (err == TOMTE_OK && name[0] < 'd') {
        err = write_blob(name, big((uint8_t)name[0]));
        name[0]++;
    }
    MUST(err == TOMTE_ERR_NO_SPACE);
    MUST(name[0] > 'b');
    for (uint32_t i = 0; i < 8000; i++) { /* laps of the ring */
        uint8_t key = (uint8_t)(i % 50);
        MUST(tomte_store_put(&s, TOMTE_SPAN(&key, 1), TOMTE_SPAN(dir, 64)) ==
             TOMTE_OK);
    }
    MUST(tomte_store_sync(&s) == TOMTE_OK);
    MUST(mount_store() == TOMTE_OK);
    struct tomte_store_blob_info info;
    MUST(tomte_store_blob_find(&s, TOMTE_SPAN_LIT("a"), &info) == TOMTE_OK);
    MUST(tomte_store_blob_check(&s, &info) == TOMTE_OK);
    MUST(tomte_store_blob_remove(&s, TOMTE_SPAN_LIT("a")) == TOMTE_OK);
    MUST(write_blob("z", big(1)) == TOMTE_OK); /* where `a` was */
    return 0;
#undef MUST
}

TEST(a_file_size_limit_is_no_space)
{
    setup();
    make_store(100, 6);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {10 * SECTOR, 10 * SECTOR};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(fill_disk() & 0xff);
    }
    int status;
    CHECK_EQ(child, waitpid(child, &status, 0));
    CHECK(WIFEXITED(status));
    CHECK_EQ(0, WEXITSTATUS(status));
    teardown();
}

/* In a mount name space of its own; 255: not permitted here. In a chroot `/` is
 * no mount point that could be made private, so what is mounted is unmounted
 * again. */
static int on_small_tmpfs(void)
{
    if (unshare(CLONE_NEWNS | (geteuid() != 0 ? CLONE_NEWUSER : 0)) != 0)
        return 255;
    (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (mount("tmpfs", dir, "tmpfs", 0, "size=700k") != 0)
        return 255;
    make_store(100, 6);
    int result = fill_disk() & 0xff;
    umount2(dir, MNT_DETACH);
    return result;
}

TEST(a_full_file_system_is_no_space)
{
    setup();
    pid_t child = fork();
    if (child == 0)
        _exit(on_small_tmpfs());
    int status;
    CHECK_EQ(child, waitpid(child, &status, 0));
    teardown();
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) == 255)
        SKIP("the right to mount a tmpfs");
    CHECK_EQ(0, WEXITSTATUS(status));
}
