/* SPDX-License-Identifier: ISC
 *
 * taskstats - the last figures of tasks that end, from the kernel's accounting over netlink: where BPF cannot be used
 * (Documentation/accounting/taskstats.rst).
 *
 * It needs CAP_NET_ADMIN to begin with, and the initial user and PID namespaces. Times are counted in ticks; how long a task waited
 * is known only where sysctl kernel.task_delayacct is on; when it began follows from how old it was.
 */
#ifndef BT_TASKSTATS_H
#define BT_TASKSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "idmap.h"
#include "taskfig.h"

struct bt_taskstats {
	int fd;              /* readable when a task has ended; -1: closed */
	struct bt_idmap parts; /* of processes whose threads end one by one: what those that have ended used */
	size_t n_parts;
	uint64_t lost;       /* times that the kernel had no room for an end, and messages that were none we know */
	char buf[32768];
};

/* bt_taskstats_open - for all CPUs up to the last one, of at most cpus. Returns 0, or -errno with t->fd -1: -EPERM without
 * privilege or in a namespace, -ENOENT when the kernel has none. */
int bt_taskstats_open(struct bt_taskstats *t, unsigned cpus);

/* bt_taskstats_drain - take(arg, ...) for each thread that has ended (kind THREAD), and behind its last thread for each process
 * (kind PROCESS: what of its threads has been seen; threads is 1 when there was one). Call as soon as fd is readable: an end is
 * taken to be now. */
void bt_taskstats_drain(struct bt_taskstats *t, void (*take)(void *arg, const struct taskfig *f), void *arg);

/* bt_taskstats_message - the same for one message of len bytes, at now_ns of CLOCK_BOOTTIME. Returns 0 or -EINVAL for one that is
 * none of the kernel's accounting, or has another layout than we know. */
int bt_taskstats_message(struct bt_taskstats *t, const void *message, size_t len, uint64_t now_ns,
			 void (*take)(void *arg, const struct taskfig *f), void *arg);

void bt_taskstats_close(struct bt_taskstats *t);

#endif
