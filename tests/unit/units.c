/* SPDX-License-Identifier: ISC
 *
 * units - units of other programs become base units, exactly.
 */
#include <math.h>

#include "unit.h"
#include "units.h"

static const struct {
	const char *unit, *base;
	long long in, out; /* -1: not whole */
} whole[] = {
	{ "us", "ns", 5, 5000 },
	{ "usec", "ns", 5, 5000 },
	{ "\xc2\xb5s", "ns", 5, 5000 },
	{ "ms", "ns", -7, -7000000 },
	{ "s", "ns", 3, 3000000000 },
	{ "m", "ns", 2, 120000000000 },
	{ "h", "ns", 1, 3600000000000 },
	{ "ps", "ns", 4000, 4 },
	{ "ps", "ns", 4001, -1 },
	{ "kB", "B", 3, 3000 },
	{ "KiB", "B", 3, 3072 },
	{ "MiB", "B", 1, 1048576 },
	{ "TiB", "B", 1, 1099511627776 },
	{ "bit", "B", 16, 2 },
	{ "bit", "B", 17, -1 },
	{ "MB/s", "B/s", 9, 9000000 },
	{ "Gbit/s", "B/s", 8, 1000000000 },
	{ "%", "ratio", 200, 2 },
	{ "%", "ratio", 50, -1 },
	{ "kop/s", "op/s", 12, 12000 },
	{ "MHz", "Hz", 2600, 2600000000 },
};

static void test_whole(void)
{
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		const struct bt_unit *u = bt_unit_find(whole[i].unit, strlen(whole[i].unit));
		struct bt_number v = { .integer = true, .i = whole[i].in, .f = (double)whole[i].in };

		CHECK(u != NULL);
		if (!u)
			continue;
		CHECK_STR(u->base, whole[i].base);
		v = bt_unit_number(u, v);
		CHECK(v.integer == (whole[i].out != -1));
		if (v.integer)
			CHECK_EQ(v.i, whole[i].out);
		CHECK(!v.integer || v.f == (double)v.i);
	}
}

static void test_fractions(void)
{
	const struct bt_unit *us = bt_unit_find("us", 2), *percent = bt_unit_find("%", 1);
	struct bt_number v = bt_unit_number(us, (struct bt_number){ .f = 0.1 });

	CHECK(v.f == 100);
	v = bt_unit_number(percent, (struct bt_number){ .integer = true, .i = 7, .f = 7 });
	CHECK(!v.integer && v.f == 0.07);
	CHECK(bt_unit_double(percent, 12.5) == 0.125);
	CHECK(isnan(bt_unit_double(us, NAN)));
}

static void test_large(void)
{
	const struct bt_unit *h = bt_unit_find("h", 1), *us = bt_unit_find("us", 2);
	struct bt_number v = { .integer = true, .i = (__int128)1 << 126, .f = 0x1p126 };

	v = bt_unit_number(h, v);
	CHECK(!v.integer && v.f == 0x1p126 * 3.6e12);
	v = bt_unit_number(us, (struct bt_number){ .integer = true, .i = ((__int128)1 << 53) + 1, .f = 0x1p53 });
	CHECK(v.integer && v.i == (((__int128)1 << 53) + 1) * 1000);
}

static void test_unknown(void)
{
	static const char *const none[] = { "ns", "B", "B/s", "op/s", "ratio", "count", "Hz", "J", "C", "", "furlong", "uss", "u" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(bt_unit_find(none[i], strlen(none[i])) == NULL);
}

static const struct unit_test tests[] = {
	{ "whole values stay whole", test_whole },
	{ "fractions are rounded once", test_fractions },
	{ "values beyond 2^53 and beyond 2^127", test_large },
	{ "base units and unknown ones are left alone", test_unknown },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
