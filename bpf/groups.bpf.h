/* SPDX-License-Identifier: GPL-2.0-only
 *
 * groups - the group that something belongs to, and the cell where it is counted.
 */
#ifndef BPF_GROUPS_BPF_H
#define BPF_GROUPS_BPF_H

#include "trace.bpf.h"

/* The slot of a key, a new one if need be. Returns n_slots, and counts, when there is none left. */
static __noinline uint32_t group_slot(struct trace_key *key)
{
	uint32_t *known = bpf_map_lookup_elem(&groups, key), slot = 0;

	if (known)
		return *known;
	if (bpf_map_pop_elem(&free_slots, &slot) != 0) {
		count(&lost.groups);
		return conf.n_slots;
	}
	if (bpf_map_update_elem(&groups, key, &slot, BPF_NOEXIST) == 0)
		return slot;
	bpf_map_push_elem(&free_slots, &slot, 0);
	known = bpf_map_lookup_elem(&groups, key);
	if (known)
		return *known;
	count(&lost.groups);
	return conf.n_slots;
}

static __noinline uint32_t first_plain_slot(uint32_t what)
{
	struct trace_key key = { .what = what };
	uint32_t slot = group_slot(&key);

	if (slot < conf.n_slots)
		cache[what & (TRACE_CACHE - 1)] = slot + 1;
	return slot;
}

/* The slot of the group that is nothing but `what`. */
static __always_inline uint32_t plain_slot(uint32_t what)
{
	uint32_t known = cache[what & (TRACE_CACHE - 1)];

	return likely(known) ? known - 1 : first_plain_slot(what);
}

/* The cell of a slot in this CPU's stripe, or NULL. */
static __always_inline struct cell *cell_of(uint32_t slot)
{
	uint32_t i = slot;

	if (slot >= conf.n_slots)
		return NULL;
	if (conf.n_stripes > 1)
		i += (bpf_get_smp_processor_id() & (conf.n_stripes - 1)) * conf.n_slots;
	return bpf_map_lookup_elem(&cells, &i);
}

/* Add one duration to a cell. who may be NULL. */
static __always_inline void cell_add(struct cell *c, uint64_t ns, uint64_t now, uint32_t pid, uint32_t tid,
				     struct task_struct *who)
{
	uint32_t i = bt_bucket_index(ns, conf.half_bits, (2ull << conf.half_bits) - 1);

	if (i < conf.n_buckets && i < TRACE_BUCKETS_MAX)
		add(&c->buckets[i], 1);
	add(&c->head.sum, ns);
	if (unlikely(ns >= c->head.max)) {
		c->head.max = ns;
		c->head.max_ts_ns = now;
		c->head.max_pid = pid;
		c->head.max_tid = tid;
		if (who)
			read_comm(c->head.max_comm, who);
	}
	if (unlikely(ns < c->head.min_plus - 1))
		c->head.min_plus = ns + 1;
}

/* Of keys, those that are about the task itself. */
static __always_inline void key_task(struct trace_key *key, uint32_t keys, struct task_struct *task, uint32_t pid, uint32_t tid)
{
	if (keys & TRACE_KEY_PID) {
		key->pid = pid;
		if (task)
			key->ns_pid = task_ns_pid(BPF_CORE_READ(task, group_leader));
	}
	if (keys & TRACE_KEY_TID) {
		key->tid = tid;
		if (task)
			key->ns_tid = task_ns_pid(task);
	}
	if ((keys & TRACE_KEY_COMM) && task)
		read_comm(key->comm, task);
	if ((keys & TRACE_KEY_CGROUP) && task) {
		struct cgroup *group = task_cgroup(task, conf.cgroup_subsys);

		key->cgroup = BPF_CORE_READ(group, kn, id);
	}
	if (keys & TRACE_KEY_CPU)
		key->cpu = bpf_get_smp_processor_id();
	if ((keys & TRACE_KEY_PRIO) && task)
		key->prio = BPF_CORE_READ(task, prio);
}

#endif
