/* SPDX-License-Identifier: ISC
 *
 * percall - the time of one call, from operations that each make several.
 */
#include <errno.h>
#include <math.h>

#include "percall.h"

#define MEASURE_NS 3000000u
#define WARM_NS 500000u
#define TRIES 20 /* a busy machine may leave no time for a single call */
#define OPEN_RATE 100000 /* per second: enough for a median, slow enough never to fall behind */

static void take_median(void *arg, const struct bt_load_span *span)
{
	struct bt_percall *p = arg;
	const struct bt_hist *h = span->total->svc.n ? &span->total->svc : &span->total->lat;

	p->cost_ns = (double)bt_hist_percentile(h, 50);
}

int bt_percall_measure(struct bt_percall *p, const struct bt_load_ops *ops, const void *config, const struct bt_load_opts *opts,
		       const struct bt_clock *clock, const struct bt_src *src)
{
	struct bt_load_opts own = BT_LOAD_OPTS_INIT;
	struct bt_load_run run = { .ops = ops, .config = config, .opts = &own, .threads = 1, .repetition = 1, .clock = clock,
				   .src = src, .arg = p };
	int rc = 0;

	own.cpus[0] = opts->cpus[0];
	own.n_cpus = opts->n_cpus ? 1 : 0;
	own.duration_ns = MEASURE_NS;
	own.warmup_ns = WARM_NS;
	own.rate = opts->rate > 0 ? OPEN_RATE : 0;
	p->cost_ns = 0;
	for (int i = 0; rc == 0 && p->cost_ns <= 0 && i < TRIES; i++)
		rc = bt_load_exec(&run, take_median);
	return rc;
}

static uint64_t per_call(double ns, const struct bt_percall *p)
{
	double one = (ns - p->cost_ns) / p->calls;

	return one > 0 ? (uint64_t)llround(one) : 0;
}

/* Smallest and largest are known exactly; all others stand in the middle of their buckets, which are 0.1 % wide. */
static void convert(struct bt_hist *out, const struct bt_hist *from, const struct bt_percall *p)
{
	uint32_t used = bt_hist_used(from), first = bt_hist_index(from, from->min), last = bt_hist_index(from, from->max);

	for (uint32_t i = 0; i < used; i++) {
		double low = (double)bt_hist_low(from, i), high = (double)bt_hist_high(from, i);
		uint64_t exact = (i == first) + (from->n > 1 && i == last);

		if (from->counts[i] > exact)
			bt_hist_add_n(out, per_call((low + high) / 2, p), from->counts[i] - exact);
	}
	bt_hist_add(out, per_call((double)from->min, p));
	if (from->n > 1)
		bt_hist_add(out, per_call((double)from->max, p));
}

double bt_percall_mean(const struct bt_hist *from, const struct bt_percall *p)
{
	return (bt_hist_mean(from) - p->cost_ns) / p->calls;
}

int bt_percall_hist(struct bt_hist *out, const struct bt_hist *from, const struct bt_percall *p)
{
	double sum = bt_percall_mean(from, p) * (double)from->n;

	if (from->n == 0)
		return 0;
	if (p->calls == 1 && p->cost_ns == 0)
		return bt_hist_merge(out, from);
	if (bt_hist_reserve(out, per_call((double)from->max, p)) != 0)
		return -ENOMEM;
	convert(out, from, p);
	out->clamped = from->clamped;
	out->dropped = from->dropped;
	out->sum = sum > 0 ? (unsigned __int128)(sum + 0.5) : 0;
	return 0;
}
