/* SPDX-License-Identifier: ISC
 *
 * stat - unit tests of summaries, order statistics and tests on samples.
 */
#include <math.h>
#include <stdlib.h>

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

#define MANY 100000

/* A generator of our own: the figures must be the same wherever this runs. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static double next_double(uint64_t *state)
{
	return (double)(next_random(state) >> 11) * 0x1p-53;
}

/* Latencies with a heavy tail, with signs mixed in when asked for. */
static void fill(double *v, size_t n, bool mixed_signs)
{
	uint64_t state = 1;

	for (size_t i = 0; i < n; i++) {
		v[i] = 1e3 / pow(1 - next_double(&state), 1.3);
		if (mixed_signs && next_random(&state) & 1)
			v[i] = -v[i];
	}
}

static void shuffle(double *v, size_t n, uint64_t seed)
{
	for (size_t i = n - 1; i > 0; i--) {
		size_t j = next_random(&seed) % (i + 1);
		double swap = v[i];

		v[i] = v[j];
		v[j] = swap;
	}
}

static struct bt_moments moments_of(const double *v, size_t n)
{
	struct bt_moments m;

	bt_moments_init(&m);
	for (size_t i = 0; i < n; i++)
		bt_moments_add(&m, v[i]);
	return m;
}

static bool same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void check_same(const struct bt_moments *a, const struct bt_moments *b)
{
	CHECK_EQ(a->n, b->n);
	CHECK(same_bits(a->min, b->min) && same_bits(a->max, b->max));
	CHECK(same_bits(a->sum, b->sum) && same_bits(a->sumsq, b->sumsq));
	CHECK(same_bits(bt_moments_mean(a), bt_moments_mean(b)));
	CHECK(same_bits(bt_moments_sd(a), bt_moments_sd(b)));
}

static void test_any_order(void)
{
	double *v = malloc(MANY * sizeof(*v));

	for (int mixed = 0; v && mixed < 2; mixed++) {
		struct bt_moments first, other;

		fill(v, MANY, mixed);
		first = moments_of(v, MANY);
		for (uint64_t seed = 1; seed <= 5; seed++) {
			shuffle(v, MANY, seed);
			other = moments_of(v, MANY);
			check_same(&first, &other);
		}
	}
	free(v);
}

static void test_any_split(void)
{
	double *v = malloc(MANY * sizeof(*v));
	uint64_t state = 7;
	struct bt_moments whole;

	CHECK(v);
	if (!v)
		return;
	fill(v, MANY, false);
	whole = moments_of(v, MANY);
	for (size_t most = 1; most <= MANY; most *= 10) {
		struct bt_moments merged;

		bt_moments_init(&merged);
		for (size_t at = 0, len; at < MANY; at += len) {
			struct bt_moments part;

			len = 1 + next_random(&state) % most;
			len = len < MANY - at ? len : MANY - at;
			part = moments_of(v + at, len);
			if (next_random(&state) & 1) {
				bt_moments_merge(&part, &merged);
				merged = part;
			} else {
				bt_moments_merge(&merged, &part);
			}
		}
		check_same(&whole, &merged);
	}
	free(v);
}

static void test_moments_known(void)
{
	static const double v[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	struct bt_moments m = moments_of(v, 8), small, none;

	CHECK_EQ(m.n, 8);
	CHECK(m.min == 2 && m.max == 9);
	CHECK(bt_moments_mean(&m) == 5);
	CHECK_NEAR(bt_moments_sd(&m), sqrt(32.0 / 7), 1e-15);
	small = moments_of(v, 1);
	CHECK(bt_moments_mean(&small) == 2 && isnan(bt_moments_sd(&small)));
	bt_moments_init(&none);
	CHECK(isnan(bt_moments_mean(&none)) && isnan(bt_moments_sd(&none)));
	CHECK(none.min == INFINITY && none.max == -INFINITY);
	bt_moments_merge(&small, &none);
	CHECK(small.n == 1 && small.min == 2 && small.max == 2 && bt_moments_mean(&small) == 2);
}

/* Where the textbook formula in doubles gives nonsense. */
static void test_moments_cancellation(void)
{
	struct bt_moments m;

	bt_moments_init(&m);
	for (int i = 0; i < 1000; i++)
		bt_moments_add(&m, 1e9 + (i % 2 ? 0x1p-10 : -0x1p-10));
	CHECK_NEAR(bt_moments_sd(&m), 0x1p-10 * sqrt(1000.0 / 999), 1e-15);
	bt_moments_init(&m);
	for (int i = 0; i < 10; i++)
		bt_moments_add(&m, 0.1);
	CHECK(bt_moments_sd(&m) == 0 && bt_moments_mean(&m) == 0.1);
	bt_moments_init(&m);
	bt_moments_add(&m, 1e16);
	bt_moments_add(&m, 1);
	bt_moments_add(&m, -1e16);
	CHECK(bt_moments_mean(&m) == 1.0 / 3);
}

static void test_moments_huge(void)
{
	struct bt_moments m;
	__int128 sum;

	bt_moments_init(&m);
	bt_moments_add(&m, 1e300);
	bt_moments_add(&m, 1e300);
	bt_moments_add(&m, 2e300);
	CHECK_NEAR(bt_moments_mean(&m) / 1e300, 4.0 / 3, 1e-15);
	CHECK(!bt_moments_sum_int(&m, &sum));
	bt_moments_add(&m, 1.7e308);
	bt_moments_add(&m, 1.7e308);
	CHECK(bt_moments_mean(&m) == INFINITY);
	CHECK(!bt_moments_sum_int(&m, &sum) && !bt_moments_sumsq_int(&m, &sum));
}

static void test_integers_exact(void)
{
	const __int128 big = ((__int128)1 << 100) + 12345, most = (__int128)(~(unsigned __int128)0 >> 1);
	struct bt_moments m;
	__int128 sum, want = 0, want_sq = 0;
	uint64_t state = 3;

	bt_moments_init(&m);
	for (int i = 0; i < 1000; i++) {
		uint64_t v = next_random(&state) >> 16;

		bt_moments_add_int(&m, v);
		want += v;
		want_sq += (__int128)v * v;
	}
	CHECK(bt_moments_sum_int(&m, &sum) && sum == want);
	CHECK(bt_moments_sumsq_int(&m, &sum) && sum == want_sq);
	bt_moments_init(&m);
	bt_moments_add_int(&m, ((__int128)1 << 53) + 1);
	bt_moments_add_int(&m, ((__int128)1 << 53) + 1);
	CHECK(bt_moments_sum_int(&m, &sum) && sum == ((__int128)1 << 54) + 2);
	bt_moments_init(&m);
	bt_moments_add_int(&m, big);
	bt_moments_add_int(&m, -7);
	bt_moments_add_int(&m, UINT64_MAX);
	CHECK(bt_moments_sum_int(&m, &sum) && sum == big - 7 + UINT64_MAX);
	bt_moments_add(&m, 0.5);
	CHECK(!bt_moments_sum_int(&m, &sum));
	bt_moments_init(&m);
	bt_moments_add_int(&m, most);
	bt_moments_add_int(&m, -most - 1);
	CHECK(m.max == 0x1p127 && m.min == -0x1p127);
}

static void test_rank(void)
{
	static const double v[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	CHECK(bt_stat_rank(v, 12, 95) == 12);
	CHECK(bt_stat_rank(v, 5, 25) == 2);
	CHECK(bt_stat_rank(v, 4, 50) == 2);
	CHECK(bt_stat_rank(v, 5, 50) == 3);
	CHECK(bt_stat_rank(v, 12, 0) == 1);
	CHECK(bt_stat_rank(v, 12, 100) == 12);
	CHECK(bt_stat_rank(v, 12, 101) == 12);
	CHECK(bt_stat_rank(v, 1, 99.9) == 1);
	CHECK(isnan(bt_stat_rank(v, 0, 50)));
}

static void test_rank_of(void)
{
	CHECK_EQ(bt_stat_rank_of(1, 0), 1);
	CHECK_EQ(bt_stat_rank_of(5, 25), 2);
	CHECK_EQ(bt_stat_rank_of(100, 50), 50);
	CHECK_EQ(bt_stat_rank_of(100, 99.9), 100);
	CHECK_EQ(bt_stat_rank_of(1000, 100), 1000);
	CHECK_EQ(bt_stat_rank_of((uint64_t)1 << 40, 100), (uint64_t)1 << 40);
}

/* sd comes back from sum and sd, also where the mean is ten million times as large. */
static void test_set_sd(void)
{
	static const double sds[] = { 0, 1e-3, 0.1, 1.0 / 3, 12345.678 };

	for (size_t i = 0; i < sizeof(sds) / sizeof(sds[0]); i++) {
		struct bt_moments m = { .n = 12345, .min = 1, .max = 2, .sum = 12345 * 1e4 / 3, .sum_lo = 1e-9 };
		double back;

		bt_moments_set_sd(&m, sds[i], false);
		back = bt_moments_sd(&m);
		CHECK_NEAR(back, sds[i], 1e-15 * sds[i]);
		bt_moments_set_sd(&m, sds[i], true);
		back = bt_moments_sd(&m) * sqrt(12344.0 / 12345);
		CHECK_NEAR(back, sds[i], 1e-15 * sds[i]);
	}
}

static void test_set_sd_edges(void)
{
	struct bt_moments m = { .n = 1, .sum = 3 };

	bt_moments_set_sd(&m, NAN, false);
	CHECK(m.sumsq == 9 && m.sumsq_lo == 0);
	bt_moments_set_sd(&m, NAN, true);
	CHECK(isnan(m.sumsq) && m.sumsq_lo == 0);
	m = (struct bt_moments){ .n = 2, .sum = 1e300 };
	bt_moments_set_sd(&m, 1, false);
	CHECK(m.sumsq == INFINITY && m.sumsq_lo == 0);
	m = (struct bt_moments){ .n = ((uint64_t)1 << 62) + 1, .sum = 0x1p62, .sum_lo = 1 };
	bt_moments_set_sd(&m, 0, false);
	CHECK(m.sumsq == 0x1p62 && m.sumsq_lo == 1);
	m = (struct bt_moments){ .n = 0 };
	bt_moments_set_sd(&m, 1, false);
	CHECK(m.sumsq == 0);
}

static void test_median(void)
{
	static const double v[] = { -3, 1, 2, 10, 11 }, huge[] = { 1.6e308, 1.7e308 };

	CHECK(isnan(bt_stat_median(v, 0)));
	CHECK(bt_stat_median(v, 1) == -3);
	CHECK(bt_stat_median(v, 4) == 1.5);
	CHECK(bt_stat_median(v, 5) == 2);
	CHECK_NEAR(bt_stat_median(huge, 2) / 1e308, 1.65, 1e-15);
}

static void test_sort(void)
{
	double v[1000];

	fill(v, 1000, true);
	bt_stat_sort(v, 1000);
	for (int i = 1; i < 1000; i++)
		CHECK(v[i - 1] <= v[i]);
	bt_stat_sort(v, 0);
}

static void test_median_ci(void)
{
	static const struct {
		size_t n, lo, hi;
		double reached;
	} known[] = {
		{ 6, 1, 6, .969 }, { 7, 1, 7, .984 }, { 8, 1, 7, .961 }, { 9, 2, 8, .961 }, { 10, 2, 9, .979 },
		{ 12, 3, 10, .961 }, { 15, 4, 12, .965 }, { 20, 6, 15, .959 }, { 30, 10, 21, .957 },
	};
	double v[2000], lo, hi;

	for (int i = 0; i < 2000; i++)
		v[i] = i + 1;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		CHECK_NEAR(bt_stat_median_ci(v, known[i].n, 0.95, &lo, &hi), known[i].reached, 0.0005);
		CHECK_EQ(lo, known[i].lo);
		CHECK_EQ(hi, known[i].hi);
	}
	for (size_t n = 0; n < 6; n++) {
		CHECK(bt_stat_median_ci(v, n, 0.95, &lo, &hi) == 0);
		CHECK(lo == -INFINITY && hi == INFINITY);
	}
	/* Normal approximation: 1000 -+ 1.96 sqrt(2000) / 2. */
	CHECK(bt_stat_median_ci(v, 2000, 0.95, &lo, &hi) >= 0.95);
	CHECK_NEAR(lo, 957, 1);
	CHECK_NEAR(hi, 1044, 1);
	CHECK(bt_stat_median_ci(v, 10, 1, &lo, &hi) == 0 && lo == -INFINITY);
}

static void test_utest_known(void)
{
	static const double base[] = { 3069, 3075, 3069, 3067, 3207, 3064, 3064, 3058, 3059, 3062 };
	static const double new[] = { 3075, 3065, 3059, 3065, 3060, 3081, 3186, 3135, 3087, 3062 };
	/* 3 of 10 without ties: U = 2 has 4 arrangements of 120 on its side. */
	static const double few[] = { 1, 2, 5 }, more[] = { 3, 4, 6, 7, 8, 9, 10 };
	double u;

	CHECK_NEAR(bt_stat_utest(base, 10, new, 10, &u), 0.4461, 0.00005);
	CHECK(u == 39.5);
	CHECK_NEAR(bt_stat_utest(new, 10, base, 10, &u), 0.4461, 0.00005);
	CHECK(u == 60.5);
	CHECK_NEAR(bt_stat_utest(few, 3, more, 7, &u), 2 * 4.0 / 120, 1e-12);
	CHECK(u == 2);
	CHECK_NEAR(bt_stat_utest(more, 7, few, 3, &u), 2 * 4.0 / 120, 1e-12);
	CHECK(u == 19);
}

static void test_utest_least(void)
{
	static const struct {
		size_t n;
		double p;
	} known[] = { { 3, 0.1 }, { 4, 0.0286 }, { 5, 0.0079 }, { 6, 0.0022 }, { 7, 0.00058 }, { 8, 0.00016 } };
	double a[50], b[50], u;

	for (int i = 0; i < 50; i++) {
		a[i] = i;
		b[i] = 100 + i;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = known[i].n;

		CHECK_NEAR(bt_stat_utest_least_p(n, n), known[i].p, known[i].p * 0.03);
		CHECK_NEAR(bt_stat_utest(a, n, b, n, &u), bt_stat_utest_least_p(n, n), 1e-15);
		CHECK(u == 0);
		CHECK_NEAR(bt_stat_utest(b, n, a, n, &u), bt_stat_utest_least_p(n, n), 1e-15);
		CHECK(u == (double)(n * n));
	}
	CHECK_NEAR(bt_stat_utest(a, 50, b, 50, NULL) / bt_stat_utest_least_p(50, 50), 1, 1e-9);
	CHECK(bt_stat_utest_least_p(1, 1) == 1 && bt_stat_utest_least_p(0, 5) == 1);
	CHECK_NEAR(bt_stat_utest_least_p(2, 5), 2.0 / 21, 1e-15);
	CHECK(bt_stat_utest_least_p(100000, 100000) == 0);
}

/* Enumerate all ways to choose na of n values and count those at least as far out, by brute force. */
static double brute_p(const double *all, size_t n, size_t na)
{
	double ways = 0, low = 0, high = 0, u[1 << 12], first = 0;
	size_t found = 0;

	for (unsigned set = 0; set < 1u << n; set++) {
		double sum = 0;

		if ((size_t)__builtin_popcount(set) != na)
			continue;
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n && set >> i & 1; j++)
				if (!(set >> j & 1))
					sum += all[i] > all[j] ? 1 : all[i] == all[j] ? 0.5 : 0;
		if (set == (1u << na) - 1)
			first = sum;
		u[found++] = sum;
	}
	for (size_t i = 0; i < found; i++) {
		ways++;
		low += u[i] <= first;
		high += u[i] >= first;
	}
	return fmin(1, 2 * fmin(low, high) / ways);
}

static void test_utest_ties(void)
{
	uint64_t state = 11;
	double v[10];

	for (int round = 0; round < 100; round++) {
		size_t n = 2 + next_random(&state) % 9, na = 1 + next_random(&state) % (n - 1), kinds = 1 + round % 6;

		for (size_t i = 0; i < n; i++)
			v[i] = (double)(next_random(&state) % kinds);
		CHECK_NEAR(bt_stat_utest(v, na, v + na, n - na, NULL), brute_p(v, n, na), 1e-12);
	}
}

static void test_utest_edges(void)
{
	double same[100], a[100], b[100], u, exact, normal;

	for (int i = 0; i < 100; i++) {
		same[i] = 5;
		a[i] = i * 2;
		b[i] = i * 2 + (i % 3 ? 21 : -20);
	}
	CHECK(isnan(bt_stat_utest(a, 0, b, 5, &u)) && isnan(u));
	CHECK(isnan(bt_stat_utest(a, 5, b, 0, NULL)));
	CHECK(bt_stat_utest(same, 5, same, 5, &u) == 1 && u == 12.5);
	CHECK(bt_stat_utest(same, 100, same, 100, NULL) == 1);
	CHECK(bt_stat_utest(same, 1, same, 25, NULL) == 1);
	CHECK(bt_stat_utest(same, 25, same, 1, NULL) == 1);
	CHECK(bt_stat_utest(a, 100, a, 100, &u) == 1 && u == 5000);
	/* The two methods meet where one takes over from the other. */
	exact = bt_stat_utest(a, 50, b, 50, NULL);
	normal = bt_stat_utest(a, 51, b, 51, NULL);
	CHECK(exact > 0.05 && exact < 0.9);
	CHECK_NEAR(exact, normal, 0.02);
}

static double uniform(double x, void *arg)
{
	(void)arg;
	return x;
}

static void test_ks(void)
{
	static const double v[] = { 0.1, 0.4, 0.7 };
	double even[100];

	CHECK_NEAR(bt_stat_ks(v, 3, uniform, NULL), 0.3, 1e-15);
	for (int i = 0; i < 100; i++)
		even[i] = (i + 0.5) / 100;
	CHECK_NEAR(bt_stat_ks(even, 100, uniform, NULL), 0.005, 1e-12);
	CHECK(isnan(bt_stat_ks(v, 0, uniform, NULL)));
}

static void test_ks_p(void)
{
	/* Critical values of the one-sample test (Miller 1956, Massey 1951), n, distance, p. */
	static const struct {
		double n, d, p;
	} known[] = {
		{ 8, .45427, .05 }, { 10, .40925, .05 }, { 20, .29408, .05 }, { 20, .35241, .01 }, { 40, .21012, .05 },
		{ 100, .13403, .05 }, { 10, .36866, .10 }, { 100, .16081, .01 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		CHECK_NEAR(bt_stat_ks_p(known[i].d, known[i].n), known[i].p, 0.03 * known[i].p);
	/* Kolmogorov's own distribution, n without end. */
	CHECK_NEAR(bt_stat_ks_p(1.3581e-6, 1e12), 0.05, 1e-5);
	CHECK_NEAR(bt_stat_ks_p(1.6276e-6, 1e12), 0.01, 1e-5);
	CHECK_NEAR(bt_stat_ks_p(0.8276e-6, 1e12), 0.5, 1e-4);
	CHECK_NEAR(bt_stat_ks_p(0.999999e-6, 1e12), bt_stat_ks_p(1.000001e-6, 1e12), 1e-5);
	CHECK(bt_stat_ks_p(0, 10) == 1 && bt_stat_ks_p(1, 1000) < 1e-100);
	CHECK(isnan(bt_stat_ks_p(0.5, 0)));
}

static const struct unit_test tests[] = {
	{ "moments: known answers", test_moments_known },
	{ "moments: any order gives the same bits", test_any_order },
	{ "moments: any split and merge gives the same bits", test_any_split },
	{ "moments: cancellation", test_moments_cancellation },
	{ "moments: huge values", test_moments_huge },
	{ "moments: integers are exact", test_integers_exact },
	{ "rank: the rule of Java's HdrHistogram", test_rank },
	{ "rank: of any number of values", test_rank_of },
	{ "moments: from sum and sd", test_set_sd },
	{ "moments: from sum and sd, edges", test_set_sd_edges },
	{ "median", test_median },
	{ "sort", test_sort },
	{ "median interval: orders and coverage", test_median_ci },
	{ "U test: known answers", test_utest_known },
	{ "U test: least p for n a side", test_utest_least },
	{ "U test: ties, against brute force", test_utest_ties },
	{ "U test: edges", test_utest_edges },
	{ "KS distance", test_ks },
	{ "KS p: critical values", test_ks_p },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
