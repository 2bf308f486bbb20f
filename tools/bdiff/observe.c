/* SPDX-License-Identifier: ISC
 *
 * observe - the numbers that a record is compared by, and the groups they belong to.
 */
#include <errno.h>
#include <string.h>

#include "observe.h"
#include "recdist.h"

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
		f = bt_json_find(r->json, opts->keys[i].text);
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

static int make_id(struct bdiff *d, const struct bt_rec_in *r, const char *stat, const char **why)
{
	struct bt_buf *id = &d->id;
	bool ok;

	id->len = 0;
	ok = add_head(id, r, "metric") && add_head(id, r, "unit");
	bdiff_id_part(id, true, "stat", stat, strlen(stat));
	if (ok && add_keys(&d->opts, id, r))
		return 0;
	*why = "a key or its value is too long";
	return -EINVAL;
}

static int observe(struct bdiff *d, const struct bdiff_input *in, const struct bt_rec_in *r, const char *stat, double value,
		   const char **why)
{
	int rc = make_id(d, r, stat, why);

	if (rc < 0)
		return rc;
	d->files[in->file].values++;
	return bdiff_groups_add(&d->groups, &d->id, in->side, in->run, r, value);
}

/* agg records of scalars keep the values that they fold: "[1,2.5]". Each is an observation. */
static int observe_values(struct bdiff *d, const struct bdiff_input *in, const struct bt_rec_in *r, const char **why)
{
	struct bt_span rest = r->values;
	struct bt_number v;
	int rc;

	while ((rc = bt_rec_values_next(&rest, &v)) > 0) {
		rc = observe(d, in, r, "value", v.f, why);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		*why = "values holds something that is no number";
	return rc;
}

/* What the record's histogram came to. */
struct shape {
	int rc; /* of bt_rec_hist */
	struct bt_hist hist;
	double scale;
};

/* The record itself knows the ends exactly. */
static int from_hist(const struct bt_rec_in *r, const struct shape *s, double p, double *out, const char **why)
{
	*why = s->rc == -ENOENT ? "no such percentile in the record, and no histogram" : "the histogram cannot be decoded";
	if (s->rc < 0)
		return -EINVAL;
	*out = (double)bt_hist_percentile(&s->hist, p) / s->scale;
	if (r->has_min && *out < r->min.f)
		*out = r->min.f;
	if (r->has_max && *out > r->max.f)
		*out = r->max.f;
	return 0;
}

static int percentile(const struct bt_rec_in *r, const struct shape *s, const struct bt_rank *q, double *out, const char **why)
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
		return from_hist(r, s, q->p, out, why);
	return 0;
}

static int observe_percentiles(struct bdiff *d, const struct bdiff_input *in, const struct bt_rec_in *r, const struct shape *s,
			       const char **why)
{
	int rc = 0;

	for (unsigned i = 0; i < d->opts.percentiles.n && rc == 0; i++) {
		const struct bt_rank *q = &d->opts.percentiles.rank[i];
		double value;

		rc = percentile(r, s, q, &value, why);
		if (rc == 0)
			rc = observe(d, in, r, q->name, value, why);
	}
	return rc;
}

static int observe_dist(struct bdiff *d, const struct bdiff_input *in, const struct bt_rec_in *r, const char **why)
{
	struct shape s = { .scale = 1 };
	int rc;

	/* A repetition in which nothing happened has no percentiles. */
	if (r->n == 0)
		return 0;
	bt_hist_init(&s.hist, 3);
	s.rc = bt_rec_hist(r, &d->codec, &s.hist, &s.scale);
	rc = s.rc == -ENOMEM ? -ENOMEM : observe_percentiles(d, in, r, &s, why);
	/* One that cannot be decoded is a fault only where a percentile needs it. */
	if (rc == 0 && s.rc == 0)
		rc = make_id(d, r, "shape", why);
	if (rc == 0 && s.rc == 0)
		rc = bdiff_groups_hist(&d->groups, &d->id, in->side, in->run, r, &s.hist, s.scale);
	bt_hist_free(&s.hist);
	return rc;
}

int bdiff_observe(struct bdiff *d, const struct bdiff_input *in, const struct bt_rec_in *r, const char **why)
{
	if (r->kind == BT_KIND_AGG && r->values.p)
		return observe_values(d, in, r, why);
	if (r->has_value)
		return observe(d, in, r, "value", r->value.f, why);
	return r->has_dist ? observe_dist(d, in, r, why) : 0;
}
