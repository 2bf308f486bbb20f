/* SPDX-License-Identifier: ISC
 *
 * tracegroups - which groups there are, from the map of the BPF programs.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "tracegroups.h"

#define BATCH 256u

/* Groups are only ever added, so a walk through the table sees all that were there when it began. */
static int learn_all(struct bt_trace_groups *g)
{
	int fd = bt_tracer_map(g->tracer, "groups"), rc = 0;
	struct trace_key *keys = calloc(BATCH, sizeof(*keys));
	uint32_t *slots = calloc(BATCH, sizeof(*slots)), position = 0, n;
	bool first = true;

	if (!keys || !slots)
		rc = -ENOMEM;
	while (rc == 0) {
		n = BATCH;
		rc = bpf_map_lookup_batch(fd, first ? NULL : &position, &position, keys, slots, &n, NULL) == 0 ? 0 : -errno;
		first = false;
		if (rc != 0 && rc != -ENOENT)
			break;
		for (uint32_t i = 0; i < n; i++)
			bt_trace_groups_learn(g, &keys[i], slots[i]);
	}
	free(keys);
	free(slots);
	return rc == -ENOENT ? 0 : rc;
}

int bt_trace_groups_show(struct bt_trace_groups *g, bool whole, unsigned order, bt_trace_take *take, void *arg)
{
	int rc = learn_all(g);

	return rc == 0 ? bt_trace_groups_look(g, whole, order, take, arg) : rc;
}
