/* SPDX-License-Identifier: GPL-2.0-only
 *
 * taskfig - the figures of a task as one fixed record: what the BPF programs write, and what is made of the texts of /proc, so that
 * everything behind it is the same for both.
 *
 * All figures but rss and threads count from the task's start and only grow. Numbers are those of the reader's PID
 * namespace. What is not in `known` is 0.
 */
#ifndef BPF_TASKFIG_H
#define BPF_TASKFIG_H

#include <stdint.h>

#define TASKFIG_COMM 16   /* TASK_COMM_LEN */
#define TASKFIG_CGROUPS 8

/* What the figures are of. */
enum {
	TASKFIG_THREAD,  /* one thread */
	TASKFIG_DEAD,    /* the threads of a process that have ended: to be added to those that live */
	TASKFIG_PROCESS, /* a process, whole */
	TASKFIG_FORK,    /* a process that has just begun: numbers alone */
	TASKFIG_KINDS
};

/* Bits of known: figures that not every source has, or not of every task. */
enum {
	TASKFIG_CPU = 1, TASKFIG_RUN = 2, TASKFIG_WAIT = 4, TASKFIG_RSS = 8, TASKFIG_FAULTS = 16, TASKFIG_IO = 32,
	TASKFIG_SWITCHES = 64, TASKFIG_THREADS = 128,
	TASKFIG_ALL = 255
};

#define TASKFIG_EXITING 4u       /* of flags: PF_EXITING */
#define TASKFIG_KTHREAD 0x200000u /* PF_KTHREAD */

struct taskfig {
	uint64_t start_ns;       /* CLOCK_BOOTTIME when it began; of /proc in steps of 10 ms */
	uint64_t end_ns;         /* CLOCK_BOOTTIME when it ended; 0: it lives */
	uint64_t user_ns, sys_ns; /* RUN is not known: as the kernel shows them; else ticks, whose proportion splits run_ns */
	uint64_t run_ns;
	uint64_t wait_ns;        /* runnable, but not running */
	uint64_t minor, major;   /* page faults */
	uint64_t voluntary, involuntary; /* context switches */
	uint64_t read_bytes, write_bytes; /* of storage */
	uint64_t read_chars, write_chars; /* of system calls */
	uint64_t rss_bytes;      /* of a process that has ended: the most that it had */
	uint32_t kind, known;
	uint32_t pid, tid, ppid;
	uint32_t ns_pid, ns_tid; /* in its own, innermost PID namespace; 0: not known */
	uint32_t threads;        /* of a process that has ended: 1 when it never had another one, else 0 */
	uint32_t place;          /* its number in the initial PID namespace */
	uint32_t flags;          /* PF_ of the kernel */
	uint32_t exit_code;      /* as wait(2) has it */
	uint32_t zombie;         /* it has ended and waits for its parent */
	uint32_t grouped;        /* it is in one of the control groups asked for; of BPF programs alone */
	uint32_t pad;
	char comm[TASKFIG_COMM]; /* any bytes; of a process its first thread's */
};

_Static_assert(sizeof(struct taskfig) == 15 * 8 + 14 * 4 + TASKFIG_COMM, "no holes");

/* Set before the programs are loaded. */
struct taskfig_conf {
	uint32_t page_bytes;
	uint32_t pidns_inum;  /* of the reader's PID namespace; 0: the initial one */
	uint32_t listed;      /* only processes in the map `listed` */
	uint32_t child_field; /* of the classic tracepoint sched_process_fork: offset */
	uint32_t group_dead_arg; /* sched_process_exit says itself whether a thread is the last one */
	uint32_t n_cgroups;
	int32_t cgroup_subsys; /* their hierarchy: -1 is version 2, else a controller's */
	uint32_t pad;
	uint64_t cgroups[TASKFIG_CGROUPS]; /* control groups asked for, by number: with those below them */
};

/* A task that has not run since the last pass has used nothing, and what is known of it still holds: only this is written of it. The
 * memory of a process can be taken while it sleeps, so once in TASKFIG_REFRESH passes all is written. */
#define TASKFIG_PLACES 65536u /* two tasks that share one are written every time */
#define TASKFIG_REFRESH 64u

struct taskfig_seen {
	uint64_t run_ns;
	uint32_t place, pass; /* of whom, and when it was there last */
};

#endif
