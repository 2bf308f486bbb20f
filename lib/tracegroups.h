/* SPDX-License-Identifier: ISC
 *
 * tracegroups - what a tracer's BPF programs have counted, group by group: since the beginning, or since the last look.
 *
 * The programs never reset what they count, so nothing is lost between two looks: an interval is the difference. Only smallest and
 * largest values cannot be subtracted: they are taken out at every look, and the whole remembers them.
 *
 * Invariants
 *  - the counts of all intervals add up to those of the whole, if nothing came after the last one.
 *  - a histogram agrees with itself whatever the programs write meanwhile: sum, min and max lie where its buckets allow. They are
 *    exact unless a value came in the very moment of a look; even then the sums of all intervals add up to the resolution of the
 *    buckets.
 *
 * Without libbpf, but for bt_trace_groups_show, which is linked into tools with BPF programs only. All functions belong to one
 * thread.
 */
#ifndef BT_TRACEGROUPS_H
#define BT_TRACEGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "tracer.h"

#define BT_TRACE_EXTRA 5

struct bt_trace_max {
	uint64_t ns, ts_ns;    /* the largest value, and when: CLOCK_MONOTONIC; ts_ns 0: unknown, as all below */
	uint32_t pid, tid;     /* whose it was, in the initial namespace */
	char comm[TRACE_COMM]; /* without NUL when it fills all bytes */
};

struct bt_trace_group {
	struct trace_key key;
	bool known;               /* key has been read */
	uint64_t min_ns;          /* UINT64_MAX: none */
	struct bt_trace_max max;
	uint64_t sum;             /* ns, of all intervals shown */
	uint64_t extra[BT_TRACE_EXTRA]; /* at the last look */
	uint64_t *buckets;        /* at the last look; NULL: there was none */
};

struct bt_trace_groups {
	struct bt_tracer *tracer;     /* borrowed: its conf and cells */
	struct bt_trace_group *slots; /* conf->n_slots */
	uint32_t n_known;
	uint32_t major;               /* groups are shown by their what / major first; 0: not. For the tool to set */
	struct bt_hist hist;          /* of the group shown */
	uint64_t *now;                /* scratch: its buckets, all stripes together */
};

/* One group as it is shown. Borrowed until the next one. */
struct bt_trace_view {
	const struct trace_key *key;
	uint32_t slot;
	const struct bt_hist *hist;   /* ns */
	uint64_t extra[BT_TRACE_EXTRA];
	struct bt_trace_max max;
};

typedef void bt_trace_take(void *arg, const struct bt_trace_view *view);

/* bt_trace_groups_init - for a tracer that is loaded, which must outlive g. Returns 0, or -ENOMEM with nothing to free.
 * bt_trace_groups_free - takes one that failed, or that is all zeros; nothing can be shown any more. */
int bt_trace_groups_init(struct bt_trace_groups *g, struct bt_tracer *tracer);
void bt_trace_groups_free(struct bt_trace_groups *g);

/* bt_trace_groups_learn - note the key of a slot, which never changes; a slot that there is not is passed over. Copies key. */
void bt_trace_groups_learn(struct bt_trace_groups *g, const struct trace_key *key, uint32_t slot);

/* bt_trace_groups_look - call take for each group learnt with anything to show: since the last look with whole false, or since the
 * beginning; in the order of major, then those with the largest sum since the beginning, then with the largest extra[order]
 * (0..BT_TRACE_EXTRA-1) first. Returns 0 or -ENOMEM. */
int bt_trace_groups_look(struct bt_trace_groups *g, bool whole, unsigned order, bt_trace_take *take, void *arg);

/* bt_trace_groups_show - learn what groups there are by now, and look. Returns 0 or -errno. */
int bt_trace_groups_show(struct bt_trace_groups *g, bool whole, unsigned order, bt_trace_take *take, void *arg);

#endif
