/* SPDX-License-Identifier: ISC
 *
 * drift - population stability index, Kolmogorov-Smirnov and Wasserstein distance of two histograms.
 */
#include <math.h>
#include <stdbool.h>

#include "drift.h"
#include "stat.h"

#define FEW 5 /* the chi-square law wants at least so many values expected in a bin */

enum { BASE, NOW };

/* Two histograms with the same buckets. */
struct both {
	const struct bt_hist *h[2];
	uint32_t used; /* buckets to look at */
	double n[2];   /* values in the buckets; what a decoded histogram says of itself may be something else */
};

static double in_bucket(const struct both *d, int side, uint32_t i)
{
	return i < d->h[side]->len ? (double)d->h[side]->counts[i] : 0;
}

/* False where nothing can be compared. */
static bool both_init(struct both *d, const struct bt_hist *base, const struct bt_hist *now)
{
	uint32_t used_base = bt_hist_used(base), used_now = bt_hist_used(now);

	*d = (struct both){ .h = { base, now }, .used = used_base > used_now ? used_base : used_now };
	for (uint32_t i = 0; i < d->used; i++) {
		d->n[BASE] += in_bucket(d, BASE, i);
		d->n[NOW] += in_bucket(d, NOW, i);
	}
	return base->digits == now->digits && d->n[BASE] > 0 && d->n[NOW] > 0;
}

/* Count both sides in tenths of base: a bin ends with the bucket in which its tenth is complete, the last one never; it begins
 * where base still has values. Returns how many there are. */
static unsigned fill_bins(const struct both *d, double bins[BT_DRIFT_BINS][2])
{
	uint32_t last = bt_hist_used(d->h[BASE]) - 1;
	double seen = 0;
	unsigned bin = 0, tenth = 1;

	for (uint32_t i = 0; i < d->used; i++) {
		bins[bin][BASE] += in_bucket(d, BASE, i);
		bins[bin][NOW] += in_bucket(d, NOW, i);
		seen += in_bucket(d, BASE, i);
		if (i >= last || seen * BT_DRIFT_BINS < tenth * d->n[BASE])
			continue;
		bin++;
		while (tenth < BT_DRIFT_BINS && seen * BT_DRIFT_BINS >= tenth * d->n[BASE])
			tenth++;
	}
	return bin + 1;
}

struct bt_psi bt_drift_psi(const struct bt_hist *base, const struct bt_hist *now, double alpha)
{
	struct bt_psi out = { .psi = NAN, .bound = NAN };
	double bins[BT_DRIFT_BINS][2] = { { 0 } }, psi = 0;
	struct both d;

	if (!both_init(&d, base, now))
		return out;
	out.bins = fill_bins(&d, bins);
	for (unsigned i = 0; i < out.bins; i++) {
		double e = (bins[i][BASE] + 0.5) / (d.n[BASE] + 0.5 * out.bins);
		double a = (bins[i][NOW] + 0.5) / (d.n[NOW] + 0.5 * out.bins);

		psi += (a - e) * log(a / e);
		out.thin += bins[i][BASE] < FEW || bins[i][BASE] / d.n[BASE] * d.n[NOW] < FEW;
	}
	if (out.bins < 2)
		return out;
	out.psi = psi;
	out.bound = bt_stat_chi2_upper(alpha, out.bins - 1) * (1 / d.n[BASE] + 1 / d.n[NOW]);
	return out;
}

double bt_drift_ks(const struct bt_hist *base, const struct bt_hist *now)
{
	double seen[2] = { 0 }, distance = 0;
	struct both d;

	if (!both_init(&d, base, now))
		return NAN;
	for (uint32_t i = 0; i < d.used; i++) {
		seen[BASE] += in_bucket(&d, BASE, i);
		seen[NOW] += in_bucket(&d, NOW, i);
		distance = fmax(distance, fabs(seen[BASE] / d.n[BASE] - seen[NOW] / d.n[NOW]));
	}
	return distance;
}

double bt_drift_ks_bound(double n, double m, double alpha)
{
	double lo = 0, hi = 1, both = n * m / (n + m);

	if (!(n > 0 && m > 0 && alpha > 0 && alpha <= 1))
		return NAN;
	while (hi - lo > 1e-12) {
		double middle = (lo + hi) / 2;

		if (bt_stat_ks_p(middle, both) > alpha)
			lo = middle;
		else
			hi = middle;
	}
	return hi;
}

static double middle_of(const struct bt_hist *h, uint32_t i)
{
	return (double)bt_hist_low(h, i) / 2 + (double)bt_hist_high(h, i) / 2;
}

double bt_drift_wasserstein(const struct bt_hist *base, const struct bt_hist *now)
{
	double seen[2] = { 0 }, area = 0, from = 0;
	struct both d;

	if (!both_init(&d, base, now))
		return NAN;
	for (uint32_t i = 0; i < d.used; i++) {
		if (in_bucket(&d, BASE, i) == 0 && in_bucket(&d, NOW, i) == 0)
			continue;
		area += fabs(seen[BASE] / d.n[BASE] - seen[NOW] / d.n[NOW]) * (middle_of(base, i) - from);
		from = middle_of(base, i);
		seen[BASE] += in_bucket(&d, BASE, i);
		seen[NOW] += in_bucket(&d, NOW, i);
	}
	return area;
}
