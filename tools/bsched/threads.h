/* SPDX-License-Identifier: ISC
 *
 * threads - the threads of some processes, and what the kernel has counted of each since we follow it.
 *
 * Each pass reads every thread once and adds what has been counted since the last pass. A thread that is there when its process is
 * first followed counts from then on, one that comes later from its beginning. One that has gone keeps what was read last; what it
 * did after that is lost, unless it was seen as a zombie.
 */
#ifndef BSCHED_THREADS_H
#define BSCHED_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schedstat.h"
#include "src.h"

#define BSCHED_THREADS_MAX 65536u /* that are remembered, those that have gone included */

struct bsched_thread {
	uint32_t pid, tid;
	bool alive;
	bool seen;                        /* in this pass */
	struct bt_schedstat last;         /* as read last */
	struct bt_schedcount span, whole; /* counted in this interval, and in all */
};

struct bsched_process {
	uint32_t number;
	bool one;       /* the number is a thread's, which is followed alone */
	bool alive;
	uint64_t start; /* BT_PROCSTAT_START: whoever has another one is somebody else */
};

struct bsched_threads {
	const struct bt_src *src;
	struct bsched_process *processes;
	size_t n_processes;
	struct bsched_thread *list;
	size_t n, cap, next;  /* next: where the next one is most likely to be */
	size_t alive;         /* threads that were there in the last pass, zombies left out */
	uint64_t tails;       /* threads that have gone since their last reading */
	uint64_t unread;      /* readings that failed for another reason, or for want of room */
};

/* bsched_threads_follow - begin with a process or thread. Returns 0, -ESRCH when there is none, -ENOSYS when the kernel does not
 * count, or another -errno. */
int bsched_threads_follow(struct bsched_threads *t, uint32_t number);

/* bsched_threads_pass - read all. counting: what has passed is to be added, not dropped. */
void bsched_threads_pass(struct bsched_threads *t, bool counting);

/* bsched_threads_next_span - all intervals begin anew. */
void bsched_threads_next_span(struct bsched_threads *t);

void bsched_threads_free(struct bsched_threads *t);

#endif
