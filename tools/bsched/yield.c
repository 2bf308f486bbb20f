/* SPDX-License-Identifier: ISC
 *
 * yield - threads that share one CPU and do nothing but give it up: what one switch costs.
 *
 * A yield need not switch: the scheduler may let the thread run on. So the kernel's count of the switches, which it keeps
 * among the involuntary ones, decides how many there were.
 */
#include <errno.h>
#include <sched.h>

#include "bsched.h"

#define THREADS 2 /* without -t */

static int yield_init(struct bt_worker *w)
{
	return bsched_policy_apply(((const struct bsched_job *)w->config)->b, 0);
}

static int yield_step(struct bt_worker *w)
{
	(void)w;
	return sched_yield() == 0 ? 0 : -errno;
}

/* All on the first CPU. */
static void adapt(const struct bsched_job *job, struct bt_load_opts *l)
{
	l->cpus[0] = job->b->cpus[0];
	l->n_cpus = 1;
	if (!job->b->threads_set)
		l->threads[0] = THREADS;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	bt_rec_u64(r, "cpu", e->span->cpus[0]);
}

static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;

	bt_emit_rate(e);
	bt_emit_dist(e, "lat", &total->lat);
	if (total->preemptions > 0)
		bt_emit_value(e, "switch", "ns", BT_BETTER_LOWER, (double)total->busy_ns / (double)total->preemptions);
	bt_emit_value(e, "switched", "ratio", BT_BETTER_NONE, (double)total->preemptions / (double)total->ops);
}

const struct bsched_test bsched_yield = {
	.name = "yield", .kernel = "yield.1", .help = "threads that give up one CPU to each other",
	.operation = "a sched_yield", .untaint = BT_TAINT_CONTENDED | BT_TAINT_PREEMPTED,
	.ops = { .init = yield_init, .step = yield_step },
	.adapt = adapt, .describe = describe, .measures = measures,
};
