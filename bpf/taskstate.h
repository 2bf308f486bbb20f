/* SPDX-License-Identifier: ISC
 *
 * taskstate - turns what happens to a task (switches, wakeups, exit) into times: on a CPU, runnable after a wakeup, runnable after
 * losing the CPU, blocked. Each interval ends where the next one begins, so the times of a task add up to its wall time.
 *
 * No helpers and no maps: the same text is compiled for BPF and for the host, where scripted sequences test it.
 *
 * What the events mean, as the kernel has them (kernel/sched/core.c):
 *  - sched_switch runs with the run queue locked. The task that leaves stays runnable when it was preempted, whatever its state
 *    says (it was about to sleep and will go on to), or when its state is 0: then it gave the CPU away, or its time was up.
 *  - sched_waking precedes the choice of a CPU and is seen on the waker's CPU, without the lock of the task's run queue, so it can
 *    come while the task still runs elsewhere. If the task is still queued it will most likely just not sleep, and nothing has
 *    happened. (If it leaves the queue in the few instructions before the waker gets the lock, its sleep is over before it begins
 *    and no other wakeup comes: TASKSTATE_UNWOKEN.) If it has left the queue already, its switch is about to be seen, and it is
 *    awake from the beginning: `early` says so when it comes back. Since 6.12 it may stay on its CPU for all that, queued again
 *    before another one was chosen; then `early` is about a sleep that never was. But nobody wakes a task that is awake, so a
 *    wakeup shows that the next sleep was one.
 *  - a task with a signal pending does not sleep although its switch may say so (5.18 to 6.15, repaired by 8feb053d5319): it
 *    comes back without a wakeup. That time was not blocked.
 */
#ifndef BPF_TASKSTATE_H
#define BPF_TASKSTATE_H

#include <stdbool.h>
#include <stdint.h>

/* What a task is doing. 0: nothing has been seen of it yet. */
enum taskstate_what {
	TASKSTATE_UNKNOWN,
	TASKSTATE_RUNNING,
	TASKSTATE_BLOCKED,
	TASKSTATE_WOKEN,     /* runnable, since a wakeup */
	TASKSTATE_PREEMPTED, /* runnable, since it lost the CPU */
	TASKSTATE_NEW,       /* runnable, since it was made */
};

/* How a stint on a CPU ended. */
enum taskstate_how { TASKSTATE_SLEPT, TASKSTATE_TAKEN, TASKSTATE_GAVE, TASKSTATE_EXITED };

/* What was odd about an event: counted by the caller, so that what is shown can be trusted or not. */
enum taskstate_odd {
	TASKSTATE_FINE,
	TASKSTATE_BEGAN,    /* the first event of a task: nothing ended that we saw begin */
	TASKSTATE_REPEATED, /* a wakeup of a task that is awake */
	TASKSTATE_UNWOKEN,  /* it runs, was believed asleep, and nobody woke it: the time counts as runnable */
	TASKSTATE_BACKWARDS, /* the clocks of two CPUs disagree: no time has passed, none is shown */
	TASKSTATE_MISSED,   /* it leaves a CPU that we did not see it on, or comes to one while it is on one */
	TASKSTATE_ODDS
};

#define TASKSTATE_DEAD 0x80u /* TASK_DEAD of the state in sched_switch: the last switch */

struct taskstate {
	uint64_t since_ns;    /* the beginning of what it is doing */
	uint32_t sleep_state; /* while blocked: the state that it went to sleep in */
	uint8_t what;         /* enum taskstate_what */
	uint8_t early;        /* woken after it had left the queue and before its switch was seen */
	uint8_t pad[2];
};

/* An interval that has ended. */
struct taskstate_span {
	uint64_t ns;
	uint32_t sleep_state; /* blocked: the state */
	uint8_t what;         /* what the task was doing; UNKNOWN: no interval ended */
	uint8_t how;          /* running: enum taskstate_how */
	uint8_t odd;          /* enum taskstate_odd */
	uint8_t pad;
};

/* End what the task was doing and begin something else. A clock that is behind changes nothing about when that began, so that no
 * time is counted twice. What begins is stored last: a wakeup on another CPU may look at this very moment, and uses the rest once
 * it sees that the task is asleep. */
static inline __attribute__((always_inline)) struct taskstate_span taskstate_turn(struct taskstate *t, uint64_t now_ns, uint8_t what)
{
	struct taskstate_span span = { .what = t->what, .sleep_state = t->sleep_state };

	span.ns = now_ns - t->since_ns;
	if (t->what == TASKSTATE_UNKNOWN) {
		span.odd = TASKSTATE_BEGAN;
	} else if ((int64_t)span.ns < 0) {
		span.what = TASKSTATE_UNKNOWN;
		span.odd = TASKSTATE_BACKWARDS;
		span.ns = 0;
		now_ns = t->since_ns;
	}
	t->since_ns = now_ns;
	asm volatile("" ::: "memory");
	t->what = what;
	return span;
}

/* taskstate_out - the task leaves its CPU. preempt, state: as sched_switch says. */
static inline __attribute__((always_inline)) struct taskstate_span taskstate_out(struct taskstate *t, uint64_t now_ns, bool preempt,
										 uint32_t state)
{
	bool asleep = !preempt && state != 0, was_off = t->what > TASKSTATE_RUNNING;
	struct taskstate_span span;

	t->sleep_state = state;
	span = taskstate_turn(t, now_ns, asleep ? TASKSTATE_BLOCKED : TASKSTATE_PREEMPTED);
	span.how = preempt ? TASKSTATE_TAKEN : state == 0 ? TASKSTATE_GAVE : state & TASKSTATE_DEAD ? TASKSTATE_EXITED : TASKSTATE_SLEPT;
	if (was_off) { /* its coming was missed, so nothing is known of the time before */
		span.what = TASKSTATE_UNKNOWN;
		span.odd = TASKSTATE_MISSED;
	}
	return span;
}

/* taskstate_in - the task comes to a CPU. */
static inline __attribute__((always_inline)) struct taskstate_span taskstate_in(struct taskstate *t, uint64_t now_ns)
{
	bool early = t->early;
	uint8_t was = t->what;
	struct taskstate_span span = taskstate_turn(t, now_ns, TASKSTATE_RUNNING);

	t->early = 0;
	if (was == TASKSTATE_BLOCKED && span.odd == TASKSTATE_FINE) {
		span.what = early ? TASKSTATE_WOKEN : TASKSTATE_PREEMPTED;
		span.odd = early ? TASKSTATE_FINE : TASKSTATE_UNWOKEN;
	} else if (was == TASKSTATE_RUNNING) {
		span.what = TASKSTATE_UNKNOWN;
		span.odd = TASKSTATE_MISSED;
	}
	return span;
}

/* taskstate_wake - somebody wakes the task. on_cpu: it is on a CPU still; left: it has left the run queue. */
static inline __attribute__((always_inline)) struct taskstate_span taskstate_wake(struct taskstate *t, uint64_t now_ns, bool on_cpu,
										  bool left)
{
	struct taskstate_span span = { .odd = TASKSTATE_FINE };

	if (t->what == TASKSTATE_BLOCKED)
		return taskstate_turn(t, now_ns, TASKSTATE_WOKEN);
	if (t->what == TASKSTATE_RUNNING || (t->what == TASKSTATE_UNKNOWN && on_cpu)) {
		t->early = left;
		return span;
	}
	if (t->what == TASKSTATE_UNKNOWN)
		return taskstate_turn(t, now_ns, TASKSTATE_WOKEN);
	span.odd = TASKSTATE_REPEATED;
	return span;
}

/* taskstate_new - the task has just been made, whatever another one of its number did before. */
static inline __attribute__((always_inline)) void taskstate_new(struct taskstate *t, uint64_t now_ns)
{
	*t = (struct taskstate){ .since_ns = now_ns, .what = TASKSTATE_NEW };
}

/* taskstate_renumber - execve from another thread than the first one: the task has had the first one's number for a while, and what
 * was seen under it since, own, is newer than what was seen under its old number, old, if there is any. */
static inline __attribute__((always_inline)) void taskstate_renumber(struct taskstate *own, const struct taskstate *old)
{
	if (own->what == TASKSTATE_UNKNOWN || (int64_t)(own->since_ns - old->since_ns) < 0)
		*own = *old;
}

#endif
