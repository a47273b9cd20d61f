/* SPDX-License-Identifier: Apache-2.0 */
#include "home/codec.h"

#include "base/text.h"

enum tomte_err tomte_home_say(struct tomte_home_report *report,
                              enum tomte_err err,
                              const struct tomte_span *parts, size_t len)
{
    if (report == NULL)
        return err;
    struct tomte_text t;
    tomte_text_init(&t, report->text, sizeof(report->text));
    for (size_t i = 0; i < len; i++)
        tomte_text_span(&t, parts[i]);
    report->err = err;
    return err;
}
