/* SPDX-License-Identifier: ISC
 *
 * procrec - the records of the tracing without BPF.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "err.h"
#include "host.h"
#include "proc.h"

#define SHORT_TICKS 10 /* an interval of fewer says little */

static bool named(const struct bsched *b, const char *test)
{
	for (size_t i = 0; i < b->n_names; i++)
		if (!strcmp(b->names[i], test))
			return true;
	return false;
}

static void emit_meta(struct bsched_procs *s)
{
	struct bt_buf argv = BT_BUF_INIT, tests = BT_BUF_INIT;
	struct bt_host host;
	struct bt_rec r;

	for (size_t i = 0; i < s->b->n_names; i++)
		bt_buf_printf(&tests, "%s%s", i ? "," : "", s->b->names[i]);
	bt_host_argv(&argv, s->b->tool.argc, s->b->tool.argv);
	bt_host_read(&host, &s->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "argv", bt_buf_cstr(&argv));
	bt_rec_str(&r, "clock", "monotonic");
	bt_rec_str(&r, "tests", bt_buf_cstr(&tests));
	bt_rec_str(&r, "attach", "proc");
	if (s->tick_ns)
		bt_rec_u64(&r, "quantum", s->tick_ns);
	if (s->load->duration_set)
		bt_rec_f64(&r, "duration", (double)s->load->duration_ns / 1e9);
	if (s->load->interval_ns)
		bt_rec_f64(&r, "interval", (double)s->load->interval_ns / 1e9);
	if (s->load->count)
		bt_rec_u64(&r, "count", s->load->count);
	if (s->load->dry_run)
		bt_rec_bool(&r, "dry_run", true);
	bt_host_record(&host, &r);
	bt_out_rec(&s->out, &r);
	bt_buf_free(&argv);
	bt_buf_free(&tests);
}

static void warn(struct bsched_procs *s, const char *code, struct bt_buf *text)
{
	bt_out_warn(&s->out, code, bt_buf_cstr(text));
	bt_buf_free(text);
}

/* What these records are not. */
static void warn_fallback(struct bsched_procs *s)
{
	struct bt_buf text = BT_BUF_INIT;

	bt_buf_printf(&text, "%s; these are the sums that the kernel counts, from /proc%s", s->missing,
		      s->b->command ? ", of the command alone, not of what it starts" : "");
	bt_note("%s", bt_buf_cstr(&text));
	warn(s, "no-bpf", &text);
}

static bool is_short(const struct bsched_procs *s, uint64_t ns)
{
	return ns < SHORT_TICKS * s->tick_ns;
}

static void warn_short(struct bsched_procs *s)
{
	struct bt_buf text = BT_BUF_INIT;

	if (!s->load->interval_ns || !is_short(s, s->load->interval_ns))
		return;
	bt_buf_printf(&text, "an interval of %.3g ms holds fewer than %d steps of the counters, which move every %.3g ms",
		      (double)s->load->interval_ns / 1e6, SHORT_TICKS, (double)s->tick_ns / 1e6);
	warn(s, "short-interval", &text);
}

static void warn_failed(struct bsched_procs *s, size_t failed, int why)
{
	struct bt_buf text = BT_BUF_INIT;

	if (failed == 0)
		return;
	bt_buf_printf(&text, "%zu of the processes cannot be followed: %s", failed, why == -ESRCH ? "there are none" : strerror(-why));
	bt_warn("%s", bt_buf_cstr(&text));
	warn(s, "no-process", &text);
}

void bsched_proc_begin(struct bsched_procs *s, size_t failed, int why)
{
	emit_meta(s);
	warn_fallback(s);
	warn_failed(s, failed, why);
	warn_short(s);
}

static void warn_tails(struct bsched_procs *s)
{
	struct bt_buf text = BT_BUF_INIT;
	uint64_t tails = s->threads.tails - s->told;

	s->told = s->threads.tails;
	if (tails == 0)
		return;
	bt_buf_printf(&text, "%llu thread%s ended: what %s did since the last reading, %.3g ms at most, is lost",
		      (unsigned long long)tails, tails > 1 ? "s" : "", tails > 1 ? "they" : "it", (double)s->look_ns / 1e6);
	warn(s, "tail-lost", &text);
}

static void start_record(const struct bsched_procs *s, struct bt_rec *r, const char *test)
{
	bt_rec_init(r, s->kind);
	r->ts_us = s->ts_us;
	r->test = test;
	r->rep = 1;
	r->dur_ns = s->dur_ns;
	r->late_ns = s->late_ns;
	r->taint = is_short(s, s->dur_ns + s->tick_ns / 2) ? BT_TAINT_SHORT : 0; /* a hair too short does no harm */
	bt_rec_str(r, "source", "proc");
	if (s->tick_ns)
		bt_rec_u64(r, "quantum", s->tick_ns);
}

static void emit(struct bsched_procs *s, const struct bt_rec *r)
{
	if (bt_load_wants(s->load, r->metric))
		bt_out_rec(&s->out, (struct bt_rec *)r);
}

static void emit_of(struct bsched_procs *s, const struct bsched_thread *t, const char *test, const char *metric, const char *unit,
		    enum bt_better better, const char *how, uint64_t value)
{
	struct bt_rec r;

	start_record(s, &r, test);
	if (how)
		bt_rec_str(&r, "how", how);
	bt_rec_u64(&r, "pid", t->pid);
	bt_rec_u64(&r, "tid", t->tid);
	bt_rec_str(&r, "comm", t->last.comm);
	bt_rec_count(&r, metric, unit, better, value);
	emit(s, &r);
}

/* Of an interval only who did something in it. */
static void emit_thread(struct bsched_procs *s, const struct bsched_thread *t)
{
	const struct bt_schedcount *c = s->kind == BT_KIND_SAMPLE ? &t->span : &t->whole;

	if (s->kind == BT_KIND_SAMPLE && !(c->run_ns | c->wait_ns | c->slices | c->voluntary | c->involuntary))
		return;
	if (named(s->b, "runq"))
		emit_of(s, t, "runq", "runq_time", "ns", BT_BETTER_LOWER, NULL, c->wait_ns);
	if (named(s->b, "oncpu")) {
		emit_of(s, t, "oncpu", "oncpu_time", "ns", BT_BETTER_NONE, NULL, c->run_ns);
		emit_of(s, t, "oncpu", "slices", "count", BT_BETTER_NONE, NULL, c->slices);
	}
	if (named(s->b, "switch")) {
		emit_of(s, t, "switch", "switches", "count", BT_BETTER_NONE, "voluntary", c->voluntary);
		emit_of(s, t, "switch", "switches", "count", BT_BETTER_NONE, "involuntary", c->involuntary);
	}
}

void bsched_proc_show(struct bsched_procs *s)
{
	warn_tails(s);
	for (size_t i = 0; i < s->threads.n; i++)
		emit_thread(s, &s->threads.list[i]);
}

static void emit_lost(struct bsched_procs *s, const char *cause, uint64_t count)
{
	struct bt_rec r;

	start_record(s, &r, "trace");
	bt_rec_str(&r, "cause", cause);
	bt_rec_count(&r, "lost", "count", BT_BETTER_NONE, count);
	emit(s, &r);
}

static void emit_own(struct bsched_procs *s, const char *metric, const char *unit, double value)
{
	struct bt_rec r;

	start_record(s, &r, "trace");
	bt_rec_value(&r, metric, unit, BT_BETTER_LOWER, value);
	emit(s, &r);
}

void bsched_proc_summary(struct bsched_procs *s)
{
	struct rusage usage;
	double cpu_s;

	emit_lost(s, "tail", s->threads.tails);
	emit_lost(s, "unread", s->threads.unread);
	getrusage(RUSAGE_SELF, &usage);
	cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	if (s->whole_ns > 0)
		emit_own(s, "self_cpu", "ratio", cpu_s * 1e9 / (double)s->whole_ns);
	emit_own(s, "self_rss", "B", (double)usage.ru_maxrss * 1024);
}
