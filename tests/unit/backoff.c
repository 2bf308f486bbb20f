/* SPDX-License-Identifier: ISC
 *
 * backoff - tests of the waits between tries.
 */
#include "backoff.h"
#include "unit.h"

#define MS 1000000ull

static void test_steps(void)
{
	uint64_t step = 100 * MS;
	struct bt_backoff b;

	bt_backoff_init(&b, step, 3000 * MS, 1);
	for (int i = 0; i < 200; i++) {
		uint64_t wait = bt_backoff_next(&b);

		CHECK(wait >= step / 2 && wait <= step);
		step = step * 2 > 3000 * MS ? 3000 * MS : step * 2;
	}
	CHECK_EQ(b.waits, 200);
	bt_backoff_reset(&b, 100 * MS);
	CHECK(bt_backoff_next(&b) <= 100 * MS);
	CHECK_EQ(b.waits, 1);
}

/* The waits of many fill the whole range evenly: their mean is three quarters of the step. */
static void test_jitter(void)
{
	uint64_t sum = 0, least = UINT64_MAX, most = 0;

	for (uint64_t seed = 0; seed < 10000; seed++) {
		struct bt_backoff b;
		uint64_t wait;

		bt_backoff_init(&b, 1000 * MS, 1000 * MS, seed);
		wait = bt_backoff_next(&b);
		sum += wait;
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	CHECK(sum / 10000 > 740 * MS && sum / 10000 < 760 * MS);
	CHECK(least < 505 * MS);
	CHECK(most > 995 * MS);
}

static void test_edges(void)
{
	struct bt_backoff b;

	bt_backoff_init(&b, UINT64_MAX / 2, UINT64_MAX, 3); /* no step overflows */
	for (int i = 0; i < 5; i++)
		CHECK(bt_backoff_next(&b) >= UINT64_MAX / 4);
	bt_backoff_init(&b, 2, 2, 3);
	for (int i = 0; i < 20; i++)
		CHECK(bt_backoff_next(&b) >= 1);
}

static void test_seed(void)
{
	struct bt_backoff a, b;

	bt_backoff_init(&a, 100 * MS, 1000 * MS, 5);
	bt_backoff_init(&b, 100 * MS, 1000 * MS, 5);
	CHECK(bt_backoff_next(&a) == bt_backoff_next(&b));
	bt_backoff_init(&b, 100 * MS, 1000 * MS, 6);
	CHECK(bt_backoff_next(&a) != bt_backoff_next(&b));
}

static const struct unit_test tests[] = {
	{ "steps double up to the limit", test_steps },
	{ "waits are spread over half the step", test_jitter },
	{ "extreme steps", test_edges },
	{ "the seed decides", test_seed },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
