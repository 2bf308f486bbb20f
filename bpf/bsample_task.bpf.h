/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsample_task - fills the figures of a task from the kernel's structures.
 */
#ifndef BPF_BSAMPLE_TASK_BPF_H
#define BPF_BSAMPLE_TASK_BPF_H

#include "compat.bpf.h"
#include "taskfig.h"

#define THREADS_WALKED 4096u /* of a process that ends: those that have ended before it, but have not been released */
#define THREADS_WALKED_OLD 16u
#define GROUP_EXIT 4u      /* SIGNAL_GROUP_EXIT: include/linux/sched/signal.h */

enum bpf_func_id___loop { BPF_FUNC_loop___loop = 181 };

char LICENSE[] SEC("license") = "GPL";

const volatile struct taskfig_conf conf = {};
uint32_t self_level;   /* of the reader's PID namespace */
uint32_t pass;         /* number of the present one */
uint64_t ring_lost;    /* tasks whose end found no room in the ring */
uint64_t walk_lost;    /* processes with more threads than were walked */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* Processes that are wanted, by their number as the reader sees it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint32_t);
} listed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TASKFIG_PLACES);
	__type(key, uint32_t);
	__type(value, struct taskfig_seen);
} seen SEC(".maps");

/* Run once by the reader, which does not know how far below the initial namespace it is. */
SEC("raw_tp")
int learn_self(__attribute__((unused)) void *ctx)
{
	self_level = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_pid, level);
	return 0;
}

/* The task's number as the reader sees it; 0: not at all. */
static __always_inline uint32_t number(bool direct, struct task_struct *task)
{
	return conf.pidns_inum ? task_pid_in(task, self_level, conf.pidns_inum) : (uint32_t)FIELD(direct, task, pid);
}

static __always_inline bool pid_wanted(struct task_struct *task)
{
	uint32_t pid;

	if (!conf.listed)
		return true;
	pid = conf.pidns_inum ? number(true, task->group_leader) : (uint32_t)task->tgid;
	return bpf_map_lookup_elem(&listed, &pid) != NULL;
}

static __always_inline void read_name(struct taskfig *f, bool direct, struct task_struct *task)
{
	if (direct)
		__builtin_memcpy(f->comm, task->comm, sizeof(f->comm));
	else
		BPF_CORE_READ_INTO(&f->comm, task, comm);
}

/* Whether nothing has changed of the task since the last pass: a count of nanoseconds tells, also when its number is another task's
 * now, unless it has never run. */
static __always_inline bool unchanged(struct task_struct *task)
{
	uint32_t place = (uint32_t)task->pid, i = place % TASKFIG_PLACES;
	struct taskfig_seen *s = bpf_map_lookup_elem(&seen, &i);
	uint64_t run = task->se.sum_exec_runtime;
	bool same;

	if (!s)
		return false;
	same = s->run_ns == run && s->place == place && run && s->pass + 1 == pass && (pass + place) % TASKFIG_REFRESH;
	s->run_ns = run;
	s->place = place;
	s->pass = pass;
	return same;
}

/* The first thread of a process is to be written anew: it has the sums of those that have ended. */
static __always_inline void disturb(uint32_t place)
{
	uint32_t i = place % TASKFIG_PLACES;
	struct taskfig_seen *s = bpf_map_lookup_elem(&seen, &i);

	if (s)
		s->run_ns = 0;
}

/* Whether it is in a control group asked for, or below one. */
static __noinline uint32_t is_grouped(struct task_struct *task)
{
	struct cgroup *group = task_cgroup(task, conf.cgroup_subsys);

	for (uint32_t i = 0; i < TASKFIG_CGROUPS && i < conf.n_cgroups; i++)
		if (cgroup_is_below(group, conf.cgroups[i]))
			return 1;
	return 0;
}

/* Who it is. */
static __always_inline void name(struct taskfig *f, bool direct, struct task_struct *task)
{
	struct task_struct *leader = FIELD(direct, task, group_leader);
	struct task_struct *parent = FIELD(direct, task, real_parent);

	f->place = (uint32_t)FIELD(direct, task, pid);
	f->tid = number(direct, task);
	f->pid = conf.pidns_inum ? number(direct, leader) : (uint32_t)FIELD(direct, task, tgid);
	f->ppid = conf.pidns_inum ? number(direct, FIELD(direct, parent, group_leader)) : (uint32_t)FIELD(direct, parent, tgid);
	f->ns_tid = task_ns_pid(task);
	f->ns_pid = task == leader ? f->ns_tid : task_ns_pid(leader);
	f->start_ns = FIELD(direct, task, start_boottime);
	f->flags = FIELD(direct, task, flags);
	f->zombie = FIELD(direct, task, exit_state) != 0;
	f->grouped = conf.n_cgroups ? is_grouped(task) : 0;
	read_name(f, direct, task);
}

/* The two functions below add what each has to the sums in f, so that a process can be put together. */

static __always_inline void add_io(struct taskfig *f, bool direct, struct task_io_accounting *io)
{
	if (!bpf_core_field_exists(io->read_bytes) || !bpf_core_field_exists(io->rchar))
		return;
	f->read_bytes += FIELD(direct, io, read_bytes);
	f->write_bytes += FIELD(direct, io, write_bytes);
	f->read_chars += FIELD(direct, io, rchar);
	f->write_chars += FIELD(direct, io, wchar);
	f->known |= TASKFIG_IO;
}

static __always_inline void thread_sums(struct taskfig *f, bool direct, struct task_struct *task)
{
	f->kind = TASKFIG_THREAD;
	f->user_ns += FIELD(direct, task, utime);
	f->sys_ns += FIELD(direct, task, stime);
	f->run_ns += FIELD(direct, task, se.sum_exec_runtime);
	f->minor += FIELD(direct, task, min_flt);
	f->major += FIELD(direct, task, maj_flt);
	f->voluntary += FIELD(direct, task, nvcsw);
	f->involuntary += FIELD(direct, task, nivcsw);
	f->known |= TASKFIG_CPU | TASKFIG_RUN | TASKFIG_FAULTS | TASKFIG_SWITCHES;
	if (bpf_core_field_exists(task->sched_info.run_delay)) {
		f->wait_ns += FIELD(direct, task, sched_info.run_delay);
		f->known |= TASKFIG_WAIT;
	}
	add_io(f, direct, &task->ioac);
}

/* Those of threads that have been released. Returns whether there were any. Their waiting is nowhere in the kernel. */
static __always_inline bool dead_sums(struct taskfig *f, bool direct, struct signal_struct *s)
{
	uint64_t run = FIELD(direct, s, sum_sched_runtime);

	if (run == 0)
		return false;
	f->kind = TASKFIG_DEAD;
	f->user_ns += FIELD(direct, s, utime);
	f->sys_ns += FIELD(direct, s, stime);
	f->run_ns += run;
	f->minor += FIELD(direct, s, min_flt);
	f->major += FIELD(direct, s, maj_flt);
	f->voluntary += FIELD(direct, s, nvcsw);
	f->involuntary += FIELD(direct, s, nivcsw);
	f->known |= TASKFIG_CPU | TASKFIG_RUN | TASKFIG_FAULTS | TASKFIG_SWITCHES;
	add_io(f, direct, &s->ioac);
	return true;
}

static __always_inline void forget_sums(struct taskfig *f)
{
	f->user_ns = f->sys_ns = f->run_ns = f->wait_ns = f->minor = f->major = f->voluntary = f->involuntary = 0;
	f->read_bytes = f->write_bytes = f->read_chars = f->write_chars = 0;
	f->known = 0;
}

/* What is no sum. */
static __always_inline void now(struct taskfig *f, bool direct, struct task_struct *task)
{
	struct mm_struct *mm = FIELD(direct, task, mm);

	f->rss_bytes = mm && !(f->flags & TASKFIG_KTHREAD) ? mm_rss(direct, mm) * conf.page_bytes : 0;
	f->threads = 1;
	f->known |= TASKFIG_RSS | TASKFIG_THREADS;
}

/* A walk over the other threads on the process's list: its first one, if that ended before, and those that are just being released. */
struct walk {
	struct taskfig *sum;
	struct task_struct *self;
	struct list_head *head, *at;
};

/* Returns 1 at the end. */
static long walk_step(__attribute__((unused)) uint32_t i, struct walk *w)
{
	struct list_head *at = w->at;
	struct task_struct *other = (void *)at - bpf_core_field_offset(struct task_struct, thread_node);

	if (at == w->head || !at)
		return 1;
	if (other != w->self)
		thread_sums(w->sum, false, other);
	w->at = BPF_CORE_READ(at, next);
	return 0;
}

/* Kernels without the helper (before 5.17) follow every step when they check the program, so there it has few. Returns whether the
 * end was reached. */
static __always_inline bool walk_others(struct taskfig *f, struct task_struct *self)
{
	struct signal_struct *s = BPF_CORE_READ(self, signal);
	struct list_head *head = (void *)s + bpf_core_field_offset(struct signal_struct, thread_head);
	struct walk w = { f, self, head, BPF_CORE_READ(head, next) };

	if (bpf_core_enum_value_exists(enum bpf_func_id___loop, BPF_FUNC_loop___loop)) {
		bpf_loop(THREADS_WALKED, walk_step, &w, 0);
	} else {
		for (uint32_t i = 0; i < THREADS_WALKED_OLD; i++)
			if (walk_step(i, &w))
				break;
	}
	return w.at == head;
}

/* All that a process has used, when its last thread ends. A thread that is released meanwhile moves from the list to the sums, and
 * would be counted twice or not at all: the lock's sequence tells. */
static __always_inline void whole(struct taskfig *f, struct task_struct *task)
{
	struct signal_struct *s = BPF_CORE_READ(task, signal);

	for (int i = 0; i < 4; i++) {
		uint32_t before = BPF_CORE_READ(s, stats_lock.seqcount.seqcount.sequence);

		forget_sums(f);
		thread_sums(f, false, task);
		dead_sums(f, false, s);
		if (BPF_CORE_READ(s, nr_threads) > 1 && !walk_others(f, task))
			__sync_fetch_and_add(&walk_lost, 1);
		if (!(before & 1) && before == BPF_CORE_READ(s, stats_lock.seqcount.seqcount.sequence))
			break;
	}
	f->kind = TASKFIG_PROCESS;
}

static __always_inline void name_process(struct taskfig *f, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct signal_struct *s = BPF_CORE_READ(task, signal);

	f->tid = f->pid;
	f->start_ns = BPF_CORE_READ(leader, start_boottime);
	read_name(f, false, leader);
	f->exit_code = BPF_CORE_READ(s, flags) & GROUP_EXIT ? BPF_CORE_READ(s, group_exit_code) : BPF_CORE_READ(leader, exit_code);
	f->rss_bytes = BPF_CORE_READ(s, maxrss) * conf.page_bytes;
	f->known |= TASKFIG_RSS;
}

static __noinline int emit(struct taskfig *from)
{
	struct taskfig *f = bpf_ringbuf_reserve(&ring, sizeof(*f), 0);

	if (!f || !from) {
		__sync_fetch_and_add(&ring_lost, 1);
		if (f)
			bpf_ringbuf_discard(f, 0);
		return 0;
	}
	*f = *from;
	/* The reader looks by itself, so that nobody is woken for every task that ends. */
	bpf_ringbuf_submit(f, BPF_RB_NO_WAKEUP);
	return 0;
}

/* A thread, and with the last one the process. Of a process of one thread that is one event. */
static __always_inline int ended(struct task_struct *task, bool last)
{
	struct taskfig f = {};
	bool alone;

	name(&f, false, task);
	if (f.pid == 0)
		return 0;
	f.end_ns = bpf_ktime_get_boot_ns();
	f.exit_code = BPF_CORE_READ(task, exit_code);
	thread_sums(&f, false, task);
	alone = last && BPF_CORE_READ(task, signal, nr_threads) == 1 && BPF_CORE_READ(task, signal, sum_sched_runtime) == 0;
	if (!alone)
		emit(&f);
	disturb((uint32_t)BPF_CORE_READ(task, tgid));
	if (!last)
		return 0;
	whole(&f, task);
	f.threads = alone;
	name_process(&f, task);
	return emit(&f);
}

static __always_inline int begun(struct task_struct *parent, struct task_struct *child)
{
	struct taskfig f = { .kind = TASKFIG_FORK };

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	f.pid = f.tid = number(false, child);
	f.ppid = number(false, BPF_CORE_READ(parent, group_leader));
	f.start_ns = BPF_CORE_READ(child, start_boottime);
	return emit(&f);
}

/* Whether the thread that joined this process last has that number. */
static __always_inline bool is_own_thread(uint32_t number)
{
	struct task_struct *self = (struct task_struct *)bpf_get_current_task();
	struct list_head *last = BPF_CORE_READ(self, signal, thread_head.prev);
	struct task_struct *other = (void *)last - bpf_core_field_offset(struct task_struct, thread_node);

	return (uint32_t)BPF_CORE_READ(other, pid) == number && BPF_CORE_READ(other, signal) == BPF_CORE_READ(self, signal);
}

static __always_inline int begun_numbers(uint32_t parent, uint32_t child)
{
	struct taskfig f = { .kind = TASKFIG_FORK, .pid = child, .tid = child, .ppid = parent };

	return emit(&f);
}

#endif
