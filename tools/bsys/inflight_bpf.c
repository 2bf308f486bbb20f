/* SPDX-License-Identifier: ISC
 *
 * inflight_bpf - calls that had been entered and not left when tracing ended: often the longest of all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "clock.h"
#include "live_bpf.h"

#define LISTED 1000u /* longest ones shown; all are counted */

/* struct trace_task of bpf/bsys.bpf.c, as the skeleton does not tell it: its first members. */
struct task {
	uint32_t tid;
	uint16_t flags, seen;
	uint64_t enter_ns, off_since_ns, off_ns;
	uint32_t what;
};

struct waiting {
	uint32_t tid, what;
	uint64_t enter_ns;
};

struct list {
	struct waiting *items;
	size_t n, cap;
	uint16_t epoch; /* what was entered before a pause may have been left in it */
};

static void add(struct list *l, const struct task *task)
{
	struct waiting *grown;

	if (task->enter_ns == 0 || task->seen != l->epoch)
		return;
	if (l->n == l->cap) {
		grown = reallocarray(l->items, l->cap ? l->cap * 2 : 256, sizeof(*grown));
		if (!grown)
			return;
		l->items = grown;
		l->cap = l->cap ? l->cap * 2 : 256;
	}
	l->items[l->n++] = (struct waiting){ task->tid, task->what, task->enter_ns };
}

static void gather(struct bt_tracetool *t, struct list *l)
{
	int fd = bt_tracer_map(&t->tracer, "more_tasks");
	uint8_t *value = malloc(t->tracer.task_bytes);
	uint32_t tid = 0, next;

	for (uint32_t i = 0; i < t->tracer.conf->n_tasks; i++)
		add(l, (const struct task *)(t->tracer.tasks + i * t->tracer.task_bytes));
	for (bool first = true; value && bpf_map_get_next_key(fd, first ? NULL : &tid, &next) == 0; first = false) {
		tid = next;
		if (bpf_map_lookup_elem(fd, &tid, value) == 0)
			add(l, (const struct task *)value);
	}
	free(value);
}

static int oldest_first(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	return x->enter_ns < y->enter_ns ? -1 : x->enter_ns > y->enter_ns;
}

/* Who it is, as far as it can still be seen; numbers are those of the initial namespace. */
static void add_who(struct bt_tracetool *t, struct bt_rec *r, uint32_t tid, char text[2048], char comm[32])
{
	bt_rec_u64(r, "tid", tid);
	if (t->tracer.conf->pidns_inum || bt_src_read(&t->src, text, 2048, "/proc/%u/status", tid) <= 0)
		return;
	bt_rec_u64(r, "pid", bt_src_field_u64(text, "Tgid"));
	if (bt_src_line(&t->src, comm, 32, "/proc/%u/comm", tid) > 0)
		bt_rec_str(r, "comm", comm);
}

static void emit(struct bt_tracetool *t, const struct waiting *w, uint64_t now)
{
	char room[16], text[2048], comm[32];
	struct bt_rec r;
	uint32_t nr;

	bt_tracetool_start(t, &r, t->test);
	r.kind = BT_KIND_EVENT;
	r.dur_ns = 0;
	bt_rec_str(&r, "syscall", bsys_calls_name(w->what, room));
	bt_rec_str(&r, "abi", bt_abi_name(bsys_calls_abi(w->what, &nr)));
	add_who(t, &r, w->tid, text, comm);
	bt_rec_count(&r, "waiting", "ns", BT_BETTER_NONE, now > w->enter_ns ? now - w->enter_ns : 0);
	bt_tracetool_emit(t, &r);
}

void bsys_in_flight(struct bt_tracetool *t)
{
	uint64_t now = bt_clock_monotonic();
	struct list l = { .epoch = (uint16_t)t->tracer.beginnings };

	gather(t, &l);
	if (l.n > 0)
		qsort(l.items, l.n, sizeof(*l.items), oldest_first);
	bt_tracetool_count(t, "in_flight", NULL, NULL, l.n);
	for (size_t i = 0; i < l.n && i < LISTED; i++)
		emit(t, &l.items[i], now);
	free(l.items);
}
