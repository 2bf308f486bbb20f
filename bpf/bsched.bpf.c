/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsched - where tasks spend their time: on a CPU, waiting for one, or blocked; and who wakes, preempts and moves them.
 *
 * Programs named on_ attach through BTF, raw_ to raw tracepoints, tp_ to classic ones; one set of them is loaded. All run with
 * interrupts off, so no program of ours comes between another one's steps on the same CPU.
 */
#include "bsched_times.bpf.h"

static __always_inline int on_switch(bool direct, unsigned long long *ctx)
{
	struct task_struct *prev = (struct task_struct *)ctx[1], *next = (struct task_struct *)ctx[2];
	uint32_t state = conf.prev_state_arg ? (uint32_t)ctx[3] : task_state(direct, prev);

	return switched(direct, ctx, who_is(direct, prev), who_is(direct, next), (bool)ctx[0], state);
}

SEC("tp_btf/sched_switch")
int on_sched_switch(unsigned long long *ctx)
{
	return on_switch(true, ctx);
}

SEC("tp_btf/sched_waking")
int on_sched_waking(unsigned long long *ctx)
{
	return woken(true, who_is(true, (struct task_struct *)ctx[0]));
}

SEC("tp_btf/sched_wakeup_new")
int on_sched_wakeup_new(unsigned long long *ctx)
{
	return made(true, who_is(true, (struct task_struct *)ctx[0]));
}

SEC("tp_btf/sched_migrate_task")
int on_sched_migrate_task(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return migrated(who_is(true, task), task_cpu(true, task), (uint32_t)ctx[1]);
}

SEC("tp_btf/sched_process_fork")
int on_fork(unsigned long long *ctx)
{
	return forked((uint32_t)((struct task_struct *)ctx[0])->pid, (uint32_t)((struct task_struct *)ctx[1])->pid);
}

SEC("tp_btf/sched_process_exec")
int on_exec(unsigned long long *ctx)
{
	return executed((uint32_t)((struct task_struct *)ctx[0])->pid, (uint32_t)ctx[1]);
}

SEC("tp_btf/task_rename")
int on_rename(unsigned long long *ctx)
{
	return renamed(task_known((uint32_t)((struct task_struct *)ctx[0])->pid), false);
}

SEC("tp_btf/sched_process_exit")
int on_exit(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return ended(task, (uint32_t)task->pid, (uint32_t)task->tgid);
}

static __always_inline uint32_t tid_of(unsigned long long task)
{
	return (uint32_t)BPF_CORE_READ((struct task_struct *)task, pid);
}

SEC("raw_tp/sched_switch")
int raw_sched_switch(unsigned long long *ctx)
{
	return on_switch(false, ctx);
}

SEC("raw_tp/sched_waking")
int raw_sched_waking(unsigned long long *ctx)
{
	return woken(false, who_is(false, (struct task_struct *)ctx[0]));
}

SEC("raw_tp/sched_wakeup_new")
int raw_sched_wakeup_new(unsigned long long *ctx)
{
	return made(false, who_is(false, (struct task_struct *)ctx[0]));
}

SEC("raw_tp/sched_migrate_task")
int raw_sched_migrate_task(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return migrated(who_is(false, task), task_cpu(false, task), (uint32_t)ctx[1]);
}

SEC("raw_tp/sched_process_fork")
int raw_fork(unsigned long long *ctx)
{
	return forked(tid_of(ctx[0]), tid_of(ctx[1]));
}

SEC("raw_tp/sched_process_exec")
int raw_exec(unsigned long long *ctx)
{
	return executed(tid_of(ctx[0]), (uint32_t)ctx[1]);
}

SEC("raw_tp/task_rename")
int raw_rename(unsigned long long *ctx)
{
	return renamed(task_known(tid_of(ctx[0])), false);
}

SEC("raw_tp/sched_process_exit")
int raw_exit(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return ended(task, tid_of(ctx[0]), (uint32_t)BPF_CORE_READ(task, tgid));
}

/* Classic tracepoints tell numbers only: of the task that is not the current one nothing else is known. Their states are those of
 * /proc (include/linux/sched.h, __task_state_index): 0x100 is preempted, 0x10 and 0x20 are dead. */
#define CLASSIC_PREEMPTED 0x100u
#define CLASSIC_DEAD 0x30u

#define CLASSIC_IDLE 0x80u
#define IDLE_STATE 0x402u /* TASK_IDLE */

/* The number of the tracer's only thread is that of its process. */
static __always_inline struct who only_number(uint32_t tid)
{
	struct who w = { NULL, tid, tid == self_tgid ? tid : 0 };

	return w;
}

SEC("tp/sched/sched_switch")
int tp_sched_switch(void *ctx)
{
	uint32_t state = field_of(ctx, TRACE_FIELD_SWITCH_STATE);
	bool preempt = state & CLASSIC_PREEMPTED;

	state &= CLASSIC_PREEMPTED - 1;
	if (state & CLASSIC_DEAD)
		state = TASKSTATE_DEAD;
	else if (state == CLASSIC_IDLE)
		state = IDLE_STATE;
	return switched(false, ctx, current_who(false), only_number(field_of(ctx, TRACE_FIELD_SWITCH_NEXT)), preempt, state);
}

/* Whether the task is on a CPU is not told: a wakeup that comes so early is then taken for a repeated one. */
SEC("tp/sched/sched_waking")
int tp_sched_waking(void *ctx)
{
	return woken(false, only_number(field_of(ctx, TRACE_FIELD_WAKING_TID)));
}

SEC("tp/sched/sched_wakeup_new")
int tp_sched_wakeup_new(void *ctx)
{
	return made(false, only_number(field_of(ctx, TRACE_FIELD_NEW_TID)));
}

SEC("tp/sched/sched_migrate_task")
int tp_sched_migrate_task(void *ctx)
{
	return migrated(only_number(field_of(ctx, TRACE_FIELD_MIGRATE_TID)), field_of(ctx, TRACE_FIELD_MIGRATE_FROM),
			field_of(ctx, TRACE_FIELD_MIGRATE_TO));
}

SEC("tp/sched/sched_process_fork")
int tp_fork(void *ctx)
{
	return forked(field_of(ctx, TRACE_FIELD_FORK_PARENT), field_of(ctx, TRACE_FIELD_FORK_CHILD));
}

SEC("tp/sched/sched_process_exec")
int tp_exec(void *ctx)
{
	return executed(field_of(ctx, TRACE_FIELD_EXEC_TID), field_of(ctx, TRACE_FIELD_EXEC_OLD_TID));
}

SEC("tp/task/task_rename")
int tp_rename(__attribute__((unused)) void *ctx)
{
	return renamed(task_known((uint32_t)bpf_get_current_pid_tgid()), false);
}

SEC("tp/sched/sched_process_exit")
int tp_exit(__attribute__((unused)) void *ctx)
{
	uint64_t who = bpf_get_current_pid_tgid();

	return ended((void *)bpf_get_current_task(), (uint32_t)who, (uint32_t)(who >> 32));
}
