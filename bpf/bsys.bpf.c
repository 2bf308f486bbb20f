/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsys - times every system call between its entry and its return, counts them, or emits each as an event.
 *
 * Programs named on_ attach through BTF, raw_ to raw tracepoints, tp_ to classic ones; one set of them is loaded.
 */
#include "bsys_times.bpf.h"

SEC("tp_btf/sys_enter")
int on_sys_enter(unsigned long long *ctx)
{
	return enter(true, bpf_get_current_task_btf(), (long)ctx[1], (void *)ctx[0], NULL);
}

SEC("tp_btf/sys_enter")
int on_count_enter(unsigned long long *ctx)
{
	return count_call(true, bpf_get_current_task_btf(), (long)ctx[1]);
}

SEC("tp_btf/sys_exit")
int on_sys_exit(unsigned long long *ctx)
{
	return leave(true, bpf_get_current_task_btf(), (void *)ctx[0], 0, (long)ctx[1]);
}

SEC("tp_btf/sched_switch")
int on_sched_switch(unsigned long long *ctx)
{
	return switched((uint32_t)((struct task_struct *)ctx[1])->pid, (uint32_t)((struct task_struct *)ctx[2])->pid);
}

SEC("tp_btf/sched_process_fork")
int on_fork(unsigned long long *ctx)
{
	return forked((uint32_t)((struct task_struct *)ctx[0])->pid, (uint32_t)((struct task_struct *)ctx[1])->pid);
}

SEC("tp_btf/sched_process_exec")
int on_exec(unsigned long long *ctx)
{
	return renamed((uint32_t)((struct task_struct *)ctx[0])->pid, (uint32_t)ctx[1]);
}

SEC("tp_btf/task_rename")
int on_rename(unsigned long long *ctx)
{
	return renamed((uint32_t)((struct task_struct *)ctx[0])->pid, 0);
}

SEC("tp_btf/sched_process_exit")
int on_exit(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return died(task, (uint32_t)task->pid, (uint32_t)task->tgid);
}

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline uint32_t tid_of(unsigned long long task)
{
	return (uint32_t)BPF_CORE_READ((struct task_struct *)task, pid);
}

SEC("raw_tp/sys_enter")
int raw_sys_enter(unsigned long long *ctx)
{
	return enter(false, current_task(), (long)ctx[1], (void *)ctx[0], NULL);
}

SEC("raw_tp/sys_enter")
int raw_count_enter(unsigned long long *ctx)
{
	return count_call(false, current_task(), (long)ctx[1]);
}

SEC("raw_tp/sys_exit")
int raw_sys_exit(unsigned long long *ctx)
{
	return leave(false, current_task(), (void *)ctx[0], 0, (long)ctx[1]);
}

SEC("raw_tp/sched_switch")
int raw_sched_switch(unsigned long long *ctx)
{
	return switched(tid_of(ctx[1]), tid_of(ctx[2]));
}

SEC("raw_tp/sched_process_fork")
int raw_fork(unsigned long long *ctx)
{
	return forked(tid_of(ctx[0]), tid_of(ctx[1]));
}

SEC("raw_tp/sched_process_exec")
int raw_exec(unsigned long long *ctx)
{
	return renamed(tid_of(ctx[0]), (uint32_t)ctx[1]);
}

SEC("raw_tp/task_rename")
int raw_rename(unsigned long long *ctx)
{
	return renamed(tid_of(ctx[0]), 0);
}

SEC("raw_tp/sched_process_exit")
int raw_exit(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return died(task, tid_of(ctx[0]), (uint32_t)BPF_CORE_READ(task, tgid));
}

SEC("tp/raw_syscalls/sys_enter")
int tp_sys_enter(struct event_sys_enter *ctx)
{
	uint64_t args[6];

	for (int i = 0; i < 6; i++)
		args[i] = ctx->args[i];
	return enter(false, current_task(), ctx->id, NULL, args);
}

SEC("tp/raw_syscalls/sys_enter")
int tp_count_enter(struct event_sys_enter *ctx)
{
	return count_call(false, current_task(), ctx->id);
}

SEC("tp/raw_syscalls/sys_exit")
int tp_sys_exit(struct event_sys_exit *ctx)
{
	return leave(false, current_task(), NULL, ctx->id, ctx->ret);
}

SEC("tp/sched/sched_switch")
int tp_sched_switch(void *ctx)
{
	return switched(field_of(ctx, TRACE_FIELD_SWITCH_PREV), field_of(ctx, TRACE_FIELD_SWITCH_NEXT));
}

SEC("tp/sched/sched_process_fork")
int tp_fork(void *ctx)
{
	return forked(field_of(ctx, TRACE_FIELD_FORK_PARENT), field_of(ctx, TRACE_FIELD_FORK_CHILD));
}

SEC("tp/sched/sched_process_exec")
int tp_exec(void *ctx)
{
	return renamed(field_of(ctx, TRACE_FIELD_EXEC_TID), field_of(ctx, TRACE_FIELD_EXEC_OLD_TID));
}

/* In the context of the task that changes its name, but for prctl on another thread, which then keeps its group. */
SEC("tp/task/task_rename")
int tp_rename(__attribute__((unused)) void *ctx)
{
	return renamed((uint32_t)bpf_get_current_pid_tgid(), 0);
}

SEC("tp/sched/sched_process_exit")
int tp_exit(__attribute__((unused)) void *ctx)
{
	uint64_t who = bpf_get_current_pid_tgid();

	return died(current_task(), (uint32_t)who, (uint32_t)(who >> 32));
}
