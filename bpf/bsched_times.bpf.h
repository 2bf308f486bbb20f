/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsched_times - what each event of the scheduler does to the times of a task, however it has reached us.
 */
#ifndef BPF_BSCHED_TIMES_BPF_H
#define BPF_BSCHED_TIMES_BPF_H

#include "bsched_task.bpf.h"

/* The key of what one task does to another. */
static __always_inline void key_pair(struct trace_key *key, const struct who *task, const struct who *other)
{
	key_task(key, bconf.pair_keys, task->task, task->tgid, task->tid);
	if (bconf.pair_keys & TRACE_KEY_PID)
		key->other_pid = other->tgid;
	if (bconf.pair_keys & TRACE_KEY_TID)
		key->other_tid = other->tid;
	if ((bconf.pair_keys & TRACE_KEY_COMM) && other->task)
		read_comm(key->other_comm, other->task);
}

/* Who took the CPU from whom. */
static __always_inline void preempted(const struct who *prev, const struct who *next)
{
	struct trace_key key = {};
	bool same = false;

	if (prev->task && next->task)
		same = task_cgroup(prev->task, conf.cgroup_subsys) == task_cgroup(next->task, conf.cgroup_subsys);
	key.what = BSCHED_PREEMPT * BSCHED_HOWS + (same ? BSCHED_SAME_CGROUP : BSCHED_OTHER_CGROUP);
	key_pair(&key, prev, next);
	counted(group_slot(&key));
}

/* The system call that a task sleeps in, as in a key. */
static __always_inline uint32_t sleep_call(bool direct, struct task_struct *task)
{
	long nr = current_syscall(direct, task);

	if (nr < 0 || (uint32_t)nr >= X32_BIT + BSCHED_CALLS)
		return 0;
	return syscall_abi(direct, task, (uint32_t)nr) * BSCHED_CALLS + ((uint32_t)nr & (BSCHED_CALLS - 1)) + 1;
}

/* Whether a task that was not preempted and does not sleep has given the CPU away. Else its time was up, and it noticed on its way
 * back to its program. */
static __always_inline bool yields(bool direct, struct task_struct *task)
{
	long nr = current_syscall(direct, task);

	return nr >= 0 && syscall_yields(syscall_abi(direct, task, (uint32_t)nr), (uint32_t)nr);
}

static __always_inline void left_cpu(bool direct, void *ctx, const struct who *prev, const struct who *next, uint64_t now,
				     bool preempt, uint32_t state)
{
	struct trace_task *t = wanted(prev);
	bool asleep = !preempt && state != 0;
	struct taskstate_span span;

	if (!t)
		return;
	if (tests(BSCHED_SWITCH) && cpu_wanted())
		counted(slot_of(t, prev, BSCHED_SWITCH * BSCHED_HOWS + (asleep ? BSCHED_VOLUNTARY : BSCHED_INVOLUNTARY), 0, 0));
	if (tests(BSCHED_PREEMPT) && !asleep && next->tid && cpu_wanted())
		preempted(prev, next);
	span = taskstate_out(&t->state, now, preempt, state);
	count_odd(span.odd);
	if (!t->state.early) /* else the waker is the evidence of the wait that begins */
		note_other(t, next->task, next->tid);
	if (tests(BSCHED_ONCPU) && span.what == TASKSTATE_RUNNING) {
		if (span.how == TASKSTATE_GAVE && !yields(direct, prev->task))
			span.how = TASKSTATE_TAKEN;
		interval(t, prev, now, span.ns, BSCHED_ONCPU * BSCHED_HOWS + span.how, 0, 0, NULL);
	}
	if (asleep && state & TASKSTATE_DEAD) {
		task_forget(t);
		return;
	}
	if (tests(BSCHED_OFFCPU) && prev->task)
		t->call = asleep ? sleep_call(direct, prev->task) : 0;
	if (bconf.stacks && tests(asleep ? BSCHED_OFFCPU : BSCHED_RUNQ))
		t->stack = keep_stack(ctx, prev->tgid);
}

static __always_inline void came_to_cpu(const struct who *prev, const struct who *next, uint64_t now)
{
	struct trace_task *t = wanted(next);
	struct taskstate_span span;
	uint32_t how;

	if (!t)
		return;
	span = taskstate_in(&t->state, now);
	if (span.odd != TASKSTATE_UNWOKEN || wakeups_seen())
		count_odd(span.odd);
	if (!tests(BSCHED_RUNQ) || span.what < TASKSTATE_WOKEN)
		return;
	how = span.odd == TASKSTATE_UNWOKEN ? BSCHED_UNWOKEN : (uint32_t)span.what - TASKSTATE_WOKEN;
	interval(t, next, now, span.ns, BSCHED_RUNQ * BSCHED_HOWS + (how & 3), 0, 0, prev->task);
}

/* Switches away from the idle task, and from ourselves, so that all together are those of /proc/stat. */
static __always_inline void count_excluded(const struct who *prev)
{
	if (!tests(BSCHED_SWITCH) || conf.filter)
		return;
	if (prev->tid == 0)
		counted(plain_slot(BSCHED_SWITCH * BSCHED_HOWS + BSCHED_IDLE));
	else if (prev->tgid == self_tgid)
		counted(plain_slot(BSCHED_SWITCH * BSCHED_HOWS + BSCHED_EXCLUDED));
}

/* One instant for both tasks: what this program itself takes is charged to the next one. */
static __always_inline int switched(bool direct, void *ctx, struct who prev, struct who next, bool preempt, uint32_t state)
{
	uint64_t now;

	if (!running)
		return 0;
	now = bpf_ktime_get_ns();
	count_excluded(&prev);
	left_cpu(direct, ctx, &prev, &next, now, preempt, state);
	came_to_cpu(&prev, &next, now);
	return 0;
}

static __always_inline void count_wakeup(const struct who *waker, const struct who *wakee)
{
	struct trace_key key = { .what = BSCHED_WAKE * BSCHED_HOWS };

	key_pair(&key, wakee, waker);
	counted(group_slot(&key));
}

static __always_inline struct who current_who(bool direct)
{
	return who_is(direct, direct ? bpf_get_current_task_btf() : (struct task_struct *)bpf_get_current_task());
}

/* What is asked of the task itself only when its own state does not say: those fields are far from all others. */
static __always_inline struct taskstate_span wake_up(bool direct, struct trace_task *t, struct task_struct *task, uint64_t now)
{
	bool on_cpu = false, left = false;

	if (unlikely(t->state.what <= TASKSTATE_RUNNING) && task) {
		on_cpu = FIELD(direct, task, on_cpu);
		left = on_cpu && task_left_queue(direct, task);
	}
	return taskstate_wake(&t->state, now, on_cpu, left);
}

static __always_inline int woken(bool direct, struct who wakee)
{
	struct taskstate_span span;
	struct trace_task *t;
	struct who waker;
	uint64_t now;

	if (!running)
		return 0;
	t = wanted(&wakee);
	if (!t)
		return 0;
	if (tests(BSCHED_WAKE) || bconf.min_ns)
		waker = current_who(direct);
	if (tests(BSCHED_WAKE) && cpu_wanted())
		count_wakeup(&waker, &wakee);
	now = bpf_ktime_get_ns();
	span = wake_up(direct, t, wakee.task, now);
	count_odd(span.odd);
	if (bconf.min_ns && (t->state.what == TASKSTATE_WOKEN || t->state.early) && span.odd != TASKSTATE_REPEATED)
		note_other(t, waker.task, waker.tid);
	if (tests(BSCHED_OFFCPU) && span.what == TASKSTATE_BLOCKED)
		interval(t, &wakee, now, span.ns, BSCHED_OFFCPU * BSCHED_HOWS, span.sleep_state & ~SLEEP_MARKS, t->call, NULL);
	return 0;
}

/* A number may come again: whoever had it before is forgotten. */
static __always_inline void forget(uint32_t tid)
{
	struct trace_task *t = task_known(tid);

	if (t)
		task_forget(t);
}

static __always_inline int made(bool direct, struct who task)
{
	struct trace_task *t;
	struct who waker;

	if (!running)
		return 0;
	if (!(conf.filter & TRACE_BY_TREE)) /* else its fork has been seen */
		forget(task.tid);
	t = wanted(&task);
	if (!t)
		return 0;
	if (tests(BSCHED_WAKE) && cpu_wanted()) {
		waker = current_who(direct);
		count_wakeup(&waker, &task);
	}
	taskstate_new(&t->state, bpf_ktime_get_ns());
	return 0;
}

static __always_inline int migrated(struct who task, uint32_t from, uint32_t to)
{
	struct trace_key key = { .what = BSCHED_MIGRATE * BSCHED_HOWS };
	struct trace_task *t;

	if (!running)
		return 0;
	t = wanted(&task);
	if (!t || !cpu_wanted())
		return 0;
	if (!(conf.keys & ~TRACE_KEY_SYSCALL)) {
		counted(plain_slot(key.what));
		return 0;
	}
	key_task(&key, conf.keys, task.task, task.tgid, task.tid);
	if (conf.keys & TRACE_KEY_CPU) {
		key.cpu = from;
		key.more = to;
	}
	counted(group_slot(&key));
	return 0;
}

static __always_inline int forked(uint32_t parent_tid, uint32_t child_tid)
{
	forget(child_tid);
	task_inherit(parent_tid, child_tid);
	return 0;
}

static __always_inline int renamed(struct trace_task *t, bool exec)
{
	if (!t)
		return 0;
	task_renamed(t, exec);
	for (uint32_t i = 0; i < RECENT; i++)
		t->recent[i].slot = 0;
	return 0;
}

/* A thread that is not the first one takes over the first one's number: some of its events may have been under that already. */
static __always_inline void renumbered(uint32_t from, uint32_t to)
{
	struct trace_task *t = task_known(to);
	struct taskstate own = {};

	if (t && t->seen == (uint16_t)running)
		own = t->state;
	task_renumber(from, to);
	t = task_known(to);
	if (!t)
		return;
	taskstate_renumber(&own, &t->state);
	t->state = own;
}

/* A command that was waited for begins here, running. It may be the first that is seen of it. */
static __always_inline int executed(uint32_t tid, uint32_t old_tid)
{
	struct trace_task *t;

	if (tid != old_tid)
		renumbered(old_tid, tid);
	t = conf.filter & TRACE_BY_PID ? task_made(tid) : task_known(tid);
	if (!t)
		return 0;
	if ((conf.filter & TRACE_BY_PID) && !(t->flags & (TRACE_TASK_KNOWN | TRACE_TASK_LISTED)))
		t->flags |= (uint16_t)listed_flags((void *)bpf_get_current_task(), tid, (uint32_t)(bpf_get_current_pid_tgid() >> 32));
	if (t->flags & TRACE_TASK_PENDING) {
		t->state = (struct taskstate){ .since_ns = bpf_ktime_get_ns(), .what = TASKSTATE_RUNNING };
		t->seen = (uint16_t)running;
	}
	return renamed(t, true);
}

/* The entry goes with the last switch, which is still to come, if switches are seen at all. */
static __always_inline int ended(struct task_struct *task, uint32_t tid, uint32_t tgid)
{
	task_unlist(task, tid, tgid);
	if (!(bconf.tests & ~(1u << BSCHED_MIGRATE | 1u << BSCHED_WAKE)))
		forget(tid);
	return 0;
}

#endif
