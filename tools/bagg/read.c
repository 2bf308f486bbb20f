/* SPDX-License-Identifier: ISC
 *
 * read - all files, line by line; what is wrong with them is said and counted.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bagg.h"
#include "clock.h"
#include "err.h"
#include "sig.h"

#define LOOK_NS 1000000000u /* between two looks at whether somebody reads what -l passes on */

/* Whether a signal, or the reader of the windows or of the lines that -l passes on, ends it all. */
bool bagg_stopped(const struct bagg *b)
{
	return bt_sig_caught() || (b->pass && b->pass->error < 0) || b->out.error < 0;
}

/* The picture, and whether the reader of the lines is still there. Returns when to come again. */
static uint64_t live_tick(struct bagg *b)
{
	uint64_t now = b->screen || b->pass ? bt_clock_monotonic() : 0, due = UINT64_MAX;

	if (b->pass) {
		bagg_pass_look(b->pass);
		due = now + LOOK_NS;
	}
	if (b->screen) {
		b->screen->bad = b->input.bad;
		due = bagg_screen_tick(b->screen, now);
	}
	return due;
}

/* Before each read: whatever else falls due until there is something to be read. */
static int wait_input(void *arg, int fd)
{
	struct bagg *b = arg;
	int rc = 0;

	do {
		uint64_t due, live;

		bagg_windows_tick(b);
		due = bagg_windows_due(b);
		live = live_tick(b);
		due = live < due ? live : due;
		rc = bagg_stopped(b) ? -EINTR : bt_sig_wait_until(fd, due);
	} while (rc == -ETIMEDOUT);
	return rc;
}

static void pass_on(void *arg, const char *bytes, size_t len)
{
	struct bagg *b = arg;

	if (b->pass)
		bagg_pass_bytes(b->pass, bytes, len);
}

bool bagg_skip_line(struct bagg *b, const struct bt_lines *l, int got, const char *why)
{
	if (got == BT_LINE_PARTIAL)
		why = "truncated: the last line has no end and is no record";
	bagg_input_bad(&b->input, l, why);
	bagg_worse(b, b->opts.strict ? BT_EXIT_USAGE : BT_EXIT_TROUBLE);
	return b->opts.strict;
}

/* Folds the lines at hand that are like earlier ones. Returns 0 or -ENOMEM. */
static int fold_predicted(struct bagg *b, struct bt_lines *l)
{
	uint64_t lines = 0;
	const char *p;
	size_t len = bt_lines_peek(l, &p);
	int64_t taken = len > 0 ? bagg_fast_run(b->fast, p, len, &lines, &b->lines) : 0;

	if (taken > 0)
		bt_lines_skip(l, (size_t)taken, lines);
	b->predicted += lines;
	b->foreign.no_time += b->fast->untimed;
	b->fast->untimed = 0;
	return taken < 0 ? (int)taken : 0;
}

/* One line of whatever --from says. Returns as bagg_take. */
static int take_line(struct bagg *b, const char *line, size_t len, bool *blind, const char **why)
{
	if (b->opts.from == BAGG_FROM_HLOG)
		return bagg_hlog_take(b, &b->hlog, line, len, blind, why);
	if (b->opts.from == BAGG_FROM_FIO)
		return bagg_fio_take(b, &b->fio, line, len, blind, why);
	return bagg_take(b, line, len, blind, why);
}

/* At the end of a file: what only shows then. */
static void end_source(struct bagg *b, const struct bt_lines *l, int rc)
{
	const char *why;

	if (b->opts.from == BAGG_FROM_FIO && rc == BT_LINE_EOF && bagg_fio_end(&b->fio, &why) < 0)
		bagg_skip_line(b, l, BT_LINE_OK, why);
	bagg_hlog_in_free(&b->hlog);
	bagg_fio_in_free(&b->fio);
}

/* What is to be said of a line that was not simply folded. Returns whether to stop, or -ENOMEM. */
static int account_for(struct bagg *b, const struct bt_lines *l, int got, int rc, bool blind, const char *why)
{
	if (rc == -ENOMEM || (b->notes && blind && bagg_notes_blind(b->notes, l->number) < 0))
		return -ENOMEM;
	if (blind && !b->notes)
		bagg_input_blind(&b->input, l);
	if (rc == 0)
		return 0;
	return b->notes ? bagg_notes_bad(b->notes, l->number, got, why) : bagg_skip_line(b, l, got, why);
}

int bagg_read_lines(struct bagg *b, struct bt_lines *l)
{
	for (;;) {
		const char *line, *why = BAGG_TOO_LONG;
		bool blind = false;
		size_t len;
		int got, rc = -EINVAL;

		if (b->fast && fold_predicted(b, l) < 0)
			return -ENOMEM;
		got = bt_lines_next(l, &line, &len);
		if (got <= BT_LINE_EOF)
			return got;
		if (got == BT_LINE_AGAIN) {
			if (bagg_stopped(b))
				return got;
			continue;
		}
		if (b->screen)
			b->screen->lines++;
		if (got != BT_LINE_TOO_LONG)
			rc = take_line(b, line, len, &blind, &why);
		rc = account_for(b, l, got, rc, blind, why);
		if (rc < 0)
			return rc;
		if (rc > 0 || b->out.error < 0)
			return BT_LINE_AGAIN;
	}
}

/* Whether what is written while l is read would be read again, and so on without end. */
static bool feeds_itself(const struct bagg *b, const struct bt_lines *l)
{
	struct stat in, out;
	int fd = b->pass ? b->pass->out.fd : b->out.file.fd;

	return (b->pass || b->opts.interval_ns > 0) && fstat(l->fd, &in) == 0 && S_ISREG(in.st_mode) && fstat(fd, &out) == 0 &&
	       in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* Returns whether to go on with the next file. */
static bool read_file(struct bagg *b, const char *path)
{
	struct bt_lines l;
	int rc = bt_lines_open(&l, path);

	if (rc == 0 && feeds_itself(b, &l)) {
		bt_warn("%s: the input is the output too", l.name);
		bagg_worse(b, BT_EXIT_USAGE);
	} else if (rc == 0) {
		l.wait_with = wait_input;
		l.tee = pass_on;
		l.arg = b;
		l.line_max = b->opts.line_max_bytes;
		bagg_hlog_in_init(&b->hlog);
		bagg_fio_in_init(&b->fio);
		rc = b->crew ? bagg_crew_read(b->crew, &l) : bagg_read_lines(b, &l);
		end_source(b, &l, rc);
		if (rc == BT_LINE_EOF && b->pass)
			bagg_pass_file_end(b->pass);
		bagg_input_file_end(&b->input, &l);
	}
	if (rc == -ENOMEM)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	if (rc < 0 && !bt_sig_caught()) {
		bt_warn("%s: %s", l.name, l.error ? l.error : strerror(-rc));
		b->input.errors++;
		bagg_worse(b, l.error && !b->opts.strict ? BT_EXIT_TROUBLE : BT_EXIT_USAGE);
	}
	bt_lines_close(&l);
	return rc != BT_LINE_AGAIN && !bagg_stopped(b);
}

void bagg_read(struct bagg *b, int n, char **paths)
{
	static char *const just_stdin[] = { "-" };
	bool whole = true;

	if (n == 0) {
		n = 1;
		paths = (char **)just_stdin;
	}
	if (b->opts.threads > 1 && b->fast && !b->opts.strict)
		b->crew = bagg_crew_new(b, (unsigned)b->opts.threads);
	for (int i = 0; i < n && whole; i++) {
		bagg_windows_file(b, i == n - 1);
		whole = read_file(b, paths[i]);
	}
	if (b->crew && bagg_crew_end(b->crew) < 0)
		bt_die(BT_EXIT_TROUBLE, "%s", strerror(ENOMEM));
	bagg_take_end(b);
	if (b->input.warnings > 0 && !b->input.verbose)
		bt_note("%llu warn record%s in the input; -v shows them", (unsigned long long)b->input.warnings,
			b->input.warnings == 1 ? "" : "s");
	if (b->opts.n_metrics > 0 && b->lines == 0 && b->rates.index.n == 0 && b->foreign.unmeasured == 0)
		bt_note("no record has a metric that -m names");
	if (b->input.verbose)
		bt_note("%llu lines were like an earlier one", (unsigned long long)b->predicted);
	if (b->input.unfolded > 0 && b->input.verbose)
		bt_note("%llu measurements without a value", (unsigned long long)b->input.unfolded);
	/* A stream that was not read to its end has no end record to show. */
	if (whole && bagg_input_truncated(&b->input) > 0)
		bagg_worse(b, BT_EXIT_TROUBLE);
}
