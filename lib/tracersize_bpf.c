/* SPDX-License-Identifier: ISC
 *
 * tracersize - the settings of a tracer's BPF programs from its options, and the sizes of their maps from the machine.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bucket.h"
#include "cgroup.h"
#include "tracefs.h"
#include "tracer.h"

#define TASKS_MAX 262144u     /* entries of the table of tasks, where the machine may have more numbers */
#define LISTED_MAX 65536u     /* processes of a tree when tracing begins */
#define STRIPES_MAX 8u
#define CELLS_MIN (8u << 20)  /* bytes for groups with keys: 1/512 of the memory, within these */
#define CELLS_MAX (64u << 20)
#define GROUP_BYTES 256u      /* that a group takes beside its cell: the kernel's table and our own */
#define GROUPS_MAX 65536u     /* that small cells would leave room for */
#define INIT_PIDNS_INUM 0xEFFFFFFCu /* PROC_PID_INIT_INO */

static uint32_t power_of_two(uint64_t at_most)
{
	uint32_t p = 1;

	while ((uint64_t)p * 2 <= at_most && p < 1u << 30)
		p *= 2;
	return p;
}

static void size_tasks(struct bt_tracer *t, const struct bt_trace_opts *opts)
{
	const struct bt_src live = { "" };
	uint64_t numbers = 32768, more = 1;

	(void)bt_src_u64(&live, &numbers, "/proc/sys/kernel/pid_max");
	if (opts->max_tasks) {
		t->conf->n_tasks = power_of_two(opts->max_tasks);
		more = opts->max_tasks - t->conf->n_tasks;
	} else {
		t->conf->n_tasks = power_of_two(numbers < TASKS_MAX ? numbers * 2 - 1 : TASKS_MAX);
		more = numbers > t->conf->n_tasks ? t->conf->n_tasks / 16 : 1;
	}
	if (opts->tree)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(t->obj, "listed"), LISTED_MAX);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(t->obj, "tasks"), t->conf->n_tasks);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(t->obj, "more_tasks"), more > 0 ? (uint32_t)more : 1);
}

static uint32_t groups_for(uint64_t cell_bytes)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 512;

	bytes = bytes < CELLS_MIN ? CELLS_MIN : bytes > CELLS_MAX ? CELLS_MAX : bytes;
	bytes /= cell_bytes + GROUP_BYTES;
	return bytes < GROUPS_MAX ? (uint32_t)bytes : GROUPS_MAX;
}

static void size_groups(struct bt_tracer *t, const struct bt_trace_opts *opts, const struct bt_tracer_size *size)
{
	static const uint8_t half_bits[] = BT_BUCKET_HALF_BITS;
	struct trace_conf *c = t->conf;
	int cpus = libbpf_num_possible_cpus();
	uint32_t cell;

	c->half_bits = half_bits[opts->digits ? opts->digits : c->keys ? 1 : size->digits];
	c->n_buckets = size->buckets ? BT_BUCKET_COUNT(c->half_bits) : 1;
	cell = (uint32_t)(sizeof(struct trace_cell) + c->n_buckets * sizeof(uint64_t));
	c->n_stripes = 1;
	while (!c->keys && c->n_stripes < STRIPES_MAX && (int)c->n_stripes < cpus)
		c->n_stripes *= 2;
	c->plain = size->irqs_off && !c->keys && cpus > 0 && (int)c->n_stripes >= cpus;
	c->n_slots = opts->max_groups ? (uint32_t)opts->max_groups : c->keys ? groups_for(cell) : size->plain_groups;
	bpf_map__set_value_size(bpf_object__find_map_by_name(t->obj, "cells"), cell);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(t->obj, "cells"), c->n_slots * c->n_stripes);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(t->obj, "groups"), c->n_slots);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(t->obj, "free_slots"), c->n_slots);
}

int bt_tracer_subsys(const char *controller)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "cgroup_subsys_id", BTF_KIND_ENUM) : -1, place = -ENOTSUP;
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	char name[64];

	snprintf(name, sizeof(name), "%s_cgrp_id", !strcmp(controller, "blkio") ? "io" : controller);
	for (unsigned i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(type)[i].name_off), name))
			place = (int)btf_enum(type)[i].val;
	btf__free(btf);
	return place;
}

static int refuse_cgroup(struct bt_tracer *t, const char *dir, int rc)
{
	const char *why = strerror(-rc);

	if (rc == -ENOENT)
		why = "not in a mounted control group file system";
	if (rc == -ENOTSUP)
		why = "its hierarchy has no controller, so the kernel does not tell whose tasks are in it";
	snprintf(t->error, sizeof(t->error), "--cgroup %.100s: %s", dir, why);
	return rc;
}

static int choose_hierarchy(struct bt_tracer *t, const struct bt_trace_opts *opts)
{
	const struct bt_src live = { "" };
	struct bt_cgroup own;
	struct bt_cgroup_at at;
	int rc;

	t->conf->cgroup_subsys = -1;
	if (!opts->cgroup) {
		bt_cgroup_find(&own, &live);
		bt_src_copy(t->cgroup_mount, own.cpu.mount_len + 1 < sizeof(t->cgroup_mount) ? own.cpu.mount_len + 1 : 1, own.cpu.path);
		if (own.cpu.path[0] && !own.cpu.v2)
			t->conf->cgroup_subsys = bt_tracer_subsys("cpu");
		return 0;
	}
	rc = bt_cgroup_at(opts->cgroup, &at);
	if (rc == 0 && !at.v2)
		rc = t->conf->cgroup_subsys = bt_tracer_subsys(at.controller);
	if (rc < 0)
		return refuse_cgroup(t, opts->cgroup, rc);
	t->conf->cgroup_id = at.id;
	t->conf->filter |= TRACE_BY_CGROUP;
	bt_src_copy(t->cgroup_mount, sizeof(t->cgroup_mount), at.mount);
	return 0;
}

/* Numbers are meant as this process sees them. How many namespaces there are above its own only the kernel knows. */
static void choose_namespace(struct bt_tracer *t)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INIT_PIDNS_INUM)
		t->conf->pidns_inum = (uint32_t)st.st_ino;
}

static void choose_filter(struct bt_tracer *t, const struct bt_trace_opts *opts, bool command)
{
	struct trace_conf *c = t->conf;

	if (opts->n_pids || command)
		c->filter |= TRACE_BY_PID;
	if (opts->tree || command)
		c->filter |= TRACE_BY_TREE;
	if (opts->n_allow || opts->n_deny)
		c->filter |= TRACE_BY_COMM;
	c->n_allow = opts->n_allow;
	c->n_deny = opts->n_deny;
	for (unsigned i = 0; i < opts->n_allow; i++)
		memcpy(c->allow[i], opts->allow[i], strnlen(opts->allow[i], TRACE_COMM));
	for (unsigned i = 0; i < opts->n_deny; i++)
		memcpy(c->deny[i], opts->deny[i], strnlen(opts->deny[i], TRACE_COMM));
	if (opts->n_cpus)
		c->filter |= TRACE_BY_CPU;
	for (size_t i = 0; i < opts->n_cpus; i++)
		c->cpus[opts->cpus[i] / 64] |= 1ull << opts->cpus[i] % 64;
}

/* Since 5.18 (fa2c3254d7cf) sched_switch tells the state itself, as its last argument; builds had it elsewhere for a while. */
static bool prev_state_told(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	bool told = false;

	while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
		type = btf__type_by_id(btf, type->type);
	if (type && btf_is_func_proto(type) && btf_vlen(type) == 5) {
		const struct btf_type *last = btf__type_by_id(btf, btf_params(type)[4].type);

		told = last && btf_is_int(last);
	}
	btf__free(btf);
	return told;
}

/* Only classic tracepoints need them. */
static int find_fields(struct bt_tracer *t)
{
	static const struct {
		const char *event, *field;
	} wanted[TRACE_FIELDS] = {
		[TRACE_FIELD_FORK_PARENT] = { "sched/sched_process_fork", "parent_pid" },
		[TRACE_FIELD_FORK_CHILD] = { "sched/sched_process_fork", "child_pid" },
		[TRACE_FIELD_EXEC_TID] = { "sched/sched_process_exec", "pid" },
		[TRACE_FIELD_EXEC_OLD_TID] = { "sched/sched_process_exec", "old_pid" },
		[TRACE_FIELD_SWITCH_PREV] = { "sched/sched_switch", "prev_pid" },
		[TRACE_FIELD_SWITCH_STATE] = { "sched/sched_switch", "prev_state" },
		[TRACE_FIELD_SWITCH_NEXT] = { "sched/sched_switch", "next_pid" },
		[TRACE_FIELD_WAKING_TID] = { "sched/sched_waking", "pid" },
		[TRACE_FIELD_NEW_TID] = { "sched/sched_wakeup_new", "pid" },
		[TRACE_FIELD_MIGRATE_TID] = { "sched/sched_migrate_task", "pid" },
		[TRACE_FIELD_MIGRATE_FROM] = { "sched/sched_migrate_task", "orig_cpu" },
		[TRACE_FIELD_MIGRATE_TO] = { "sched/sched_migrate_task", "dest_cpu" },
		[TRACE_FIELD_ENTER_ID] = { "raw_syscalls/sys_enter", "id" },
		[TRACE_FIELD_ENTER_ARGS] = { "raw_syscalls/sys_enter", "args" },
		[TRACE_FIELD_EXIT_ID] = { "raw_syscalls/sys_exit", "id" },
		[TRACE_FIELD_EXIT_RET] = { "raw_syscalls/sys_exit", "ret" },
	};
	const struct bt_src live = { "" };

	for (unsigned i = 0; t->attach == BT_ATTACH_CLASSIC && i < TRACE_FIELDS; i++) {
		int at = bt_tracefs_field(&live, wanted[i].event, wanted[i].field);

		if (at < 0) {
			snprintf(t->error, sizeof(t->error), "the classic tracepoint %s has no field %s here; --attach raw works without",
				 wanted[i].event, wanted[i].field);
			return at;
		}
		t->conf->fields[i] = (uint32_t)at;
	}
	return 0;
}

int bt_tracer_open(struct bt_tracer *t, struct bpf_object_skeleton *skeleton, struct trace_conf *conf,
		   const struct bt_trace_opts *opts, uint32_t keys, bool command, const struct bt_tracer_size *size)
{
	int rc;

	t->skeleton = skeleton;
	t->obj = *skeleton->obj;
	t->conf = conf;
	conf->keys = keys;
	conf->prev_state_arg = prev_state_told();
	choose_namespace(t);
	choose_filter(t, opts, command);
	size_tasks(t, opts);
	size_groups(t, opts, size);
	rc = find_fields(t);
	return rc < 0 ? rc : choose_hierarchy(t, opts);
}
