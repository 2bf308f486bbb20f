/* SPDX-License-Identifier: ISC
 *
 * replay_records - what came of a replay, as records.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "errnames.h"
#include "replay.h"

const char *const replay_metrics[] = {
	"lat", "recorded", "late", "rate", "bw", "calls", "read_bytes", "written_bytes", "planned", "took", "achieved", "differs",
	"errors", "ignored", "bad_lines", NULL
};

static const char *const hows[] = {
	[REPLAY_FAILED] = "failed", [REPLAY_SUCCEEDED] = "succeeded", [REPLAY_ERRNO] = "errno", [REPLAY_BYTES] = "bytes",
};

static const char *const caches[] = { [BDISK_WARM] = "warm", [BDISK_COLD] = "cold" };

void replay_meta(struct bt_loadtool *t, struct bt_rec *rec)
{
	const struct replay *r = replay_of(t);
	const struct bdisk_target *target = &r->b->target;
	const struct {
		const char *name, *value;
	} facts[] = {
		{ "dir", target->dir }, { "cache", caches[r->b->cache] }, { "dev", target->dev.name }, { "disk", target->dev.disk },
		{ "model", target->dev.model }, { "scheduler", target->dev.scheduler }, { "write_cache", target->dev.write_cache },
		{ "fs", target->mount.fs }, { "mount", target->mount.options },
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (facts[i].value[0])
			bt_rec_str(rec, facts[i].name, facts[i].value);
	bt_rec_u64(rec, "size", r->bytes);
	bt_rec_str(rec, "input", r->b->input);
	bt_rec_u64(rec, "calls", r->plan.n);
	bt_rec_u64(rec, "files", r->plan.n_files);
	bt_rec_u64(rec, "threads_recorded", r->plan.n_threads);
	bt_rec_f64(rec, "length", (double)r->plan.length_ns / 1e9);
}

/* The sum of all workers, and the span. */
struct sum {
	struct replay *replay;
	const struct replay_worker *all;
	uint64_t dur_ns;
};

/* A record about this repetition. false: -m does not want it. */
static bool begin(const struct sum *s, struct bt_rec *rec, const char *metric)
{
	const struct replay *r = s->replay;
	const struct bt_loadtool *t = &r->b->tool;

	if (!bt_load_wants(&t->load, metric))
		return false;
	bt_rec_init(rec, BT_KIND_RESULT);
	rec->test = "replay";
	rec->rep = t->rep;
	rec->dur_ns = s->dur_ns;
	rec->taint = t->taint | r->taint;
	rec->lost = r->lost;
	bt_rec_str(rec, "kernel", REPLAY_ID);
	bt_rec_u64(rec, "threads", r->plan.workers);
	bt_rec_str(rec, "order", replay_opts.global ? "global" : "thread");
	if (replay_opts.fast)
		bt_rec_str(rec, "speed", "max");
	else
		bt_rec_f64(rec, "speed", replay_opts.speed);
	bt_rec_str(rec, "cache", caches[r->b->cache]);
	bt_rec_str(rec, "target", r->b->given[OPT_DIR] ? "dir" : "temp");
	if (r->b->target.dev.name[0])
		bt_rec_str(rec, "dev", r->b->target.dev.name);
	return true;
}

static void count(const struct sum *s, const char *metric, const char *unit, uint64_t value, const char *key, const char *word)
{
	struct bt_rec rec;

	if (!begin(s, &rec, metric))
		return;
	if (key)
		bt_rec_str(&rec, key, word);
	bt_rec_count(&rec, metric, unit, BT_BETTER_NONE, value);
	bt_out_rec(&s->replay->b->tool.out, &rec);
}

static void value(const struct sum *s, const char *metric, const char *unit, double v)
{
	struct bt_rec rec;

	if (!begin(s, &rec, metric))
		return;
	bt_rec_value(&rec, metric, unit, BT_BETTER_HIGHER, v);
	bt_out_rec(&s->replay->b->tool.out, &rec);
}

static void dist(const struct sum *s, const char *metric, const struct bt_hist *h, const char *call)
{
	struct bt_rec rec;

	if (!begin(s, &rec, metric))
		return;
	if (call)
		bt_rec_str(&rec, "syscall", call);
	bt_rec_dist(&rec, metric, "ns", BT_BETTER_LOWER, h);
	bt_out_rec(&s->replay->b->tool.out, &rec);
}

static const char *errno_name(unsigned number)
{
	const char *name = bt_errname(number);

	return name ? name : "UNKNOWN";
}

static void difference(const struct sum *s, const struct replay_difference *d, const char *metric)
{
	struct bt_rec rec;

	if (!begin(s, &rec, metric))
		return;
	bt_rec_str(&rec, "syscall", bt_io_calls[d->call].name);
	bt_rec_str(&rec, "how", hows[d->how]);
	if (d->here)
		bt_rec_str(&rec, "errno", errno_name(d->here));
	if (d->recorded)
		bt_rec_str(&rec, "errno_recorded", errno_name(d->recorded));
	bt_rec_count(&rec, metric, "count", BT_BETTER_LOWER, d->count);
	bt_out_rec(&s->replay->b->tool.out, &rec);
}

/* Calls that failed only here are errors as well. */
static void differences(const struct sum *s)
{
	struct bt_loadtool *t = &s->replay->b->tool;
	uint64_t errors = 0;

	for (unsigned i = 0; i < s->all->n_differs; i++) {
		const struct replay_difference *d = &s->all->differs[i];

		difference(s, d, "differs");
		if (d->how != REPLAY_FAILED)
			continue;
		difference(s, d, "errors");
		bt_warn("replay: %llu calls of %s failed that had not: %s", (unsigned long long)d->count, bt_io_calls[d->call].name,
			strerror(d->here));
		errors += d->count;
	}
	if (s->all->n_differs == 0)
		count(s, "differs", "count", 0, NULL, NULL);
	if (errors == 0)
		count(s, "errors", "count", 0, NULL, NULL);
	t->errors += errors;
}

/* -v: one by one. */
static void show(const struct sum *s)
{
	struct replay *r = s->replay;

	for (unsigned i = 0; i < r->n_shown; i++) {
		const struct replay_shown *d = &r->shown[i];
		const struct bt_io_op *op = &r->plan.ops[d->op];
		char here[24], recorded[24];
		struct bt_rec rec;

		if (!begin(s, &rec, "differs"))
			return;
		rec.kind = BT_KIND_EVENT;
		rec.ts_us = d->ts_us;
		rec.dur_ns = rec.lost = rec.taint = 0;
		bt_rec_str(&rec, "syscall", bt_io_calls[op->call].name);
		bt_rec_str(&rec, "how", hows[d->how]);
		bt_rec_str(&rec, "path", replay_file_name(r, op->file));
		bt_rec_u64(&rec, "offset", op->offset);
		bt_rec_u64(&rec, "size", op->size);
		snprintf(here, sizeof(here), "%lld", (long long)d->ret);
		bt_rec_raw(&rec, "ret", here, strlen(here));
		if (op->has_ret) {
			snprintf(recorded, sizeof(recorded), "%lld", (long long)op->ret);
			bt_rec_raw(&rec, "ret_recorded", recorded, strlen(recorded));
		}
		bt_out_rec(&r->b->tool.out, &rec);
	}
}

static void input(const struct sum *s)
{
	const struct replay *r = s->replay;
	uint64_t ignored = 0;

	for (unsigned i = 1; i < BT_IO_SKIPS; i++) {
		ignored += r->skipped[i];
		if (r->skipped[i])
			count(s, "ignored", "count", r->skipped[i], "why", bt_io_skip_name((enum bt_io_skip)i));
	}
	if (ignored == 0)
		count(s, "ignored", "count", 0, NULL, NULL);
	count(s, "bad_lines", "count", r->bad.lines, NULL, NULL);
}

static void times(const struct sum *s)
{
	const struct replay_worker *all = s->all;
	const struct bt_ioplan *p = &s->replay->plan;
	uint64_t calls = 0, planned = replay_opts.fast ? 0 : bt_ioplan_due(&p->ops[p->n - 1], replay_opts.speed);
	double seconds = (double)s->dur_ns / 1e9;

	for (unsigned i = 0; i < BT_IO_CALLS; i++) {
		calls += all->calls[i];
		if (all->calls[i] == 0)
			continue;
		dist(s, "lat", &all->lat[i], bt_io_calls[i].name);
		if (all->recorded[i].n > 0)
			dist(s, "recorded", &all->recorded[i], bt_io_calls[i].name);
		count(s, "calls", "count", all->calls[i], "syscall", bt_io_calls[i].name);
	}
	if (!replay_opts.fast)
		dist(s, "late", &all->late, NULL);
	if (seconds > 0) {
		value(s, "rate", "op/s", (double)calls / seconds);
		value(s, "bw", "B/s", (double)(all->read_bytes + all->written_bytes) / seconds);
	}
	count(s, "read_bytes", "B", all->read_bytes, NULL, NULL);
	count(s, "written_bytes", "B", all->written_bytes, NULL, NULL);
	count(s, "planned", "ns", planned, NULL, NULL);
	count(s, "took", "ns", s->dur_ns, NULL, NULL);
	value(s, "achieved", "ratio", (double)calls / p->n);
}

static void merge_differences(struct replay_worker *all, const struct replay_worker *w)
{
	for (unsigned i = 0; i < w->n_differs; i++) {
		struct replay_difference d = w->differs[i], *to = all->differs;
		unsigned at = 0;

		while (at < all->n_differs && (to[at].call != d.call || to[at].how != d.how || to[at].here != d.here ||
					       to[at].recorded != d.recorded))
			at++;
		if (at < all->n_differs)
			to[at].count += d.count;
		else if (at < REPLAY_KINDS)
			to[all->n_differs++] = d;
		else
			to[REPLAY_KINDS - 1].count += d.count;
	}
}

static void merge(struct replay_worker *all, const struct replay_worker *w)
{
	for (unsigned i = 0; i < BT_IO_CALLS; i++) {
		(void)bt_hist_merge(&all->lat[i], &w->lat[i]);
		(void)bt_hist_merge(&all->recorded[i], &w->recorded[i]);
		all->calls[i] += w->calls[i];
	}
	(void)bt_hist_merge(&all->late, &w->late);
	all->read_bytes += w->read_bytes;
	all->written_bytes += w->written_bytes;
	merge_differences(all, w);
}

void replay_report(struct replay *r, uint64_t end_ns)
{
	struct replay_worker *all = &r->workers[0];
	struct sum s = { .replay = r, .all = all, .dur_ns = end_ns > r->start_ns ? end_ns - r->start_ns : 0 };

	for (uint32_t i = 1; i < r->plan.workers; i++)
		merge(all, &r->workers[i]);
	if (s.dur_ns == 0)
		return; /* stopped before the first call */
	show(&s);
	times(&s);
	differences(&s);
	input(&s);
}

void replay_warnings(struct replay *r)
{
	struct bt_out *out = &r->b->tool.out;

	if (r->truncated)
		bt_out_warn(out, "truncated", "the recording has no end record: its last events may be missing");
	if (r->lost)
		bt_out_warn(out, "recording-lost", "the recorder has lost events: calls are missing");
}
