/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsched_task - what bsched knows of a task, the group that a part of its time belongs to, and how that is counted, emitted and
 * given a stack.
 */
#ifndef BPF_BSCHED_TASK_BPF_H
#define BPF_BSCHED_TASK_BPF_H

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

#include "groups.bpf.h"

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

#endif
