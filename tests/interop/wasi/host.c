/* SPDX-License-Identifier: Apache-2.0 */
/* What a program of WASI sees of its host, a line for each question. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char line[64] = "";
    unsigned char dice[2][32] = {{0}};
    struct timespec before, after, nap = {0, 20000000};
    printf("%d arguments, the last is %s\n", argc, argv[argc - 1]);
    if (fgets(line, sizeof line, stdin) != NULL)
        printf("in: %s", line);
    printf("end: %d\n", fgets(line, sizeof line, stdin) == NULL);
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&nap, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("slept: %d\n", (after.tv_sec - before.tv_sec) * 1000000000LL +
                                  after.tv_nsec - before.tv_nsec >=
                              nap.tv_nsec);
    printf("this century: %d\n", time(NULL) > 1700000000);
    printf("chance: %d\n", getentropy(dice[0], 32) == 0 &&
                               getentropy(dice[1], 32) == 0 &&
                               memcmp(dice[0], dice[1], 32) != 0);
    printf("no file: %d\n", fopen("x", "r") == NULL);
    printf("no seek: %d\n", lseek(1, 0, SEEK_SET) < 0 && errno == ESPIPE);
    fprintf(stderr, "to the other stream\n");
    exit(42);
}
