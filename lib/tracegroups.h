/* SPDX-License-Identifier: ISC
 *
 * tracegroups - what a tracer's BPF programs have counted, group by group: since the beginning, or since the last look.
 *
 * The programs never reset what they count, so nothing is lost between two looks: an interval is the difference. Only smallest and
 * largest values cannot be subtracted: they are taken out at every look, and the whole remembers them.
 */
#ifndef BT_TRACEGROUPS_H
#define BT_TRACEGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "tracer.h"

#define BT_TRACE_EXTRA 5

struct bt_trace_max {
	uint64_t ns, ts_ns; /* the largest value, and when: CLOCK_MONOTONIC */
	uint32_t pid, tid;
	char comm[TRACE_COMM];
};

struct bt_trace_group {
	struct trace_key key;
	bool known;               /* key has been read */
	uint64_t min_ns;          /* UINT64_MAX: none */
	struct bt_trace_max max;
	uint64_t sum, extra[BT_TRACE_EXTRA]; /* at the last look */
	uint64_t *buckets;        /* at the last look; NULL: there was none */
};

struct bt_trace_groups {
	struct bt_tracer *tracer;
	struct bt_trace_group *slots; /* by slot */
	uint32_t n_known;
	uint32_t major;               /* groups are shown by their what / major first; 0: not. For the tool to set */
	struct bt_hist hist;          /* of the group shown */
	uint64_t *now;                /* scratch: its buckets, all stripes together */
};

/* One group as it is shown. Borrowed until the next one. */
struct bt_trace_view {
	const struct trace_key *key;
	uint32_t slot;
	const struct bt_hist *hist;
	uint64_t extra[BT_TRACE_EXTRA];
	struct bt_trace_max max;
};

typedef void bt_trace_take(void *arg, const struct bt_trace_view *view);

/* bt_trace_groups_init - 0 or -ENOMEM. bt_trace_groups_free - takes one that failed, or an empty one. */
int bt_trace_groups_init(struct bt_trace_groups *g, struct bt_tracer *tracer);
void bt_trace_groups_free(struct bt_trace_groups *g);

/* bt_trace_groups_show - call take for each group with anything to show: since the last call with whole false, or since the
 * beginning; in the order of major, then those with the largest sum (then the largest of extra[order]) first. Returns 0 or -errno. */
int bt_trace_groups_show(struct bt_trace_groups *g, bool whole, unsigned order, bt_trace_take *take, void *arg);

/* bt_trace_groups_find - the slot with that `what` and no other key, or -ENOENT. */
int64_t bt_trace_groups_find(const struct bt_trace_groups *g, uint32_t what);

#endif
