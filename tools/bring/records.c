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

/* How far apart the CPUs of all pairs of this run are; "mixed" when that differs. */
static const char *distance(const struct bt_emit *e)
{
	enum bt_distance first = BT_DISTANCE_SAME, other;
	uint32_t cpu, peer;

	for (uint32_t i = 0; i < e->tool->threads; i++) {
		bring_pair(bring_job_of(e), i, &cpu, &peer);
		other = bt_distance(&e->tool->src, cpu, peer);
		if (i > 0 && other != first)
			return "mixed";
		first = other;
	}
	return bt_distance_name(first);
}

/* Files are read once for each run, not for each record. */
static void describe_pair(const struct bt_emit *e, struct bt_rec *r)
{
	struct bring *b = (struct bring *)e->tool;
	uint32_t cpu, peer;

	if (b->distance.job != bring_job_of(e) || b->distance.threads != e->tool->threads) {
		b->distance.job = bring_job_of(e);
		b->distance.threads = e->tool->threads;
		b->distance.text = distance(e);
	}
	bt_rec_str(r, "distance", b->distance.text);
	if (e->tool->threads > 1)
		return;
	bring_pair(bring_job_of(e), 0, &cpu, &peer);
	bt_rec_u64(r, "cpu", cpu);
	bt_rec_u64(r, "peer", peer);
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
		describe_pair(e, r);
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
