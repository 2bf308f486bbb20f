/* SPDX-License-Identifier: ISC
 *
 * taskmodel - what bpf/bsched.bpf.c does with bpf/taskstate.h, on the host: a table of tasks by number, as bpf/trace.bpf.h has it,
 * and the times of each added up.
 */
#ifndef TASKMODEL_H
#define TASKMODEL_H

#include "taskstate.h"

#define MODEL_TASKS 4096u /* numbers are below */

/* Kinds of time. UNWOKEN is runnable, but nobody is known to have begun it. */
enum { MODEL_ONCPU, MODEL_WOKEN, MODEL_PREEMPTED, MODEL_BLOCKED, MODEL_UNWOKEN, MODEL_TIMES };

struct model_task {
	struct taskstate state;
	uint64_t ns[MODEL_TIMES]; /* of everything that was ever called by this number */
	uint64_t hows[4];         /* stints by enum taskstate_how */
	uint32_t sleep_state;     /* of the last sleep */
};

struct model {
	struct model_task tasks[MODEL_TASKS];
	uint64_t odd[TASKSTATE_ODDS];
};

static inline void model_book(struct model *m, uint32_t tid, struct taskstate_span span)
{
	static const uint8_t kinds[] = {
		[TASKSTATE_RUNNING] = MODEL_ONCPU, [TASKSTATE_BLOCKED] = MODEL_BLOCKED, [TASKSTATE_WOKEN] = MODEL_WOKEN,
		[TASKSTATE_PREEMPTED] = MODEL_PREEMPTED, [TASKSTATE_NEW] = MODEL_WOKEN,
	};
	struct model_task *t = &m->tasks[tid];

	m->odd[span.odd]++;
	if (span.what == TASKSTATE_UNKNOWN)
		return;
	t->ns[span.odd == TASKSTATE_UNWOKEN ? MODEL_UNWOKEN : kinds[span.what]] += span.ns;
	if (span.what == TASKSTATE_RUNNING)
		t->hows[span.how]++;
	if (span.what == TASKSTATE_BLOCKED)
		t->sleep_state = span.sleep_state;
}

static inline void model_forget(struct model *m, uint32_t tid)
{
	m->tasks[tid].state = (struct taskstate){ 0 };
}

/* Number 0 is the idle task of every CPU: it is nobody. */
static inline void model_out(struct model *m, uint64_t now, uint32_t tid, bool preempt, uint32_t state)
{
	if (tid == 0)
		return;
	model_book(m, tid, taskstate_out(&m->tasks[tid].state, now, preempt, state));
	if (!preempt && state & TASKSTATE_DEAD)
		model_forget(m, tid);
}

static inline void model_in(struct model *m, uint64_t now, uint32_t tid)
{
	if (tid != 0)
		model_book(m, tid, taskstate_in(&m->tasks[tid].state, now));
}

static inline void model_wake(struct model *m, uint64_t now, uint32_t tid, bool on_cpu, bool left)
{
	if (tid != 0)
		model_book(m, tid, taskstate_wake(&m->tasks[tid].state, now, on_cpu, left));
}

static inline void model_fork(struct model *m, uint64_t now, uint32_t child)
{
	model_forget(m, child);
	taskstate_new(&m->tasks[child].state, now);
}

/* execve: the task that had the number `old` is called tid from now on. */
static inline void model_exec(struct model *m, uint32_t tid, uint32_t old)
{
	if (tid == old || m->tasks[old].state.what == TASKSTATE_UNKNOWN)
		return;
	taskstate_renumber(&m->tasks[tid].state, &m->tasks[old].state);
	model_forget(m, old);
}

static inline uint64_t model_sum(const struct model *m, uint32_t tid)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MODEL_TIMES; i++)
		sum += m->tasks[tid].ns[i];
	return sum;
}

#endif
