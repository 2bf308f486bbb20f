/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsys_times - what the entry into a call, the return from it, and the life of a task do, however they have reached us.
 */
#ifndef BPF_BSYS_TIMES_BPF_H
#define BPF_BSYS_TIMES_BPF_H

#include "bsys_emit.bpf.h"

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

#endif
