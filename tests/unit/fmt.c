/* SPDX-License-Identifier: ISC
 *
 * fmt - tests of number formatting; the C library is the witness.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "fmt.h"
#include "rng.h"
#include "unit.h"

static const char *u64_text(uint64_t v)
{
	static char text[BT_FMT_U64_MAX + 1];

	text[bt_fmt_u64(text, v)] = '\0';
	return text;
}

static const char *f64_text(double v)
{
	static char text[BT_FMT_F64_MAX + 1];

	text[bt_fmt_f64(text, v)] = '\0';
	return text;
}

static void test_u64(void)
{
	char want[32];

	for (uint64_t ten = 1, i = 0; i < 20; i++, ten *= 10)
		for (int step = -1; step <= 1; step++) {
			snprintf(want, sizeof(want), "%" PRIu64, ten + (uint64_t)step);
			CHECK_STR(u64_text(ten + (uint64_t)step), want);
		}
	for (int bit = 0; bit < 64; bit++)
		for (int step = -1; step <= 1; step++) {
			snprintf(want, sizeof(want), "%" PRIu64, ((uint64_t)1 << bit) + (uint64_t)step);
			CHECK_STR(u64_text(((uint64_t)1 << bit) + (uint64_t)step), want);
		}
}

static void test_signed(void)
{
	static const int64_t values[] = { 0, 1, -1, -10, 99, INT64_MAX, INT64_MIN };
	char got[32], want[32];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		got[bt_fmt_i64(got, values[i])] = '\0';
		snprintf(want, sizeof(want), "%" PRId64, values[i]);
		CHECK_STR(got, want);
	}
}

static void check_i128(__int128 v, const char *want)
{
	char got[BT_FMT_I128_MAX + 1];

	got[bt_fmt_i128(got, v)] = '\0';
	CHECK_STR(got, want);
}

static void test_i128(void)
{
	__int128 ten19 = (__int128)10000000000000000000u, top = (__int128)(~(unsigned __int128)0 >> 1);

	check_i128(0, "0");
	check_i128(-1, "-1");
	check_i128(UINT64_MAX, "18446744073709551615");
	check_i128(ten19 - 1, "9999999999999999999");
	check_i128(ten19, "10000000000000000000");
	check_i128(ten19 * 5 + 7, "50000000000000000007");
	check_i128(-ten19 * ten19, "-100000000000000000000000000000000000000");
	check_i128(top, "170141183460469231731687303715884105727");
	check_i128(-top - 1, "-170141183460469231731687303715884105728");
}

static void test_time(void)
{
	static const struct {
		int64_t us;
		const char *want;
	} cases[] = {
		{ 0, "0.000000" }, { 1, "0.000001" }, { 1763661234123456, "1763661234.123456" }, { -1, "-0.000001" },
		{ 1000000, "1.000000" }, { INT64_MIN, "-9223372036854.775808" },
	};
	char got[25];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got[bt_fmt_time(got, cases[i].us)] = '\0';
		CHECK_STR(got, cases[i].want);
	}
}

static void test_f64_known(void)
{
	static const struct {
		double v;
		const char *want;
	} cases[] = {
		{ 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -1.5, "-1.5" }, { 0.1, "0.1" }, { 0.3, "0.3" },
		{ 5e-5, "0.00005" },
		{ 1e-5, "0.00001" }, { 1.0 / 3, "0.3333333333333333" }, { 2.0 / 3, "0.6666666666666666" },
		{ 420123.456, "420123.456" }, { 0x1p53, "9007199254740992" }, { 0x1p62, "4611686018427387904" },
		{ 4503599627370495.5, "4503599627370495.5" }, { 0.1 + 0.2, "0.30000000000000004" },
		{ 0.9999999999999999, "0.9999999999999999" }, { 1e20, "1e+20" }, { 1e-7, "1e-07" },
		{ 5e-324, "4.94065645841247e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ NAN, "null" }, { INFINITY, "null" }, { -INFINITY, "null" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_STR(f64_text(cases[i].v), cases[i].want);
}

/* The digits of a number without sign, point, exponent and the zeros around them. Returns how many. */
static size_t significant(const char *text, char digits[64])
{
	size_t n = 0, keep = 0;

	for (; *text && *text != 'e'; text++)
		if (*text >= '0' && *text <= '9' && (n || *text != '0')) {
			digits[n++] = *text;
			if (*text != '0')
				keep = n;
		}
	digits[keep] = '\0';
	return keep;
}

/* What JSON calls a number, in the forms that we write. */
static bool is_json_number(const char *p)
{
	p += *p == '-';
	if (*p == '0' && p[1] >= '0' && p[1] <= '9')
		return false;
	p += strspn(p, "0123456789");
	if (*p == '.' && !strspn(p + 1, "0123456789"))
		return false;
	p += *p == '.' ? 1 + strspn(p + 1, "0123456789") : 0;
	if (*p == 'e' && !strspn(p + 2, "0123456789"))
		return false;
	p += *p == 'e' ? 2 + strspn(p + 2, "0123456789") : 0;
	return !*p;
}

/* The value comes back bit for bit, as a JSON number, in no more digits than the shortest %g that comes
 * back, and in the same ones where both have as many. */
static void check_round_trip(double v)
{
	const char *got = f64_text(v);
	double size = fabs(v), back = strtod(got, NULL);
	char want[40], got_digits[64], want_digits[64];
	size_t got_n, want_n;
	int digits = 15;

	do
		snprintf(want, sizeof(want), "%.*g", digits, v);
	while (digits++ < 17 && strtod(want, NULL) != v);
	if (memcmp(&back, &v, sizeof(v)) != 0 || !is_json_number(got)) {
		CHECK_STR(got, want);
		return;
	}
	/* Up to four zeros behind the point where %g has an exponent of four bytes; integers are written out. */
	if (strlen(got) > strlen(want) + 5 && size != trunc(size))
		CHECK_STR(got, want);
	if (size < 1e-5 || size >= 0x1p53)
		return;
	got_n = significant(got, got_digits);
	want_n = significant(want, want_digits);
	if (got_n > want_n || (got_n == want_n && strcmp(got_digits, want_digits) != 0))
		CHECK_STR(got, want);
}

static double from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void test_f64_bits(void)
{
	struct bt_rng rng;

	bt_rng_seed(&rng, 1);
	for (int i = 0; i < 300000; i++) {
		double v = from_bits(bt_rng_next(&rng));

		if (isfinite(v))
			check_round_trip(v);
	}
}

/* All exponents of the range that has its own algorithm, each with random mantissas and with both ends of its binade. */
static void test_f64_range(void)
{
	struct bt_rng rng;

	bt_rng_seed(&rng, 2);
	for (uint64_t exponent = 1023 - 18; exponent <= 1023 + 54; exponent++)
		for (int i = 0; i < 10000; i++) {
			uint64_t mantissa = bt_rng_next(&rng) >> 12;

			if (i < 6)
				mantissa = i < 3 ? (uint64_t)i : (1ull << 52) - (uint64_t)i + 2;
			check_round_trip(from_bits(exponent << 52 | mantissa));
		}
}

/* Decimals of few digits must come back as they were typed. */
static void test_f64_decimals(void)
{
	static const double tens[] = { 10, 100, 1000, 10000, 100000 };
	struct bt_rng rng;
	char want[40];

	bt_rng_seed(&rng, 3);
	for (int i = 0; i < 500000; i++) {
		unsigned decimals = 1 + (unsigned)bt_rng_below(&rng, 5);
		uint64_t digits = bt_rng_below(&rng, 1ull << (1 + bt_rng_below(&rng, 48)));
		double v = (double)digits / tens[decimals - 1];
		size_t len = (size_t)snprintf(want, sizeof(want), "%.*f", (int)decimals, v);

		while (want[len - 1] == '0')
			want[--len] = '\0';
		if (want[len - 1] == '.')
			want[--len] = '\0';
		if (strcmp(f64_text(v), want) != 0)
			CHECK_STR(f64_text(v), want);
	}
}

static void test_f64_means(void)
{
	struct bt_rng rng;

	bt_rng_seed(&rng, 4);
	for (int i = 0; i < 500000; i++) {
		uint64_t sum = bt_rng_next(&rng) >> bt_rng_below(&rng, 60),
			n = 1 + (bt_rng_next(&rng) >> (24 + bt_rng_below(&rng, 36)));

		check_round_trip((double)sum / (double)n);
	}
}

static void test_scaled(void)
{
	static const struct {
		double v;
		const char *unit, *want;
	} cases[] = {
		{ 0, "ns", "0 ns" }, { 7, "ns", "7 ns" }, { 7.25, "ns", "7.250 ns" }, { 999, "ns", "999 ns" },
		{ 1234567, "ns", "1.235 ms" }, { 999949, "ns", "999.9 us" }, { 999951, "ns", "1.000 ms" },
		{ 1e9, "ns", "1.000 s" }, { 3.6e12, "ns", "3600 s" }, { -1500, "ns", "-1.500 us" }, { 512, "B", "512 B" },
		{ 4096, "B", "4.000 KiB" }, { 1023.9 * 1024, "B", "0.9999 MiB" }, { 1023 * 1024, "B", "1023 KiB" },
		{ 1.5e9, "B/s", "1.500 GB/s" },
		{ 1234, "op/s", "1.234 kop/s" }, { 2.4e9, "Hz", "2.400 GHz" }, { 0.1234, "ratio", "0.1234" },
		{ 0.0123456, "ratio", "0.01235" }, { 1, "ratio", "1" }, { 0.99999, "ratio", "1.000" },
		{ 1e-9, "ratio", "1e-09" },
		{ 123456, "count", "123456" }, { 12.5, "J", "12.50 J" }, { 45, "C", "45 C" }, { -0.0, "ns", "0 ns" },
		{ 1e30, "ns", "1e+21 s" }, { NAN, "ns", "-" },
	};
	char got[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = bt_fmt_scaled(got, sizeof(got), cases[i].v, cases[i].unit);

		CHECK_STR(got, cases[i].want);
		CHECK_EQ(len, strlen(got));
	}
	CHECK_EQ(bt_fmt_scaled(got, 32, 1.5, "a unit that is far too long for the room"), 31);
	CHECK_EQ(strlen(got), 31);
}

static const struct unit_test tests[] = {
	{ "u64 agrees with printf at every power of ten and two", test_u64 },
	{ "i64 agrees with printf", test_signed },
	{ "i128 to both ends", test_i128 },
	{ "time has six decimals", test_time },
	{ "f64 of known numbers", test_f64_known },
	{ "f64 of random bits comes back", test_f64_bits },
	{ "f64 is shortest from 1e-5 to 2^53", test_f64_range },
	{ "f64 of decimals is what was typed", test_f64_decimals },
	{ "f64 of means comes back", test_f64_means },
	{ "scaled for people", test_scaled },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
