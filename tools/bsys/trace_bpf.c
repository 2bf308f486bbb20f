/* SPDX-License-Identifier: ISC
 *
 * trace_bpf - live tracing of system calls: sets the BPF programs up. What they tell is made into records by summary_bpf.c (trace)
 * and events_bpf.c (events).
 */
#include <errno.h>
#include <string.h>

#include "bsys.h"
#include "calls.h"
#include "err.h"
#include "live_bpf.h"

#define RING_BYTES (8u << 20)
#define PLAIN_GROUPS 512u /* different calls that a machine makes; those of -e when they are fewer */
#define STRIPES_SHARED 8u
#define CLOSING 1024u    /* close(2) calls at the same time whose paths are known */

_Static_assert(BSYS_STRIPES >= STRIPES_SHARED, "as many stripes as lib/tracersize_bpf.c makes at most");

/* What each of the three ways of looking needs; the rest is not loaded. */
static const char *const trace_programs[] = { "fork", "exec", "rename", "exit", "sched_switch", "sys_enter", "sys_exit", NULL };
static const char *const events_programs[] = { "fork", "exec", "rename", "exit", "sys_enter", "sys_exit", NULL };
static const char *const count_programs[] = { "fork", "exec", "rename", "exit", "count_enter", NULL };
static const char *const bare_programs[] = { "count_enter", NULL };

static struct bpf_object_skeleton *open_programs(struct bt_tracetool *t, struct trace_conf **conf)
{
	struct bsys_session *s = t->arg;
	const struct bsys_live *live = s->live;
	uint32_t ring_bytes = (uint32_t)(live->ring_bytes ? live->ring_bytes : RING_BYTES);
	struct bsys_conf *own;

	s->skel = bsys_bpf__open();
	if (!s->skel)
		return NULL;
	*conf = (struct trace_conf *)&s->skel->rodata->conf;
	own = (struct bsys_conf *)&s->skel->rodata->bconf;
	own->events = s->events;
	own->sample = (uint32_t)live->sample;
	own->burst = (uint32_t)live->limit;
	own->wake_bytes = ring_bytes / 4;
	own->all = !live->calls;
	t->size.plain_groups = bsys_calls_flags(live->calls, own->calls) + 3;
	if (t->size.plain_groups > PLAIN_GROUPS)
		t->size.plain_groups = PLAIN_GROUPS;
	bpf_map__set_max_entries(s->skel->maps.closing, s->events ? CLOSING : 1);
	bpf_map__set_max_entries(s->skel->maps.ring, s->events ? ring_bytes : 4096);
	return s->skel->skeleton;
}

static int programs_loaded(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;

	t->tracer.running = &s->skel->bss->running;
	t->tracer.lost = (const volatile struct trace_lost *)&s->skel->bss->lost;
	s->names.mount = t->tracer.cgroup_mount;
	return s->events ? bsys_events_open(t) : 0;
}

static void add_meta(struct bt_tracetool *t, struct bt_rec *r)
{
	const struct bsys_session *s = t->arg;

	if (s->live->calls)
		bt_rec_str(r, "calls", s->live->calls);
	if (s->live->opts.keys)
		bt_rec_str(r, "keys", s->live->opts.keys);
	if (s->live->count_only)
		bt_rec_bool(r, "count_only", true);
	if (s->live->sample > 1)
		bt_rec_u64(r, "sample", s->live->sample);
	if (s->live->limit)
		bt_rec_u64(r, "limit", s->live->limit);
}

static const char *const *choose_programs(const struct bsys_session *s)
{
	const struct bt_trace_opts *o = &s->live->opts;
	bool filtered = o->n_pids || o->n_allow || o->n_deny || s->live->command || o->cgroup || o->n_cpus || s->live->keys;

	if (s->events)
		return events_programs;
	if (!s->live->count_only)
		return trace_programs;
	return filtered ? count_programs : bare_programs;
}

int bsys_trace(struct bsys *b)
{
	static struct bsys_session s = { .names = BT_CGROUPNAMES_INIT };
	static struct bt_tracetool t;
	int status;

	s.live = &b->live;
	s.events = !strcmp(b->live.test, "events");
	t = (struct bt_tracetool){
		.name = b->tool.name, .test = b->live.test, .tests = b->live.test, .load = &b->tool.load, .opts = &b->live.opts,
		.out_opts = &b->tool.out_opts, .argc = b->tool.argc, .argv = b->tool.argv, .command = b->live.command,
		.programs = choose_programs(&s), .keys = b->live.keys,
		.size = { .buckets = !s.events && !b->live.count_only, .digits = 1 },
		.open = open_programs, .loaded = programs_loaded, .meta = add_meta,
		.show = s.events ? bsys_events_show : bsys_summary_show,
		.summary = s.events ? bsys_events_summary : bsys_summary_end,
		.ring_fd = -1, .count_events = s.events, .drain = s.events ? bsys_events_drain : NULL, .arg = &s,
	};
	status = bt_tracetool_main(&t);
	bsys_events_close(&s);
	bsys_summary_close(&s);
	bt_cgroupnames_free(&s.names);
	bsys_bpf__destroy(s.skel);
	return status;
}
