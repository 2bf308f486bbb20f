/* SPDX-License-Identifier: ISC
 *
 * correct - adds the waits that a closed loop left out while it waited itself.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg.h"
#include "correct.h"
#include "fmt.h"
#include "recdist.h"

/* Values of ns are counted in steps of 2^-BITS. */
#define BITS 10
#define STEP(ns) ((uint64_t)(ns) << BITS)

void bagg_correct_init(struct bagg_correct *c, uint64_t interval_ns)
{
	memset(c, 0, sizeof(*c));
	c->interval_ns = interval_ns;
	bt_hist_init(&c->hist, 3);
	c->text[bt_fmt_u64(c->text, interval_ns)] = '\0';
	c->field = (struct bt_json_field){ .key = BAGG_CORRECTED, .key_len = sizeof(BAGG_CORRECTED) - 1, .val = c->text,
					   .val_len = (uint32_t)strlen(c->text), .type = BT_JSON_NUMBER };
}

void bagg_correct_free(struct bagg_correct *c)
{
	bagg_progress_free(&c->progress);
	bt_hist_free(&c->hist);
	bt_buf_free(&c->values);
}

/* Marks r as corrected. Returns 1, -EALREADY when it was, or -E2BIG. */
static int mark(struct bagg_correct *c, struct bt_rec_in *r)
{
	unsigned at = r->n_dims;
	int order = 1;

	while (at > 0 && (order = bt_json_compare_keys(&c->field, r->dims[at - 1])) < 0)
		at--;
	if (at > 0 && order == 0)
		return -EALREADY;
	if (r->n_dims == BT_REC_KEYS)
		return -E2BIG;
	memmove(&r->dims[at + 1], &r->dims[at], (r->n_dims - at) * sizeof(r->dims[0]));
	r->dims[at] = &c->field;
	r->n_dims++;
	return 1;
}

/* The step of a scalar, or false when it has none, being negative or too large. */
static bool to_step(const struct bt_number *v, uint64_t *step)
{
	static const struct bagg_fold ns = { .scale_bits = BITS };

	return bagg_fold_count(&ns, v, step);
}

/* Figures of a set of scalars in the making. */
struct tally {
	uint64_t n;
	struct bt_number min, max;
	__int128 sum, sumsq;  /* while integral */
	double sum_f, sumsq_f;
	bool integral, short_squares; /* all are integers; sumsq is exact */
};

/* v and its k terms, whole numbers. */
static void tally_squares(struct tally *t, __int128 v, __int128 k, __int128 step)
{
	__int128 square, cross, steps;

	/* Up to here no product reaches 2^126. */
	t->short_squares = t->short_squares && v < (__int128)1 << 40 && k < (__int128)1 << 20;
	if (!t->short_squares)
		return;
	square = (k + 1) * v * v;
	cross = v * step * k * (k + 1);
	steps = step * step * (k * (k + 1) * (2 * k + 1) / 6);
	t->sumsq += square - cross + steps;
}

static void tally_add(struct tally *t, const struct bt_number *v, uint64_t k, uint64_t step)
{
	double f = v->f, n = (double)k, s = (double)step;
	struct bt_number low = *v;

	t->sum_f += (n + 1) * f - s * (n * (n + 1) / 2);
	t->sumsq_f += (n + 1) * f * f - f * s * n * (n + 1) + s * s * (n * (n + 1) * (2 * n + 1) / 6);
	t->integral = t->integral && v->integer;
	if (v->integer) {
		low.i -= (__int128)k * step;
		low.f = (double)low.i;
		t->sum += ((__int128)k + 1) * v->i - (__int128)step * ((__int128)k * (k + 1) / 2);
		tally_squares(t, v->i, k, step);
	} else {
		low.f = f - n * s;
	}
	if (t->n == 0 || bagg_number_cmp(&low, &t->min) < 0)
		t->min = low;
	if (t->n == 0 || bagg_number_cmp(v, &t->max) > 0)
		t->max = *v;
	t->n += k + 1;
}

/* Makes r the record of n scalars that an agg record is. */
static void set_scalars(struct bt_rec_in *r, const struct tally *t)
{
	const char *of = bt_kind_name(r->kind);
	double n = (double)t->n, var;

	if (r->kind != BT_KIND_AGG) {
		r->of = (struct bt_span){ .p = of, .len = (uint32_t)strlen(of) };
		r->records = 1;
		r->kind = BT_KIND_AGG;
	}
	r->has_value = false;
	r->has_dist = r->has_exact = r->has_min = r->has_max = r->has_sum = true;
	r->n = t->n;
	r->min = t->min;
	r->max = t->max;
	r->sum = (struct bt_number){ .integer = t->integral, .i = t->sum, .f = t->integral ? (double)t->sum : t->sum_f };
	r->has_sumsq = t->integral && t->short_squares;
	r->sumsq = (struct bt_number){ .integer = r->has_sumsq, .i = t->sumsq, .f = t->sumsq_f };
	var = t->n > 1 ? (t->sumsq_f - t->sum_f * t->sum_f / n) / (n - 1) : 0;
	r->sd = var > 0 ? sqrt(var) : 0;
	r->mean = r->sum.f / n;
	r->hist = r->values = (struct bt_span){ .p = NULL };
}

/* Terms of a scalar that has a step. */
static uint64_t terms_of(const struct bagg_correct *c, const struct bt_number *v)
{
	uint64_t step = 0, quotient;

	to_step(v, &step);
	quotient = step / STEP(c->interval_ns);
	return quotient > 1 ? quotient - 1 : 0;
}

/* Few: every one of them, as an array. */
static int list_values(struct bagg_correct *c, const struct bt_number *v, unsigned n, struct bt_rec_in *r)
{
	c->values.len = 0;
	for (unsigned i = 0; i < n; i++) {
		uint64_t terms = terms_of(c, &v[i]);

		for (uint64_t k = 0; k <= terms; k++) {
			struct bt_number term = v[i];

			term.i -= term.integer ? (__int128)k * c->interval_ns : 0;
			term.f -= (double)k * (double)c->interval_ns;
			bt_buf_char(&c->values, c->values.len ? ',' : '[');
			bagg_number_json(&c->values, &term);
		}
	}
	bt_buf_char(&c->values, ']');
	r->values = (struct bt_span){ .p = c->values.data, .len = (uint32_t)c->values.len };
	return c->values.failed ? -ENOMEM : 0;
}

static int by_step(const void *a, const void *b)
{
	return bagg_number_cmp(a, b);
}

/* Many: the terms by their buckets. v: ascending. */
static int count_values(struct bagg_correct *c, const struct bt_number *v, unsigned n, struct bt_hist **hist)
{
	uint64_t step;
	int rc = 0;

	bt_hist_restart(&c->hist, 3);
	c->progress.n = 0;
	for (unsigned i = 0; i < n && rc == 0; i++) {
		to_step(&v[i], &step);
		bt_hist_add(&c->hist, step);
		rc = bagg_progress_origin(&c->progress, step, 1);
	}
	if (rc == 0)
		rc = bagg_progress_count(&c->progress, STEP(c->interval_ns), &c->hist);
	*hist = &c->hist;
	return c->hist.dropped ? -ENOMEM : rc;
}

/* Scalars one by one, from a record of one value or the array of an agg record. */
static int correct_scalars(struct bagg_correct *c, struct bt_number *v, unsigned n, struct bt_rec_in *r,
			   struct bt_hist **hist)
{
	struct tally t = { .integral = true, .short_squares = true };
	uint64_t extra = 0, step;

	for (unsigned i = 0; i < n; i++) {
		uint64_t k = terms_of(c, &v[i]);

		if (!to_step(&v[i], &step))
			return -ENOENT;
		/* A step is below 2^63 and an interval 2^10 steps or more, so the sum of 64 is below 2^60. */
		extra += k;
		tally_add(&t, &v[i], k, c->interval_ns);
	}
	if (extra == 0)
		return 0;
	set_scalars(r, &t);
	if (t.n <= BAGG_EXACT)
		return list_values(c, v, n, r);
	qsort(v, n, sizeof(*v), by_step);
	return count_values(c, v, n, hist);
}

static int read_values(const struct bt_rec_in *r, struct bt_number v[BAGG_EXACT])
{
	struct bt_span rest = r->values;
	struct bt_number next;
	unsigned n = 0;
	int rc;

	while ((rc = bt_rec_values_next(&rest, &next)) > 0) {
		if (n == BAGG_EXACT)
			return -EINVAL;
		v[n++] = next;
	}
	return rc < 0 || n != r->n ? -EINVAL : (int)n;
}

/* The buckets of h as origins: each the largest value of its bucket, the last one max. */
static int take_buckets(struct bagg_correct *c, const struct bt_hist *h, uint64_t max)
{
	uint32_t used = bt_hist_used(h);
	int rc = 0;

	c->progress.n = 0;
	for (uint32_t i = 0; i < used && rc == 0; i++) {
		uint64_t value = bt_hist_high(h, i);

		if (h->counts[i] == 0)
			continue;
		if (max < value && max >= bt_hist_low(h, i))
			value = max;
		rc = bagg_progress_origin(&c->progress, value < BT_HIST_VALUE_MAX ? value : BT_HIST_VALUE_MAX, h->counts[i]);
	}
	return rc;
}

/* What n, sum, min and sd become when terms of that sum, in steps of 1/scale, are added. */
static void set_figures(struct bt_rec_in *r, const struct bt_hist *h, uint64_t extra, __int128 sum, uint64_t least,
			double scale)
{
	struct bt_number low = { .integer = scale == 1, .i = scale == 1 ? (__int128)least : 0, .f = (double)least / scale };
	double sum_f = (double)sum / scale, n;

	if (!r->has_sum)
		r->sum = (struct bt_number){ .f = r->mean * (double)r->n };
	r->has_sum = true;
	if (scale == 1 && r->sum.integer)
		r->sum.i += sum;
	else
		r->sum.integer = false;
	r->sum.f = r->sum.integer ? (double)r->sum.i : r->sum.f + sum_f;
	r->n += extra;
	n = (double)r->n;
	if (bagg_number_cmp(&low, &r->min) < 0)
		r->min = low;
	r->mean = r->sum.f / n;
	r->sd = bt_hist_sd(h) / scale * (scale == 1 ? 1 : sqrt(n / (n - 1)));
	r->has_sumsq = false;
}

/* A histogram of steps of 1/scale ns. */
static int correct_hist(struct bagg_correct *c, struct bt_hist *from, double scale, struct bt_rec_in *r,
			struct bt_hist **hist, const char **why)
{
	struct bt_number max = { .integer = false, .f = r->max.f * scale };
	uint64_t extra, least, step = c->interval_ns * (uint64_t)scale;
	__int128 sum;
	int rc;

	rc = take_buckets(c, from, max.f >= 0 && max.f < 0x1p63 ? (uint64_t)(max.f + 0.5) : UINT64_MAX);
	if (rc < 0)
		return rc;
	if (bagg_progress_terms(&c->progress, step, &extra, &sum, &least) < 0 || extra > (uint64_t)INT64_MAX - from->n) {
		*why = "--corrected-for adds more than 2^63-1 values";
		return -EINVAL;
	}
	if (extra == 0)
		return 0;
	bt_hist_restart(&c->hist, from->digits);
	rc = bt_hist_merge(&c->hist, from);
	if (rc == 0)
		rc = bagg_progress_count(&c->progress, step, &c->hist);
	if (rc == 0)
		set_figures(r, &c->hist, extra, sum, least, scale);
	*hist = &c->hist;
	return rc;
}

/* Returns 0, or -ENOENT when what there is cannot be corrected. */
static int correct(struct bagg_correct *c, struct bagg_convert *convert, struct bt_rec_in *r, struct bt_hist **hist,
		   const char **why)
{
	bool scalar = bagg_fold_scalar(r);
	struct bt_number values[BAGG_EXACT];
	int n, rc;

	if (r->has_value) {
		values[0] = r->value;
		return correct_scalars(c, values, 1, r, hist);
	}
	if (r->n == 0)
		return 0;
	if (r->values.p && scalar) {
		n = read_values(r, values);
		if (n < 0)
			*why = "values are no numbers or not n";
		return n < 0 ? n : correct_scalars(c, values, (unsigned)n, r, hist);
	}
	rc = *hist ? 0 : bagg_convert_decode(convert, r);
	if (rc == -EINVAL)
		*why = "the histogram cannot be decoded or does not hold n values";
	if (rc < 0)
		return rc;
	return correct_hist(c, *hist ? *hist : &convert->decoded, scalar ? 1 << BITS : 1, r, hist, why);
}

int bagg_correct(struct bagg_correct *c, struct bagg_convert *convert, struct bt_rec_in *r, struct bt_hist **hist,
		 const char **why)
{
	struct bt_rec_in before;
	int rc;

	if (c->interval_ns == 0 || !bt_span_is(r->unit, "ns"))
		return 0;
	if (bt_span_is(r->loop, "open")) {
		c->open++;
		return 0;
	}
	before = *r;
	rc = mark(c, r);
	if (rc == -EALREADY)
		return 0;
	if (rc == -E2BIG) {
		*why = "too many dimensions";
		return -EINVAL;
	}
	rc = correct(c, convert, r, hist, why);
	if (rc != -ENOENT)
		return rc;
	*r = before;
	c->unknown++;
	return 0;
}
