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

void bsched_describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bsched *b = bsched_of(e);
	const struct bsched_job *job = bsched_job_of(e);

	bt_rec_str(r, "policy", bsched_policy_name(b));
	if (b->policy.prio_set)
		bt_rec_f64(r, "prio", b->policy.prio);
	if (job->pair)
		bt_pairs_describe(&((struct bsched *)e->tool)->pairs, e, r, bsched_pair);
	if (job->test->describe)
		job->test->describe(e, r);
}

void bsched_measures(const struct bt_emit *e)
{
	bsched_job_of(e)->test->measures(e);
}
