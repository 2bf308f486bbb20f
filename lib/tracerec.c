/* SPDX-License-Identifier: ISC
 *
 * tracerec - the parts of a record that all tracers have.
 */
#include <string.h>

#include "tracerec.h"

const char *const bt_trace_key_names[] = { "pid", "tid", "comm", "cgroup", "cpu", "prio", "syscall", NULL };

void bt_tracerec_comm(struct bt_rec *r, const char *name, const char comm[TRACE_COMM])
{
	bt_rec_text(r, name, comm, strnlen(comm, TRACE_COMM));
}

static void add_cgroup(struct bt_rec *r, uint64_t id, struct bt_cgroupnames *names)
{
	const char *path = bt_cgroupname(names, id);

	if (path)
		bt_rec_str(r, "cgroup", path);
	else
		bt_rec_u64(r, "cgroup", id); /* gone */
}

void bt_tracerec_key(struct bt_rec *r, const struct trace_key *key, uint32_t keys, struct bt_cgroupnames *names)
{
	if (keys & TRACE_KEY_PID)
		bt_rec_u64(r, "pid", key->pid);
	if ((keys & TRACE_KEY_PID) && key->ns_pid && key->ns_pid != key->pid)
		bt_rec_u64(r, "ns_pid", key->ns_pid);
	if (keys & TRACE_KEY_TID)
		bt_rec_u64(r, "tid", key->tid);
	if ((keys & TRACE_KEY_TID) && key->ns_tid && key->ns_tid != key->tid)
		bt_rec_u64(r, "ns_tid", key->ns_tid);
	if (keys & TRACE_KEY_COMM)
		bt_tracerec_comm(r, "comm", key->comm);
	if (keys & TRACE_KEY_CGROUP)
		add_cgroup(r, key->cgroup, names);
	if (keys & TRACE_KEY_CPU)
		bt_rec_u64(r, "cpu", key->cpu);
	/* The kernel's own scale: 0 to 99 real time, 100 to 139 nice -20 to 19; below 0 deadline. */
	if (keys & TRACE_KEY_PRIO)
		bt_rec_f64(r, "prio", key->prio);
}

void bt_tracerec_max(struct bt_rec *r, const struct bt_trace_max *max, int64_t wall_us)
{
	if (max->ts_ns == 0)
		return;
	bt_rec_f64(r, "max_ts", (double)(wall_us + (int64_t)(max->ts_ns / 1000)) / 1e6);
	bt_rec_u64(r, "max_pid", max->pid);
	bt_rec_u64(r, "max_tid", max->tid);
	bt_tracerec_comm(r, "max_comm", max->comm);
}
