/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsched - where tasks spend their time: on a CPU, waiting for one, or blocked; and who wakes, preempts and moves them.
 *
 * Programs named on_ attach through BTF, raw_ to raw tracepoints, tp_ to classic ones; one set of them is loaded. All run with
 * interrupts off, so no program of ours comes between another one's steps on the same CPU.
 */
#include "kernel.bpf.h"

#include "bsched_shared.h"
#include "taskstate.h"

#define RECENT 4u /* groups that a task remembers */
#define SLEEP_MARKS 0x2300u /* TASK_WAKEKILL, TASK_WAKING, TASK_FREEZABLE: of a sleeping state, but none of their own */

struct trace_task {
	uint32_t tid;
	uint16_t flags;
	uint16_t seen;            /* the epoch that state belongs to, its low bits */
	struct taskstate state;
	uint32_t call;            /* of the sleep: system call, as in a key */
	uint32_t by_tid;          /* who woke it, or took its CPU: with min_ns */
	uint64_t stack;           /* where it left the CPU; 0: not known */
	char by_comm[TRACE_COMM];
	struct {
		uint64_t tag;     /* what, state and call of the group */
		uint32_t slot;    /* slot + 1; 0: none */
		uint32_t pad;
	} recent[RECENT];
} __attribute__((aligned(128))); /* what every event needs is in one cache line */

#include "trace.bpf.h"

const volatile struct bsched_conf bconf = {};
struct bsched_lost bsched_lost;
uint64_t ring_lost[TRACE_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, uint64_t);
	__type(value, struct bsched_stack);
} stacks SEC(".maps");

/* A stack while it is gathered. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct bsched_stack);
} scratch SEC(".maps");

/* A task as an event shows it. task is NULL where only the number is known: the other task of a classic tracepoint. */
struct who {
	struct task_struct *task;
	uint32_t tid, tgid;
};

static __always_inline struct who who_is(bool direct, struct task_struct *task)
{
	struct who w = { task, (uint32_t)FIELD(direct, task, pid), (uint32_t)FIELD(direct, task, tgid) };

	return w;
}

static __always_inline bool tests(uint32_t test)
{
	return bconf.tests >> test & 1;
}

/* Whether the programs on wakeups are loaded, so that not to see one means something. */
static __always_inline bool wakeups_seen(void)
{
	return bconf.tests & (1u << BSCHED_RUNQ | 1u << BSCHED_OFFCPU | 1u << BSCHED_WAKE);
}

static __always_inline void count_odd(uint8_t odd)
{
	if (unlikely(odd != TASKSTATE_FINE))
		count(odd == TASKSTATE_BACKWARDS ? &lost.clock : &bsched_lost.odd[odd & 7]);
}

/* What was known of the task before a pause is void, even whose number it is; but the children of those that are traced are found
 * out in a pause too. */
static __noinline void begin_anew(struct trace_task *t)
{
	t->seen = (uint16_t)running;
	t->flags &= conf.filter & TRACE_BY_TREE ? TRACE_TASK_LISTED | TRACE_TASK_PENDING : 0;
	t->state = (struct taskstate){};
	t->call = t->by_tid = 0;
	t->stack = 0;
	for (uint32_t i = 0; i < RECENT; i++)
		t->recent[i].slot = 0;
}

/* Whether the task can come to be wanted and not to be, again and again. */
static __always_inline bool fickle(void)
{
	return conf.filter & (TRACE_BY_COMM | TRACE_BY_CGROUP);
}

/* The task's entry if its events are wanted. */
static __always_inline struct trace_task *wanted(const struct who *w)
{
	struct trace_task *t;

	if (w->tid == 0 || w->tgid == self_tgid)
		return NULL;
	t = task_entry(w->tid);
	if (!t)
		return NULL;
	if (unlikely(t->seen != (uint16_t)running))
		begin_anew(t);
	if (task_wanted(t, w->task, w->tid, w->tgid))
		return t;
	if (fickle())
		t->state.what = TASKSTATE_UNKNOWN;
	return NULL;
}

static __noinline uint32_t keyed_slot(struct trace_task *t, struct task_struct *task, uint64_t tag, uint32_t tid, uint32_t tgid)
{
	struct trace_key key = { .what = (uint8_t)tag, .more = (uint32_t)(tag >> 8), .other_tid = (uint32_t)(tag >> 40) };
	uint32_t i = (key.what + key.other_tid) % RECENT, slot;

	key_task(&key, conf.keys, task, tgid, tid);
	if (conf.keys & TRACE_KEY_STACK && bsched_has_stack(key.what))
		__builtin_memcpy(key.other_comm, &t->stack, sizeof(t->stack));
	slot = group_slot(&key);
	if (slot < conf.n_slots) {
		t->recent[i].tag = tag;
		t->recent[i].slot = slot + 1;
	}
	return slot;
}

/* The group of an interval or an event. A task remembers its last groups as long as nothing in their key can change without our
 * notice. */
static __always_inline uint32_t slot_of(struct trace_task *t, const struct who *w, uint32_t what, uint32_t state, uint32_t call)
{
	const uint32_t changing = TRACE_KEY_CPU | TRACE_KEY_CGROUP | TRACE_KEY_PRIO | TRACE_KEY_STACK;
	uint64_t tag = what | (uint64_t)state << 8 | (uint64_t)call << 40;
	uint32_t i = (what + call) % RECENT;

	if (!(conf.keys & ~TRACE_KEY_SYSCALL) && state == 0 && call == 0)
		return plain_slot(what);
	if (!(conf.keys & changing) && t->recent[i].slot && t->recent[i].tag == tag)
		return t->recent[i].slot - 1;
	return keyed_slot(t, w->task, tag, w->tid, w->tgid);
}

/* held: who had the CPU until then, NULL where that says nothing. */
static __noinline int emit(struct trace_task *t, struct task_struct *task, struct task_struct *held, struct bsched_event *from)
{
	struct bsched_event *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		count(&lost.ring);
		count(&ring_lost[bpf_get_smp_processor_id() & (TRACE_CPUS - 1)]);
		return 0;
	}
	*e = *from;
	e->cpu = bpf_get_smp_processor_id();
	e->by_tid = t->by_tid;
	__builtin_memcpy(e->by_comm, t->by_comm, sizeof(e->by_comm));
	if (task) {
		read_comm(e->comm, task);
		e->ns_pid = task_ns_pid(BPF_CORE_READ(task, group_leader));
		e->ns_tid = task_ns_pid(task);
		e->prio = BPF_CORE_READ(task, prio);
	}
	if (held) {
		read_comm(e->held_comm, held);
		e->held_tid = (uint32_t)BPF_CORE_READ(held, pid);
	}
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* Count an interval of one of the tests that have a distribution. */
static __always_inline void interval(struct trace_task *t, const struct who *w, uint64_t now, uint64_t ns, uint32_t what,
				     uint32_t state, uint32_t call, struct task_struct *held)
{
	struct cell *c;

	if (!cpu_wanted())
		return;
	c = cell_of(slot_of(t, w, what, state, call));
	if (c)
		cell_add(c, ns, now, w->tgid, w->tid, w->task);
	if (bconf.min_ns && ns >= bconf.min_ns) {
		struct bsched_event e = { .ts_ns = now, .ns = ns, .what = what, .state = state, .call = call, .pid = w->tgid, .tid = w->tid };

		emit(t, w->task, held, &e);
	}
}

static __always_inline void counted(uint32_t slot)
{
	struct cell *c = cell_of(slot);

	if (c)
		add(&c->head.extra[BSCHED_COUNT], 1);
}

static __always_inline void note_other(struct trace_task *t, struct task_struct *other, uint32_t tid)
{
	if (!bconf.min_ns)
		return;
	t->by_tid = tid;
	__builtin_memset(t->by_comm, 0, sizeof(t->by_comm));
	if (other)
		read_comm(t->by_comm, other);
}

static __always_inline uint64_t hash_frames(uint64_t hash, const uint64_t *frames, uint32_t n)
{
	for (uint32_t i = 0; i < BSCHED_FRAMES && i < n; i++)
		hash = (hash ^ frames[i]) * 0x100000001b3ull; /* FNV-1a, by words */
	return hash;
}

/* The stack of the current task, kept under a number of its own: not under one that two stacks can share (bpf_get_stackid). */
static __noinline uint64_t keep_stack(void *ctx, uint32_t tgid)
{
	uint32_t zero = 0;
	struct bsched_stack *s = bpf_map_lookup_elem(&scratch, &zero);
	uint64_t hash = 0xcbf29ce484222325ull ^ tgid;
	long n;

	if (!s)
		return 0;
	s->tgid = tgid;
	s->n_kernel = s->n_user = 0;
	if (bconf.stacks & BSCHED_KERNEL_STACK) {
		n = bpf_get_stack(ctx, s->kernel, sizeof(s->kernel), 0);
		s->n_kernel = n > 0 ? (uint16_t)(n / sizeof(uint64_t)) : 0;
	}
	if (bconf.stacks & BSCHED_USER_STACK) {
		n = bpf_get_stack(ctx, s->user, sizeof(s->user), BPF_F_USER_STACK);
		s->n_user = n > 0 ? (uint16_t)(n / sizeof(uint64_t)) : 0;
	}
	hash = hash_frames(hash, s->kernel, s->n_kernel);
	hash = hash_frames(hash, s->user, s->n_user) | 1;
	if (bpf_map_lookup_elem(&stacks, &hash))
		return hash;
	if (bpf_map_update_elem(&stacks, &hash, s, BPF_ANY) != 0) {
		count(&bsched_lost.stacks);
		return 0;
	}
	count(&bsched_lost.kept);
	return hash;
}

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
