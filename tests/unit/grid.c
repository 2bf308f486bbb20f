/* SPDX-License-Identifier: ISC
 *
 * grid - unit tests of instants that lie a fixed time apart.
 */
#include "grid.h"
#include "rng.h"
#include "unit.h"

static void test_take(void)
{
	struct bt_grid g = { 1000, 100 };
	uint64_t missed = 7;

	CHECK_EQ(bt_grid_take(&g, 1000, &missed), 0);
	CHECK_EQ(missed, 0);
	CHECK_EQ(g.next_ns, 1100);
	CHECK_EQ(bt_grid_take(&g, 1199, &missed), 99);
	CHECK_EQ(missed, 0);
	CHECK_EQ(g.next_ns, 1200);
	/* Held up over 1200, 1300 and 1400: one is served, two are missed. */
	CHECK_EQ(bt_grid_take(&g, 1400, &missed), 200);
	CHECK_EQ(missed, 2);
	CHECK_EQ(g.next_ns, 1500);
}

/* However late they are taken, served and missed instants together are those there were, and none is off the grid. */
static void test_sum(void)
{
	struct bt_rng rng;
	struct bt_grid g = { 500, 333 };
	uint64_t now = 500, served = 0, all = 0, missed;

	bt_rng_seed(&rng, 3);
	for (int i = 0; i < 10000; i++) {
		now = g.next_ns + bt_rng_next(&rng) % 2000;
		bt_grid_take(&g, now, &missed);
		served++;
		all += 1 + missed;
		CHECK_EQ((g.next_ns - 500) % 333, 0);
		CHECK(g.next_ns > now && g.next_ns <= now + 333);
	}
	CHECK_EQ(all, (g.next_ns - 500) / 333);
	CHECK(served == 10000 && all > served);
}

static void test_align(void)
{
	/* Wall time is that of the grid and 40 more. */
	static const struct { uint64_t next, want; } cases[] = {
		{ 960, 960 }, { 961, 960 }, { 1010, 960 }, { 1011, 1060 }, { 1059, 1060 }, { 1060, 1060 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_grid g = { cases[i].next, 100 };

		bt_grid_align(&g, 40);
		CHECK_EQ(g.next_ns, cases[i].want);
		CHECK_EQ((g.next_ns + 40) % 100, 0);
	}
}

/* Unix time in nanoseconds, as it is today. */
static void test_align_far(void)
{
	struct bt_grid g = { 123456789012345ull, 1000000000 };

	bt_grid_align(&g, 1763661234123456000ll);
	CHECK_EQ((g.next_ns + 1763661234123456000ull) % 1000000000u, 0);
	CHECK(g.next_ns > 123456289012345ull && g.next_ns < 123457289012345ull);
}

static const struct unit_test tests[] = {
	{ "late and missed instants", test_take },
	{ "none is lost, none is invented", test_sum },
	{ "whole multiples since 1970", test_align },
	{ "the same with today's numbers", test_align_far },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
