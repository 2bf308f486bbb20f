/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsample - the figures of all tasks in one pass (an iterator, read through a descriptor), and of each task that ends.
 *
 * Programs named on_ attach through BTF, raw_ to raw tracepoints, tp_ to classic ones; one set of them is loaded.
 */
#include "bsample_task.bpf.h"

struct seq_file;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* Of a process the threads that have ended come first, then it and its other threads, in the order of their numbers. Where few are
 * listed all is written of them, so that their memory is never old. */
SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct taskfig f = {};

	if (!task || !pid_wanted(task) || (!conf.listed && unchanged(task)))
		return 0;
	name(&f, true, task);
	if (f.tid == f.pid && dead_sums(&f, true, task->signal))
		bpf_seq_write(seq, &f, sizeof(f));
	forget_sums(&f);
	thread_sums(&f, true, task);
	now(&f, true, task);
	bpf_seq_write(seq, &f, sizeof(f));
	return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return ended(task, conf.group_dead_arg ? (bool)ctx[1] : BPF_CORE_READ(task, signal, live.counter) == 0);
}

SEC("tp_btf/sched_process_fork")
int on_fork(unsigned long long *ctx)
{
	return begun((struct task_struct *)ctx[0], (struct task_struct *)ctx[1]);
}

SEC("raw_tp/sched_process_exit")
int raw_exit(unsigned long long *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];

	return ended(task, BPF_CORE_READ(task, signal, live.counter) == 0);
}

SEC("raw_tp/sched_process_fork")
int raw_fork(unsigned long long *ctx)
{
	return begun((struct task_struct *)ctx[0], (struct task_struct *)ctx[1]);
}

SEC("tp/sched/sched_process_exit")
int tp_exit(__attribute__((unused)) void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return ended(task, BPF_CORE_READ(task, signal, live.counter) == 0);
}

/* Numbers are all that this tells, of the initial namespace and of threads as well as of processes. Those of threads are passed
 * over, but where two of a process begin at once. */
SEC("tp/sched/sched_process_fork")
int tp_fork(void *ctx)
{
	uint32_t child = 0;

	bpf_probe_read_kernel(&child, sizeof(child), ctx + conf.child_field);
	return is_own_thread(child) ? 0 : begun_numbers((uint32_t)(bpf_get_current_pid_tgid() >> 32), child);
}
