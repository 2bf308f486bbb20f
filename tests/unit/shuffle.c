/* SPDX-License-Identifier: ISC
 *
 * shuffle - tests of the order that is never stored, and of skewed choices (zipf).
 */
#include <math.h>
#include <stdlib.h>

#include "shuffle.h"
#include "unit.h"
#include "zipf.h"

static void test_each_once(void)
{
	static const uint64_t sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 100, 127, 128, 129, 1000, 4096, 65537, 100003 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (uint64_t seed = 0; seed < 3; seed++) {
			uint64_t n = sizes[i], bad = 0;
			unsigned char *seen = calloc(n, 1);
			struct bt_shuffle s;

			bt_shuffle_init(&s, n, seed);
			for (uint64_t k = 0; k < n; k++) {
				uint64_t at = bt_shuffle_at(&s, k);

				bad += at >= n || seen[at]++ != 0 || bt_shuffle_place(&s, at) != k;
			}
			CHECK_EQ(bad, 0);
			free(seen);
		}
}

/* Neighbours in the order are far apart, and about as many steps go up as down. */
static void test_looks_random(void)
{
	uint64_t n = 100000, up = 0, far = 0, fixed = 0, last;
	struct bt_shuffle s;

	bt_shuffle_init(&s, n, 42);
	last = bt_shuffle_at(&s, 0);
	for (uint64_t k = 1; k < n; k++) {
		uint64_t at = bt_shuffle_at(&s, k);

		up += at > last;
		far += (at > last ? at - last : last - at) > n / 10;
		fixed += at == k;
		last = at;
	}
	CHECK(up > 49000 && up < 51000);
	CHECK(far > 79000 && far < 83000); /* 0.9^2 of independent pairs */
	CHECK(fixed < 20);
}

static void test_huge(void)
{
	uint64_t n = (1ull << 62) + 12345;
	struct bt_shuffle s;

	bt_shuffle_init(&s, n, 7);
	for (uint64_t k = 0; k < 1000; k++) {
		CHECK(bt_shuffle_at(&s, k) < n);
		CHECK(bt_shuffle_place(&s, bt_shuffle_at(&s, k)) == k);
		CHECK(bt_shuffle_at(&s, k) != bt_shuffle_at(&s, k + 1));
	}
}

/* The chi-square of draws against the law itself, for ranks that are expected often enough. */
static void check_zipf(uint64_t n, double theta)
{
	uint64_t draws = 200000, *count = calloc(n, sizeof(*count));
	double sum = 0, chi = 0, cells = 0;
	struct bt_zipf z;
	struct bt_rng rng;

	bt_rng_seed(&rng, 5);
	bt_zipf_init(&z, n, theta);
	for (uint64_t k = 0; k < n; k++)
		sum += pow((double)k + 1, -theta);
	for (uint64_t i = 0; i < draws; i++) {
		uint64_t rank = bt_zipf_next(&z, &rng);

		CHECK(rank < n);
		count[rank < n ? rank : 0]++;
	}
	for (uint64_t k = 0; k < n; k++) {
		double want = (double)draws * pow((double)k + 1, -theta) / sum;

		if (want < 10)
			continue;
		chi += ((double)count[k] - want) * ((double)count[k] - want) / want;
		cells++;
	}
	CHECK(chi < cells + 5 * sqrt(2 * cells) + 5);
	free(count);
}

static void test_zipf(void)
{
	static const double thetas[] = { 0.01, 0.5, 0.99, 1, 1.1, 2, 5 };

	for (unsigned i = 0; i < sizeof(thetas) / sizeof(*thetas); i++) {
		check_zipf(1, thetas[i]);
		check_zipf(2, thetas[i]);
		check_zipf(10, thetas[i]);
		check_zipf(5000, thetas[i]);
	}
}

static void test_pareto(void)
{
	double power = bt_pareto_power(0.2);
	uint64_t n = 100000, draws = 100000, hot = 0, hotter = 0;
	struct bt_rng rng;

	bt_rng_seed(&rng, 6);
	for (uint64_t i = 0; i < draws; i++) {
		uint64_t rank = bt_pareto_next(n, power, &rng);

		CHECK(rank < n);
		hot += rank < n / 5;
		hotter += rank < n / 25;
	}
	CHECK(hot > 79000 && hot < 81000);
	CHECK(hotter > 63000 && hotter < 65000);
}

static const struct unit_test tests[] = {
	{ "each number comes once", test_each_once },
	{ "the order looks random", test_looks_random },
	{ "huge ranges", test_huge },
	{ "draws follow Zipf's law", test_zipf },
	{ "a fifth of the ranks has four fifths of the draws", test_pareto },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
