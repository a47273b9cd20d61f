/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

static const struct sim_check *const checks[] = {
    &check_fenced, &check_nothing_lost, &check_converges, NULL};

void checks_make(struct sim *w)
{
    for (unsigned i = 0; checks[i] != NULL; i++)
        w->check_ctx[i] = checks[i]->make(w);
    w->checks = checks;
}

void checks_end(struct sim *w)
{
    for (unsigned i = 0; checks[i] != NULL && !w->failed; i++)
        if (checks[i]->end != NULL)
            checks[i]->end(w->check_ctx[i]);
}

void checks_free(struct sim *w)
{
    for (unsigned i = 0; w->checks != NULL && checks[i] != NULL; i++)
        free(w->check_ctx[i]);
}
