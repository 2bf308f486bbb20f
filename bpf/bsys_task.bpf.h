/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsys_task - what bsys knows of a task in a system call, which calls are wanted, and the group that a call belongs to.
 */
#ifndef BPF_BSYS_TASK_BPF_H
#define BPF_BSYS_TASK_BPF_H

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
#include "groups.bpf.h"

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

#endif
