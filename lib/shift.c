/* SPDX-License-Identifier: ISC
 *
 * shift - the Hodges-Lehmann estimate of a shift, its distribution-free interval, and how many runs would settle it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shift.h"
#include "stat.h"

#define RUNS_MAX 10000

/* Two sorted samples of finite values; with ratio all above 0. */
struct pairs {
	const double *a, *b;
	size_t na, nb;
	bool ratio;
};

/* Rises with b and falls with a, also as rounded. */
static double pair(const struct pairs *p, size_t i, size_t j)
{
	return p->ratio ? p->b[j] / p->a[i] : p->b[j] - p->a[i];
}

/* How many pairs are at most limit: a larger a has all those of a smaller one, so one pass over both is enough. */
static uint64_t pairs_up_to(const struct pairs *p, double limit)
{
	uint64_t found = 0;
	size_t j = 0;

	for (size_t i = 0; i < p->na; i++) {
		while (j < p->nb && pair(p, i, j) <= limit)
			j++;
		found += j;
	}
	return found;
}

/* The bits of a double as an integer of the same order, and back: a negative one counts down from 0. */
static int64_t order_of(double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits < 0 ? INT64_MIN - bits : bits;
}

static double at_order(int64_t order)
{
	int64_t bits = order < 0 ? INT64_MIN - order : order;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* The rank-th smallest of all pairs, rank from 1, without a list of them: halve the range of doubles 64 times at most. */
static double nth_pair(const struct pairs *p, uint64_t rank)
{
	int64_t lo = order_of(pair(p, p->na - 1, 0)), hi = order_of(pair(p, 0, p->nb - 1));

	while (lo < hi) {
		int64_t middle = lo + (int64_t)(((uint64_t)hi - (uint64_t)lo) / 2);

		if (pairs_up_to(p, at_order(middle)) >= rank)
			hi = middle;
		else
			lo = middle + 1;
	}
	return at_order(lo);
}

static void estimate(const struct pairs *p, double level, struct bt_shift *out)
{
	uint64_t all = (uint64_t)p->na * p->nb;
	double unit = p->ratio, tail, middle[2];
	int64_t u;

	middle[0] = nth_pair(p, (all + 1) / 2);
	middle[1] = all % 2 ? middle[0] : nth_pair(p, all / 2 + 1);
	out->estimate = (middle[0] == middle[1] ? middle[0] : middle[0] / 2 + middle[1] / 2) - unit;
	u = bt_stat_utest_critical(p->na, p->nb, (1 - level) / 2, &tail);
	out->lo = u < 0 ? -INFINITY : nth_pair(p, (uint64_t)u + 1) - unit;
	out->hi = u < 0 ? INFINITY : nth_pair(p, all - (uint64_t)u) - unit;
	out->level = u < 0 ? 0 : 1 - 2 * tail;
}

static bool all_finite(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

/* 1 or -1 when both sorted samples lie on that side of 0, else 0. */
static int common_sign(const struct pairs *p)
{
	if (p->a[0] > 0 && p->b[0] > 0)
		return 1;
	return p->a[p->na - 1] < 0 && p->b[p->nb - 1] < 0 ? -1 : 0;
}

/* Mirrored at 0 the ratios of two negative samples stay what they are; as fractions of |a| they change their sign. */
static void mirror(struct bt_shift *s)
{
	double lo = s->lo;

	s->estimate = s->estimate == 0 ? 0 : -s->estimate;
	s->lo = -s->hi;
	s->hi = -lo;
}

int bt_shift_between(const double *a, size_t na, const double *b, size_t nb, double level, struct bt_shift *out)
{
	double *v;
	struct pairs p;
	int sign;

	*out = (struct bt_shift){ .estimate = NAN, .lo = -INFINITY, .hi = INFINITY };
	if (na == 0 || nb == 0 || !all_finite(a, na) || !all_finite(b, nb))
		return -EINVAL;
	v = calloc(na + nb, sizeof(*v));
	if (!v)
		return -ENOMEM;
	memcpy(v, a, na * sizeof(*v));
	memcpy(v + na, b, nb * sizeof(*v));
	bt_stat_sort(v, na);
	bt_stat_sort(v + na, nb);
	p = (struct pairs){ .a = v, .b = v + na, .na = na, .nb = nb };
	sign = common_sign(&p);
	p.ratio = out->ratio = sign != 0;
	if (sign < 0) {
		for (size_t i = 0; i < na + nb; i++)
			v[i] = -v[i];
		bt_stat_sort(v, na);
		bt_stat_sort(v + na, nb);
	}
	estimate(&p, level, out);
	if (sign < 0)
		mirror(out);
	free(v);
	return 0;
}

/* Sample size of the z test, plus what the t test needs beyond it (Guenther 1981, z^2/4 a side). */
size_t bt_shift_runs_needed(double effect, double sd, double alpha, double power)
{
	double z = bt_stat_normal_upper(alpha / 2), beyond = z + bt_stat_normal_upper(1 - power), spread = sd / effect;
	double need = sd == 0 ? 1 : 2 * beyond * beyond * spread * spread + z * z / 4;
	size_t n;

	if (effect == 0 || !(need < RUNS_MAX))
		return RUNS_MAX;
	n = need > 1 ? (size_t)ceil(need) : 1;
	while (n < RUNS_MAX && !(bt_shift_permute_least_p(n, n) <= alpha))
		n++;
	return n;
}
