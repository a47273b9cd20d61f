/* SPDX-License-Identifier: Apache-2.0 */
#include "home_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* $XDG_STATE_HOME/tomte, else ~/.local/state/tomte, else /tmp/tomte-UID. */
static void state_dir(char out[RUN_DIR_MAX])
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (xdg != NULL && xdg[0] == '/')
        snprintf(out, RUN_DIR_MAX, "%s/tomte", xdg);
    else if (home != NULL && home[0] == '/')
        snprintf(out, RUN_DIR_MAX, "%s/.local/state/tomte", home);
    else
        snprintf(out, RUN_DIR_MAX, "/tmp/tomte-%u", getuid());
}

void home_run_default_dir(char dir[RUN_DIR_MAX])
{
    const char *named = getenv("TOMTE_DIR");
    char state[RUN_DIR_MAX];
    if (named != NULL && named[0] != 0) {
        snprintf(dir, RUN_DIR_MAX, "%s", named);
        return;
    }
    state_dir(state);
    snprintf(dir, RUN_DIR_MAX, "%.500s/current", state);
}

static void find_program(struct home_run *run)
{
    ssize_t n =
        readlink("/proc/self/exe", run->program, sizeof run->program - 1);
    run->program[n > 0 ? n : 0] = 0;
}

bool home_run_open(struct home_run *run, const char *dir, char error[256])
{
    char path[RUN_DIR_MAX + 16], real[PATH_MAX];
    memset(run, 0, sizeof *run);
    find_program(run);
    if (dir != NULL)
        snprintf(run->dir, sizeof run->dir, "%s", dir);
    else
        home_run_default_dir(run->dir);
    snprintf(path, sizeof path, "%s/home.yaml", run->dir);
    if (realpath(path, real) == NULL || strlen(real) >= HOME_PATH_MAX) {
        snprintf(error, 256,
                 "no home runs in %.180s; start one with: tomte up "
                 "HOME.yaml",
                 run->dir);
        return false;
    }
    return homefile_load(real, &run->home, error);
}

static bool make_dirs(const char *path)
{
    char part[RUN_DIR_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p != 0; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return false;
        *p = '/';
    }
    return mkdir(part, 0700) == 0 || errno == EEXIST;
}

static void link_as(const char *target, const char *name)
{
    unlink(name);
    (void)!symlink(target, name);
}

bool home_run_make(struct home_run *run, const char *dir, const char *file,
                   char error[256])
{
    char real[PATH_MAX], path[RUN_DIR_MAX + 16], state[RUN_DIR_MAX];
    memset(run, 0, sizeof *run);
    find_program(run);
    if (realpath(file, real) == NULL || strlen(real) >= HOME_PATH_MAX) {
        snprintf(error, 256, "%.180s: %s", file, strerror(errno));
        return false;
    }
    if (!homefile_load(real, &run->home, error))
        return false;
    state_dir(state);
    if (dir != NULL)
        snprintf(run->dir, sizeof run->dir, "%s", dir);
    else
        snprintf(run->dir, sizeof run->dir, "%.400s/%.*s", state,
                 (int)run->home.name.len, run->home.name.text);
    if (!make_dirs(run->dir)) {
        snprintf(error, 256, "%.180s: %s", run->dir, strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "%s/home.yaml", run->dir);
    link_as(real, path);
    if (dir == NULL) {
        snprintf(path, sizeof path, "%.500s/current", state);
        link_as(run->dir, path);
    }
    return true;
}

/* ---- processes ---- */

static void pid_path(const struct home_run *run, const char *name,
                     char out[RUN_DIR_MAX + 64])
{
    snprintf(out, RUN_DIR_MAX + 64, "%s/%s.pid", run->dir, name);
}

static void write_pid(const struct home_run *run, const char *name, pid_t pid)
{
    char path[RUN_DIR_MAX + 64];
    pid_path(run, name, path);
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return;
    fprintf(f, "%d\n", (int)pid);
    fclose(f);
}

static pid_t spawn(const struct home_run *run, const char *name,
                   const char *const *argv, bool attached)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        setpgid(0, 0); /* a Ctrl-C is the parent's to deal with */
        if (attached)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (attached && getppid() != parent)
            _exit(1);
        dup2(null, 0);
        dup2(null, 1);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    if (pid > 0)
        write_pid(run, name, pid);
    return pid;
}

pid_t home_run_start_node(const struct home_run *run,
                          const struct home_node *node, bool attached)
{
    char name[TOMTE_NAME_MAX + 1] = {0}, dir[RUN_DIR_MAX + 64];
    memcpy(name, node->name.text, node->name.len);
    snprintf(dir, sizeof dir, "%s/%s", run->dir, name);
    const char *argv[16] = {run->program, "node", "--home", run->home.path,
                            "--name",     name,   "--dir",  dir};
    int n = 8;
    if (attached)
        argv[n++] = "--die-with-parent";
    if (run->without != NULL) {
        argv[n++] = "--without";
        argv[n++] = run->without;
    }
    argv[n] = NULL;
    return spawn(run, name, argv, attached);
}

pid_t home_run_make_key(const struct home_run *run,
                        const struct home_node *node)
{
    char name[TOMTE_NAME_MAX + 1] = {0}, dir[RUN_DIR_MAX + 64];
    memcpy(name, node->name.text, node->name.len);
    snprintf(dir, sizeof dir, "%s/%s", run->dir, name);
    const char *argv[] = {run->program, "node", "--home", run->home.path,
                          "--name",     name,   "--dir",  dir,
                          "--key",      NULL};
    return spawn(run, name, argv, true);
}

pid_t home_run_start_world(const struct home_run *run, bool attached)
{
    char program[RUN_DIR_MAX + 16], port[16], hours[32];
    char weather[2 * HOME_PATH_MAX];
    const char *slash = strrchr(run->program, '/');
    snprintf(program, sizeof program, "%.*s/world",
             (int)(slash == NULL ? 0 : slash - run->program), run->program);
    snprintf(port, sizeof port, "%u", run->home.world.port);
    snprintf(hours, sizeof hours, "%.6f", run->home.hours_per_second);
    homefile_resolve(&run->home, run->home.weather, weather);
    const char *argv[] = {program, "--port",    port,    "--hours-per-second",
                          hours,   "--weather", weather, NULL};
    return spawn(run, "world", argv, attached);
}

pid_t home_run_pid(const struct home_run *run, const struct tomte_name *node)
{
    char name[TOMTE_NAME_MAX + 1] = {0}, path[RUN_DIR_MAX + 64];
    int pid = 0;
    memcpy(name, node->text, node->len);
    pid_path(run, name, path);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%d", &pid) != 1)
        pid = 0;
    fclose(f);
    return pid > 0 && kill(pid, 0) == 0 ? pid : 0;
}
