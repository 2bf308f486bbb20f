/* SPDX-License-Identifier: ISC
 *
 * pairs - what records say of runs whose workers each have a partner, maybe on another CPU.
 */
#ifndef BT_PAIRS_H
#define BT_PAIRS_H

#include "loadrec.h"

/* The CPUs of worker number index and of its partner; config is that of the run's job. */
typedef void bt_pairs_cpus(const void *config, uint32_t index, uint32_t *cpu, uint32_t *peer);

/* What was found out about a run, since files are read once for each run and not for each record. Zeroed before the first. */
struct bt_pairs {
	const void *config;
	uint32_t threads;
	const char *distance;
};

/* bt_pairs_describe - the dimensions distance ("mixed" when the pairs of a run differ) and, of a single pair, cpu and peer. */
void bt_pairs_describe(struct bt_pairs *p, const struct bt_emit *e, struct bt_rec *r, bt_pairs_cpus *cpus);

#endif
