/* SPDX-License-Identifier: ISC
 *
 * unit test of lib/hist: layout, exactness, percentiles, merge and reduce.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "hist.h"
#include "rng.h"
#include "unit.h"

/* In place of the C library's, so that memory can run out. */
static bool no_memory;

void *reallocarray(void *p, size_t n, size_t size);
void *reallocarray(void *p, size_t n, size_t size)
{
	return no_memory ? NULL : realloc(p, n * size);
}

/* All that two histograms of the same values share; len may differ by what was reserved. */
static bool same(const struct bt_hist *a, const struct bt_hist *b)
{
	uint32_t used = bt_hist_used(a);

	return a->digits == b->digits && a->half_bits == b->half_bits && a->linear == b->linear && a->n == b->n &&
		a->min == b->min && a->max == b->max && a->sum == b->sum && a->clamped == b->clamped &&
		a->dropped == b->dropped && used == bt_hist_used(b) &&
		(used == 0 || memcmp(a->counts, b->counts, used * sizeof(*a->counts)) == 0);
}

/* Values of all sizes: as many with 63 bits as with 3. */
static uint64_t any_value(struct bt_rng *rng)
{
	return bt_rng_next(rng) >> (1 + bt_rng_below(rng, 63));
}

static void test_layout(void)
{
	struct bt_hist h;
	uint64_t low, high, next = 0;
	uint32_t i, last;
	unsigned d;

	for (d = 1; d <= 3; d++) {
		bt_hist_init(&h, d);
		last = bt_hist_index(&h, BT_HIST_VALUE_MAX);
		for (i = 0; i <= last; i++, next = high + 1) {
			low = bt_hist_low(&h, i);
			high = bt_hist_high(&h, i);
			if (low != next || bt_hist_index(&h, low) != i || bt_hist_index(&h, high) != i)
				break;
			if ((double)(high - low) >= (double)low * pow(10, -(double)d) && high != low)
				break;
		}
		CHECK_EQ(i, last + 1);
		CHECK(next == 1ull << 63);
		CHECK_EQ(last + 1, (64 - h.half_bits) << h.half_bits);
		next = 0;
	}
}

static void test_index_of_known_values(void)
{
	struct bt_hist h;

	bt_hist_init(&h, 3);
	CHECK_EQ(bt_hist_index(&h, 2047), 2047);
	CHECK_EQ(bt_hist_index(&h, 2048), 2048);
	CHECK_EQ(bt_hist_index(&h, 2049), 2048);
	CHECK_EQ(bt_hist_index(&h, 4095), 3071);
	CHECK_EQ(bt_hist_index(&h, 4096), 3072);
	CHECK_EQ(bt_hist_index(&h, 20000), (4 << 10) + (20000 >> 4));
}

static void test_exact_fields(void)
{
	static const uint64_t values[] = { 0, 1, 7, 2047, 2048, 99999, 1ull << 40, BT_HIST_VALUE_MAX, BT_HIST_VALUE_MAX };
	unsigned __int128 sum = 0;
	struct bt_hist h;
	uint64_t total = 0;
	uint32_t j;
	size_t i;

	bt_hist_init(&h, 3);
	CHECK(isnan(bt_hist_mean(&h)) && isnan(bt_hist_sd(&h)) && bt_hist_percentile(&h, 50) == 0);
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		bt_hist_add(&h, values[i]);
		sum += values[i];
	}
	for (j = 0; j < h.len; j++)
		total += h.counts[j];
	CHECK_EQ(h.n, i);
	CHECK_EQ(total, i);
	CHECK(h.min == 0 && h.max == BT_HIST_VALUE_MAX && h.sum == sum && h.clamped == 0);
	for (i = 0; i < 6; i++, sum += BT_HIST_VALUE_MAX)
		bt_hist_add(&h, BT_HIST_VALUE_MAX); /* the sum passes 2^64 in the fast path */
	CHECK(h.sum == sum && h.sum >> 64 > 0);
	bt_hist_reset(&h);
	CHECK(h.n == 0 && h.len == 54 << 10 && h.counts[0] == 0 && bt_hist_used(&h) == 0 && h.sum == 0 && h.min == UINT64_MAX);
	bt_hist_free(&h);
	CHECK(h.counts == NULL && h.len == 0 && h.digits == 3);
	bt_hist_free(&h);
	bt_hist_free(NULL);
}

static void test_clamps_aloud(void)
{
	struct bt_hist h;
	unsigned d;

	for (d = 1; d <= 3; d++) {
		bt_hist_init(&h, d);
		bt_hist_add(&h, BT_HIST_VALUE_MAX);
		CHECK_EQ(h.clamped, 0);
		bt_hist_add(&h, BT_HIST_VALUE_MAX + 1);
		bt_hist_add(&h, UINT64_MAX);
		bt_hist_add_n(&h, UINT64_MAX, 3);
		CHECK_EQ(h.clamped, 5);
		CHECK_EQ(h.n, 6);
		CHECK(h.max == BT_HIST_VALUE_MAX && h.sum == (unsigned __int128)BT_HIST_VALUE_MAX * 6);
		CHECK_EQ(h.counts[h.len - 1], 6);
		bt_hist_free(&h);
	}
}

static void test_grows_on_demand(void)
{
	struct bt_hist h;

	bt_hist_init(&h, 3);
	CHECK(h.len == 0 && h.counts == NULL);
	bt_hist_add(&h, 5);
	CHECK_EQ(h.len, 2048);
	bt_hist_add(&h, 2047);
	CHECK_EQ(h.len, 2048);
	bt_hist_add(&h, 2048);
	CHECK_EQ(h.len, 3072);
	CHECK_EQ(bt_hist_reserve(&h, 1000000), 0);
	CHECK_EQ(h.len, (20 - 10 + 1) << 10);
	no_memory = true;
	bt_hist_add(&h, (1 << 20) - 1);
	CHECK(h.n == 4 && h.dropped == 0);
	bt_hist_add(&h, 1 << 20);
	bt_hist_add_n(&h, UINT64_MAX, 2);
	CHECK_EQ(bt_hist_reserve(&h, UINT64_MAX), -ENOMEM);
	no_memory = false;
	CHECK(h.n == 4 && h.dropped == 3 && h.clamped == 0 && h.max == (1 << 20) - 1);
	bt_hist_free(&h);
}

static void test_add_n(void)
{
	struct bt_hist a, b;
	unsigned i;

	bt_hist_init(&a, 2);
	bt_hist_init(&b, 2);
	bt_hist_add_n(&a, 123456, 0);
	CHECK(same(&a, &b));
	for (i = 0; i < 1000; i++)
		bt_hist_add(&a, 123456);
	bt_hist_add_n(&b, 123456, 1000);
	CHECK(same(&a, &b));
	bt_hist_add_n(&b, 1, UINT64_MAX - 1000);
	CHECK(b.n == UINT64_MAX);
	CHECK_EQ(bt_hist_merge(&a, &b), -EOVERFLOW);
	bt_hist_add_n(&b, 1, 7);
	CHECK(b.n == UINT64_MAX && b.dropped == 7 && a.n == 1000);
	bt_hist_free(&a);
	bt_hist_free(&b);
}

/* HdrHistogram#194: the C implementation has 11 and 1 here. */
static void test_rank_rule(void)
{
	static const double ps[] = { 0, 25, 50, 95, 99, 100 };
	static const unsigned want[] = { 1, 3, 6, 12, 12, 12 };
	struct bt_hist h;
	uint64_t out[6];
	unsigned i;

	bt_hist_init(&h, 3);
	for (i = 1; i <= 12; i++)
		bt_hist_add(&h, i);
	bt_hist_percentiles(&h, ps, out, 6);
	for (i = 0; i < 6; i++)
		CHECK_EQ(out[i], want[i]);
	bt_hist_reset(&h);
	for (i = 1; i <= 5; i++)
		bt_hist_add(&h, i);
	CHECK_EQ(bt_hist_percentile(&h, 25), 2);
	CHECK_EQ(bt_hist_percentile(&h, 20), 1);
	bt_hist_reset(&h);
	for (i = 1; i <= 10000; i++)
		bt_hist_add(&h, i);
	CHECK_EQ(bt_hist_percentile(&h, 0.07), 7); /* 0.07 * 10000 / 100 is 7.000000000000001 */
	CHECK_EQ(bt_hist_percentile(&h, 1.11), 111);
	bt_hist_free(&h);
}

static void test_percentiles_stay_within_min_and_max(void)
{
	struct bt_hist h;

	bt_hist_init(&h, 1);
	bt_hist_add(&h, 1000001);
	CHECK_EQ(bt_hist_percentile(&h, 50), 1000001);
	bt_hist_add(&h, 1000003);
	CHECK_EQ(bt_hist_percentile(&h, 0), 1000001);
	CHECK_EQ(bt_hist_percentile(&h, 1), 1000003);
	CHECK_EQ(bt_hist_percentile(&h, 100), 1000003);
	CHECK_EQ(bt_hist_percentile(&h, 1e300), 1000003);
	CHECK_EQ(bt_hist_percentile(&h, -5), 1000001);
	bt_hist_free(&h);
}

static double draw_uniform(struct bt_rng *r)
{
	return 1e4 + 1e6 * bt_rng_unit(r);
}

static double draw_exponential(struct bt_rng *r)
{
	return -1e5 * log(bt_rng_unit(r));
}

static double draw_pareto(struct bt_rng *r)
{
	return 5e3 * pow(bt_rng_unit(r), -1 / 1.2);
}

static double draw_bimodal(struct bt_rng *r)
{
	return bt_rng_unit(r) < 0.7 ? 2e4 + 1e3 * bt_rng_unit(r) : 9e6 + 4e6 * bt_rng_unit(r);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define DRAWS 20011

static void check_quantiles(double (*draw)(struct bt_rng *r), uint64_t seed)
{
	static const double ps[] = { 0, 0.1, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100 };
	static uint64_t v[DRAWS];
	struct bt_hist h;
	struct bt_rng rng;
	uint64_t got, exact;
	size_t i, rank;

	bt_rng_seed(&rng, seed);
	bt_hist_init(&h, 3);
	for (i = 0; i < DRAWS; i++) {
		v[i] = (uint64_t)draw(&rng);
		bt_hist_add(&h, v[i]);
	}
	qsort(v, DRAWS, sizeof(*v), by_value);
	for (i = 0; i < sizeof(ps) / sizeof(*ps); i++) {
		rank = (size_t)ceil(nextafter(ps[i], -1) * DRAWS / 100);
		exact = v[rank > 1 ? rank - 1 : 0];
		got = bt_hist_percentile(&h, ps[i]);
		CHECK(got >= exact);
		CHECK((double)(got - exact) <= 0.001 * (double)exact);
		if ((double)(got - exact) > 0.001 * (double)exact)
			printf("# p%g: got %llu, exact %llu\n", ps[i], (unsigned long long)got, (unsigned long long)exact);
	}
	bt_hist_free(&h);
}

static void test_quantiles(void)
{
	check_quantiles(draw_uniform, 1);
	check_quantiles(draw_exponential, 2);
	check_quantiles(draw_pareto, 3);
	check_quantiles(draw_bimodal, 4);
}

static void test_merge_of_any_split(void)
{
	struct bt_hist whole, parts[7], merged;
	struct bt_rng rng;
	unsigned round, i, n;
	uint64_t v;

	bt_rng_seed(&rng, 5);
	for (round = 0; round < 30; round++) {
		n = 1 + (unsigned)bt_rng_below(&rng, 7);
		bt_hist_init(&whole, 1 + round % 3);
		bt_hist_init(&merged, 1 + round % 3);
		for (i = 0; i < n; i++)
			bt_hist_init(&parts[i], 1 + round % 3);
		for (i = (unsigned)bt_rng_below(&rng, 2000); i > 0; i--) {
			v = i % 50 ? any_value(&rng) : bt_rng_next(&rng);
			bt_hist_add(&whole, v);
			bt_hist_add(&parts[bt_rng_below(&rng, n)], v);
		}
		for (i = n; i > 0; i--) {
			CHECK_EQ(bt_hist_merge(&merged, &parts[i - 1]), 0);
			bt_hist_free(&parts[i - 1]);
		}
		CHECK(same(&merged, &whole) && merged.len == whole.len);
		CHECK(whole.n == 0 || bt_hist_sd(&merged) == bt_hist_sd(&whole));
		bt_hist_free(&whole);
		bt_hist_free(&merged);
	}
}

static void test_merge_across_digits(void)
{
	struct bt_hist a, b, whole;
	struct bt_rng rng;
	unsigned da, db, i;
	uint64_t v;

	bt_rng_seed(&rng, 6);
	for (da = 1; da <= 3; da++)
		for (db = 1; db <= 3; db++) {
			bt_hist_init(&a, da);
			bt_hist_init(&b, db);
			bt_hist_init(&whole, da < db ? da : db);
			for (i = 0; i < 3000; i++) {
				v = any_value(&rng) >> (i < 1500 ? 20 : 0);
				bt_hist_add(i < 1500 ? &a : &b, v);
				bt_hist_add(&whole, v);
			}
			CHECK_EQ(bt_hist_merge(&a, &b), 0);
			CHECK(same(&a, &whole));
			bt_hist_add(&a, UINT64_MAX); /* still clamped, not past the end */
			CHECK_EQ(a.clamped, 1);
			bt_hist_free(&a);
			bt_hist_free(&b);
			bt_hist_free(&whole);
		}
}

static void test_merge_of_nothing(void)
{
	struct bt_hist h, none;

	bt_hist_init(&h, 3);
	bt_hist_init(&none, 1);
	bt_hist_add(&h, 1999);
	CHECK_EQ(bt_hist_merge(&h, &none), 0);
	CHECK_EQ(h.digits, 3);
	CHECK_EQ(bt_hist_percentile(&h, 50), 1999);
	bt_hist_free(&h);
}

static void test_merge_without_memory(void)
{
	struct bt_hist a, b, before;

	bt_hist_init(&a, 3);
	bt_hist_init(&b, 1);
	bt_hist_init(&before, 3);
	bt_hist_add(&a, 100);
	bt_hist_add(&before, 100);
	bt_hist_add(&b, 1 << 30);
	no_memory = true;
	CHECK_EQ(bt_hist_merge(&a, &b), -ENOMEM);
	bt_hist_add(&b, 1ull << 40);
	no_memory = false;
	CHECK(same(&a, &before));
	CHECK_EQ(bt_hist_merge(&a, &b), 0);
	CHECK(a.n == 2 && a.dropped == 1);
	bt_hist_free(&a);
	bt_hist_free(&b);
	bt_hist_free(&before);
}

/* What a decoded record claims of min and max must not lead a merge out of bounds. */
static void test_merge_of_a_liar(void)
{
	struct bt_hist a, b;

	bt_hist_init(&a, 3);
	bt_hist_init(&b, 3);
	bt_hist_add(&b, 1ull << 50);
	b.max = 3;
	b.min = 1;
	CHECK_EQ(bt_hist_merge(&a, &b), 0);
	CHECK_EQ(a.counts[bt_hist_index(&a, 1ull << 50)], 1);
	CHECK_EQ(bt_hist_percentile(&a, 50), 3);
	b.min = b.max = 1ull << 60;
	CHECK(bt_hist_percentile(&b, 50) == 1ull << 60);
	bt_hist_free(&a);
	bt_hist_free(&b);
}

static void test_reduce(void)
{
	static const unsigned steps[][2] = { { 3, 2 }, { 3, 1 }, { 2, 1 }, { 1, 1 }, { 2, 3 } };
	struct bt_hist h, want;
	struct bt_rng rng;
	unsigned s, i, max_bits;
	uint64_t v;

	bt_rng_seed(&rng, 7);
	for (s = 0; s < 5; s++)
		for (max_bits = 1; max_bits <= 64; max_bits += 7) {
			bt_hist_init(&h, steps[s][0]);
			bt_hist_init(&want, steps[s][0] < steps[s][1] ? steps[s][0] : steps[s][1]);
			for (i = 0; i < 500; i++) {
				v = bt_rng_next(&rng) >> (64 - max_bits) >> bt_rng_below(&rng, max_bits);
				bt_hist_add(&h, v);
				bt_hist_add(&want, v);
			}
			CHECK_EQ(bt_hist_reduce(&h, steps[s][1]), 0);
			CHECK(same(&h, &want));
			CHECK(h.len <= (64u - h.half_bits) << h.half_bits);
			bt_hist_free(&h);
			bt_hist_free(&want);
		}
	bt_hist_init(&h, 3);
	CHECK_EQ(bt_hist_reduce(&h, 1), 0);
	CHECK(h.digits == 1 && h.len == 0);
	bt_hist_add(&h, 77);
	CHECK_EQ(bt_hist_percentile(&h, 50), 77);
	bt_hist_free(&h);
}

static void test_mean_and_sd(void)
{
	struct bt_hist h;
	double mean = 0, squares = 0;
	unsigned i;

	bt_hist_init(&h, 3);
	for (i = 0; i < 1000; i++) { /* below 2048 each value has its own bucket: sd is exact */
		bt_hist_add(&h, i * 2);
		mean += i * 2 / 1000.0;
	}
	for (i = 0; i < 1000; i++)
		squares += (i * 2 - mean) * (i * 2 - mean);
	CHECK(fabs(bt_hist_mean(&h) - 999) < 1e-9);
	CHECK(fabs(bt_hist_sd(&h) - sqrt(squares / 1000)) < 1e-9);
	bt_hist_reset(&h);
	bt_hist_add_n(&h, 1234567, 9);
	CHECK(bt_hist_mean(&h) == 1234567 && bt_hist_sd(&h) == 0);
	bt_hist_add_n(&h, BT_HIST_VALUE_MAX, 1ull << 62); /* 2^125: no overflow on the way */
	CHECK(fabs(bt_hist_mean(&h) / 0x1p63 - 1) < 1e-12);
	bt_hist_free(&h);
}

static const struct unit_test tests[] = {
	{ "buckets follow each other without gaps and are narrow enough", test_layout },
	{ "index of known values", test_index_of_known_values },
	{ "n, sum, min and max are exact", test_exact_fields },
	{ "values above 2^63-1 are clamped and counted as such", test_clamps_aloud },
	{ "memory grows by powers of two and its end is counted", test_grows_on_demand },
	{ "many at once, and no overflow of n", test_add_n },
	{ "percentiles follow Java's rank rule", test_rank_rule },
	{ "percentiles stay within min and max", test_percentiles_stay_within_min_and_max },
	{ "quantiles of 3 digits are within 0.1 % of the order statistics", test_quantiles },
	{ "merging any split gives the whole", test_merge_of_any_split },
	{ "merging across digits counts as with the fewer", test_merge_across_digits },
	{ "merging nothing changes nothing", test_merge_of_nothing },
	{ "a merge without memory changes nothing", test_merge_without_memory },
	{ "a wrong max does not lead a merge astray", test_merge_of_a_liar },
	{ "reducing counts as with fewer digits", test_reduce },
	{ "mean and standard deviation", test_mean_and_sd },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
