/* SPDX-License-Identifier: ISC
 *
 * loadrec - turns what the load engine reports into records.
 */
#include "err.h"
#include "loadrec.h"

/* Workers of a closed loop that never wait: whatever they did not run was taken from them. */
static unsigned preempted(const struct bt_emit *e)
{
	double wanted_ns = (double)e->span->dur_ns * e->span->n_workers;

	if (e->tool->opts->rate > 0 || e->tool->job->waits)
		return 0;
	return (double)e->span->total->busy_ns < 0.95 * wanted_ns ? BT_TAINT_PREEMPTED : 0;
}

void bt_emit_start(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bt_loadtool *t = e->tool;

	bt_rec_init(r, e->kind);
	r->ts_us = e->span->end_us;
	r->test = t->job->test;
	r->rep = t->rep;
	r->dur_ns = e->span->dur_ns;
	r->loop = t->opts->rate > 0 ? "open" : "closed";
	r->taint = (e->span->taint | preempted(e)) & ~t->job->untaint;
	bt_rec_str(r, "kernel", t->job->kernel);
	bt_rec_u64(r, "threads", t->threads);
	if (t->describe)
		t->describe(e, r);
}

void bt_emit_value(const struct bt_emit *e, const char *metric, const char *unit, enum bt_better better, double value)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, metric))
		return;
	bt_emit_start(e, &r);
	bt_rec_value(&r, metric, unit, better, value);
	bt_out_rec(&e->tool->out, &r);
}

void bt_emit_count(const struct bt_emit *e, const char *metric, enum bt_better better, uint64_t value)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, metric))
		return;
	bt_emit_start(e, &r);
	bt_rec_count(&r, metric, "count", better, value);
	bt_out_rec(&e->tool->out, &r);
}

void bt_emit_dist(const struct bt_emit *e, const char *metric, const struct bt_hist *hist)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, metric))
		return;
	bt_emit_start(e, &r);
	bt_rec_dist(&r, metric, "ns", BT_BETTER_LOWER, hist);
	bt_out_rec(&e->tool->out, &r);
}

static double calls_of(const struct bt_emit *e)
{
	return e->tool->job->calls ? e->tool->job->calls : 1;
}

void bt_emit_rate(const struct bt_emit *e)
{
	bt_emit_value(e, "rate", "op/s", BT_BETTER_HIGHER, e->span->rate * calls_of(e));
}

bool bt_emit_open(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;

	if (e->tool->opts->rate == 0)
		return false;
	bt_emit_dist(e, "lat", &total->lat);
	bt_emit_dist(e, "svc", &total->svc);
	bt_emit_dist(e, "late", &total->late);
	return true;
}

/* How many times as fast as the first number of threads in the list. */
static double speedup(const struct bt_emit *e)
{
	struct bt_loadtool *t = e->tool;

	if (t->threads == t->opts->threads[0])
		t->job->base_rate = e->span->rate;
	return e->span->rate / t->job->base_rate;
}

static void emit_noise(const struct bt_emit *e)
{
	const struct bt_noise *noise = &e->span->noise;

	if (noise->steal_ns > 0 && noise->total_ns > 0)
		bt_emit_value(e, "steal", "ratio", BT_BETTER_LOWER, (double)noise->steal_ns / (double)noise->total_ns);
	if (noise->throttled_n > 0)
		bt_emit_count(e, "throttled", BT_BETTER_LOWER, noise->throttled_n);
}

/* A record about one worker, but for its measurement. */
static void start_thread_record(const struct bt_emit *e, struct bt_rec *r, uint32_t index)
{
	bt_emit_start(e, r);
	bt_rec_u64(r, "thread", index);
	bt_rec_u64(r, "cpu", e->span->cpus[index]);
}

/* What one thread did: its rate, and its wrong answers if there are any, which name the CPU that gave them. The metrics have names
 * of their own, so that no grouping ever mixes parts with totals. */
static void emit_thread(const struct bt_emit *e, uint32_t index)
{
	const struct bt_tally *tally = &e->span->workers[index];
	struct bt_loadtool *t = e->tool;
	struct bt_rec r;

	if (e->span->n_workers > 1 && !t->job->no_rate && bt_load_wants(&t->load, "thread_rate")) {
		start_thread_record(e, &r, index);
		bt_rec_value(&r, "thread_rate", "op/s", BT_BETTER_HIGHER, e->span->rates[index] * calls_of(e));
		bt_out_rec(&t->out, &r);
	}
	if (tally->errors == 0 || t->wrong)
		return;
	if (bt_load_wants(&t->load, "thread_errors")) {
		start_thread_record(e, &r, index);
		bt_rec_count(&r, "thread_errors", "count", BT_BETTER_LOWER, tally->errors);
		bt_out_rec(&t->out, &r);
	}
	bt_progress_clear(&t->progress);
	bt_warn("%s: %llu wrong answers on CPU %u, among %llu counted %s", t->job->test, (unsigned long long)tally->errors,
		e->span->cpus[index], (unsigned long long)tally->ops, t->operations);
}

void bt_loadrec_sample(void *arg, const struct bt_load_span *span)
{
	const struct bt_emit e = { arg, BT_KIND_SAMPLE, span };

	if (e.tool->out.format == BT_FORMAT_TEXT)
		bt_progress_clear(&e.tool->progress);
	e.tool->measures(&e);
	if (span->total->errors)
		bt_emit_count(&e, "errors", BT_BETTER_LOWER, span->total->errors);
}

/* What a whole run shows beside its speed and times. */
static void emit_run(const struct bt_emit *e)
{
	const struct bt_load_span *span = e->span;
	const struct bt_loadtool *t = e->tool;

	if (t->opts->n_threads > 1 && !t->job->no_rate)
		bt_emit_value(e, "speedup", "ratio", BT_BETTER_HIGHER, speedup(e));
	if (t->opts->rate > 0) {
		bt_emit_value(e, "achieved", "ratio", BT_BETTER_HIGHER, (double)span->total->ops / (double)span->planned);
		bt_emit_count(e, "backlog", BT_BETTER_LOWER, span->backlog);
	}
	if (t->wrong)
		t->wrong(e);
	else
		bt_emit_count(e, "errors", BT_BETTER_LOWER, span->total->errors);
	bt_emit_count(e, "preemptions", BT_BETTER_LOWER, span->total->preemptions);
	emit_noise(e);
	for (uint32_t i = 0; i < span->n_workers; i++)
		emit_thread(e, i);
}

void bt_loadrec_report(void *arg, const struct bt_load_span *span)
{
	const struct bt_emit e = { arg, BT_KIND_RESULT, span };

	bt_progress_clear(&e.tool->progress);
	e.tool->errors += span->total->errors;
	/* A signal in the warm-up leaves nothing to report; a rate of 0 would be taken for a measurement. */
	if (span->interrupted && span->total->ops == 0 && span->total->errors == 0)
		return;
	e.tool->measures(&e);
	emit_run(&e);
}
