/* SPDX-License-Identifier: ISC
 *
 * tasks - the census of a run and the sources that fill it, shared by the groups proc and thread.
 */
#ifndef BSAMPLE_TASKS_H
#define BSAMPLE_TASKS_H

#include "bsample.h"
#include "census.h"
#include "kernel.h"
#include "members.h"
#include "procfs.h"
#include "taskstats.h"

/* A process asked for by its number: the first one that has it, and no other that gets it later. */
struct tasks_pid {
	uint32_t pid;
	bool found, ended;
};

struct tasks {
	struct bsample *s;
	struct bt_census census;
	struct procfs procfs;
	struct kernel *kernel;       /* NULL: none */
	struct bt_taskstats *stats;  /* tells of ends where BPF does not; NULL: none */
	bool by_kernel;              /* passes come from it, not from /proc */
	bool no_ends;                /* nobody tells who ends: those that begin and end between two ticks are not seen */
	bool threads;                /* the group thread is there */
	unsigned users;              /* groups that have it open */
	char why[200];               /* what is missing; "": nothing */
	uint64_t tick_ns;            /* the tick that the last pass was for */
	uint64_t pass_ns;            /* how long it took */
	int failed;                  /* -errno of the last pass */
	struct tasks_pid *pids;
	size_t n_pids;
	struct members members;      /* of the control groups asked for */
	/* what the last pass chose */
	struct bt_census_process **chosen;
	size_t n_chosen, cap_chosen;
	uint32_t refused_said;       /* bits of known that have been warned of */
};

/* tasks_open - open the sources for one more group. Returns 0 or -errno; s->tasks->why tells what is missing in either case. Close
 * it in either case. */
int tasks_open(struct bsample *s);
void tasks_close(struct bsample *s);

/* tasks_pass - look at all tasks and choose, once a tick whoever asks. Returns 0 or -errno. */
int tasks_pass(struct bsample *s);

/* openfiles_emit - the records of --open about the process of that row. What may not be seen has none. */
void openfiles_emit(struct bsample *s, const struct bsample_row *row);

#endif
