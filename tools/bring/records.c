/* SPDX-License-Identifier: ISC
 *
 * records - what the records of bring have beside those of every load tool.
 */
#include "shards.h"

const char *const bring_metrics[] = { BT_LOADREC_METRICS, "rtt", "message", "bw", "cpu", "refused", "overflows", NULL };

void bring_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	const struct bring *b = (const struct bring *)t;

	bt_rec_bool(r, "io_uring", b->uring_error == 0);
	bt_rec_bool(r, "msg_ring", b->msg_error == 0);
	if (b->matrix)
		bt_rec_bool(r, "matrix", true);
	if (b->ring_entries)
		bt_rec_u64(r, "ring_size", b->ring_entries);
	if (b->cq_entries)
		bt_rec_u64(r, "cq_size", b->cq_entries);
	if (b->queue_slots)
		bt_rec_u64(r, "queue_size", b->queue_slots);
}

/* How many threads a run keeps busy, more than there are CPUs for them. */
static bool contended(const struct bt_emit *e)
{
	const struct bring *b = bring_of(e);
	const struct bring_job *job = bring_job_of(e);

	if (job->test == &bring_fanout)
		return !job->engine->no_link && b->shards > b->n_distinct;
	return job->pair && b->cpus[job->first] != b->cpus[job->second] && 2 * (size_t)e->tool->threads > b->n_distinct;
}

void bring_describe(const struct bt_emit *e, struct bt_rec *r)
{
	static const char *const caches[] = { "cached", "direct" }, *const loads[] = { "balanced", "skewed" };
	const struct bring_job *job = bring_job_of(e);
	unsigned vary = job->test->vary;

	if (contended(e))
		r->taint |= BT_TAINT_CONTENDED;
	bt_rec_str(r, "engine", job->engine->name);
	if (job->spin->text[0])
		bt_rec_str(r, "spin", job->spin->text);
	if (vary & BRING_BATCH)
		bt_rec_u64(r, "batch", job->batch);
	if (vary & BRING_DEPTH)
		bt_rec_u64(r, "qd", job->depth);
	if (vary & BRING_CACHE)
		bt_rec_str(r, "cache", caches[job->cache]);
	if (vary & BRING_LOAD)
		bt_rec_str(r, "load", loads[job->load]);
	if (atomic_load(&job->told) == BRING_TOLD && job->effective[0]) {
		bt_rec_str(r, "setup", job->effective);
		bt_rec_u64(r, "cq", job->cq_entries);
	}
	if (job->test->describe)
		job->test->describe(e, r);
	if (job->pair && !(job->engine->no_link && job->test != &bring_echo))
		bt_pairs_describe(&((struct bring *)e->tool)->pairs, e, r, bring_pair);
}

/* Times of operations that make several calls each, as times of one. */
void bring_emit_per_call(const struct bt_emit *e, const char *metric, const struct bt_hist *times)
{
	const struct bt_percall p = { .calls = e->tool->job->calls };
	struct bt_hist each;

	bt_hist_init(&each, times->digits);
	if (bt_percall_hist(&each, times, &p) == 0)
		bt_emit_dist(e, metric, &each);
	bt_hist_free(&each);
}

void bring_measures(const struct bt_emit *e)
{
	const struct bring_job *job = bring_job_of(e);
	const struct bt_load_span *span = e->span;

	job->test->measures(e);
	if (span->dur_ns > 0)
		bt_emit_value(e, "cpu", "ratio", BT_BETTER_LOWER, (double)span->total->busy_ns / (double)span->dur_ns);
	if (e->kind != BT_KIND_RESULT || !(job->engine->shards || job->engine->uring))
		return;
	bt_emit_count(e, "refused", BT_BETTER_LOWER, atomic_load(&job->refused));
	bt_emit_count(e, "overflows", BT_BETTER_LOWER, atomic_load(&job->overflows));
}
