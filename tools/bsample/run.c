/* SPDX-License-Identifier: ISC
 *
 * run - a run from its options to its exit status: when to tick, and what a tick is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "caps.h"
#include "clock.h"
#include "command.h"
#include "err.h"
#include "groups.h"
#include "sig.h"

#define LOOK_NS 500000000u  /* how often to see whether the reader of our output still lives */
#define STEP_US 100000      /* the wall clock has been set: more than it is ever slewed between two ticks */

uint64_t bsample_own_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* One relation of the clocks for a whole stream keeps its times in order and their differences true; another one only after the
 * wall clock was set. Returns whether it was. */
static bool relate_clocks(struct bsample *s)
{
	int64_t found = bt_clock_relate(), step = found - s->wall_us;

	if (step < STEP_US && step > -STEP_US)
		return false;
	s->wall_us = found;
	return true;
}

/* What is slow to read has figures of the instant only, which the base is not shown of. */
static bool is_due(const struct bsample *s, const struct bsample_table *t, uint64_t now_ns)
{
	if (t->cadence_ns && s->start_ns == 0 && bsample_live(s))
		return false;
	/* Half an interval early is near enough, so that a cadence of a second fits a tick of a second. */
	return t->last_ns == 0 || now_ns + s->load.interval_ns / 2 >= t->last_ns + t->cadence_ns;
}

void bsample_read_all(struct bsample *s)
{
	for (unsigned i = 0; i < s->n_tables; i++) {
		struct bsample_table *t = &s->tables[i];
		uint64_t now = bsample_now(s);

		t->fresh = t->open && is_due(s, t, now);
		if (!t->fresh)
			continue;
		t->last_ns = now;
		t->read_ns = now;
		bsample_table_begin(t);
		t->fresh = t->group->read(s, t) == 0;
		t->failed += !t->fresh;
		bsample_table_finish(t, s->quantum_ns);
	}
}

/* Begin a tick: note when, and read. */
static void read_tick(struct bsample *s)
{
	s->last_ns = s->tick_ns;
	s->last_cpu_ns = s->cpu_ns;
	s->tick_ns = bsample_now(s);
	s->cpu_ns = bsample_own_cpu_ns();
	bsample_read_all(s);
}

static void tick(struct bsample *s)
{
	read_tick(s);
	bsample_marks_look(s);
	s->ticks++;
	bsample_show(s);
}

static bool reader_gone(const struct bsample *s)
{
	struct pollfd out = { .fd = s->out.file.fd };

	return s->out.error || (poll(&out, 1, 0) > 0 && out.revents & POLLERR);
}

/* The first tick is a whole interval after the base, or at the next multiple of it that is at least half of it away. */
static void start_grid(struct bsample *s)
{
	s->grid.every_ns = s->load.interval_ns;
	s->grid.next_ns = s->tick_ns + s->grid.every_ns;
	if (s->align)
		bt_grid_align(&s->grid, s->wall_us * 1000);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Serve the instant that is due. */
static void take_tick(struct bsample *s, uint64_t end)
{
	uint64_t now = bsample_now(s), due = s->grid.next_ns;

	/* What would have been due after the end is not missed. */
	bt_grid_take(&s->grid, least(now, end), &s->missed_now);
	s->late_ns = now - due;
	s->missed += s->missed_now;
	bt_hist_add(&s->late, s->late_ns);
	tick(s);
	if (relate_clocks(s)) {
		bsample_warn(s, "clock", "the wall clock was set; times of records follow it from here on");
		s->last_us = bsample_time(s, s->tick_ns);
	}
	if (s->align)
		bt_grid_align(&s->grid, bt_clock_relate() * 1000);
}

static bool enough(const struct bsample *s)
{
	return s->load.count && s->ticks >= s->load.count;
}

static void sample_live(struct bsample *s)
{
	uint64_t end = s->load.duration_set ? s->start_ns + s->load.duration_ns : UINT64_MAX, now = s->start_ns;

	start_grid(s);
	while (now < end && !enough(s) && !bt_sig_caught() && !reader_gone(s) && !command_ended(s) && !proc_over(s)) {
		unsigned what = bt_control_wait(&s->control, least(least(end, s->grid.next_ns), now + LOOK_NS));

		now = bsample_now(s);
		bsample_marks_look(s);
		bsample_marks_until(s, bsample_time(s, now));
		if (what & BT_CONTROL_MARK)
			bsample_mark_now(s, "mark");
		proc_drain(s);
		if (now >= s->grid.next_ns && s->grid.next_ns <= end)
			take_tick(s, end);
	}
	/* What the command did since the last tick. */
	s->late_ns = s->missed_now = 0;
	if (command_ended(s))
		tick(s);
	bsample_marks_look(s);
	bsample_marks_until(s, INT64_MAX);
}

/* Each dump is a tick; the first one is only a base, unless there is no other. */
static void sample_dumps(struct bsample *s)
{
	if (s->n_roots == 1)
		bsample_show(s);
	for (unsigned i = 1; i < s->n_roots && !enough(s); i++) {
		bsample_take_dump(s, i);
		tick(s);
	}
}

static int finish(struct bsample *s)
{
	int sig = bt_sig_caught(), rc;
	bool endless = !s->load.duration_set && !s->load.count && !s->command;
	int status;

	/* A sampler without an end of its own is ended by SIGINT: then that is no interruption. */
	sig = sig == SIGINT && endless ? 0 : sig;
	bt_caps_raise();
	if (!s->wide)
		bt_out_end(&s->out, s->failed ? "failed" : sig ? "interrupted" : "ok", s->start_ns ? bsample_now(s) - s->start_ns : 0, 0);
	rc = bt_out_close(&s->out);
	bt_marks_close(&s->marks.socket);
	if (rc == -EPIPE && !sig)
		sig = SIGPIPE;
	for (unsigned i = 0; i < s->n_tables; i++) {
		if (s->tables[i].group->close)
			s->tables[i].group->close(&s->tables[i]);
		bsample_table_free(&s->tables[i]);
	}
	free(s->tables);
	bsample_wide_free(s);
	bt_hist_free(&s->late);
	bt_control_close(&s->control);
	status = command_leave(s, sig);
	bt_check_output(rc, s->out_opts.path, BT_EXIT_TROUBLE);
	if (status < 0)
		bt_die_signal(-status);
	return s->failed && status == 0 ? BT_EXIT_TROUBLE : status;
}

/* Marks of other processes need a place to send them to. */
static void listen_for_marks(struct bsample *s)
{
	int rc = bt_marks_listen(&s->marks.socket, s->out.source.run);

	if (rc == 0)
		rc = bt_control_add(&s->control, s->marks.socket.fd);
	if (rc < 0)
		bsample_warn(s, "marks", "no marks from other processes: %s", strerror(-rc));
}

/* All must have a time, and none may come before the one in front of it; the first one is taken. */
static void look_at_dumps(struct bsample *s)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned i = s->n_roots; i-- > 0; next_ns = s->dump_ns) {
		int rc = bsample_take_dump(s, i);

		if (rc < 0)
			bt_die(BT_EXIT_USAGE, "%s/proc/uptime: %s", s->roots[i], strerror(-rc));
		if (s->dump_ns > next_ns)
			bt_die(BT_EXIT_USAGE, "--root %s: it was made later than the next one, or the machine was started again between them",
			       s->roots[i]);
	}
}

static void prepare(struct bsample *s)
{
	int rc = bt_control_open(&s->control);

	if (rc != 0)
		bt_die(BT_EXIT_UNABLE, "nothing to wait with: %s", strerror(-rc));
	command_start(s);
	/* Ordinary threads are woken up to 50 us late, to save power. */
	prctl(PR_SET_TIMERSLACK, 1);
	s->src.root = "";
	if (bsample_live(s))
		s->wall_us = bt_clock_relate();
	look_at_dumps(s);
	bsample_open_groups(s);
	bt_hist_init(&s->late, 3);
}

int bsample_run(struct bsample *s)
{
	int rc;

	bt_sig_init();
	prepare(s);
	rc = bt_out_open(&s->out, &s->out_opts, "bsample");
	bt_check_output(rc, s->out_opts.path, BT_EXIT_USAGE);
	if (!bsample_live(s))
		bsample_name_dump(s);
	bsample_meta(s);
	bsample_say_doubts(s);
	if (bsample_live(s) && !s->load.dry_run)
		listen_for_marks(s);
	proc_give_up_privilege(s);
	s->failed = !s->load.dry_run && !proc_wait(s);
	if (!s->load.dry_run && !s->failed) {
		read_tick(s);
		s->start_ns = s->tick_ns;
		s->first_cpu_ns = s->cpu_ns;
		command_release(s);
		if (bsample_live(s))
			sample_live(s);
		else
			sample_dumps(s);
		bsample_results(s);
	}
	return finish(s);
}
