/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsys - times every system call between its entry and its return, counts them, or emits each as an event.
 *
 * Programs named on_ attach through BTF, raw_ to raw tracepoints, tp_ to classic ones; one set of them is loaded.
 */
#include "kernel.bpf.h"

#include "bsys_shared.h"

#define RECENT 4u /* groups that a task remembers */

struct trace_task {
	uint32_t tid;
	uint16_t flags;
	uint16_t seen;                 /* the epoch in which an entry was seen last, its low bits */
	uint64_t enter_ns;             /* 0: not in a call that is wanted */
	uint64_t off_since_ns, off_ns; /* not on a CPU during this call */
	uint32_t what;
	uint32_t moves;                /* the call's result is a number of bytes */
	uint64_t calls;                /* wanted ones so far, for sampling */
	uint32_t second, burst;        /* the second of the last event, and events in it */
	struct {
		uint32_t what, slot;   /* slot + 1; 0: none */
	} recent[RECENT];
	uint64_t args[6];
} __attribute__((aligned(128))); /* what every call needs is in one cache line */

#include "path.bpf.h"
#include "trace.bpf.h"

const volatile struct bsys_conf bconf = {};
struct bsys_lost bsys_lost;
uint64_t ring_lost[TRACE_CPUS];
uint64_t counters[BSYS_STRIPES * BSYS_COUNTERS];

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct bsys_error);
	__type(value, uint64_t);
} errors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* Files that are about to be closed: at the return there is nothing to look at any more. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct bsys_file);
} closing SEC(".maps");

/* A system call as the tables number it. */
static __always_inline uint32_t call_of(bool direct, struct task_struct *task, long id)
{
	uint32_t abi = syscall_abi(direct, task, (uint32_t)id), nr = (uint32_t)id;

	if (abi == ABI_X32)
		nr &= ~X32_BIT;
	if (nr >= BSYS_CALLS)
		nr = BSYS_CALLS - 1;
	return abi * BSYS_CALLS + nr;
}

static __always_inline uint8_t call_flags(uint32_t what)
{
	uint32_t i = what >= BSYS_ABIS * BSYS_CALLS ? what - BSYS_ABIS * BSYS_CALLS : what;

	return i < sizeof(bconf.calls) ? bconf.calls[i] : 0;
}

static __noinline uint32_t keyed_slot(struct trace_task *t, struct task_struct *task, uint32_t what, uint32_t tid, uint32_t tgid)
{
	struct trace_key key = { .what = what };
	uint32_t i = what % RECENT, slot;

	key_task(&key, conf.keys, task, tgid, tid);
	slot = group_slot(&key);
	if (slot < conf.n_slots) {
		t->recent[i].what = what;
		t->recent[i].slot = slot + 1;
	}
	return slot;
}

/* The group of a call. A task remembers its last groups as long as nothing in their key can change without our notice. */
static __always_inline uint32_t slot_of(struct trace_task *t, struct task_struct *task, uint32_t what, uint32_t tid, uint32_t tgid)
{
	const uint32_t changing = TRACE_KEY_CPU | TRACE_KEY_CGROUP | TRACE_KEY_PRIO;
	uint32_t i = what % RECENT;

	if (!conf.keys)
		return plain_slot(what);
	if (!(conf.keys & changing) && t->recent[i].slot && t->recent[i].what == what)
		return t->recent[i].slot - 1;
	return keyed_slot(t, task, what, tid, tgid);
}

/* Whether the call is to be traced. A command that is waited for passes from its execve on. */
static __always_inline bool call_wanted(struct trace_task *t, struct task_struct *task, uint32_t tid, uint32_t tgid, uint8_t flags)
{
	if (!task_wanted(t, task, tid, tgid)) {
		if (!(t->flags & TRACE_TASK_PENDING) || !(flags & BSYS_LEAVES))
			return false;
		t->flags = TRACE_TASK_LISTED;
		if (!task_wanted(t, task, tid, tgid))
			return false;
	}
	return bconf.all || flags & BSYS_WANTED;
}

static __always_inline void look_at(struct bsys_file *f, struct file *file)
{
	f->mode = BPF_CORE_READ(file, f_inode, i_mode);
	f->ino = BPF_CORE_READ(file, f_inode, i_ino);
	f->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	f->position = (uint64_t)BPF_CORE_READ(file, f_pos);
	if (path_is_pseudo(file)) {
		f->path_kind = BSYS_PATH_PSEUDO;
		f->path_len = pseudo_name(file, f->path);
		f->path_whole = 1;
		return;
	}
	f->path_kind = BSYS_PATH_NAMES;
	f->path_len = path_names(file, f->path, BSYS_PATH_SHOWN, &f->path_whole);
}

static __noinline int keep_closing(struct task_struct *task, uint32_t tid, uint32_t fd)
{
	static const struct bsys_file none;
	struct file *file = file_of(task, fd);
	struct bsys_file *f;

	if (!file || bpf_map_update_elem(&closing, &tid, &none, BPF_ANY) != 0)
		return 0;
	f = bpf_map_lookup_elem(&closing, &tid);
	if (f)
		look_at(f, file);
	return 0;
}

/* args: of a classic tracepoint; NULL: they are in regs. */
static __always_inline int enter(bool direct, struct task_struct *task, long id, void *regs, const uint64_t *args)
{
	uint32_t tid = FIELD(direct, task, pid), tgid = FIELD(direct, task, tgid), what;
	struct trace_task *t;
	uint8_t flags;

	if (!running || tgid == self_tgid)
		return 0;
	t = task_entry(tid);
	if (!t)
		return 0;
	if (unlikely(t->seen != (uint16_t)running)) {
		t->seen = (uint16_t)running;
		t->enter_ns = t->off_since_ns = t->off_ns = 0; /* of a call before a pause */
	}
	what = call_of(direct, task, id);
	flags = call_flags(what);
	if (!call_wanted(t, task, tid, tgid, flags) || !cpu_wanted())
		return 0;
	t->what = what;
	t->moves = flags & BSYS_BYTES;
	if (bconf.events && args)
		__builtin_memcpy(t->args, args, sizeof(t->args));
	else if (bconf.events)
		syscall_args(direct, regs, what / BSYS_CALLS, t->args);
	if (bconf.events && call_flags(what) & BSYS_CLOSES)
		keep_closing(task, tid, (uint32_t)t->args[0]);
	t->enter_ns = bpf_ktime_get_ns();
	return 0;
}

/* A return that no entry was seen of: once for each task that was in a call when tracing began. */
static __noinline int unmatched(struct task_struct *task, uint32_t tid, uint32_t tgid, long id)
{
	struct trace_task *t;

	if (tgid == self_tgid)
		return 0;
	t = task_made(tid);
	if (!t || t->seen == (uint16_t)running)
		return 0;
	t->seen = (uint16_t)running;
	t->enter_ns = t->off_since_ns = t->off_ns = 0;
	if (task_wanted(t, task, tid, tgid) && (bconf.all || call_flags(call_of(false, task, id)) & BSYS_WANTED))
		count(&bsys_lost.unmatched);
	return 0;
}

static __noinline void count_error(uint32_t slot, uint32_t error)
{
	struct bsys_error key = { slot, error };
	uint64_t *n = bpf_map_lookup_elem(&errors, &key), zero = 0;

	if (!n) {
		bpf_map_update_elem(&errors, &key, &zero, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&errors, &key);
	}
	count(n ? n : &bsys_lost.errors);
}

/* Whether this call of the task is one to emit: by sampling, then by the limit for each second. */
static __always_inline bool emitted(struct trace_task *t, uint64_t now)
{
	uint32_t second = (uint32_t)(now / 1000000000u);

	if (bconf.sample > 1 && t->calls++ % bconf.sample != 0) {
		count(&bsys_lost.sampled);
		return false;
	}
	if (bconf.burst == 0)
		return true;
	if (t->second != second) {
		t->second = second;
		t->burst = 0;
	}
	if (t->burst++ < bconf.burst)
		return true;
	count(&bsys_lost.limited);
	return false;
}

/* Which file the call is about; NULL: none that is open. */
static __always_inline struct file *call_file(struct task_struct *task, struct trace_task *t, uint8_t flags, long ret)
{
	if (flags & BSYS_OPENS)
		return ret >= 0 ? file_of(task, (uint32_t)ret) : NULL;
	if (flags & BSYS_LEAVES)
		return ret == 0 ? BPF_CORE_READ(task, mm, exe_file) : NULL;
	return flags & BSYS_FD ? file_of(task, (uint32_t)t->args[0]) : NULL;
}

/* The path that is an argument. */
static __always_inline void fill_path(struct bsys_event *e, uint8_t flags)
{
	long n = bpf_probe_read_user_str(e->file.path, BSYS_PATH, (void *)e->args[flags & BSYS_PATH0 ? 0 : 1]);

	e->file.path_kind = n > 0 ? BSYS_PATH_STRING : BSYS_PATH_NONE;
	e->file.path_len = n > 0 ? (uint32_t)n : 0;
	e->file.path_whole = n <= BSYS_PATH_SHOWN;
}

/* The file that was closed, if it is known. */
static __always_inline void fill_closed(struct bsys_event *e, uint32_t tid)
{
	struct bsys_file *f = bpf_map_lookup_elem(&closing, &tid);

	if (!f)
		return;
	bpf_probe_read_kernel(&e->file, sizeof(e->file), f);
	bpf_map_delete_elem(&closing, &tid);
}

static __always_inline void fill_event(struct bsys_event *e, struct task_struct *task, struct trace_task *t, uint64_t now, uint64_t ns,
				       long ret)
{
	uint64_t who = bpf_get_current_pid_tgid();

	e->ts_ns = now;
	e->lat_ns = ns;
	e->ret = ret;
	__builtin_memcpy(e->args, t->args, sizeof(e->args));
	e->what = t->what;
	e->pid = (uint32_t)(who >> 32);
	e->tid = (uint32_t)who;
	e->ns_pid = task_ns_pid(BPF_CORE_READ(task, group_leader));
	e->ns_tid = task_ns_pid(task);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->file.mode = e->file.dev = 0;
	e->file.ino = e->file.position = 0;
	e->file.path_len = 0;
	e->file.path_kind = BSYS_PATH_NONE;
	e->file.path_whole = 0;
}

static __noinline int ring_full(void)
{
	count(&lost.ring);
	count(&ring_lost[bpf_get_smp_processor_id() & (TRACE_CPUS - 1)]);
	return 0;
}

static __noinline int emit(struct task_struct *task, struct trace_task *t, uint64_t now, uint64_t ns, long ret)
{
	uint8_t flags = call_flags(t->what);
	struct bsys_event *e;
	struct file *file;

	if (!emitted(t, now))
		return 0;
	file = call_file(task, t, flags, ret);
	if (file || flags & (BSYS_PATH0 | BSYS_PATH1 | BSYS_CLOSES)) {
		e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);
		if (!e)
			return ring_full();
		fill_event(e, task, t, now, ns, ret);
		if (flags & BSYS_CLOSES)
			fill_closed(e, t->tid);
		else if (file)
			look_at(&e->file, file);
		else
			fill_path(e, flags);
	} else {
		e = bpf_ringbuf_reserve(&ring, sizeof(*e) - BSYS_PATH, 0);
		if (!e)
			return ring_full();
		fill_event(e, task, t, now, ns, ret);
	}
	/* The reader looks often enough by itself; waking it for each event would cost more than the rest. */
	bpf_ringbuf_submit(e, bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < bconf.wake_bytes ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
	return 0;
}

/* Everything but the time: only for calls that failed, moved bytes, or left the CPU. */
static __noinline void account(struct cell *c, struct trace_task *t, uint32_t slot, long ret)
{
	if (unlikely(t->off_ns)) {
		add(&c->head.extra[BSYS_OFF_NS], t->off_ns);
		t->off_ns = 0;
	}
	if (ret < 0 && ret >= -4095) {
		add(&c->head.extra[BSYS_ERRORS], 1);
		count_error(slot, (uint32_t)-ret);
	} else if (ret > 0 && t->moves) {
		add(&c->head.extra[BSYS_BYTES_MOVED], (uint64_t)ret);
	}
}

/* regs: where the number of the call is, for those who have not seen its entry; NULL: it is id. */
static __always_inline int leave(bool direct, struct task_struct *task, void *regs, long id, long ret)
{
	uint32_t tid = FIELD(direct, task, pid), tgid = FIELD(direct, task, tgid), slot;
	struct trace_task *t;
	uint64_t now, ns;
	struct cell *c;

	if (!running)
		return 0;
	t = task_known(tid);
	if (!t || t->seen != (uint16_t)running)
		return unmatched(task, tid, tgid, regs ? syscall_number(direct, regs) : id);
	if (!t->enter_ns)
		return 0;
	now = bpf_ktime_get_ns();
	ns = now - t->enter_ns;
	t->enter_ns = 0;
	if (unlikely((int64_t)ns < 0)) {
		count(&lost.clock);
		t->off_ns = 0;
		return 0;
	}
	if (bconf.events)
		return emit(task, t, now, ns, ret);
	slot = slot_of(t, task, t->what, tid, tgid);
	c = cell_of(slot);
	if (!c) {
		t->off_ns = 0;
		return 0;
	}
	cell_add(c, ns, now, tgid, tid, task);
	if (unlikely(t->off_ns || ret < 0) || t->moves)
		account(c, t, slot, ret);
	return 0;
}

static __always_inline int count_call(bool direct, struct task_struct *task, long id)
{
	uint32_t tid, tgid = FIELD(direct, task, tgid), what, i;
	struct trace_task *t = NULL;
	struct cell *c;

	if (!running || tgid == self_tgid)
		return 0;
	what = call_of(direct, task, id);
	if (!conf.filter && !conf.keys) {
		if (!bconf.all && !(call_flags(what) & BSYS_WANTED))
			return 0;
		i = (bpf_get_smp_processor_id() & (conf.n_stripes - 1)) * BSYS_COUNTERS + what;
		if (i < sizeof(counters) / sizeof(counters[0]))
			count(&counters[i]);
		return 0;
	}
	tid = FIELD(direct, task, pid);
	t = task_entry(tid);
	if (!t || !call_wanted(t, task, tid, tgid, call_flags(what)) || !cpu_wanted())
		return 0;
	c = cell_of(slot_of(t, task, what, tid, tgid));
	if (c)
		add(&c->head.extra[BSYS_ENTERED], 1);
	return 0;
}

/* Time off the CPU during a call. */
static __always_inline int switched(uint32_t prev_tid, uint32_t next_tid)
{
	struct trace_task *prev, *next;
	uint64_t now;

	if (!running)
		return 0;
	prev = prev_tid ? task_known(prev_tid) : NULL;
	next = next_tid ? task_known(next_tid) : NULL;
	if ((!prev || !prev->enter_ns) && (!next || !next->off_since_ns))
		return 0;
	now = bpf_ktime_get_ns();
	if (prev && prev->enter_ns)
		prev->off_since_ns = now;
	if (next && next->off_since_ns) {
		if (next->off_since_ns < now)
			next->off_ns += now - next->off_since_ns;
		next->off_since_ns = 0;
	}
	return 0;
}

/* A child returns from a call that it never entered. */
static __always_inline int forked(uint32_t parent_tid, uint32_t child_tid)
{
	struct trace_task *child = task_known(child_tid);

	if (child)
		task_forget(child);
	child = task_made(child_tid);
	if (child)
		child->seen = (uint16_t)running;
	task_inherit(parent_tid, child_tid);
	return 0;
}

static __always_inline int renamed(uint32_t tid, uint32_t old_tid)
{
	struct trace_task *t;

	if (old_tid)
		task_renumber(old_tid, tid);
	t = task_known(tid);
	if (t) {
		task_renamed(t, old_tid != 0);
		for (uint32_t i = 0; i < RECENT; i++)
			t->recent[i].slot = 0;
	}
	return 0;
}

/* Whoever dies in a call, be it exit itself, never returns from it. */
static __always_inline int died(struct task_struct *task, uint32_t tid, uint32_t tgid)
{
	struct trace_task *t = task_known(tid);
	struct cell *c;

	task_unlist(task, tid, tgid);
	if (!t)
		return 0;
	if (running && t->enter_ns && t->seen == (uint16_t)running) {
		if (bconf.events) {
			count(&bsys_lost.unreturned);
			bpf_map_delete_elem(&closing, &tid);
		}
		c = bconf.events ? NULL : cell_of(slot_of(t, task, t->what, tid, tgid));
		if (c)
			add(&c->head.extra[BSYS_UNRETURNED], 1);
	}
	task_forget(t);
	return 0;
}

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
