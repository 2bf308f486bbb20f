/* SPDX-License-Identifier: ISC
 *
 * schedstat - what the kernel counts of every thread's scheduling anyway and shows to everybody in /proc.
 *
 * The times are in ns but move in steps: of a thread that runs, at every tick (tick.h) and when it leaves its CPU; the time waited
 * for a CPU when it gets one.
 */
#ifndef BT_SCHEDSTAT_H
#define BT_SCHEDSTAT_H

#include <stdint.h>

#include "src.h"

#define BT_SCHEDSTAT_COMM 64 /* bytes of a name with its NUL; those of kernel workers are longer than a comm */

struct bt_schedcount {
	uint64_t run_ns, wait_ns; /* on a CPU; runnable, waiting for one */
	uint64_t slices;          /* times it got a CPU */
	uint64_t voluntary, involuntary; /* context switches */
};

struct bt_schedstat {
	struct bt_schedcount count; /* since the thread began */
	uint32_t pid;               /* of its process */
	char state;                 /* as in ps(1); Z or X: it has ended */
	char comm[BT_SCHEDSTAT_COMM];
};

/* bt_schedcount_times - run_ns, wait_ns and slices from the text of schedstat; the rest is left alone. Returns 0 or -EINVAL. */
int bt_schedcount_times(struct bt_schedcount *c, const char *schedstat);

/* bt_schedstat_parse - from the texts of /proc/PID/task/TID/schedstat and status. Returns 0, or -EINVAL when one of the counters
 * is missing or no number; the rest may be. */
int bt_schedstat_parse(struct bt_schedstat *s, const char *schedstat, const char *status);

/* bt_schedstat_read - of one thread. Returns 0, -ESRCH when there is none (any more), -EINVAL as above, or another -errno. */
int bt_schedstat_read(struct bt_schedstat *s, const struct bt_src *src, uint32_t pid, uint32_t tid);

/* bt_schedcount_since - what was counted between from and to. Returns 0, or -ERANGE with *d untouched when a counter went back:
 * then it is another thread of the same number. */
int bt_schedcount_since(const struct bt_schedcount *from, const struct bt_schedcount *to, struct bt_schedcount *d);

/* bt_schedcount_add - add d to sum. */
void bt_schedcount_add(struct bt_schedcount *sum, const struct bt_schedcount *d);

#endif
