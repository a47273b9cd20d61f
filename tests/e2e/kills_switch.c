/* SPDX-License-Identifier: Apache-2.0 */
#include "kills.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void switch_tell(struct lines *l, const char *line, char answer[128])
{
    answer[0] = 0;
    fprintf(l->to, "%s\n", line);
    fflush(l->to);
    if (fgets(answer, 128, l->from) == NULL || strncmp(answer, "ok", 2) != 0)
        wrong("the switch does not understand: %s", line);
    answer[strcspn(answer, "\n")] = 0;
}

void switch_set(struct lines *l, const char *what, unsigned value)
{
    char line[64], answer[128];
    snprintf(line, sizeof line, "%s %u", what, value);
    switch_tell(l, line, answer);
}

/* NAME=ADDRESS=LISTEN */
static void node_argument(const struct home_node *n, char out[96])
{
    snprintf(out, 96, "%.*s=%u.%u.%u.%u:%u=%u.%u.%u.%u:%u", (int)n->name.len,
             n->name.text, n->addr.ip[12], n->addr.ip[13], n->addr.ip[14],
             n->addr.ip[15], n->addr.port, n->listen.ip[12], n->listen.ip[13],
             n->listen.ip[14], n->listen.ip[15], n->listen.port);
}

static pid_t spawn(const char *const *argv, int in, int out)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in, 0);
    dup2(out, 1);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

bool switch_start(struct lines *l, const char *program,
                  const struct home_file *home)
{
    static char text[HOME_NODES_MAX][96];
    const char *argv[HOME_NODES_MAX + 4] = {program, "--seed", "1"};
    int in[2], out[2];
    for (size_t i = 0; i < home->nodes_len; i++) {
        node_argument(&home->nodes[i], text[i]);
        argv[3 + i] = text[i];
    }
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return false;
    l->pid = spawn(argv, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    l->to = fdopen(in[1], "w");
    l->from = fdopen(out[0], "r");
    scene_sleep_ms(100);
    return l->pid > 0 && waitpid(l->pid, NULL, WNOHANG) == 0;
}

void switch_end(struct lines *l)
{
    if (l->to != NULL)
        fclose(l->to); /* the switch ends by it */
    if (l->pid > 0)
        waitpid(l->pid, NULL, 0);
}
