/* SPDX-License-Identifier: ISC
 *
 * input - reads one side: which of its records are observations, and what is wrong with it.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bdiff.h"
#include "err.h"
#include "recdist.h"
#include "sig.h"

static const char *const source_names[BDIFF_SOURCES] = { "", "sample", "agg", "result" };
static const char *const side_names[2] = { "BASE", "NEW" };

static bool wanted(const struct bdiff_opts *opts, struct bt_span metric)
{
	for (unsigned i = 0; i < opts->n_metrics; i++)
		if (bt_span_is(metric, opts->metrics[i]))
			return true;
	return opts->n_metrics == 0;
}

/* A string that is always part of an identity, empty when the record has none. */
static bool add_head(struct bt_buf *id, const struct bt_rec_in *r, const char *name)
{
	const struct bt_json_field *f = bt_json_find(r->json, name);

	if (f && f->type == BT_JSON_STRING)
		return bdiff_id_field(id, f);
	bdiff_id_part(id, true, name, "", 0);
	return true;
}

/* The keys to group by. Returns false if one is too long. */
static bool add_keys(const struct bdiff_opts *opts, struct bt_buf *id, const struct bt_rec_in *r)
{
	static const char *const heads[] = { "tool", "test" };
	const struct bt_json_field *f;
	bool ok = true;

	for (unsigned i = 0; i < opts->n_keys && ok; i++) {
		f = bt_json_find(r->json, opts->keys[i]);
		ok = !f || bdiff_id_field(id, f);
	}
	if (opts->n_keys > 0)
		return ok;
	for (unsigned i = 0; i < 2 && ok; i++) {
		f = bt_json_find(r->json, heads[i]);
		ok = !f || bdiff_id_field(id, f);
	}
	for (unsigned i = 0; i < r->n_dims && ok; i++)
		ok = bdiff_id_field(id, r->dims[i]);
	return ok;
}

static int observe(struct bdiff *d, enum bdiff_side side, const struct bt_rec_in *r, const char *stat, double value,
		   const char **why)
{
	struct bt_buf *id = &d->id;
	bool ok;

	id->len = 0;
	ok = add_head(id, r, "metric") && add_head(id, r, "unit");
	bdiff_id_part(id, true, "stat", stat, strlen(stat));
	if (!ok || !add_keys(&d->opts, id, r)) {
		*why = "a key or its value is too long";
		return -EINVAL;
	}
	d->in[side].values++;
	return bdiff_groups_add(&d->groups, id, side, r, value);
}

/* agg records of scalars keep the values that they fold: "[1,2.5]". Each is an observation. */
static int observe_values(struct bdiff *d, enum bdiff_side side, const struct bt_rec_in *r, const char **why)
{
	struct bt_span rest = r->values;
	struct bt_number v;
	int rc;

	while ((rc = bt_rec_values_next(&rest, &v)) > 0) {
		rc = observe(d, side, r, "value", v.f, why);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		*why = "values holds something that is no number";
	return rc;
}

/* From the histogram of the record. The record itself knows the ends exactly. */
static int from_hist(struct bdiff *d, const struct bt_rec_in *r, double p, double *out, const char **why)
{
	struct bt_hist h;
	double scale;
	int rc;

	bt_hist_init(&h, 3);
	rc = bt_rec_hist(r, &d->codec, &h, &scale);
	if (rc == 0) {
		*out = (double)bt_hist_percentile(&h, p) / scale;
		if (r->has_min && *out < r->min.f)
			*out = r->min.f;
		if (r->has_max && *out > r->max.f)
			*out = r->max.f;
	} else {
		*why = rc == -ENOENT ? "no such percentile in the record, and no histogram" :
				       "the histogram cannot be decoded";
	}
	bt_hist_free(&h);
	return rc == -ENOENT ? -EINVAL : rc;
}

static int percentile(struct bdiff *d, const struct bt_rec_in *r, const struct bt_rank *q, double *out,
		      const char **why)
{
	const struct bt_json_field *f = bt_json_find(r->json, q->name);
	struct bt_number v;

	if (f && f->type == BT_JSON_NUMBER && bt_json_number(f->val, f->val_len, &v) == 0)
		*out = v.f;
	else if (q->p == 0 && r->has_min)
		*out = r->min.f;
	else if (q->p == 100 && r->has_max)
		*out = r->max.f;
	else
		return from_hist(d, r, q->p, out, why);
	return 0;
}

static int observe_dist(struct bdiff *d, enum bdiff_side side, const struct bt_rec_in *r, const char **why)
{
	/* A repetition in which nothing happened has no percentiles. */
	for (unsigned i = 0; i < d->opts.percentiles.n && r->n > 0; i++) {
		const struct bt_rank *q = &d->opts.percentiles.rank[i];
		double value;
		int rc = percentile(d, r, q, &value, why);

		if (rc == 0)
			rc = observe(d, side, r, q->name, value, why);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static enum bdiff_source source_of(const struct bt_rec_in *r)
{
	if (r->kind == BT_KIND_RESULT)
		return BDIFF_RESULTS;
	if (r->kind == BT_KIND_AGG && bt_span_is(r->of, "result"))
		return BDIFF_AGGS;
	return r->kind == BT_KIND_SAMPLE ? BDIFF_SAMPLES : BDIFF_NOTHING;
}

static int take_measurement(struct bdiff *d, enum bdiff_side side, const struct bt_rec_in *r, const char **why)
{
	struct bdiff_input *in = &d->in[side];
	enum bdiff_source source = source_of(r);

	if (source == BDIFF_NOTHING || !r->metric.p)
		return 0;
	in->seen[source]++;
	if (source < in->source)
		return 0;
	if (source > in->source) {
		bdiff_groups_drop(&d->groups, side);
		in->source = source;
		in->values = 0;
	}
	if (!wanted(&d->opts, r->metric))
		return 0;
	if (source == BDIFF_AGGS && r->values.p)
		return observe_values(d, side, r, why);
	if (r->has_value)
		return observe(d, side, r, "value", r->value.f, why);
	return r->has_dist ? observe_dist(d, side, r, why) : 0;
}

static int take_record(struct bdiff *d, enum bdiff_side side, const struct bt_rec_in *r, const char **why)
{
	int rc = bt_streams_note(&d->in[side].streams, r);

	if (rc == 0 && r->kind == BT_KIND_META)
		rc = bdiff_origin_add(&d->in[side].origin, r);
	return rc < 0 ? rc : take_measurement(d, side, r, why);
}

/* One line of l, as bt_lines_next() returned it. */
static int take_line(struct bdiff *d, enum bdiff_side side, struct bt_lines *l, int got, const char *line, size_t len)
{
	struct bdiff_input *in = &d->in[side];
	const char *why = "the line is too long";
	struct bt_rec_in r;
	int rc = -EINVAL;

	if (got != BT_LINE_TOO_LONG)
		rc = bt_rec_parse(&r, &d->json, line, len, &why);
	if (rc < 0 && got == BT_LINE_PARTIAL) {
		in->cut = true;
		return 0;
	}
	if (rc == 0)
		rc = take_record(d, side, &r, &why);
	if (rc != -EINVAL)
		return rc;
	if (bt_badlines_add(&in->bad, why))
		bt_warn("%s:%" PRIu64 ": %s", l->name, l->number, why);
	return d->opts.strict ? -EBADMSG : 0;
}

static int take_lines(struct bdiff *d, enum bdiff_side side, struct bt_lines *l)
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
		rc = take_line(d, side, l, got, line, len);
		if (rc < 0)
			return rc;
	}
}

/* What a person should know of an input before believing a verdict. */
static void say_flaws(struct bdiff *d, const char *name, const struct bdiff_input *in)
{
	uint64_t truncated = bt_streams_truncated(&in->streams, NULL, 0);

	for (unsigned i = 0; i < in->bad.n; i++)
		if (bt_badlines_hidden(&in->bad, i) > 0)
			bt_warn("%s: %" PRIu64 " more lines: %s", name, bt_badlines_hidden(&in->bad, i), in->bad.reasons[i].why);
	if (in->cut)
		bt_warn("%s: truncated: the last line is cut", name);
	if (truncated > 0)
		bt_warn("%s: truncated: %" PRIu64 " of its streams have no end record", name, truncated);
	if (in->streams.not_ok > 0)
		bt_warn("%s: %" PRIu64 " of its streams were interrupted or failed", name, in->streams.not_ok);
	if (in->source == BDIFF_SAMPLES)
		bt_note("%s has no result records; its samples are judged instead: they are not independent, so p is too small", name);
	else if (in->source == BDIFF_AGGS)
		bt_note("%s has no result records; its agg records are judged instead", name);
	if (in->source != BDIFF_NOTHING && d->opts.out.verbose)
		bt_note("%s is %s: %" PRIu64 " observations from %" PRIu64 " %s records", side_names[in->side], name, in->values,
			in->seen[in->source], source_names[in->source]);
	d->trouble |= in->bad.lines > 0 || (d->opts.strict && (in->cut || truncated > 0 || in->streams.not_ok > 0));
}

int bdiff_read(struct bdiff *d, enum bdiff_side side)
{
	struct bdiff_input *in = &d->in[side];
	struct bt_lines l = { 0 };
	int rc = bt_lines_open(&l, d->opts.paths[side]);

	in->side = side;
	if (rc < 0) {
		bt_warn("%s: %s", d->opts.paths[side], strerror(-rc));
		return rc;
	}
	l.wait = bt_sig_wait;
	rc = take_lines(d, side, &l);
	if (rc == 0)
		say_flaws(d, l.name, in);
	else if (rc != -EINTR && rc != -EBADMSG)
		bt_warn("%s: %s", l.name, strerror(-rc));
	bt_lines_close(&l);
	return rc;
}
