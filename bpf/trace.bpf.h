/* SPDX-License-Identifier: GPL-2.0-only
 *
 * trace - what the BPF programs of all tracers do alike: the table of tasks, the filters, groups and their cells.
 *
 * The program that includes this defines struct trace_task first, whose members begin with TRACE_TASK_HEAD.
 */
#ifndef BPF_TRACE_BPF_H
#define BPF_TRACE_BPF_H

#include "compat.bpf.h"
#include "glob.h"
#include "bucket.h"
#include "trace.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

char LICENSE[] SEC("license") = "GPL";

const volatile struct trace_conf conf = {};
uint32_t self_tgid;                  /* of the tracer, in the initial namespace: never traced */
uint32_t self_level;                 /* of its PID namespace, where listed numbers are meant */
uint32_t running;                    /* 0: nothing is counted; else how often tracing has begun: what is known of tasks from before
                                      * is void. Set by user space once everything is attached, and again after a pause */
struct trace_lost lost;
uint32_t cache[TRACE_CACHE];         /* slot + 1 of the groups that have no key of their own */

/* Tasks by number. When numbers are larger than the table two tasks can share an entry: the second one goes to the hash table.
 * Two tasks that claim the same entry at the same instant would mix; that takes two first events within nanoseconds. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct trace_task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct trace_task);
} more_tasks SEC(".maps");

/* Numbers that the filter names, with their TRACE_TASK_ flags. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, uint32_t);
	__type(value, uint32_t);
} listed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct trace_key);
	__type(value, uint32_t);
} groups SEC(".maps");

/* Slots that no group has yet. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, uint32_t);
} free_slots SEC(".maps");

struct cell {
	struct trace_cell head;
	uint64_t buckets[TRACE_BUCKETS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct cell));
} cells SEC(".maps");

/* Run once by the tracer, which may not know its own number in the initial namespace, nor how far below that it is. */
SEC("raw_tp")
int learn_self(__attribute__((unused)) void *ctx)
{
	struct task_struct *self = (struct task_struct *)bpf_get_current_task();

	self_tgid = (uint32_t)(bpf_get_current_pid_tgid() >> 32);
	self_level = BPF_CORE_READ(self, thread_pid, level);
	return 0;
}

static __always_inline uint32_t field_of(void *ctx, uint32_t field)
{
	uint32_t value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), ctx + conf.fields[field]);
	return value;
}

static __always_inline void count(uint64_t *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/* For words of a stripe. */
static __always_inline void add(uint64_t *word, uint64_t n)
{
	if (conf.plain)
		*word += n;
	else
		__sync_fetch_and_add(word, n);
}

/* The entry of a task whose place is somebody else's, or nobody's: then it may still be where it went when that was not so. */
static __noinline struct trace_task *task_elsewhere(struct trace_task *place, uint32_t tid)
{
	static const struct trace_task fresh;
	struct trace_task *t = bpf_map_lookup_elem(&more_tasks, &tid);

	if (t)
		return t;
	if (place->tid == 0) {
		place->tid = tid;
		return place;
	}
	bpf_map_update_elem(&more_tasks, &tid, &fresh, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&more_tasks, &tid);
	if (t)
		t->tid = tid;
	return t;
}

/* The entry of a task, made when there is none; NULL when there is no room. tid is not 0. */
static __always_inline struct trace_task *task_made(uint32_t tid)
{
	uint32_t i = tid & (conf.n_tasks - 1);
	struct trace_task *t = bpf_map_lookup_elem(&tasks, &i);

	if (!t)
		return NULL;
	return likely(t->tid == tid) ? t : task_elsewhere(t, tid);
}

/* The same for an event that is lost where there is no room. */
static __always_inline struct trace_task *task_entry(uint32_t tid)
{
	struct trace_task *t = task_made(tid);

	if (unlikely(!t))
		count(&lost.tasks);
	return t;
}

/* The same, but NULL when there is none. */
static __always_inline struct trace_task *task_known(uint32_t tid)
{
	uint32_t i = tid & (conf.n_tasks - 1);
	struct trace_task *t = bpf_map_lookup_elem(&tasks, &i);

	return t && unlikely(t->tid != tid) ? bpf_map_lookup_elem(&more_tasks, &tid) : t;
}

static __always_inline void task_forget(struct trace_task *t)
{
	static const struct trace_task fresh;
	uint32_t tid = t->tid, i = tid & (conf.n_tasks - 1);

	if (bpf_map_lookup_elem(&tasks, &i) != t) {
		bpf_map_delete_elem(&more_tasks, &tid);
		return;
	}
	*t = fresh;
}

/* execve from another thread than the first one: the caller takes over the first one's number. */
static __always_inline void task_renumber(uint32_t from, uint32_t to)
{
	struct trace_task *old = task_known(from), *new;

	if (from == to || !old)
		return;
	new = task_made(to);
	if (new) {
		*new = *old;
		new->tid = to;
	}
	task_forget(old);
}

/* task must be a variable: what leads to it would be taken for the kernel's types too. */
static __always_inline void read_comm(char comm[TRACE_COMM], struct task_struct *task)
{
	bpf_core_read(comm, TRACE_COMM, &task->comm);
}

static __always_inline bool comm_passes(struct task_struct *task)
{
	bool pass = conf.n_allow == 0;
	char comm[TRACE_COMM] = {};

	read_comm(comm, task);
	for (uint32_t i = 0; i < TRACE_GLOBS && i < conf.n_allow; i++)
		if (bt_glob16((const char *)conf.allow[i], comm))
			pass = true;
	for (uint32_t i = 0; i < TRACE_GLOBS && i < conf.n_deny; i++)
		if (bt_glob16((const char *)conf.deny[i], comm))
			pass = false;
	return pass;
}

/* Flags by number: of the process, or of the thread alone. */
static __always_inline uint32_t listed_flags(struct task_struct *task, uint32_t tid, uint32_t tgid)
{
	uint32_t *flags;

	if (conf.pidns_inum) {
		tgid = task_pid_in(BPF_CORE_READ(task, group_leader), self_level, conf.pidns_inum);
		tid = task_pid_in(task, self_level, conf.pidns_inum);
	}
	flags = bpf_map_lookup_elem(&listed, &tgid);
	if (!flags)
		flags = bpf_map_lookup_elem(&listed, &tid);
	return flags ? *flags : 0;
}

/* At exit: whoever has the same number later is somebody else. */
static __always_inline void task_unlist(struct task_struct *task, uint32_t tid, uint32_t tgid)
{
	if (!(conf.filter & TRACE_BY_PID))
		return;
	if (conf.pidns_inum) {
		tgid = task_pid_in(BPF_CORE_READ(task, group_leader), self_level, conf.pidns_inum);
		tid = task_pid_in(task, self_level, conf.pidns_inum);
	}
	if (tid != tgid)
		bpf_map_delete_elem(&listed, &tid);
	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&listed, &tgid);
}

/* Find out, once for each task and name, what does not change with every event. */
static __noinline void task_classify(struct trace_task *t, struct task_struct *task, uint32_t tid, uint32_t tgid)
{
	uint32_t flags = t->flags & (TRACE_TASK_LISTED | TRACE_TASK_PENDING);

	if ((conf.filter & TRACE_BY_PID) && !flags)
		flags |= listed_flags(task, tid, tgid);
	if ((conf.filter & TRACE_BY_COMM) && comm_passes(task))
		flags |= TRACE_TASK_NAMED;
	t->flags = (uint16_t)(flags | TRACE_TASK_KNOWN);
}

/* Whether the task's events are wanted. task may be NULL in classic tracepoints: then only what is known of it counts. */
static __always_inline bool task_wanted(struct trace_task *t, struct task_struct *task, uint32_t tid, uint32_t tgid)
{
	if (conf.filter == 0)
		return true;
	if (unlikely(!(t->flags & TRACE_TASK_KNOWN)) && task)
		task_classify(t, task, tid, tgid);
	if ((conf.filter & TRACE_BY_PID) && !(t->flags & TRACE_TASK_LISTED))
		return false;
	if ((conf.filter & TRACE_BY_COMM) && !(t->flags & TRACE_TASK_NAMED))
		return false;
	if ((conf.filter & TRACE_BY_CGROUP) && task)
		return cgroup_is_below(task_cgroup(task, conf.cgroup_subsys), conf.cgroup_id);
	return true;
}

static __always_inline bool cpu_wanted(void)
{
	uint32_t cpu;

	if (!(conf.filter & TRACE_BY_CPU))
		return true;
	cpu = bpf_get_smp_processor_id() & (TRACE_CPUS - 1);
	return conf.cpus[cpu / 64] >> (cpu % 64) & 1;
}

/* A child inherits what its parent, the current task, passes by. Of the parent no event may have been seen yet. */
static __always_inline void task_inherit(uint32_t parent_tid, uint32_t child_tid)
{
	struct trace_task *parent = task_known(parent_tid), *child;
	uint32_t flags = parent ? parent->flags : 0;

	if (!(conf.filter & TRACE_BY_TREE))
		return;
	if (!(flags & (TRACE_TASK_KNOWN | TRACE_TASK_LISTED)))
		flags = listed_flags((void *)bpf_get_current_task(), parent_tid, (uint32_t)(bpf_get_current_pid_tgid() >> 32));
	if (!(flags & TRACE_TASK_LISTED))
		return;
	child = task_made(child_tid);
	if (child)
		child->flags |= TRACE_TASK_LISTED;
}

/* At exec: the name is another one, and who waited for it is wanted from now on. */
static __always_inline void task_renamed(struct trace_task *t, bool exec)
{
	if (exec && t->flags & TRACE_TASK_PENDING)
		t->flags = TRACE_TASK_LISTED;
	t->flags &= ~(TRACE_TASK_KNOWN | TRACE_TASK_NAMED);
}

#endif
