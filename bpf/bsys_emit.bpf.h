/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsys_emit - a call as an event: with its arguments, its file and the path of that.
 */
#ifndef BPF_BSYS_EMIT_BPF_H
#define BPF_BSYS_EMIT_BPF_H

#include "bsys_task.bpf.h"

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

#endif
