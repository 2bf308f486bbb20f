/* SPDX-License-Identifier: ISC
 *
 * stat - summaries, order statistics and tests on samples of doubles. All pure functions.
 *
 * "sorted" means ascending, without NaN. n is the number of values. Each result is NaN where it is undefined.
 */
#ifndef BT_STAT_H
#define BT_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Running sums, accurate to about 2^-100 whatever the order (double-double arithmetic; Dekker 1971, Knuth TAOCP 4.2.2), so
 * that any split and merge of a stream gives the same figures. Integers are exact up to 2^105 in sum and in sumsq.
 */
struct bt_moments {
	uint64_t n;
	double min, max;       /* +inf and -inf while n is 0 */
	double sum, sum_lo;    /* sum + sum_lo */
	double sumsq, sumsq_lo;
};

void bt_moments_init(struct bt_moments *m);
void bt_moments_add(struct bt_moments *m, double v);

/* bt_moments_add_int - the same for an integer that may not fit a double. */
void bt_moments_add_int(struct bt_moments *m, __int128 v);
void bt_moments_merge(struct bt_moments *m, const struct bt_moments *from);

/* bt_moments_set_sd - sumsq from n and sum, which are set, and a standard deviation: that of the sample (n-1), or of the
 * population (n). */
void bt_moments_set_sd(struct bt_moments *m, double sd, bool population);

/* bt_moments_mean, bt_moments_sd - sd is that of the sample (n-1); NaN for n < 2. */
double bt_moments_mean(const struct bt_moments *m);
double bt_moments_sd(const struct bt_moments *m);

/* bt_moments_sum_int - true, with *out set, when the sum is an integer of less than 106 bits: then it is exact. */
bool bt_moments_sum_int(const struct bt_moments *m, __int128 *out);
bool bt_moments_sumsq_int(const struct bt_moments *m, __int128 *out);

/* bt_stat_sort - ascending, in place. */
void bt_stat_sort(double *v, size_t n);

/* bt_stat_rank_of - the rank, 1..n, of the p-th percentile of n values, p in 0..100: max(1, ceil(nextbelow(p) * n /
 * 100)), the rule of HdrHistogram's Java implementation since 2.1.10. n is at least 1. */
uint64_t bt_stat_rank_of(uint64_t n, double p);

/* bt_stat_rank - the value at that rank: an element of the sample (type 1). */
double bt_stat_rank(const double *sorted, size_t n, double p);

/* bt_stat_median - the middle, or the mean of the two middle values. */
double bt_stat_median(const double *sorted, size_t n);

/* bt_stat_median_ci - distribution-free confidence interval of the median by binomial order statistics: the narrowest
 * central pair of elements that covers it with probability >= level. Returns the probability reached; *lo, *hi are -inf,
 * +inf and the result 0 when n is too small (below 6 at 0.95). */
double bt_stat_median_ci(const double *sorted, size_t n, double level, double *lo, double *hi);

/* bt_stat_utest - Mann-Whitney U test, two-sided. Returns p; *u receives U of the first sample (NULL: not wanted). Exact
 * (conditional on ties) for up to 50 values a side without ties and 25 with, else normal with tie and continuity
 * correction. Both samples all equal: 1. Empty sample: NaN. The samples need not be sorted. Without memory for the exact
 * test the normal approximation is taken; without memory to rank more than 50 values a side the result is NaN. */
double bt_stat_utest(const double *a, size_t na, const double *b, size_t nb, double *u);

/* bt_stat_utest_least_p - the smallest p the test can give for these sizes: 2 / choose(na+nb, na). */
double bt_stat_utest_least_p(size_t na, size_t nb);

/* bt_stat_utest_critical - the largest u with P(U <= u) <= tail, tail up to 0.5, for distinct values; *reached receives that
 * probability. -1, and 0, where even U = 0 is likelier. Exact for up to 2500 pairs (50 values a side), else normal with
 * continuity correction. */
int64_t bt_stat_utest_critical(size_t na, size_t nb, double tail, double *reached);

/* bt_stat_normal_upper, bt_stat_chi2_upper - what a standard normal variable, or one of chi-square with dof degrees of freedom,
 * exceeds with probability p, 0..1. */
double bt_stat_normal_upper(double p);
double bt_stat_chi2_upper(double p, unsigned dof);

/* bt_stat_ks - one-sample Kolmogorov-Smirnov distance of a sorted sample from the distribution function cdf(x, arg), and
 * bt_stat_ks_p - its asymptotic p (Stephens' correction, good from n = 8). */
double bt_stat_ks(const double *sorted, size_t n, double (*cdf)(double x, void *arg), void *arg);
double bt_stat_ks_p(double d, double n);

#endif
