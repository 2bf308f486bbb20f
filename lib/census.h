/* SPDX-License-Identifier: ISC
 *
 * census - all tasks that are known, with their figures now and at the pass before, whatever source they come from.
 *
 * A source gives the figures of tasks pass by pass: whole processes, or threads and, for each process, what its dead threads
 * have used, of which the process is the sum. Tasks that have not changed may be left out, as long as somebody tells that they
 * are there. Between passes it may give the ends of threads and processes with their last figures, so that nothing is lost that
 * was used since the last pass; a process that began and ended between two passes is known by that alone. A number that another
 * process has is told by the time of its start.
 *
 * Figures that grow never fall here: a pass is no snapshot, and what is missing once (a thread that ended just then) comes with
 * the next one.
 */
#ifndef BT_CENSUS_H
#define BT_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "idmap.h"
#include "taskfig.h"

struct bt_census_task {
	struct taskfig now, was;     /* was: the pass before; all 0 for one that had not begun then */
	uint64_t read_ns, was_ns;    /* CLOCK_MONOTONIC: when they were read, began or ended */
	uint32_t seen, changed;      /* passes in which it was there last, and in which its figures came anew; 0: never */
	bool had;                    /* was is known */
	bool ended;                  /* now is final: it changes no more, while it may still be there as a zombie */
};

struct bt_census_thread {
	struct bt_census_task t;        /* first */
	struct bt_census_process *process;
	bool replaced;               /* its number is another one's now */
	struct bt_census_thread *next, **at; /* of the same process; what points to this one */
};

struct bt_census_process {
	struct bt_census_task t;        /* first */
	struct bt_census_thread *threads;
	struct taskfig *dead;        /* its threads that have ended, as the kernel sums them up; NULL: none */
	uint64_t gone_wait, gone_voluntary, gone_involuntary; /* of threads whose end was seen */
	bool dirty;                  /* to be summed up anew */
	/* the chooser's: */
	bool mark;                   /* asked for by number */
	bool tree;                   /* belongs to the tree, as what it starts does */
	bool named, matches;         /* its command line was looked at, under the name that begins so, and matched */
	uint64_t name;
	bool member;                 /* was in a control group asked for */
};

struct bt_census {
	bool ends;                   /* ends are told: who is missing in a pass may just have ended, and is kept for one more */
	bool whole;                  /* processes are told as such, and are not to be summed up from threads that are told too */
	bool (*there)(void *arg, uint32_t place); /* whether a task that was left out is there; NULL: none is left out */
	void *there_arg;
	bool (*covers)(void *arg, const struct taskfig *f); /* whether it is to be known at all; NULL: all are */
	void (*begun)(void *arg, struct bt_census_process *p); /* a new one, of which at least the numbers are known; NULL: do nothing */
	void *arg;                   /* of both */

	struct bt_census_process **processes;
	size_t n_processes, cap_processes;
	struct bt_census_thread **threads;
	size_t n_threads, cap_threads;
	struct bt_idmap by_pid, by_tid;
	uint32_t pass;               /* the one that is under way, or comes next: from 1 */
	uint64_t begin_ns, last_ns;  /* CLOCK_MONOTONIC: when this pass and the last one began */
	uint64_t boot_ns;            /* CLOCK_BOOTTIME less CLOCK_MONOTONIC */
	uint64_t unseen;             /* processes that ended without a word */
	uint64_t lost;               /* tasks for which there was no memory */
};

#define BT_CENSUS_INIT { .pass = 1 }

/* bt_census_end - the end of a task, or the beginning of a process (kinds THREAD, PROCESS, FORK), told between passes. */
void bt_census_end(struct bt_census *c, const struct taskfig *f);

/* bt_census_begin, bt_census_take, bt_census_finish - a pass. boot_ns: as above. take: kinds THREAD, DEAD, PROCESS, in any
 * order. bt_census_same: whether that process has one thread and run_ns as before, and then it has been there in this pass. */
void bt_census_begin(struct bt_census *c, uint64_t now_ns, uint64_t boot_ns);
void bt_census_take(struct bt_census *c, const struct taskfig *f, uint64_t read_ns);
bool bt_census_same(struct bt_census *c, uint32_t pid, uint64_t run_ns, uint64_t read_ns);
void bt_census_finish(struct bt_census *c);

/* bt_census_shown - whether a task is to be shown after a pass: it is there, or has ended since the one before. bt_census_was -
 * its figures at the one before. */
bool bt_census_shown(const struct bt_census *c, const struct bt_census_task *t);
const struct taskfig *bt_census_was(const struct bt_census *c, const struct bt_census_task *t);

/* bt_census_process - the process that has the number now, or NULL. */
struct bt_census_process *bt_census_process(const struct bt_census *c, uint32_t pid);

void bt_census_free(struct bt_census *c);

#endif
