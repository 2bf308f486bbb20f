/* SPDX-License-Identifier: ISC
 *
 * tracetool - a tracer from its options to its exit status.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "caps.h"
#include "err.h"
#include "sig.h"
#include "tracetool.h"

#define LOOK_NS 200000000u  /* how often to see whether the reader of our output still lives */
#define TICK_NS 20000000u
#define SECOND_NS 1000000000u
#define STEP_US 100000 /* the wall clock has been set: more than it is ever slewed between two looks */

static int speak(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

/* A failure before there is a stream: nothing is written, the command never ran. */
static _Noreturn void give_up(struct bt_tracetool *t, const char *why)
{
	bt_child_close(&t->child);
	bt_tracer_close(&t->tracer);
	bt_die(BT_EXIT_UNABLE, "%s", why);
}

static void start_command(struct bt_tracetool *t)
{
	int rc;

	if (!t->command)
		return;
	rc = bt_child_start(&t->child, t->command, !t->out_opts->path);
	if (rc != 0)
		bt_die(rc == -ENOENT ? 127 : 126, "%s: %s", t->command[0], strerror(-rc));
}

static void prepare(struct bt_tracetool *t)
{
	struct trace_conf *conf = NULL;
	struct bpf_object_skeleton *skeleton;

	libbpf_set_print(t->out_opts->verbose ? speak : NULL);
	if (bt_tracer_probe(&t->tracer, &t->src, t->opts->attach) != 0)
		bt_die(BT_EXIT_UNABLE, "%s", t->tracer.error);
	skeleton = t->open(t, &conf);
	if (!skeleton)
		give_up(t, "the BPF programs cannot be opened: no memory");
	if (bt_tracer_open(&t->tracer, skeleton, conf, t->opts, t->keys, t->command, &t->size) != 0)
		give_up(t, t->tracer.error);
	start_command(t);
	if (bt_tracer_load(&t->tracer, t->programs, t->opts, t->command ? &t->child : NULL) != 0)
		give_up(t, t->tracer.error);
	if (bt_trace_groups_init(&t->groups, &t->tracer) != 0 || t->loaded(t) != 0)
		give_up(t, "no memory for what will be counted");
	if (bt_tracer_attach(&t->tracer) != 0)
		give_up(t, t->tracer.error);
}

static _Noreturn void no_control(struct bt_tracetool *t, int rc)
{
	snprintf(t->tracer.error, sizeof(t->tracer.error), "nothing to wait with: %s", strerror(-rc));
	give_up(t, t->tracer.error);
}

static void watch(struct bt_tracetool *t, int fd)
{
	int rc = fd >= 0 ? bt_control_add(&t->control, fd) : 0;

	if (rc != 0)
		no_control(t, rc);
}

/* One relation of the clocks for a whole stream keeps its times in order and their differences true; another one only after the
 * wall clock was set. */
static void relate_clocks(struct bt_tracetool *t)
{
	int64_t found = bt_clock_relate();

	if (found - t->wall_us > STEP_US || t->wall_us - found > STEP_US)
		t->wall_us = found;
}

static void count_lost(struct bt_tracetool *t)
{
	const volatile struct trace_lost *l = t->tracer.lost;

	t->lost = l->groups + l->tasks + l->ring + l->clock + t->missed;
}

static uint64_t traced_ns(const struct bt_tracetool *t, uint64_t now_ns)
{
	return t->running ? now_ns - t->resumed_ns : 0;
}

/* The span up to now is over: note its length and begin another one. */
static void close_span(struct bt_tracetool *t, enum bt_kind kind, uint64_t now_ns)
{
	uint64_t traced = traced_ns(t, now_ns);

	t->span_ns += traced;
	t->whole_ns += traced;
	t->resumed_ns = now_ns;
	t->kind = kind;
	t->dur_ns = kind == BT_KIND_SAMPLE ? t->span_ns : t->whole_ns;
	t->span_ns = 0;
	relate_clocks(t);
	t->ts_us = bt_tracetool_time(t, now_ns);
	count_lost(t);
}

static void switch_on(struct bt_tracetool *t, bool on)
{
	uint64_t now = bt_clock_monotonic(), traced = traced_ns(t, now);

	t->span_ns += traced;
	t->whole_ns += traced;
	t->resumed_ns = now;
	t->running = on;
	bt_tracer_switch(&t->tracer, on);
}

static void emit_mark(struct bt_tracetool *t, const char *name)
{
	char text[32];
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_MARK);
	snprintf(text, sizeof(text), "%s-%u", name, ++t->marks);
	bt_rec_str(&r, "name", text);
	bt_out_rec(&t->out, &r);
}

static void obey(struct bt_tracetool *t, unsigned what)
{
	if (what & BT_CONTROL_MARK)
		emit_mark(t, "mark");
	if (what & BT_CONTROL_PAUSE) {
		switch_on(t, !t->running);
		emit_mark(t, t->running ? "resume" : "pause");
	}
}

static bool reader_gone(const struct bt_tracetool *t)
{
	struct pollfd out = { .fd = t->out.file.fd };

	return t->out.error || (poll(&out, 1, 0) > 0 && out.revents & POLLERR);
}

/* Between samples, 0: there are none. -n counts intervals where it cannot count events. */
static uint64_t interval_ns(const struct bt_tracetool *t)
{
	return t->load->interval_ns || t->count_events || !t->load->count ? t->load->interval_ns : SECOND_NS;
}

static bool enough(const struct bt_tracetool *t)
{
	if (!t->load->count)
		return false;
	return (t->count_events ? t->events : t->intervals) >= t->load->count;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Until the duration, the count, the command's end, or a signal. The last interval is left to conclude(). */
static void run(struct bt_tracetool *t)
{
	uint64_t every = interval_ns(t);
	uint64_t end = t->load->duration_set ? t->start_ns + t->load->duration_ns : UINT64_MAX;
	uint64_t next = every ? t->start_ns + every : UINT64_MAX, now = t->start_ns;

	while (now < end && !enough(t) && !bt_sig_caught() && !reader_gone(t) && !(t->command && bt_child_ended(&t->child))) {
		uint64_t due = least(least(end, next), least(t->tracer.window_ns, now + (t->tick || t->drain ? TICK_NS : LOOK_NS)));

		obey(t, bt_control_wait(&t->control, due));
		now = bt_clock_monotonic();
		bt_tracer_measure(&t->tracer, now);
		relate_clocks(t);
		if (t->drain)
			t->drain(t);
		if (t->tick)
			t->tick(t);
		if (now < next || now >= end)
			continue;
		/* The grid stays; intervals missed while we were held up become one longer one. */
		next += (now - next) / every * every + every;
		t->intervals++;
		if (enough(t))
			break;
		close_span(t, BT_KIND_SAMPLE, now);
		t->show(t);
	}
}

/* The last sample is taken when nothing is counted any more, so that samples add up to the result. */
static void conclude(struct bt_tracetool *t)
{
	switch_on(t, false);
	bt_tracer_detach(&t->tracer);
	t->missed = bt_tracer_missed(&t->tracer);
	if (t->drain)
		t->drain(t);
	if (interval_ns(t)) {
		close_span(t, BT_KIND_SAMPLE, bt_clock_monotonic());
		t->show(t);
	}
	close_span(t, BT_KIND_RESULT, bt_clock_monotonic());
	t->show(t);
	t->summary(t);
	bt_tracetool_lost(t);
	bt_tracetool_cost(t);
}

/* A tracer without an end of its own is ended by SIGINT: then that is no interruption. */
static int signal_left(const struct bt_tracetool *t)
{
	int sig = bt_sig_caught();
	bool endless = !t->load->duration_set && !t->load->count && !t->command;

	return sig == SIGINT && endless ? 0 : sig;
}

/* The command may take its time with a signal. A second one of the same kind kills us, and the command with us. */
static void pass_on(struct bt_child *c, int sig)
{
	struct pollfd ended = { .fd = c->pidfd, .events = POLLIN };

	bt_child_kill(c, sig);
	while (!bt_child_ended(c))
		poll(&ended, 1, LOOK_NS / 1000000);
}

/* The command's status is passed on. A signal that ends us is passed to it. */
static int leave_command(struct bt_tracetool *t, int sig)
{
	int status = BT_EXIT_OK;

	if (t->command && !t->load->dry_run && !sig) {
		status = bt_child_wait(&t->child);
		sig = status == -EINTR ? bt_sig_caught() : 0;
	}
	if (t->command && !t->load->dry_run && sig)
		pass_on(&t->child, sig);
	bt_child_close(&t->child);
	return sig ? -sig : status;
}

static int finish(struct bt_tracetool *t)
{
	uint64_t elapsed = t->start_ns ? bt_clock_monotonic() - t->start_ns : 0;
	int sig = signal_left(t), rc, status;
	bool failed;

	bt_caps_raise();
	failed = t->last && !t->load->dry_run && !t->last(t);
	bt_out_end(&t->out, failed ? "failed" : sig ? "interrupted" : "ok", elapsed, failed);
	rc = bt_out_close(&t->out);
	if (rc == -EPIPE && !sig)
		sig = SIGPIPE;
	bt_trace_groups_free(&t->groups);
	bt_tracer_close(&t->tracer);
	bt_control_close(&t->control);
	status = leave_command(t, sig);
	bt_check_output(rc, t->out_opts->path, BT_EXIT_TROUBLE);
	if (status < 0)
		bt_die_signal(-status);
	return failed ? BT_EXIT_TROUBLE : status;
}

static void trace(struct bt_tracetool *t)
{
	int rc;

	t->cpu_ns = bt_tracetool_cpu_ns();
	relate_clocks(t);
	switch_on(t, true);
	t->start_ns = t->resumed_ns;
	rc = t->command ? bt_child_release(&t->child) : 0;
	if (rc != 0)
		bt_warn("%s: %s", t->command[0], strerror(-rc));
	run(t);
	conclude(t);
}

/* While others are watched no privilege is in effect but that for BPF. Kept for the end: what may be needed to put files in
 * their places and to send the command a signal. */
static void give_up_privilege(const struct bt_tracetool *t)
{
	uint64_t later = (t->out_opts->path || t->last ? 1ull << BT_CAP_DAC_OVERRIDE : 0) | (t->command ? 1ull << BT_CAP_KILL : 0);

	(void)bt_caps_keep(1ull << BT_CAP_BPF | 1ull << BT_CAP_PERFMON | t->tracer.keep_caps, later);
}

int bt_tracetool_main(struct bt_tracetool *t)
{
	int rc;

	t->src.root = t->load->root;
	t->tracer = (struct bt_tracer)BT_TRACER_INIT;
	t->child = (struct bt_child)BT_CHILD_INIT;
	t->control = (struct bt_control)BT_CONTROL_INIT;
	bt_sig_init();
	/* The user's signals are waited for from now on: a mark that comes too early is late, but kills nobody. */
	rc = bt_control_open(&t->control);
	if (rc != 0)
		no_control(t, rc);
	prepare(t);
	watch(t, t->child.pidfd);
	watch(t, t->ring_fd);
	rc = bt_out_open(&t->out, t->out_opts, t->name);
	if (rc < 0)
		bt_child_close(&t->child);
	bt_check_output(rc, t->out_opts->path, BT_EXIT_USAGE);
	give_up_privilege(t);
	bt_tracetool_meta(t);
	if (!t->load->dry_run)
		trace(t);
	return finish(t);
}
