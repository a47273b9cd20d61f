/* SPDX-License-Identifier: Apache-2.0 */
/* Traps in a function of its own: line numbers are part of the test. */
#include <stdlib.h>

__attribute__((noinline)) static int quotient(int a, int b)
{
    return a / b; /* line 7 */
}

int main(int argc, char **argv)
{
    int sum = 0;
    for (int i = 1; i < argc; i++)
        sum += quotient(100, atoi(argv[i])); /* line 14 */
    return sum;
}
