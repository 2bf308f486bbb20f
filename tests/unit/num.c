/* SPDX-License-Identifier: ISC
 *
 * num - tests of number parsing.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>

#include "num.h"
#include "unit.h"

static void test_u64(void)
{
	uint64_t v = 7;

	CHECK_EQ(bt_num_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	CHECK(v == UINT64_MAX);
	CHECK_EQ(bt_num_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	CHECK_EQ(bt_num_u64("5", 6, 9, &v), -ERANGE);
	CHECK_EQ(bt_num_u64("10", 6, 9, &v), -ERANGE);
	CHECK(v == UINT64_MAX); /* untouched on error */
	static const char *const junk[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "a", "1a", "١", NULL };
	for (int i = 0; junk[i]; i++)
		CHECK_EQ(bt_num_u64(junk[i], 0, 100, &v), -EINVAL);
}

static void test_f64(void)
{
	double v = 0;

	CHECK_EQ(bt_num_f64("-1.5e3", -1e9, 1e9, &v), 0);
	CHECK(v == -1500);
	CHECK_EQ(bt_num_f64(".5", 0, 1, &v), 0);
	CHECK(v == 0.5);
	CHECK_EQ(bt_num_f64("1e400", 0, INFINITY, &v), 0);
	CHECK_EQ(bt_num_f64("1e400", 0, 1e300, &v), -ERANGE);
	static const char *const junk[] = { "", ".", "nan", "inf", "-inf", "0x1p3", "1e", "1e+", "--1", "1,5", "1 ", NULL };
	for (int i = 0; junk[i]; i++)
		CHECK_EQ(bt_num_f64(junk[i], -1e9, 1e9, &v), -EINVAL);
}

static void test_size(void)
{
	uint64_t v = 0;

	CHECK_EQ(bt_num_size("4k", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 4096);
	CHECK_EQ(bt_num_size("1.5M", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 1572864);
	CHECK_EQ(bt_num_size("2GiB", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 2ll << 30);
	CHECK_EQ(bt_num_size("9007199254740993", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 9007199254740993);
	CHECK_EQ(bt_num_size("16384P", 0, UINT64_MAX, &v), -ERANGE);
	CHECK_EQ(bt_num_size("4k", 0, 4095, &v), -ERANGE);
	CHECK_EQ(bt_num_size("4kk", 0, UINT64_MAX, &v), -EINVAL);
	CHECK_EQ(bt_num_size("-4k", 0, UINT64_MAX, &v), -EINVAL);
	CHECK_EQ(bt_num_size("4e3", 0, UINT64_MAX, &v), -EINVAL);
	CHECK_EQ(bt_num_size("k", 0, UINT64_MAX, &v), -EINVAL);
}

static void test_time(void)
{
	uint64_t v = 0;

	CHECK_EQ(bt_num_time("100us", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 100000);
	CHECK_EQ(bt_num_time("1.5", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 1500000000);
	CHECK_EQ(bt_num_time("2m", 0, UINT64_MAX, &v), 0);
	CHECK_EQ(v, 120000000000);
	CHECK_EQ(bt_num_time("0", 1, UINT64_MAX, &v), -ERANGE);
	CHECK_EQ(bt_num_time("1M", 0, UINT64_MAX, &v), -EINVAL);
	CHECK_EQ(bt_num_time("300000000d", 0, UINT64_MAX, &v), -ERANGE);
}

static void test_rate(void)
{
	double v = 0;

	CHECK_EQ(bt_num_rate("50k", 1e-3, 1e9, &v), 0);
	CHECK(v == 50000);
	CHECK_EQ(bt_num_rate("0.5/s", 1e-3, 1e9, &v), 0);
	CHECK(v == 0.5);
	CHECK_EQ(bt_num_rate("0", 1e-3, 1e9, &v), -ERANGE);
	CHECK_EQ(bt_num_rate("2G", 1e-3, 1e9, &v), -ERANGE);
	CHECK_EQ(bt_num_rate("1x", 1e-3, 1e9, &v), -EINVAL);
}

static void test_list(void)
{
	uint32_t v[8];

	CHECK_EQ(bt_num_list("0,2-5", 100, v, 8), 5);
	CHECK_EQ(v[0], 0);
	CHECK_EQ(v[1], 2);
	CHECK_EQ(v[4], 5);
	CHECK_EQ(bt_num_list("7", 7, v, 1), 1);
	CHECK_EQ(bt_num_list("8", 7, v, 8), -ERANGE);
	CHECK_EQ(bt_num_list("0-8", 100, v, 8), -E2BIG);
	CHECK_EQ(bt_num_list("0-4294967295", UINT32_MAX, v, 8), -E2BIG);
	CHECK_EQ(bt_num_list("99999999999999999999", UINT32_MAX, v, 8), -ERANGE);
	static const char *const junk[] = { "", ",", "1,", ",1", "1,,2", "5-2", "1-", "-1", "a", "1;2", "1 ", NULL };
	for (int i = 0; junk[i]; i++)
		CHECK_EQ(bt_num_list(junk[i], 100, v, 8), -EINVAL);
}

static const struct unit_test tests[] = {
	{ "u64", test_u64 },
	{ "f64", test_f64 },
	{ "size", test_size },
	{ "time", test_time },
	{ "rate", test_rate },
	{ "list", test_list },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
