/* SPDX-License-Identifier: ISC
 *
 * quantile - the values that a normal, a chi-square and a Mann-Whitney variable pass with a given probability.
 */
#include <math.h>

#include "stat.h"

#define EXACT_PAIRS 2500 /* largest product of sizes with an exact distribution of U: 50 values a side */

static double normal_above(double z, unsigned dof)
{
	(void)dof;
	return erfc(z * M_SQRT1_2) / 2;
}

/* For whole degrees of freedom a finite sum, with one more term for each two of them (Abramowitz and Stegun 26.4.8). */
static double chi2_above(double x, unsigned dof)
{
	double half = x / 2, above, term;
	unsigned k = dof % 2 ? 1 : 2;

	if (k == 1) {
		above = erfc(sqrt(half));
		term = exp(-half) * 2 * sqrt(half / M_PI);
	} else {
		above = exp(-half);
		term = above * half;
	}
	for (; k + 2 <= dof; k += 2) {
		above += term;
		term *= x / (k + 2);
	}
	return above;
}

/* Where the falling function above(x, dof) passes p, between lo and hi, to the last bit. */
static double bisect(double (*above)(double x, unsigned dof), unsigned dof, double p, double lo, double hi)
{
	double middle = (lo + hi) / 2;

	while (middle > lo && middle < hi) {
		if (above(middle, dof) > p)
			lo = middle;
		else
			hi = middle;
		middle = (lo + hi) / 2;
	}
	return hi;
}

double bt_stat_normal_upper(double p)
{
	if (!(p >= 0 && p <= 1))
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? INFINITY : -INFINITY;
	/* From the side where no digits are lost. Beyond 39 the probability is no longer a double. */
	return p > 0.5 ? -bisect(normal_above, 0, 1 - p, 0, 39) : bisect(normal_above, 0, p, 0, 39);
}

double bt_stat_chi2_upper(double p, unsigned dof)
{
	double hi = dof;

	if (!(p >= 0 && p <= 1) || dof == 0)
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? INFINITY : 0;
	while (chi2_above(hi, dof) > p)
		hi *= 2;
	return bisect(chi2_above, dof, p, 0, hi);
}

/*
 * ways[u], u < len: how many orders of fewer + more distinct values have U = u. The coefficients of the Gaussian binomial,
 * product of (1 - x^(more+i)) / (1 - x^i) (Harding 1984, Applied Statistics 33). All are whole numbers; rounding
 * starts beyond 2^53 and stays far below what a level needs.
 */
static void u_ways(double *ways, size_t len, size_t fewer, size_t more)
{
	for (size_t u = 0; u < len; u++)
		ways[u] = u == 0;
	for (size_t i = 1; i <= fewer; i++) {
		for (size_t u = len; u-- > more + i;)
			ways[u] -= ways[u - more - i];
		for (size_t u = i; u < len; u++)
			ways[u] += ways[u - i];
	}
}

static int64_t exact_critical(size_t fewer, size_t more, double tail, double *reached)
{
	double ways[EXACT_PAIRS / 2 + 1], all = 1, sum = 0;
	size_t len = fewer * more / 2 + 1, u;

	for (size_t i = 1; i <= fewer; i++)
		all *= (double)(more + i) / (double)i;
	u_ways(ways, len, fewer, more);
	/* One in 20 is to be 0.05, also where that was computed as (1 - 0.9) / 2. */
	for (u = 0; u < len && (sum + ways[u]) / all <= tail * (1 + 1e-12); u++)
		sum += ways[u];
	*reached = sum / all;
	return (int64_t)u - 1;
}

int64_t bt_stat_utest_critical(size_t na, size_t nb, double tail, double *reached)
{
	double pairs = (double)na * (double)nb, sd = sqrt(pairs / 12 * ((double)na + (double)nb + 1)), u;

	*reached = 0;
	if (na == 0 || nb == 0 || !(tail > 0))
		return -1;
	tail = tail < 0.5 ? tail : 0.5;
	if (pairs <= EXACT_PAIRS)
		return na < nb ? exact_critical(na, nb, tail, reached) : exact_critical(nb, na, tail, reached);
	u = floor(pairs / 2 - 0.5 - bt_stat_normal_upper(tail) * sd);
	if (u < 0)
		return -1;
	*reached = normal_above((pairs / 2 - 0.5 - u) / sd, 0);
	return (int64_t)u;
}
