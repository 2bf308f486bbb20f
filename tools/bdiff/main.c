/* SPDX-License-Identifier: ISC
 *
 * bdiff - did it change? Compares the records of two sets of runs and answers with an exit status.
 */
#include <errno.h>
#include <stdlib.h>

#include "bdiff.h"
#include "clock.h"
#include "err.h"
#include "runs.h"
#include "sig.h"

enum { SAME = 0, REGRESSION = 1, TROUBLE = 2 };

/* The reason has been said, but for those that come from anywhere. */
static _Noreturn void give_up(struct bdiff *d, int rc)
{
	bt_outfile_abort(&d->out.file);
	if (rc == -ENOMEM)
		bt_warn("out of memory");
	bt_die(TROUBLE, "%s", d->opts.export ? "nothing is exported" : "no comparison");
}

/* Without all of the input there is no verdict, only the record that says so. */
static _Noreturn void interrupted(struct bdiff *d)
{
	if (d->out.file.pending)
		bt_outfile_abort(&d->out.file);
	else if (d->out.format != BT_FORMAT_TEXT && !d->opts.export)
		bt_out_end(&d->out, "interrupted", bt_clock_monotonic() - d->start_ns, 0);
	bt_die_signal(bt_sig_caught());
}

static void open_output(struct bdiff *d)
{
	struct bt_out_opts opts = d->opts.out;
	int rc;

	/* Markdown is a table as text is, and no format of records. */
	if (opts.format == BT_FORMAT_MD)
		opts.format = BT_FORMAT_TEXT;
	rc = bt_out_open(&d->out, &opts, "bdiff");
	bt_check_output(rc, opts.path, TROUBLE);
}

static void read_inputs(struct bdiff *d)
{
	d->files = calloc(d->opts.n_paths, sizeof(*d->files));
	if (!d->files)
		give_up(d, -ENOMEM);
	for (unsigned i = 0; i < d->opts.n_paths; i++)
		d->files[i].side = i < d->opts.n_base ? BDIFF_BASE : BDIFF_NEW;
	for (unsigned i = 0; i < d->opts.n_paths; i++) {
		int rc = bdiff_read(d, i);

		if (rc == -EINTR)
			interrupted(d);
		if (rc < 0)
			give_up(d, rc);
	}
}

static void look_at_sides(struct bdiff *d)
{
	bdiff_say_source(d, BDIFF_BASE);
	bdiff_say_source(d, BDIFF_NEW);
	if (d->runs.again > 0)
		bt_note("runs that stand in more than one operand: %llu; each counts in all of them",
			(unsigned long long)d->runs.again);
	if (d->opts.smooth > d->opts.n_base)
		bt_note("--smooth %u: there are only %u baselines", d->opts.smooth, d->opts.n_base);
	if (bdiff_machines_differ(&d->sides[BDIFF_BASE].origin, &d->sides[BDIFF_NEW].origin) && d->opts.strict) {
		bt_warn("--strict: what other machines did is not compared");
		give_up(d, 0);
	}
}

/* Operands that gave nothing: a gate must not pass because of what it did not see. Returns whether there are such. */
static bool say_empty(const struct bdiff *d)
{
	bool any = false;

	for (unsigned i = 0; i < d->opts.n_paths; i++) {
		const struct bdiff_file *f = &d->files[i];
		const char *best = bdiff_source_name(d->sides[f->side].source);

		if (d->opts.export ? f->records > 0 : f->values > 0)
			continue;
		any = true;
		if (f->source != BDIFF_NOTHING && f->source < d->sides[f->side].source)
			bt_warn("%s: nothing to compare: it has %s records, but other baselines have %s records",
				d->opts.paths[i], bdiff_source_name(f->source), best);
		else
			bt_warn("%s: nothing to %s", d->opts.paths[i], d->opts.export ? "export" : "compare");
	}
	return any;
}

/* Names on the command line that nothing has are typing errors. Returns whether there are such. */
static bool say_unused(const struct bdiff_name *names, unsigned n, char option, const char *what)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		if (names[i].used)
			continue;
		any = true;
		bt_warn("-%c %s: %s", option, names[i].text, what);
	}
	return any;
}

static bool say_unused_options(const struct bdiff *d)
{
	const struct bdiff_opts *o = &d->opts;
	bool doubt = say_unused(o->keys, o->n_keys, 'k', "no record has such a key"), any;

	for (unsigned i = 0; i < o->n_thresholds; i++) {
		if (o->thresholds[i].used)
			continue;
		doubt = true;
		bt_warn("-x %s: nothing of that name was compared", o->thresholds[i].name);
	}
	/* What was to be watched and is not there has not been seen to be well. */
	any = say_unused(o->metrics, o->n_metrics, 'm', "neither side has such a metric");
	return any || (doubt && o->strict);
}

static void say_unsure(const struct bdiff *d)
{
	void (*say)(const char *, ...) = d->opts.strict ? bt_warn : bt_note;
	unsigned long long rows = d->verdicts[BDIFF_UNSURE];

	if (rows > 0)
		say("%llu cannot be told: too few runs, or too much noise%s", rows,
		    d->opts.strict ? "" : " (--strict makes that trouble)");
}

/* Verdicts that mean more than improved or regressed. */
static void weigh(struct bdiff *d)
{
	bool empty = say_empty(d), missing = d->verdicts[BDIFF_MISSING] > 0 && !d->opts.allow_missing;
	uint64_t compared = 0;

	for (int v = 0; v < BDIFF_MISSING; v++)
		compared += d->verdicts[v];
	if (compared == 0 && !empty)
		bt_warn("the two sides have no metric in common");
	if (compared > 0 && missing)
		bt_warn("%llu of BASE are missing in NEW (--allow-missing accepts that)",
			(unsigned long long)d->verdicts[BDIFF_MISSING]);
	say_unsure(d);
	d->trouble |= say_unused_options(d) || empty || compared == 0 || missing ||
		      (d->opts.strict && d->verdicts[BDIFF_UNSURE] > 0);
}

static void free_all(struct bdiff *d)
{
	for (int side = 0; side < 2; side++)
		bdiff_origin_free(&d->sides[side].origin);
	bdiff_groups_free(&d->groups);
	bdiff_runs_free(&d->runs);
	bdiff_accept_free(&d->accepts);
	bdiff_export_free(&d->export);
	bt_json_free(&d->json);
	bt_buf_free(&d->id);
	bt_histcodec_free(d->codec);
	free(d->files);
}

static int finish(struct bdiff *d)
{
	int rc;

	if (d->out.format != BT_FORMAT_TEXT)
		bt_out_end(&d->out, d->trouble ? "failed" : "ok", bt_clock_monotonic() - d->start_ns, d->bad_lines);
	rc = bt_out_close(&d->out);
	free_all(d);
	bt_check_output(rc, d->opts.out.path, TROUBLE);
	if (d->trouble)
		return TROUBLE;
	return d->verdicts[BDIFF_REGRESSED] > 0 || d->shapes_regressed > 0 ? REGRESSION : SAME;
}

static int compare(struct bdiff *d)
{
	int rc = bdiff_accept_read(d);

	if (rc == -EINTR)
		bt_die_signal(bt_sig_caught());
	if (rc < 0)
		give_up(d, rc);
	open_output(d);
	read_inputs(d);
	look_at_sides(d);
	rc = bdiff_show(d);
	if (rc == -EINTR)
		interrupted(d);
	if (rc < 0)
		give_up(d, rc);
	weigh(d);
	if (d->opts.out.verbose)
		bdiff_accept_unused(d);
	return finish(d);
}

/* All or nothing: half a baseline is worse than none. */
static int export(struct bdiff *d)
{
	struct bt_streams streams = BT_STREAMS_INIT;
	int rc;

	open_output(d);
	read_inputs(d);
	rc = bdiff_export_streams(d, &streams);
	if (rc < 0)
		give_up(d, rc);
	bdiff_say_streams(d, "the input", &streams);
	bt_streams_free(&streams);
	d->trouble |= say_empty(d);
	if (d->export.measures.n == 0) {
		bt_warn("nothing to export: no measurements");
		d->trouble = true;
	}
	if (d->trouble)
		give_up(d, 0);
	d->out.error = bdiff_export_write(d);
	if (d->out.error == -ENOMEM)
		give_up(d, -ENOMEM);
	rc = bt_out_close(&d->out);
	free_all(d);
	bt_check_output(rc, d->opts.out.path, TROUBLE);
	return SAME;
}

int main(int argc, char **argv)
{
	static struct bdiff d;

	bt_err_init("bdiff");
	bdiff_options(&d.opts, argc, argv);
	bt_sig_init();
	d.start_ns = bt_clock_monotonic();
	return d.opts.export ? export(&d) : compare(&d);
}
