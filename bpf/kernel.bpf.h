/* SPDX-License-Identifier: GPL-2.0-only
 *
 * kernel - the kernel's types as far as our programs read them. Every access is relocated when a program is loaded (CO-RE), so
 * only names and types matter here, neither order nor completeness, and no vmlinux.h is needed to build.
 *
 * A name with three underscores is another version of the type before them; compat.bpf.h says which kernel has which.
 */
#ifndef BPF_KERNEL_BPF_H
#define BPF_KERNEL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define TRACE_COMM 16

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct thread_info {
	unsigned long flags;
	uint32_t status;
	uint32_t cpu;
};

struct kernfs_node {
	uint64_t id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct sched_entity {
	unsigned char sched_delayed;
	uint64_t sum_exec_runtime;
};

struct sched_info {
	unsigned long long run_delay;
};

struct task_io_accounting {
	uint64_t rchar, wchar, read_bytes, write_bytes;
};

struct list_head {
	struct list_head *next, *prev;
};

struct files_struct;
struct mm_struct;

struct signal_struct {
	struct {
		int counter;
	} live; /* threads that have not begun to exit: atomic_t */
	int nr_threads; /* on the list: those that have not been released */
	struct list_head thread_head;
	int group_exit_code;
	unsigned int flags;
	struct {
		struct {
			struct {
				unsigned int sequence;
			} seqcount;
		} seqcount;
	} stats_lock; /* of what follows, the sums of threads that have been released, and of the list */
	uint64_t utime, stime;
	unsigned long nvcsw, nivcsw;
	unsigned long min_flt, maj_flt;
	unsigned long maxrss; /* pages */
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	int on_cpu;
	int on_rq;
	int prio;
	struct sched_entity se;
	int exit_state;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct list_head thread_node;
	struct pid *thread_pid;
	uint64_t utime, stime;
	unsigned long nvcsw, nivcsw;
	uint64_t start_boottime;
	unsigned long min_flt, maj_flt;
	struct sched_info sched_info;
	struct task_io_accounting ioac;
	char comm[TRACE_COMM];
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct files_struct *files;
	struct css_set *cgroups;
};

/* Of both architectures; the one that is not there is never read. */
struct pt_regs___x86 {
	unsigned long bx, cx, dx, si, di, bp, r8, r9, r10, orig_ax;
};

struct pt_regs___arm64 {
	uint64_t regs[31];
	int syscallno;
};

/* For the paths of files. */
struct qstr {
	const unsigned char *name;
};

struct super_block {
	uint32_t s_dev;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	int64_t f_pos;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};

struct files_struct {
	struct fdtable *fdt;
};

struct mm_struct {
	struct file *exe_file;
};

#pragma clang attribute pop

#endif
