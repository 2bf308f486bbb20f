/* SPDX-License-Identifier: ISC
 *
 * records - turns what the engine reports into records.
 */
#include <string.h>

#include "bcpu.h"
#include "err.h"
#include "host.h"

const char *const bcpu_metrics[] = {
	"rate", "bw", "batch", "lat", "svc", "late", "gap", "stolen", "speedup", "achieved", "backlog", "errors", "thread_rate",
	"thread_errors", "preemptions", "steal", "throttled", NULL
};

/* "0,2,5" of the numbers. Cut at a whole number when it does not fit. */
static void number_list(char *out, size_t cap, const uint32_t *numbers, size_t count)
{
	struct bt_buf b = BT_BUF_INIT;

	for (size_t i = 0; i < count && b.len + 12 < cap; i++)
		bt_buf_printf(&b, "%s%u", i ? "," : "", numbers[i]);
	memcpy(out, bt_buf_cstr(&b), b.len + 1);
	bt_buf_free(&b);
}

/* The words with one blank between. */
static void argv_text(struct bt_buf *b, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (i > 0)
			bt_buf_char(b, ' ');
		bt_buf_str(b, argv[i]);
	}
}

static void tests_text(struct bt_buf *b, const struct bcpu *c)
{
	for (size_t i = 0; i < c->n_jobs; i++) {
		if (i > 0)
			bt_buf_char(b, ',');
		bt_buf_str(b, c->jobs[i].kernel->name);
	}
}

/* The options as they take effect. Times are in seconds. */
static void add_options(struct bt_rec *r, const struct bt_load_opts *l)
{
	static const char *const locks[] = { "wait", "fail", "off" };

	bt_rec_f64(r, "duration", (double)l->duration_ns / 1e9);
	bt_rec_f64(r, "warmup", (double)l->warmup_ns / 1e9);
	if (l->cooldown_ns)
		bt_rec_f64(r, "cooldown", (double)l->cooldown_ns / 1e9);
	if (l->interval_ns)
		bt_rec_f64(r, "interval", (double)l->interval_ns / 1e9);
	if (l->count)
		bt_rec_u64(r, "count", l->count);
	if (l->rate > 0) {
		bt_rec_f64(r, "rate", l->rate);
		bt_rec_str(r, "arrival", l->arrival == BT_ARRIVAL_POISSON ? "poisson" : "fixed");
	}
	bt_rec_u64(r, "repeat", l->repeat);
	bt_rec_u64(r, "seed", l->seed);
	bt_rec_str(r, "lock", locks[l->lock]);
	if (l->dry_run)
		bt_rec_bool(r, "dry_run", true);
}

void bcpu_meta(struct bcpu *b)
{
	char threads[512], pin[512];
	struct bt_buf argv = BT_BUF_INIT, tests = BT_BUF_INIT;
	struct bt_host host;
	struct bt_rec r;

	number_list(threads, sizeof(threads), b->load.threads, b->load.n_threads);
	number_list(pin, sizeof(pin), b->load.cpus, b->load.n_cpus);
	argv_text(&argv, b->argc, b->argv);
	tests_text(&tests, b);
	bt_host_read(&host, &b->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "argv", bt_buf_cstr(&argv));
	bt_rec_str(&r, "clock", bt_clock_name(&b->clock));
	bt_rec_f64(&r, "clock_cost", (double)b->clock.cost_ns100 / 100);
	bt_rec_str(&r, "tests", bt_buf_cstr(&tests));
	if (strcmp(b->isa, "best") != 0)
		bt_rec_str(&r, "engine", b->isa);
	bt_rec_str(&r, "threads", threads);
	if (b->load.n_cpus)
		bt_rec_str(&r, "pin", pin);
	add_options(&r, &b->load);
	bt_host_record(&host, &r);
	bt_out_rec(&b->out, &r);
	bt_buf_free(&argv);
	bt_buf_free(&tests);
}

/* Workers of a closed loop never wait: whatever they did not run was taken from them. */
static unsigned preempted(const struct bcpu *b, const struct bt_load_span *span)
{
	double wanted_ns = (double)span->dur_ns * span->n_workers;

	return b->load.rate == 0 && (double)span->total->busy_ns < 0.95 * wanted_ns ? BT_TAINT_PREEMPTED : 0;
}

/* A record about the run in progress, all but its measurement. */
static void start_record(const struct bcpu *b, struct bt_rec *r, enum bt_kind kind, const struct bt_load_span *span)
{
	const struct bcpu_kernel *kernel = b->job->kernel;

	bt_rec_init(r, kind);
	r->ts_us = span->end_us;
	r->test = kernel->name;
	r->rep = b->rep;
	r->dur_ns = span->dur_ns;
	r->loop = b->load.rate > 0 ? "open" : "closed";
	r->taint = span->taint | preempted(b, span);
	bt_rec_str(r, "kernel", kernel->id);
	bt_rec_u64(r, "threads", b->threads);
	if (b->job->isa->name)
		bt_rec_str(r, "isa", b->job->isa->name);
	if (kernel->describe)
		kernel->describe(r, &b->clock);
}

/* What the emitters below share. */
struct emit {
	struct bcpu *b;
	enum bt_kind kind;
	const struct bt_load_span *span;
};

static void emit_value(const struct emit *e, const char *metric, const char *unit, enum bt_better better, double value)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->b->load, metric))
		return;
	start_record(e->b, &r, e->kind, e->span);
	bt_rec_value(&r, metric, unit, better, value);
	bt_out_rec(&e->b->out, &r);
}

static void emit_count(const struct emit *e, const char *metric, enum bt_better better, uint64_t value)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->b->load, metric))
		return;
	start_record(e->b, &r, e->kind, e->span);
	bt_rec_count(&r, metric, "count", better, value);
	bt_out_rec(&e->b->out, &r);
}

static void emit_dist(const struct emit *e, const char *metric, const struct bt_hist *hist)
{
	struct bt_rec r;

	if (!bt_load_wants(&e->b->load, metric))
		return;
	start_record(e->b, &r, e->kind, e->span);
	bt_rec_dist(&r, metric, "ns", BT_BETTER_LOWER, hist);
	bt_out_rec(&e->b->out, &r);
}

/* Speed and times: the part that samples and results have in common. A batch of jitter is a length of time, not of work: its
 * speed would say nothing. */
static void emit_load(const struct emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bcpu_kernel *kernel = e->b->job->kernel;

	if (kernel != &bcpu_jitter)
		emit_value(e, "rate", "op/s", BT_BETTER_HIGHER, e->span->rate);
	if (kernel->bytes)
		emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, e->span->rate * (double)kernel->bytes);
	if (e->b->load.rate > 0) {
		emit_dist(e, "lat", &total->lat);
		emit_dist(e, "svc", &total->svc);
		emit_dist(e, "late", &total->late);
	} else if (kernel != &bcpu_jitter) {
		emit_dist(e, "batch", &total->lat);
	}
	if (kernel == &bcpu_jitter)
		emit_dist(e, "gap", &total->extra);
}

/* The part of the workers' time that the gaps took. */
static double stolen(const struct bcpu *b, const struct bt_load_span *span)
{
	const struct bt_hist *spun = b->load.rate > 0 ? &span->total->svc : &span->total->lat;

	return (double)span->total->extra.sum / (double)spun->sum;
}

/* How many times as fast as the first number of threads in the list. */
static double speedup(struct bcpu *b, const struct bt_load_span *span)
{
	if (b->threads == b->load.threads[0])
		b->job->base_rate = span->rate;
	return span->rate / b->job->base_rate;
}

static void emit_noise(const struct emit *e)
{
	const struct bt_noise *noise = &e->span->noise;

	if (noise->steal_ns > 0 && noise->total_ns > 0)
		emit_value(e, "steal", "ratio", BT_BETTER_LOWER, (double)noise->steal_ns / (double)noise->total_ns);
	if (noise->throttled_n > 0)
		emit_count(e, "throttled", BT_BETTER_LOWER, noise->throttled_n);
}

/* A record about one worker, but for its measurement. */
static void start_thread_record(const struct emit *e, struct bt_rec *r, uint32_t index)
{
	start_record(e->b, r, e->kind, e->span);
	bt_rec_u64(r, "thread", index);
	bt_rec_u64(r, "cpu", e->span->cpus[index]);
}

/* What one thread did: its rate, and its wrong answers if there are any, which name the CPU that gave them. The metrics have names
 * of their own, so that no grouping ever mixes parts with totals. */
static void emit_thread(const struct emit *e, uint32_t index)
{
	const struct bt_tally *tally = &e->span->workers[index];
	struct bt_rec r;

	if (e->span->n_workers > 1 && e->b->job->kernel != &bcpu_jitter && bt_load_wants(&e->b->load, "thread_rate")) {
		start_thread_record(e, &r, index);
		bt_rec_value(&r, "thread_rate", "op/s", BT_BETTER_HIGHER, e->span->rates[index]);
		bt_out_rec(&e->b->out, &r);
	}
	if (tally->errors == 0)
		return;
	if (bt_load_wants(&e->b->load, "thread_errors")) {
		start_thread_record(e, &r, index);
		bt_rec_count(&r, "thread_errors", "count", BT_BETTER_LOWER, tally->errors);
		bt_out_rec(&e->b->out, &r);
	}
	bt_progress_clear(&e->b->progress);
	bt_warn("%s: %llu wrong answers on CPU %u, among %llu counted batches", e->b->job->kernel->name,
		(unsigned long long)tally->errors, e->span->cpus[index], (unsigned long long)tally->ops);
}

void bcpu_sample(void *arg, const struct bt_load_span *span)
{
	const struct emit e = { arg, BT_KIND_SAMPLE, span };

	if (e.b->out.format == BT_FORMAT_TEXT)
		bt_progress_clear(&e.b->progress);
	emit_load(&e);
	if (span->total->errors)
		emit_count(&e, "errors", BT_BETTER_LOWER, span->total->errors);
}

/* What a whole run shows beside its speed and times. */
static void emit_run(const struct emit *e)
{
	const struct bt_load_span *span = e->span;

	if (e->b->job->kernel == &bcpu_jitter)
		emit_value(e, "stolen", "ratio", BT_BETTER_LOWER, stolen(e->b, span));
	else if (e->b->load.n_threads > 1)
		emit_value(e, "speedup", "ratio", BT_BETTER_HIGHER, speedup(e->b, span));
	if (e->b->load.rate > 0) {
		emit_value(e, "achieved", "ratio", BT_BETTER_HIGHER, (double)span->total->ops / (double)span->planned);
		emit_count(e, "backlog", BT_BETTER_LOWER, span->backlog);
	}
	emit_count(e, "errors", BT_BETTER_LOWER, span->total->errors);
	emit_count(e, "preemptions", BT_BETTER_LOWER, span->total->preemptions);
	emit_noise(e);
	for (uint32_t i = 0; i < span->n_workers; i++)
		emit_thread(e, i);
}

void bcpu_report(void *arg, const struct bt_load_span *span)
{
	const struct emit e = { arg, BT_KIND_RESULT, span };

	bt_progress_clear(&e.b->progress);
	e.b->errors += span->total->errors;
	/* A signal in the warm-up leaves nothing to report; a rate of 0 would be taken for a measurement. */
	if (span->interrupted && span->total->ops == 0 && span->total->errors == 0)
		return;
	emit_load(&e);
	emit_run(&e);
}
