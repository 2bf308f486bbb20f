/* SPDX-License-Identifier: ISC
 *
 * loadspan - what the workers counted, summed up and judged: intervals and the whole run.
 */
#include <errno.h>
#include <stdlib.h>

#include "load_private.h"

#define OPS_MIN 30 /* fewer say little about any distribution */

static uint64_t backlog_of(const struct bt_director *d, const struct bt_lap *lap)
{
	uint64_t until = lap->end_ns < d->e.end_ns ? lap->end_ns : d->e.end_ns, due;

	if (!d->e.open)
		return 0;
	due = bt_pace_before(&lap->pace, until);
	return (due < lap->left ? due : lap->left) + lap->flying;
}

static double rate_of(uint64_t ops, uint64_t begin_ns, uint64_t end_ns)
{
	return end_ns > begin_ns ? (double)ops * 1e9 / (double)(end_ns - begin_ns) : 0;
}

/* Adds a lap to its worker's sum and to the span. */
static void take_lap(struct bt_director *d, uint32_t i, struct bt_lap *lap, struct bt_tally *total,
		     struct bt_load_span *span)
{
	struct bt_load_worker *w = &d->e.workers[i];
	uint64_t before = w->backlog;

	if (bt_tally_merge(&d->whole[i], &lap->tally) != 0 || bt_tally_merge(total, &lap->tally) != 0)
		d->no_memory = true;
	if (lap->end_ns != 0) {
		w->begin_ns = w->begin_ns ? w->begin_ns : lap->begin_ns;
		w->end_ns = lap->end_ns;
		w->backlog = backlog_of(d, lap);
		span->planned += d->e.open ? lap->tally.ops + lap->tally.failed + w->backlog - before : 0;
		span->rate += rate_of(lap->tally.ops, lap->begin_ns, lap->end_ns);
		d->edge_ns = lap->end_ns > d->edge_ns ? lap->end_ns : d->edge_ns;
	}
}

static bool overflowed(const struct bt_hist *h)
{
	return h->clamped > 0 || h->dropped > 0;
}

static unsigned quality(const struct bt_director *d, const struct bt_load_span *span)
{
	const struct bt_tally *t = span->total;
	unsigned taint = d->e.run->taint | d->contended;

	if (t->migrations > 0)
		taint |= BT_TAINT_MIGRATED;
	if (t->errors > 0)
		taint |= BT_TAINT_WRONG;
	if (overflowed(&t->lat) || overflowed(&t->svc) || overflowed(&t->late) || overflowed(&t->extra) ||
	    overflowed(&t->extra2) || overflowed(&t->extra3))
		taint |= BT_TAINT_OVERFLOW;
	for (uint32_t i = 0; span->workers && i < d->n; i++)
		if (span->workers[i].ops < 2)
			taint |= BT_TAINT_SHORT;
	if (t->ops < OPS_MIN || t->ops < 2 * (uint64_t)d->n)
		taint |= BT_TAINT_SHORT;
	return taint;
}

/* Fills what interval and whole run have in common: everything but total, workers, rate and planned. */
static void finish_span(struct bt_director *d, struct bt_load_span *span, uint64_t begin_ns,
			const struct bt_noise *noise_begin)
{
	uint64_t now = bt_clock_now(d->e.run->clock);

	span->cpus = d->e.cpus;
	span->n_workers = d->n;
	span->dur_ns = d->edge_ns - begin_ns;
	span->end_us = bt_clock_wall_us() - (int64_t)(now > d->edge_ns ? (now - d->edge_ns) / 1000 : 0);
	for (uint32_t i = 0; i < d->n; i++)
		span->backlog += d->e.workers[i].backlog;
	span->interrupted = d->cut_short;
	span->noise = bt_noise_delta(noise_begin, &d->noise_edge);
	span->taint = quality(d, span) | bt_noise_taint(&span->noise, noise_begin->freq_khz);
}

void bt_load_interval(struct bt_director *d, bool last)
{
	const struct bt_load_run *run = d->e.run;
	struct bt_load_span span = { .n_workers = 0 };
	struct bt_noise noise = d->noise_edge;
	uint64_t begin = d->edge_ns;
	struct bt_lap *lap;
	struct bt_tally total;

	bt_tally_init(&total);
	for (uint32_t i = 0; i < d->n; i++) {
		struct bt_load_worker *w = &d->e.workers[i];

		lap = last ? bt_load_lap(w) : &w->laps[(bt_load_laps_asked(d) - 1) & 1];
		if (!last && !bt_load_handed_over(d, w))
			continue;
		take_lap(d, i, lap, &total, &span);
		bt_tally_reset(&lap->tally);
		for (unsigned k = 0; k < 2 && last; k++) /* the report needs memory as well */
			bt_tally_free(&w->laps[k].tally);
	}
	bt_noise_read(&d->noise_edge, run->src, d->e.cpus, d->n);
	span.total = &total;
	finish_span(d, &span, begin, &noise);
	if (run->on_interval && run->opts->interval_ns && (span.dur_ns > 0 || total.ops + total.errors > 0))
		run->on_interval(run->arg, &span);
	bt_tally_free(&total);
}

int bt_load_whole(struct bt_director *d, void (*report)(void *arg, const struct bt_load_span *span))
{
	double *rates = calloc(d->n, sizeof(*rates));
	struct bt_load_span span = { .workers = d->whole, .rates = rates };
	struct bt_tally total;

	bt_tally_init(&total);
	d->no_memory |= !rates;
	for (uint32_t i = 0; i < d->n && rates; i++) {
		const struct bt_load_worker *w = &d->e.workers[i];

		if (bt_tally_merge(&total, &d->whole[i]) != 0)
			d->no_memory = true;
		rates[i] = rate_of(d->whole[i].ops, w->begin_ns, w->end_ns);
		span.rate += rates[i];
	}
	span.total = &total;
	finish_span(d, &span, d->e.start_ns, &d->noise_start);
	if (d->e.open)
		span.planned = total.ops + total.failed + span.backlog;
	if (!d->no_memory)
		report(d->e.run->arg, &span);
	bt_tally_free(&total);
	free(rates);
	return d->no_memory ? -ENOMEM : 0;
}
