/* SPDX-License-Identifier: ISC
 *
 * drift - unit tests of the distances between two histograms, and of what chance makes of them.
 *
 * usage: drift [NAME] | drift --compare
 *
 * With --compare one case a line is read from stdin, and one line of numbers printed for each:
 *   ALPHA DIGITS NA NB VALUE...  ->  psi bound bins thin ks ks-bound wasserstein
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "drift.h"
#include "rng.h"
#include "unit.h"

#define CHECK_NEAR(got, want, error) \
	do { \
		double near_got = (got), near_want = (want); \
		if (!(fabs(near_got - near_want) <= (error))) { \
			printf("# %s:%d: %s is %.17g, want %.17g\n", __FILE__, __LINE__, #got, near_got, near_want); \
			unit_failures++; \
		} \
	} while (0)

struct pair {
	struct bt_hist base, now;
};

static void setup(struct pair *p, unsigned digits)
{
	bt_hist_init(&p->base, digits);
	bt_hist_init(&p->now, digits);
}

static void teardown(struct pair *p)
{
	bt_hist_free(&p->base);
	bt_hist_free(&p->now);
}

/* values lo..hi, count times each. */
static void add_range(struct bt_hist *h, uint64_t lo, uint64_t hi, uint64_t count)
{
	for (uint64_t v = lo; v <= hi; v++)
		bt_hist_add_n(h, v, count);
}

/* Latencies without a bound on their tail. */
static void add_latencies(struct bt_hist *h, size_t n, struct bt_rng *rng, double middle)
{
	for (size_t i = 0; i < n; i++)
		bt_hist_add(h, (uint64_t)(middle * pow(bt_rng_unit(rng), -0.4)));
}

static void test_equal(void)
{
	struct pair p;
	struct bt_psi psi;

	setup(&p, 3);
	add_range(&p.base, 1, 1000, 1);
	add_range(&p.now, 1, 1000, 3);
	psi = bt_drift_psi(&p.base, &p.now, 0.05);
	CHECK_NEAR(psi.psi, 0, 1e-9);
	CHECK_EQ(psi.bins, 10);
	CHECK_EQ(psi.thin, 0);
	CHECK_NEAR(psi.bound, 16.919 * (1.0 / 1000 + 1.0 / 3000), 1e-6);
	CHECK_NEAR(bt_drift_ks(&p.base, &p.now), 0, 1e-15);
	CHECK_NEAR(bt_drift_wasserstein(&p.base, &p.now), 0, 1e-9);
	teardown(&p);
}

/* Ten values a bin; now has none of the lowest bin and twice as many of the highest. */
static void test_psi_by_hand(void)
{
	double e = 10.5 / 105, none = 0.5 / 105, twice = 20.5 / 105;
	struct pair p;
	struct bt_psi psi;

	setup(&p, 3);
	add_range(&p.base, 1, 100, 1);
	add_range(&p.now, 11, 90, 1);
	add_range(&p.now, 91, 100, 2);
	psi = bt_drift_psi(&p.base, &p.now, 0.05);
	CHECK_NEAR(psi.psi, (none - e) * log(none / e) + (twice - e) * log(twice / e), 1e-12);
	CHECK_EQ(psi.bins, 10);
	CHECK_NEAR(psi.bound, 0.33838, 1e-4);
	/* What lies beyond either end of base belongs to its outer bins. */
	bt_hist_reset(&p.now);
	add_range(&p.now, 11, 90, 1);
	bt_hist_add_n(&p.now, 5000000, 20);
	CHECK_NEAR(bt_drift_psi(&p.base, &p.now, 0.05).psi, psi.psi, 1e-12);
	teardown(&p);
}

/* Values that are all the same make no bins; two kinds of them make two. */
static void test_psi_ties(void)
{
	struct pair p;
	struct bt_psi psi;

	setup(&p, 3);
	bt_hist_add_n(&p.base, 7, 100);
	add_range(&p.now, 1, 100, 1);
	psi = bt_drift_psi(&p.base, &p.now, 0.05);
	CHECK(psi.bins == 1 && isnan(psi.psi) && isnan(psi.bound));
	bt_hist_add_n(&p.base, 50, 300);
	psi = bt_drift_psi(&p.base, &p.now, 0.05);
	CHECK_EQ(psi.bins, 2);
	/* 7 of 100 lie in the first bin, which holds a quarter of base. */
	CHECK_NEAR(psi.psi, (7.5 / 101 - 100.5 / 401) * log(7.5 / 101 / (100.5 / 401)) +
		(93.5 / 101 - 300.5 / 401) * log(93.5 / 101 / (300.5 / 401)), 1e-12);
	CHECK_NEAR(psi.bound, 3.8415 * (1.0 / 400 + 1.0 / 100), 1e-4);
	CHECK_EQ(psi.thin, 0);
	teardown(&p);
}

static void test_psi_thin(void)
{
	struct pair p;

	setup(&p, 3);
	add_range(&p.base, 1, 1000, 1);
	add_range(&p.now, 1, 40, 1);
	CHECK_EQ(bt_drift_psi(&p.base, &p.now, 0.05).thin, 10);
	add_range(&p.now, 1, 10, 1);
	CHECK_EQ(bt_drift_psi(&p.base, &p.now, 0.05).thin, 0);
	/* The other way round the bins have 6 4 6 4 5 5 5 5 5 5 values. */
	CHECK_EQ(bt_drift_psi(&p.now, &p.base, 0.05).thin, 2);
	bt_hist_reset(&p.now);
	add_range(&p.now, 1, 3, 1);
	CHECK_EQ(bt_drift_psi(&p.now, &p.base, 0.05).bins, 3);
	CHECK_EQ(bt_drift_psi(&p.now, &p.base, 0.05).thin, 3);
	teardown(&p);
}

static void test_nothing(void)
{
	struct pair p;
	struct bt_psi psi;

	setup(&p, 3);
	for (int round = 0; round < 3; round++) {
		psi = bt_drift_psi(&p.base, &p.now, 0.05);
		CHECK(isnan(psi.psi) && isnan(psi.bound) && psi.bins == 0);
		CHECK(isnan(bt_drift_ks(&p.base, &p.now)) && isnan(bt_drift_wasserstein(&p.base, &p.now)));
		bt_hist_reset(&p.base);
		bt_hist_reset(&p.now);
		bt_hist_add(round ? &p.now : &p.base, 5);
	}
	/* Buckets of different widths cannot be compared; a count that nothing backs is not believed. */
	bt_hist_add(&p.base, 5);
	bt_hist_reduce(&p.now, 2);
	CHECK(isnan(bt_drift_psi(&p.base, &p.now, 0.05).psi) && isnan(bt_drift_ks(&p.base, &p.now)));
	CHECK(isnan(bt_drift_wasserstein(&p.base, &p.now)));
	bt_hist_free(&p.now);
	bt_hist_init(&p.now, 3);
	p.now.n = 10;
	CHECK(isnan(bt_drift_ks(&p.base, &p.now)));
	teardown(&p);
}

static void test_ks(void)
{
	struct pair p;

	setup(&p, 3);
	add_range(&p.base, 1, 4, 1);
	add_range(&p.now, 3, 7, 1);
	/* Below 3: 2 of 4 and 0 of 5; at 4: 4 of 4 and 2 of 5. */
	CHECK_NEAR(bt_drift_ks(&p.base, &p.now), 0.6, 1e-15);
	CHECK_NEAR(bt_drift_ks(&p.now, &p.base), 0.6, 1e-15);
	bt_hist_reset(&p.now);
	bt_hist_add(&p.now, UINT64_MAX);
	CHECK(bt_drift_ks(&p.base, &p.now) == 1);
	teardown(&p);
}

static void test_ks_bound(void)
{
	/* Smirnov's 1.3581 and 1.6276 times the root of (n+m)/nm, for many values. */
	CHECK_NEAR(bt_drift_ks_bound(1e6, 1e6, 0.05), 1.3581 * sqrt(2e-6), 1e-6);
	CHECK_NEAR(bt_drift_ks_bound(1e6, 4e6, 0.01), 1.6276 * sqrt(1.25e-6), 1e-6);
	/* Tables of the exact two-sample test: 20 and 20, 0.05: 9 / 20 is the least that is significant. */
	CHECK(bt_drift_ks_bound(20, 20, 0.05) > 8.0 / 20 && bt_drift_ks_bound(20, 20, 0.05) < 9.0 / 20);
	CHECK(bt_drift_ks_bound(1, 1, 0.05) > 0.9 && bt_drift_ks_bound(1, 1, 0.05) <= 1);
	CHECK(bt_drift_ks_bound(1e300, 1e300, 0.05) >= 0 && bt_drift_ks_bound(10, 10, 1) < 0.1);
	CHECK(isnan(bt_drift_ks_bound(0, 5, 0.05)) && isnan(bt_drift_ks_bound(5, 5, 0)) && isnan(bt_drift_ks_bound(5, 5, 2)));
}

static void test_wasserstein(void)
{
	struct pair p;

	setup(&p, 3);
	add_range(&p.base, 100, 200, 1);
	add_range(&p.now, 117, 217, 5);
	CHECK_NEAR(bt_drift_wasserstein(&p.base, &p.now), 17, 1e-9);
	bt_hist_reset(&p.base);
	bt_hist_reset(&p.now);
	/* A quarter of the values moved by 800. */
	bt_hist_add_n(&p.base, 100, 4);
	bt_hist_add_n(&p.now, 100, 3);
	bt_hist_add(&p.now, 900);
	CHECK_NEAR(bt_drift_wasserstein(&p.base, &p.now), 200, 1e-9);
	CHECK_NEAR(bt_drift_wasserstein(&p.now, &p.base), 200, 1e-9);
	/* A wide bucket counts by its middle: 1024 values from 2^20 on. */
	bt_hist_reset(&p.base);
	bt_hist_reset(&p.now);
	bt_hist_add(&p.base, 1000);
	bt_hist_add(&p.now, (1 << 20) + 7);
	CHECK_NEAR(bt_drift_wasserstein(&p.base, &p.now), (1 << 20) + 511.5 - 1000, 1e-9);
	bt_hist_reset(&p.base);
	bt_hist_reset(&p.now);
	bt_hist_add(&p.base, 0);
	bt_hist_add(&p.now, UINT64_MAX);
	CHECK_NEAR(bt_drift_wasserstein(&p.base, &p.now) / 0x1p63, 1, 1e-3);
	teardown(&p);
}

/* Without change: the mean of psi is that of the chi-square law, and the bounds are passed as often as they say. */
static void no_change(size_t n, double mean, double bound)
{
	enum { ROUNDS = 2000 };
	double sum = 0, error = 3.5 * sqrt(0.05 * 0.95 / ROUNDS);
	int beyond = 0, beyond_ks = 0;
	struct pair p;
	struct bt_rng rng;

	setup(&p, 3);
	bt_rng_seed(&rng, n);
	for (int round = 0; round < ROUNDS; round++) {
		struct bt_psi psi;

		bt_hist_reset(&p.base);
		bt_hist_reset(&p.now);
		add_latencies(&p.base, n, &rng, 1e5);
		add_latencies(&p.now, n, &rng, 1e5);
		psi = bt_drift_psi(&p.base, &p.now, 0.05);
		CHECK_EQ(psi.bins, 10);
		CHECK_NEAR(psi.bound, bound, 0.01 * bound);
		sum += psi.psi;
		beyond += psi.psi > psi.bound;
		beyond_ks += bt_drift_ks(&p.base, &p.now) > bt_drift_ks_bound((double)n, (double)n, 0.05);
	}
	CHECK_NEAR(sum / ROUNDS, mean, 0.05 * mean);
	CHECK((double)beyond / ROUNDS < 0.05 + error && beyond > 0.02 * ROUNDS);
	CHECK((double)beyond_ks / ROUNDS < 0.05 + error && beyond_ks > 0.02 * ROUNDS);
	teardown(&p);
}

static void test_no_change(void)
{
	no_change(100, 0.18, 0.338);
	no_change(1000, 0.018, 0.0338);
}

static void test_change_is_seen(void)
{
	struct pair p;
	struct bt_rng rng;
	struct bt_psi psi;
	double tenth;

	setup(&p, 3);
	bt_rng_seed(&rng, 9);
	add_latencies(&p.base, 10000, &rng, 1e5);
	add_latencies(&p.now, 10000, &rng, 1.1e5);
	psi = bt_drift_psi(&p.base, &p.now, 0.001);
	CHECK(psi.psi > psi.bound);
	CHECK(bt_drift_ks(&p.base, &p.now) > bt_drift_ks_bound(10000, 10000, 0.001));
	/* All of it is longer by a tenth. */
	tenth = bt_hist_mean(&p.now) - bt_hist_mean(&p.base);
	CHECK_NEAR(bt_drift_wasserstein(&p.base, &p.now), tenth, 0.05 * tenth);
	teardown(&p);
}

static const struct unit_test tests[] = {
	{ "equal shapes", test_equal },
	{ "psi: by hand", test_psi_by_hand },
	{ "psi: ties", test_psi_ties },
	{ "psi: thin bins", test_psi_thin },
	{ "nothing to compare", test_nothing },
	{ "KS distance", test_ks },
	{ "KS bound", test_ks_bound },
	{ "Wasserstein distance", test_wasserstein },
	{ "without change: as often as promised", test_no_change },
	{ "a change is seen", test_change_is_seen },
	{ NULL, NULL }
};

static bool read_values(struct bt_hist *h, size_t n)
{
	unsigned long long v;

	bt_hist_reset(h);
	for (size_t i = 0; i < n; i++) {
		if (scanf("%llu", &v) != 1)
			return false;
		bt_hist_add(h, v);
	}
	return true;
}

static int tool_compare(void)
{
	double alpha;
	unsigned digits;
	size_t na, nb;

	while (scanf("%lf %u %zu %zu", &alpha, &digits, &na, &nb) == 4) {
		struct pair p;
		struct bt_psi psi;

		setup(&p, digits);
		if (!read_values(&p.base, na) || !read_values(&p.now, nb))
			return 1;
		psi = bt_drift_psi(&p.base, &p.now, alpha);
		printf("%.17g %.17g %u %u %.17g %.17g %.17g\n", psi.psi, psi.bound, psi.bins, psi.thin,
			bt_drift_ks(&p.base, &p.now), bt_drift_ks_bound((double)na, (double)nb, alpha),
			bt_drift_wasserstein(&p.base, &p.now));
		teardown(&p);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--compare") == 0)
		return tool_compare();
	return unit_main(tests, argc, argv);
}
