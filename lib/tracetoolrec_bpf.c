/* SPDX-License-Identifier: ISC
 *
 * tracetoolrec - the records about the tracing itself: what was to be traced, what was lost, what it cost.
 */
#include <sys/resource.h>
#include <time.h>

#include "host.h"
#include "tracetool.h"

uint64_t bt_tracetool_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int64_t bt_tracetool_time(const struct bt_tracetool *t, uint64_t mono_ns)
{
	return t->wall_us + (int64_t)(mono_ns / 1000);
}

void bt_tracetool_start(const struct bt_tracetool *t, struct bt_rec *r, const char *test)
{
	bt_rec_init(r, t->kind);
	r->ts_us = t->ts_us;
	r->test = test;
	r->rep = 1;
	r->dur_ns = t->dur_ns;
	r->lost = t->lost;
}

void bt_tracetool_emit(struct bt_tracetool *t, struct bt_rec *r)
{
	if (!r->metric || bt_load_wants(t->load, r->metric))
		bt_out_rec(&t->out, r);
}

void bt_tracetool_count(struct bt_tracetool *t, const char *metric, const char *name, const char *value, uint64_t count)
{
	struct bt_rec r;

	bt_tracetool_start(t, &r, t->test);
	if (name)
		bt_rec_str(&r, name, value);
	bt_rec_count(&r, metric, "count", BT_BETTER_NONE, count);
	bt_tracetool_emit(t, &r);
}

void bt_tracetool_ring_lost(struct bt_tracetool *t, const volatile uint64_t *by_cpu)
{
	struct bt_rec r;

	for (unsigned i = 0; i < TRACE_CPUS; i++) {
		if (i > 0 && by_cpu[i] == 0)
			continue;
		bt_tracetool_start(t, &r, t->test);
		bt_rec_str(&r, "cause", "ring");
		bt_rec_u64(&r, "cpu", i);
		bt_rec_count(&r, "lost", "count", BT_BETTER_NONE, by_cpu[i]);
		bt_tracetool_emit(t, &r);
	}
}

void bt_tracetool_meta(struct bt_tracetool *t)
{
	static const char *const hows[] = { "auto", "btf", "raw", "classic" };
	struct bt_buf argv = BT_BUF_INIT;
	struct bt_host host;
	struct bt_rec r;

	bt_host_argv(&argv, t->argc, t->argv);
	bt_host_read(&host, &t->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "argv", bt_buf_cstr(&argv));
	bt_rec_str(&r, "clock", "monotonic");
	bt_rec_str(&r, "tests", t->tests);
	bt_rec_str(&r, "attach", hows[t->tracer.attach]);
	if (t->load->duration_set)
		bt_rec_f64(&r, "duration", (double)t->load->duration_ns / 1e9);
	if (t->load->interval_ns)
		bt_rec_f64(&r, "interval", (double)t->load->interval_ns / 1e9);
	if (t->load->count)
		bt_rec_u64(&r, "count", t->load->count);
	if (t->load->dry_run)
		bt_rec_bool(&r, "dry_run", true);
	if (t->meta)
		t->meta(t, &r);
	bt_host_record(&host, &r);
	bt_out_rec(&t->out, &r);
	bt_buf_free(&argv);
}

void bt_tracetool_lost(struct bt_tracetool *t)
{
	const volatile struct trace_lost *l = t->tracer.lost;

	bt_tracetool_count(t, "lost", "cause", "groups", l->groups);
	bt_tracetool_count(t, "lost", "cause", "tasks", l->tasks);
	bt_tracetool_count(t, "lost", "cause", "clock", l->clock);
	bt_tracetool_count(t, "lost", "cause", "recursion", t->missed);
}

static void emit_own(struct bt_tracetool *t, const char *metric, const char *unit, double value)
{
	struct bt_rec r;

	bt_tracetool_start(t, &r, t->test);
	bt_rec_value(&r, metric, unit, BT_BETTER_LOWER, value);
	bt_tracetool_emit(t, &r);
}

static void emit_program(struct bt_tracetool *t, const struct bt_tracer_cost *cost)
{
	struct bt_rec r;

	if (cost->runs == 0)
		return;
	bt_tracetool_start(t, &r, t->test);
	bt_rec_str(&r, "program", cost->program);
	bt_rec_value(&r, "self_run", "ns", BT_BETTER_LOWER, (double)cost->ns / (double)cost->runs);
	bt_tracetool_emit(t, &r);
}

/* What the tracing has cost: of each program the mean of the runs that were measured, and of this process since counting began. */
void bt_tracetool_cost(struct bt_tracetool *t)
{
	struct rusage usage;

	for (unsigned i = 0; i < t->tracer.n_costs; i++)
		emit_program(t, &t->tracer.costs[i]);
	getrusage(RUSAGE_SELF, &usage);
	if (t->whole_ns > 0)
		emit_own(t, "self_cpu", "ratio", (double)(bt_tracetool_cpu_ns() - t->cpu_ns) / (double)t->whole_ns);
	emit_own(t, "self_rss", "B", (double)usage.ru_maxrss * 1024);
	emit_own(t, "self_maps", "B", (double)bt_tracer_map_bytes(&t->tracer));
}
