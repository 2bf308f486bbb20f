/* SPDX-License-Identifier: ISC
 *
 * records - what the records of the load tests have beside those of every load tool.
 */
#include "bsched.h"

const char *const bsched_metrics[] = { BT_LOADREC_METRICS, "rtt", "bw", "round", "request", "awake", "switch", "switched", NULL };

void bsched_meta(struct bt_loadtool *t, struct bt_rec *r)
{
	const struct bsched *b = (const struct bsched *)t;

	bt_rec_str(r, "policy", bsched_policy_name(b));
	bt_rec_u64(r, "slack", 1); /* ns; of all threads of the tests */
	if (b->matrix)
		bt_rec_bool(r, "matrix", true);
}

/* How far apart the CPUs of all pairs of this run are; "mixed" when that differs. */
static const char *distance(const struct bt_emit *e)
{
	const struct bsched_job *job = bsched_job_of(e);
	enum bt_distance first = BT_DISTANCE_SAME, other;
	uint32_t cpu, peer;

	for (uint32_t i = 0; i < e->tool->threads; i++) {
		bsched_pair(job, i, &cpu, &peer);
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
	struct bsched *b = (struct bsched *)e->tool;
	uint32_t cpu, peer;

	if (b->distance.job != bsched_job_of(e) || b->distance.threads != e->tool->threads) {
		b->distance.job = bsched_job_of(e);
		b->distance.threads = e->tool->threads;
		b->distance.text = distance(e);
	}
	bt_rec_str(r, "distance", b->distance.text);
	if (e->tool->threads > 1)
		return;
	bsched_pair(bsched_job_of(e), 0, &cpu, &peer);
	bt_rec_u64(r, "cpu", cpu);
	bt_rec_u64(r, "peer", peer);
}

void bsched_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bsched *b = bsched_of(e);
	const struct bsched_job *job = bsched_job_of(e);

	bt_rec_str(r, "policy", bsched_policy_name(b));
	if (b->policy.prio_set)
		bt_rec_f64(r, "prio", b->policy.prio);
	if (job->pair)
		describe_pair(e, r);
	if (job->test->describe)
		job->test->describe(e, r);
}

void bsched_measures(const struct bt_emit *e)
{
	bsched_job_of(e)->test->measures(e);
}
