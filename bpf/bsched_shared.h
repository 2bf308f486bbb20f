/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsched_shared - what the BPF programs of bsched share with it.
 *
 * A group's `what` is the test times BSCHED_HOWS plus how. In its key `more` is the state of a sleep, or the CPU that a task moves
 * to, while `cpu` is where it comes from; other_tid of a sleep is its system call (its ABI times BSCHED_CALLS plus its number, plus
 * one; 0: none), and other_comm begins with the number of a stack.
 */
#ifndef BPF_BSCHED_SHARED_H
#define BPF_BSCHED_SHARED_H

#include "trace.h"

/* Tests, also as bits (1 << test) of bsched_conf.tests. */
enum { BSCHED_RUNQ, BSCHED_ONCPU, BSCHED_OFFCPU, BSCHED_SWITCH, BSCHED_MIGRATE, BSCHED_WAKE, BSCHED_PREEMPT, BSCHED_TRACED };

#define BSCHED_HOWS 8u
#define BSCHED_CALLS 512u

enum { BSCHED_WOKEN, BSCHED_PREEMPTED, BSCHED_NEW, BSCHED_UNWOKEN }; /* of runq */
/* of oncpu: enum taskstate_how */
enum { BSCHED_VOLUNTARY, BSCHED_INVOLUNTARY, BSCHED_IDLE, BSCHED_EXCLUDED }; /* of switch */
enum { BSCHED_OTHER_CGROUP, BSCHED_SAME_CGROUP }; /* of preempt */

/* Whether groups of that `what` are told apart by stacks: those of intervals that began where the task left a CPU by itself or was
 * taken off it. */
static inline __attribute__((always_inline)) int bsched_has_stack(uint32_t what)
{
	return what / BSCHED_HOWS == BSCHED_OFFCPU || what == BSCHED_RUNQ * BSCHED_HOWS + BSCHED_PREEMPTED;
}

/* Words of trace_cell.extra. */
enum { BSCHED_COUNT };

/* Bits of bsched_conf.stacks. */
enum { BSCHED_KERNEL_STACK = 1, BSCHED_USER_STACK = 2 };

#define BSCHED_FRAMES 64u /* of each half of a stack */

struct bsched_conf {
	uint32_t tests;
	uint32_t stacks;
	uint64_t min_ns;   /* emit an event for each interval of that length and more; 0: none */
	uint32_t pair_keys; /* bits of TRACE_KEY_ for wake and preempt */
	uint32_t pad;
};

/* Odd events, by enum taskstate_odd, and stacks that were not kept; beside them, those that were. */
struct bsched_lost {
	uint64_t odd[8];
	uint64_t stacks;
	uint64_t kept;
};

struct bsched_stack {
	uint32_t tgid;
	uint16_t n_kernel, n_user;
	uint64_t kernel[BSCHED_FRAMES], user[BSCHED_FRAMES];
};

/* A long interval, in the ring, with its evidence. */
struct bsched_event {
	uint64_t ts_ns, ns;  /* CLOCK_MONOTONIC at its end */
	uint32_t what, state;
	uint32_t pid, tid, ns_pid, ns_tid;
	uint32_t by_tid;     /* waker, or who took the CPU; 0: nobody known */
	uint32_t held_tid;   /* runq: who had the CPU until then; 0: idle */
	uint32_t cpu, call;
	int32_t prio;
	uint32_t pad;
	char comm[TRACE_COMM], by_comm[TRACE_COMM], held_comm[TRACE_COMM];
};

_Static_assert(sizeof(struct bsched_event) == 8 * 2 + 4 * 12 + 3 * TRACE_COMM, "no holes");

#endif
