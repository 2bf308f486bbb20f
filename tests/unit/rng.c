/* SPDX-License-Identifier: ISC
 *
 * rng - tests of the random source.
 */
#include <math.h>

#include "rng.h"
#include "unit.h"

/* The outputs of splitmix64 from 1234567, as its authors' C code gives them. */
static void test_seed(void)
{
	static const uint64_t want[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u };
	struct bt_rng r;

	bt_rng_seed(&r, 1234567);
	for (unsigned i = 0; i < 4; i++)
		CHECK(r.s[i] == want[i]);
}

/* The outputs of xoshiro256** from 1, 2, 3, 4. */
static void test_reference(void)
{
	static const uint64_t want[] = { 11520, 0, 1509978240, 1215971899390074240u, 1216172134540287360u, 607988272756665600u,
					 16172922978634559625u, 8476171486693032832u, 10595114339597558777u, 2904607092377533576u };
	struct bt_rng r = { { 1, 2, 3, 4 } };

	for (unsigned i = 0; i < sizeof(want) / sizeof(*want); i++)
		CHECK(bt_rng_next(&r) == want[i]);
}

static void test_seed_zero(void)
{
	struct bt_rng r;

	bt_rng_seed(&r, 0);
	CHECK((r.s[0] | r.s[1] | r.s[2] | r.s[3]) != 0);
	CHECK(bt_rng_next(&r) != bt_rng_next(&r));
}

/* 100000 draws over 10 values: chi-square with 9 degrees of freedom stays below its 1e-6 quantile, 43.2. */
static void test_below(void)
{
	uint64_t seen[10] = { 0 };
	double chi2 = 0;
	struct bt_rng r;

	bt_rng_seed(&r, 7);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t v = bt_rng_below(&r, 10);

		CHECK(v < 10);
		seen[v % 10]++;
		CHECK(bt_rng_below(&r, 1) == 0);
	}
	for (unsigned i = 0; i < 10; i++)
		chi2 += ((double)seen[i] - 10000) * ((double)seen[i] - 10000) / 10000;
	CHECK(chi2 < 43.2);
}

static void test_unit(void)
{
	struct bt_rng r = { { 0, 0, 0, 0 } };
	double sum = 0;

	CHECK(bt_rng_unit(&r) == 0x1p-53); /* the smallest: never 0 */
	bt_rng_seed(&r, 3);
	for (unsigned i = 0; i < 100000; i++) {
		double u = bt_rng_unit(&r);

		CHECK(u > 0 && u <= 1);
		sum += u;
	}
	CHECK(fabs(sum / 100000 - 0.5) < 4 * sqrt(1.0 / 12 / 100000));
}

static const struct unit_test tests[] = {
	{ "seeding gives the splitmix64 sequence", test_seed },
	{ "the sequence is that of xoshiro256**", test_reference },
	{ "seed 0 is a seed like any other", test_seed_zero },
	{ "bounded numbers are uniform and in range", test_below },
	{ "unit numbers are uniform in (0,1]", test_unit },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
