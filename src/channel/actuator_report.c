/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/actuator.h"

static void text_epoch(struct tomte_text *out, const char *before,
                       uint64_t epoch);

enum tomte_err tomte_write_verdict_err(enum tomte_write_verdict verdict)
{
    switch (verdict) {
    case TOMTE_WRITE_DENIED:
        return TOMTE_ERR_DENIED;
    case TOMTE_WRITE_FENCED:
        return TOMTE_ERR_FENCED;
    case TOMTE_WRITE_UNKNOWN_EPOCH:
        return TOMTE_ERR_AGAIN;
    case TOMTE_WRITE_EXPIRED:
        return TOMTE_ERR_TIMEOUT;
    case TOMTE_WRITE_STALE:
        return TOMTE_ERR_STALE;
    default:
        return TOMTE_OK;
    }
}

void tomte_write_report_text(struct tomte_text *out, struct tomte_span actuator,
                             const struct tomte_write_report *report)
{
    tomte_text_span(out, actuator);
    switch (report->verdict) {
    case TOMTE_WRITE_ACCEPTED:
        text_epoch(out, " accepted epoch ", report->epoch);
        break;
    case TOMTE_WRITE_OVERRIDDEN:
        text_epoch(out, " accepted epoch ", report->epoch);
        tomte_text_str(out, ", a person's value is driven");
        break;
    case TOMTE_WRITE_DENIED:
        tomte_text_str(out, " refused ");
        tomte_text_span(out, tomte_name_span(&report->identity));
        tomte_text_str(out, ", not granted");
        break;
    case TOMTE_WRITE_FENCED:
        text_epoch(out, " refused epoch ", report->epoch);
        text_epoch(out, ", holds ", report->held);
        break;
    case TOMTE_WRITE_UNKNOWN_EPOCH:
        text_epoch(out, " refused epoch ", report->epoch);
        text_epoch(out, ", knows only ", report->held);
        break;
    case TOMTE_WRITE_EXPIRED:
        text_epoch(out, " refused epoch ", report->epoch);
        tomte_text_str(out, ", past its lease");
        break;
    case TOMTE_WRITE_STALE:
        text_epoch(out, " refused epoch ", report->epoch);
        tomte_text_str(out, ", older than one accepted");
        break;
    }
}

static void text_epoch(struct tomte_text *out, const char *before,
                       uint64_t epoch)
{
    tomte_text_str(out, before);
    tomte_text_u64(out, epoch);
}
