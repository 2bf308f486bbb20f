/* SPDX-License-Identifier: ISC
 *
 * longest_bpf - intervals of --min and more as events, each with its evidence: who woke or preempted the task, and who had the CPU
 * that it waited for.
 */
#include <errno.h>

#include "clock.h"
#include "live_bpf.h"

static void add_other(struct bt_rec *r, const char *tid_name, const char *comm_name, uint32_t tid, const char comm[TRACE_COMM])
{
	if (tid == 0)
		return;
	bt_rec_u64(r, tid_name, tid);
	bt_tracerec_comm(r, comm_name, comm);
}

/* A sleep was ended by a waker, who also began the wait that followed; a stint and what followed by who took the CPU. A stint that
 * ended in a sleep was ended by nobody else, and what a new task waited for its parent began. */
static void add_evidence(struct bt_rec *r, const struct bsched_event *e)
{
	unsigned test = e->what / BSCHED_HOWS, how = e->what % BSCHED_HOWS;

	if (test == BSCHED_OFFCPU || (test == BSCHED_RUNQ && how == BSCHED_WOKEN))
		add_other(r, "waker_tid", "waker_comm", e->by_tid, e->by_comm);
	else if (test == BSCHED_ONCPU ? how == TASKSTATE_TAKEN || how == TASKSTATE_GAVE : how == BSCHED_PREEMPTED)
		add_other(r, "by_tid", "by_comm", e->by_tid, e->by_comm);
	add_other(r, "held_tid", "held_comm", e->held_tid, e->held_comm);
}

static int take(void *arg, void *data, size_t size)
{
	static const char *const names[] = { "runq", "oncpu", "offcpu" };
	struct bt_tracetool *t = arg;
	const struct bsched_event *e = data;
	unsigned test = e->what / BSCHED_HOWS;
	char room[2][16];
	struct bt_rec r;

	if (size < sizeof(*e) || test > BSCHED_OFFCPU)
		return 0;
	bt_rec_init(&r, BT_KIND_EVENT);
	r.test = names[test];
	r.ts_us = bt_tracetool_time(t, e->ts_ns);
	r.dur_ns = e->ns;
	if (bsched_how_name(e->what))
		bt_rec_str(&r, "how", bsched_how_name(e->what));
	if (test == BSCHED_OFFCPU) {
		bt_rec_str(&r, "state", bsched_state_name(e->state, room[0]));
		bsched_call_record(&r, e->call, room[1]);
	}
	bt_rec_u64(&r, "pid", e->pid);
	bt_rec_u64(&r, "tid", e->tid);
	if (e->ns_pid && e->ns_pid != e->pid)
		bt_rec_u64(&r, "ns_pid", e->ns_pid);
	if (e->ns_tid && e->ns_tid != e->tid)
		bt_rec_u64(&r, "ns_tid", e->ns_tid);
	bt_tracerec_comm(&r, "comm", e->comm);
	bt_rec_f64(&r, "prio", e->prio);
	bt_rec_u64(&r, "cpu", e->cpu);
	add_evidence(&r, e);
	bt_rec_count(&r, names[test], "ns", test == BSCHED_ONCPU ? BT_BETTER_NONE : BT_BETTER_LOWER, e->ns);
	bt_tracetool_emit(t, &r);
	t->events++;
	return t->out.error ? -EPIPE : 0;
}

int bsched_longest_open(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;

	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ring), take, t, NULL);
	if (!s->ring)
		return -errno;
	t->ring_fd = ring_buffer__epoll_fd(s->ring);
	return 0;
}

void bsched_longest_drain(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;

	t->wall_us = bt_clock_wall_us() - (int64_t)(bt_clock_monotonic() / 1000);
	(void)ring_buffer__consume(s->ring);
}

void bsched_longest_lost(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;

	bt_tracetool_ring_lost(t, s->skel->bss->ring_lost);
}
