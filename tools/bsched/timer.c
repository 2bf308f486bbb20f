/* SPDX-License-Identifier: ISC
 *
 * timer - threads that sleep until instants planned in advance, and how late they run, as in cyclictest.
 *
 * The engine's open loop does it all: it sleeps with clock_nanosleep(TIMER_ABSTIME) and a timer slack of 1 ns, and its
 * lateness is the answer. A wake-up that comes late does not move the next one.
 */
#include <stddef.h>

#include "bsched.h"

#define RATE 1000 /* over all threads, without -r */

uint64_t bsched_timer_period(const struct bsched *b, uint32_t threads)
{
	double rate = b->tool.load.rate > 0 ? b->tool.load.rate : RATE;

	return (uint64_t)(1e9 * threads / rate);
}

/* A deadline thread must be free to run on all CPUs. */
static int timer_init(struct bt_worker *w)
{
	const struct bsched *b = ((const struct bsched_job *)w->config)->b;
	int rc = bsched_deadline(b) ? bt_cpus_set(b->allowed, b->n_allowed) : 0;

	return rc ? rc : bsched_policy_apply(b, bsched_timer_period(b, w->n_workers));
}

static int timer_step(struct bt_worker *w)
{
	(void)w;
	return 0;
}

static void adapt(const struct bsched_job *job, struct bt_load_opts *l)
{
	(void)job;
	l->rate = l->rate > 0 ? l->rate : RATE;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	bt_rec_u64(r, "period", bsched_timer_period(bsched_of(e), e->tool->threads));
}

/* The wake-up is over when the thread runs: what the engine calls late, not lat. */
static void measures(const struct bt_emit *e)
{
	bt_emit_rate(e);
	bt_emit_dist(e, "lat", &e->span->total->late);
}

const struct bsched_test bsched_timer = {
	.name = "timer", .kernel = "timer.1", .help = "how late threads run that sleep until planned instants",
	.operation = "a sleep until the next instant", .abilities = BSCHED_RATE | BSCHED_DEADLINE,
	.ops = { .init = timer_init, .step = timer_step },
	.adapt = adapt, .describe = describe, .measures = measures,
};
