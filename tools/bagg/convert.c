/* SPDX-License-Identifier: ISC
 *
 * convert - brings measurements to the base unit.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "agg.h"
#include "convert.h"
#include "recdist.h"
#include "units.h"

void bagg_convert_init(struct bagg_convert *c)
{
	memset(c, 0, sizeof(*c));
	bt_hist_init(&c->decoded, 3);
	bt_hist_init(&c->counted, 3);
}

void bagg_convert_free(struct bagg_convert *c)
{
	bt_histcodec_free(c->codec);
	bt_hist_free(&c->decoded);
	bt_hist_free(&c->counted);
	bt_buf_free(&c->values);
	bagg_convert_init(c);
}

/* The unit to convert from, or NULL. */
static const struct bt_unit *foreign_unit(const struct bt_rec_in *r)
{
	const struct bt_unit *u = r->unit.p ? bt_unit_find(r->unit.p, r->unit.len) : NULL;

	return u && u->den > 1 && !bagg_fold_scalar(r) ? NULL : u;
}

/* Steps per unit of value in a group of such records. */
static double our_scale(const struct bt_rec_in *r)
{
	char unit[16];

	if (!bagg_fold_scalar(r))
		return 1;
	bt_span_text(r->unit, unit, sizeof(unit));
	return ldexp(1, (int)bagg_scale_bits(unit));
}

static bool has_counts(const struct bt_rec_in *r)
{
	return r->kind == BT_KIND_AGG && r->hist.p && !r->values.p && r->n > 0;
}

/* The scale that an agg record of scalars gives. */
static double their_scale(const struct bt_rec_in *r)
{
	const struct bt_json_field *f = r->json ? bt_json_find(r->json, "scale") : NULL;
	struct bt_number v;

	if (!f || f->type != BT_JSON_NUMBER || bt_json_number(f->val, f->val_len, &v) < 0 || !(v.f > 0))
		return 1;
	return v.f;
}

bool bagg_convert_needed(const struct bt_rec_in *r, const struct bt_hist *hist)
{
	if (foreign_unit(r))
		return true;
	return !hist && has_counts(r) && bagg_fold_scalar(r) && their_scale(r) != our_scale(r);
}

/* Counts every bucket again, where its middle lies after multiplication. */
static int count_again(const struct bt_hist *from, double factor, struct bt_hist *to)
{
	uint32_t used = bt_hist_used(from);

	bt_hist_restart(to, from->digits);
	for (uint32_t i = 0; i < used; i++) {
		double middle = ((double)bt_hist_low(from, i) + (double)bt_hist_high(from, i)) / 2 * factor + 0.5;

		if (from->counts[i])
			bt_hist_add_n(to, middle < 0x1p63 ? (uint64_t)middle : BT_HIST_VALUE_MAX, from->counts[i]);
	}
	return to->dropped ? -ENOMEM : 0;
}

int bagg_convert_decode(struct bagg_convert *c, const struct bt_rec_in *r)
{
	double scale;

	return bt_rec_hist(r, &c->codec, &c->decoded, &scale);
}

static int convert_hist(struct bagg_convert *c, const struct bt_rec_in *r, double factor, struct bt_hist **hist,
			const char **why)
{
	struct bt_hist *from = *hist;
	int rc = 0;

	if (!from && r->hist.p && !r->values.p && r->n > 0) {
		rc = bagg_convert_decode(c, r);
		from = &c->decoded;
	}
	if (rc == -EINVAL)
		*why = "the histogram cannot be decoded or does not hold n values";
	if (rc < 0 || !from)
		return rc;
	*hist = &c->counted;
	return count_again(from, factor, &c->counted);
}

/* The array of values, written again. One that is damaged is left for the fold to refuse. */
static int convert_values(struct bagg_convert *c, struct bt_rec_in *r, const struct bt_unit *u)
{
	struct bt_span rest = r->values;
	struct bt_number v;
	int rc;

	c->values.len = 0;
	bt_buf_char(&c->values, '[');
	while ((rc = bt_rec_values_next(&rest, &v)) > 0) {
		v = bt_unit_number(u, v);
		if (c->values.len > 1)
			bt_buf_char(&c->values, ',');
		bagg_number_json(&c->values, &v);
	}
	bt_buf_char(&c->values, ']');
	if (c->values.failed)
		return -ENOMEM;
	if (rc == 0)
		r->values = (struct bt_span){ .p = c->values.data, .len = (uint32_t)c->values.len };
	return 0;
}

static void convert_figures(struct bt_rec_in *r, const struct bt_unit *u)
{
	/* A distribution is of integers, so its sum is one; its mean alone has lost that. */
	if (!r->has_sum && r->has_dist && r->hist.p && fabs(r->mean * (double)r->n) < 0x1p100) {
		r->sum = (struct bt_number){ .integer = true, .f = round(r->mean * (double)r->n) };
		r->sum.i = (__int128)r->sum.f;
		r->has_sum = true;
	}
	r->value = bt_unit_number(u, r->value);
	r->min = bt_unit_number(u, r->min);
	r->max = bt_unit_number(u, r->max);
	r->sum = bt_unit_number(u, r->sum);
	r->sumsq = bt_unit_number(u, bt_unit_number(u, r->sumsq));
	r->has_sumsq = r->has_sumsq && r->sumsq.integer;
	r->mean = bt_unit_double(u, r->mean);
	r->sd = bt_unit_double(u, r->sd);
	r->p50 = bt_unit_double(u, r->p50);
	r->p90 = bt_unit_double(u, r->p90);
	r->p99 = bt_unit_double(u, r->p99);
	r->p999 = bt_unit_double(u, r->p999);
	r->unit = (struct bt_span){ .p = u->base, .len = (uint32_t)strlen(u->base) };
}

int bagg_convert(struct bagg_convert *c, struct bt_rec_in *r, struct bt_hist **hist, const char **why)
{
	const struct bt_unit *u = foreign_unit(r);
	double factor = has_counts(r) && bagg_fold_scalar(r) ? 1 / their_scale(r) : 1;
	int rc = 0;

	if (u) {
		factor *= (double)u->num / (double)u->den;
		convert_figures(r, u);
		if (r->values.p)
			rc = convert_values(c, r, u);
	}
	if (has_counts(r) && bagg_fold_scalar(r))
		factor *= our_scale(r);
	if (rc < 0 || factor == 1)
		return rc;
	return convert_hist(c, r, factor, hist, why);
}
