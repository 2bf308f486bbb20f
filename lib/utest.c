/* SPDX-License-Identifier: ISC
 *
 * utest - the Mann-Whitney U test: exact given the ties for small samples, normal approximation for large ones.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"

#define EXACT_MAX 50      /* largest sample of the exact test */
#define EXACT_TIES_MAX 25 /* the same when values are tied: their half ranks double the table */

struct value {
	double v;
	bool first; /* belongs to the first sample */
};

/* Both samples ranked together; the first is the smaller one. */
struct ranks {
	size_t n, n_first;
	double u;        /* of the first sample */
	double tie_term; /* sum of t^3 - t over all groups of t equal values; 0: no ties */
};

static int ascending(const void *a, const void *b)
{
	double x = ((const struct value *)a)->v, y = ((const struct value *)b)->v;

	return (x > y) - (x < y);
}

/* Sort all and give equal values the mean of their ranks; twice[i] receives twice the rank of the i-th value (NULL: not
 * wanted), an integer. */
static void rank_all(struct ranks *r, struct value *all, uint16_t *twice)
{
	double rank_sum = 0, n_first = (double)r->n_first;

	qsort(all, r->n, sizeof(*all), ascending);
	r->tie_term = 0;
	for (size_t i = 0, j; i < r->n; i = j) {
		double ties;

		for (j = i + 1; j < r->n && all[j].v == all[i].v; j++)
			;
		ties = (double)(j - i);
		r->tie_term += ties * ties * ties - ties;
		for (size_t k = i; k < j; k++) {
			rank_sum += all[k].first ? (double)(i + 1 + j) / 2 : 0;
			if (twice)
				twice[k] = (uint16_t)(i + 1 + j);
		}
	}
	r->u = rank_sum - n_first * (n_first + 1) / 2;
}

/*
 * ways[k * width + s]: how many sets of k of the values seen so far have a rank sum of s steps above the least, k (k+1) / 2.
 * A step is 1 without ties, else half a rank. With k up to half of all values no set on the way lies above the last row's end.
 */
static void count_ways(double *ways, size_t width, const struct ranks *r, const uint16_t *twice, int step)
{
	ways[0] = 1;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = i + 1 < r->n_first ? i + 1 : r->n_first; k > 0; k--) {
			int shift = (twice[i] - 2 * (int)k) * step / 2;
			size_t up = shift > 0 ? (size_t)shift : 0, down = shift < 0 ? (size_t)-shift : 0;
			const double *source = ways + (k - 1) * width + down;
			double *target = ways + k * width + up;

			for (size_t s = 0; s < width - up - down; s++)
				target[s] += source[s];
		}
}

/* Twice the smaller tail of the distribution of U, every choice of the first sample being equally likely. NaN: no memory. */
static double exact_p(const struct ranks *r, const uint16_t *twice)
{
	int step = r->tie_term > 0 ? 2 : 1;
	size_t width = r->n_first * (r->n - r->n_first) * (size_t)step + 1, at = (size_t)(r->u * step);
	double *ways = calloc((r->n_first + 1) * width, sizeof(*ways)), *last, low = 0, high = 0, total = 0;

	if (!ways)
		return NAN;
	count_ways(ways, width, r, twice, step);
	last = ways + r->n_first * width;
	for (size_t s = 0; s < width; s++) {
		total += last[s];
		low += s <= at ? last[s] : 0;
		high += s >= at ? last[s] : 0;
	}
	free(ways);
	return fmin(1, 2 * fmin(low, high) / total);
}

static double normal_p(const struct ranks *r)
{
	double n = (double)r->n, na = (double)r->n_first, nb = n - na;
	double variance = na * nb / 12 * ((n + 1) - r->tie_term / (n * (n - 1)));
	double distance = fabs(r->u - na * nb / 2) - 0.5; /* continuity correction */

	if (!(variance > 0) || distance <= 0)
		return 1;
	return erfc(distance / sqrt(2 * variance));
}

static void gather(struct value *all, const double *a, size_t na, const double *b, size_t nb)
{
	for (size_t i = 0; i < na; i++)
		all[i] = (struct value){ a[i], true };
	for (size_t i = 0; i < nb; i++)
		all[na + i] = (struct value){ b[i], false };
}

double bt_stat_utest(const double *a, size_t na, const double *b, size_t nb, double *u)
{
	struct value few[2 * EXACT_MAX], *all = few;
	uint16_t twice[2 * EXACT_MAX];
	struct ranks r = { .n = na + nb, .n_first = na < nb ? na : nb };
	size_t larger = na < nb ? nb : na;
	double p = NAN;

	if (u)
		*u = NAN;
	if (na == 0 || nb == 0)
		return NAN;
	if (larger > EXACT_MAX)
		all = calloc(r.n, sizeof(*all));
	if (!all)
		return NAN;
	if (na <= nb)
		gather(all, a, na, b, nb);
	else
		gather(all, b, nb, a, na);
	rank_all(&r, all, all == few ? twice : NULL);
	if (all != few)
		free(all);
	if (u)
		*u = na <= nb ? r.u : (double)na * (double)nb - r.u;
	if (larger <= (r.tie_term > 0 ? EXACT_TIES_MAX : EXACT_MAX))
		p = exact_p(&r, twice);
	return isnan(p) ? normal_p(&r) : p;
}

double bt_stat_utest_least_p(size_t na, size_t nb)
{
	size_t fewer = na < nb ? na : nb, more = na + nb - fewer;
	double p = 2;

	for (size_t i = 1; i <= fewer && p > 0; i++)
		p *= (double)i / (double)(more + i);
	return p < 1 ? p : 1;
}
