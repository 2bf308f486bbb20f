/* SPDX-License-Identifier: ISC
 *
 * pairs - what records say of runs whose workers each have a partner, maybe on another CPU.
 */
#include "distance.h"
#include "pairs.h"

static const char *distance(const struct bt_emit *e, bt_pairs_cpus *cpus)
{
	enum bt_distance first = BT_DISTANCE_SAME, other;
	uint32_t cpu, peer;

	for (uint32_t i = 0; i < e->tool->threads; i++) {
		cpus(e->tool->job->config, i, &cpu, &peer);
		other = bt_distance(&e->tool->src, cpu, peer);
		if (i > 0 && other != first)
			return "mixed";
		first = other;
	}
	return bt_distance_name(first);
}

void bt_pairs_describe(struct bt_pairs *p, const struct bt_emit *e, struct bt_rec *r, bt_pairs_cpus *cpus)
{
	uint32_t cpu, peer;

	if (p->config != e->tool->job->config || p->threads != e->tool->threads) {
		p->config = e->tool->job->config;
		p->threads = e->tool->threads;
		p->distance = distance(e, cpus);
	}
	bt_rec_str(r, "distance", p->distance);
	if (e->tool->threads > 1)
		return;
	cpus(p->config, 0, &cpu, &peer);
	bt_rec_u64(r, "cpu", cpu);
	bt_rec_u64(r, "peer", peer);
}
