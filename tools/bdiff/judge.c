/* SPDX-License-Identifier: ISC
 *
 * judge - whether one group of observations changed, and whether that is to be believed. Pure.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge.h"
#include "shift.h"
#include "stat.h"

#define LEVEL 0.95     /* of the confidence interval of the change */
#define POWER 0.8      /* with which the runs that an unsure row needs would settle it */
#define PERMUTED_MAX 200 /* values a side; beyond, permutations take long and say no more than ranks do */
#define PERMUTED_WORK 4e9 /* values drawn for all rows together: some ten seconds */
#define NEED_ALPHA 1e-5   /* what permutations can reach */
#define MEDIAN_SE 1.2533141 /* standard error of a median in those of a mean, of normal values: sqrt(pi / 2) */

/* Of |base|, so that the sign always says which way the value went. */
static double pct_of(double base, double difference)
{
	double pct = difference / fabs(base) * 100;

	if (difference == 0)
		return 0;
	return isfinite(pct) ? pct : NAN;
}

static int measure_change(struct bdiff_row *row, const struct bdiff_sample *base, const struct bdiff_sample *new)
{
	double of = row->base.median;
	struct bt_shift s;
	int rc = bt_shift_between(base->v, row->base.n, new->v, row->new.n, LEVEL, &s);

	if (rc < 0)
		return rc;
	row->median_pct = pct_of(of, row->new.median - of);
	if (s.ratio)
		of = 1;
	row->shift = s.estimate;
	row->change_pct = pct_of(of, s.estimate);
	row->change_lo = s.level > 0 ? pct_of(of, s.lo) : NAN;
	row->change_hi = s.level > 0 ? pct_of(of, s.hi) : NAN;
	return 0;
}

/* Of single numbers, the wider one of both sides. */
static double spread(const struct bdiff_figures *base, const struct bdiff_figures *new)
{
	return isnan(base->spread) || new->spread > base->spread ? new->spread : base->spread;
}

/* One standard error of the difference of two medians of identical code; or how far baselines lie apart, if that is more. */
static double floor_pct(const struct bdiff_figures *base, const struct bdiff_figures *new)
{
	double se = spread(base, new) * MEDIAN_SE * sqrt(1 / (double)base->n + 1 / (double)new->n);
	double most = base->drift > 0 ? fmax(se, base->drift) : se;

	return isfinite(most) ? most * 100 : NAN;
}

/* The smallest p that the test of these sizes can give in this family, whose first step Holm multiplies by its size. */
static double least_p(const struct bdiff_row *row, const struct bdiff_rule *rule)
{
	double p = row->by_ranks ? bt_stat_utest_least_p(row->base.n, row->new.n) :
				   bt_shift_permute_least_p(row->base.n, row->new.n);

	return p * (double)rule->family;
}

/* Decided by the sizes alone: choosing the test that says more after seeing the values would be cheating. */
static bool ranks_only(const struct bdiff_row *row, const struct bdiff_rule *rule)
{
	size_t fewer = row->base.n < row->new.n ? row->base.n : row->new.n;
	double least = bt_shift_permute_least_p(row->base.n, row->new.n), family = (double)rule->family;

	if (row->base.n > PERMUTED_MAX || row->new.n > PERMUTED_MAX ||
	    (double)fewer / least * (double)rule->rows > PERMUTED_WORK)
		return true;
	return least * family > rule->alpha && bt_stat_utest_least_p(row->base.n, row->new.n) * family <= rule->alpha;
}

/* Limits are met by what equals them but for rounding. */
static bool beyond_threshold(const struct bdiff_row *row)
{
	/* A change without a percentage is one from 0: beyond any threshold. */
	if (isnan(row->change_pct))
		return true;
	return row->change_pct != 0 && fabs(row->change_pct) >= row->threshold_pct * (1 - 1e-12);
}

static bool within_noise(const struct bdiff_row *row)
{
	return fabs(row->change_pct) <= row->floor_pct;
}

static int test(struct bdiff_row *row, const struct bdiff_sample *base, const struct bdiff_sample *new,
		const struct bdiff_rule *rule)
{
	bool exact;

	row->p_u = bt_stat_utest(base->v, row->base.n, new->v, row->new.n, &row->u);
	if (isnan(row->p_u))
		return -ENOMEM;
	row->by_ranks = ranks_only(row, rule);
	row->p_perm = NAN;
	if (!row->by_ranks) {
		row->p_perm = bt_shift_permute(base->v, row->base.n, new->v, row->new.n, &exact);
		/* Values whose sum is beyond a double have ranks at least. */
		row->by_ranks = isnan(row->p_perm);
	}
	row->p = row->by_ranks ? row->p_u : row->p_perm;
	return 0;
}

/* Median of a run only where both sides have runs to tell apart; never a mixture of runs and repetitions. */
static enum bdiff_level level_of(size_t base_runs, size_t new_runs)
{
	if (base_runs == 0 || new_runs == 0)
		return base_runs + new_runs > 1 ? BDIFF_BY_RUN : BDIFF_BY_REP;
	return base_runs > 1 && new_runs > 1 ? BDIFF_BY_RUN : BDIFF_BY_REP;
}

int bdiff_measure(struct bdiff_row *row, struct bdiff_group *group, const struct bdiff_runs *runs,
		  const struct bdiff_rule *rule, double threshold_pct)
{
	struct bdiff_values *b = &group->side[BDIFF_BASE], *n = &group->side[BDIFF_NEW];
	double *room = malloc((2 * (size_t)b->n + 2 * (size_t)n->n + 1) * sizeof(*room)), *work;
	struct bdiff_sample base, new;
	size_t base_runs, new_runs;
	int rc = 0;

	if (!room)
		return -ENOMEM;
	work = room + b->n + n->n;
	base_runs = bdiff_sample_order(b);
	new_runs = bdiff_sample_order(n);
	*row = (struct bdiff_row){ .level = level_of(base_runs, new_runs), .threshold_pct = threshold_pct, .p = NAN };
	base = bdiff_sample(b, runs, row->level, rule->smooth, room, work);
	new = bdiff_sample(n, runs, row->level, 0, room + b->n, work);
	row->base = base.figures;
	row->new = new.figures;
	row->base.runs = base_runs;
	row->new.runs = new_runs;
	if (b->n > 0 && n->n > 0) {
		row->floor_pct = floor_pct(&row->base, &row->new);
		rc = measure_change(row, &base, &new);
		if (rc == 0)
			rc = test(row, &base, &new, rule);
	}
	free(room);
	return rc;
}

static enum bdiff_verdict direction(const struct bdiff_row *row, enum bt_better better)
{
	bool up = row->shift > 0;

	if (better == BT_BETTER_NONE)
		return BDIFF_CHANGED;
	return up == (better == BT_BETTER_HIGHER) ? BDIFF_IMPROVED : BDIFF_REGRESSED;
}

/* Runs a side from which either test could say anything in this family. */
static size_t least_runs(const struct bdiff_rule *rule)
{
	size_t n = 2;

	while (bt_stat_utest_least_p(n, n) * (double)rule->family > rule->alpha)
		n++;
	return n;
}

static size_t runs_needed(const struct bdiff_row *row, const struct bdiff_rule *rule)
{
	double sd = spread(&row->base, &row->new);
	double alpha = fmax(rule->alpha / (double)rule->family, NEED_ALPHA);
	size_t need = least_runs(rule), most = row->base.n > row->new.n ? row->base.n : row->new.n, by_power;

	if (row->why == BDIFF_WHY_ONE_RUN || isnan(row->change_pct) || isnan(sd))
		return need;
	by_power = bt_shift_runs_needed(fabs(row->change_pct) / 100, sd, alpha, POWER);
	need = by_power > need ? by_power : need;
	/* The spread is a guess: so many were not enough. */
	return row->why == BDIFF_WHY_CHANCE && need <= most ? most + 1 : need;
}

static enum bdiff_verdict verdict(struct bdiff_row *row, enum bt_better better, const struct bdiff_rule *rule)
{
	if (row->base.n == 0)
		return BDIFF_ADDED;
	if (row->new.n == 0)
		return BDIFF_MISSING;
	row->why = BDIFF_WHY_ONE_RUN;
	if (rule->strict && row->level == BDIFF_BY_REP)
		return BDIFF_UNSURE;
	row->why = BDIFF_WHY_NONE;
	if (!beyond_threshold(row))
		return BDIFF_SAME;
	row->why = BDIFF_WHY_FEW;
	if (least_p(row, rule) > rule->alpha)
		return BDIFF_UNSURE;
	row->why = BDIFF_WHY_NOISE;
	if (within_noise(row))
		return BDIFF_SAME;
	row->why = BDIFF_WHY_CHANCE;
	if (!(row->p <= rule->alpha))
		return BDIFF_UNSURE;
	row->why = BDIFF_WHY_NONE;
	return direction(row, better);
}

void bdiff_decide(struct bdiff_row *row, enum bt_better better, const struct bdiff_rule *rule)
{
	row->verdict = verdict(row, better, rule);
	if (row->verdict == BDIFF_UNSURE)
		row->need = runs_needed(row, rule);
}

const char *bdiff_verdict_name(enum bdiff_verdict v)
{
	static const char *const names[BDIFF_VERDICTS] = {
		[BDIFF_SAME] = "same", [BDIFF_IMPROVED] = "improved", [BDIFF_REGRESSED] = "regressed",
		[BDIFF_CHANGED] = "changed", [BDIFF_UNSURE] = "unsure", [BDIFF_ACCEPTED] = "accepted",
		[BDIFF_MISSING] = "missing", [BDIFF_ADDED] = "new",
	};

	return names[v];
}

const char *bdiff_why_name(enum bdiff_why w)
{
	static const char *const names[] = {
		[BDIFF_WHY_FEW] = "few", [BDIFF_WHY_CHANCE] = "chance", [BDIFF_WHY_ONE_RUN] = "one-run",
		[BDIFF_WHY_NOISE] = "noise",
	};

	return names[w];
}
