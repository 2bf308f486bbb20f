/* SPDX-License-Identifier: ISC
 *
 * loadrec - turns what the load engine reports into records.
 *
 * For each sample and result the tool's hook `measures` emits speed and times with the functions below. A result then also gets
 * speedup (several numbers of threads), achieved and backlog (open loop), errors, preemptions, steal, throttled, and of each
 * worker thread_rate (when there are several) and thread_errors (when there are any). What -m does not ask for is left out.
 */
#ifndef BT_LOADREC_H
#define BT_LOADREC_H

#include "loadtool.h"

/* What belongs to all records of one span. */
struct bt_emit {
	struct bt_loadtool *tool;
	enum bt_kind kind; /* BT_KIND_SAMPLE or BT_KIND_RESULT */
	const struct bt_load_span *span;
};

/* Metrics that every load tool may emit, for its list: those of a result above, and those of bt_emit_rate and bt_emit_open. */
#define BT_LOADREC_METRICS \
	"rate", "lat", "svc", "late", "speedup", "achieved", "backlog", "errors", "thread_rate", "thread_errors", "preemptions", \
	"steal", "throttled"

/* bt_emit_start - a record about the span, all but its measurement. */
void bt_emit_start(const struct bt_emit *e, struct bt_rec *r);

/* One record each. bt_emit_dist is in ns, the lower the better. */
void bt_emit_value(const struct bt_emit *e, const char *metric, const char *unit, enum bt_better better, double value);
void bt_emit_count(const struct bt_emit *e, const char *metric, enum bt_better better, uint64_t value);
void bt_emit_dist(const struct bt_emit *e, const char *metric, const struct bt_hist *hist);

/* bt_emit_rate - calls per second. */
void bt_emit_rate(const struct bt_emit *e);

/* bt_emit_open - whether the loop is open: if so, lat, svc and late as the engine has them. */
bool bt_emit_open(const struct bt_emit *e);

/* For loadtool.c: the meta record; one interval and one whole run, as bt_load_run wants them. arg: struct bt_loadtool. */
void bt_loadrec_meta(struct bt_loadtool *t);
void bt_loadrec_sample(void *arg, const struct bt_load_span *span);
void bt_loadrec_report(void *arg, const struct bt_load_span *span);

#endif
