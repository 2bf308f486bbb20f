/* SPDX-License-Identifier: ISC
 *
 * summary_bpf - bsys trace: the records of each system call, and of each of its groups.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "err.h"
#include "errnames.h"
#include "live_bpf.h"

#define BATCH 256u

const char *const bsys_live_metrics[] = {
	"lat", "calls", "errors", "bytes", "oncpu_share", "unreturned", "waiting", "left_out", BT_TRACETOOL_METRICS, NULL
};

static int by_slot(const void *a, const void *b)
{
	const struct bsys_failures *x = a, *y = b;

	if (x->key.slot != y->key.slot)
		return x->key.slot < y->key.slot ? -1 : 1;
	return x->key.error < y->key.error ? -1 : x->key.error > y->key.error;
}

/* known: so many failures that are sorted, from the look before. */
static void add_failure(struct bsys_session *s, size_t known, const struct bsys_error *key, uint64_t now)
{
	const struct bsys_failures wanted = { .key = *key };
	struct bsys_failures *f = bsearch(&wanted, s->failures, known, sizeof(wanted), by_slot);

	if (f)
		f->now = now;
	else
		s->failures[s->n_failures++] = (struct bsys_failures){ *key, now, 0 };
}

/* Errors are only ever added to the map, and each comes once. */
static void read_failures(struct bsys_session *s)
{
	uint32_t max = bpf_map__max_entries(s->skel->maps.errors), position = 0, n;
	size_t known = s->n_failures;
	struct bsys_error keys[BATCH];
	uint64_t values[BATCH];
	bool first = true;
	int rc;

	if (!s->failures)
		s->failures = calloc(max, sizeof(*s->failures));
	if (!s->failures)
		bt_die(BT_EXIT_TROUBLE, "no memory for the errors");
	do {
		n = BATCH;
		rc = bpf_map_lookup_batch(bpf_map__fd(s->skel->maps.errors), first ? NULL : &position, &position, keys, values, &n, NULL);
		for (uint32_t i = 0; (rc == 0 || errno == ENOENT) && i < n && s->n_failures < max; i++)
			add_failure(s, known, &keys[i], values[i]);
		first = false;
	} while (rc == 0);
	qsort(s->failures, s->n_failures, sizeof(*s->failures), by_slot);
}

/* What one group's records have in common. */
static void start(struct bt_tracetool *t, struct bt_rec *r, const struct trace_key *key, char room[16])
{
	struct bsys_session *s = t->arg;
	uint32_t nr;

	bt_tracetool_start(t, r, t->test);
	bt_rec_str(r, "syscall", bsys_calls_name(key->what, room));
	bt_rec_str(r, "abi", bt_abi_name(bsys_calls_abi(key->what, &nr)));
	bt_tracerec_key(r, key, t->keys, &s->names);
}

static void emit_count(struct bt_tracetool *t, const struct trace_key *key, const char *metric, const char *unit, uint64_t count)
{
	struct bt_rec r;
	char room[16];

	start(t, &r, key, room);
	bt_rec_count(&r, metric, unit, BT_BETTER_NONE, count);
	bt_tracetool_emit(t, &r);
}

static size_t first_failure(const struct bsys_session *s, uint32_t slot)
{
	size_t low = 0, high = s->n_failures;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->failures[middle].key.slot < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void emit_errors(struct bt_tracetool *t, const struct bt_trace_view *v)
{
	struct bsys_session *s = t->arg;

	for (size_t i = first_failure(s, v->slot); i < s->n_failures && s->failures[i].key.slot == v->slot; i++) {
		struct bsys_failures *f = &s->failures[i];
		uint64_t n = f->now - (t->kind == BT_KIND_SAMPLE ? f->before : 0);
		const char *name = bt_errname(f->key.error);
		struct bt_rec r;
		char room[16];

		if (n == 0)
			continue;
		start(t, &r, v->key, room);
		if (name)
			bt_rec_str(&r, "errno", name);
		else
			bt_rec_u64(&r, "errno", f->key.error);
		bt_rec_count(&r, "errors", "count", BT_BETTER_LOWER, n);
		bt_tracetool_emit(t, &r);
	}
}

/* A call's time on a CPU is what is left when the times off it are taken away; a switch at its very edge may make it a little too
 * long. */
static double oncpu_share(const struct bt_trace_view *v)
{
	double share = 1 - (double)v->extra[BSYS_OFF_NS] / (double)v->hist->sum;

	return share < 0 ? 0 : share;
}

static void emit_times(struct bt_tracetool *t, const struct bt_trace_view *v)
{
	struct bt_rec r;
	char room[16];

	start(t, &r, v->key, room);
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_LOWER, v->hist);
	bt_tracerec_max(&r, &v->max, t->wall_us);
	bt_tracetool_emit(t, &r);
	start(t, &r, v->key, room);
	bt_rec_value(&r, "oncpu_share", "ratio", BT_BETTER_NONE, v->hist->sum > 0 ? oncpu_share(v) : 1);
	bt_tracetool_emit(t, &r);
}

static void emit_group(void *arg, const struct bt_trace_view *v)
{
	struct bt_tracetool *t = arg;
	struct bsys_session *s = t->arg;
	uint64_t calls = s->live->count_only ? v->extra[BSYS_ENTERED] : v->hist->n + v->extra[BSYS_UNRETURNED];

	emit_count(t, v->key, "calls", "count", calls);
	if (t->kind == BT_KIND_RESULT)
		s->matched += s->live->count_only ? calls : v->hist->n;
	if (v->hist->n > 0)
		emit_times(t, v);
	if (v->extra[BSYS_BYTES_MOVED] > 0)
		emit_count(t, v->key, "bytes", "B", v->extra[BSYS_BYTES_MOVED]);
	if (v->extra[BSYS_UNRETURNED] > 0)
		emit_count(t, v->key, "unreturned", "count", v->extra[BSYS_UNRETURNED]);
	if (v->extra[BSYS_ERRORS] > 0)
		emit_errors(t, v);
}

/* --count-only without keys: plain counters by call. */
static void show_counters(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;

	for (uint32_t what = 0; what < BSYS_COUNTERS; what++) {
		struct trace_key key = { .what = what };
		uint64_t now = 0, n;

		for (uint32_t stripe = 0; stripe < BSYS_STRIPES; stripe++)
			now += s->skel->bss->counters[stripe * BSYS_COUNTERS + what];
		n = now - (t->kind == BT_KIND_SAMPLE ? s->counted[what] : 0);
		if (n > 0)
			emit_count(t, &key, "calls", "count", n);
		if (t->kind == BT_KIND_RESULT)
			s->matched += n;
		else
			s->counted[what] = now;
	}
}

void bsys_summary_show(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;
	int rc;

	read_failures(s);
	rc = bt_trace_groups_show(&t->groups, t->kind == BT_KIND_RESULT, BSYS_ENTERED, emit_group, t);
	if (rc < 0)
		bt_warn("reading what was counted: %s", strerror(-rc));
	if (s->live->count_only)
		show_counters(t);
	for (size_t i = 0; i < s->n_failures && t->kind == BT_KIND_SAMPLE; i++)
		s->failures[i].before = s->failures[i].now;
}

void bsys_summary_end(struct bt_tracetool *t)
{
	struct bsys_session *s = t->arg;

	bt_tracetool_count(t, "matched", NULL, NULL, s->matched);
	if (s->live->count_only)
		return;
	bt_tracetool_count(t, "unmatched", "how", "return", s->skel->bss->bsys_lost.unmatched);
	bsys_in_flight(t);
	bt_tracetool_count(t, "lost", "cause", "errnos", s->skel->bss->bsys_lost.errors);
}

void bsys_summary_close(struct bsys_session *s)
{
	free(s->failures);
	s->failures = NULL;
}
