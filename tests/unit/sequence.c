/* SPDX-License-Identifier: ISC
 *
 * sequence - tests of what is lost, doubled and out of order: known cases, and random ones against a table of all numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "sequence.h"
#include "unit.h"

static void test_known(void)
{
	struct bt_sequence s = { .next = 0 };
	uint64_t skipped;

	CHECK_EQ(bt_sequence_take(&s, 0, &skipped), BT_SEQUENCE_NEW);
	CHECK_EQ(skipped, 0);
	CHECK_EQ(bt_sequence_take(&s, 3, &skipped), BT_SEQUENCE_NEW);
	CHECK_EQ(skipped, 2);
	CHECK_EQ(bt_sequence_take(&s, 1, &skipped), BT_SEQUENCE_LATE);
	CHECK_EQ(bt_sequence_take(&s, 1, &skipped), BT_SEQUENCE_AGAIN);
	CHECK_EQ(bt_sequence_take(&s, 3, &skipped), BT_SEQUENCE_AGAIN);
	CHECK_EQ(skipped, 0);
	CHECK_EQ(bt_sequence_end(&s, 4), 0);
	CHECK_EQ(bt_sequence_end(&s, 10), 6);
	CHECK_EQ(bt_sequence_end(&s, 10), 0);
	CHECK_EQ(bt_sequence_take(&s, 7, &skipped), BT_SEQUENCE_LATE);
	CHECK(s.ended);
}

/* A jump over the whole window, and what is older than it. */
static void test_window(void)
{
	struct bt_sequence s = { .next = 0 };
	uint64_t skipped;

	for (uint64_t i = 0; i < BT_SEQUENCE_WINDOW; i++)
		CHECK_EQ(bt_sequence_take(&s, i, &skipped), BT_SEQUENCE_NEW);
	CHECK_EQ(bt_sequence_take(&s, 0, &skipped), BT_SEQUENCE_AGAIN);
	CHECK_EQ(bt_sequence_take(&s, 100000, &skipped), BT_SEQUENCE_NEW);
	CHECK_EQ(skipped, 100000 - BT_SEQUENCE_WINDOW);
	CHECK_EQ(bt_sequence_take(&s, 100001 - BT_SEQUENCE_WINDOW, &skipped), BT_SEQUENCE_LATE);
	CHECK_EQ(bt_sequence_take(&s, 100001 - BT_SEQUENCE_WINDOW, &skipped), BT_SEQUENCE_AGAIN);
	CHECK_EQ(bt_sequence_take(&s, 5, &skipped), BT_SEQUENCE_LATE);
	CHECK_EQ(bt_sequence_take(&s, INT64_MAX, &skipped), BT_SEQUENCE_NEW);
}

/* Lost, doubled and shifted within the window at random: the sums are those of a table. */
static void test_random(uint64_t seed)
{
	enum { COUNT = 20000, NEAR = 200 };
	static unsigned char times[COUNT];
	uint64_t skipped, lost = 0, late = 0, again = 0, got = 0, missing = 0, doubled = 0;
	struct bt_sequence s = { .next = 0 };
	struct bt_rng rng;

	memset(times, 0, sizeof(times));
	bt_rng_seed(&rng, seed);
	for (uint64_t i = 0; i < COUNT; i++) {
		uint64_t back = bt_rng_below(&rng, 10) == 0 ? bt_rng_below(&rng, NEAR) : 0, number = i > back ? i - back : 0;

		if (bt_rng_below(&rng, 20) == 0)
			continue;
		times[number]++;
		switch (bt_sequence_take(&s, number, &skipped)) {
		case BT_SEQUENCE_NEW: got++; lost += skipped; break;
		case BT_SEQUENCE_LATE: got++; late++; lost--; break;
		case BT_SEQUENCE_AGAIN: again++; break;
		}
	}
	lost += bt_sequence_end(&s, COUNT);
	for (uint64_t i = 0; i < COUNT; i++) {
		missing += times[i] == 0;
		doubled += times[i] > 1 ? times[i] - 1u : 0;
	}
	CHECK_EQ(lost, missing);
	CHECK_EQ(again, doubled);
	CHECK_EQ(got, COUNT - missing);
	CHECK(late > 0);
}

/* RFC 3550: a sixteenth of the way to each change; a constant difference of the clocks is nothing. */
static void test_jitter(void)
{
	struct bt_sequence s = { .next = 0 };

	bt_sequence_time(&s, -5000000000);
	CHECK_EQ((uint64_t)s.jitter_ns, 0);
	bt_sequence_time(&s, -5000000000 + 1600);
	CHECK_EQ((uint64_t)s.jitter_ns, 100);
	bt_sequence_time(&s, -5000000000);
	CHECK_EQ((uint64_t)(s.jitter_ns * 100), 19375);
	for (int i = 0; i < 1000; i++)
		bt_sequence_time(&s, 7);
	CHECK(s.jitter_ns < 1e-6 + 5e9);
	for (int i = 0; i < 1000; i++)
		bt_sequence_time(&s, 7);
	CHECK(s.jitter_ns < 1);
	bt_sequence_time(&s, INT64_MAX);
	bt_sequence_time(&s, INT64_MIN);
	bt_sequence_time(&s, 0);
	CHECK(s.jitter_ns >= 0 && s.jitter_ns < 1e19);
}

static void test_randoms(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++)
		test_random(seed);
}

static const struct unit_test tests[] = {
	{ "known cases", test_known },
	{ "the window", test_window },
	{ "random ones, against a table", test_randoms },
	{ "jitter", test_jitter },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
