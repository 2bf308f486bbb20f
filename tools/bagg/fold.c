/* SPDX-License-Identifier: ISC
 *
 * fold - the figures of one group, record by record, in memory that does not grow with their number.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "recdist.h"

#define SPAN_MAX_S 9e9 /* seconds; a longer dur is no span that anything observed */

unsigned bagg_scale_bits(const char *unit)
{
	if (strcmp(unit, "ratio") == 0)
		return 40;
	return strcmp(unit, "ns") == 0 || strcmp(unit, "B") == 0 ? 10 : 20;
}

void bagg_fold_init(struct bagg_fold *f, bool scalar, unsigned scale_bits)
{
	memset(f, 0, sizeof(*f));
	f->scalar = f->integral = scalar;
	f->scale_bits = (unsigned char)scale_bits;
	f->ts_us = INT64_MIN;
	f->has_sum = true;
	bt_moments_init(&f->moments);
	bt_counts_init(&f->counts, 3);
}

void bagg_fold_free(struct bagg_fold *f)
{
	free(f->values);
	f->values = NULL;
	f->n_values = f->cap_values = 0;
	bt_counts_free(&f->counts);
}

int bagg_number_cmp(const struct bt_number *a, const struct bt_number *b)
{
	if (a->f != b->f)
		return a->f < b->f ? -1 : 1;
	if (!a->integer || !b->integer || a->i == b->i)
		return a->integer - b->integer;
	return a->i < b->i ? -1 : 1;
}

/* 5, 5.0 and 5e0 are one number: an integer. Beyond 2^100 nothing measured is exact. */
static struct bt_number normal(struct bt_number v)
{
	if (!v.integer && fabs(v.f) < 0x1p100 && v.f == trunc(v.f)) {
		v.integer = true;
		v.i = (__int128)v.f;
	}
	return v;
}

static void add_range(struct bagg_fold *f, const struct bt_number *min, const struct bt_number *max)
{
	if (!f->has_range || bagg_number_cmp(min, &f->min) < 0)
		f->min = *min;
	if (!f->has_range || bagg_number_cmp(max, &f->max) > 0)
		f->max = *max;
	f->has_range = true;
}

/* Integers may come the quick way while all that is done with them is adding and counting. */
static void set_quick(struct bagg_fold *f)
{
	uint64_t limit = BT_HIST_VALUE_MAX >> f->scale_bits;

	f->quick = (struct bagg_quick){ .min = UINT64_MAX };
	if (f->counting && !f->lossy)
		f->quick.limit = limit < BAGG_QUICK_MAX ? limit : BAGG_QUICK_MAX;
}

static void make_lossy(struct bagg_fold *f)
{
	f->lossy = true;
	f->quick.limit = 0;
	free(f->values);
	f->values = NULL;
	f->n_values = f->cap_values = 0;
	bt_counts_free(&f->counts);
}

bool bagg_fold_count(const struct bagg_fold *f, const struct bt_number *v, uint64_t *out)
{
	double scaled = ldexp(v->f, f->scale_bits);

	if (!(v->f >= 0) || scaled >= 0x1p63)
		return false;
	*out = v->integer ? (uint64_t)v->i << f->scale_bits : (uint64_t)(scaled + 0.5);
	return *out <= BT_HIST_VALUE_MAX;
}

static int count_value(struct bagg_fold *f, const struct bt_number *v)
{
	uint64_t count;

	if (bagg_fold_count(f, v, &count))
		return bt_counts_add(&f->counts, count);
	make_lossy(f);
	return 0;
}

/* From now on values are counted, not kept. */
static int start_counting(struct bagg_fold *f)
{
	int rc = 0;

	for (uint32_t i = 0; i < f->n_values && rc == 0 && !f->lossy; i++)
		rc = count_value(f, &f->values[i]);
	free(f->values);
	f->values = NULL;
	f->n_values = f->cap_values = 0;
	f->counting = true;
	set_quick(f);
	return rc;
}

static int keep_value(struct bagg_fold *f, const struct bt_number *v)
{
	if (f->n_values == f->cap_values) {
		uint32_t cap = f->cap_values ? f->cap_values * 4 : 4;
		struct bt_number *values = reallocarray(f->values, cap, sizeof(*values));

		if (!values)
			return -ENOMEM;
		f->values = values;
		f->cap_values = cap;
	}
	f->values[f->n_values++] = *v;
	return 0;
}

static void add_sum(struct bagg_fold *f, const struct bt_number *sum)
{
	if (f->has_sum && (!sum->integer || __builtin_add_overflow(f->sum, sum->i, &f->sum)))
		f->has_sum = false;
}

static int add_value(struct bagg_fold *f, struct bt_number v)
{
	int rc = 0;

	v = normal(v);
	if (v.integer)
		bt_moments_add_int(&f->moments, v.i);
	else
		bt_moments_add(&f->moments, v.f);
	f->integral = f->integral && v.integer;
	add_sum(f, &v);
	add_range(f, &v, &v);
	if (!f->counting && f->moments.n > BAGG_EXACT)
		rc = start_counting(f);
	if (f->lossy || rc < 0)
		return rc;
	return f->counting ? count_value(f, &v) : keep_value(f, &v);
}

/* An integer as the sum of two doubles: exact to 106 bits. */
static void split_int(__int128 v, double *hi, double *lo)
{
	*hi = (double)v;
	*lo = (double)(v - (__int128)*hi);
}

void bagg_fold_settle(struct bagg_fold *f)
{
	struct bagg_quick q = f->quick;
	struct bt_number min = { true, q.min, (double)q.min }, max = { true, q.max, (double)q.max };
	struct bt_moments m;

	if (q.n == 0)
		return;
	bt_moments_init(&m);
	m.n = q.n;
	m.min = min.f;
	m.max = max.f;
	split_int((__int128)q.sum, &m.sum, &m.sum_lo);
	split_int((__int128)q.sumsq, &m.sumsq, &m.sumsq_lo);
	bt_moments_merge(&f->moments, &m);
	add_sum(f, &(struct bt_number){ .integer = true, .i = (__int128)q.sum });
	add_range(f, &min, &max);
	f->records += q.n;
	f->quick = (struct bagg_quick){ .limit = q.limit, .min = UINT64_MAX };
}

static void set_sum(struct bagg_fold *f, struct bt_moments *m, const struct bt_rec_in *r)
{
	struct bt_number sum = r->sum;

	if (!r->has_sum)
		sum = (struct bt_number){ .f = r->mean * (double)r->n };
	/* A distribution is of integers, so its sum is one; its mean alone has lost that. */
	if (!r->has_sum && r->hist.p && fabs(sum.f) < 0x1p100)
		sum.f = round(sum.f);
	sum = normal(sum);
	add_sum(f, &sum);
	m->sum = sum.f;
	m->sum_lo = 0;
	if (sum.integer && sum.i > -((__int128)1 << 106) && sum.i < (__int128)1 << 106)
		split_int(sum.i, &m->sum, &m->sum_lo);
}

static void set_squares(struct bt_moments *m, const struct bt_rec_in *r, bool scalar)
{
	if (scalar && r->has_sumsq && r->sumsq.integer && r->sumsq.i >= 0 && r->sumsq.i < (__int128)1 << 106)
		split_int(r->sumsq.i, &m->sumsq, &m->sumsq_lo);
	else
		bt_moments_set_sd(m, r->sd, !scalar);
}

/* n values of which the record gives only the summary. */
static void add_summary(struct bagg_fold *f, const struct bt_rec_in *r)
{
	struct bt_number min = normal(r->min), max = normal(r->max);
	struct bt_moments m;

	bt_moments_init(&m);
	m.n = r->n;
	m.min = min.f;
	m.max = max.f;
	set_sum(f, &m, r);
	set_squares(&m, r, f->scalar);
	bt_moments_merge(&f->moments, &m);
	if (r->has_min && r->has_max)
		add_range(f, &min, &max);
}

static int add_counts(struct bagg_fold *f, struct bagg_scratch *scratch, bool *blind)
{
	if (f->lossy)
		return 0;
	/* Counts made with another step than ours cannot be merged. */
	if (scratch->hist && (!f->scalar || scratch->scale == ldexp(1, f->scale_bits)))
		return bt_counts_merge(&f->counts, scratch->hist);
	*blind = true;
	make_lossy(f);
	return 0;
}

/* The array of an agg record into v. Returns how many, or -EINVAL. */
static int read_values(struct bt_span s, struct bt_number v[BAGG_EXACT])
{
	struct bt_number next;
	int n = 0, rc;

	while ((rc = bt_rec_values_next(&s, &next)) > 0) {
		if (n == BAGG_EXACT)
			return -EINVAL;
		v[n++] = next;
	}
	return rc < 0 ? rc : n;
}

/* A record of one value, as programs make it; agg records of scalars hold any number. */
static bool is_value(const struct bt_rec_in *r)
{
	return r->has_value && r->kind != BT_KIND_AGG;
}

int bagg_fold_unpack(const struct bt_rec_in *r, struct bagg_scratch *scratch, const char **why)
{
	int n = r->values.p ? read_values(r->values, scratch->values) : 0, rc;

	scratch->n_values = 0;
	scratch->hist = NULL;
	if (is_value(r) || r->n == 0)
		return 0;
	if (n < 0 || (r->values.p && (uint64_t)n != r->n)) {
		*why = "values are no numbers or not n";
		return -EINVAL;
	}
	scratch->n_values = (unsigned)n;
	if (n > 0)
		return 0;
	rc = bt_rec_hist(r, &scratch->codec, &scratch->decoded, &scratch->scale);
	if (rc == 0)
		scratch->hist = &scratch->decoded;
	if (rc == -EINVAL)
		*why = "the histogram cannot be decoded or does not hold n values";
	return rc == -ENOENT ? 0 : rc;
}

/* An agg record of scalars: its values, or the counts of more than we keep, or neither. */
static int add_scalars(struct bagg_fold *f, const struct bt_rec_in *r, struct bagg_scratch *scratch, bool *blind)
{
	int rc = 0;

	for (unsigned i = 0; i < scratch->n_values && rc == 0; i++)
		rc = add_value(f, scratch->values[i]);
	if (scratch->n_values > 0)
		return rc;
	add_summary(f, r);
	f->integral = f->integral && r->has_sumsq;
	if (!f->counting)
		rc = start_counting(f);
	return rc < 0 ? rc : add_counts(f, scratch, blind);
}

static int add_distribution(struct bagg_fold *f, const struct bt_rec_in *r, struct bagg_scratch *scratch, bool *blind)
{
	add_summary(f, r);
	return add_counts(f, scratch, blind);
}

bool bagg_fold_scalar(const struct bt_rec_in *r)
{
	return r->kind == BT_KIND_AGG ? r->has_exact : !r->has_dist;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

int64_t bagg_fold_us(double ts_s)
{
	return fabs(ts_s) < 9e12 ? (int64_t)llround(ts_s * 1e6) : INT64_MIN;
}

uint64_t bagg_fold_ns(double dur_s)
{
	return dur_s > 0 && dur_s < SPAN_MAX_S ? (uint64_t)(dur_s * 1e9 + 0.5) : 0;
}

static void add_head(struct bagg_fold *f, const struct bt_rec_in *r)
{
	f->records = add_saturated(f->records, r->kind == BT_KIND_AGG && r->records > 0 ? r->records : 1);
	f->resets = add_saturated(f->resets, r->resets);
	bagg_fold_span(f, bagg_fold_us(r->ts), bagg_fold_ns(r->dur), r->lost);
}

int bagg_fold_value(struct bagg_fold *f, struct bt_number v)
{
	bagg_fold_settle(f);
	f->records++;
	return add_value(f, v);
}

/* The values that one has and the other counts, or both have but are too many together. */
static int join_values(struct bagg_fold *f, const struct bagg_fold *from)
{
	int rc = 0;

	if (f->lossy || from->lossy) {
		make_lossy(f);
		return 0;
	}
	if (f->scalar && !f->counting && (from->counting || f->moments.n > BAGG_EXACT))
		rc = start_counting(f);
	for (uint32_t i = 0; i < from->n_values && rc == 0 && !f->lossy; i++)
		rc = f->counting ? count_value(f, &from->values[i]) : keep_value(f, &from->values[i]);
	return rc == 0 && !f->lossy ? bt_counts_join(&f->counts, &from->counts) : rc;
}

int bagg_fold_join(struct bagg_fold *f, const struct bagg_fold *from)
{
	bagg_fold_settle(f);
	bt_moments_merge(&f->moments, &from->moments);
	add_sum(f, &(struct bt_number){ .integer = from->has_sum, .i = from->sum });
	if (from->has_range)
		add_range(f, &from->min, &from->max);
	f->integral = f->integral && from->integral;
	f->records = add_saturated(f->records, from->records);
	f->lost = add_saturated(f->lost, from->lost);
	f->resets = add_saturated(f->resets, from->resets);
	f->dur_ns = add_saturated(f->dur_ns, from->dur_ns);
	f->ts_us = from->ts_us > f->ts_us ? from->ts_us : f->ts_us;
	return join_values(f, from);
}

int bagg_fold_add(struct bagg_fold *f, const struct bt_rec_in *r, struct bagg_scratch *scratch, bool *blind,
		  const char **why)
{
	uint64_t n = is_value(r) ? 1 : r->n;

	bagg_fold_settle(f);
	/* Values that come one by one cannot be so many, and bagg_fold_int does not ask. */
	if (n > 1 && (f->moments.n > INT64_MAX || n > INT64_MAX - f->moments.n)) {
		*why = "more than 2^63-1 values in one group";
		return -EINVAL;
	}
	add_head(f, r);
	if (n == 0)
		return 0;
	if (is_value(r))
		return add_value(f, r->value);
	return f->scalar ? add_scalars(f, r, scratch, blind) : add_distribution(f, r, scratch, blind);
}
