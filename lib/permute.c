/* SPDX-License-Identifier: ISC
 *
 * permute - the permutation test: were the sides drawn by lot, how often would they differ as much?
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "shift.h"
#include "stat.h"

#define ALL_MAX 200000    /* assignments up to which all are tried */
#define FEWER_MAX 10      /* values of the smaller side then: choose(22, 11) is beyond */
#define TRIES_MAX 199999  /* random assignments ... */
#define TRIES_MIN 9999    /* ... and where the sides are large */
#define DRAWN_MAX 2e8     /* values that they draw in all until then: about a second */
#define REACH 2.2239    /* one and a half robust standard deviations, in median absolute deviations */
#define ENOUGH_HITS 1000  /* p is then known to 3 % of itself */

/* All values, reined in, less their mean. Which side differs how much follows from the sum of the smaller side alone. */
struct lots {
	double *v; /* n of them, and room for as many */
	size_t n, fewer;
	double least; /* sums this far from 0 are as extreme as what was observed */
};

/* choose(n, k), or something above limit. */
static double choose(size_t n, size_t k, double limit)
{
	double ways = 1;

	for (size_t i = 1; i <= k && ways <= limit; i++)
		ways = ways * (double)(n - k + i) / (double)i;
	return ways;
}

static double tries_for(size_t fewer)
{
	double tries = floor(DRAWN_MAX / (double)fewer);

	return tries > TRIES_MAX ? TRIES_MAX : tries < TRIES_MIN ? TRIES_MIN : tries;
}

/*
 * A single run may be off by any factor; its share of a mean would then drown what all others say. What is farther from the
 * median of all than reach counts hardly more than reach, in the same order. Nothing here looks at the sides, so that the
 * test stays exact. rounding: distances of values that are equal but for it; work: room for n.
 */
static void rein_in(double *v, size_t n, double rounding, double *work)
{
	double median, reach;

	memcpy(work, v, n * sizeof(*v));
	bt_stat_sort(work, n);
	median = bt_stat_median(work, n);
	for (size_t i = 0; i < n; i++)
		work[i] = fabs(v[i] - median);
	bt_stat_sort(work, n);
	reach = REACH * bt_stat_median(work, n);
	/* More than half are equal: the rest counts by its order and its sign. */
	for (size_t i = 0; i < n && reach <= rounding; i++)
		reach = work[i];
	for (size_t i = 0; i < n; i++) {
		double away = v[i] - median;

		if (fabs(away) > reach)
			v[i] = median + copysign(reach * (1 + log(fabs(away) / reach) / 10), away);
	}
}

/* Returns the sum of all sizes before the mean was taken off; not finite when a value is not. */
static double load(struct lots *l, const double *few, const double *many)
{
	double sum = 0, size = 0;
	bool logs = true;

	for (size_t i = 0; i < l->n; i++) {
		l->v[i] = i < l->fewer ? few[i] : many[i - l->fewer];
		logs = logs && l->v[i] > 0;
	}
	for (size_t i = 0; i < l->n; i++) {
		l->v[i] = logs ? log(l->v[i]) : l->v[i];
		size += fabs(l->v[i]);
	}
	if (!isfinite(size))
		return size;
	rein_in(l->v, l->n, 1e-9 * size / (double)l->n, l->v + l->n);
	for (size_t i = 0; i < l->n; i++)
		sum += l->v[i] / (double)l->n;
	for (size_t i = 0; i < l->n; i++)
		l->v[i] -= sum;
	return size;
}

/* Equal sums may differ by the rounding of logarithms and of the order of adding: such a tie is a hit. */
static void observe(struct lots *l, double size)
{
	double sum = 0, spread = 0;

	for (size_t i = 0; i < l->n; i++) {
		sum += i < l->fewer ? l->v[i] : 0;
		spread += fabs(l->v[i]);
	}
	l->least = fabs(sum) - 1e-12 * spread - 1e-14 * size;
}

/* Each choice of the smaller side once, in lexicographic order; sums[k] is that of its first k values. */
static double try_all(const struct lots *l)
{
	size_t at[FEWER_MAX] = { 0 }, k = 0;
	double sums[FEWER_MAX + 1] = { 0 }, hits = 0, tries = 0;

	for (;;) {
		if (at[k] > l->n - l->fewer + k) {
			if (k == 0)
				return hits / tries;
			at[--k]++;
			continue;
		}
		sums[k + 1] = sums[k] + l->v[at[k]];
		if (k + 1 < l->fewer) {
			at[k + 1] = at[k] + 1;
			k++;
			continue;
		}
		tries++;
		hits += fabs(sums[k + 1]) >= l->least;
		at[k]++;
	}
}

/* The smaller side drawn anew: the first values of a shuffle that goes on from where the last one ended. */
static double draw(struct lots *l, struct bt_rng *rng)
{
	double sum = 0;

	for (size_t i = 0; i < l->fewer; i++) {
		size_t j = i + bt_rng_below(rng, l->n - i);
		double drawn = l->v[j];

		l->v[j] = l->v[i];
		l->v[i] = drawn;
		sum += drawn;
	}
	return fabs(sum);
}

/* Once there are enough hits their share is an honest p as well, and no more tries are needed (Besag and Clifford 1991). */
static double try_some(struct lots *l)
{
	double tries = tries_for(l->fewer), hits = 0;
	struct bt_rng rng;

	bt_rng_seed(&rng, 1);
	for (double tried = 1; tried <= tries; tried++) {
		hits += draw(l, &rng) >= l->least;
		if (hits >= ENOUGH_HITS)
			return hits / tried;
	}
	return (1 + hits) / (1 + tries);
}

double bt_shift_permute(const double *a, size_t na, const double *b, size_t nb, bool *exact)
{
	struct lots l = { .n = na + nb, .fewer = na < nb ? na : nb };
	double size, p;

	*exact = l.fewer > 0 && choose(l.n, l.fewer, ALL_MAX) <= ALL_MAX;
	if (l.fewer == 0)
		return NAN;
	l.v = calloc(2 * l.n, sizeof(*l.v));
	if (!l.v)
		return NAN;
	size = na <= nb ? load(&l, a, b) : load(&l, b, a);
	observe(&l, size);
	if (!isfinite(size))
		p = NAN;
	else
		p = *exact ? try_all(&l) : try_some(&l);
	free(l.v);
	return p;
}

/* With sides of one size the opposite assignment differs as much. */
double bt_shift_permute_least_p(size_t na, size_t nb)
{
	size_t fewer = na < nb ? na : nb;
	double ways = choose(na + nb, fewer, ALL_MAX);

	if (fewer == 0)
		return 1;
	return ways <= ALL_MAX ? (na == nb ? 2 : 1) / ways : 1 / (1 + tries_for(fewer));
}
