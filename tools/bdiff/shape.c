/* SPDX-License-Identifier: ISC
 *
 * shape - whether the pooled values of a distribution lie differently, not only higher or lower. Pure.
 */
#include <errno.h>
#include <math.h>

#include "sample.h"
#include "shape.h"

const char *const bdiff_shape_keys[BDIFF_SHAPE_RANKS] = { "shift_p50", "shift_p90", "shift_p99", "shift_p999" };

static const double ranks[BDIFF_SHAPE_RANKS] = { 50, 90, 99, 99.9 };

bool bdiff_is_shape(const struct bdiff_group *g)
{
	return g->side[BDIFF_BASE].pool || g->side[BDIFF_NEW].pool;
}

/* The counts as histograms with the same buckets, values multiplied as those of base. */
static int load(const struct bdiff_group *g, struct bt_hist h[2])
{
	const struct bdiff_pool *base = g->side[BDIFF_BASE].pool, *new = g->side[BDIFF_NEW].pool;
	int rc = bdiff_pool_load(base, &h[0], base->scale);

	if (rc == 0)
		rc = bdiff_pool_load(new, &h[1], base->scale);
	if (rc == 0 && h[0].digits != h[1].digits)
		rc = h[0].digits > h[1].digits ? bt_hist_reduce(&h[0], h[1].digits) : bt_hist_reduce(&h[1], h[0].digits);
	return rc;
}

/* A percentile says nothing new where its tail holds not a single value. */
static void shifts(struct bdiff_shape *s, const struct bt_hist h[2])
{
	uint64_t base[BDIFF_SHAPE_RANKS], new[BDIFF_SHAPE_RANKS];

	bt_hist_percentiles(&h[0], ranks, base, BDIFF_SHAPE_RANKS);
	bt_hist_percentiles(&h[1], ranks, new, BDIFF_SHAPE_RANKS);
	for (int i = 0; i < BDIFF_SHAPE_RANKS; i++) {
		double tail = 1 - ranks[i] / 100, pct = ((double)new[i] / (double)base[i] - 1) * 100;
		bool enough = (double)h[0].n * tail >= 0.999 && (double)h[1].n * tail >= 0.999;

		s->shift_pct[i] = enough && isfinite(pct) ? pct : NAN;
	}
}

/* Both must be beyond what chance does; where all values are alike there is no psi, and ks alone counts. */
static bool changed(const struct bdiff_shape *s)
{
	return s->ks > s->ks_bound && (isnan(s->psi.psi) || s->psi.psi > s->psi.bound);
}

static enum bdiff_verdict verdict(const struct bdiff_shape *s, const struct bt_hist h[2], enum bt_better better,
				  const struct bdiff_shape_limits *limits)
{
	bool up = bt_hist_mean(&h[1]) > bt_hist_mean(&h[0]);

	if (!changed(s))
		return BDIFF_SAME;
	/* Comparisons with NaN are false: what has no limit, or no figure, is never beyond it. */
	if (better == BT_BETTER_NONE ||
	    !(s->psi.psi > limits->psi || s->ks > limits->ks || s->wasserstein > limits->wasserstein))
		return BDIFF_CHANGED;
	return up == (better == BT_BETTER_HIGHER) ? BDIFF_IMPROVED : BDIFF_REGRESSED;
}

static void compare(struct bdiff_shape *s, const struct bdiff_group *g, const struct bt_hist h[2], double alpha,
		    const struct bdiff_shape_limits *limits)
{
	s->n_base = h[0].n;
	s->n_new = h[1].n;
	s->psi = bt_drift_psi(&h[0], &h[1], alpha);
	s->ks = bt_drift_ks(&h[0], &h[1]);
	s->ks_bound = bt_drift_ks_bound((double)h[0].n, (double)h[1].n, alpha);
	s->wasserstein = bt_drift_wasserstein(&h[0], &h[1]) / g->side[BDIFF_BASE].pool->scale;
	shifts(s, h);
	s->verdict = verdict(s, h, g->contradiction ? BT_BETTER_NONE : g->better, limits);
}

int bdiff_shape(struct bdiff_shape *s, struct bdiff_group *g, double alpha, const struct bdiff_shape_limits *limits)
{
	struct bt_hist h[2];
	int rc;

	*s = (struct bdiff_shape){ .verdict = g->side[BDIFF_BASE].pool ? BDIFF_MISSING : BDIFF_ADDED };
	if (!g->side[BDIFF_BASE].pool || !g->side[BDIFF_NEW].pool)
		return 0;
	s->runs_base = bdiff_sample_order(&g->side[BDIFF_BASE]);
	s->runs_new = bdiff_sample_order(&g->side[BDIFF_NEW]);
	bt_hist_init(&h[0], 3);
	bt_hist_init(&h[1], 3);
	rc = load(g, h);
	if (rc == 0)
		compare(s, g, h, alpha, limits);
	bt_hist_free(&h[0]);
	bt_hist_free(&h[1]);
	return rc;
}

const char *bdiff_shape_class(const struct bdiff_shape *s)
{
	if (isnan(s->psi.psi))
		return NULL;
	return s->psi.psi > 0.25 ? "major" : s->psi.psi > 0.1 ? "moderate" : "stable";
}
