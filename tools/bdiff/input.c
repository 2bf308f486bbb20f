/* SPDX-License-Identifier: ISC
 *
 * input - reads one operand: which of its records are observations, and what is wrong with it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bdiff.h"
#include "err.h"
#include "lines.h"
#include "observe.h"
#include "runs.h"
#include "sig.h"

const char *bdiff_source_name(enum bdiff_source source)
{
	static const char *const names[BDIFF_SOURCES] = { "no", "sample", "agg", "result" };

	return names[source];
}

static bool wanted(const struct bdiff_opts *opts, struct bt_span metric)
{
	for (unsigned i = 0; i < opts->n_metrics; i++)
		if (bt_span_is(metric, opts->metrics[i].text))
			return true;
	return opts->n_metrics == 0;
}

static enum bdiff_source source_of(const struct bt_rec_in *r)
{
	if (r->kind == BT_KIND_RESULT)
		return BDIFF_RESULTS;
	if (r->kind == BT_KIND_AGG && bt_span_is(r->of, "result"))
		return BDIFF_AGGS;
	return r->kind == BT_KIND_SAMPLE ? BDIFF_SAMPLES : BDIFF_NOTHING;
}

/* Whether a record is one to take: its source is the best one of its side. A better one replaces what was taken before. */
static bool choose(struct bdiff *d, struct bdiff_input *in, enum bdiff_source source)
{
	struct bdiff_side_state *side = &d->sides[in->side];

	side->seen[source]++;
	if (source > d->files[in->file].source)
		d->files[in->file].source = source;
	if (source > side->source) {
		bdiff_groups_drop(&d->groups, in->side);
		bdiff_export_drop(&d->export);
		side->source = source;
		for (unsigned i = 0; i <= in->file; i++)
			d->files[i].values = d->files[i].side == in->side ? 0 : d->files[i].values;
	}
	return source == side->source;
}

static int take_measurement(struct bdiff *d, struct bdiff_input *in, const struct bt_rec_in *r, const char **why)
{
	enum bdiff_source source = source_of(r);
	int64_t run;

	if (source == BDIFF_NOTHING || !r->metric.p || !choose(d, in, source) || !wanted(&d->opts, r->metric))
		return 0;
	run = bdiff_runs_of(&d->runs, &d->id, (uint16_t)in->file, r);
	if (run < 0)
		return -ENOMEM;
	in->run = (uint32_t)run;
	return bdiff_observe(d, in, r, why);
}

/* For a baseline to be written lines are kept, not numbers. */
static int take_export(struct bdiff *d, struct bdiff_input *in, const struct bt_rec_in *r, const char *line, size_t len,
		       const char **why)
{
	enum bdiff_source source = source_of(r);
	bool measured = source != BDIFF_NOTHING && r->metric.p && choose(d, in, source) && wanted(&d->opts, r->metric);

	d->files[in->file].values += measured;
	return bdiff_export_take(d, r, measured, line, len, why);
}

static int take_record(struct bdiff *d, struct bdiff_input *in, const struct bt_rec_in *r, const char *line, size_t len,
		       const char **why)
{
	int rc;

	if (d->opts.export)
		return take_export(d, in, r, line, len, why);
	rc = bt_streams_note(&in->streams, r);
	if (rc == 0 && r->kind == BT_KIND_META)
		rc = bdiff_origin_add(&d->sides[in->side].origin, r);
	return rc < 0 ? rc : take_measurement(d, in, r, why);
}

/* Whether a line is the first or the last of a baseline, which hold nothing else. */
static bool take_seal(struct bdiff *d, struct bdiff_input *in, const struct bt_lines *l, const struct bt_rec_in *r,
		      const char *line, size_t len)
{
	const char *why;
	int rc = bdiff_seal_check(&in->seal, r, line, len, &why);

	if (rc < 0) {
		bt_warn("%s:%" PRIu64 ": %s", l->name, l->number, why);
		d->trouble = true;
	}
	return rc != 0;
}

/* One line of l, as bt_lines_next() returned it. */
static int take_line(struct bdiff *d, struct bdiff_input *in, struct bt_lines *l, int got, const char *line, size_t len)
{
	const char *why = "the line is too long";
	struct bt_rec_in r;
	int rc = -EINVAL;

	if (got != BT_LINE_TOO_LONG)
		rc = bt_rec_parse(&r, &d->json, line, len, &why);
	if (rc < 0 && got == BT_LINE_PARTIAL) {
		in->cut = true;
		return 0;
	}
	d->files[in->file].records += rc == 0;
	if (take_seal(d, in, l, rc == 0 ? &r : NULL, line, len))
		return 0;
	if (rc == 0)
		rc = take_record(d, in, &r, line, len, &why);
	if (rc != -EINVAL)
		return rc;
	if (bt_badlines_add(&in->bad, why))
		bt_warn("%s:%" PRIu64 ": %s", l->name, l->number, why);
	return d->opts.strict ? -EBADMSG : 0;
}

static int take_lines(struct bdiff *d, struct bdiff_input *in, struct bt_lines *l)
{
	const char *line;
	size_t len;

	for (;;) {
		int got = bt_lines_next(l, &line, &len), rc;

		if (bt_sig_caught())
			return -EINTR;
		if (got == BT_LINE_AGAIN)
			continue;
		if (got <= 0)
			return got;
		rc = take_line(d, in, l, got, line, len);
		if (rc < 0)
			return rc;
	}
}

void bdiff_say_streams(struct bdiff *d, const char *name, const struct bt_streams *streams)
{
	void (*say)(const char *, ...) = d->opts.allow_truncated ? bt_note : bt_warn;
	uint64_t truncated = bt_streams_truncated(streams, NULL, 0);

	if (truncated > 0)
		say("%s: truncated: %" PRIu64 " of its streams have no end record", name, truncated);
	if (streams->not_ok > 0)
		say("%s: %" PRIu64 " of its streams were interrupted or failed", name, streams->not_ok);
	d->trouble |= (truncated > 0 || streams->not_ok > 0) && !d->opts.allow_truncated;
}

/* What a person should know of an input before believing a verdict. */
static void say_flaws(struct bdiff *d, const char *name, const struct bdiff_input *in)
{
	void (*say)(const char *, ...) = d->opts.allow_truncated ? bt_note : bt_warn;
	bool unsealed = in->seal.open || in->seal.cut;

	for (unsigned i = 0; i < in->bad.n; i++)
		if (bt_badlines_hidden(&in->bad, i) > 0)
			bt_warn("%s: %" PRIu64 " more lines: %s", name, bt_badlines_hidden(&in->bad, i),
				in->bad.reasons[i].why);
	if (in->cut)
		say("%s: truncated: the last line is cut", name);
	if (unsealed)
		bt_warn("%s: truncated: the end of the baseline is missing", name);
	bdiff_say_streams(d, name, &in->streams);
	d->bad_lines += in->bad.lines;
	d->trouble |= in->bad.lines > 0 || unsealed || (in->cut && !d->opts.allow_truncated);
}

int bdiff_read(struct bdiff *d, unsigned file)
{
	struct bdiff_input in = { .file = file, .side = d->files[file].side };
	const char *path = d->opts.paths[file];
	struct bt_lines l = { 0 };
	int rc = bt_lines_open(&l, path);

	if (rc < 0) {
		if (rc != -EINTR || !bt_sig_caught())
			bt_warn("%s: %s", path, strerror(-rc));
		return rc;
	}
	l.wait = bt_sig_wait;
	rc = take_lines(d, &in, &l);
	if (rc == 0)
		say_flaws(d, l.name, &in);
	else if (l.error || (rc != -EINTR && rc != -EBADMSG))
		bt_warn("%s: %s", l.name, l.error ? l.error : strerror(-rc));
	bt_streams_free(&in.streams);
	bt_lines_close(&l);
	return rc;
}

/* What the observations of a side were made from, where that matters. */
void bdiff_say_source(const struct bdiff *d, enum bdiff_side side)
{
	static const char *const side_names[2] = { "BASE", "NEW" };
	const struct bdiff_side_state *s = &d->sides[side];
	const char *path = d->opts.paths[side == BDIFF_BASE ? 0 : d->opts.n_paths - 1];
	uint64_t values = 0;
	char name[256];

	for (unsigned i = 0; i < d->opts.n_paths; i++)
		values += d->files[i].side == side ? d->files[i].values : 0;
	if (side == BDIFF_BASE && d->opts.n_base > 1)
		snprintf(name, sizeof(name), "%.200s and %u more", path, d->opts.n_base - 1);
	else
		snprintf(name, sizeof(name), "%.250s", strcmp(path, "-") == 0 ? "stdin" : path);
	if (s->source == BDIFF_SAMPLES)
		bt_note("%s has no result records; its samples are judged instead: they are not independent, so p is too small",
			name);
	else if (s->source == BDIFF_AGGS)
		bt_note("%s has no result records; its agg records are judged instead", name);
	if (s->source != BDIFF_NOTHING && d->opts.out.verbose)
		bt_note("%s is %s: %" PRIu64 " observations from %" PRIu64 " %s records", side_names[side], name, values,
			s->seen[s->source], bdiff_source_name(s->source));
}
