/* SPDX-License-Identifier: ISC
 *
 * records - what the records of bcpu have beside those of every load tool.
 */
#include <string.h>

#include "bcpu.h"

const char *const bcpu_metrics[] = { BT_LOADREC_METRICS, "bw", "batch", "gap", "stolen", NULL };

void bcpu_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	const struct bcpu *b = (const struct bcpu *)t;

	if (strcmp(b->isa, "best") != 0)
		bt_rec_str(r, "engine", b->isa);
}

void bcpu_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bcpu_job *job = e->tool->job->config;

	if (job->isa->name)
		bt_rec_str(r, "isa", job->isa->name);
	if (job->kernel->describe)
		job->kernel->describe(r, &e->tool->clock);
}

/* The part of the workers' time that the gaps took. */
static double stolen(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bt_hist *spun = e->tool->opts->rate > 0 ? &total->svc : &total->lat;

	return (double)total->extra.sum / (double)spun->sum;
}

/* A batch of jitter is a length of time, not of work: its speed and its time would say nothing. */
static void emit_jitter(const struct bt_emit *e)
{
	bt_emit_open(e);
	bt_emit_dist(e, "gap", &e->span->total->extra);
	if (e->kind == BT_KIND_RESULT)
		bt_emit_value(e, "stolen", "ratio", BT_BETTER_LOWER, stolen(e));
}

void bcpu_measures(const struct bt_emit *e)
{
	const struct bcpu_kernel *kernel = ((const struct bcpu_job *)e->tool->job->config)->kernel;

	if (kernel == &bcpu_jitter) {
		emit_jitter(e);
		return;
	}
	bt_emit_rate(e);
	if (kernel->bytes)
		bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, e->span->rate * (double)kernel->bytes);
	if (!bt_emit_open(e))
		bt_emit_dist(e, "batch", &e->span->total->lat);
}
