/* SPDX-License-Identifier: ISC
 *
 * shift - by how much one sample differs from another: estimates, distribution-free intervals and tests that suppose
 * nothing but that the values of a sample are exchangeable. One value per independent run.
 */
#ifndef BT_SHIFT_H
#define BT_SHIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ratio is had where all values lie on one side of 0; elsewhere estimate, lo and hi are in the unit of the values. */
struct bt_shift {
	double estimate; /* Hodges-Lehmann: the median of all pairwise (b[j] - a[i]) / |a[i]| (ratio) or b[j] - a[i] */
	double lo, hi;   /* confidence interval of it; -inf, +inf when the samples are too small for the level */
	double level;    /* reached, at least the one asked for; 0 when too small */
	bool ratio;      /* fractions of |a| */
};

/* bt_shift_between - of b against a (Hodges and Lehmann 1963; interval from the order statistics of the pairwise
 * differences at the exact quantiles of U for up to 2500 pairs, which is 50 values a side, else normal; Bauer 1972). The
 * samples need not be sorted and may be of any size: memory grows with na + nb, not with their product. Returns 0, -EINVAL
 * for an empty sample or a value that is not finite, or -ENOMEM; the estimate is then NaN, the interval without bounds. */
int bt_shift_between(const double *a, size_t na, const double *b, size_t nb, double level, struct bt_shift *out);

/* bt_shift_permute - two-sided permutation test of a difference of means of logarithms (of plain values where not all
 * are positive) by reassigning whole values (runs) to the two sides. What is d times as far from the median of all as 1.5
 * robust standard deviations, d above 1, counts as (1 + ln d / 10) times: one wild run must not drown all others. All
 * assignments are tried when there are at most 200 000; else random ones of a fixed seed: p is (1 + hits) / (1 + tries) of
 * 199 999 tries (fewer beyond 1000 values a side, at least 9 999), or hits / tries as soon as there are 1000 hits (Besag and
 * Clifford 1991). Returns p, never 0; NaN for an empty sample, a value that is not finite, or without memory. *exact: all
 * were tried. */
double bt_shift_permute(const double *a, size_t na, const double *b, size_t nb, bool *exact);

/* bt_shift_permute_least_p - the smallest p that test can give for these sizes: 1 / choose(na+nb, na), twice that where
 * they are equal, or 1 / (1 + tries). 1 for an empty sample. */
double bt_shift_permute_least_p(size_t na, size_t nb);

/* bt_holm - adjust n p-values in place for being a family (Holm 1979): step-down, never above 1, order kept. NaN stays NaN
 * and does not count. Returns 0 or -ENOMEM. */
int bt_holm(double *p, size_t n);

/* bt_shift_runs_needed - how many runs a side a two-sided test at alpha would need to find a change of this size with
 * probability power, given the spread of single runs: effect and sd in the same unit (fractions of the baseline, say). At
 * least the number from which the test can reach alpha at all (permute_least_p). 10000 at most, and where none would do. */
size_t bt_shift_runs_needed(double effect, double sd, double alpha, double power);

#endif
