/* SPDX-License-Identifier: ISC
 *
 * pace - tests of the open loop's schedules.
 */
#include <math.h>
#include <stdlib.h>

#include "pace.h"
#include "stat.h"
#include "unit.h"

#define START 1000000007u
#define GAPS 20000

/* Operation k of a whole-number rate, by integer arithmetic alone. */
static uint64_t due_at(uint64_t k, uint64_t rate)
{
	return START + (uint64_t)((unsigned __int128)k * 1000000000u / rate);
}

static void test_exact(void)
{
	static const uint64_t rates[] = { 1, 3, 7, 1000, 44100, 333333, 999999937, 1000000000 };
	struct bt_pace p;

	for (unsigned r = 0; r < sizeof(rates) / sizeof(*rates); r++) {
		bt_pace_init(&p, BT_ARRIVAL_FIXED, (double)rates[r], START, 0, 1, 1);
		for (uint64_t k = 0; k < 100000; k++)
			CHECK_EQ(bt_pace_next(&p), due_at(k, rates[r]));
	}
}

/* Operation number 10^12 and its neighbours, without walking there: as the first of a schedule, and by a large stride. */
static void test_exact_far(void)
{
	static const uint64_t rates[] = { 3, 7, 1000, 44100, 333333, 999999937 };
	uint64_t far = 1000000000000u;
	struct bt_pace p;

	for (unsigned r = 0; r < sizeof(rates) / sizeof(*rates); r++) {
		uint64_t first = far / 100 * (rates[r] > 100000 ? 100 : 1) - 3;

		bt_pace_init(&p, BT_ARRIVAL_FIXED, (double)rates[r], START, first, 1, 1);
		for (uint64_t k = first; k < first + 7; k++)
			CHECK_EQ(bt_pace_next(&p), due_at(k, rates[r]));
		bt_pace_init(&p, BT_ARRIVAL_FIXED, (double)rates[r], START, 5, 100003, 1);
		for (uint64_t k = 0; k < 100000; k++)
			CHECK_EQ(bt_pace_next(&p), due_at(5 + k * 100003, rates[r]));
	}
}

/* 0.1 is no binary fraction: the schedule follows the double, which is a little above; so does exact rational arithmetic. */
static void test_fractional_rate(void)
{
	uint64_t num = 0x1999999999999Au; /* 0.1 = num * 2^-56 */
	struct bt_pace p;

	bt_pace_init(&p, BT_ARRIVAL_FIXED, 0.1, 0, 0, 1, 1);
	for (uint64_t k = 0; k < 1000; k++)
		CHECK_EQ(bt_pace_next(&p), (uint64_t)(((unsigned __int128)k * 1000000000u << 56) / num));
	bt_pace_init(&p, BT_ARRIVAL_FIXED, 1e-9, 0, 0, 1, 1); /* clamped to 1e-3 */
	bt_pace_next(&p);
	CHECK(llabs((long long)bt_pace_next(&p) - 1000000000000) <= 1);
}

static void test_interleaved(void)
{
	struct bt_pace p[3];

	for (unsigned i = 0; i < 3; i++)
		bt_pace_init(&p[i], BT_ARRIVAL_FIXED, 7, START, i, 3, 1);
	for (uint64_t k = 0; k < 3000; k++)
		CHECK_EQ(bt_pace_next(&p[k % 3]), due_at(k, 7));
}

static void test_before(void)
{
	static const double rates[] = { 3, 1000, 44100, 0.7 };
	struct bt_pace p, walk;

	for (unsigned law = 0; law < 2; law++)
		for (unsigned r = 0; r < 4; r++) {
			uint64_t count = 0;

			bt_pace_init(&p, law ? BT_ARRIVAL_POISSON : BT_ARRIVAL_FIXED, rates[r], START, 1, 2, 5);
			for (walk = p; count < 500; count++) {
				uint64_t due = walk.next_ns;

				CHECK_EQ(bt_pace_before(&p, due), count);
				CHECK_EQ(bt_pace_before(&p, due + 1), count + 1);
				bt_pace_next(&walk);
			}
			CHECK_EQ(bt_pace_before(&p, 0), 0);
		}
	bt_pace_init(&p, BT_ARRIVAL_FIXED, 1000, START, 0, 1, 1);
	CHECK_EQ(bt_pace_before(&p, START + 10000000000), 10000);
	bt_pace_init(&p, BT_ARRIVAL_FIXED, 1e9, START, 0, 1, 1);
	CHECK_EQ(bt_pace_before(&p, START + 3600000000000), 3600000000000);
	bt_pace_init(&p, BT_ARRIVAL_POISSON, 1e9, START, 0, 1, 1);
	CHECK(fabs((double)bt_pace_before(&p, START + 3600000000000) / 3.6e12 - 1) < 1e-6);
}

static double exponential(double x, void *mean)
{
	return x <= 0 ? 0 : -expm1(-x / *(double *)mean);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void gaps_of(struct bt_pace *p, unsigned n, double *gaps)
{
	uint64_t last[4];

	for (unsigned i = 0; i < n; i++)
		last[i] = START;
	for (unsigned k = 0; k < GAPS; k++) {
		unsigned i = k % n;
		uint64_t due = bt_pace_next(&p[i]);

		CHECK(due >= last[i]);
		gaps[k] = (double)(due - last[i]);
		last[i] = due;
	}
}

/* Three rates and 20000 gaps each. The seeds are fixed, so a pass is a pass for good; a law with a mean 5 % off does not
 * pass. The sum must not drift either: its mean is within 4 standard errors. */
static void test_poisson(void)
{
	static const double rates[] = { 100, 5000, 250000 };
	static double gaps[GAPS];
	struct bt_pace p;

	for (unsigned r = 0; r < 3; r++) {
		double mean = 1e9 / rates[r], sum = 0, d;

		bt_pace_init(&p, BT_ARRIVAL_POISSON, rates[r], START, 0, 1, 11 + r);
		gaps_of(&p, 1, gaps);
		for (unsigned k = 0; k < GAPS; k++)
			sum += gaps[k];
		CHECK(fabs(sum / GAPS - mean) < 4 * mean / sqrt(GAPS));
		qsort(gaps, GAPS, sizeof(*gaps), ascending);
		d = bt_stat_ks(gaps, GAPS, exponential, &mean);
		CHECK(bt_stat_ks_p(d, GAPS) > 0.001);
		mean *= 1.05;
		CHECK(bt_stat_ks_p(bt_stat_ks(gaps, GAPS, exponential, &mean), GAPS) < 0.001);
	}
}

/* Four workers at a quarter of the rate each are one process of the whole rate: the gaps of all are exponential again. */
static void test_poisson_union(void)
{
	static double due[GAPS], gaps[GAPS];
	struct bt_pace p[4];
	double mean = 1e9 / 8000;

	for (unsigned i = 0; i < 4; i++)
		bt_pace_init(&p[i], BT_ARRIVAL_POISSON, 8000, START, i, 4, 100 + i);
	for (unsigned k = 0; k < GAPS; k++) {
		unsigned next = 0;

		for (unsigned i = 1; i < 4; i++)
			if (p[i].next_ns < p[next].next_ns)
				next = i;
		due[k] = (double)bt_pace_next(&p[next]);
		gaps[k] = due[k] - (k ? due[k - 1] : START);
	}
	qsort(gaps, GAPS, sizeof(*gaps), ascending);
	CHECK(bt_stat_ks_p(bt_stat_ks(gaps, GAPS, exponential, &mean), GAPS) > 0.001);
}

static void test_poisson_seed(void)
{
	struct bt_pace a, b, c;
	unsigned same = 0;

	bt_pace_init(&a, BT_ARRIVAL_POISSON, 1000, START, 0, 1, 42);
	bt_pace_init(&b, BT_ARRIVAL_POISSON, 1000, START, 0, 1, 42);
	bt_pace_init(&c, BT_ARRIVAL_POISSON, 1000, START, 0, 1, 43);
	for (unsigned k = 0; k < 1000; k++) {
		uint64_t due = bt_pace_next(&a);

		CHECK_EQ(bt_pace_next(&b), due);
		same += bt_pace_next(&c) == due;
	}
	CHECK(same < 10);
}

static const struct unit_test tests[] = {
	{ "fixed: every due time is exact", test_exact },
	{ "fixed: exact at operation 10^12 and with long strides", test_exact_far },
	{ "fixed: a rate that is no whole number, and one out of range", test_fractional_rate },
	{ "fixed: workers interleave exactly", test_interleaved },
	{ "operations before an instant are counted exactly", test_before },
	{ "Poisson: gaps are exponential, without drift", test_poisson },
	{ "Poisson: workers together are one process", test_poisson_union },
	{ "Poisson: the seed decides", test_poisson_seed },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
