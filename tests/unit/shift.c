/* SPDX-License-Identifier: ISC
 *
 * shift - unit tests of shifts: estimate, interval, permutation, Holm, quantiles.
 *
 * usage: shift [NAME] | shift --between | shift --holm | shift --upper
 *
 * The options read one case a line from stdin and print one line of numbers for each, to be compared with other programs:
 *   --between  LEVEL NA NB VALUE...  ->  U p estimate lo hi level ratio permutation-p exact
 *   --holm     N P...                ->  P...
 *   --upper    P DOF                 ->  quantile (DOF 0: normal)
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "shift.h"
#include "stat.h"
#include "unit.h"

#define CHECK_NEAR(got, want, error) \
	do { \
		double near_got = (got), near_want = (want); \
		if (!(fabs(near_got - near_want) <= (error))) { \
			printf("# %s:%d: %s is %.17g, want %.17g\n", __FILE__, __LINE__, #got, near_got, near_want); \
			unit_failures++; \
		} \
	} while (0)

#define MOST 4000

static const double bench_old[] = { 3069, 3075, 3069, 3067, 3207, 3064, 3064, 3058, 3059, 3062 };
static const double bench_new[] = { 3075, 3065, 3059, 3065, 3060, 3081, 3186, 3135, 3087, 3062 };

static double normal(struct bt_rng *rng)
{
	return sqrt(-2 * log(bt_rng_unit(rng))) * cos(2 * M_PI * bt_rng_unit(rng));
}

static void fill(double *v, size_t n, struct bt_rng *rng, double middle, double sd)
{
	for (size_t i = 0; i < n; i++)
		v[i] = middle + sd * normal(rng);
}

/* All pairs, sorted. */
static double *naive_pairs(const double *a, size_t na, const double *b, size_t nb, bool ratio)
{
	double *d = calloc(na * nb, sizeof(*d));

	for (size_t i = 0; d && i < na; i++)
		for (size_t j = 0; j < nb; j++)
			d[i * nb + j] = ratio ? (b[j] - a[i]) / fabs(a[i]) : b[j] - a[i];
	if (d)
		bt_stat_sort(d, na * nb);
	return d;
}

static void test_known(void)
{
	static const double one[] = { 4 }, two[] = { 5 }, a[] = { 1, 2, 4 }, b[] = { 6, 8 }, zero[] = { 0, 1, 2 };
	struct bt_shift s;

	CHECK_EQ(bt_shift_between(one, 1, two, 1, 0.95, &s), 0);
	CHECK(s.ratio && s.estimate == 0.25 && s.lo == -INFINITY && s.hi == INFINITY && s.level == 0);
	/* Ratios 6 3 1.5 8 4 2: 1.5 2 [3 4] 6 8. */
	CHECK_EQ(bt_shift_between(a, 3, b, 2, 0.75, &s), 0);
	CHECK(s.ratio && s.estimate == 2.5);
	/* P(U = 0) = 1 / 10, so that the extremes cover 0.8. */
	CHECK(s.lo == 0.5 && s.hi == 7);
	CHECK_NEAR(s.level, 0.8, 1e-15);
	/* Differences of 6 8 from 0 1 2: 4 5 [6 6] 7 8. */
	CHECK_EQ(bt_shift_between(zero, 3, b, 2, 0.75, &s), 0);
	CHECK(!s.ratio && s.estimate == 6 && s.lo == 4 && s.hi == 8);
	CHECK_EQ(bt_shift_between(b, 2, zero, 3, 0.75, &s), 0);
	CHECK(!s.ratio && s.estimate == -6 && s.lo == -8 && s.hi == -4);
}

/* The sign says which way the value went. */
static void test_negative(void)
{
	static const double a[] = { -4, -2 }, lower[] = { -8, -6 }, same[] = { -2, -2 }, mixed[] = { -4, 2 };
	struct bt_shift s;

	/* Ratios 2 1.5 4 3. */
	CHECK_EQ(bt_shift_between(a, 2, lower, 2, 0.6, &s), 0);
	CHECK(s.ratio && s.estimate == -1.5 && s.lo == -3 && s.hi == -0.5);
	CHECK_EQ(bt_shift_between(same, 2, same, 2, 0.6, &s), 0);
	CHECK(s.ratio && s.estimate == 0 && !signbit(s.estimate) && s.lo == 0 && s.hi == 0);
	CHECK_EQ(bt_shift_between(mixed, 2, lower, 2, 0.6, &s), 0);
	CHECK(!s.ratio && s.estimate == -6);
}

static void test_refused(void)
{
	static const double good[] = { 1, 2 }, inf[] = { 1, INFINITY }, nan[] = { NAN, 1 };
	struct bt_shift s;

	CHECK_EQ(bt_shift_between(good, 0, good, 2, 0.95, &s), -EINVAL);
	CHECK(isnan(s.estimate) && s.lo == -INFINITY && s.hi == INFINITY && s.level == 0);
	CHECK_EQ(bt_shift_between(good, 2, good, 0, 0.95, &s), -EINVAL);
	CHECK_EQ(bt_shift_between(good, 2, inf, 2, 0.95, &s), -EINVAL);
	CHECK_EQ(bt_shift_between(nan, 2, good, 2, 0.95, &s), -EINVAL);
}

static void test_extremes(void)
{
	static const double tiny[] = { 5e-324, 1e-320, 1e-310 }, huge[] = { 1e300, 1.7e308, 1.7e308 };
	static const double low[] = { -1.7e308, -1.7e308, -1.6e308 };
	struct bt_shift s;

	CHECK_EQ(bt_shift_between(tiny, 3, huge, 3, 0.9, &s), 0);
	CHECK(s.ratio && s.estimate == INFINITY && s.hi == INFINITY);
	CHECK_EQ(bt_shift_between(huge, 3, tiny, 3, 0.9, &s), 0);
	CHECK(s.ratio && s.estimate == -1 && s.lo == -1);
	CHECK_EQ(bt_shift_between(low, 3, huge, 3, 0.9, &s), 0);
	CHECK(!s.ratio && s.estimate == INFINITY && s.lo == 1e300 + 1.6e308);
	/* Nobody asks for these levels; they must not lead astray. */
	CHECK(bt_shift_between(huge, 3, huge, 3, 1, &s) == 0 && s.level == 0);
	CHECK(bt_shift_between(huge, 3, huge, 3, 2, &s) == 0 && s.level == 0);
	CHECK(bt_shift_between(huge, 3, huge, 3, NAN, &s) == 0 && s.level == 0);
	CHECK(bt_shift_between(huge, 3, huge, 3, -5, &s) == 0 && s.lo <= s.estimate && s.hi >= s.estimate);
}

/* Against the sorted list of all pairs, with and without ties, of all signs; the interval by the rank that U gives. */
static void test_brute_force(void)
{
	struct bt_rng rng;
	double a[60], b[60], tail;

	bt_rng_seed(&rng, 1);
	for (int round = 0; round < 300; round++) {
		size_t na = 1 + bt_rng_below(&rng, 60), nb = 1 + bt_rng_below(&rng, 60);
		double middle = round % 3 == 0 ? 0 : round % 3 == 1 ? 100 : -100, *d;
		struct bt_shift s;
		int64_t u = bt_stat_utest_critical(na, nb, 0.025, &tail);

		fill(a, na, &rng, middle, 10);
		fill(b, nb, &rng, middle * 1.1, 10);
		for (size_t i = 0; round % 2 && i < na; i++)
			a[i] = rint(a[i] / 4) * 4 + 1;
		for (size_t i = 0; round % 2 && i < nb; i++)
			b[i] = rint(b[i] / 4) * 4 + 1;
		CHECK_EQ(bt_shift_between(a, na, b, nb, 0.95, &s), 0);
		d = naive_pairs(a, na, b, nb, s.ratio);
		CHECK(s.ratio == (round % 3 > 0) || na + nb < 5);
		CHECK_NEAR(s.estimate, bt_stat_median(d, na * nb), 1e-12);
		CHECK((s.level == 0) == (u < 0) && (u < 0 || s.level >= 0.95));
		if (u >= 0) {
			CHECK_NEAR(s.lo, d[u], 1e-12);
			CHECK_NEAR(s.hi, d[na * nb - 1 - (size_t)u], 1e-12);
		}
		free(d);
	}
}

static void test_large(void)
{
	static double a[MOST], b[MOST];
	struct bt_shift s;
	struct bt_rng rng;

	bt_rng_seed(&rng, 2);
	fill(a, MOST, &rng, 1000, 30);
	fill(b, MOST, &rng, 1050, 30);
	CHECK_EQ(bt_shift_between(a, MOST, b, MOST, 0.95, &s), 0);
	CHECK_NEAR(s.estimate, 0.05, 0.002);
	/* The interval of a difference of two means of normal values, and 2.3 % wider, since U is that much less efficient. */
	CHECK_NEAR(s.hi - s.lo, 2 * 1.96 * 0.03 * 1.025 * sqrt(2.0 / MOST) / sqrt(3 / M_PI), 1e-4);
	CHECK(s.lo < s.estimate && s.estimate < s.hi);
}

/* One shift lies outside the interval exactly when the test at the complement of its level finds it. */
static void test_interval_and_test_agree(void)
{
	struct bt_rng rng;
	double a[30], b[30];
	int found = 0;

	bt_rng_seed(&rng, 3);
	for (int round = 0; round < 1000; round++) {
		size_t na = 4 + bt_rng_below(&rng, 26), nb = 4 + bt_rng_below(&rng, 26);
		struct bt_shift s;
		double p;

		fill(a, na, &rng, 0, 1);
		fill(b, nb, &rng, 0.7, 1);
		bt_shift_between(a, na, b, nb, 0.95, &s);
		p = bt_stat_utest(a, na, b, nb, NULL);
		CHECK((s.lo > 0 || s.hi < 0) == (p <= 0.05));
		found += p <= 0.05;
	}
	CHECK(found > 200 && found < 800);
}

/* Without ties the coverage is the level that was reached, whatever the distribution. */
static void coverage(size_t na, size_t nb, bool skewed)
{
	enum { ROUNDS = 4000 };
	struct bt_rng rng;
	double a[60], b[60], level = 0;
	int covered = 0;

	bt_rng_seed(&rng, 4 + na);
	for (int round = 0; round < ROUNDS; round++) {
		struct bt_shift s;

		for (size_t i = 0; i < na; i++)
			a[i] = (skewed ? -exp(normal(&rng)) : normal(&rng)) - 20;
		for (size_t i = 0; i < nb; i++)
			b[i] = (skewed ? -exp(normal(&rng)) : normal(&rng)) + 20;
		bt_shift_between(a, na, b, nb, 0.95, &s);
		covered += s.lo <= 40 && 40 <= s.hi && !s.ratio;
		level = s.level;
	}
	CHECK(level >= 0.95 && level < 1);
	CHECK_NEAR((double)covered / ROUNDS, level, 3.5 * sqrt(level * (1 - level) / ROUNDS));
}

static void test_coverage(void)
{
	coverage(4, 4, true);
	coverage(10, 10, false);
	coverage(10, 10, true);
	coverage(7, 25, true);
	coverage(60, 60, false);
}

static void test_critical_known(void)
{
	/* Tables of U, two-sided 0.05 (Mann and Whitney 1947; the printed value is the largest that is significant). */
	static const struct {
		size_t na, nb;
		int u;
	} known[] = {
		{ 3, 3, -1 }, { 4, 4, 0 }, { 5, 5, 2 }, { 6, 6, 5 }, { 7, 7, 8 }, { 8, 8, 13 }, { 9, 9, 17 }, { 10, 10, 23 },
		{ 15, 15, 64 }, { 20, 20, 127 }, { 3, 10, 3 }, { 10, 20, 55 }, { 20, 10, 55 }, { 2, 7, -1 }, { 2, 8, 0 },
	};
	double p;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		CHECK_EQ(bt_stat_utest_critical(known[i].na, known[i].nb, 0.025, &p), known[i].u);
		CHECK(p <= 0.025 && (p > 0) == (known[i].u >= 0));
	}
	CHECK_EQ(bt_stat_utest_critical(0, 5, 0.025, &p), -1);
	CHECK_EQ(bt_stat_utest_critical(5, 5, 0, &p), -1);
	CHECK_EQ(bt_stat_utest_critical(5, 5, NAN, &p), -1);
	CHECK_EQ(bt_stat_utest_critical(1, 1, 0.5, &p), 0);
	CHECK(p == 0.5);
	CHECK_EQ(bt_stat_utest_critical(5, 5, 7, &p), 12);
	CHECK_NEAR(p, 0.5, 1e-15);
}

/* The exact test, which counts in another way, gives the same tail; the two methods meet where one takes over. */
static void test_critical_exact(void)
{
	static const size_t sizes[][2] = { { 6, 6 }, { 5, 13 }, { 20, 20 }, { 31, 17 }, { 49, 50 }, { 50, 50 } };
	double a[50], b[50], p, u;
	int64_t exact, approximate;

	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		size_t na = sizes[k][0], nb = sizes[k][1], left;

		left = (size_t)bt_stat_utest_critical(na, nb, 0.025, &p);
		/* Distinct values with that U: each of b's is passed by some of a's. */
		for (size_t j = 0; j < nb; j++)
			b[j] = (double)j;
		for (size_t i = 0; i < na; i++) {
			size_t over = left < nb ? left : nb;

			a[i] = (double)over - 0.5 - (double)i * 1e-3;
			left -= over;
		}
		CHECK_NEAR(bt_stat_utest(a, na, b, nb, &u) / 2, p, 1e-13);
		CHECK(left == 0 && u == (double)bt_stat_utest_critical(na, nb, 0.025, &p));
	}
	exact = bt_stat_utest_critical(50, 50, 0.025, &p);
	approximate = bt_stat_utest_critical(50, 51, 0.025, &p);
	/* 50 more pairs: half of them on this side, less their share of the spread. */
	CHECK(exact < approximate && approximate < exact + 25);
	CHECK_EQ(bt_stat_utest_critical(1, 100000, 0.025, &p), -1);
}

/* As the header says; where more than half are equal the least other distance is the reach. */
static void naive_rein_in(double *v, size_t n)
{
	double sorted[12], median, reach;

	for (size_t i = 0; i < n; i++)
		sorted[i] = v[i];
	bt_stat_sort(sorted, n);
	median = bt_stat_median(sorted, n);
	for (size_t i = 0; i < n; i++)
		sorted[i] = fabs(v[i] - median);
	bt_stat_sort(sorted, n);
	reach = 1.5 * 1.4826 * bt_stat_median(sorted, n);
	for (size_t i = 0; i < n && reach < 1e-9; i++)
		reach = sorted[i];
	for (size_t i = 0; i < n; i++)
		if (fabs(v[i] - median) > reach)
			v[i] = median + (v[i] > median ? 1 : -1) * reach * (1 + log(fabs(v[i] - median) / reach) / 10);
}

/* Every assignment by its bit mask. */
static double naive_permute(const double *a, size_t na, const double *b, size_t nb)
{
	double v[12], hits = 0, all = 0, observed = 0;
	bool logs = true;
	size_t n = na + nb;

	for (size_t i = 0; i < n; i++) {
		v[i] = i < na ? a[i] : b[i - na];
		logs = logs && v[i] > 0;
	}
	for (size_t i = 0; logs && i < n; i++)
		v[i] = log(v[i]);
	naive_rein_in(v, n);
	/* The first mask is the observed assignment. */
	for (unsigned mask = (1u << na) - 1; mask < 1u << n; mask++) {
		double sum[2] = { 0 }, apart;

		if ((size_t)__builtin_popcount(mask) != na)
			continue;
		for (size_t i = 0; i < n; i++)
			sum[mask >> i & 1] += v[i];
		apart = fabs(sum[1] / (double)na - sum[0] / (double)nb);
		observed = all == 0 ? apart : observed;
		all++;
		hits += apart >= observed - 1e-9;
	}
	return hits / all;
}

static void test_permute_brute_force(void)
{
	struct bt_rng rng;
	double v[12];
	bool exact;

	bt_rng_seed(&rng, 5);
	for (int round = 0; round < 300; round++) {
		size_t n = 2 + bt_rng_below(&rng, 11), na = 1 + bt_rng_below(&rng, n - 1);

		/* Small whole numbers: many sums are tied, also as logarithms (2 * 8 = 4 * 4). */
		for (size_t i = 0; i < n; i++)
			v[i] = round % 3 ? (double)(1 + bt_rng_below(&rng, 8)) : 10 * normal(&rng);
		if (round % 3 == 2)
			v[0] = 0;
		CHECK_NEAR(bt_shift_permute(v, na, v + na, n - na, &exact), naive_permute(v, na, v + na, n - na), 1e-12);
		CHECK(exact);
	}
}

static void test_permute_known(void)
{
	static const double a[] = { 1, 2, 3 }, b[] = { 4, 5, 6 }, same[] = { 7, 7, 7, 7 }, inf[] = { INFINITY, 1 };
	double p;
	bool exact;

	CHECK(bt_shift_permute(a, 3, b, 3, &exact) == 0.1 && exact);
	CHECK(bt_shift_permute(b, 3, a, 3, &exact) == 0.1 && exact);
	CHECK(bt_shift_permute(a, 1, b, 3, &exact) == 0.25);
	CHECK(bt_shift_permute(same, 4, same, 3, &exact) == 1);
	CHECK(bt_shift_permute(a, 3, a, 3, &exact) == 1);
	CHECK(isnan(bt_shift_permute(a, 0, b, 3, &exact)) && !exact);
	CHECK(isnan(bt_shift_permute(a, 3, b, 0, &exact)) && !exact);
	CHECK(isnan(bt_shift_permute(inf, 2, b, 3, &exact)));
	p = bt_shift_permute(bench_old, 10, bench_new, 10, &exact);
	CHECK_NEAR(p, 0.297, 0.005);
	CHECK(exact);
}

/* One wild run does not hide what all others say, nor do equal values but for rounding; order is all that counts. */
static void test_permute_outlier(void)
{
	double a[10], b[10];
	bool exact;

	for (int i = 0; i < 10; i++) {
		a[i] = 100 + i % 5;
		b[i] = 120 + i % 5;
	}
	CHECK(bt_shift_permute(a, 10, b, 10, &exact) == bt_shift_permute_least_p(10, 10));
	a[3] = 10000;
	CHECK(bt_shift_permute(a, 10, b, 10, &exact) < 0.01);
	CHECK(bt_shift_permute(b, 10, a, 10, &exact) < 0.01);
	for (int i = 0; i < 10; i++)
		a[i] = i ? 0.1 + 0.2 : 0.3;
	b[0] = b[1] = b[2] = 0.4;
	CHECK(bt_shift_permute(a, 10, b, 3, &exact) == bt_shift_permute_least_p(10, 3));
	a[3] = 0.31;
	a[4] = 0.32;
	CHECK(bt_shift_permute(a, 10, b, 3, &exact) == bt_shift_permute_least_p(10, 3));
}

/* Near-equal large values: rounding neither makes a tie of what is none nor the other way round. */
static void test_permute_rounding(void)
{
	double a[3], b[3];
	bool exact;

	for (int i = 0; i < 3; i++) {
		a[i] = 1e9 + i;
		b[i] = 1e9 + 3 + i;
	}
	CHECK(bt_shift_permute(a, 3, b, 3, &exact) == 0.1);
	b[2] = a[1];
	CHECK(bt_shift_permute(a, 3, b, 3, &exact) == naive_permute((double[]){ 1, 2, 3 }, 3, (double[]){ 4, 5, 2 }, 3));
	for (int i = 0; i < 3; i++) {
		a[i] = 0.1 * (1 + i);
		b[i] = 0.1 * (3 - i);
	}
	CHECK(bt_shift_permute(a, 3, b, 3, &exact) == 1);
}

/* Random assignments: close to all of them, the same at every call, and never 0. */
static void test_permute_random(void)
{
	struct bt_rng rng;
	double a[400], b[400], p, again, z;
	bool exact;

	bt_rng_seed(&rng, 6);
	fill(a, 200, &rng, 100, 3);
	fill(b, 200, &rng, 100.2, 3);
	p = bt_shift_permute(a, 200, b, 200, &exact);
	again = bt_shift_permute(a, 200, b, 200, &exact);
	CHECK(!exact && p == again);
	/* With so many values the t test says the same. */
	z = 0;
	for (int i = 0; i < 200; i++)
		z += (log(b[i]) - log(a[i])) / 200;
	z /= 0.03 * sqrt(2.0 / 200);
	CHECK(fabs(z) > 1 && fabs(z) < 3.5);
	CHECK_NEAR(log(p), log(erfc(fabs(z) * M_SQRT1_2)), 0.7);
	fill(b, 200, &rng, 110, 3);
	CHECK(bt_shift_permute(a, 200, b, 200, &exact) == bt_shift_permute_least_p(200, 200));
	fill(b, 200, &rng, 100, 3);
	CHECK(bt_shift_permute(a, 200, b, 15, &exact) > 0.001 && !exact);
}

/* Of samples without any difference the test finds one at most as often as it says: exact and random. */
static void test_permute_level(void)
{
	enum { ROUNDS = 400 };
	struct bt_rng rng;
	double a[16], b[16];
	bool exact;

	bt_rng_seed(&rng, 7);
	for (size_t n = 6; n <= 16; n += 10) {
		int found = 0;

		for (int round = 0; round < ROUNDS; round++) {
			for (size_t i = 0; i < n; i++) {
				a[i] = exp(2 * normal(&rng));
				b[i] = exp(2 * normal(&rng));
			}
			found += bt_shift_permute(a, n, b, n, &exact) <= 0.05;
		}
		CHECK_NEAR((double)found / ROUNDS, 0.05, 3.5 * sqrt(0.05 * 0.95 / ROUNDS));
		CHECK(exact == (n == 6));
	}
}

static void test_permute_least(void)
{
	double a[12], b[12];
	bool exact;

	for (int i = 0; i < 12; i++) {
		a[i] = 1 + i;
		b[i] = 100 + i * i;
	}
	for (size_t na = 1; na <= 12; na++)
		for (size_t nb = 1; nb <= 12; nb++)
			CHECK_NEAR(bt_shift_permute(a, na, b, nb, &exact), bt_shift_permute_least_p(na, nb), 1.1e-5);
	CHECK_NEAR(bt_shift_permute_least_p(10, 10), 2.0 / 184756, 1e-15);
	CHECK_NEAR(bt_shift_permute_least_p(3, 5), 1.0 / 56, 1e-15);
	CHECK(bt_shift_permute_least_p(11, 11) == 1.0 / 200000);
	CHECK(bt_shift_permute_least_p(5000000, 5000000) == 1.0 / 10000);
	CHECK(bt_shift_permute_least_p(1, 199999) == 1.0 / 200000);
	CHECK(bt_shift_permute_least_p(0, 5) == 1 && bt_shift_permute_least_p(1, 1) == 1);
	/* More runs never give less power to tell, as far as anybody will measure. */
	for (size_t n = 1; n < 1000; n++)
		CHECK(bt_shift_permute_least_p(n + 1, n + 1) <= bt_shift_permute_least_p(n, n));
}

static void test_holm(void)
{
	double p[] = { 0.01, 0.04, 0.03, 0.005 }, ties[] = { 0.5, 0.02, 0.02 }, holes[] = { NAN, 0.3, NAN, 0.04 }, one = 0.7;

	CHECK_EQ(bt_holm(p, 4), 0);
	CHECK_NEAR(p[3], 0.02, 1e-15);
	CHECK_NEAR(p[0], 0.03, 1e-15);
	CHECK_NEAR(p[2], 0.06, 1e-15);
	CHECK_NEAR(p[1], 0.06, 1e-15);
	CHECK_EQ(bt_holm(ties, 3), 0);
	CHECK_NEAR(ties[1], 0.06, 1e-15);
	CHECK_NEAR(ties[2], 0.06, 1e-15);
	CHECK(ties[0] == 0.5);
	CHECK_EQ(bt_holm(holes, 4), 0);
	CHECK(isnan(holes[0]) && isnan(holes[2]) && holes[1] == 0.3);
	CHECK_NEAR(holes[3], 0.08, 1e-15);
	CHECK(bt_holm(&one, 1) == 0 && one == 0.7);
	CHECK(bt_holm(NULL, 0) == 0);
}

static void test_holm_cap(void)
{
	double p[] = { 0.6, 0.9, 0.7 };

	CHECK_EQ(bt_holm(p, 3), 0);
	CHECK(p[0] == 1 && p[1] == 1 && p[2] == 1);
}

static void test_quantiles(void)
{
	/* Tables of the chi-square distribution (NIST/SEMATECH e-Handbook 1.3.6.7.4), upper tail. */
	static const struct {
		double p;
		unsigned dof;
		double x;
	} known[] = {
		{ 0.05, 1, 3.841 }, { 0.05, 2, 5.991 }, { 0.05, 3, 7.815 }, { 0.05, 9, 16.919 }, { 0.01, 9, 21.666 },
		{ 0.001, 9, 27.877 }, { 0.10, 10, 15.987 }, { 0.95, 9, 3.325 }, { 0.99, 1, 0.00016 }, { 0.05, 100, 124.342 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		CHECK_NEAR(bt_stat_chi2_upper(known[i].p, known[i].dof), known[i].x, 0.0006);
	CHECK_NEAR(bt_stat_chi2_upper(0.05, 2), -2 * log(0.05), 1e-14);
	CHECK(bt_stat_chi2_upper(0, 3) == INFINITY && bt_stat_chi2_upper(1, 3) == 0);
	CHECK(isnan(bt_stat_chi2_upper(0.5, 0)) && isnan(bt_stat_chi2_upper(-1, 3)) && isnan(bt_stat_chi2_upper(NAN, 3)));
	CHECK_NEAR(bt_stat_normal_upper(0.025), 1.959963984540054, 1e-14);
	CHECK_NEAR(bt_stat_normal_upper(0.975), -1.959963984540054, 1e-14);
	CHECK_NEAR(bt_stat_normal_upper(1e-10), 6.361340902404056, 1e-13);
	CHECK_NEAR(bt_stat_normal_upper(0.5), 0, 1e-15);
	CHECK(bt_stat_normal_upper(0) == INFINITY && bt_stat_normal_upper(1) == -INFINITY && isnan(bt_stat_normal_upper(2)));
}

static void test_runs_needed(void)
{
	/* The t test: 5 % with 3 % noise, alpha 0.05, power 0.95: 11 a side (Cohen 1988 gives 10.4 for d = 1.667). */
	CHECK_EQ(bt_shift_runs_needed(0.05, 0.03, 0.05, 0.95), 11);
	CHECK_EQ(bt_shift_runs_needed(-0.05, 0.03, 0.05, 0.95), 11);
	/* d = 0.5, power 0.8: the textbook's 64. */
	CHECK_EQ(bt_shift_runs_needed(0.5, 1, 0.05, 0.80), 64);
	/* However large the effect, with 3 a side p is 0.1 at best. */
	CHECK_EQ(bt_shift_runs_needed(100, 1, 0.05, 0.80), 4);
	CHECK_EQ(bt_shift_runs_needed(1, 0, 0.05, 0.80), 4);
	CHECK_EQ(bt_shift_runs_needed(INFINITY, 1, 0.001, 0.80), 7);
	CHECK_EQ(bt_shift_runs_needed(1, 0, 1e-5, 0.80), 11);
	CHECK_EQ(bt_shift_runs_needed(1, 0, 1e-6, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(0, 1, 0.05, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(0, 0, 0.05, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(1e-9, 1, 0.05, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(NAN, 1, 0.05, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(1, NAN, 0.05, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(1, 1, 0, 0.80), 10000);
	CHECK_EQ(bt_shift_runs_needed(1, 1, 0.05, 1), 10000);
}

/* As many runs as it says find the planted change as often as it says, tested by permutation. */
static void test_runs_needed_suffice(void)
{
	enum { ROUNDS = 300 };
	size_t n = bt_shift_runs_needed(0.05, 0.025, 0.05, 0.9);
	struct bt_rng rng;
	double a[10], b[10];
	int found = 0;
	bool exact;

	bt_rng_seed(&rng, 8);
	CHECK(n >= 4 && n <= 10);
	for (int round = 0; n <= 10 && round < ROUNDS; round++) {
		fill(a, n, &rng, 1, 0.025);
		fill(b, n, &rng, 1.05, 0.025);
		found += bt_shift_permute(a, n, b, n, &exact) <= 0.05;
	}
	CHECK((double)found / ROUNDS >= 0.9 - 3.5 * sqrt(0.9 * 0.1 / ROUNDS));
}

static const struct unit_test tests[] = {
	{ "shift: by hand", test_known },
	{ "shift: negative values", test_negative },
	{ "shift: what it refuses", test_refused },
	{ "shift: extreme values and levels", test_extremes },
	{ "shift: against all pairs", test_brute_force },
	{ "shift: thousands of values", test_large },
	{ "shift: interval and U test agree", test_interval_and_test_agree },
	{ "shift: coverage", test_coverage },
	{ "critical U: tables", test_critical_known },
	{ "critical U: against the exact test", test_critical_exact },
	{ "permutation: against all assignments", test_permute_brute_force },
	{ "permutation: by hand", test_permute_known },
	{ "permutation: outliers", test_permute_outlier },
	{ "permutation: rounding", test_permute_rounding },
	{ "permutation: at random", test_permute_random },
	{ "permutation: false alarms", test_permute_level },
	{ "permutation: least p", test_permute_least },
	{ "Holm", test_holm },
	{ "Holm: never above 1", test_holm_cap },
	{ "quantiles of chi-square and normal", test_quantiles },
	{ "runs needed", test_runs_needed },
	{ "runs needed: they suffice", test_runs_needed_suffice },
	{ NULL, NULL }
};

static bool read_values(double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (scanf("%lf", &v[i]) != 1)
			return false;
	return true;
}

static int tool_between(void)
{
	static double a[MOST], b[MOST];
	struct bt_shift s;
	size_t na, nb;
	double level, u, p, permuted;
	bool exact;

	while (scanf("%lf %zu %zu", &level, &na, &nb) == 3) {
		if (na > MOST || nb > MOST || !read_values(a, na) || !read_values(b, nb))
			return 1;
		p = bt_stat_utest(a, na, b, nb, &u);
		if (bt_shift_between(a, na, b, nb, level, &s) != 0)
			return 1;
		permuted = bt_shift_permute(a, na, b, nb, &exact);
		printf("%.17g %.17g %.17g %.17g %.17g %.17g %d %.17g %d\n", u, p, s.estimate, s.lo, s.hi, s.level, s.ratio,
			permuted, exact);
	}
	return 0;
}

static int tool_holm(void)
{
	static double p[MOST];
	size_t n;

	while (scanf("%zu", &n) == 1) {
		if (n > MOST || !read_values(p, n) || bt_holm(p, n) != 0)
			return 1;
		for (size_t i = 0; i < n; i++)
			printf("%.17g%s", p[i], i + 1 < n ? " " : "\n");
	}
	return 0;
}

static int tool_upper(void)
{
	double p;
	unsigned dof;

	while (scanf("%lf %u", &p, &dof) == 2)
		printf("%.17g\n", dof > 0 ? bt_stat_chi2_upper(p, dof) : bt_stat_normal_upper(p));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--between") == 0)
		return tool_between();
	if (argc == 2 && strcmp(argv[1], "--holm") == 0)
		return tool_holm();
	if (argc == 2 && strcmp(argv[1], "--upper") == 0)
		return tool_upper();
	return unit_main(tests, argc, argv);
}
