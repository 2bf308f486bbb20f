/* SPDX-License-Identifier: GPL-2.0-only
 *
 * compat - every difference between kernels that our programs meet, behind an accessor, with what made it.
 *
 * `direct` is a constant: true in programs attached through BTF (tp_btf), which may read kernel structures as they are; false in
 * raw and classic tracepoints, which must copy. The branch not taken is not compiled.
 */
#ifndef BPF_COMPAT_BPF_H
#define BPF_COMPAT_BPF_H

#include "kernel.bpf.h"

#define FIELD(direct, p, ...) ((direct) ? (p)->__VA_ARGS__ : BPF_CORE_READ(p, __VA_ARGS__))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Before 5.14 (2f064a59a11f) the state was a signed long of another name. */
struct task_struct___state {
	long state;
};

/* Before 5.16 (bcf9033e5449) with CONFIG_THREAD_INFO_IN_TASK. */
struct task_struct___cpu {
	unsigned int cpu;
};

/* Up to 6.0 (74e4b956eb1c) a cgroup listed the ids of its ancestors, since then pointers to them. */
struct cgroup___ids {
	uint64_t ancestor_ids[1];
};

struct cgroup___ancestors {
	struct cgroup *ancestors[1];
};

/* Up to 6.1 (f1a7941243c1) the pages of a process were counted in one place, since then by a counter for each kind, each with parts
 * of its own on every CPU that are left out here, as /proc/PID/stat leaves them out. */
struct percpu_counter {
	int64_t count;
};

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
};

struct mm_rss_stat {
	struct {
		long counter;
	} count[4];
};

struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
};

#pragma clang attribute pop

/* The state in which a task leaves the CPU, from the task itself: only where sched_switch does not say it (before 5.18,
 * fa2c3254d7cf), since a wakeup may change it at any moment. */
static __always_inline uint32_t task_state(bool direct, struct task_struct *task)
{
	struct task_struct___state *old = (void *)task;

	if (bpf_core_field_exists(old->state))
		return (uint32_t)FIELD(direct, old, state);
	return FIELD(direct, task, __state);
}

/* Whether a task that is still on its CPU has left the run queue already. Since 6.12 (152e11f6df29) a task may stay queued
 * although it sleeps, with a mark. */
static __always_inline bool task_left_queue(bool direct, struct task_struct *task)
{
	if (FIELD(direct, task, on_rq) == 0)
		return true;
	return bpf_core_field_exists(task->se.sched_delayed) && FIELD(direct, task, se.sched_delayed);
}

/* The CPU that the task is or was on. */
static __always_inline uint32_t task_cpu(bool direct, struct task_struct *task)
{
	struct task_struct___cpu *old = (void *)task;

	if (bpf_core_field_exists(old->cpu))
		return FIELD(direct, old, cpu);
	return FIELD(direct, task, thread_info.cpu);
}

enum bpf_func_id___pt_regs { BPF_FUNC_task_pt_regs___pt_regs = 175 };

/* The system call that the current task is in, or -1: kernel threads, exceptions, and kernels without the helper (before 5.15,
 * which is after bpf_get_current_task_btf). */
static __always_inline long current_syscall(bool direct, struct task_struct *current)
{
	struct pt_regs___x86 *x86;

	if (!bpf_core_enum_value_exists(enum bpf_func_id___pt_regs, BPF_FUNC_task_pt_regs___pt_regs))
		return -1;
	if (!direct)
		current = bpf_get_current_task_btf();
	if (!current->mm)
		return -1;
	x86 = (void *)bpf_task_pt_regs(current);
	if (bpf_core_field_exists(x86->orig_ax))
		return (long)BPF_CORE_READ(x86, orig_ax);
	return BPF_CORE_READ((struct pt_regs___arm64 *)x86, syscallno);
}

/* Of kind: MM_FILEPAGES 0, MM_ANONPAGES 1, MM_SHMEMPAGES 3 (include/linux/mm_types_task.h), which must be literal to be relocated. */
#define MM_PAGES(direct, mm, kind) \
	(bpf_core_field_exists(((struct mm_struct___atomic *)(mm))->rss_stat.count) \
		 ? FIELD(direct, (struct mm_struct___atomic *)(mm), rss_stat.count[kind].counter) \
		 : FIELD(direct, (struct mm_struct___percpu *)(mm), rss_stat[kind].count))

/* Pages in memory. A counter can be a little below zero for a moment. */
static __always_inline uint64_t mm_rss(bool direct, struct mm_struct *mm)
{
	int64_t file = MM_PAGES(direct, mm, 0), anon = MM_PAGES(direct, mm, 1), shared = MM_PAGES(direct, mm, 3);

	return (uint64_t)((file > 0 ? file : 0) + (anon > 0 ? anon : 0) + (shared > 0 ? shared : 0));
}

/* The task's group in the hierarchy of version 2 (subsys < 0) or of a controller of version 1. */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task, int subsys)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css = NULL;

	if (subsys < 0)
		return BPF_CORE_READ(set, dfl_cgrp);
	bpf_core_read(&css, sizeof(css), (void *)&set->subsys[0] + (subsys & 15) * sizeof(css));
	return BPF_CORE_READ(css, cgroup);
}

#define CGROUP_DEPTH 32 /* levels that are looked at */

/* Whether group is, or lies below, the one of that id. */
static __always_inline bool cgroup_is_below(struct cgroup *group, uint64_t id)
{
	struct cgroup___ids *ids = (void *)group;
	struct cgroup___ancestors *new = (void *)group;
	int level = BPF_CORE_READ(group, level);

	for (int i = 0; i <= level && i < CGROUP_DEPTH; i++) {
		struct cgroup *ancestor = NULL;
		uint64_t found = 0;

		if (bpf_core_field_exists(ids->ancestor_ids)) {
			bpf_core_read(&found, sizeof(found), (void *)&ids->ancestor_ids[0] + i * sizeof(found));
		} else {
			bpf_core_read(&ancestor, sizeof(ancestor), (void *)&new->ancestors[0] + i * sizeof(ancestor));
			found = BPF_CORE_READ(ancestor, kn, id);
		}
		if (found == id)
			return true;
	}
	return false;
}

/* The task's number in its own, innermost namespace. */
static __always_inline uint32_t task_ns_pid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid number = {};

	bpf_core_read(&number, sizeof(number), (void *)&pid->numbers[0] + (level & 31) * bpf_core_type_size(struct upid));
	return (uint32_t)number.nr;
}

/* The task's number in the namespace of that inode at that level, 0 when it has none there. */
static __always_inline uint32_t task_pid_in(struct task_struct *task, uint32_t level, uint32_t inum)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid number = {};

	if (BPF_CORE_READ(pid, level) < level)
		return 0;
	bpf_core_read(&number, sizeof(number), (void *)&pid->numbers[0] + (level & 31) * bpf_core_type_size(struct upid));
	return BPF_CORE_READ(number.ns, ns.inum) == inum ? (uint32_t)number.nr : 0;
}

/* ABIs of system calls, as enum bt_abi of lib/sysnames.h has them. */
enum { ABI_X86_64, ABI_I386, ABI_X32, ABI_ARM64, ABI_ARM };

#define X86_TS_COMPAT 2u           /* thread_info.status: arch/x86/include/asm/thread_info.h */
#define X32_BIT 0x40000000u        /* of the number: arch/x86/include/uapi/asm/unistd.h */
#define ARM64_TIF_32BIT (1ul << 22) /* thread_info.flags: arch/arm64/include/asm/thread_info.h */

static __always_inline uint32_t syscall_abi(bool direct, struct task_struct *task, uint32_t nr)
{
	struct pt_regs___x86 *x86 = NULL;

	if (!bpf_core_field_exists(x86->orig_ax))
		return FIELD(direct, task, thread_info.flags) & ARM64_TIF_32BIT ? ABI_ARM : ABI_ARM64;
	if ((int32_t)nr >= 0 && nr & X32_BIT) /* -1 is what a tracer makes of a call that is not to be */
		return ABI_X32;
	return FIELD(direct, task, thread_info.status) & X86_TS_COMPAT ? ABI_I386 : ABI_X86_64;
}

/* Whether it is sched_yield. */
static __always_inline bool syscall_yields(uint32_t abi, uint32_t nr)
{
	switch (abi) {
	case ABI_ARM64: return nr == 124;
	case ABI_I386:
	case ABI_ARM: return nr == 158;
	default: return (nr & ~X32_BIT) == 24;
	}
}

/* The number of the system call that these registers are of. */
static __always_inline long syscall_number(bool direct, void *regs)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm64 = regs;

	if (bpf_core_field_exists(x86->orig_ax))
		return (long)FIELD(direct, x86, orig_ax);
	return FIELD(direct, arm64, syscallno);
}

/* The arguments of a system call. The 32-bit ABI of x86 has them in other registers. */
static __always_inline void syscall_args(bool direct, void *regs, uint32_t abi, uint64_t args[6])
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm64 = regs;

	if (!bpf_core_field_exists(x86->orig_ax)) {
		for (int i = 0; i < 6; i++)
			args[i] = FIELD(direct, arm64, regs[i]);
		return;
	}
	args[2] = FIELD(direct, x86, dx);
	if (abi == ABI_I386) {
		args[0] = (uint32_t)FIELD(direct, x86, bx);
		args[1] = (uint32_t)FIELD(direct, x86, cx);
		args[2] = (uint32_t)args[2];
		args[3] = (uint32_t)FIELD(direct, x86, si);
		args[4] = (uint32_t)FIELD(direct, x86, di);
		args[5] = (uint32_t)FIELD(direct, x86, bp);
		return;
	}
	args[0] = FIELD(direct, x86, di);
	args[1] = FIELD(direct, x86, si);
	args[3] = FIELD(direct, x86, r10);
	args[4] = FIELD(direct, x86, r8);
	args[5] = FIELD(direct, x86, r9);
}

#endif
