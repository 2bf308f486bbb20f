/* SPDX-License-Identifier: ISC
 *
 * proc - what is wanted of processes and threads: the options about them.
 */
#ifndef BSAMPLE_PROC_H
#define BSAMPLE_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "opt.h"
#include "traceopt.h"

struct bsample;

/* Long options of these groups alone. */
enum { BSAMPLE_OPT_COMMAND = 500, BSAMPLE_OPT_OPEN, BSAMPLE_OPT_SOURCE, BSAMPLE_OPT_TOP, BSAMPLE_OPT_WAIT };

#define BSAMPLE_OPTS_PROC \
	{ 'p', "pid", "LIST", "proc, thread: these processes only" }, \
	{ 'C', "comm", "GLOB", "proc, thread: commands of this name only, !GLOB: not those; may be repeated" }, \
	{ BT_OPT_TREE, "tree", NULL, "with -p: also what these processes have started and will start" }, \
	{ BSAMPLE_OPT_COMMAND, "command", "GLOB", "proc, thread: processes with this command line only" }, \
	{ BSAMPLE_OPT_TOP, "top", "N:METRIC", "proc, thread: the N with most of METRIC (cpu); 0: all (default 10 if none is chosen)" }, \
	{ BSAMPLE_OPT_WAIT, "wait", "TIME", "wait so long for the first process chosen to appear" }, \
	{ BSAMPLE_OPT_OPEN, "open", "GLOB", "proc: count the open files whose path matches; may be repeated" }, \
	{ BSAMPLE_OPT_SOURCE, "source", "HOW", "proc, thread: bpf, procfs, taskstats, or auto: what works (default auto)" }, \
	{ BT_OPT_ATTACH, "attach", "HOW", "btf, raw or classic tracepoints for the ends of processes (default auto)" }

#define PROC_OPEN_GLOBS 8
#define PROC_TOP_MAX 1024

enum proc_source { PROC_SOURCE_AUTO, PROC_SOURCE_BPF, PROC_SOURCE_PROCFS, PROC_SOURCE_TASKSTATS };

/* What processes can be ranked by. */
enum proc_rank {
	PROC_RANK_CPU, PROC_RANK_WAIT, PROC_RANK_RSS, PROC_RANK_FAULTS, PROC_RANK_BW, PROC_RANK_IO, PROC_RANK_SWITCHES, PROC_RANK_THREADS,
	PROC_RANK_FDS
};

struct proc_opts {
	struct bt_trace_opts trace;  /* -p, -C, --tree, --attach */
	const char *command;         /* NULL: any */
	const char *open[PROC_OPEN_GLOBS];
	unsigned n_open;
	bool top_set;
	uint64_t top;                /* 0: all */
	int rank;                    /* enum proc_rank */
	uint64_t wait_ns;            /* 0: not at all */
	int source;                  /* enum proc_source */
	const char *given;           /* long name of the first of these options that was given; NULL: none */
};

/* proc_option - take one option if it is ours. Returns whether it was; errors go to o->error. */
bool proc_option(struct proc_opts *p, struct bt_opts *o, int key);

/* proc_conflict - what about the options does not go together, one sentence, or NULL. */
const char *proc_conflict(const struct proc_opts *p, bool command);

/* proc_chooses - whether processes are chosen by something else than their rank. cgroups: of --cgroup. */
bool proc_chooses(const struct proc_opts *p, unsigned cgroups, bool command);

/* proc_wait - --wait: until a process that is wanted appears. Returns false when it did not in time, or a signal came. */
bool proc_wait(struct bsample *s);

/* proc_over - whether all of the processes asked for by number have ended, so that nothing can come any more. */
bool proc_over(const struct bsample *s);

/* proc_drain - take what has ended since the last time: to be called twice a second or so, and whenever s->control is ready. */
void proc_drain(struct bsample *s);

/* proc_by_ticks - whether CPU time of tasks grows by the kernel's ticks, not by those of /proc. */
bool proc_by_ticks(const struct bsample *s);

/* proc_give_up_privilege - once BPF programs are attached: all capabilities but those to read them and other users' processes,
 * and for the end those to put files in place and to send the COMMAND a signal. */
void proc_give_up_privilege(const struct bsample *s);

#endif
