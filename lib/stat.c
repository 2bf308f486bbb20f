/* SPDX-License-Identifier: ISC
 *
 * stat - order statistics, the confidence interval of a median, and the Kolmogorov-Smirnov distance.
 */
#include <math.h>
#include <stdlib.h>

#include "stat.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void bt_stat_sort(double *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), ascending);
}

/* One ulp is taken off p so that a product that rounding lifted just above an integer is not taken up to the next one. */
uint64_t bt_stat_rank_of(uint64_t n, double p)
{
	double rank = ceil(nextafter(p < 100 ? p : 100, -1) * (double)n / 100);

	if (!(rank > 1))
		return 1;
	return rank < (double)n ? (uint64_t)rank : n;
}

double bt_stat_rank(const double *sorted, size_t n, double p)
{
	return n > 0 ? sorted[bt_stat_rank_of(n, p) - 1] : NAN;
}

double bt_stat_median(const double *sorted, size_t n)
{
	if (n == 0)
		return NAN;
	/* Halved first: the sum of two large values would overflow. */
	return n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}

/* choose(n, n/2) / 2^n, without a large number on the way. */
static double binomial_mode(size_t n)
{
	double p = n % 2 ? 0.5 : 1;

	for (size_t i = 1; i <= n / 2; i++)
		p *= (double)(n - n / 2 + i) / (4 * (double)i);
	return p;
}

/*
 * As many values lie below the median as heads fall in n tosses. Starting from the likeliest number of heads, take in the
 * likelier neighbour, the lower one of two equals, until the level is reached.
 */
double bt_stat_median_ci(const double *sorted, size_t n, double level, double *lo, double *hi)
{
	size_t first = n / 2, last = first; /* numbers of heads taken in */
	double p_first = binomial_mode(n), p_last = p_first, reached = p_first;

	*lo = -INFINITY;
	*hi = INFINITY;
	while (reached < level && first > 0) {
		double down = p_first * (double)first / (double)(n - first + 1);
		double up = p_last * (double)(n - last) / (double)(last + 1);

		if (down >= up) {
			first--;
			reached += p_first = down;
		} else {
			last++;
			reached += p_last = up;
		}
		if (down == 0 && up == 0)
			break;
	}
	if (first == 0 || last >= n || reached < level)
		return 0;
	*lo = sorted[first - 1];
	*hi = sorted[last];
	return reached;
}

double bt_stat_ks(const double *sorted, size_t n, double (*cdf)(double x, void *arg), void *arg)
{
	double d = 0;

	if (n == 0)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		double f = cdf(sorted[i], arg);

		d = fmax(d, f - (double)i / (double)n);
		d = fmax(d, (double)(i + 1) / (double)n - f);
	}
	return d;
}

/* Kolmogorov's distribution has two series that converge at opposite ends; either is exact to 1e-15 at the seam. */
double bt_stat_ks_p(double d, double n)
{
	double root = sqrt(n), x = (root + 0.12 + 0.11 / root) * d, sum = 0;

	if (!(n > 0) || !(d >= 0))
		return NAN;
	if (x < 1) {
		for (int k = 1; k <= 7 && x > 0.04; k += 2)
			sum += exp(-k * k * M_PI * M_PI / (8 * x * x));
		return x > 0.04 ? 1 - sqrt(2 * M_PI) / x * sum : 1;
	}
	for (int k = 1; k <= 5; k++)
		sum += (k % 2 ? 2 : -2) * exp(-2 * k * k * x * x);
	return sum;
}
