/* SPDX-License-Identifier: ISC
 *
 * records - what the records of bsys have beside those of every load tool.
 */
#include <string.h>

#include "bsys.h"
#include "err.h"

const char *const bsys_metrics[] = { BT_LOADREC_METRICS, "bw", "call", "overhead", NULL };

static const struct bsys_job *job_of(const struct bt_emit *e)
{
	return e->tool->job->config;
}

void bsys_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	static const char *const where[] = { "both", "same", "cross" };
	const struct bsys *b = (const struct bsys *)t;

	if (b->bytes)
		bt_rec_u64(r, "bs", b->bytes);
	if (b->calls)
		bt_rec_u64(r, "calls", b->calls);
	bt_rec_str(r, "file", b->file);
	bt_rec_str(r, "where", where[b->where]);
}

/* Jobs of as many calls cost as much to measure. */
static int find_cost(struct bsys *b, size_t i)
{
	struct bt_percall *p = &b->jobs[i].per_call;
	const struct bsys_job none = { .test = &bsys_none, .variant = &bsys_none.variants[0], .per_call = *p };

	for (size_t k = 0; k < i; k++)
		if (b->jobs[k].per_call.calls == p->calls) {
			*p = b->jobs[k].per_call;
			return 0;
		}
	return bt_percall_measure(p, bsys_ops(&none), &none, &b->tool.load, &b->tool.clock, &b->tool.src);
}

void bsys_prepare(struct bt_loadtool *t)
{
	struct bsys *b = (struct bsys *)t;
	int rc = 0;

	for (size_t i = 0; i < t->n_jobs && rc == 0; i++)
		rc = find_cost(b, i);
	if (rc < 0) {
		bt_warn("the cost of measuring could not be found: %s", strerror(-rc));
		t->failed = true;
	}
}

/* A pair takes two CPUs: four of them on two CPUs are in each other's way. */
static bool contended(const struct bt_emit *e)
{
	const struct bsys *b = (const struct bsys *)e->tool;

	return strcmp(job_of(e)->variant->name, "cross") == 0 && 2 * (size_t)e->span->n_workers > b->n_distinct;
}

static void describe_place(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bsys_job *job = job_of(e);

	if (contended(e))
		r->taint |= BT_TAINT_CONTENDED;
	if (e->span->n_workers > 1)
		return;
	bt_rec_u64(r, "cpu_a", e->span->cpus[0]);
	bt_rec_u64(r, "cpu_b", bsys_partner_cpu(job, 0));
}

void bsys_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bsys_job *job = job_of(e);

	bt_rec_u64(r, "calls", job->per_call.calls);
	if (job->test->bytes)
		bt_rec_u64(r, "bs", job->bytes);
	if (job->test->file)
		bt_rec_str(r, "file", job->file);
	if (!job->test->vary)
		return;
	bt_rec_str(r, job->test->vary, job->variant->name);
	if (strcmp(job->test->vary, "where") == 0)
		describe_place(e, r);
}

/* The times of calls in place of those of operations. */
static void emit_per_call(const struct bt_emit *e, const char *metric, const struct bt_hist *times)
{
	struct bt_hist each;

	bt_hist_init(&each, times->digits);
	if (bt_percall_hist(&each, times, &job_of(e)->per_call) == 0)
		bt_emit_dist(e, metric, &each);
	bt_hist_free(&each);
}

static void emit_overhead(const struct bt_emit *e)
{
	const struct bt_percall *p = &job_of(e)->per_call;
	struct bt_rec r;

	if (!bt_load_wants(&e->tool->load, "overhead"))
		return;
	bt_emit_start(e, &r);
	bt_rec_bool(&r, "removed", true);
	bt_rec_value(&r, "overhead", "ns", BT_BETTER_LOWER, p->cost_ns / p->calls);
	bt_out_rec(&e->tool->out, &r);
}

void bsys_measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	const struct bsys_job *job = job_of(e);
	bool open = e->tool->load.rate > 0;

	bt_emit_rate(e);
	if (job->test->moved)
		bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER,
			      e->span->rate * job->per_call.calls * (double)job->bytes * job->test->moved);
	emit_per_call(e, "lat", &total->lat);
	if (open) {
		emit_per_call(e, "svc", &total->svc);
		bt_emit_dist(e, "late", &total->late);
	}
	bt_emit_value(e, "call", "ns", BT_BETTER_LOWER, bt_percall_mean(open ? &total->svc : &total->lat, &job->per_call));
	if (e->kind == BT_KIND_RESULT)
		emit_overhead(e);
}
