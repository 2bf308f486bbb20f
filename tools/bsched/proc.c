/* SPDX-License-Identifier: ISC
 *
 * proc - the tracing tests for those who may not trace: what the kernel counts anyway, read from /proc.
 *
 * It knows neither single waits nor their causes, only sums by thread; and only of threads that it is told of.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "err.h"
#include "proc.h"
#include "sig.h"
#include "tick.h"
#include "trace.h"

#define COST_MAX 50 /* a pass may not take more than a fiftieth of the time */
#define SECOND_NS 1000000000u

/* The first thing asked for that only BPF can do, or NULL. */
static const char *beyond(const struct bsched *b)
{
	const struct bt_trace_opts *o = &b->live.opts;

	for (size_t i = 0; i < b->n_names; i++)
		if (strcmp(b->names[i], "runq") && strcmp(b->names[i], "oncpu") && strcmp(b->names[i], "switch"))
			return b->names[i];
	if (o->n_allow || o->n_deny)
		return "-C";
	if (b->live.keys & ~(uint32_t)(TRACE_KEY_PID | TRACE_KEY_TID | TRACE_KEY_COMM))
		return "-k but by pid, tid and comm";
	if (b->live.min_ns || b->live.stack)
		return b->live.min_ns ? "--min" : "--stack";
	if (o->tree || o->cgroup || o->n_cpus)
		return o->tree ? "--tree" : o->cgroup ? "--cgroup" : "--on-cpus";
	if (o->attach != BT_ATTACH_AUTO)
		return "--attach";
	return o->n_pids == 0 && !b->command ? "view of the whole machine" : NULL;
}

/* What a command is traced for when nothing was asked for. */
static void settle_names(struct bsched *b)
{
	static const char *const quick[] = { "runq", "oncpu", "switch" };

	if (!b->quick)
		return;
	memcpy(b->names, quick, sizeof(quick));
	b->n_names = sizeof(quick) / sizeof(quick[0]);
}

/* Read all. What a pass takes decides how often there is one. */
static uint64_t pass(struct bsched_procs *s)
{
	uint64_t now = bt_clock_monotonic(), took;

	bsched_threads_pass(&s->threads, s->running);
	took = bt_clock_monotonic() - now;
	s->look_ns = took * COST_MAX > BSCHED_LOOK_NS ? took * COST_MAX : BSCHED_LOOK_NS;
	if (s->running) {
		s->span_ns += now - s->resumed_ns;
		s->whole_ns += now - s->resumed_ns;
	}
	s->resumed_ns = now;
	return now;
}

/* The pass just made ends a span. late_ns: it came so much after its time. */
static void show(struct bsched_procs *s, enum bt_kind kind, uint64_t late_ns)
{
	s->kind = kind;
	s->dur_ns = kind == BT_KIND_SAMPLE ? s->span_ns : s->whole_ns;
	s->late_ns = late_ns;
	s->ts_us = bt_clock_wall_us() - (int64_t)((bt_clock_monotonic() - s->resumed_ns) / 1000);
	bsched_proc_show(s);
	bsched_threads_next_span(&s->threads);
	s->span_ns = 0;
}

static void emit_mark(struct bsched_procs *s, const char *name)
{
	struct bt_buf text = BT_BUF_INIT;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_MARK);
	bt_buf_printf(&text, "%s-%u", name, ++s->marks);
	bt_rec_str(&r, "name", bt_buf_cstr(&text));
	bt_out_rec(&s->out, &r);
	bt_buf_free(&text);
}

static void obey(struct bsched_procs *s, unsigned what)
{
	if (what & BT_CONTROL_MARK)
		emit_mark(s, "mark");
	if (!(what & BT_CONTROL_PAUSE))
		return;
	pass(s);
	s->running = !s->running;
	emit_mark(s, s->running ? "resume" : "pause");
}

static bool reader_gone(const struct bsched_procs *s)
{
	struct pollfd out = { .fd = s->out.file.fd };

	return s->out.error || (poll(&out, 1, 0) > 0 && out.revents & POLLERR);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Until the duration, the count, a signal, or the end of all that is followed. */
static void run(struct bsched_procs *s)
{
	uint64_t every = s->load->interval_ns ? s->load->interval_ns : s->load->count ? SECOND_NS : 0, now = s->start_ns;
	uint64_t end = s->load->duration_set ? s->start_ns + s->load->duration_ns : UINT64_MAX;
	uint64_t next = every ? s->start_ns + every : UINT64_MAX;

	while (now < end && !(s->load->count && s->intervals >= s->load->count) && !bt_sig_caught() && !reader_gone(s)) {
		obey(s, bt_control_wait(&s->control, least(least(end, next), now + s->look_ns)));
		now = pass(s);
		if (s->threads.alive == 0)
			break;
		if (now < next || now >= end)
			continue;
		show(s, BT_KIND_SAMPLE, now - next);
		s->intervals++;
		/* The grid stays; intervals missed while we were held up become one longer one. */
		next += (now - next) / every * every + every;
	}
}

static void conclude(struct bsched_procs *s)
{
	if (s->load->interval_ns && s->span_ns > 0)
		show(s, BT_KIND_SAMPLE, 0);
	show(s, BT_KIND_RESULT, 0);
	bsched_proc_summary(s);
}

/* Without an end of its own SIGINT is the end, and no interruption. */
static int signal_left(const struct bsched_procs *s)
{
	int sig = bt_sig_caught();
	bool endless = !s->load->duration_set && !s->load->count && !s->b->command;

	return sig == SIGINT && endless ? 0 : sig;
}

/* The command's status is passed on. A signal that ends us is passed to it. */
static int leave_command(struct bsched_procs *s, int sig)
{
	int status = BT_EXIT_OK;

	if (s->b->command && !s->load->dry_run && !sig) {
		status = bt_child_wait(&s->child);
		sig = status == -EINTR ? bt_sig_caught() : 0;
	}
	if (sig)
		bt_child_kill(&s->child, sig);
	bt_child_close(&s->child);
	return sig ? -sig : status;
}

static int finish(struct bsched_procs *s)
{
	uint64_t elapsed = s->start_ns ? bt_clock_monotonic() - s->start_ns : 0;
	const char *path = s->b->tool.out_opts.path;
	int sig = signal_left(s), rc, status;

	bt_out_end(&s->out, sig ? "interrupted" : "ok", elapsed, 0);
	rc = bt_out_close(&s->out);
	bsched_threads_free(&s->threads);
	bt_control_close(&s->control);
	status = leave_command(s, sig);
	bt_check_output(rc, path, BT_EXIT_TROUBLE);
	if (status < 0)
		bt_die_signal(-status);
	return status;
}

/* Ends the program: a failure before there is a stream. */
static _Noreturn void give_up(struct bsched_procs *s, int status, uint32_t number, int rc)
{
	bt_child_close(&s->child);
	if (rc == -ENOSYS)
		bt_die(BT_EXIT_UNABLE, "%s; and this kernel does not count what threads wait (CONFIG_SCHED_INFO)", s->missing);
	bt_die(status, "process %u: %s", number, rc == -ESRCH ? "there is none" : strerror(-rc));
}

static void start_command(struct bsched_procs *s)
{
	const struct bsched *b = s->b;
	int rc;

	if (!b->command)
		return;
	if (s->src.root[0])
		bt_die_usage("--root: a COMMAND cannot be followed there");
	rc = bt_child_start(&s->child, b->command, !b->tool.out_opts.path);
	if (rc != 0)
		bt_die(rc == -ENOENT ? 127 : 126, "%s: %s", b->command[0], strerror(-rc));
	rc = bsched_threads_follow(&s->threads, (uint32_t)s->child.pid);
	if (rc != 0)
		give_up(s, BT_EXIT_TROUBLE, (uint32_t)s->child.pid, rc);
}

/* At least one must be there. Those that are not are told of once there is a stream. */
static size_t start_pids(struct bsched_procs *s, int *why)
{
	const struct bt_trace_opts *o = &s->b->live.opts;
	size_t failed = 0;

	for (size_t i = 0; i < o->n_pids; i++) {
		int rc = bsched_threads_follow(&s->threads, o->pids[i]);

		if (rc == 0)
			continue;
		if (++failed == o->n_pids || rc == -ENOSYS)
			give_up(s, rc == -ESRCH ? BT_EXIT_USAGE : BT_EXIT_UNABLE, o->pids[i], rc);
		*why = rc;
	}
	return failed;
}

static int open_control(struct bsched_procs *s)
{
	int rc = bt_control_open(&s->control);

	return rc == 0 && s->child.pidfd >= 0 ? bt_control_add(&s->control, s->child.pidfd) : rc;
}

static void follow(struct bsched_procs *s)
{
	int rc;

	s->start_ns = pass(s);
	s->running = true;
	rc = s->b->command ? bt_child_release(&s->child) : 0;
	if (rc != 0)
		bt_warn("%s: %s", s->b->command[0], strerror(-rc));
	run(s);
	conclude(s);
}

int bsched_proc(struct bsched *b, const char *missing)
{
	static struct bsched_procs s = { .child = BT_CHILD_INIT, .control = BT_CONTROL_INIT };
	const char *what;
	size_t failed;
	int rc, why = 0;

	settle_names(b);
	what = beyond(b);
	if (what)
		bt_die(BT_EXIT_UNABLE, "%s; so there is no %s, but there are runq, oncpu and switch of a COMMAND or of -p PID", missing, what);
	s.b = b;
	s.load = &b->tool.load;
	s.missing = missing;
	s.src.root = b->tool.load.root;
	s.threads.src = &s.src;
	bt_sig_init();
	failed = start_pids(&s, &why);
	start_command(&s);
	s.tick_ns = bt_tick_ns(&s.src);
	rc = open_control(&s);
	if (rc == 0)
		rc = bt_out_open(&s.out, &b->tool.out_opts, b->tool.name);
	if (rc < 0)
		bt_child_close(&s.child);
	bt_check_output(rc, b->tool.out_opts.path, BT_EXIT_USAGE);
	bsched_proc_begin(&s, failed, why);
	if (!b->tool.load.dry_run)
		follow(&s);
	return finish(&s);
}
