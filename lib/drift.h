/* SPDX-License-Identifier: ISC
 *
 * drift - how far two distributions, counted in histograms, lie apart, and how far they would by chance.
 *
 * Both histograms must have the same digits: then the buckets are the same and nothing is lost; else the finer one must
 * first be reduced (bt_hist_reduce). Each result is NaN when a histogram is empty or the digits differ.
 */
#ifndef BT_DRIFT_H
#define BT_DRIFT_H

#include "hist.h"

#define BT_DRIFT_BINS 10

struct bt_psi {
	double psi;    /* population stability index, 0 and up: sum (a-e) ln(a/e) */
	double bound;  /* chance alone stays below with probability 1-alpha: chi-square quantile * (1/n + 1/m) (Yurdakul 2018) */
	unsigned bins; /* used: quantile bins of the baseline, fewer where values are tied; below 2 there is no psi */
	unsigned thin; /* bins that expect fewer than 5 values on either side: the bound is then rough */
};

/* bt_drift_psi - bins are tenths of base, whole buckets each; 0.5 is added to every count (Jeffreys), so that no bin is empty. */
struct bt_psi bt_drift_psi(const struct bt_hist *base, const struct bt_hist *now, double alpha);

/* bt_drift_ks - two-sample Kolmogorov-Smirnov distance, 0..1, at bucket resolution. bt_drift_ks_bound - what chance alone
 * stays below with probability 1-alpha (asymptotic, Stephens' correction; n, m: values of the sides), 1 at most. */
double bt_drift_ks(const struct bt_hist *base, const struct bt_hist *now);
double bt_drift_ks_bound(double n, double m, double alpha);

/* bt_drift_wasserstein - 1-Wasserstein distance in the unit of the values: the area between the distribution functions, from
 * bucket middles. */
double bt_drift_wasserstein(const struct bt_hist *base, const struct bt_hist *now);

#endif
