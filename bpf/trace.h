/* SPDX-License-Identifier: GPL-2.0-only
 *
 * trace - what every tracer's BPF programs share with user space: settings, groups, cells, losses.
 *
 * A group is what a record is about: a key. Each group has a slot, and the slot a cell of counts in each stripe. A stripe is a
 * CPU's own set of cells, or several CPUs share one; the reader adds them up. Nothing is ever reset by the programs, so that a
 * reader who subtracts what it saw before loses nothing between two intervals.
 */
#ifndef BPF_TRACE_H
#define BPF_TRACE_H

#include <stdint.h>

#define TRACE_COMM 16      /* bytes of a comm with its NUL: TASK_COMM_LEN */
#define TRACE_GLOBS 8      /* most patterns to allow, and to deny */
#define TRACE_CPUS 1024    /* highest number of CPUs that can be told apart by a filter */
#define TRACE_CACHE 2048   /* groups without a key of their own are found through a table of that size */

/* Bits of trace_conf.filter. */
enum {
	TRACE_BY_PID = 1,    /* the listed processes or threads, and with BY_TREE what they start */
	TRACE_BY_TREE = 2,
	TRACE_BY_COMM = 4,
	TRACE_BY_CGROUP = 8,
	TRACE_BY_CPU = 16,
};

/* Bits of trace_conf.keys: what beside `what` tells groups apart. */
enum {
	TRACE_KEY_PID = 1,
	TRACE_KEY_TID = 2,
	TRACE_KEY_COMM = 4,
	TRACE_KEY_CGROUP = 8,
	TRACE_KEY_CPU = 16,
	TRACE_KEY_PRIO = 32,
	TRACE_KEY_SYSCALL = 64,
	TRACE_KEY_STACK = 128,
};

/* Fields of classic tracepoints that have moved between kernels: where they are, trace_conf.fields[], is looked up in tracefs. */
enum {
	TRACE_FIELD_FORK_PARENT, TRACE_FIELD_FORK_CHILD, TRACE_FIELD_EXEC_TID, TRACE_FIELD_EXEC_OLD_TID, TRACE_FIELD_SWITCH_PREV,
	TRACE_FIELD_SWITCH_STATE, TRACE_FIELD_SWITCH_NEXT, TRACE_FIELD_WAKING_TID, TRACE_FIELD_NEW_TID, TRACE_FIELD_MIGRATE_TID,
	TRACE_FIELD_MIGRATE_FROM, TRACE_FIELD_MIGRATE_TO, TRACE_FIELD_ENTER_ID, TRACE_FIELD_ENTER_ARGS, TRACE_FIELD_EXIT_ID,
	TRACE_FIELD_EXIT_RET, TRACE_FIELDS
};

/* Set before loading; constants for the verifier, which drops the branches that cannot be taken. */
struct trace_conf {
	uint32_t filter, keys;
	uint32_t n_allow, n_deny;
	char allow[TRACE_GLOBS][TRACE_COMM], deny[TRACE_GLOBS][TRACE_COMM];
	uint64_t cgroup_id;     /* of the group to trace */
	int32_t cgroup_subsys;  /* hierarchy for filter and key: -1 is version 2, else a controller's */
	uint32_t pidns_inum;    /* of the tracer's PID namespace, where listed numbers are meant; 0: the initial one */
	uint32_t n_tasks;       /* entries of the table of tasks: a power of two */
	uint32_t half_bits;     /* of the buckets, see lib/bucket.h */
	uint32_t n_buckets;
	uint32_t n_slots;       /* cells of a stripe */
	uint32_t n_stripes;     /* a power of two */
	uint32_t plain;         /* nobody else can write to a stripe while a program does */
	uint32_t prev_state_arg; /* sched_switch says the state that the task leaves in */
	uint32_t fields[TRACE_FIELDS];
	uint64_t cpus[TRACE_CPUS / 64];
};

/* Flags in the table of listed numbers, and of a task. */
enum {
	TRACE_TASK_KNOWN = 1,   /* the rest of the flags has been found out */
	TRACE_TASK_LISTED = 2,  /* passes the filter by number */
	TRACE_TASK_PENDING = 4, /* will, from its next exec on */
	TRACE_TASK_NAMED = 8,   /* passes the filter by comm */
};

/* A group. `what` is the tool's own: a system call, or a kind of time. Unused fields are 0. */
struct trace_key {
	uint32_t what;
	uint32_t cpu;
	uint32_t pid, tid;       /* in the initial namespace */
	uint32_t ns_pid, ns_tid; /* in the task's own one */
	uint64_t cgroup;
	char comm[TRACE_COMM];
	int32_t prio;
	uint32_t more;           /* the tool's own: a state, a second CPU */
	uint32_t other_pid, other_tid; /* waker, preemptor */
	char other_comm[TRACE_COMM];
};

_Static_assert(sizeof(struct trace_key) == 80, "no holes: it is a key");

/* Counts of a group in a stripe. `min_plus` is one more than the smallest value: 0 means none. min_plus and max may be set to 0
 * by the reader at any time. */
struct trace_cell {
	uint64_t sum, min_plus, max;
	uint64_t max_ts_ns;  /* CLOCK_MONOTONIC */
	uint32_t max_pid, max_tid;
	char max_comm[TRACE_COMM];
	uint64_t extra[5];   /* the tool's own */
	/* then trace_conf.n_buckets buckets of 8 bytes */
};

/* Buckets of two digits: what the verifier is shown; the real value size of the map is set to fit trace_conf.n_buckets. */
#define TRACE_BUCKETS_MAX 7296u

/* Events that were not accounted for, by cause. Each is counted once. */
struct trace_lost {
	uint64_t groups;    /* no slot was left for a new group */
	uint64_t tasks;     /* no room for a task's state */
	uint64_t ring;      /* no room in the ring; the tool may know more, such as on which CPU */
	uint64_t clock;     /* the clock of two CPUs disagreed: the interval would be negative */
	uint64_t max;       /* a maximum whose owner could not be noted */
};

#endif
