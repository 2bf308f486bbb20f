/* SPDX-License-Identifier: ISC
 *
 * bdiff - did it change? Compares the records of two sets of runs and answers with an exit status.
 */
#include <errno.h>

#include "bdiff.h"
#include "clock.h"
#include "err.h"
#include "sig.h"

enum { SAME = 0, REGRESSION = 1, TROUBLE = 2 };

static _Noreturn void give_up(struct bdiff *d, int rc)
{
	bt_outfile_abort(&d->out.file);
	if (rc == -ENOMEM)
		bt_warn("out of memory");
	bt_die(TROUBLE, "no comparison");
}

/* Without all of the input there is no verdict, only the record that says so. */
static _Noreturn void interrupted(struct bdiff *d)
{
	if (d->out.file.pending)
		bt_outfile_abort(&d->out.file);
	else if (d->out.format != BT_FORMAT_TEXT)
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
	for (int side = 0; side < 2; side++) {
		int rc = bdiff_read(d, (enum bdiff_side)side);

		if (rc == -EINTR)
			interrupted(d);
		if (rc < 0)
			give_up(d, rc);
	}
	if (bdiff_machines_differ(&d->in[BDIFF_BASE].origin, &d->in[BDIFF_NEW].origin))
		d->trouble |= d->opts.strict;
}

/* Verdicts that mean more than better or worse. */
static void weigh(struct bdiff *d)
{
	uint64_t compared = 0;

	for (int v = 0; v < BDIFF_MISSING; v++)
		compared += d->verdicts[v];
	for (int side = 0; side < 2; side++)
		if (d->in[side].values == 0)
			bt_warn("%s: nothing to compare", d->opts.paths[side]);
	if (compared == 0 && d->in[BDIFF_BASE].values > 0 && d->in[BDIFF_NEW].values > 0)
		bt_warn("the two sides have no metric in common");
	if (compared > 0 && d->verdicts[BDIFF_MISSING] > 0 && !d->opts.allow_missing)
		bt_warn("%llu of BASE are missing in NEW (--allow-missing accepts that)",
			(unsigned long long)d->verdicts[BDIFF_MISSING]);
	if (d->opts.strict && d->verdicts[BDIFF_UNSURE] > 0)
		bt_warn("%llu could not be judged: too few runs", (unsigned long long)d->verdicts[BDIFF_UNSURE]);
	for (unsigned i = 0; i < d->opts.n_thresholds; i++) {
		if (d->opts.thresholds[i].used)
			continue;
		bt_warn("-x %s: nothing of that name was compared", d->opts.thresholds[i].name);
		d->trouble |= d->opts.strict;
	}
	d->trouble |= compared == 0 || (d->verdicts[BDIFF_MISSING] > 0 && !d->opts.allow_missing) ||
		      (d->opts.strict && d->verdicts[BDIFF_UNSURE] > 0);
}

static int finish(struct bdiff *d)
{
	int rc;

	if (d->out.format != BT_FORMAT_TEXT)
		bt_out_end(&d->out, d->trouble ? "failed" : "ok", bt_clock_monotonic() - d->start_ns,
			   d->in[BDIFF_BASE].bad.lines + d->in[BDIFF_NEW].bad.lines);
	rc = bt_out_close(&d->out);
	for (int side = 0; side < 2; side++) {
		bdiff_origin_free(&d->in[side].origin);
		bt_streams_free(&d->in[side].streams);
	}
	bdiff_groups_free(&d->groups);
	bt_json_free(&d->json);
	bt_buf_free(&d->id);
	bt_histcodec_free(d->codec);
	bt_check_output(rc, d->opts.out.path, TROUBLE);
	if (d->trouble)
		return TROUBLE;
	return d->verdicts[BDIFF_WORSE] > 0 ? REGRESSION : SAME;
}

int main(int argc, char **argv)
{
	static struct bdiff d;
	int rc;

	bt_err_init("bdiff");
	bdiff_options(&d.opts, argc, argv);
	bt_sig_init();
	d.start_ns = bt_clock_monotonic();
	open_output(&d);
	read_inputs(&d);
	rc = bdiff_show(&d);
	if (rc == -EINTR)
		interrupted(&d);
	if (rc < 0)
		give_up(&d, rc);
	weigh(&d);
	return finish(&d);
}
