/* SPDX-License-Identifier: ISC
 *
 * judge - whether one group of observations changed, and whether that is to be believed. Pure.
 */
#include <errno.h>
#include <math.h>

#include "judge.h"
#include "stat.h"

#define LEVEL 0.95 /* of the confidence intervals */

static struct bdiff_figures figures(struct bdiff_values *s)
{
	struct bdiff_figures f = { .n = s->n, .median = NAN, .lo = NAN, .hi = NAN };
	double lo, hi;

	if (s->n == 0)
		return f;
	bt_stat_sort(s->v, s->n);
	f.median = bt_stat_median(s->v, s->n);
	if (bt_stat_median_ci(s->v, s->n, LEVEL, &lo, &hi) > 0) {
		f.lo = lo;
		f.hi = hi;
	}
	return f;
}

/* Of |base|, so that the sign always says which way the value went. */
static double change_pct(double base, double new)
{
	double change = (new - base) / fabs(base) * 100;

	if (new == base)
		return 0;
	return isfinite(change) ? change : NAN;
}

static size_t runs_needed(double alpha)
{
	size_t n = 1;

	while (bt_stat_utest_least_p(n, n) > alpha)
		n++;
	return n;
}

static enum bdiff_verdict direction(const struct bdiff_row *row, enum bt_better better)
{
	bool up = row->new.median > row->base.median;

	if (better == BT_BETTER_NONE)
		return BDIFF_CHANGED;
	return up == (better == BT_BETTER_HIGHER) ? BDIFF_BETTER : BDIFF_WORSE;
}

static enum bdiff_verdict verdict(const struct bdiff_row *row, enum bt_better better)
{
	if (row->base.n == 0)
		return BDIFF_ADDED;
	if (row->new.n == 0)
		return BDIFF_MISSING;
	/* A change without a percentage is one from 0: beyond any threshold. */
	if (row->change_pct == 0 || fabs(row->change_pct) < row->threshold_pct)
		return BDIFF_SAME;
	if (bt_stat_utest_least_p(row->base.n, row->new.n) > row->alpha)
		return BDIFF_UNSURE;
	return row->p <= row->alpha ? direction(row, better) : BDIFF_SAME;
}

int bdiff_judge(struct bdiff_row *row, struct bdiff_group *group, double alpha, double threshold_pct)
{
	struct bdiff_values *base = &group->side[BDIFF_BASE], *new = &group->side[BDIFF_NEW];

	row->base = figures(base);
	row->new = figures(new);
	row->alpha = alpha;
	row->threshold_pct = threshold_pct;
	row->need = runs_needed(alpha);
	row->change_pct = change_pct(row->base.median, row->new.median);
	row->p = bt_stat_utest(base->v, base->n, new->v, new->n, &row->u);
	row->verdict = verdict(row, group->contradiction ? BT_BETTER_NONE : group->better);
	return base->n > 0 && new->n > 0 && isnan(row->p) ? -ENOMEM : 0;
}

const char *bdiff_verdict_name(enum bdiff_verdict v)
{
	static const char *const names[BDIFF_VERDICTS] = {
		[BDIFF_SAME] = "same", [BDIFF_BETTER] = "better", [BDIFF_WORSE] = "worse", [BDIFF_CHANGED] = "changed",
		[BDIFF_UNSURE] = "unsure", [BDIFF_MISSING] = "missing", [BDIFF_ADDED] = "new",
	};

	return names[v];
}
